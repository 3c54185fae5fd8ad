/**
 * The die cut into regions whose nets can be routed at the same time: what is searched, read and marked for a net of
 * a region lies in the region, so that the result is the same in whatever order, or on how many threads, regions are
 * worked on (bulk-synchronous batches as in Dr. CU, Chen et al., TCAD 2020). Cuts depend on the die alone.
 */
import type { Rect } from '../../base/geometry.ts';
import { nodeXy, type Lattice } from './lattice.ts';
import type { RoutableNet } from './terminals.ts';

/** One way to cut: columns and rows, moved by a share of a region. */
interface Cut {
  readonly columns: number;
  readonly rows: number;
  readonly shiftX: number;
  readonly shiftY: number;
}

const FINE: readonly Cut[] = [
  [0, 0],
  [0.5, 0.5],
  [0.5, 0],
  [0, 0.5],
].map(([shiftX, shiftY]) => ({ columns: 4, rows: 4, shiftX, shiftY }));
const COARSE: readonly Cut[] = [
  { columns: 2, rows: 1, shiftX: 0, shiftY: 0 },
  { columns: 1, rows: 2, shiftX: 0, shiftY: 0 },
  { columns: 2, rows: 1, shiftX: 0.5, shiftY: 0 },
  { columns: 1, rows: 2, shiftX: 0, shiftY: 0.5 },
];

/** Nets to be routed within `limit`, in this order. */
export interface Region {
  readonly limit: Rect;
  readonly nets: RoutableNet[];
}

export interface Regions {
  /** All ways to cut, finest first; empty for a small die. */
  readonly cuts: readonly Cut[];
  /** The nets that fit into a region of a cut, by region, and those that do not. */
  readonly split: (cut: Cut, nets: readonly RoutableNet[]) => { regions: Region[]; rest: RoutableNet[] };
}

/** Everything a net's routing may touch but its margin: access points and what is routed. */
function extent(lattice: Lattice, n: RoutableNet): Rect {
  const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
  const add = (node: number): void => {
    const { x, y } = nodeXy(lattice, node);
    if (x < box.x1) box.x1 = x;
    if (x > box.x2) box.x2 = x;
    if (y < box.y1) box.y1 = y;
    if (y > box.y2) box.y2 = y;
  };
  for (const t of n.terminals) for (const node of t.nodes) add(node);
  n.route.nodes.forEach(add);
  return box;
}

/** A cut with the guard towards the inside; the die's edge needs none. */
const edge = (at: number, inwards: 1 | -1, die: number, guardDbu: number): number =>
  inwards * (at - die) <= 0 ? die : at + inwards * guardDbu;

/** Regions narrower than `sideMinDbu` hold too few nets; `guardDbu` is how far from a node its marks reach. */
export function makeRegions(
  lattice: Lattice,
  sideMinDbu: number,
  marginDbu: number,
  guardDbu: number,
): Regions {
  const { die } = lattice;
  const [width, height] = [die.x2 - die.x1, die.y2 - die.y1];
  const fits = (c: Cut): boolean =>
    Math.min(width / c.columns, c.rows > 1 ? height / c.rows : Infinity) >= sideMinDbu;
  return {
    cuts: [...FINE, ...COARSE].filter(fits),
    split: (cut, nets) => {
      const [sideX, sideY] = [Math.ceil(width / cut.columns), Math.ceil(height / cut.rows)];
      const [leftX, lowY] = [
        die.x1 - Math.round(cut.shiftX * sideX),
        die.y1 - Math.round(cut.shiftY * sideY),
      ];
      const rest: RoutableNet[] = [];
      const regions = new Map<number, Region>();
      for (const n of nets) {
        const box = extent(lattice, n);
        const column = Math.floor((box.x1 - leftX) / sideX);
        const row = Math.floor((box.y1 - lowY) / sideY);
        const limit = {
          x1: edge(leftX + column * sideX, 1, die.x1, guardDbu),
          y1: edge(lowY + row * sideY, 1, die.y1, guardDbu),
          x2: edge(leftX + (column + 1) * sideX, -1, die.x2, guardDbu),
          y2: edge(lowY + (row + 1) * sideY, -1, die.y2, guardDbu),
        };
        const isInside =
          Math.max(die.x1, box.x1 - marginDbu) >= limit.x1 &&
          Math.max(die.y1, box.y1 - marginDbu) >= limit.y1 &&
          Math.min(die.x2, box.x2 + marginDbu) <= limit.x2 &&
          Math.min(die.y2, box.y2 + marginDbu) <= limit.y2;
        if (!isInside) {
          rest.push(n);
          continue;
        }
        const key = row * (cut.columns + 2) + column;
        const has = regions.get(key);
        if (has) has.nets.push(n);
        else regions.set(key, { limit, nets: [n] });
      }
      return { regions: [...regions].sort((a, b) => a[0] - b[0]).map(([, r]) => r), rest };
    },
  };
}
