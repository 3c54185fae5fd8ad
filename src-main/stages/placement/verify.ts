/** Independent check of a placement: rows, sites, orientation, overlaps, fixed cells. Shares no code with the placers. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from './types.ts';

export interface PlacementReport {
  readonly problems: readonly Diagnostic[];
  readonly instances: number;
  /** Placed cell area over row area, fixed cells and fillers included. */
  readonly utilization: number;
  /** Width of row area covered by no cell, DBU. */
  readonly gapDbu: number;
}

const LIMIT = 200;
/** Orientations whose bottom edge stays at the bottom (N, FN) and those upside down (S, FS). */
const UPRIGHT: ReadonlySet<number> = new Set([0, 2]);

/**
 * Every instance stands wholly inside one row, on its sites, upside down exactly where the row is, overlapping
 * nobody; fixed ones are where `before` had them. With `full` no gap may be left (after fillers).
 */
export function verifyPlacement(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  expect: { readonly before?: Placement; readonly full?: boolean } = {},
): PlacementReport {
  const problems: Diagnostic[] = [];
  const add = (code: string, message: string, place: string): void => {
    if (problems.length < LIMIT) problems.push({ code, severity: 'error', message, place });
  };
  const site = kit.tech.siteWidthDbu;
  const count = netlist.instMaster.length;
  const sizes = [
    placement.xDbu.length,
    placement.yDbu.length,
    placement.orient.length,
    placement.isFixed.length,
  ];
  if (sizes.some((n) => n !== count))
    add('PLACE-101', `placement is for ${sizes.join('/')} instances, netlist has ${count}`, '');
  const rowAt = new Map(floorplan.rows.map((r, k) => [r.yDbu, k]));
  const inRow = floorplan.rows.map(() => [] as number[]);
  for (let i = 0; i < count; i++) {
    const name = netlist.instNames[i];
    const master = kit.masters[netlist.instMaster[i]];
    const k = rowAt.get(placement.yDbu[i]);
    const x = placement.xDbu[i];
    if (k === undefined) {
      add('PLACE-102', `y ${placement.yDbu[i]} is no row`, name);
      continue;
    }
    const row = floorplan.rows[k];
    if (master.heightDbu !== kit.tech.rowHeightDbu)
      add('PLACE-103', `${master.name} is not one row high`, name);
    if ((x - row.xDbu) % site !== 0) add('PLACE-104', `x ${x} is off the sites`, name);
    if (x < row.xDbu || x + master.widthDbu > row.xDbu + row.sites * site)
      add('PLACE-105', 'leaves its row', name);
    if (UPRIGHT.has(placement.orient[i]) !== UPRIGHT.has(row.orient))
      add('PLACE-106', 'wrong way up for its row', name);
    inRow[k].push(i);
  }
  const { before } = expect;
  if (before) {
    for (let i = 0; i < before.isFixed.length; i++) {
      if (!before.isFixed[i]) continue;
      const same =
        before.xDbu[i] === placement.xDbu[i] &&
        before.yDbu[i] === placement.yDbu[i] &&
        before.orient[i] === placement.orient[i];
      if (!same) add('PLACE-107', 'a fixed cell was moved', netlist.instNames[i]);
    }
  }
  let covered = 0;
  let rowWidth = 0;
  let gapDbu = 0;
  inRow.forEach((cells, k) => {
    const row = floorplan.rows[k];
    let end = row.xDbu;
    let last = -1;
    for (const i of cells.sort((a, b) => placement.xDbu[a] - placement.xDbu[b])) {
      const x = placement.xDbu[i];
      const width = kit.masters[netlist.instMaster[i]].widthDbu;
      if (x < end)
        add('PLACE-108', `overlaps ${netlist.instNames[last] ?? 'the row start'}`, netlist.instNames[i]);
      if (x > end) {
        gapDbu += x - end;
        if (expect.full) add('PLACE-109', `gap of ${x - end} before it`, netlist.instNames[i]);
      }
      covered += width;
      end = Math.max(end, x + width);
      last = i;
    }
    const rest = row.xDbu + row.sites * site - end;
    gapDbu += Math.max(0, rest);
    if (expect.full && rest > 0) add('PLACE-109', `gap of ${rest} at its end`, row.name);
    rowWidth += row.sites * site;
  });
  return { problems, instances: count, utilization: rowWidth ? covered / rowWidth : 0, gapDbu };
}
