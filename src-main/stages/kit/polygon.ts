/**
 * All maximal rectangles inside a rectilinear polygon: every rectangle that cannot grow in any direction
 * without leaving it. They overlap and their union is the polygon. Chosen over a partition because any
 * rectangle inside the polygon (a via pad on a pin) lies inside one of them, and because the width that a
 * wide-metal spacing rule looks at is the width of one of them. For areas take their union.
 */
import type { Rect } from '../../base/geometry.ts';

/** `points` is x0 y0 x1 y1 ..., closed implicitly. Null where an edge is not parallel to an axis. */
export function maximalRects(points: readonly number[]): Rect[] | null {
  const n = points.length / 2;
  if (n < 4 || !Number.isInteger(n)) return null;
  const verticals: { x: number; y1: number; y2: number }[] = [];
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n;
    const [x1, y1, x2, y2] = [points[2 * i]!, points[2 * i + 1]!, points[2 * j]!, points[2 * j + 1]!];
    if (x1 !== x2 && y1 !== y2) return null;
    if (x1 === x2 && y1 !== y2) verticals.push({ x: x1, y1: Math.min(y1, y2), y2: Math.max(y1, y2) });
  }
  const xs = distinct(points.filter((_, i) => i % 2 === 0));
  const ys = distinct(points.filter((_, i) => i % 2 === 1));
  const inside = (i: number, j: number): boolean => {
    const y = (ys[j]! + ys[j + 1]!) / 2;
    let crossings = 0;
    for (const edge of verticals) if (edge.x <= xs[i]! && edge.y1 < y && y < edge.y2) crossings++;
    return crossings % 2 === 1;
  };
  const columns = xs.length - 1;
  const rows = ys.length - 1;
  // Two-dimensional prefix sums of the cells inside answer "is this block full" at once.
  const sums = new Int32Array((columns + 1) * (rows + 1));
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const at = (j + 1) * (columns + 1) + i + 1;
      sums[at] = (inside(i, j) ? 1 : 0) + sums[at - 1]! + sums[at - columns - 1]! - sums[at - columns - 2]!;
    }
  const full = (i1: number, j1: number, i2: number, j2: number): boolean => {
    if (i1 < 0 || j1 < 0 || i2 > columns || j2 > rows) return false;
    const w = columns + 1;
    const count = sums[j2 * w + i2]! - sums[j1 * w + i2]! - sums[j2 * w + i1]! + sums[j1 * w + i1]!;
    return count === (i2 - i1) * (j2 - j1);
  };
  const rects: Rect[] = [];
  for (let i1 = 0; i1 < columns; i1++)
    for (let i2 = i1 + 1; i2 <= columns; i2++)
      for (let j1 = 0; j1 < rows; j1++)
        for (let j2 = j1 + 1; j2 <= rows; j2++) {
          if (!full(i1, j1, i2, j2)) break;
          const grows =
            full(i1 - 1, j1, i2, j2) ||
            full(i1, j1 - 1, i2, j2) ||
            full(i1, j1, i2 + 1, j2) ||
            full(i1, j1, i2, j2 + 1);
          if (!grows) rects.push({ x1: xs[i1]!, y1: ys[j1]!, x2: xs[i2]!, y2: ys[j2]! });
        }
  return rects.length > 0 ? rects : null;
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
