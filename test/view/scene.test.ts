/** What the window draws and finds: ranges of sorted rectangles against a look at every one of them. */
import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { CLASS_SIDES, makeBatch, touching, visibleRanges } from '../../src-renderer/views/layout/scene.ts';
import { readLyp, writeLyp } from '../../src-renderer/views/layout/lyp.ts';
import { writeSvg } from '../../src-renderer/views/layout/svg.ts';
import { snapDie, UTILIZATION_MAX } from '../../src-renderer/views/layout/floorplan.ts';
import { bigLayout } from '../support/big-layout.ts';

const COUNT = 20_000;
const DIE = 1_000_000;

/** Most are short, some reach over a good part of the die. */
function rectangles(seed: number): Int32Array {
  const random = makeRng(seed);
  const rects = new Int32Array(4 * COUNT);
  for (let i = 0; i < COUNT; i++) {
    const long = Math.floor(70 + 600_000 * random() ** 8);
    const [w, h] = random() < 0.5 ? [long, 70] : [70, long];
    const [x, y] = [Math.floor(random() * (DIE - w)), Math.floor(random() * (DIE - h))];
    rects.set([x, y, x + w, y + h], 4 * i);
  }
  return rects;
}

const items = (ranges: readonly number[], item: Int32Array): number[] => {
  const found: number[] = [];
  for (let r = 0; r < ranges.length; r += 2)
    found.push(...item.subarray(ranges[r], ranges[r]! + ranges[r + 1]!));
  return found;
};

describe('batches', () => {
  const rects = rectangles(3);
  const batch = makeBatch('layer:0', rects);

  test('hold every rectangle once', () => {
    expect([...batch.item].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    for (const k of [0, 77, COUNT - 1])
      expect(batch.rects.subarray(4 * k, 4 * k + 4)).toEqual(
        rects.subarray(4 * batch.item[k]!, 4 * batch.item[k]! + 4),
      );
    expect(batch.tiles.count).toBeGreaterThan(3);
  });

  test('from afar all that is long enough, from nearby all that is seen and not much else', () => {
    const all = { x1: 0, y1: 0, x2: DIE, y2: DIE };
    expect(items(visibleRanges(batch, all, 1, 0), batch.item).length).toBe(COUNT);
    const random = makeRng(8);
    for (let k = 0; k < 40; k++) {
      const side = 20_000 + random() * 200_000;
      const [x, y] = [random() * DIE, random() * DIE];
      const box = { x1: x, y1: y, x2: x + side, y2: y + side };
      const scale = 800 / side;
      const px = k % 2;
      const found = new Set(items(visibleRanges(batch, box, scale, px), batch.item));
      let needed = 0;
      for (let i = 0; i < COUNT; i++) {
        const [x1, y1, x2, y2] = rects.subarray(4 * i, 4 * i + 4) as unknown as number[];
        const isSeen = x1! <= box.x2 && x2! >= box.x1 && y1! <= box.y2 && y2! >= box.y1;
        const isLong = Math.max(x2! - x1!, y2! - y1!) * scale >= px;
        if (!isSeen || !isLong) continue;
        needed++;
        expect(found.has(i)).toBe(true);
      }
      // Whole tiles and classes are drawn.
      expect(found.size).toBeLessThan(needed + 0.35 * COUNT);
    }
  });

  test('what touches a point is found as by looking at each', () => {
    const random = makeRng(21);
    for (let k = 0; k < 200; k++) {
      const [x, y] = [Math.floor(random() * DIE), Math.floor(random() * DIE)];
      const box = { x1: x - 400, y1: y - 400, x2: x + 400, y2: y + 400 };
      const slow: number[] = [];
      for (let i = 0; i < COUNT; i++)
        if (
          rects[4 * i]! <= box.x2 &&
          rects[4 * i + 2]! >= box.x1 &&
          rects[4 * i + 1]! <= box.y2 &&
          rects[4 * i + 3]! >= box.y1
        )
          slow.push(i);
      expect(touching(batch, box).sort((a, b) => a - b)).toEqual(slow);
    }
  });

  test('classes of size are right at their limits', () => {
    for (let c = 1; c + 1 < CLASS_SIDES.length; c++)
      for (const side of [Math.ceil(CLASS_SIDES[c]!), Math.ceil(CLASS_SIDES[c]!) - 1]) {
        const one = makeBatch('cells', Int32Array.of(0, 0, side, 1));
        const expected = CLASS_SIDES.findIndex((s) => side >= s);
        expect(one.start.findIndex((n) => n > 0) - 1).toBe(expected);
      }
  });

  test('nothing at all is nothing to draw', () => {
    const none = makeBatch('ports', new Int32Array(0));
    expect(visibleRanges(none, { x1: 0, y1: 0, x2: 1, y2: 1 }, 1, 0)).toEqual([]);
  });
});

test('layer properties come back as they were written; groups of KLayout are read too', () => {
  const layers = [{ name: 'metal<1>', kind: 'routing', direction: 'H', gdsLayer: 11 }] as const;
  const styles = [{ gdsLayer: 11, colour: [1, 128, 255], isVisible: false }] as const;
  expect(readLyp(writeLyp(layers, styles))).toEqual(styles);
  const group =
    '<layer-properties><properties><source>*/*</source><group-members><fill-color>#ff0000</fill-color><source>7/0@1</source></group-members></properties></layer-properties>';
  expect(readLyp(group)).toEqual([{ gdsLayer: 7, colour: [255, 0, 0], isVisible: true }]);
});

test('a picture in SVG has the shapes that are seen, in um', () => {
  const batch = makeBatch('layer:0', Int32Array.of(0, 0, 2000, 200, 900_000, 900_000, 902_000, 900_200));
  const camera = { x: 1000, y: 1000, scale: 0.1 };
  const ranges = [0, 2];
  const layer = { batch, colour: [255, 0, 0], alpha: 0.5, ranges, count: 2 } as const;
  const svg = writeSvg(camera, { width: 400, height: 400 }, 2000, [layer], [0, 0, 0]);
  expect(svg).toContain('viewBox="0 0 2 2"');
  expect(svg.match(/h1v0.1h-1z/g)?.length).toBe(1);
});

describe('the die of the next run', () => {
  const view = bigLayout(1000);
  test('is whole sites and rows, nearest to what was wished for', () => {
    const size = snapDie(view, 500_321, 601_234);
    // Sites of 1900, rows of 2800; the made-up chip has no margins.
    expect([size.widthUm, size.heightUm]).toEqual([(263 * 1900) / 2000, (215 * 2800) / 2000]);
    expect(size.utilization).toBeCloseTo((24_000 * 1.33) / (size.widthUm * size.heightUm), 9);
  });
  test('is never too small for the cells', () => {
    for (const [w, h] of [
      [100, 100],
      [200_000, 1],
      [1, 200_000],
    ] as const) {
      const { utilization, widthUm, heightUm } = snapDie(view, w, h);
      expect(utilization).toBeLessThanOrEqual(UTILIZATION_MAX);
      expect(Math.min(widthUm, heightUm)).toBeGreaterThan(0);
    }
  });
});
