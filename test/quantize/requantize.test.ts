/** The arithmetic under everything: requantisation and multipliers, against their definitions in BigInt. */
import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { requantize } from '../../src-main/stages/quantize/index.ts';
import { toMultiplier } from '../../src-main/stages/quantize/multiplier.ts';

/** gemmlowp's SaturatingRoundingDoublingHighMul: nudge, then division that truncates towards zero. */
function highMultiply(a: bigint, b: bigint): bigint {
  const product = a * b;
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return (product + nudge) / (1n << 31n);
}

/** gemmlowp's RoundingDivideByPOT: arithmetic shift, plus one where the remainder exceeds a threshold. */
function divideByPowerOfTwo(x: bigint, exponent: bigint): bigint {
  const mask = (1n << exponent) - 1n;
  const threshold = (mask >> 1n) + (x < 0n ? 1n : 0n);
  return (x >> exponent) + ((x & mask) > threshold ? 1n : 0n);
}

function exact(acc: number, q: number, shift: number): number {
  const left = BigInt(Math.max(shift, 0));
  return Number(
    divideByPowerOfTwo(highMultiply(BigInt(acc) << left, BigInt(q)), BigInt(Math.max(-shift, 0))),
  );
}

const INT32_MAX = 2 ** 31 - 1;
const ACCUMULATORS = [
  0, 1, -1, 2, -2, 3, -3, 127, -128, 65535, 65536, -65536, 2 ** 23, -(2 ** 23), 2 ** 30, -(2 ** 30),
  2 ** 30 + 1, INT32_MAX - 1, INT32_MAX, -INT32_MAX, -INT32_MAX - 1,
]; // prettier-ignore
const MULTIPLIERS = [
  0, 1, 32767, 65535, 65536, 2 ** 30 - 1, 2 ** 30, 2 ** 30 + 1, 1518500250, INT32_MAX - 1, INT32_MAX,
]; // prettier-ignore

describe('requantize equals gemmlowp with double rounding', () => {
  it('on the edges of every operand', () => {
    for (const acc of ACCUMULATORS)
      for (const q of MULTIPLIERS)
        for (let shift = -31; shift <= 0; shift++) {
          const got = requantize(acc, q, shift) + 0; // -0 is 0
          if (got !== exact(acc, q, shift))
            expect([acc, q, shift, got]).toEqual([acc, q, shift, exact(acc, q, shift)]);
        }
  });
  it('on halves, where rounding once and rounding twice part', () => {
    let parted = 0;
    for (let acc = -5000; acc <= 5000; acc++) {
      const got = requantize(acc, 2 ** 30, -3) + 0;
      expect(got).toBe(exact(acc, 2 ** 30, -3));
      if (got !== Math.floor(acc / 16 + 0.5)) parted++;
    }
    expect(parted).toBeGreaterThan(500);
  });
  it('on 200,000 seeded vectors', () => {
    const rng = makeRng(20);
    let wrong = 0;
    for (let i = 0; i < 200_000; i++) {
      const acc = Math.floor((rng() - 0.5) * 2 ** (1 + Math.floor(rng() * 32)));
      const q = 2 ** 30 + Math.floor(rng() * 2 ** 30);
      const shift = -Math.floor(rng() * 32);
      if (requantize(acc, q, shift) !== exact(acc, q, shift)) wrong++;
    }
    expect(wrong).toBe(0);
  });
  it('with a left shift, while the shifted accumulator fits int32', () => {
    for (let shift = 1; shift <= 20; shift++)
      for (const acc of [1, -1, 77, -1000, 1023])
        expect(requantize(acc, 1518500250, shift)).toBe(exact(acc, 1518500250, shift));
  });
});

describe('toMultiplier', () => {
  it('is 31 bits and an exponent, exact to half a unit', () => {
    const rng = makeRng(21);
    for (let i = 0; i < 20_000; i++) {
      const real = (0.5 + rng() / 2) * 2 ** -Math.floor(rng() * 32);
      const { multiplierQ31: q, shift } = toMultiplier(real);
      expect(q >= 2 ** 30 && q < 2 ** 31 && shift <= 0 && shift >= -31).toBe(true);
      expect(Math.abs(q * 2 ** (shift - 31) - real)).toBeLessThanOrEqual(2 ** (shift - 32));
    }
  });
  it('carries into the exponent, rounds halves up and flushes what is below 2^-32', () => {
    expect(toMultiplier(1 - 2 ** -40)).toEqual({ multiplierQ31: 2 ** 30, shift: 1 });
    expect(toMultiplier(0.5)).toEqual({ multiplierQ31: 2 ** 30, shift: 0 });
    expect(toMultiplier(0.5 + 2 ** -32)).toEqual({ multiplierQ31: 2 ** 30 + 1, shift: 0 });
    expect(toMultiplier(2 ** -32)).toEqual({ multiplierQ31: 2 ** 30, shift: -31 });
    expect(toMultiplier(2 ** -32 * (1 - 2 ** -20))).toEqual({ multiplierQ31: 0, shift: 0 });
    expect(toMultiplier(0)).toEqual({ multiplierQ31: 0, shift: 0 });
    expect(toMultiplier(3)).toEqual({ multiplierQ31: 1.5 * 2 ** 30, shift: 2 });
  });
});
