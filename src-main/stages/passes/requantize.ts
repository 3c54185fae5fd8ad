/** Requantisation in both rounding modes, on numbers; every step is exact in a double. */
import type { Rounding } from './types.ts';

/**
 * acc · q / 2^31 · 2^shift. acc: int32, 0 <= q < 2^31, shift: left if positive. Monotone in acc, which is what
 * the interval analysis rests on. double: rounding doubling high multiply, then rounding right shift, halves
 * away from zero (gemmlowp). single: one rounding, halves up (TFLITE_SINGLE_ROUNDING).
 */
export function requantize(acc: number, q: number, shift: number, rounding: Rounding): number {
  const a = shift > 0 ? acc * 2 ** shift : acc;
  const right = shift > 0 ? 0 : -shift;
  const low = a * (q % 65536);
  const high = a * Math.floor(q / 65536);
  if (rounding === 'single' && right > 0) {
    const whole = Math.floor((high + Math.floor(low / 65536)) / 32768);
    const half = 2 ** (right - 1);
    return Math.floor((whole + half) / (2 * half));
  }
  const value = Math.floor((high + Math.floor((low + 2 ** 30) / 65536)) / 32768);
  if (right === 0) return value;
  const half = 2 ** (right - 1);
  return value < 0 ? -Math.floor((half - value) / (2 * half)) : Math.floor((value + half) / (2 * half));
}

export const fitsInt32 = (v: number): boolean => v >= -(2 ** 31) && v < 2 ** 31;
