/** Rectangles as columns; `items` picks the ones to look at. */
interface Boxes {
  readonly x1: Int32Array | Float64Array;
  readonly y1: Int32Array | Float64Array;
  readonly x2: Int32Array | Float64Array;
  readonly y2: Int32Array | Float64Array;
}

/** A piece of the outline of merged metal. */
export interface Edge {
  /** Runs along x (true) or along y. */
  readonly alongX: boolean;
  /** y of an edge along x, x of one along y. */
  readonly at: number;
  readonly lo: number;
  readonly hi: number;
  /** True: metal lies on the greater side of the edge. */
  readonly metalAbove: boolean;
}

/**
 * Sweeps the union of rectangles from left to right: visit(x1, x2, intervals) for each slab between
 * neighbouring x, intervals being the merged [y from, y to, ...] in ascending order.
 */
function forEachSlab(
  t: Boxes,
  items: ArrayLike<number>,
  visit: (x1: number, x2: number, intervals: readonly number[]) => void,
): void {
  const n = items.length;
  const byStart = Array.from({ length: n }, (_, k) => items[k]!).sort((a, b) => t.x1[a]! - t.x1[b]!);
  const xs = [...new Set(byStart.flatMap((i) => [t.x1[i]!, t.x2[i]!]))].sort((a, b) => a - b);
  let active: number[] = [];
  let next = 0;
  for (let k = 0; k + 1 < xs.length; k++) {
    const [x1, x2] = [xs[k]!, xs[k + 1]!];
    active = active.filter((i) => t.x2[i]! > x1);
    while (next < n && t.x1[byStart[next]!]! <= x1) {
      const i = byStart[next++]!;
      let at = active.length;
      while (at > 0 && t.y1[active[at - 1]!]! > t.y1[i]!) at--;
      active.splice(at, 0, i);
    }
    visit(x1, x2, mergeIntervals(t, active));
  }
}

/** `active` is sorted by y1. */
function mergeIntervals(t: Boxes, active: readonly number[]): number[] {
  const out: number[] = [];
  for (const i of active) {
    const last = out.length - 1;
    if (last >= 0 && t.y1[i]! <= out[last]!) out[last] = Math.max(out[last]!, t.y2[i]!);
    else out.push(t.y1[i]!, t.y2[i]!);
  }
  return out;
}

/** Area of the union. */
export function unionArea(t: Boxes, items: ArrayLike<number>): number {
  let area = 0;
  forEachSlab(t, items, (x1, x2, intervals) => {
    for (let k = 0; k < intervals.length; k += 2) area += (x2 - x1) * (intervals[k + 1]! - intervals[k]!);
  });
  return area;
}

/** Whether the union of rectangles covers all of one. */
export function covers(
  t: Boxes,
  items: ArrayLike<number>,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): boolean {
  let covered = x1;
  forEachSlab(t, items, (from, to, intervals) => {
    if (from > covered || to <= x1 || from >= x2) return;
    for (let k = 0; k < intervals.length; k += 2)
      if (intervals[k]! <= y1 && intervals[k + 1]! >= y2) {
        covered = Math.max(covered, to);
        return;
      }
  });
  return covered >= x2;
}

/** The outline of the union as maximal straight edges. */
export function outline(t: Boxes, items: ArrayLike<number>): Edge[] {
  const edges: Edge[] = [];
  // Horizontal edges that the sweep is still drawing, by y and side.
  let open = new Map<string, { at: number; metalAbove: boolean; lo: number; hi: number }>();
  let previous: readonly number[] = [];
  let previousX = -Infinity;
  const close = (e: { at: number; metalAbove: boolean; lo: number; hi: number }): void => {
    edges.push({ alongX: true, at: e.at, lo: e.lo, hi: e.hi, metalAbove: e.metalAbove });
  };
  forEachSlab(t, items, (x1, x2, intervals) => {
    verticalEdges(edges, x1, previousX === x1 ? previous : [], intervals);
    const still: typeof open = new Map();
    intervals.forEach((y, k) => {
      const metalAbove = k % 2 === 0;
      const key = `${y}${metalAbove}`;
      const before = open.get(key);
      if (before?.hi === x1) {
        open.delete(key);
        still.set(key, { ...before, hi: x2 });
      } else still.set(key, { at: y, metalAbove, lo: x1, hi: x2 });
    });
    open.forEach(close);
    open = still;
    [previous, previousX] = [intervals, x2];
  });
  open.forEach(close);
  if (previousX > -Infinity) verticalEdges(edges, previousX, previous, []);
  return edges;
}

