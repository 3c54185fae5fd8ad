import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { makeDct } from '../../src-main/stages/placement/global/dct.ts';
import { makeDensity } from '../../src-main/stages/placement/global/density.ts';
import {
  addWirelengthGradient,
  makeScratch,
  type AxisNets,
} from '../../src-main/stages/placement/global/wirelength.ts';
import { assign } from '../../src-main/stages/placement/ports/assignment.ts';
import { bisect, wireLength } from '../../src-main/stages/placement/repair/points.ts';

const random = (seed: number, n: number): Float64Array => {
  const rng = makeRng(seed);
  return Float64Array.from({ length: n }, () => rng() - 0.5);
};

/** The smoothed length itself, by its formula. */
function smoothWirelength(axis: AxisNets, centre: Float64Array, gamma: number): number {
  let total = 0;
  for (let e = 0; e < axis.nets; e++) {
    const v: number[] = [];
    for (let p = axis.netStart[e]; p < axis.netStart[e + 1]; p++)
      v.push(axis.object[p] >= 0 ? centre[axis.object[p]] + axis.offset[p] : axis.offset[p]);
    if (v.length < 2) continue;
    const max = Math.max(...v);
    const min = Math.min(...v);
    const a = v.map((t) => Math.exp((t - max) / gamma));
    const b = v.map((t) => Math.exp((min - t) / gamma));
    const mean = (w: number[]): number =>
      w.reduce((s, wi, i) => s + wi * v[i], 0) / w.reduce((s, wi) => s + wi, 0);
    total += axis.netWeight[e] * (mean(a) - mean(b));
  }
  return total;
}

describe('cosine and sine transforms', () => {
  test.each([4, 8, 32])('of size %i equal the sums they stand for', (n) => {
    const dct = makeDct(n);
    const field = random(n, n * n);
    const angle = (k: number, i: number): number => (Math.PI * k * (2 * i + 1)) / (2 * n);
    const sum = (row: number, term: (i: number) => number): number => {
      let s = 0;
      for (let i = 0; i < n; i++) s += field[row * n + i] * term(i);
      return s;
    };
    const forward = field.slice();
    dct.forwardRows(forward);
    const cosine = field.slice();
    dct.inverseRows(cosine, false);
    const sine = field.slice();
    dct.inverseRows(sine, true);
    let worst = 0;
    for (let r = 0; r < n; r++)
      for (let k = 0; k < n; k++) {
        worst = Math.max(worst, Math.abs(forward[r * n + k] - sum(r, (i) => Math.cos(angle(k, i)))));
        worst = Math.max(worst, Math.abs(cosine[r * n + k] - sum(r, (i) => Math.cos(angle(i, k)))));
        worst = Math.max(worst, Math.abs(sine[r * n + k] - sum(r, (i) => Math.sin(angle(i, k)))));
      }
    expect(worst).toBeLessThan(1e-12);
  });

  test('transpose', () => {
    const field = random(5, 32 * 32);
    const turned = field.slice();
    makeDct(32).transpose(turned);
    for (let i = 0; i < 32; i++)
      for (let j = 0; j < 32; j++) expect(turned[i * 32 + j]).toBe(field[j * 32 + i]);
  });
});

describe('wirelength', () => {
  const axis: AxisNets = {
    nets: 3,
    netStart: Int32Array.of(0, 2, 6, 11),
    object: Int32Array.of(0, 1, 1, 2, 3, -1, 0, 2, 4, 4, 3),
    offset: Float64Array.of(3, -2, 1, 0, 4, 700, 0, 1, 5, -5, 2),
    netWeight: Float64Array.of(1, 2.5, 0.3),
  };
  const at = Float64Array.of(0, 150, 420, 90, 300);

  test.each([20, 100, 800])('gradient equals finite differences, gamma %i', (gamma) => {
    const gradient = new Float64Array(5);
    addWirelengthGradient(axis, at, gamma, gradient, makeScratch(axis));
    for (let k = 0; k < 5; k++) {
      const move = (d: number): Float64Array => at.map((v, i) => (i === k ? v + d : v));
      const slope =
        (smoothWirelength(axis, move(1e-3), gamma) - smoothWirelength(axis, move(-1e-3), gamma)) / 2e-3;
      expect(gradient[k]).toBeCloseTo(slope, 6);
    }
  });

  test('the smooth length lies below the true one and approaches it', () => {
    // Extents by hand: 3..148, 94..700, 0..421.
    const exact = 145 + 2.5 * (700 - 94) + 0.3 * 421;
    const value = (gamma: number): number => smoothWirelength(axis, at, gamma);
    expect(value(1000)).toBeLessThan(value(50));
    expect(value(50)).toBeLessThanOrEqual(exact);
    expect(value(0.5)).toBeCloseTo(exact, 3);
  });
});

