/**
 * Reads both written files back and has them compared with what they were written from, and with one
 * another. The comparison (verify-*.ts) shares no code with the writers.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import { readDef } from './read-def.ts';
import { readGds } from './read-gds.ts';
import type { LayoutDesign } from './types.ts';
import { compareAreas } from './verify-areas.ts';
import { verifyDef } from './verify-def.ts';
import { verifyGds } from './verify-gds.ts';

export interface LayoutFilesReport {
  readonly diagnostics: readonly Diagnostic[];
  /** What was compared, so that an empty list of diagnostics can be told from an empty check. */
  readonly instances: number;
  readonly nets: number;
  readonly wires: number;
  readonly vias: number;
  readonly layerAreasUm2: readonly { readonly layer: string; readonly areaUm2: number }[];
}

const DIAGNOSTICS_MAX = 200;

/**
 * Compares every instance (master, position, orientation), every net's connections, wires and vias, the
 * power grid and the ports, and for each layer the area of drawn metal in GDS and DEF (overlaps counted as
 * often as drawn). Codes: LAYOUT-040 instance, -041 net, -042 wiring, -043 power grid, -044 port, -045
 * frame (die, rows, tracks), -046 layer area, -047 reference or label in GDS; -048 when a list was cut.
 */
export function verifyLayoutFiles(
  design: LayoutDesign,
  defText: string,
  gdsBytes: Uint8Array,
): LayoutFilesReport {
  const found: Diagnostic[] = [];
  const report = (code: string, message: string, place: string): void => {
    if (found.length < DIAGNOSTICS_MAX) found.push({ code, severity: 'error', message, place });
    else if (found.length === DIAGNOSTICS_MAX)
      found.push({ code: 'LAYOUT-048', severity: 'error', message: 'more differences follow' });
  };
  const def = attempt(() => readDef(defText).value, found);
  const gds = attempt(() => readGds(gdsBytes).value, found);
  if (def) verifyDef(design, def, report);
  if (gds) verifyGds(design, gds, report);
  const areas = def && gds ? compareAreas(design, def, gds, report) : [];
  return {
    diagnostics: found,
    instances: design.netlist.instNames.length,
    nets: design.netlist.netNames.length,
    wires: (design.routing?.wires.length ?? 0) / 5,
    vias: (design.routing?.vias.length ?? 0) / 3,
    layerAreasUm2: areas,
  };
}

function attempt<T>(read: () => T, found: Diagnostic[]): T | null {
  try {
    return read();
  } catch (e) {
    if (!(e instanceof IngotError)) throw e;
    found.push(e.diagnostic);
    return null;
  }
}
