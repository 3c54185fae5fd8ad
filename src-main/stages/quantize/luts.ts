/** Tables of unary int8 operators, computed as TFLM's integer kernels compute each value. */
import { logistic, tanh } from './fixed-point.ts';
import { toMultiplier, toMultiplierUnflushed } from './multiplier.ts';
import { requantize, roundingRightShift } from './requantize.ts';
import type { QuantTensor } from './types.ts';

const table = (f: (value: number) => number): Int8Array =>
  Int8Array.from({ length: 256 }, (_, i) => Math.min(127, Math.max(-128, f(i - 128))));

/** LOGISTIC and TANH work on Q4.27 and cut off where the input leaves it. */
const INPUT_BITS = 4;

function bySigmoid(x: QuantTensor, f: (q4: number) => number): Int8Array {
  const { multiplierQ31, shift } = toMultiplierUnflushed(x.scale * 2 ** (31 - INPUT_BITS));
  const radius = Math.floor(((2 ** INPUT_BITS - 1) * 2 ** (31 - INPUT_BITS)) / 2 ** shift);
  return table((v) => {
    const input = v - x.zeroPoint;
    if (input <= -radius) return -128;
    if (input >= radius) return 127;
    // Below 2^-31 everything rounds to 0.
    return f(shift < -31 ? 0 : requantize(input, multiplierQ31, shift));
  });
}

/** Its output has scale 1/256 and zero point -128. */
export const logisticTable = (x: QuantTensor): Int8Array =>
  bySigmoid(x, (q4) => roundingRightShift(logistic(q4, INPUT_BITS), 31 - 8) - 128);

/** Its output has scale 1/128 and zero point 0. */
export const tanhTable = (x: QuantTensor): Int8Array =>
  bySigmoid(x, (q4) => roundingRightShift(tanh(q4, INPUT_BITS), 31 - 7));

/** int8 QUANTIZE: another scale and zero point. */
export function requantizeTable(x: QuantTensor, y: QuantTensor): Int8Array {
  const { multiplierQ31, shift } = toMultiplier(x.scale / y.scale);
  return table((v) => requantize(v - x.zeroPoint, multiplierQ31, shift) + y.zeroPoint);
}

/** RELU with its own scales: the quotient of the scales is rounded to float32. */
export function reluTable(x: QuantTensor, y: QuantTensor): Int8Array {
  const { multiplierQ31, shift } = toMultiplier(Math.fround(x.scale / y.scale));
  return table((v) => Math.max(y.zeroPoint, requantize(v - x.zeroPoint, multiplierQ31, shift) + y.zeroPoint));
}

/** RELU6 only clamps, between the zero point and 6 in the input's scale. */
export function relu6Table(x: QuantTensor): Int8Array {
  const six = Math.min(127, x.zeroPoint + Math.round(Math.fround(6 / x.scale)));
  return table((v) => Math.min(six, Math.max(x.zeroPoint, v)));
}

const toInt16 = (v: number): number => Math.min(32767, Math.max(-32768, v));

/** 31 bits to 15, as DownScaleInt32ToInt16Multiplier. */
const to15Bits = (q: number): number =>
  q >= 2 ** 31 - 1 - 2 ** 15 ? 32767 : Math.floor((q + 2 ** 15) / 65536);

/** 16-bit rounding doubling high multiply. */
const multiplyHigh16 = (a: number, b: number): number => Math.floor((a * b + 2 ** 14) / 2 ** 15);

/**
 * HARD_SWISH: x · relu6(x + 3) / 6 in 16-bit fixed point, left shifts saturating (reference_ops::HardSwish).
 * Returns undefined where the output scale is finer than TFLM takes, or beyond what 16 bits can shift.
 */
export function hardSwishTable(x: QuantTensor, y: QuantTensor): Int8Array | undefined {
  const hires = Math.fround(x.scale / 128);
  const output = toMultiplier(Math.fround(hires / y.scale));
  const reluish = toMultiplier(Math.fround(hires / Math.fround(3 / 32768)));
  if (output.shift > 0 || output.shift < -15 || reluish.shift < -15 || reluish.shift > 15) return undefined;
  const [outputQ15, reluishQ15] = [to15Bits(output.multiplierQ31), to15Bits(reluish.multiplierQ31)];
  return table((v) => {
    const input = (v - x.zeroPoint) * 128;
    const scaled = multiplyHigh16(input, outputQ15);
    let r = input;
    if (reluish.shift > 0) r = toInt16(r * 2 ** (reluish.shift - 1));
    r = multiplyHigh16(r, reluishQ15);
    if (reluish.shift > 0) r = toInt16(r * 2);
    if (reluish.shift < 0) r = roundingRightShift(r, -reluish.shift);
    const share = Math.floor((r + 2 ** 15) / 2);
    const product = Math.trunc((share * scaled) / 2 ** 15);
    return roundingRightShift(product, -output.shift) + y.zeroPoint;
  });
}
