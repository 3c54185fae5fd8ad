/** Small edits of a QuantGraph that several passes need. */
import { inputsOf, outputsOf } from '../quantize/index.ts';
import type { QuantGraph, QuantOp } from '../quantize/types.ts';

/** The operator with every tensor id replaced. */
export function withTensors(op: QuantOp, input: (t: number) => number, output = input): QuantOp {
  const changed: Record<string, unknown> = { ...op };
  if ('inputs' in op) changed['inputs'] = op.inputs.map(input);
  else changed['input'] = input(op.input);
  if ('outputs' in op) changed['outputs'] = op.outputs.map(output);
  else changed['output'] = output(op.output);
  return changed as unknown as QuantOp;
}

/** Without the operators in `drop`, whose output is everywhere replaced by its stand-in. */
export function bypass(graph: QuantGraph, drop: ReadonlyMap<QuantOp, number>): QuantGraph {
  const standIn = new Map([...drop].map(([op, t]) => [outputsOf(op)[0]!, t]));
  const resolve = (t: number): number => {
    let at = t;
    while (standIn.has(at)) at = standIn.get(at)!;
    return at;
  };
  const ops = graph.ops
    .filter((op) => !drop.has(op))
    .map((op) => (inputsOf(op).some((t) => standIn.has(t)) ? withTensors(op, resolve, (t) => t) : op));
  return compact({ ...graph, ops, outputs: graph.outputs.map(resolve) });
}

/** Drops tensors that no operator, input or output names, and renumbers the rest. */
export function compact(graph: QuantGraph): QuantGraph {
  const used = new Set([...graph.inputs, ...graph.outputs]);
  for (const op of graph.ops) [...inputsOf(op), ...outputsOf(op)].forEach((t) => used.add(t));
  if (used.size === graph.tensors.length) return graph;
  const order = [...used].sort((a, b) => a - b);
  const id = new Map(order.map((t, i) => [t, i]));
  const to = (t: number): number => id.get(t)!;
  return {
    ...graph,
    tensors: order.map((t) => graph.tensors[t]!),
    ops: graph.ops.map((op) => withTensors(op, to)),
    inputs: graph.inputs.map(to),
    outputs: graph.outputs.map(to),
  };
}
