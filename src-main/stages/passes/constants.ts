import { inputsOf, isEngineOp, outputsOf, runEngineOp, runHostOp } from '../quantize/index.ts';
import type { QuantGraph, QuantOp, QuantTensor, TensorData } from '../quantize/types.ts';
import { compact } from './rewire.ts';
import type { Rewritten } from './types.ts';

/** Operators that read nothing but constants are computed now, by the integer reference. */
export function foldConstants(graph: QuantGraph): Rewritten {
  const values: TensorData[] = graph.tensors.map((t) => t.data ?? new Int8Array(0));
  const tensors: QuantTensor[] = [...graph.tensors];
  const changes: string[] = [];
  const ops = graph.ops.filter((op) => {
    if (!inputsOf(op).every((t) => tensors[t]!.data)) return true;
    const results = isEngineOp(op)
      ? [runEngineOp(op, graph, values as Int8Array[])]
      : runHostOp(op, graph, values);
    // A constant is int8 and no output of the model.
    const canHold = outputsOf(op).every((t) => tensors[t]!.dtype === 'int8' && !graph.outputs.includes(t));
    if (!canHold) return true;
    outputsOf(op).forEach((t, i) => {
      values[t] = results[i]!;
      tensors[t] = { ...tensors[t]!, data: results[i] as Int8Array };
    });
    changes.push(`${op.name}: is a constant`);
    return false;
  });
  if (changes.length === 0) return { graph, changes };
  // Only host operators read constants.
  const isReadByEngine = ops.some(
    (op: QuantOp) => isEngineOp(op) && inputsOf(op).some((t) => tensors[t]!.data),
  );
  return isReadByEngine ? { graph, changes: [] } : { graph: compact({ ...graph, tensors, ops }), changes };
}
