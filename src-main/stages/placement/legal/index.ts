import { IngotError } from '../../../base/diagnostic.ts';
import { ORIENT_FN, ORIENT_FS, ORIENT_N, ORIENT_S } from '../../../base/geometry.ts';
import type { Floorplan } from '../../floorplan/types.ts';
import type { Kit } from '../../kit/types.ts';
import type { Netlist } from '../../netlist/types.ts';
import type { Placement } from '../types.ts';
import { makeSegments } from './segments.ts';
import type { Segment } from './segments.ts';

export interface LegalOptions {
  /** [insts] free sites to keep at the right of each cell; dropped where a row has no room for them. */
  readonly paddingSites?: Uint8Array;
}

export interface LegalResult {
  readonly placement: Placement;
  readonly meanMoveDbu: number;
  readonly maxMoveDbu: number;
  /** Cells that moved at all. */
  readonly moved: number;
  /** False if the rows had no room for the padding asked for, so that none was kept. */
  readonly keptPadding: boolean;
}

/** Abacus' clusters: abutting cells at the mean of their wishes; lists grow as cells come from left to right. */
interface RowState {
  readonly segment: Segment;
  used: number;
  readonly cells: number[];
  /** Stack of clusters: place, weight, weighted wish, width, first cell. */
  readonly x: number[];
  readonly weight: number[];
  readonly wish: number[];
  readonly width: number[];
  readonly first: number[];
}

const clampTo = (v: number, low: number, high: number): number => (v < low ? low : v > high ? high : v);

/** Where a cell wishing for x would end up at the right end of the row; NaN if the row is full. */
function tryRow(row: RowState, wishX: number, w: number): number {
  const { x1, x2 } = row.segment;
  if (row.used + w > x2 - x1) return NaN;
  let x = clampTo(wishX, x1, x2 - w);
  let k = row.x.length - 1;
  let weight = 1;
  let wish = x;
  let width = w;
  while (k >= 0 && row.x[k] + row.width[k] > x) {
    wish = row.wish[k] + wish - weight * row.width[k];
    weight += row.weight[k];
    width += row.width[k];
    x = clampTo(wish / weight, x1, x2 - width);
    k--;
  }
  return x + width - w;
}

function insertInRow(row: RowState, cell: number, wishX: number, w: number): void {
  const { x1, x2 } = row.segment;
  let x = clampTo(wishX, x1, x2 - w);
  let weight = 1;
  let wish = x;
  let width = w;
  let first = row.cells.length;
  row.used += w;
  row.cells.push(cell);
  for (let k = row.x.length - 1; k >= 0 && row.x[k] + row.width[k] > x; k--) {
    wish = row.wish[k] + wish - weight * row.width[k];
    weight += row.weight[k];
    width += row.width[k];
    first = row.first[k];
    x = clampTo(wish / weight, x1, x2 - width);
    for (const list of [row.x, row.weight, row.wish, row.width, row.first]) list.pop();
  }
  row.x.push(x);
  row.weight.push(weight);
  row.wish.push(wish);
  row.width.push(width);
  row.first.push(first);
}

/** Nearest row segment for one cell by cost |dx| + |dy|. */
function bestRow(
  rows: readonly RowState[][],
  x: number,
  y: number,
  w: number,
  bottom: number,
  height: number,
): RowState | null {
  const home = clampTo(Math.round((y - bottom) / height), 0, rows.length - 1);
  let best: RowState | null = null;
  let bestCost = Infinity;
  for (let d = 0; d < rows.length; d++) {
    let near = false;
    for (const r of d === 0 ? [home] : [home - d, home + d]) {
      if (r < 0 || r >= rows.length) continue;
      const dy = Math.abs(bottom + r * height - y);
      if (dy >= bestCost) continue;
      near = true;
      for (const row of rows[r]) {
        const { x1, x2 } = row.segment;
        const gap = x < x1 ? x1 - x : x > x2 ? x - x2 : 0;
        if (gap + dy >= bestCost) continue;
        const at = tryRow(row, x, w);
        const cost = Math.abs(at - x) + dy;
        if (cost < bestCost) {
          bestCost = cost;
          best = row;
        }
      }
    }
    if (!near && best) break;
  }
  return best;
}