/** At x the covered intervals change from `left` to `right`: edges where only one of them covers. */
function verticalEdges(edges: Edge[], x: number, left: readonly number[], right: readonly number[]): void {
  const ys = [...new Set([...left, ...right])].sort((a, b) => a - b);
  const covered = (intervals: readonly number[], y: number): boolean => {
    for (let k = 0; k < intervals.length; k += 2)
      if (intervals[k]! <= y && y < intervals[k + 1]!) return true;
    return false;
  };
  let run: { lo: number; hi: number; metalAbove: boolean } | null = null;
  const flush = (): void => {
    if (run) edges.push({ alongX: false, at: x, ...run });
    run = null;
  };
  for (let k = 0; k + 1 < ys.length; k++) {
    const [isLeft, isRight] = [covered(left, ys[k]!), covered(right, ys[k]!)];
    if (isLeft === isRight) {
      flush();
      continue;
    }
    if (run && (run as { metalAbove: boolean }).metalAbove === isRight)
      (run as { hi: number }).hi = ys[k + 1]!;
    else {
      flush();
      run = { lo: ys[k]!, hi: ys[k + 1]!, metalAbove: isRight };
    }
  }
  flush();
}

const ROWS_MAX = 31;

/**
 * The maximal rectangles of the union: those that no rectangle within the union contains. Found on the
 * compressed grid, a column being a bit mask of its covered rows; unions of more than 31 rows of different
 * y give only the slabs joined where equal, which misses rectangles that span unequal slabs.
 */
export function maximalRects(
  t: Boxes,
  items: ArrayLike<number>,
): { x1: number; y1: number; x2: number; y2: number }[] {
  const slabs: { x1: number; x2: number; intervals: readonly number[] }[] = [];
  forEachSlab(t, items, (x1, x2, intervals) => slabs.push({ x1, x2, intervals }));
  const ys = [...new Set(slabs.flatMap((s) => s.intervals))].sort((a, b) => a - b);
  const found: { x1: number; y1: number; x2: number; y2: number }[] = [];
  if (ys.length - 1 > ROWS_MAX) {
    joinedSlabs(slabs, found);
    return found;
  }
  const row = new Map(ys.map((y, k) => [y, k]));
  const masks = slabs.map(({ intervals }) => {
    let mask = 0;
    for (let k = 0; k < intervals.length; k += 2)
      for (let r = row.get(intervals[k]!)!; r < row.get(intervals[k + 1]!)!; r++) mask |= 1 << r;
    return mask;
  });
  for (let i = 0; i < masks.length; i++) {
    let common = masks[i]!;
    for (let j = i; j < masks.length && common !== 0; j++) {
      common &= masks[j]!;
      const before = i > 0 ? masks[i - 1]! : 0;
      const after = j + 1 < masks.length ? masks[j + 1]! : 0;
      for (let r = 0; r < ys.length - 1; r++) {
        if (!(common & (1 << r))) continue;
        const bottom = r;
        while (r + 1 < ys.length - 1 && common & (1 << (r + 1))) r++;
        const run = ((1 << (r - bottom + 1)) - 1) << bottom;
        if ((before & run) === run || (after & run) === run) continue;
        found.push({ x1: slabs[i]!.x1, y1: ys[bottom]!, x2: slabs[j]!.x2, y2: ys[r + 1]! });
      }
    }
  }
  return found;
}

function joinedSlabs(
  slabs: readonly { x1: number; x2: number; intervals: readonly number[] }[],
  found: { x1: number; y1: number; x2: number; y2: number }[],
): void {
  let open = new Map<string, { x1: number; y1: number; x2: number; y2: number }>();
  for (const { x1, x2, intervals } of slabs) {
    const still: typeof open = new Map();
    for (let k = 0; k < intervals.length; k += 2) {
      const key = `${intervals[k]} ${intervals[k + 1]}`;
      const before = open.get(key);
      if (before?.x2 === x1) before.x2 = x2;
      const rect = before?.x2 === x2 ? before : { x1, y1: intervals[k]!, x2, y2: intervals[k + 1]! };
      if (rect !== before) found.push(rect);
      still.set(key, rect);
    }
    open = still;
  }
}
