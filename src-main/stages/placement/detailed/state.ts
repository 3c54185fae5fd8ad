import type { Floorplan } from '../../floorplan/types.ts';
import type { Kit } from '../../kit/types.ts';
import type { PlaceModel } from '../model.ts';
import { flipsX, flipsY } from '../model.ts';
import type { Placement } from '../types.ts';

/** Nets with more pins are too costly to re-measure for each trial and hardly change. */
const MAX_DEGREE = 200;

/** Legal cells by row, and every net's current extent, updated move by move. */
export interface DetailState {
  readonly model: PlaceModel;
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly flipX: Uint8Array;
  readonly flipY: Uint8Array;
  readonly isFixed: Uint8Array;
  /** [insts] width with padding */
  readonly footprint: Int32Array;
  readonly site: number;
  readonly rowHeight: number;
  readonly rows: readonly DetailRow[];
  /** [insts] */
  readonly rowOf: Int32Array;
  /** [nets] weighted HPWL */
  readonly length: Float64Array;
  readonly touched: Int32Array;
  readonly stamp: Int32Array;
  clock: number;
}

export interface DetailRow {
  readonly x1: number;
  readonly x2: number;
  readonly y: number;
  readonly flipY: number;
  /** Instances from left to right, fixed ones too. */
  readonly cells: number[];
}

export function makeState(
  model: PlaceModel,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  paddingSites: Uint8Array | null,
): DetailState {
  const site = kit.tech.siteWidthDbu;
  const rowHeight = kit.tech.rowHeightDbu;
  const rows = floorplan.rows.map((r): DetailRow => ({
    x1: r.xDbu,
    x2: r.xDbu + r.sites * site,
    y: r.yDbu,
    flipY: flipsY(r.orient) ? 1 : 0,
    cells: [],
  }));
  const bottom = rows[0].y;
  const rowOf = new Int32Array(model.insts);
  for (let i = 0; i < model.insts; i++) {
    rowOf[i] = Math.round((placement.yDbu[i] - bottom) / rowHeight);
    rows[rowOf[i]].cells.push(i);
  }
  for (const r of rows) r.cells.sort((a, b) => placement.xDbu[a] - placement.xDbu[b]);
  const s: DetailState = {
    model,
    x: placement.xDbu.slice(),
    y: placement.yDbu.slice(),
    flipX: Uint8Array.from(placement.orient, (o) => (flipsX(o) ? 1 : 0)),
    flipY: Uint8Array.from(placement.orient, (o) => (flipsY(o) ? 1 : 0)),
    isFixed: model.isFixed,
    footprint: model.widthDbu.map((w, i) => w + (paddingSites ? paddingSites[i] * site : 0)),
    site,
    rowHeight,
    rows,
    rowOf,
    length: new Float64Array(model.nets),
    touched: new Int32Array(Math.max(64, model.pinInst.length)),
    stamp: new Int32Array(model.nets),
    clock: 0,
  };
  for (let e = 0; e < model.nets; e++) s.length[e] = measure(s, e);
  return s;
}

/** Weighted half-perimeter of a net now. */
export function measure(s: DetailState, net: number): number {
  const { netStart, pinInst, pinX, pinY, widthDbu, heightDbu, netWeight } = s.model;
  const to = netStart[net + 1];
  let x1 = Infinity;
  let x2 = -Infinity;
  let y1 = Infinity;
  let y2 = -Infinity;
  for (let q = netStart[net]; q < to; q++) {
    const i = pinInst[q];
    let x = pinX[q];
    let y = pinY[q];
    if (i >= 0) {
      x = s.x[i] + (s.flipX[i] ? widthDbu[i] - x : x);
      y = s.y[i] + (s.flipY[i] ? heightDbu[i] - y : y);
    }
    if (x < x1) x1 = x;
    if (x > x2) x2 = x;
    if (y < y1) y1 = y;
    if (y > y2) y2 = y;
  }
  return x2 >= x1 ? (x2 - x1 + y2 - y1) * netWeight[net] : 0;
}

/** Starts a new set of nets to watch; add instances with `watch`. */
export function beginWatch(s: DetailState): void {
  s.clock++;
}

/** Adds the nets of `inst` to the first `count` entries of `touched`; returns the new count. */
export function watch(s: DetailState, inst: number, count: number): number {
  const { instStart, instPins, pinNet, netStart } = s.model;
  for (let q = instStart[inst]; q < instStart[inst + 1]; q++) {
    const e = pinNet[instPins[q]];
    if (s.stamp[e] === s.clock || netStart[e + 1] - netStart[e] > MAX_DEGREE) continue;
    s.stamp[e] = s.clock;
    s.touched[count++] = e;
  }
  return count;
}

/** Change of wirelength of the watched nets against what was last committed. */
export function change(s: DetailState, count: number): number {
  let d = 0;
  for (let k = 0; k < count; k++) d += measure(s, s.touched[k]) - s.length[s.touched[k]];
  return d;
}

export function commit(s: DetailState, count: number): void {
  for (let k = 0; k < count; k++) s.length[s.touched[k]] = measure(s, s.touched[k]);
}

/** Index of the first cell of a row at or right of x. */
export function lowerBound(s: DetailState, row: DetailRow, x: number): number {
  let low = 0;
  let high = row.cells.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (s.x[row.cells[mid]] < x) low = mid + 1;
    else high = mid;
  }
  return low;
}