describe('density', () => {
  const core = { x1: 0, y1: 0, x2: 6400, y2: 3200 };
  const count = 40;
  const rng = makeRng(3);
  const objects = {
    count,
    cells: 30,
    width: Float64Array.from({ length: count }, () => 100 + 300 * rng()),
    height: new Float64Array(count).fill(140),
  };
  const x = Float64Array.from({ length: count }, () => 800 + rng() * 4800);
  const y = Float64Array.from({ length: count }, () => 400 + rng() * 2400);

  test('charge is conserved', () => {
    const density = makeDensity(core, 16, objects, [], 1);
    density.solve(x, y);
    const area = objects.width.reduce((s, w) => s + w * 140, 0);
    const binArea = density.binWidth * density.binHeight;
    expect(density.charge.reduce((s, c) => s + c, 0) * binArea).toBeCloseTo(area, 3);
  });

  test('the field equals the naive solution of the Poisson equation by cosine series', () => {
    const n = 8;
    const density = makeDensity(core, n, objects, [], 1);
    density.solve(x, y);
    // One probe that covers exactly bin (i, j): its force is the field there.
    const naive = (i: number, j: number): [number, number] => {
      const ratio = density.binWidth / density.binHeight;
      let [fx, fy] = [0, 0];
      for (let u = 0; u < n; u++)
        for (let v = 0; v < n; v++) {
          if (u + v === 0) continue;
          let a = 0;
          for (let q = 0; q < n; q++)
            for (let p = 0; p < n; p++)
              a +=
                density.charge[q * n + p] *
                Math.cos((Math.PI * u * (p + 0.5)) / n) *
                Math.cos((Math.PI * v * (q + 0.5)) / n);
          a *= ((u === 0 ? 1 : 2) * (v === 0 ? 1 : 2)) / (n * n);
          const wx = (Math.PI * u) / n;
          const wy = ((Math.PI * v) / n) * ratio;
          const k = a / (wx * wx + wy * wy);
          fx += k * wx * Math.sin(wx * (i + 0.5)) * Math.cos((Math.PI * v * (j + 0.5)) / n);
          fy += k * wy * Math.cos(wx * (i + 0.5)) * Math.sin((Math.PI * v * (j + 0.5)) / n);
        }
      return [fx, fy];
    };
    const forceX = new Float64Array(count);
    const forceY = new Float64Array(count);
    density.force(x, y, forceX, forceY);
    for (const k of [0, 7, 35]) {
      // Force by hand: overlap of the smoothed box with each bin times the naive field.
      let [fx, fy] = [0, 0];
      const [w, h] = [density.spreadWidth[k], density.spreadHeight[k]];
      const scale = (objects.width[k] * objects.height[k]) / (w * h);
      for (let j = 0; j < n; j++)
        for (let i = 0; i < n; i++) {
          const dx =
            Math.min((x[k] + w / 2) / density.binWidth, i + 1) -
            Math.max((x[k] - w / 2) / density.binWidth, i);
          const dy =
            Math.min((y[k] + h / 2) / density.binHeight, j + 1) -
            Math.max((y[k] - h / 2) / density.binHeight, j);
          if (dx <= 0 || dy <= 0) continue;
          const [a, b] = naive(i, j);
          fx += dx * dy * a * scale;
          fy += dx * dy * b * scale;
        }
      expect(forceX[k]).toBeCloseTo(fx, 9);
      expect(forceY[k]).toBeCloseTo(fy, 9);
    }
  });

  test('overflow is what lies above the target, fixed area taken off', () => {
    const one = { count: 1, cells: 1, width: Float64Array.of(400), height: Float64Array.of(400) };
    const square = { x1: 0, y1: 0, x2: 1600, y2: 1600 };
    const at = Float64Array.of(800);
    expect(makeDensity(square, 4, one, [], 1).solve(at, at)).toBeCloseTo(0, 9);
    expect(makeDensity(square, 4, one, [square], 1).solve(at, at)).toBeCloseTo(1, 9);
  });
});

describe('assignment of ports', () => {
  test('is optimal against all permutations', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const cost = random(seed, 4 * 6).map((v) => Math.round(v * 20));
      const column = assign(cost, 4, 6);
      expect(new Set(column).size).toBe(4);
      const found = [...column].reduce((s, c, r) => s + cost[r * 6 + c], 0);
      let best = Infinity;
      const search = (r: number, used: number, sum: number): void => {
        if (r === 4) best = Math.min(best, sum);
        else
          for (let c = 0; c < 6; c++)
            if (!((used >> c) & 1)) search(r + 1, used | (1 << c), sum + cost[r * 6 + c]);
      };
      search(0, 0, 0);
      expect(found).toBe(best);
    }
  });
});

describe('points', () => {
  test('bisection keeps all points in groups of nearly equal size, whatever their order', () => {
    const v = random(4, 200);
    const points = Array.from({ length: 100 }, (_, k) => ({ x: v[2 * k], y: v[2 * k + 1], pin: k }));
    const groups = bisect(points, 7);
    expect(groups).toHaveLength(7);
    expect(new Set(groups.flat().map((p) => p.pin)).size).toBe(100);
    for (const g of groups) expect(Math.abs(g.length - 100 / 7)).toBeLessThanOrEqual(1);
    expect(bisect([...points].reverse(), 7)).toEqual(groups);
  });

  test('wire length of two, three and many points', () => {
    expect(
      wireLength([
        { x: 0, y: 0 },
        { x: 3, y: 4 },
      ]),
    ).toBe(7);
    expect(
      wireLength([
        { x: 0, y: 0 },
        { x: 3, y: 4 },
        { x: 1, y: 9 },
      ]),
    ).toBe(12);
    const row = Array.from({ length: 11 }, (_, k) => ({ x: 10 * k, y: 0 }));
    expect(wireLength(row)).toBe(100);
  });
});
