/** gemmlowp's functions in doubles against the same in exact integers, and against the real functions. */
import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { expOfNegative, logistic, tanh } from '../../src-main/stages/quantize/fixed-point.ts';
import { softmax } from '../../src-main/stages/quantize/host-softmax.ts';
import { toMultiplier } from '../../src-main/stages/quantize/multiplier.ts';
import {
  exactExp,
  exactLogistic,
  exactSoftmax,
  exactTanh,
} from '../../src-main/stages/quantize/verify-fixed-point.ts';

const ONE = 2 ** 31;

describe('fixed point', () => {
  const rng = makeRng(3);
  const edges = [0, -1, -2, -(2 ** 24), -(2 ** 24) - 1, -(2 ** 26), -(2 ** 31) + 1, -(2 ** 31)];
  const some = Array.from({ length: 4000 }, () => -Math.floor(rng() * 2 ** (1 + Math.floor(rng() * 31))));
  it('exp equals the exact form and is near the real one', () => {
    for (const x of [...edges, ...some]) {
      const got = expOfNegative(x, 5);
      expect(got).toBe(exactExp(x, 5));
      expect(Math.abs(got / ONE - Math.exp(x / 2 ** 26))).toBeLessThan(1e-6);
    }
  });
  it('logistic and tanh equal the exact form and are near the real ones, on both sides', () => {
    for (const negative of [...edges.slice(0, -1), ...some].map((v) => Math.max(v, 1 - ONE)))
      for (const x of [negative, -negative]) {
        expect(logistic(x, 4)).toBe(exactLogistic(x, 4));
        expect(tanh(x, 4)).toBe(exactTanh(x, 4));
        expect(Math.abs(logistic(x, 4) / ONE - 1 / (1 + Math.exp(-x / 2 ** 27)))).toBeLessThan(2e-6);
        expect(Math.abs(tanh(x, 4) / ONE - Math.tanh(x / 2 ** 27))).toBeLessThan(4e-6);
      }
  });
  it('softmax equals the exact form on 1,000 seeded rows', () => {
    for (let i = 0; i < 1000; i++) {
      const row = Int8Array.from({ length: 1 + Math.floor(rng() * 40) }, () => Math.floor(rng() * 256) - 128);
      const inputBeta = toMultiplier(Math.min(2 ** (16 + rng() * 16), ONE - 1));
      const diffMin = -Math.floor(31 * 2 ** (26 - inputBeta.shift));
      const op = {
        kind: 'softmax',
        name: 's',
        input: 0,
        output: 1,
        depth: row.length,
        inputBeta,
        diffMin,
      } as const;
      expect(softmax(op, row)).toEqual(exactSoftmax(row, inputBeta.multiplierQ31, inputBeta.shift, diffMin));
    }
  });
});
