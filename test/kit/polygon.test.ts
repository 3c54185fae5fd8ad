import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { maximalRects } from '../../src-main/stages/kit/index.ts';

const key = (r: { x1: number; y1: number; x2: number; y2: number }): string =>
  `${r.x1},${r.y1},${r.x2},${r.y2}`;

describe('maximal rectangles of a polygon', () => {
  it('of a rectangle is the rectangle, whichever way it turns', () => {
    for (const points of [
      [0, 0, 4, 0, 4, 2, 0, 2],
      [0, 2, 4, 2, 4, 0, 0, 0],
    ])
      expect(maximalRects(points)).toEqual([{ x1: 0, y1: 0, x2: 4, y2: 2 }]);
  });

  it('of an L are two that overlap in the corner', () => {
    const rects = maximalRects([0, 0, 4, 0, 4, 1, 1, 1, 1, 3, 0, 3])!;
    expect(rects.map(key).sort()).toEqual(['0,0,1,3', '0,0,4,1']);
  });

  it('refuses slanted edges and too few points', () => {
    expect(maximalRects([0, 0, 4, 0, 4, 1, 0, 2])).toBeNull();
    expect(maximalRects([0, 0, 4, 0])).toBeNull();
  });

  it('cover just the polygon, and none lies in another (random skylines)', () => {
    const rng = makeRng(3);
    for (let n = 0; n < 30; n++) {
      const heights = Array.from({ length: 6 }, () => 1 + Math.floor(rng() * 5));
      const points: number[] = [0, 0, 6, 0];
      for (let x = 5; x >= 0; x--) points.push(x + 1, heights[x]!, x, heights[x]!);
      const rects = maximalRects(points)!;
      for (let x = 0; x < 6; x++)
        for (let y = 0; y < 6; y++) {
          const covered = rects.some((r) => r.x1 <= x && x < r.x2 && r.y1 <= y && y < r.y2);
          expect(covered, `${heights} at ${x},${y}`).toBe(y < heights[x]!);
        }
      for (const a of rects)
        for (const b of rects)
          if (a !== b) expect(a.x1 >= b.x1 && a.x2 <= b.x2 && a.y1 >= b.y1 && a.y2 <= b.y2).toBe(false);
    }
  });
});
