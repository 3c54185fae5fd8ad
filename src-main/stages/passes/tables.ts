/**
 * Chains of tables, clamps and requantisations: two tables in a row are one; a sum, difference or product with one
 * constant value is a table; a table or window of one that only clamps moves into the operator before it; a table
 * that changes nothing goes. All exact: a table has every byte's answer.
 */
import { inputsOf, outputsOf, readersOf, runHostOp } from '../quantize/index.ts';
import type { LutOp, QuantGraph, QuantOp, QuantTensor, TensorData } from '../quantize/types.ts';
import { bypass, compact, withTensors } from './rewire.ts';
import type { Rewritten } from './types.ts';

type Rule = (graph: QuantGraph) => Rewritten | undefined;

export function fuseTables(graph: QuantGraph): Rewritten {
  const changes: string[] = [];
  let current = graph;
  const rules: readonly Rule[] = [scalarToTable, dropIdentity, composeTables, absorbClamp];
  // Each application removes an operator or turns one into a table, so this ends.
  for (let changed = true; changed;) {
    changed = false;
    for (const rule of rules) {
      for (let step = rule(current); step; step = rule(current)) {
        current = step.graph;
        changes.push(...step.changes);
        changed = true;
      }
    }
  }
  return { graph: current, changes };
}

const ALL_BYTES = Int8Array.from({ length: 256 }, (_, i) => i - 128);

/** Producer of a tensor that `op` alone reads and that is no output. */
function soleSource(graph: QuantGraph, op: QuantOp, t: number): QuantOp | undefined {
  const readers = readersOf(graph)[t]!;
  const isAlone = readers.length === 1 && graph.ops[readers[0]!] === op && !graph.outputs.includes(t);
  return isAlone ? graph.ops.find((o) => outputsOf(o).includes(t)) : undefined;
}

const replaced = (
  graph: QuantGraph,
  at: QuantOp,
  by: QuantOp | undefined,
  other?: [QuantOp, QuantOp],
): QuantGraph =>
  compact({
    ...graph,
    ops: graph.ops.flatMap((op) => (op === at ? (by ? [by] : []) : op === other?.[0] ? [other[1]] : [op])),
  });

/** x ∘ constant, one value: evaluated at every byte by the reference. */
function scalarToTable(graph: QuantGraph): Rewritten | undefined {
  for (const op of graph.ops) {
    if (op.kind !== 'mul' && op.kind !== 'sub' && op.kind !== 'broadcastAdd') continue;
    const isScalar = op.inputs.map((t) => graph.tensors[t]!.data?.length === 1);
    const at = isScalar[0] ? 1 : 0;
    const input = op.inputs[at]!;
    const size = (t: QuantTensor): number => t.shape.reduce((a, b) => a * b, 1);
    const keepsSize = size(graph.tensors[input]!) === size(graph.tensors[op.output]!);
    if (isScalar[0] === isScalar[1] || graph.tensors[input]!.data || !keepsSize) continue;
    const wide = { shape: [1, 1, 256] as const, modelShape: [1, 256] };
    const tensors = graph.tensors.map((t, id) => (id === input || id === op.output ? { ...t, ...wide } : t));
    const shapes =
      at === 0
        ? ([
            [1, 256],
            [1, 1],
          ] as const)
        : ([
            [1, 1],
            [1, 256],
          ] as const);
    const values: TensorData[] = graph.tensors.map((t) => t.data ?? new Int8Array(0));
    values[input] = ALL_BYTES;
    const [table] = runHostOp({ ...op, shapes }, { ...graph, tensors }, values) as [Int8Array];
    const lut: LutOp = { kind: 'lut', name: op.name, input, output: op.output, table };
    return {
      graph: replaced(graph, op, lut),
      changes: [`${op.name}: ${op.kind} with one constant is a table`],
    };
  }
  return undefined;
}

function composeTables(graph: QuantGraph): Rewritten | undefined {
  for (const op of graph.ops) {
    const source = op.kind === 'lut' ? soleSource(graph, op, op.input) : undefined;
    if (op.kind !== 'lut' || source?.kind !== 'lut') continue;
    const table = source.table.map((v) => op.table[v + 128]!);
    const fused: LutOp = { ...op, input: source.input, table };
    return {
      graph: replaced(graph, source, undefined, [op, fused]),
      changes: [`${source.name}, ${op.name}: two tables are one`],
    };
  }
  return undefined;
}

const sameScale = (a: QuantTensor, b: QuantTensor): boolean =>
  a.scale === b.scale && a.zeroPoint === b.zeroPoint;

function dropIdentity(graph: QuantGraph): Rewritten | undefined {
  for (const op of graph.ops) {
    if (op.kind !== 'lut' || !op.table.every((v, i) => v === i - 128) || graph.outputs.includes(op.output))
      continue;
    const [from, to] = [graph.tensors[op.input]!, graph.tensors[op.output]!];
    if (!sameScale(from, to) || `${from.shape}` !== `${to.shape}`) continue;
    return { graph: bypass(graph, new Map([[op, op.input]])), changes: [`${op.name}: changes nothing`] };
  }
  return undefined;
}

/** Bounds of an operator that only clamps, byte by byte. */
function clampOf(op: QuantOp): readonly [number, number] | undefined {
  if (op.kind === 'lut') {
    const [low, high] = [op.table[0]!, op.table[255]!];
    return op.table.every((v, i) => v === Math.min(high, Math.max(low, i - 128))) ? [low, high] : undefined;
  }
  const isOne =
    op.kind === 'maxPool' && op.kernelH * op.kernelW * op.strideH * op.strideW === 1 &&
    op.padTop + op.padLeft + op.padBottom + op.padRight === 0; // prettier-ignore
  return isOne ? [op.clampMin, op.clampMax] : undefined;
}

function absorbClamp(graph: QuantGraph): Rewritten | undefined {
  for (const op of graph.ops) {
    const bounds = clampOf(op);
    const source = bounds && soleSource(graph, op, inputsOf(op)[0]!);
    if (!bounds || !source) continue;
    const [from, to] = [graph.tensors[inputsOf(op)[0]!]!, graph.tensors[outputsOf(op)[0]!]!];
    if (!sameScale(from, to) || `${from.shape}` !== `${to.shape}`) continue;
    const clamped = withClamp(source, bounds);
    if (!clamped) continue;
    const fused = withTensors(clamped, (t) => t, () => outputsOf(op)[0]!); // prettier-ignore
    return {
      graph: replaced(graph, op, undefined, [source, fused]),
      changes: [`${op.name}: clamped by ${source.name}`],
    };
  }
  return undefined;
}

/** The operator followed by a clamp of its bytes; undefined where it has no clamp. */
function withClamp(op: QuantOp, [low, high]: readonly [number, number]): QuantOp | undefined {
  const within = (v: number): number => Math.min(high, Math.max(low, v));
  switch (op.kind) {
    case 'conv':
    case 'depthwise':
    case 'fullyConnected': {
      const { clampMin, clampMax } = op.requantize;
      return {
        ...op,
        requantize: { ...op.requantize, clampMin: within(clampMin), clampMax: within(clampMax) },
      };
    }
    case 'maxPool':
    case 'averagePool':
    case 'add':
    case 'broadcastAdd':
    case 'sub':
    case 'mul':
      return { ...op, clampMin: within(op.clampMin), clampMax: within(op.clampMax) };
    case 'lut':
      return { ...op, table: op.table.map(within) };
    default:
      return undefined;
  }
}
