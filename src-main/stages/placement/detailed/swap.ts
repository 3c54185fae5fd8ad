import type { DetailRow, DetailState } from './state.ts';
import { beginWatch, change, commit, lowerBound, watch } from './state.ts';

const MAX_DEGREE = 200;
/** Neighbours tried to either side of the wished place. */
const REACH = 3;

interface Wish {
  readonly x: number;
  readonly y: number;
}

/**
 * Centre of a cell's optimal region: the medians of the ends of its nets' boxes without the cell (Goto, 1981;
 * FastDP: Pan, Viswanathan, Chu, ICCAD 2005). Null if it has no nets.
 */
function optimal(s: DetailState, inst: number): Wish | null {
  const m = s.model;
  const xs: number[] = [];
  const ys: number[] = [];
  for (let q = m.instStart[inst]; q < m.instStart[inst + 1]; q++) {
    const e = m.pinNet[m.instPins[q]];
    const to = m.netStart[e + 1];
    if (to - m.netStart[e] > MAX_DEGREE) continue;
    let x1 = Infinity;
    let x2 = -Infinity;
    let y1 = Infinity;
    let y2 = -Infinity;
    for (let p = m.netStart[e]; p < to; p++) {
      const i = m.pinInst[p];
      if (i === inst) continue;
      let x = m.pinX[p];
      let y = m.pinY[p];
      if (i >= 0) {
        x = s.x[i] + (s.flipX[i] ? m.widthDbu[i] - x : x);
        y = s.y[i] + (s.flipY[i] ? m.heightDbu[i] - y : y);
      }
      if (x < x1) x1 = x;
      if (x > x2) x2 = x;
      if (y < y1) y1 = y;
      if (y > y2) y2 = y;
    }
    if (x1 > x2) continue;
    xs.push(x1, x2);
    ys.push(y1, y2);
  }
  if (xs.length === 0) return null;
  const median = (v: number[]): number => {
    v.sort((a, b) => a - b);
    return (v[(v.length >> 1) - 1] + v[v.length >> 1]) / 2;
  };
  return { x: median(xs), y: median(ys) };
}

/** Free stretch before cell j of a row, as if `inst` were not there. */
function gapBefore(s: DetailState, row: DetailRow, j: number, inst: number): [number, number] {
  const { cells } = row;
  let l = j - 1;
  if (l >= 0 && cells[l] === inst) l--;
  let r = j;
  if (r < cells.length && cells[r] === inst) r++;
  const low = l >= 0 ? s.x[cells[l]] + s.footprint[cells[l]] : row.x1;
  const high = r < cells.length ? s.x[cells[r]] : row.x2;
  return [low, high];
}

interface Best {
  gain: number;
  row: DetailRow | null;
  rowIndex: number;
  x: number;
  /** Cell to swap with, -1 = move into a gap. */
  other: number;
}

function tryGap(s: DetailState, inst: number, rowIndex: number, j: number, wishX: number, best: Best): void {
  const row = s.rows[rowIndex];
  const [low, high] = gapBefore(s, row, j, inst);
  const w = s.footprint[inst];
  if (high - low < w) return;
  let x = row.x1 + Math.round((Math.max(low, Math.min(high - w, wishX)) - row.x1) / s.site) * s.site;
  if (x < low) x += s.site;
  if (x + w > high) x -= s.site;
  if (x < low) return;
  const [ox, oy, of] = [s.x[inst], s.y[inst], s.flipY[inst]];
  s.x[inst] = x;
  s.y[inst] = row.y;
  s.flipY[inst] = row.flipY;
  beginWatch(s);
  const d = change(s, watch(s, inst, 0));
  if (d < best.gain) Object.assign(best, { gain: d, row, rowIndex, x, other: -1 });
  s.x[inst] = ox;
  s.y[inst] = oy;
  s.flipY[inst] = of;
}

function exchange(s: DetailState, a: number, b: number): void {
  const [x, y, f] = [s.x[a], s.y[a], s.flipY[a]];
  s.x[a] = s.x[b];
  s.y[a] = s.y[b];
  s.flipY[a] = s.flipY[b];
  s.x[b] = x;
  s.y[b] = y;
  s.flipY[b] = f;
}

function trySwap(s: DetailState, inst: number, other: number, best: Best): void {
  if (other === inst || s.isFixed[other]) return;
  // Footprints alone would not do: where padding had to give way, the bare widths must fit too.
  if (s.footprint[other] !== s.footprint[inst] || s.model.widthDbu[other] !== s.model.widthDbu[inst]) return;
  exchange(s, inst, other);
  beginWatch(s);
  const d = change(s, watch(s, other, watch(s, inst, 0)));
  if (d < best.gain) Object.assign(best, { gain: d, row: null, other });
  exchange(s, inst, other);
}

function apply(s: DetailState, inst: number, best: Best): void {
  const home = s.rows[s.rowOf[inst]];
  beginWatch(s);
  if (best.other < 0 && best.row) {
    home.cells.splice(home.cells.indexOf(inst), 1);
    s.x[inst] = best.x;
    s.y[inst] = best.row.y;
    s.flipY[inst] = best.row.flipY;
    s.rowOf[inst] = best.rowIndex;
    best.row.cells.splice(lowerBound(s, best.row, best.x), 0, inst);
    commit(s, watch(s, inst, 0));
    return;
  }
  const { other } = best;
  const there = s.rows[s.rowOf[other]];
  const a = home.cells.indexOf(inst);
  const b = there.cells.indexOf(other);
  home.cells[a] = other;
  there.cells[b] = inst;
  exchange(s, inst, other);
  const row = s.rowOf[inst];
  s.rowOf[inst] = s.rowOf[other];
  s.rowOf[other] = row;
  commit(s, watch(s, other, watch(s, inst, 0)));
}

/** Moves or swaps one cell towards its optimal region if that shortens the nets; rows within `range`. */
function improveCell(s: DetailState, inst: number, range: number): boolean {
  const wish = optimal(s, inst);
  if (!wish) return false;
  const wishX = wish.x - s.model.widthDbu[inst] / 2;
  const home = Math.round((wish.y - s.rowHeight / 2 - s.rows[0].y) / s.rowHeight);
  if (home === s.rowOf[inst] && Math.abs(wishX - s.x[inst]) < 2 * s.site) return false;
  const best: Best = { gain: -1, row: null, rowIndex: -1, x: 0, other: -1 };
  for (let r = Math.max(0, home - range); r <= Math.min(s.rows.length - 1, home + range); r++) {
    const { cells } = s.rows[r];
    const k = lowerBound(s, s.rows[r], wishX);
    for (let j = Math.max(0, k - REACH); j <= Math.min(cells.length, k + REACH); j++) {
      tryGap(s, inst, r, j, wishX, best);
      if (j < cells.length) trySwap(s, inst, cells[j], best);
    }
  }
  if (best.gain === -1) return false;
  apply(s, inst, best);
  return true;
}

/** One pass of global moves and swaps over all movable cells; returns how many were accepted. */
export function swapPass(s: DetailState, range: number): number {
  let accepted = 0;
  for (let i = 0; i < s.model.insts; i++) if (!s.isFixed[i] && improveCell(s, i, range)) accepted++;
  return accepted;
}
