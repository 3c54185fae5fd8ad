import { IngotError } from '../../base/diagnostic.ts';
import { validateChip, type Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { accountInference, accountLayer } from './account.ts';
import { Clock, type Run } from './clock.ts';
import { runValues, scheduleOf, type Schedule } from './prepare.ts';
import { eventsOf, layerNames } from './trace.ts';
import { eventsJson } from './trace-events.ts';
import { vcdOf } from './vcd.ts';
import type {
  LayerCycles,
  ProgramTiming,
  SimulateOptions,
  Simulation,
  StreamGaps,
  TimeOptions,
  Trace,
  TraceOptions,
} from './types.ts';

const NO_GAPS: StreamGaps = { input: 0, output: 0 };

/**
 * Runs the program's 128-bit words on every input, values and cycles. No latency depends on data, so layers
 * are timed once. Inputs are the bytes the program reads, program.inputBytes each; a wrong size is SIM-001.
 */
export function simulate(
  program: Program,
  chip: Chip,
  inputs: readonly Int8Array[],
  options: SimulateOptions = {},
): Simulation {
  validateChip(chip);
  requireSizes(program, inputs);
  const schedule = scheduleOf(program, chip);
  const runs = runsOf(schedule, chip, options, inputs.length);
  const cycles = runs.map((r) => r.lastOut - r.firstIn + 1);
  return {
    outputs: runValues(program, chip, schedule.steps, inputs, options.slow ?? false),
    cycles,
    lastOutputCycle: runs.map((r) => r.lastOut),
    layers: layerReport(schedule, program, chip),
    loadCycles: runs[0]?.load ?? 0,
    storeCycles: runs[0]?.store ?? 0,
    utilisation: cycles.length === 0 ? 0 : macsOf(program) / (cycles[0]! * chip.rows * chip.columns),
    ...(options.trace ? { trace: traceProgram(program, chip, options.trace, options) } : {}),
  };
}

/** When every instruction of the first inferences enters, issues and ends; nothing depends on values. */
export function traceProgram(
  program: Program,
  chip: Chip,
  trace: TraceOptions,
  options: TimeOptions = {},
): Trace {
  validateChip(chip);
  const schedule = scheduleOf(program, chip);
  const { steps } = schedule;
  const events = eventsOf(steps, runsOf(schedule, chip, options, trace.inferences ?? 1));
  const names = layerNames(steps, program);
  const most = trace.most ?? TRACE_MOST;
  if (trace.format === 'vcd') return vcdOf(events, names, chip, most);
  const layers = layerReport(schedule, program, chip);
  const accounts = new Map([...names.keys()].map((pc, i) => [pc, layers[i]!.account]));
  return eventsJson(events, names, accounts, most);
}

const TRACE_MOST = 200_000;

/** Cycles of one inference without its values. */
export function timeProgram(program: Program, chip: Chip, options: TimeOptions = {}): ProgramTiming {
  validateChip(chip);
  const schedule = scheduleOf(program, chip);
  const [run] = runsOf(schedule, chip, options, 1) as [Run];
  const layers = layerReport(schedule, program, chip);
  const cycles = run.lastOut - run.firstIn + 1;
  return {
    cycles,
    account: accountInference(
      schedule.steps,
      run,
      layers.map((l) => l.account),
    ),
    layers,
    loadCycles: run.load,
    storeCycles: run.store,
    utilisation: macsOf(program) / (cycles * chip.rows * chip.columns),
  };
}

function requireSizes(program: Program, inputs: readonly Int8Array[]): void {
  for (const [i, input] of inputs.entries())
    if (input.length !== program.inputBytes)
      throw new IngotError(
        'SIM-001',
        `input ${i} has ${input.length} bytes, the program reads ${program.inputBytes}`,
        {
          place: program.name,
          remedy: 'give the quantised input tensor',
        },
      );
}

/** The passes through the program, one an inference, back to back. */
function runsOf(schedule: Schedule, chip: Chip, options: TimeOptions, count: number): Run[] {
  const clock = new Clock(schedule.steps, schedule.timings, options.gaps ?? NO_GAPS, chip);
  return Array.from({ length: count }, () => clock.run());
}

const macsOf = (program: Program): number => program.layers.reduce((sum, l) => sum + l.macs, 0);

function layerReport(schedule: Schedule, program: Program, chip: Chip): LayerCycles[] {
  let index = 0;
  const report: LayerCycles[] = [];
  for (const s of schedule.steps) {
    if (s.kind !== 'exec') continue;
    const t = schedule.timings.get(s)!;
    const layer = program.layers[index++]!;
    report.push({
      name: layer.name,
      cycles: t.cycles,
      busy: t.busy,
      stallDrain: t.stallDrain,
      stallFetch: t.cycles - t.busy - t.stallDrain,
      utilisation: layer.macs / (t.cycles * chip.rows * chip.columns),
      account: accountLayer(s.fields, t, layer.macs, chip),
    });
  }
  return report;
}
