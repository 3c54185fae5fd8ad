/** Sweeps against brute force on random rectangles; the seed is in the test's name. */
import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { forEachPair } from '../../src-main/stages/check/pairs.ts';
import { RectList, type RectTable } from '../../src-main/stages/check/rect-table.ts';
import { covers, maximalRects, outline, unionArea } from '../../src-main/stages/check/slabs.ts';

const SIDE = 24;

function randomRects(seed: number, count: number, size: number): RectTable {
  const random = makeRng(seed);
  const list = new RectList();
  for (let i = 0; i < count; i++) {
    const [x, y] = [Math.floor(random() * SIDE), Math.floor(random() * SIDE)];
    const [w, h] = [1 + Math.floor(random() * size), 1 + Math.floor(random() * size)];
    list.push(x, y, Math.min(SIDE, x + w), Math.min(SIDE, y + h), -1, i);
  }
  return list.finish();
}

/** [x * SIDE + y] whether the union covers the unit square at (x, y). */
function paint(t: RectTable): Uint8Array {
  const grid = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < t.count; i++)
    for (let x = t.x1[i]!; x < t.x2[i]!; x++)
      for (let y = t.y1[i]!; y < t.y2[i]!; y++) grid[x * SIDE + y] = 1;
  return grid;
}
const isIn = (g: Uint8Array, x: number, y: number): boolean =>
  x >= 0 && y >= 0 && x < SIDE && y < SIDE && g[x * SIDE + y] === 1;
const all = (t: RectTable): number[] => Array.from({ length: t.count }, (_, i) => i);

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', (seed) => {
  test.each([true, false])('pairs within and between tables, strips along x: %s', (alongX) => {
    const a = randomRects(seed, 60, 9);
    const b = randomRects(seed + 100, 40, 5);
    for (const distance of [0, 1, 3]) {
      const isNear = (t: RectTable, i: number, u: RectTable, j: number): boolean =>
        Math.max(t.x1[i]!, u.x1[j]!) - Math.min(t.x2[i]!, u.x2[j]!) <= distance &&
        Math.max(t.y1[i]!, u.y1[j]!) - Math.min(t.y2[i]!, u.y2[j]!) <= distance;
      const within: string[] = [];
      forEachPair(a, a, distance, alongX, 4, (i, j) => within.push(`${Math.min(i, j)} ${Math.max(i, j)}`));
      const expected = all(a).flatMap((i) =>
        all(a).flatMap((j) => (i < j && isNear(a, i, a, j) ? [`${i} ${j}`] : [])),
      );
      expect(within.sort()).toEqual(expected.sort());
      const between: string[] = [];
      forEachPair(a, b, distance, alongX, 4, (i, j) => between.push(`${i} ${j}`));
      const wanted = all(a).flatMap((i) => all(b).flatMap((j) => (isNear(a, i, b, j) ? [`${i} ${j}`] : [])));
      expect(between.sort()).toEqual(wanted.sort());
    }
  });

  test('area and cover of a union', () => {
    const t = randomRects(seed, 12, 10);
    const grid = paint(t);
    expect(unionArea(t, all(t))).toBe(grid.reduce((n, v) => n + v, 0));
    const random = makeRng(seed);
    for (let k = 0; k < 50; k++) {
      const [x1, y1] = [Math.floor(random() * SIDE), Math.floor(random() * SIDE)];
      const [x2, y2] = [x1 + 1 + Math.floor(random() * 4), y1 + 1 + Math.floor(random() * 4)];
      let isFull = true;
      for (let x = x1; x < x2; x++) for (let y = y1; y < y2; y++) isFull &&= isIn(grid, x, y);
      expect(covers(t, all(t), x1, y1, x2, y2)).toBe(isFull);
    }
  });

  test('the outline is where metal ends', () => {
    const t = randomRects(seed, 10, 10);
    const grid = paint(t);
    const drawn: string[] = [];
    for (const e of outline(t, all(t)))
      for (let k = e.lo; k < e.hi; k++) drawn.push(`${e.alongX} ${e.at} ${k} ${e.metalAbove}`);
    const expected: string[] = [];
    for (let at = 0; at <= SIDE; at++)
      for (let k = 0; k < SIDE; k++) {
        const [below, above] = [isIn(grid, k, at - 1), isIn(grid, k, at)];
        if (below !== above) expected.push(`true ${at} ${k} ${above}`);
        const [left, right] = [isIn(grid, at - 1, k), isIn(grid, at, k)];
        if (left !== right) expected.push(`false ${at} ${k} ${right}`);
      }
    expect(drawn.sort()).toEqual(expected.sort());
  });

  test('maximal rectangles: full, not extendable, and all of them', () => {
    const t = randomRects(seed, 7, 12);
    const grid = paint(t);
    const isFull = (x1: number, y1: number, x2: number, y2: number): boolean => {
      for (let x = x1; x < x2; x++) for (let y = y1; y < y2; y++) if (!isIn(grid, x, y)) return false;
      return true;
    };
    const expected: string[] = [];
    for (let x1 = 0; x1 < SIDE; x1++)
      for (let x2 = x1 + 1; x2 <= SIDE; x2++)
        for (let y1 = 0; y1 < SIDE; y1++)
          for (let y2 = y1 + 1; y2 <= SIDE; y2++) {
            if (!isFull(x1, y1, x2, y2)) break;
            const grows =
              isFull(x1 - 1, y1, x1, y2) ||
              isFull(x2, y1, x2 + 1, y2) ||
              isFull(x1, y1 - 1, x2, y1) ||
              isFull(x1, y2, x2, y2 + 1);
            if (!grows) expected.push(`${x1} ${y1} ${x2} ${y2}`);
          }
    const found = maximalRects(t, all(t)).map((r) => `${r.x1} ${r.y1} ${r.x2} ${r.y2}`);
    expect(found.sort()).toEqual(expected.sort());
  });
});
