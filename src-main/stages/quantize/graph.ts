/** Questions about a QuantGraph that everybody asks. */
import { IngotError } from '../../base/diagnostic.ts';
import type { EngineOp, HostOp, QuantGraph, QuantOp } from './types.ts';

/** Operators the engine is built for; a chip may lack some of them (chip parameters), the rest is the host's. */
export const ENGINE_KINDS: readonly QuantOp['kind'][] = [
  'conv',
  'depthwise',
  'fullyConnected',
  'maxPool',
  'averagePool',
  'add',
  'reshape',
];

export const isEngineOp = (op: QuantOp): op is EngineOp => ENGINE_KINDS.includes(op.kind);

export const inputsOf = (op: QuantOp): readonly number[] => ('inputs' in op ? op.inputs : [op.input]);
export const outputsOf = (op: QuantOp): readonly number[] => ('outputs' in op ? op.outputs : [op.output]);

/** For each tensor the indices of the operators that read it. [tensors] */
export function readersOf(graph: QuantGraph): number[][] {
  const readers: number[][] = graph.tensors.map(() => []);
  graph.ops.forEach((op, i) => {
    for (const t of new Set(inputsOf(op))) readers[t]!.push(i);
  });
  return readers;
}

/** The stretch between the boundary operators of a graph of one input and one output. */
export interface EngineCore {
  /** int8 tensor that the engine takes. */
  readonly input: number;
  /** int8 tensor that it gives. */
  readonly output: number;
  /** What the host does before it, in execution order. */
  readonly head: readonly HostOp[];
  /** All between, in execution order. */
  readonly ops: readonly QuantOp[];
  /** What the host does after it, in execution order. */
  readonly tail: readonly HostOp[];
}

/**
 * Walks from the graph's one input and from its one output inwards over host operators, to the first and the
 * last that the engine runs. QUANT-010 where the graph has more inputs or outputs.
 */
export function engineCore(graph: QuantGraph): EngineCore {
  if (graph.inputs.length !== 1 || graph.outputs.length !== 1) {
    throw new IngotError('QUANT-010', `${graph.inputs.length} inputs and ${graph.outputs.length} outputs`, {
      place: graph.name,
      remedy: 'this step runs models of one input and one output; split the model',
    });
  }
  const readers = readersOf(graph);
  const ops = new Set(graph.ops);
  const producer = new Map(graph.ops.flatMap((op) => outputsOf(op).map((t) => [t, op] as const)));
  let input = graph.inputs[0]!;
  let output = graph.outputs[0]!;
  const head: HostOp[] = [];
  for (;;) {
    const op = readers[input]!.length === 1 ? graph.ops[readers[input]![0]!]! : undefined;
    if (!op || isEngineOp(op) || inputsOf(op).length !== 1 || outputsOf(op).length !== 1) break;
    ops.delete(op);
    head.push(op);
    input = outputsOf(op)[0]!;
  }
  const tail: HostOp[] = [];
  for (;;) {
    const op = producer.get(output);
    if (!op || !ops.has(op) || isEngineOp(op) || inputsOf(op).length !== 1 || outputsOf(op).length !== 1)
      break;
    if (readers[inputsOf(op)[0]!]!.length !== 1) break;
    ops.delete(op);
    tail.unshift(op);
    output = inputsOf(op)[0]!;
  }
  return { input, output, head, ops: [...ops], tail };
}
