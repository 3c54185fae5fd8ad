import { IngotError, assert } from '../../base/diagnostic.ts';
import { validateChip, type Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { Clock } from './clock.ts';
import { decodeSteps, type Step } from './machine.ts';
import { timeLayer, type ExecTiming } from './timing.ts';
import type { LayerCycles, SimulateOptions, Simulation } from './types.ts';
import { addressMask, runLayer } from './values.ts';

/**
 * Runs the program's 128-bit words on every input, values and cycles. No latency depends on data, so layers
 * are timed once. Inputs are NHWC bytes of program.inputBytes each; a wrong size is SIM-001.
 */
export function simulate(
  program: Program,
  chip: Chip,
  inputs: readonly Int8Array[],
  options: SimulateOptions = {},
): Simulation {
  validateChip(chip);
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
  const steps = decodeSteps(program.words);
  const timings = new Map<Step, ExecTiming>();
  for (const s of steps) if (s.kind === 'exec') timings.set(s, timeLayer(s.fields, chip));
  const clock = new Clock(steps, timings, options.gaps ?? { input: 0, output: 0 }, chip);
  const runs = inputs.map(() => clock.run());
  const act = new Int8Array(chip.activationBytes);
  const cycles = runs.map((r) => r.lastOut - r.firstIn + 1);
  return {
    outputs: inputs.map((input) => runValues(steps, program, act, input)),
    cycles,
    lastOutputCycle: runs.map((r) => r.lastOut),
    layers: layerReport(steps, timings, program, chip),
    loadCycles: runs[0]?.load ?? 0,
    storeCycles: runs[0]?.store ?? 0,
    utilisation: cycles.length === 0 ? 0 : macsOf(program) / (cycles[0]! * chip.rows * chip.columns),
  };
}

const macsOf = (program: Program): number => program.layers.reduce((sum, l) => sum + l.macs, 0);

function runValues(steps: readonly Step[], program: Program, act: Int8Array, input: Int8Array): Int8Array {
  const mask = addressMask(act.length);
  const output = new Int8Array(program.outputBytes);
  let read = 0;
  let written = 0;
  for (const s of steps) {
    if (s.kind === 'exec') runLayer(s.fields, program, act);
    if (s.kind !== 'load' && s.kind !== 'store') continue;
    let at = s.address;
    for (let run = 0; run < s.runs; run++, at += s.gap)
      for (let i = 0; i < s.run; i++, at++) {
        if (s.kind === 'load') act[at & mask] = input[read++]!;
        else output[written++] = act[at & mask]!;
      }
  }
  assert(
    read === input.length && written === output.length,
    'program moves another number of bytes than it says',
  );
  return output;
}

function layerReport(
  steps: readonly Step[],
  timings: ReadonlyMap<Step, ExecTiming>,
  program: Program,
  chip: Chip,
): LayerCycles[] {
  let index = 0;
  const report: LayerCycles[] = [];
  for (const s of steps) {
    const t = timings.get(s);
    if (!t) continue;
    const layer = program.layers[index++]!;
    report.push({
      name: layer.name,
      cycles: t.cycles,
      busy: t.busy,
      stallDrain: t.stallDrain,
      stallFetch: t.cycles - t.busy - t.stallDrain,
      utilisation: layer.macs / (t.cycles * chip.rows * chip.columns),
    });
  }
  return report;
}
