/** A batch of samples through one of the engines. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BugError, IngotError } from '../../base/diagnostic.ts';
import type { Chip } from '../../stages/chip/index.ts';
import { compilePlan, runPlan, type Plan, type Program } from '../../stages/compiler/index.ts';
import type { TensorData as ModelData } from '../../stages/model/index.ts';
import { runInteger, type QuantGraph, type TensorData } from '../../stages/quantize/index.ts';
import { generateRtl, rtlCase } from '../../stages/rtl/index.ts';
import { simulate } from '../../stages/simulator/index.ts';
import { buildVerilator } from '../../tools/verilator.ts';
import { runModel, type Subject } from './subject.ts';

/** A stretch of the model that the engine or the host runs. */
export interface SegmentReport {
  readonly on: 'engine' | 'host';
  readonly operators: readonly string[];
  /** Cycles of one inference, the first where they differ; null on the host. */
  readonly cycles: number | null;
  /** Why the host runs operators that the engine knows. */
  readonly reasons?: readonly string[];
}

export interface Batch {
  /** [sample][output] */
  readonly outputs: readonly (readonly ModelData[])[];
  /** Engine cycles of each sample, transfers included; null where no engine was run. */
  readonly cycles: readonly number[] | null;
  /** As cycles, but of the EXEC engine alone. */
  readonly coreCycles: number | null;
  readonly segments: readonly SegmentReport[];
}

/** samples: [sample][input]. `chip` is for the simulator and the RTL. */
export async function runBatch(
  subject: Subject,
  samples: readonly (readonly ModelData[])[],
  chip: Chip,
  signal?: AbortSignal,
): Promise<Batch> {
  const { engine, model, graph } = subject;
  const none = { cycles: null, coreCycles: null, segments: [] };
  if (engine === 'float') return { ...none, outputs: samples.map((x) => runModel(model!, x)) };
  if (!graph) throw new BugError('an integer engine without an int8 graph');
  const inputs = samples as readonly (readonly TensorData[])[];
  if (engine === 'int8') return { ...none, outputs: inputs.map((x) => runInteger(graph, [...x])) };
  return runOnChip(graph, inputs, chip, engine === 'rtl', signal);
}

interface Call {
  readonly program: Program;
  readonly input: Int8Array;
  output: Int8Array;
  cycles: number;
}

async function runOnChip(
  graph: QuantGraph,
  samples: readonly (readonly TensorData[])[],
  chip: Chip,
  withRtl: boolean,
  signal: AbortSignal | undefined,
): Promise<Batch> {
  const plan = compilePlan(graph, chip);
  const calls = samples.map((): Call[] => []);
  const outputs = samples.map((x, i) =>
    runPlan(plan, x, (program, input) => {
      const run = simulate(program, chip, [input]);
      const call = { program, input, output: run.outputs[0]!, cycles: run.cycles[0]! };
      calls[i]!.push(call);
      return call.output;
    }),
  );
  if (withRtl) await judgeByRtl(plan, calls, signal);
  const programs = plan.segments.flatMap((s) => (s.kind === 'engine' ? [s.program] : []));
  return {
    outputs,
    cycles: calls.map((list) => list.reduce((sum, c) => sum + c.cycles, 0)),
    coreCycles: programs.reduce((sum, p) => sum + p.layers.reduce((s, l) => s + l.cyclesPredicted, 0), 0),
    segments: reportSegments(plan, calls[0] ?? []),
  };
}

/**
 * The same transfers through the generated RTL in Verilator. It must agree with the simulator to the bit and the
 * cycle, so that what the plan computed further on from the simulator's bytes is what the RTL would have led to.
 * INFER-005: it does not.
 */
async function judgeByRtl(
  plan: Plan,
  calls: readonly (readonly Call[])[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-infer-'));
  try {
    const model = await buildVerilator(generateRtl(plan.chip, null), folder, signal);
    const all = calls.flat();
    const results = await model.run(
      all.map((c) => rtlCase(c.program, [c.input], 2 * c.cycles + 1000)),
      signal,
    );
    all.forEach((call, i) => {
      const { outputs, cycles } = results[i]!;
      const isSame =
        cycles[0] === call.cycles &&
        outputs[0]?.length === call.output.length &&
        outputs[0].every((v, k) => v === call.output[k]);
      if (!isSame)
        throw new IngotError(
          'INFER-005',
          `the RTL and the simulator differ: ${cycles[0]} and ${call.cycles} cycles`,
          {
            place: call.program.name,
            remedy: 'this is a fault of Ingot: report it with the model',
          },
        );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function reportSegments(plan: Plan, calls: readonly Call[]): SegmentReport[] {
  const queue = [...calls];
  return plan.segments.map((s): SegmentReport => {
    const operators = s.ops.map((op) => op.name);
    if (s.kind === 'engine') return { on: 'engine', operators, cycles: queue.shift()?.cycles ?? null };
    const reasons = plan.reasons.filter((r) => operators.includes(r.op)).map((r) => `${r.op}: ${r.reason}`);
    return { on: 'host', operators, cycles: null, ...(reasons.length > 0 && { reasons }) };
  });
}