/** Snaps the clusters of one segment to sites, left to right, so that the rest always fits. */
function settle(row: RowState, site: number, widths: Int32Array, xDbu: Int32Array): void {
  const { x1, x2 } = row.segment;
  let end = x1;
  let rest = row.used;
  for (let k = 0; k < row.x.length; k++) {
    let x = Math.max(end, x1 + Math.round((row.x[k] - x1) / site) * site);
    x = Math.min(x, x2 - rest);
    const last = k + 1 < row.x.length ? row.first[k + 1] : row.cells.length;
    for (let z = row.first[k]; z < last; z++) {
      xDbu[row.cells[z]] = x;
      x += widths[row.cells[z]];
      rest -= widths[row.cells[z]];
    }
    end = x;
  }
}

const emptyRow = (segment: Segment): RowState => ({
  segment,
  used: 0,
  cells: [],
  x: [],
  weight: [],
  wish: [],
  width: [],
  first: [],
});

/** The same cells in the order of their wishes. */
function reordered(row: RowState, wishX: Int32Array, widths: Int32Array): RowState {
  const fresh = emptyRow(row.segment);
  for (const i of [...row.cells].sort((a, b) => wishX[a] - wishX[b] || a - b))
    insertInRow(fresh, i, wishX[i], widths[i]);
  return fresh;
}

/** Keeps a cell's left-right flip while its row dictates the other axis. */
function orientInRow(rowOrient: number, before: number): number {
  const flippedX = before === ORIENT_FN || before === ORIENT_S;
  if (rowOrient === ORIENT_FS) return flippedX ? ORIENT_S : ORIENT_FS;
  return flippedX ? ORIENT_FN : ORIENT_N;
}

function run(
  floorplan: Floorplan,
  kit: Kit,
  netlist: Netlist,
  placement: Placement,
  pads: Uint8Array | null,
  widestFirst = false,
): Placement | null {
  const site = kit.tech.siteWidthDbu;
  const insts = netlist.instMaster.length;
  const bare = Int32Array.from(netlist.instMaster, (m) => kit.masters[m].widthDbu);
  const heights = Int32Array.from(netlist.instMaster, (m) => kit.masters[m].heightDbu);
  const widths = pads ? bare.map((w, i) => w + pads[i] * site) : bare;
  const boxes = { ...placement, widthDbu: bare, heightDbu: heights };
  const rows = makeSegments(floorplan, site, boxes).map((segments) => segments.map(emptyRow));
  const order: number[] = [];
  for (let i = 0; i < insts; i++) if (!placement.isFixed[i]) order.push(i);
  const first = widestFirst ? (a: number, b: number): number => widths[b] - widths[a] : () => 0;
  order.sort((a, b) => first(a, b) || placement.xDbu[a] - placement.xDbu[b] || a - b);
  const xDbu = placement.xDbu.slice();
  const yDbu = placement.yDbu.slice();
  const orient = placement.orient.slice();
  const bottom = floorplan.rows[0].yDbu;
  for (const i of order) {
    const row = bestRow(rows, placement.xDbu[i], placement.yDbu[i], widths[i], bottom, kit.tech.rowHeightDbu);
    if (!row) return null;
    insertInRow(row, i, placement.xDbu[i], widths[i]);
    yDbu[i] = row.segment.yDbu;
    orient[i] = orientInRow(row.segment.orient, placement.orient[i]);
  }
  const filled = widestFirst ? rows.flat().map((row) => reordered(row, placement.xDbu, widths)) : rows.flat();
  for (const row of filled) settle(row, site, widths, xDbu);
  return { xDbu, yDbu, orient, isFixed: placement.isFixed };
}

/** Moves longer than this many rows show that padding crowds a place. */
const FAR_ROWS = 10;
const EASE_ROUNDS = 4;

