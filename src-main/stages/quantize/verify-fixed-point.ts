/**
 * gemmlowp's fixed-point functions once more, from their definition on exact integers (BigInt), to judge
 * fixed-point.ts. Raw int32 values in, raw int32 values out. No code is shared.
 */

const INT32_MAX = (1n << 31n) - 1n;

/** Nearest integer to n / 2^bits, halves away from zero. */
function nearest(n: bigint, bits: bigint): bigint {
  const half = bits === 0n ? 0n : 1n << (bits - 1n);
  return n < 0n ? -((-n + half) >> bits) : (n + half) >> bits;
}

/** Product of two Q0.31, or of Qm.n and Q0.31: halves towards plus infinity (SQRDMULH). */
const times = (a: bigint, b: bigint): bigint => (a * b + (1n << 30n)) >> 31n;
const saturate = (v: bigint): bigint =>
  v > INT32_MAX ? INT32_MAX : v < -INT32_MAX - 1n ? -INT32_MAX - 1n : v;

/** Q0.31 of a real in [0, 1]: the nearest. */
const q31 = (real: number): bigint => BigInt(Math.round(real * 2 ** 31));

/** exp(x) for x <= 0 in Q(bits): exp(-1/8) · (1 + d + d²/2 + d³/6 + d⁴/24), times exp(-2^k) for each bit set. */
export function exactExp(x: number, bits: number): number {
  if (x === 0) return Number(INT32_MAX);
  const fraction = BigInt(31 - bits);
  const quarter = 1n << (fraction - 2n);
  const value = BigInt(x);
  // The part in [-1/4, 0): the low bits, less a quarter.
  const low = BigInt.asUintN(Number(fraction) - 2, value) - quarter;
  const d = (low << BigInt(bits)) + (1n << 28n);
  const d2 = times(d, d);
  const tail = nearest(times(nearest(times(d2, d2), 2n) + times(d2, d), q31(1 / 3)) + d2, 1n);
  const first = q31(Math.exp(-1 / 8));
  let result = first + times(first, d + tail);
  let quarters = (low - value) >> (fraction - 2n);
  for (let power = -2; quarters > 0n; power++, quarters >>= 1n) {
    if (quarters & 1n) result = times(result, q31(Math.exp(-(2 ** power))));
  }
  return Number(result);
}

/** 2 / (1 + a) in Q2.29 by Newton's iteration on d = (1 + a) / 2, from 48/17 - 32/17 · d. */
function twiceReciprocal(a: bigint): bigint {
  const d = (a + (1n << 31n)) >> 1n;
  let x = 1515870810n + times(d, -1010580540n);
  for (let step = 0; step < 3; step++) {
    x += saturate(times(x, (1n << 29n) - times(d, x)) << 2n);
  }
  return x;
}

export function exactLogistic(x: number, bits: number): number {
  if (x === 0) return 2 ** 30;
  const positive = saturate(twiceReciprocal(BigInt(exactExp(-Math.abs(x), bits))) << 1n);
  return Number(x > 0 ? positive : INT32_MAX - positive);
}

export function exactTanh(x: number, bits: number): number {
  if (x === 0) return 0;
  const size = saturate((twiceReciprocal(BigInt(exactExp(-Math.abs(x), bits + 1))) - (1n << 29n)) << 2n);
  return Number(x > 0 ? size : -size);
}

/** One row of TFLM's int8 Softmax. multiplier and shift scale (value - max) to Q5.26. */
export function exactSoftmax(row: Int8Array, multiplier: number, shift: number, diffMin: number): Int8Array {
  const max = row.reduce((a, b) => Math.max(a, b), -128);
  const exps = Array.from(row, (v) => {
    if (v - max < diffMin) return undefined;
    const scaled = times(BigInt(v - max) << BigInt(shift), BigInt(multiplier));
    return BigInt(exactExp(Number(scaled), 5));
  });
  const sum = exps.reduce<bigint>((total, e) => total + (e === undefined ? 0n : nearest(e, 12n)), 0n);
  // The sum is mantissa · 2^excess with the mantissa in [1, 2), sum in Q12.19.
  const excess = BigInt(sum.toString(2).length - 20);
  const mantissa = (sum << (11n - excess + 1n)) - (1n << 31n);
  const inverse = saturate(twiceReciprocal(mantissa) << 1n);
  return Int8Array.from(exps, (e) => {
    if (e === undefined) return -128;
    return Number(saturate8(nearest(times(inverse, e), excess + 23n) - 128n));
  });
}

const saturate8 = (v: bigint): bigint => (v > 127n ? 127n : v);
