/** What the host does around the accelerator: floats in the model's order to int8 in the graph's, and back. */
import { IngotError } from '../../base/diagnostic.ts';
import { modelOrder } from './layout.ts';
import { INT8_MAX, INT8_MIN, clamp, roundAway } from './scales.ts';
import type { QuantGraph } from './types.ts';

/** values: one sample, row major as the model's input (NCHW). Returns it as int8, NHWC. */
export function quantizeInput(graph: QuantGraph, values: Float32Array): Int8Array {
  const { name, shape, scale, zeroPoint } = graph.tensors[graph.input]!;
  const order = modelOrder(shape);
  if (values.length !== order.length) {
    throw new IngotError('QUANT-009', `${values.length} values given, ${order.length} expected`, {
      place: name,
      remedy: `give one sample of ${order.length} values`,
    });
  }
  // Divided in float32, as TFLite's Quantize does.
  return Int8Array.from(order, (from) =>
    clamp(roundAway(Math.fround(values[from]! / scale)) + zeroPoint, INT8_MIN, INT8_MAX),
  );
}

/** The graph's output (logits, before hostTail) as floats in the model's order. */
export function dequantizeOutput(graph: QuantGraph, output: Int8Array): Float32Array {
  const { shape, scale, zeroPoint } = graph.tensors[graph.output]!;
  const out = new Float32Array(output.length);
  modelOrder(shape).forEach((to, i) => (out[to] = (output[i]! - zeroPoint) * scale));
  return out;
}