/**
 * One site less padding around the places that cells were driven away from. Null if nobody moved far or there is
 * nothing left to give.
 */
function easePadding(kit: Kit, wished: Placement, legal: Placement, pads: Uint8Array): Uint8Array | null {
  const height = kit.tech.rowHeightDbu;
  const reachX = 12 * height;
  const reachY = 4 * height;
  const crowded = new Set<number>();
  const tile = (v: number, size: number): number => Math.floor(v / size);
  const key = (tx: number, ty: number): number => tx * 65536 + ty;
  for (let i = 0; i < pads.length; i++) {
    const move = Math.abs(legal.xDbu[i] - wished.xDbu[i]) + Math.abs(legal.yDbu[i] - wished.yDbu[i]);
    if (wished.isFixed[i] || move <= FAR_ROWS * height) continue;
    const [tx, ty] = [tile(wished.xDbu[i], reachX), tile(wished.yDbu[i], reachY)];
    for (let dx = -1; dx <= 1; dx++) for (let dy = -1; dy <= 1; dy++) crowded.add(key(tx + dx, ty + dy));
  }
  if (crowded.size === 0) return null;
  let given = 0;
  const eased = pads.map((p, i) => {
    if (p === 0 || !crowded.has(key(tile(wished.xDbu[i], reachX), tile(wished.yDbu[i], reachY)))) return p;
    given++;
    return p - 1;
  });
  return given > 0 ? eased : null;
}

/** As much padding as fits without driving cells far away. */
function runPadded(
  floorplan: Floorplan,
  kit: Kit,
  netlist: Netlist,
  placement: Placement,
  wanted: Uint8Array,
): Placement | null {
  let pads = wanted;
  let legal = run(floorplan, kit, netlist, placement, pads);
  for (let round = 0; legal && round < EASE_ROUNDS; round++) {
    const eased = easePadding(kit, placement, legal, pads);
    if (!eased) break;
    pads = eased;
    legal = run(floorplan, kit, netlist, placement, pads);
  }
  return legal;
}

/**
 * Legalisation by Abacus (Spindler, Schlichtmann, Johannes, ISPD 2008): cells from left to right, each into the
 * row where it moves least, rows kept optimal by clusters; then snapped to sites. Where the paper measures
 * squared moves we take |dx| + |dy|. Padding is kept where it fits, eased where it would drive cells far
 * away, and dropped altogether if the rows cannot hold it. Null when the rows are too full for the cells alone.
 * Errors: PLACE-002 (no rows).
 */
export function tryLegalise(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: LegalOptions = {},
): LegalResult | null {
  const pads = options.paddingSites ?? null;
  const padded = pads ? runPadded(floorplan, kit, netlist, placement, pads) : null;
  // Rows nearly full: wide cells choose first, narrow ones find the gaps.
  const legal =
    padded ??
    run(floorplan, kit, netlist, placement, null) ??
    run(floorplan, kit, netlist, placement, null, true);
  if (!legal) return null;
  let sum = 0;
  let maxMoveDbu = 0;
  let moved = 0;
  let cells = 0;
  for (let i = 0; i < legal.xDbu.length; i++) {
    if (placement.isFixed[i]) continue;
    cells++;
    const d = Math.abs(legal.xDbu[i] - placement.xDbu[i]) + Math.abs(legal.yDbu[i] - placement.yDbu[i]);
    sum += d;
    if (d > 0) moved++;
    maxMoveDbu = Math.max(maxMoveDbu, d);
  }
  return {
    placement: legal,
    meanMoveDbu: cells ? sum / cells : 0,
    maxMoveDbu,
    moved,
    keptPadding: !pads || padded !== null,
  };
}

/** As `tryLegalise`, for callers that cannot do without. Errors: PLACE-003 when the rows are too full. */
export function legalise(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: LegalOptions = {},
): LegalResult {
  const legal = tryLegalise(netlist, kit, floorplan, placement, options);
  if (!legal)
    throw new IngotError('PLACE-003', 'the rows have no room for all cells', {
      remedy: 'lower the utilisation',
    });
  return legal;
}
