/**
 * Real scale factors as integers, as TensorFlow Lite Micro derives them
 * (tensorflow/lite/kernels/internal/quantization_util: QuantizeMultiplier).
 */
import type { Multiplier } from './types.ts';

export type { Multiplier };

/** Smallest exponent that is kept; a factor below 2^-32 is flushed to zero. */
const SHIFT_MIN = -31;

/** real >= 0, finite. */
export function toMultiplier(real: number): Multiplier {
  if (real === 0) return { multiplierQ31: 0, shift: 0 };
  const { fraction, exponent } = frexp(real);
  let q = Math.round(fraction * 2 ** 31);
  let shift = exponent;
  if (q === 2 ** 31) {
    q /= 2;
    shift++;
  }
  return shift < SHIFT_MIN ? { multiplierQ31: 0, shift: 0 } : { multiplierQ31: q, shift };
}

/**
 * real / count, the count folded in as TFLM's MEAN does it: in integers, on top of real's own multiplier.
 * Undefined where real is beyond 2^30.
 */
export function toMeanMultiplier(real: number, count: number): Multiplier | undefined {
  const m = toMultiplier(real);
  if (m.shift > 30) return undefined;
  const shift = Math.min(31 - Math.clz32(count), 31 + m.shift);
  const multiplierQ31 = Number((BigInt(m.multiplierQ31) << BigInt(shift)) / BigInt(count));
  return { multiplierQ31, shift: m.shift - shift };
}

/** Like toMultiplier, without the flush: TFLM's own frexp in LOGISTIC and TANH. real > 0 */
export function toMultiplierUnflushed(real: number): Multiplier {
  const { fraction, exponent } = frexp(real);
  return { multiplierQ31: Math.round(fraction * 2 ** 31), shift: exponent };
}

/** real = fraction · 2^exponent with 0.5 <= fraction < 1, exact. real > 0. */
function frexp(real: number): { fraction: number; exponent: number } {
  let fraction = real;
  let exponent = 0;
  while (fraction >= 1) {
    fraction /= 2;
    exponent++;
  }
  while (fraction < 0.5) {
    fraction *= 2;
    exponent--;
  }
  return { fraction, exponent };
}
