/**
 * Exact average pooling by multiply-shift. TFLM: (a + n/2)/n for a > 0, (a - n/2)/n otherwise, truncated.
 * The search tries weights and shifts and keeps the first whose double-rounded product equals it for every
 * reachable sum; sums are -128n..127n, so the check is exhaustive.
 */
export interface AverageScale {
  readonly weight: number;
  /** Q31 */
  readonly multiplier: number;
  readonly shift: number;
}

export function findAverage(n: number): AverageScale | undefined {
  if (n === 1) return { weight: 64, multiplier: 2 ** 30, shift: 5 };
  for (const weight of [64, 127, 125, 121, 113, 111, 109, 107, 101, 97, 81, 63, 49, 32]) {
    const real = 1 / (weight * n);
    let shift = 0;
    while (real * 2 ** (shift + 1) < 1) shift++;
    const q = real * 2 ** (31 + shift);
    for (const multiplier of [Math.round(q), Math.ceil(q), Math.ceil(q) + 1, Math.floor(q)])
      if (multiplier < 2 ** 31 && isExact(n, weight, multiplier, shift)) return { weight, multiplier, shift };
  }
  return undefined;
}

function isExact(n: number, weight: number, multiplier: number, shift: number): boolean {
  const half = Math.floor(n / 2);
  for (let a = -128 * n; a <= 127 * n; a++) {
    const wanted = Math.trunc((a > 0 ? a + half : a - half) / n);
    if (scaleExactly(a * weight, multiplier, shift) !== wanted + 0) return false;
  }
  return true;
}

/** Double rounding; |acc| < 2^21 here, so the product is below 2^53 and floor division is exact. */
function scaleExactly(acc: number, multiplier: number, shift: number): number {
  const high = Math.floor((acc * multiplier + 2 ** 30) / 2 ** 31);
  if (shift === 0) return high;
  const half = 2 ** (shift - 1);
  return Math.floor((high + half - (high < 0 ? 1 : 0)) / 2 ** shift);
}
