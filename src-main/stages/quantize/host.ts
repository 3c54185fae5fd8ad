/**
 * The ends of a graph of one input and one output, as callers of the engine alone see them: floats of the
 * model to the int8 the engine takes, and what it gives back to floats.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { engineCore, isEngineOp, outputsOf } from './graph.ts';
import { dequantizeValues, quantizeValues, runHostOp } from './run-host.ts';
import { runEngineOp } from './run-integer.ts';
import type { FloatOrder, QuantGraph, TensorData } from './types.ts';

/**
 * One sample, row major as the model's inputs, as the graph takes it: int8 inputs are quantised, or where
 * `areBytes` holds the values are those bytes already. QUANT-009: a wrong number of values.
 */
export function graphInputs(
  graph: QuantGraph,
  sample: readonly Float32Array[],
  areBytes = false,
): TensorData[] {
  return graph.inputs.map((id, i) => {
    const tensor = graph.tensors[id]!;
    const [values, size] = [sample[i], tensor.shape.reduce((a, b) => a * b, 1)];
    if (values?.length !== size) {
      throw new IngotError('QUANT-009', `${values?.length ?? 0} values given, ${size} expected`, {
        place: tensor.name,
        remedy: `give one sample of ${size} values`,
      });
    }
    if (tensor.dtype === 'float32') return values;
    const op = { kind: 'quantize', name: '', input: id, output: id, floatOrder: 'hwc' } as const;
    return areBytes ? Int8Array.from(values) : quantizeValues(op, tensor, values);
  });
}

/** values: one sample, row major as the model's input. Returns the engine's input, [h][w][c]. */
export function quantizeInput(graph: QuantGraph, values: Float32Array, areBytes = false): Int8Array {
  const { input, head } = engineCore(graph);
  const data: TensorData[] = graph.tensors.map(() => new Int8Array(0));
  data[graph.inputs[0]!] = graphInputs(graph, [values], areBytes)[0]!;
  for (const step of head) data[outputsOf(step)[0]!] = runHostOp(step, graph, data)[0]!;
  return data[input] as Int8Array;
}

/** The engine's output (the logits, where the host adds a Softmax) as floats in the model's order. */
export function dequantizeOutput(graph: QuantGraph, values: Int8Array): Float32Array {
  const { output } = engineCore(graph);
  const op = { kind: 'dequantize', name: '', input: output, output, floatOrder: orderOf(graph) } as const;
  return dequantizeValues(op, graph.tensors[output]!, values);
}

/** What the engine must compute, by the integer reference: bytes of the core's input to those of its output. */
export function runCore(graph: QuantGraph, input: Int8Array): Int8Array {
  const core = engineCore(graph);
  const values: TensorData[] = graph.tensors.map((t) => t.data ?? new Int8Array(0));
  values[core.input] = input;
  for (const op of core.ops) {
    if (isEngineOp(op)) values[op.output] = runEngineOp(op, graph, values as Int8Array[]);
    else
      runHostOp(op, graph, values).forEach((data, i) => {
        values[outputsOf(op)[i]!] = data;
      });
  }
  return values[core.output] as Int8Array;
}

function orderOf(graph: QuantGraph): FloatOrder {
  for (const op of graph.ops) if (op.kind === 'quantize' || op.kind === 'dequantize') return op.floatOrder;
  return 'hwc';
}
