import { IngotError, assert } from '../../base/diagnostic.ts';
import { TOKENS, validateChip, type Chip } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import { decodeSteps, type Step } from './machine.ts';
import { timeLayer, type ExecTiming } from './timing.ts';
import type { LayerCycles, SimulateOptions, Simulation, StreamGaps } from './types.ts';
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
  const clock = new Clock(steps, timings, options.gaps ?? { input: 0, output: 0 });
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

interface Run {
  readonly firstIn: number;
  readonly lastOut: number;
  readonly load: number;
  readonly store: number;
}

/**
 * The sequencer's clock. Issue is in order: an instruction issues in the first cycle in which the one before
 * it has issued, its engine is idle and its tokens are set; both show one cycle after the work is done.
 */
class Clock {
  readonly #steps: readonly Step[];
  readonly #timings: ReadonlyMap<Step, ExecTiming>;
  readonly #gaps: StreamGaps;
  /** Cycle in which the next instruction may issue at the earliest. */
  #next = 0;
  #nextIn = 0;
  #nextOut = 0;

  constructor(steps: readonly Step[], timings: ReadonlyMap<Step, ExecTiming>, gaps: StreamGaps) {
    this.#steps = steps;
    this.#timings = timings;
    this.#gaps = gaps;
  }

  /** One pass through the program. */
  run(): Run {
    const idleAt = { load: 0, exec: 0, store: 0 };
    const tokenAt = new Array<number>(TOKENS.length).fill(Infinity);
    let firstIn = -1;
    let lastOut = -1;
    let load = 0;
    let store = 0;
    for (const s of this.#steps) {
      let issue = this.#next;
      if (s.kind === 'end') {
        issue = Math.max(issue, idleAt.load, idleAt.exec, idleAt.store);
      } else if (s.kind === 'configure') {
        issue = Math.max(issue, idleAt.exec);
      } else {
        issue = Math.max(issue, idleAt[s.kind]);
        for (let i = 0; i < TOKENS.length; i++) {
          if (((s.wait >> i) & 1) === 0) continue;
          issue = Math.max(issue, tokenAt[i]!);
          tokenAt[i] = Infinity;
        }
        assert(issue < Infinity, 'program waits for a token that nothing sets');
        const span = this.#occupy(s, issue);
        if (s.kind === 'load') {
          if (firstIn < 0) firstIn = span.first;
          load += span.last - issue + 1;
        } else if (s.kind === 'store') {
          lastOut = span.last;
          store += span.last - issue + 1;
        }
        idleAt[s.kind] = span.last + 1;
        for (let i = 0; i < TOKENS.length; i++) if ((s.signal >> i) & 1) tokenAt[i] = span.last + 1;
      }
      this.#next = issue + 1;
    }
    return { firstIn, lastOut, load, store };
  }

  /** First and last cycle of an engine's work on an instruction that issued in cycle `issue`. */
  #occupy(s: Exclude<Step, { kind: 'end' | 'configure' }>, issue: number): { first: number; last: number } {
    if (s.kind === 'exec') return { first: issue, last: issue + this.#timings.get(s)!.cycles - 1 };
    const isLoad = s.kind === 'load';
    const pause = 1 + (isLoad ? this.#gaps.input : this.#gaps.output);
    const first = Math.max(issue + 1, isLoad ? this.#nextIn : this.#nextOut);
    const last = first + (s.run * s.runs - 1) * pause;
    if (isLoad) this.#nextIn = last + pause;
    else this.#nextOut = last + pause;
    return { first, last };
  }
}
