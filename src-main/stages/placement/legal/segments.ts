import type { Floorplan } from '../../floorplan/types.ts';
import { IngotError } from '../../../base/diagnostic.ts';

/** Stretch of a row between fixed cells. */
export interface Segment {
  readonly row: number;
  readonly yDbu: number;
  readonly orient: number;
  readonly x1: number;
  readonly x2: number;
}

interface Boxes {
  readonly xDbu: ArrayLike<number>;
  readonly yDbu: ArrayLike<number>;
  readonly widthDbu: ArrayLike<number>;
  readonly heightDbu: ArrayLike<number>;
  readonly isFixed: Uint8Array;
}

/** Rows, bottom up, each cut by the fixed cells that stand on it; [rows] segments from left to right. */
export function makeSegments(floorplan: Floorplan, siteDbu: number, boxes: Boxes): Segment[][] {
  const { rows } = floorplan;
  const first = rows[0];
  if (!first) throw new IngotError('PLACE-002', 'the floorplan has no rows');
  const height = rows.length > 1 ? rows[1].yDbu - first.yDbu : 1;
  const cuts = rows.map(() => [] as [number, number][]);
  for (let i = 0; i < boxes.isFixed.length; i++) {
    if (!boxes.isFixed[i]) continue;
    const low = Math.floor((boxes.yDbu[i] - first.yDbu) / height);
    const high = Math.ceil((boxes.yDbu[i] + boxes.heightDbu[i] - first.yDbu) / height);
    for (let r = Math.max(0, low); r < Math.min(rows.length, high); r++)
      cuts[r].push([boxes.xDbu[i], boxes.xDbu[i] + boxes.widthDbu[i]]);
  }
  return rows.map((row, r) => {
    const segments: Segment[] = [];
    let from = row.xDbu;
    const end = row.xDbu + row.sites * siteDbu;
    const add = (to: number): void => {
      const x1 = row.xDbu + Math.ceil((from - row.xDbu) / siteDbu) * siteDbu;
      const x2 = row.xDbu + Math.floor((to - row.xDbu) / siteDbu) * siteDbu;
      if (x2 > x1) segments.push({ row: r, yDbu: row.yDbu, orient: row.orient, x1, x2 });
    };
    for (const [a, b] of cuts[r].sort((p, q) => p[0] - q[0])) {
      add(Math.min(a, end));
      from = Math.max(from, b);
    }
    add(end);
    return segments;
  });
}
