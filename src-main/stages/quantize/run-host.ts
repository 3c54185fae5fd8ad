/**
 * The host's routines, exact to TFLM's kernels where these exist. Like run-integer.ts they are plain loops
 * and the definition of what the operators mean.
 */
import { BugError } from '../../base/diagnostic.ts';
import { runFloat } from '../model/index.ts';
import { broadcastSum, mean, multiply } from './host-arithmetic.ts';
import { concat, pad, slice, transpose } from './host-layout.ts';
import { lstm } from './host-lstm.ts';
import { softmax } from './host-softmax.ts';
import { modelOrder } from './layout.ts';
import type { DequantizeOp, HostOp, QuantGraph, QuantizeOp, QuantTensor, TensorData } from './types.ts';

/**
 * Runs one host operator. values: data of the graph's tensors, by index, those the operator reads filled in.
 * Returns the data of its outputs, in their order.
 */
export function runHostOp(op: HostOp, graph: QuantGraph, values: readonly TensorData[]): TensorData[] {
  const bytes = (t: number): Int8Array => graph.tensors[t]!.data ?? (values[t] as Int8Array);
  switch (op.kind) {
    case 'softmax':
      return [softmax(op, bytes(op.input))];
    case 'lut':
      return [bytes(op.input).map((v) => op.table[v + 128]!)];
    case 'broadcastAdd':
    case 'sub':
      return [broadcastSum(op, graph, bytes(op.inputs[0]), bytes(op.inputs[1]))];
    case 'mul':
      return [multiply(op, graph, bytes(op.inputs[0]), bytes(op.inputs[1]))];
    case 'concat':
      return [concat(op, op.inputs.map(bytes))];
    case 'pad':
      return [pad(op, bytes(op.input))];
    case 'transpose':
      return [transpose(op, bytes(op.input))];
    case 'slice':
      return [slice(op, bytes(op.input))];
    case 'mean':
      return [mean(op, graph, bytes(op.input))];
    case 'lstm':
      return [lstm(op, graph, bytes(op.input))];
    case 'quantize':
      return [quantizeValues(op, graph.tensors[op.output]!, values[op.input] as Float32Array)];
    case 'dequantize':
      return [dequantizeValues(op, graph.tensors[op.input]!, values[op.input] as Int8Array)];
    case 'float':
      return runFloat(
        op.model,
        op.inputs.map((t) => values[t] as Float32Array),
      );
    default:
      throw new BugError(`no such operator: ${(op satisfies never as HostOp).kind}`);
  }
}

/** TFLM's AffineQuantize: the quotient in float32, rounded half away from zero (ONNX: to even). NaN: the lowest. */
export function quantizeValues(op: QuantizeOp, to: QuantTensor, values: Float32Array): Int8Array {
  const out = new Int8Array(values.length);
  const order = op.floatOrder === 'chw' ? modelOrder(to.shape) : undefined;
  for (let i = 0; i < out.length; i++) {
    const real = Math.fround(values[order ? order[i]! : i]! / to.scale);
    const rounded = (op.halfToEven ? toEven(real) : toAway(real)) + to.zeroPoint;
    out[i] = Math.min(127, Math.max(-128, Number.isNaN(rounded) ? -128 : rounded));
  }
  return out;
}

const toAway = (v: number): number => (v < 0 ? -Math.round(-v) : Math.round(v));
const toEven = (v: number): number => {
  const up = Math.round(v);
  return up - v === 0.5 && up % 2 !== 0 ? up - 1 : up;
};

/** TFLM's Dequantize: the product in float32. */
export function dequantizeValues(op: DequantizeOp, from: QuantTensor, values: Int8Array): Float32Array {
  const out = new Float32Array(values.length);
  const order = op.floatOrder === 'chw' ? modelOrder(from.shape) : undefined;
  for (let i = 0; i < out.length; i++) {
    out[order ? order[i]! : i] = (values[i]! - from.zeroPoint) * from.scale;
  }
  return out;
}
