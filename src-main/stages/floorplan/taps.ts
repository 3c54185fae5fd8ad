import { IngotError } from '../../base/diagnostic.ts';
import { masterIndex } from '../kit/index.ts';
import type { Placement } from './types.ts';
import type { Kit } from '../kit/types.ts';
import { editNetlist } from '../netlist/index.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Row } from './types.ts';

/** x of the well taps of row `index`: both ends, and every `distance` between, staggered from row to row. */
function tapColumns(row: Row, index: number, tapWidth: number, site: number, distance: number): number[] {
  const end = row.xDbu + row.sites * site - tapWidth;
  const columns = [row.xDbu];
  const step = Math.floor(distance / site) * site;
  const first = index % 2 === 0 ? step : Math.floor(step / 2 / site) * site;
  for (let at = first; row.xDbu + at < end - tapWidth; at += step) columns.push(row.xDbu + at);
  columns.push(end);
  return columns;
}

/** How many sites of a row go to taps, for sizing the core beforehand. */
export function tapSitesPerRow(kit: Kit, rowWidthDbu: number): number {
  const tap = kit.masters.find((m) => m.name === kit.roles.tap);
  if (!tap) return 0;
  const inner = Math.floor(
    rowWidthDbu / kit.tech.siteWidthDbu / (kit.roles.tapDistanceDbu / kit.tech.siteWidthDbu),
  );
  return ((2 + inner) * tap.widthDbu) / kit.tech.siteWidthDbu;
}

/**
 * Adds well taps so that no point of a row is farther than the kit's tap distance from one, and places them,
 * fixed. All other instances get the core's corner and wait for the placer.
 */
export function addTaps(
  netlist: Netlist,
  kit: Kit,
  rows: readonly Row[],
): { netlist: Netlist; placement: Placement } {
  const master = masterIndex(kit).get(kit.roles.tap);
  if (master === undefined)
    throw new IngotError('FLOOR-007', `the kit has no tap cell ${kit.roles.tap}`, { place: kit.roles.tap });
  const editor = editNetlist(netlist, kit);
  const spots: { x: number; y: number; orient: number }[] = [];
  rows.forEach((row, r) => {
    const columns = tapColumns(
      row,
      r,
      kit.masters[master].widthDbu,
      kit.tech.siteWidthDbu,
      kit.roles.tapDistanceDbu,
    );
    for (const x of columns) {
      editor.addInstance(editor.freshName('tap'), master);
      spots.push({ x, y: row.yDbu, orient: row.orient });
    }
  });
  const before = netlist.instMaster.length;
  const count = before + spots.length;
  const xDbu = new Int32Array(count).fill(rows[0].xDbu);
  const yDbu = new Int32Array(count).fill(rows[0].yDbu);
  const orient = new Uint8Array(count).fill(rows[0].orient);
  const isFixed = new Uint8Array(count);
  spots.forEach((s, k) => {
    xDbu[before + k] = s.x;
    yDbu[before + k] = s.y;
    orient[before + k] = s.orient;
    isFixed[before + k] = 1;
  });
  return { netlist: editor.finish(), placement: { xDbu, yDbu, orient, isFixed } };
}
