/**
 * Exact average pooling by multiply-shift. TFLM: (a + n/2)/n for a > 0, (a - n/2)/n otherwise, truncated.
 * The search tries weights and shifts and keeps the first whose rounded product equals it for every reachable
 * sum; sums are -128n..127n, so the check is exhaustive.
 */
export interface AverageScale {
  readonly weight: number;
  /** Q31 */
  readonly multiplier: number;
  readonly shift: number;
}

const WEIGHTS = [
  64, 127, 125, 121, 113, 111, 109, 107, 101, 97, 81, 63, 49, 32, 31, 16, 13, 8, 5, 4, 3, 2, 1,
];

/** For windows of n pixels; the weighted sums must fit the accumulator. Undefined if nothing is exact. */
export function averageScale(
  n: number,
  accumulatorBits: number,
  isSingle: boolean,
): AverageScale | undefined {
  if (n === 1) return { weight: 64, multiplier: 2 ** 30, shift: 5 };
  for (const weight of WEIGHTS) {
    if (128 * n * weight > 2 ** (accumulatorBits - 1)) continue;
    const real = 1 / (weight * n);
    let shift = 0;
    while (real * 2 ** (shift + 1) < 1) shift++;
    const q = real * 2 ** (31 + shift);
    for (const multiplier of [Math.round(q), Math.ceil(q), Math.ceil(q) + 1, Math.floor(q)])
      if (multiplier < 2 ** 31 && isExact(n, weight, multiplier, shift, isSingle))
        return { weight, multiplier, shift };
  }
  return undefined;
}

function isExact(n: number, weight: number, multiplier: number, shift: number, isSingle: boolean): boolean {
  const half = Math.floor(n / 2);
  const scale = isSingle ? scaleOnce : scaleTwice;
  for (let a = -128 * n; a <= 127 * n; a++) {
    const wanted = Math.trunc((a > 0 ? a + half : a - half) / n);
    if (scale(a * weight, multiplier, shift) !== wanted + 0) return false;
  }
  return true;
}

/** floor((acc * multiplier + 2^30) / 2^31); the product has up to 62 bits, so it is split. */
function highHalf(acc: number, multiplier: number, nudge: number): number {
  const low = acc * (multiplier & 0xffff) + nudge;
  return Math.floor((acc * (multiplier >>> 16) + Math.floor(low / 65536)) / 32768);
}

/** Double rounding. */
function scaleTwice(acc: number, multiplier: number, shift: number): number {
  const high = highHalf(acc, multiplier, 2 ** 30);
  if (shift === 0) return high;
  const half = 2 ** (shift - 1);
  return Math.floor((high + half - (high < 0 ? 1 : 0)) / 2 ** shift);
}

/** Single rounding, halves up. */
function scaleOnce(acc: number, multiplier: number, shift: number): number {
  if (shift === 0) return highHalf(acc, multiplier, 2 ** 30);
  const high = highHalf(acc, multiplier, 0);
  return Math.floor(high / 2 ** shift) + (Math.floor(high / 2 ** (shift - 1)) & 1);
}
