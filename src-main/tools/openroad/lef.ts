/**
 * The kit's LEF as OpenROAD needs it. NanGate45 calls every cell CLASS CORE, but fillers, taps, ties and the antenna
 * diode are found by class; and it has no antenna rules, so the ratio that Ingot's own router keeps to goes in.
 * Geometry, pins and areas stay as they are.
 */
import type { Kit, MasterKind } from '../../stages/kit/index.ts';

const CLASSES: Readonly<Partial<Record<MasterKind, string>>> = {
  filler: 'CORE SPACER',
  tap: 'CORE WELLTAP',
  antenna: 'CORE ANTENNACELL',
};

/** Of the diode's pin: what is not zero exempts a net, and that is all the rule asks for. */
const DIODE_AREA_UM2 = 0.1;
/** The least diffusion that counts, and the ratio with it: no limit in practice. */
const SOME_DIFFUSION_UM2 = 0.001;
const EXEMPT_RATIO = 1_000_000;

/**
 * Metal to gate area of one layer, as in `defaultRouteOptions.antennaRatio`; any diffusion exempts. As a table over the
 * diffusion: where the ratio does not depend on it, repair_antennas puts no diode in (GRT-0243).
 */
export function techLefFor(techLef: string, kit: Kit, antennaRatio: number): string {
  let text = techLef;
  const table = [
    [0, antennaRatio],
    [SOME_DIFFUSION_UM2, antennaRatio],
    [2 * SOME_DIFFUSION_UM2, EXEMPT_RATIO],
    [1, EXEMPT_RATIO],
  ]
    .map(([areaUm2, ratio]) => `( ${areaUm2} ${ratio} )`)
    .join(' ');
  for (const layer of kit.tech.layers) {
    if (layer.kind !== 'routing') continue;
    const end = new RegExp(`^END ${layer.name}[ \\t]*$`, 'm');
    text = text.replace(
      end,
      `  ANTENNAMODEL OXIDE1 ;\n  ANTENNADIFFAREARATIO PWL ( ${table} ) ;\nEND ${layer.name}`,
    );
  }
  return text;
}

export function cellLefFor(cellLef: string, kit: Kit): string {
  const classes = new Map<string, string>();
  for (const master of kit.masters) {
    const name = CLASSES[master.kind];
    if (name !== undefined) classes.set(master.name, name);
  }
  classes.set(kit.roles.tieHigh.master, 'CORE TIEHIGH');
  classes.set(kit.roles.tieLow.master, 'CORE TIELOW');
  let current = '';
  const lines: string[] = [];
  for (const line of cellLef.split('\n')) {
    const macro = /^MACRO\s+(\S+)/.exec(line);
    if (macro) current = macro[1]!;
    const name = classes.get(current);
    if (name !== undefined && /^\s*CLASS\s+core\s*;/i.test(line)) lines.push(`  CLASS ${name} ;`);
    else lines.push(line);
    if (current === kit.roles.antennaDiode && /^\s*PIN\s+A\s*$/.test(line))
      lines.push(`    ANTENNADIFFAREA ${DIODE_AREA_UM2} LAYER metal1 ;`);
  }
  return lines.join('\n');
}

/** Without the default wire load, which would be added to nets that have no wires yet. */
export const libertyFor = (liberty: string): string =>
  liberty.replace(/\bdefault_wire_load\s*:[^;\n]*;?/g, '');
