import type { DetailState } from './state.ts';
import { beginWatch, change, commit, watch } from './state.ts';

const ORDERS = [
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Puts three neighbours in an order, keeping the two gaps between them. */
function arrange(
  s: DetailState,
  cells: readonly number[],
  order: readonly number[],
  from: number,
  gaps: readonly number[],
): void {
  let x = from;
  for (let q = 0; q < 3; q++) {
    const i = cells[order[q]];
    s.x[i] = x;
    x += s.footprint[i] + (q < 2 ? gaps[q] : 0);
  }
}

/** Best order of each three neighbouring cells, window by window; returns accepted changes. */
export function reorderPass(s: DetailState): number {
  let accepted = 0;
  for (const row of s.rows) {
    for (let k = 0; k + 2 < row.cells.length; k++) {
      const cells = [row.cells[k], row.cells[k + 1], row.cells[k + 2]];
      if (cells.some((i) => s.isFixed[i])) continue;
      const before = cells.map((i) => s.x[i]);
      const gaps = [0, 1].map((q) => before[q + 1] - before[q] - s.footprint[cells[q]]);
      const after = k + 3 < row.cells.length ? s.x[row.cells[k + 3]] : row.x2;
      if (before[2] + s.footprint[cells[2]] > after) continue;
      if (gaps[0] < 0 || gaps[1] < 0 || gaps[0] + gaps[1] > 20 * s.site) continue;
      beginWatch(s);
      let count = 0;
      for (const i of cells) count = watch(s, i, count);
      let best = -1;
      let order: readonly number[] | null = null;
      for (const candidate of ORDERS) {
        arrange(s, cells, candidate, before[0], gaps);
        const d = change(s, count);
        if (d < best) {
          best = d;
          order = candidate;
        }
      }
      cells.forEach((i, q) => (s.x[i] = before[q]));
      if (!order) continue;
      arrange(s, cells, order, before[0], gaps);
      commit(s, count);
      for (let q = 0; q < 3; q++) row.cells[k + q] = cells[order[q]];
      accepted++;
    }
  }
  return accepted;
}

/** Slides every cell to the best site of its free gap; returns accepted changes. */
export function slidePass(s: DetailState): number {
  let accepted = 0;
  for (const row of s.rows) {
    row.cells.forEach((i, k) => {
      if (s.isFixed[i]) return;
      const left = row.cells[k - 1];
      const right = row.cells[k + 1];
      const low = left === undefined ? row.x1 : s.x[left] + s.footprint[left];
      const high = (right === undefined ? row.x2 : s.x[right]) - s.footprint[i];
      if (high <= low) return;
      const before = s.x[i];
      beginWatch(s);
      const count = watch(s, i, 0);
      let best = -1;
      let at = before;
      for (const x of [low, before - s.site, before + s.site, high]) {
        if (x < low || x > high) continue;
        s.x[i] = x;
        const d = change(s, count);
        if (d < best) {
          best = d;
          at = x;
        }
      }
      s.x[i] = at;
      if (at === before) return;
      commit(s, count);
      accepted++;
    });
  }
  return accepted;
}

/** Mirrors cells left-right where that shortens the nets; returns accepted changes. */
export function mirrorPass(s: DetailState): number {
  let accepted = 0;
  for (let i = 0; i < s.model.insts; i++) {
    if (s.isFixed[i]) continue;
    beginWatch(s);
    const count = watch(s, i, 0);
    s.flipX[i] ^= 1;
    if (change(s, count) < -1) {
      commit(s, count);
      accepted++;
    } else {
      s.flipX[i] ^= 1;
    }
  }
  return accepted;
}
