/**
 * One requantiser lane, to the bit, with TensorFlow Lite Micro's two roundings or a single one. The 63-bit
 * product is held as two exact doubles.
 */

/**
 * acc * q / 2^(31 + shift). Two roundings: V = floor((acc*q + 2^30) / 2^31), then a right shift that rounds
 * halves away from zero. One: V = floor(acc*q / 2^31), then a right shift that rounds halves up; without a
 * shift both round the product once.
 */
export function scaleValue(acc: number, q: number, shift: number, isSingle: boolean): number {
  const low = acc * (q & 0xffff);
  const upper = acc * (q >>> 16) + Math.floor(low / 65536); // floor(p / 2^16)
  const nudge = isSingle && shift > 0 ? 0 : 16384;
  const high = Math.floor((upper + nudge) / 32768);
  if (shift === 0) return high;
  const unit = 2 ** shift;
  const down = high < 0 && !isSingle ? 1 : 0;
  return Math.floor((high + unit / 2 - down) / unit);
}

/** The same with zero point and clamps: an int8. */
export function requantizeValue(
  acc: number,
  q: number,
  shift: number,
  isSingle: boolean,
  zero: number,
  lo: number,
  hi: number,
): number {
  const v = scaleValue(acc, q, shift, isSingle) + zero;
  return v < lo ? lo : v > hi ? hi : v;
}
