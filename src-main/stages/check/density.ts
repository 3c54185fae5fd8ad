import type { Rect } from '../../base/geometry.ts';
import type { RectTable } from './rect-table.ts';
import { unionArea } from './slabs.ts';

const TILES_PER_SIDE = 64;

/** Area of the merged metal over the die's area, summed over tiles so that each sweep stays short. */
export function layerDensity(t: RectTable, die: Rect): number {
  const width = (die.x2 - die.x1) / TILES_PER_SIDE;
  const height = (die.y2 - die.y1) / TILES_PER_SIDE;
  const lists: number[][] = Array.from({ length: TILES_PER_SIDE ** 2 }, () => []);
  const clamp = (k: number): number => Math.max(0, Math.min(TILES_PER_SIDE - 1, k));
  for (let i = 0; i < t.count; i++) {
    const lastX = clamp(Math.floor((t.x2[i]! - die.x1) / width));
    const lastY = clamp(Math.floor((t.y2[i]! - die.y1) / height));
    for (let x = clamp(Math.floor((t.x1[i]! - die.x1) / width)); x <= lastX; x++)
      for (let y = clamp(Math.floor((t.y1[i]! - die.y1) / height)); y <= lastY; y++)
        lists[y * TILES_PER_SIDE + x]!.push(i);
  }
  let area = 0;
  lists.forEach((items, k) => {
    const x1 = die.x1 + (k % TILES_PER_SIDE) * width;
    const y1 = die.y1 + Math.floor(k / TILES_PER_SIDE) * height;
    area += clippedArea(t, items, { x1, y1, x2: x1 + width, y2: y1 + height });
  });
  return area / ((die.x2 - die.x1) * (die.y2 - die.y1));
}

function clippedArea(t: RectTable, items: readonly number[], tile: Rect): number {
  if (items.length === 0) return 0;
  const clip = (values: Int32Array, lo: number, hi: number): Float64Array =>
    Float64Array.from(items, (i) => Math.max(lo, Math.min(hi, values[i]!)));
  const clipped = {
    x1: clip(t.x1, tile.x1, tile.x2),
    y1: clip(t.y1, tile.y1, tile.y2),
    x2: clip(t.x2, tile.x1, tile.x2),
    y2: clip(t.y2, tile.y1, tile.y2),
  };
  return unionArea(
    clipped,
    Int32Array.from(items, (_, k) => k),
  );
}
