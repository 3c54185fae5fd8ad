/** TFLM's broadcasting ADD, SUB and MUL, and its integer MEAN. */
import { requantize } from './requantize.ts';
import type { BroadcastSumOp, MeanOp, MulOp, Multiplier, QuantGraph } from './types.ts';

const clampTo = (v: number, op: { clampMin: number; clampMax: number }): number =>
  Math.min(op.clampMax, Math.max(op.clampMin, v));
const scale = (v: number, m: Multiplier): number => requantize(v, m.multiplierQ31, m.shift);

/** For each element of the broadcast result, where the operand's value stands. */
function broadcastIndex(own: readonly number[], other: readonly number[]): Int32Array {
  const dims = own.map((d, i) => Math.max(d, other[i]!));
  let index = Int32Array.of(0);
  let stride = own.reduce((a, b) => a * b, 1);
  dims.forEach((size, axis) => {
    stride /= own[axis]!;
    const step = own[axis] === 1 ? 0 : stride;
    const next = new Int32Array(index.length * size);
    index.forEach((at, i) => {
      for (let k = 0; k < size; k++) next[i * size + k] = at + k * step;
    });
    index = next;
  });
  return index;
}

export function broadcastSum(op: BroadcastSumOp, graph: QuantGraph, a: Int8Array, b: Int8Array): Int8Array {
  const [zeroA, zeroB] = op.inputs.map((t) => graph.tensors[t]!.zeroPoint) as [number, number];
  const zero = graph.tensors[op.output]!.zeroPoint;
  const ofB = broadcastIndex(op.shapes[1], op.shapes[0]);
  const sign = op.kind === 'sub' ? -1 : 1;
  return Int8Array.from(broadcastIndex(op.shapes[0], op.shapes[1]), (at, i) => {
    const first = scale((a[at]! - zeroA) * 2 ** 20, op.input1);
    const second = scale((b[ofB[i]!]! - zeroB) * 2 ** 20, op.input2);
    return clampTo(scale(first + sign * second, op.outputScale) + zero, op);
  });
}

export function multiply(op: MulOp, graph: QuantGraph, a: Int8Array, b: Int8Array): Int8Array {
  const [zeroA, zeroB] = op.inputs.map((t) => graph.tensors[t]!.zeroPoint) as [number, number];
  const zero = graph.tensors[op.output]!.zeroPoint;
  const ofB = broadcastIndex(op.shapes[1], op.shapes[0]);
  return Int8Array.from(broadcastIndex(op.shapes[0], op.shapes[1]), (at, i) =>
    clampTo(scale((a[at]! - zeroA) * (b[ofB[i]!]! - zeroB), op.outputScale) + zero, op),
  );
}

export function mean(op: MeanOp, graph: QuantGraph, x: Int8Array): Int8Array {
  const kept = op.dims.map((d, i) => (op.axes.includes(i) ? 1 : d));
  const to = broadcastIndex(kept, op.dims);
  const sums = new Float64Array(kept.reduce((a, b) => a * b, 1));
  to.forEach((at, i) => (sums[at] = sums[at]! + x[i]!));
  const count = x.length / sums.length;
  const [inZero, outZero] = [graph.tensors[op.input]!.zeroPoint, graph.tensors[op.output]!.zeroPoint];
  return Int8Array.from(sums, (sum) =>
    clampTo(scale(sum - inZero * count, op.outputScale) + outZero, { clampMin: -128, clampMax: 127 }),
  );
}
