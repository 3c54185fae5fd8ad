/**
 * Fixed-point functions of gemmlowp (fixedpoint/fixedpoint.h, "exp_on_negative_values", "logistic", "tanh",
 * Newton-Raphson reciprocals) and the reciprocal of TFLM's Softmax, on int32 raw values. Qm.n has m integer
 * and n = 31 - m fractional bits beside the sign. Judged by verify-fixed-point.ts, which does the same in
 * exact integers.
 */
import { multiplyHigh, roundingRightShift, saturatingLeftShift } from './requantize.ts';

/** Largest int32: 1 in Q0.31. */
const ONE_Q0 = 2 ** 31 - 1;

/** exp(x) in Q0.31 for x in [-1/4, 0), Q0.31: Taylor's series about -1/8. */
function expOfSmall(x: number): number {
  const constantTerm = 1895147668; // exp(-1/8)
  const oneThird = 715827883;
  const d = x + 2 ** 28;
  const d2 = multiplyHigh(d, d);
  const d3 = multiplyHigh(d2, d);
  const d4Over4 = roundingRightShift(multiplyHigh(d2, d2), 2);
  const rest = roundingRightShift(multiplyHigh(d4Over4 + d3, oneThird) + d2, 1);
  return constantTerm + multiplyHigh(constantTerm, d + rest);
}

/** exp(-2^k) in Q0.31, k = -2 … 4 */
const EXP_OF_POWERS = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

/** exp(x) in Q0.31 for x <= 0 in Q(integerBits), integerBits <= 5. */
export function expOfNegative(x: number, integerBits: number): number {
  if (x === 0) return ONE_Q0;
  const fractionBits = 31 - integerBits;
  const quarter = 2 ** (fractionBits - 2);
  // x = small - rest, small in [-1/4, 0), rest a multiple of 1/4.
  const small = x - Math.floor(x / quarter) * quarter - quarter;
  const rest = (small - x) / quarter;
  let result = expOfSmall(small * 2 ** integerBits);
  for (let k = -2; k < integerBits; k++) {
    if (Math.floor(rest / 2 ** (k + 2)) % 2 === 1) result = multiplyHigh(result, EXP_OF_POWERS[k + 2]!);
  }
  return result;
}

/** 1 / (1 + a) halved, as x in Q2.29 of (1 + a) / 2: three Newton-Raphson steps from 48/17 - 32/17 · d. */
function reciprocalQ2(a: number): number {
  const half = Math.floor((a + ONE_Q0 + 1) / 2);
  const one = 2 ** 29;
  let x = 1515870810 + multiplyHigh(half, -1010580540);
  for (let i = 0; i < 3; i++) {
    const error = one - multiplyHigh(half, x);
    x += saturatingLeftShift(multiplyHigh(x, error), 2);
  }
  return x;
}

/** 1 / (1 + a) in Q0.31, a in [0, 1) in Q0.31. */
const oneOverOnePlus = (a: number): number => saturatingLeftShift(reciprocalQ2(a), 1);

/** (1 - a) / (1 + a) in Q0.31, a in [0, 1) in Q0.31. */
const oneMinusOverOnePlus = (a: number): number => saturatingLeftShift(reciprocalQ2(a) - 2 ** 29, 2);

/** 1 / (1 + exp(-x)) in Q0.31; x in Q(integerBits). */
export function logistic(x: number, integerBits: number): number {
  if (x === 0) return 2 ** 30;
  const positive = oneOverOnePlus(expOfNegative(-Math.abs(x), integerBits));
  return x > 0 ? positive : ONE_Q0 - positive;
}

/** tanh(x) in Q0.31; x in Q(integerBits). */
export function tanh(x: number, integerBits: number): number {
  if (x === 0) return 0;
  const size = oneMinusOverOnePlus(expOfNegative(-Math.abs(x), integerBits + 1));
  return x > 0 ? size : -size;
}

/**
 * 1 / x of x > 0 in Q(integerBits): `raw` in Q0.31 of the reciprocal of x's mantissa in [1, 2), and by how
 * many bits x exceeds it.
 */
export function reciprocal(x: number, integerBits: number): { raw: number; bitsOverUnit: number } {
  const headroom = Math.clz32(x);
  const mantissaMinusOne = x * 2 ** headroom - 2 ** 31;
  return { raw: oneOverOnePlus(mantissaMinusOne), bitsOverUnit: integerBits - headroom };
}
