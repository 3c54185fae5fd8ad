/**
 * One requantiser lane, to the bit: V = floor((acc*q + 2^30) / 2^31), then a right shift that rounds halves
 * away from zero. The 55-bit product is held as two exact doubles.
 */
export function requantizeValue(
  acc: number,
  q: number,
  shift: number,
  zero: number,
  lo: number,
  hi: number,
): number {
  const low = acc * (q & 0xffff);
  const upper = acc * (q >>> 16) + Math.floor(low / 65536); // floor(p / 2^16)
  const rounded = Math.floor((upper + 16384) / 32768); // floor((p + 2^30) / 2^31)
  let v = rounded;
  if (shift > 0) {
    const unit = 2 ** shift;
    v = Math.floor((rounded + unit / 2 - (rounded < 0 ? 1 : 0)) / unit);
  }
  v += zero;
  return v < lo ? lo : v > hi ? hi : v;
}
