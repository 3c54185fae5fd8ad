/** TFLM's int8 Softmax (reference_ops::Softmax): gemmlowp's exp and reciprocal, no float. */
import { expOfNegative, reciprocal } from './fixed-point.ts';
import { multiplyHigh, roundingRightShift, saturatingLeftShift } from './requantize.ts';
import type { SoftmaxOp } from './types.ts';

/** Integer bits of the scaled differences and of the sum of exponentials. */
const DIFF_BITS = 5;
const SUM_BITS = 12;

export function softmax(op: SoftmaxOp, x: Int8Array): Int8Array {
  const out = new Int8Array(x.length).fill(-128);
  const { multiplierQ31, shift } = op.inputBeta;
  // One of 256 differences: each exponential is computed once.
  const exps = new Map<number, number>();
  const expOf = (difference: number): number => {
    let value = exps.get(difference);
    if (value === undefined) {
      const scaled = multiplyHigh(saturatingLeftShift(difference, shift), multiplierQ31);
      value = expOfNegative(scaled, DIFF_BITS);
      exps.set(difference, value);
    }
    return value;
  };
  for (let row = 0; row < x.length; row += op.depth) {
    const end = row + op.depth;
    let max = -128;
    for (let i = row; i < end; i++) max = Math.max(max, x[i]!);
    let sum = 0;
    for (let i = row; i < end; i++) {
      if (x[i]! - max >= op.diffMin) sum += roundingRightShift(expOf(x[i]! - max), SUM_BITS);
    }
    const { raw, bitsOverUnit } = reciprocal(sum, SUM_BITS);
    for (let i = row; i < end; i++) {
      if (x[i]! - max < op.diffMin) continue;
      const share = roundingRightShift(multiplyHigh(raw, expOf(x[i]! - max)), bitsOverUnit + 31 - 8);
      out[i] = Math.min(127, share - 128);
    }
  }
  return out;
}
