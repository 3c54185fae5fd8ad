/** How much of each square of the die every layer covers: what the window shows of shapes that are too many or too small. */
import type { Overview } from '../../base/layout-view.ts';
import type { ShapeArrays } from './shapes.ts';

/** Squares along the die's longer side. */
export const OVERVIEW_SQUARES = 512;

type Shapes = Pick<ShapeArrays, 'rects' | 'start'>;

/**
 * Signal metal, cuts and power grid together. Overlaps count twice (a via's pad on its wire); full is full.
 * Each rectangle adds the exact area that it has in each square.
 */
export function overviewOf(die: Int32Array, layers: number, ...sets: readonly Shapes[]): Overview {
  const [x0, y0, x2, y2] = die;
  const square = Math.max(1, Math.ceil(Math.max(x2 - x0, y2 - y0) / OVERVIEW_SQUARES));
  const [columns, rows] = [Math.ceil((x2 - x0) / square), Math.ceil((y2 - y0) / square)];
  const values = new Uint8Array(layers * columns * rows);
  const sums = new Float64Array(columns * rows);
  for (let l = 0; l < layers; l++) {
    sums.fill(0);
    for (const { rects, start } of sets)
      for (let s = 4 * start[l]; s < 4 * start[l + 1]; s += 4)
        add(
          sums,
          columns,
          rows,
          square,
          rects[s] - x0,
          rects[s + 1] - y0,
          rects[s + 2] - x0,
          rects[s + 3] - y0,
        );
    const full = square * square;
    for (let t = 0; t < sums.length; t++)
      values[l * sums.length + t] = Math.min(255, Math.round((255 * sums[t]) / full));
  }
  return { columns, rows, squareDbu: square, values };
}

function add(
  sums: Float64Array,
  columns: number,
  rows: number,
  square: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  const [c1, c2] = [Math.max(0, Math.floor(x1 / square)), Math.min(columns - 1, Math.floor(x2 / square))];
  const [r1, r2] = [Math.max(0, Math.floor(y1 / square)), Math.min(rows - 1, Math.floor(y2 / square))];
  for (let r = r1; r <= r2; r++) {
    const h = Math.min(y2, (r + 1) * square) - Math.max(y1, r * square);
    for (let c = c1; c <= c2; c++)
      sums[r * columns + c] += h * (Math.min(x2, (c + 1) * square) - Math.max(x1, c * square));
  }
}
