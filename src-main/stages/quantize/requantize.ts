/** TFLM's scaling of an int32 accumulator, in doubles that stay exact. Used by the reference and host routines. */

/** floor((a · b + 2^30) / 2^31): gemmlowp's rounding doubling high multiply, for int32 of either sign. */
export function multiplyHigh(a: number, b: number): number {
  const high = Math.floor(b / 65536);
  const low = a * (b - high * 65536) + 2 ** 30;
  return Math.floor((a * high + Math.floor(low / 65536)) / 32768);
}

/** x / 2^bits, to the nearest, halves away from zero. */
export function roundingRightShift(x: number, bits: number): number {
  const divisor = 2 ** bits;
  return x < 0 ? -Math.floor((-x + divisor / 2) / divisor) : Math.floor((x + divisor / 2) / divisor);
}

/** x · 2^bits, saturated to int32. */
export const saturatingLeftShift = (x: number, bits: number): number =>
  Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), x * 2 ** bits));

/**
 * acc · q / 2^31 · 2^shift, rounded twice as gemmlowp does: a rounding doubling high multiply, then a
 * rounding right shift (MultiplyByQuantizedMultiplier without TFLITE_SINGLE_ROUNDING).
 * acc: int32; 0 <= q < 2^31; -31 <= shift. Where acc · 2^shift leaves int32, TFLM's result is undefined and
 * this one saturates.
 */
export function requantize(acc: number, q: number, shift: number): number {
  if (shift <= 0) return roundingRightShift(multiplyHigh(acc, q), -shift);
  return multiplyHigh(saturatingLeftShift(acc, shift), q);
}
