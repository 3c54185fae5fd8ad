/**
 * A whole graph to segments for the host and for the engine. An operator goes to the earliest segment that its
 * inputs allow, so a path through the graph changes sides as seldom as possible; what the engine cannot take runs on
 * the host, exactly, and the plan says why.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { validateChip, type Chip } from '../chip/index.ts';
import {
  inputsOf,
  isEngineOp,
  outputsOf,
  runEngineOp,
  runHostOp,
  type QuantGraph,
  type QuantOp,
  type TensorData,
} from '../quantize/index.ts';
import { compileSegment } from './compile-segment.ts';
import { requireFit } from './engine-fit.ts';
import { packInputs, unpackOutputs } from './forms.ts';
import type { Segment } from './frame.ts';
import { Misfit } from './layer.ts';
import type { CompileOptions, EngineSegment, HostReason, HostSegment, Plan, Program } from './types.ts';

/** Throws CHIP-0xx for an impossible chip and COMPILE-02x where its memories are too small. */
export function compilePlan(graph: QuantGraph, chip: Chip, options: CompileOptions = {}): Plan {
  validateChip(chip);
  const misfits = new Map<QuantOp, Misfit>();
  for (const op of graph.ops) if (isEngineOp(op)) judge(op, misfits, () => requireFit(graph, op, chip));
  for (;;) {
    const sides = partition(graph, misfits);
    const segments: (HostSegment | EngineSegment)[] = [];
    let isSettled = true;
    for (const ops of sides) {
      if (!ops.isEngine) {
        segments.push({ kind: 'host', ops: ops.list });
        continue;
      }
      const segment = segmentOf(graph, ops.list);
      try {
        segments.push({
          kind: 'engine',
          ops: ops.list,
          program: compileSegment(segment, chip, options),
          inputs: segment.inputs,
          outputs: segment.outputs,
        });
      } catch (e) {
        // Every round sends one more operator to the host, so this ends.
        const op =
          e instanceof Misfit ? ops.list.find((o) => o.name === e.op || isPartOf(o, e.op)) : undefined;
        if (!op || misfits.has(op)) throw e instanceof Misfit ? e.asError() : e;
        misfits.set(op, e as Misfit);
        isSettled = false;
        break;
      }
    }
    if (isSettled) return planOf(graph, chip, segments, misfits);
  }
}

/** A layer of fused operators has their names joined. */
const isPartOf = (op: QuantOp, layer: string): boolean => layer.split('+')[0] === op.name;

function judge(op: QuantOp, misfits: Map<QuantOp, Misfit>, check: () => void): void {
  try {
    check();
  } catch (e) {
    if (!(e instanceof Misfit)) throw e;
    misfits.set(op, e);
  }
}

function planOf(
  graph: QuantGraph,
  chip: Chip,
  segments: readonly (HostSegment | EngineSegment)[],
  misfits: ReadonlyMap<QuantOp, Misfit>,
): Plan {
  const reasons = [...misfits.values()].map((m): HostReason => ({
    op: m.op.split('+')[0]!,
    code: m.code,
    reason: m.message,
    remedy: m.remedy,
  }));
  const left = segments.flatMap((s) => (s.kind === 'host' ? s.ops : [])).filter((op) => !isEngineOp(op));
  const diagnostics: Diagnostic[] = reasons.map((r) => ({
    code: r.code,
    severity: 'warning',
    message: `runs on the host: ${r.reason}`,
    place: r.op,
    remedy: r.remedy,
  }));
  const named = left.filter((op) => op.kind !== 'quantize' && op.kind !== 'dequantize');
  if (named.length > 0)
    diagnostics.push({
      code: 'COMPILE-100',
      severity: 'info',
      message: `left to the host: ${named.map((op) => op.name).join(', ')}`,
      place: graph.name,
    });
  return { name: graph.name, chip, graph, segments, reasons, diagnostics };
}

interface Side {
  readonly isEngine: boolean;
  readonly list: QuantOp[];
}

/**
 * Even levels are the host's, odd ones the engine's; a reshape, or a concatenation of what the engine made, stays where
 * its inputs are if it can.
 */
function partition(graph: QuantGraph, misfits: ReadonlyMap<QuantOp, Misfit>): Side[] {
  const level = graph.tensors.map(() => 0);
  const sides: Side[] = [];
  for (const op of graph.ops) {
    const from = Math.max(0, ...inputsOf(op).map((t) => level[t]!));
    const isEngine = isEngineOp(op) && !misfits.has(op);
    const stays = !misfits.has(op) && (op.kind === 'reshape' || (op.kind === 'concat' && from % 2 === 1));
    const at = stays || from % 2 === (isEngine ? 1 : 0) ? from : from + 1;
    for (const t of outputsOf(op)) level[t] = at;
    while (sides.length <= at) sides.push({ isEngine: sides.length % 2 === 1, list: [] });
    sides[at]!.list.push(op);
  }
  return withoutIdle(sides.filter((s) => s.list.length > 0));
}

/** An engine segment of reshapes alone is the host's. */
const withoutIdle = (sides: readonly Side[]): Side[] =>
  sides.map((s) =>
    s.isEngine && s.list.every((op) => op.kind === 'reshape' || op.kind === 'concat')
      ? { ...s, isEngine: false }
      : s,
  );

/** What a list of operators reads from outside, and what of it is read outside. */
function segmentOf(graph: QuantGraph, ops: readonly QuantOp[]): Segment {
  const inside = new Set(ops);
  const made = new Set(ops.flatMap((op) => [...outputsOf(op)]));
  const inputs = [...new Set(ops.flatMap((op) => [...inputsOf(op)]))].filter((t) => !made.has(t));
  const readOutside = new Set(graph.ops.filter((op) => !inside.has(op)).flatMap((op) => [...inputsOf(op)]));
  const outputs = [...made].filter((t) => readOutside.has(t) || graph.outputs.includes(t));
  return { name: graph.name, graph, ops, inputs, outputs };
}

/**
 * Runs a plan: host operators here, programs by `engine` (bytes of the input stream to bytes of the output stream).
 * Inputs and outputs are the graph's, in its order.
 */
export function runPlan(
  plan: Plan,
  inputs: readonly TensorData[],
  engine: (program: Program, input: Int8Array) => Int8Array,
): TensorData[] {
  const { graph } = plan;
  const values: TensorData[] = graph.tensors.map(() => new Int8Array(0));
  graph.inputs.forEach((t, i) => (values[t] = inputs[i]!));
  for (const s of plan.segments) {
    if (s.kind === 'engine') {
      const sent = packInputs(
        s.program.inputs,
        s.inputs.map((t) => values[t] as Int8Array),
      );
      unpackOutputs(s.program.outputs, engine(s.program, sent)).forEach(
        (v, i) => (values[s.outputs[i]!] = v),
      );
      continue;
    }
    for (const op of s.ops) {
      if (isEngineOp(op)) values[op.output] = runEngineOp(op, graph, values as Int8Array[]);
      else runHostOp(op, graph, values).forEach((v, i) => (values[outputsOf(op)[i]!] = v));
    }
  }
  return graph.outputs.map((t) => values[t]!);
}
