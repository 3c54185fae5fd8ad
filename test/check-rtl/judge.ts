/** The simulator against the RTL in Verilator: bits of every output and cycles of every pass. */
import { parameterStream, weightStream, type Chip } from '../../src-main/stages/chip/index.ts';
import { unpackOutputs, type Program } from '../../src-main/stages/compiler/index.ts';
import { generateRtl } from '../../src-main/stages/rtl/index.ts';
import type { RtlCase, RtlCaseResult } from '../../src-main/stages/rtl/index.ts';
import {
  simulate,
  type LayerCycles,
  type Simulation,
  type StreamGaps,
} from '../../src-main/stages/simulator/index.ts';
import { decodeSteps } from '../../src-main/stages/simulator/machine.ts';
import { buildVerilator, type VerilatedChip } from '../../src-main/tools/verilator.ts';

/** A program and the bytes of its input stream, one array a pass. */
export interface Case {
  readonly program: Program;
  readonly inputs: readonly Int8Array[];
  readonly gaps?: StreamGaps;
  /** What lies between pixels is known too: every byte counts. */
  readonly everyByte?: boolean;
}

export interface Difference {
  /** Of output bits. */
  readonly bits: number;
  /** Of passes, of their last beats and, by the chip's counters, of layers and of the array's steps, in absolute value. */
  readonly cycles: number;
  readonly isLastRight: boolean;
}

export const buildChip = (chip: Chip, program: Program | null, folder: string): Promise<VerilatedChip> =>
  buildVerilator(generateRtl(chip, program), folder);

/** Bytes of the weight stream in one pass: what every LDW and LDP takes. */
export function streamBytes({ chip, stream, words }: Program): Int8Array {
  const parts: Int8Array[] = [];
  let word = 0;
  let block = 0;
  for (const s of decodeSteps(words)) {
    if (s.kind === 'weights') parts.push(weightStream(chip, stream, word, s.count));
    if (s.kind === 'parameters') parts.push(parameterStream(chip, stream, block, s.count));
    if (s.kind === 'weights') word += s.count;
    if (s.kind === 'parameters') block += s.count;
  }
  const all = new Int8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

/** `limit`: the run is given up well after the simulator's end. */
export const rtlCase = (c: Case, simulated: Simulation): RtlCase => ({
  program: c.program,
  inputs: c.inputs,
  weightStream: streamBytes(c.program),
  limit: 2 * Math.max(...simulated.lastOutputCycle) + 1000,
  ...(c.gaps ? { gaps: c.gaps } : {}),
});

/** What the model of the RTL did beside what the simulator says; one entry a case. */
export async function judge(model: VerilatedChip, cases: readonly Case[]): Promise<Difference[]> {
  const simulated = cases.map(simulateCase);
  const results = await model.run(cases.map((c, i) => rtlCase(c, simulated[i]!)));
  return simulated.map((s, i) => difference(cases[i]!, s, results[i]!));
}

export const simulateCase = (c: Case): Simulation =>
  simulate(c.program, c.program.chip, c.inputs, c.gaps ? { gaps: c.gaps } : {});

export function difference(c: Case, simulated: Simulation, rtl: RtlCaseResult): Difference {
  let bits = 0;
  simulated.outputs.forEach((bytes, i) => {
    const wanted = meaningful(c, bytes);
    const got = rtl.outputs[i] && meaningful(c, rtl.outputs[i]);
    wanted.forEach((byte, at) => (bits += onesOf((byte ^ (got?.[at] ?? ~byte)) & 255)));
  });
  const apart = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, i) => sum + (b[i] === undefined ? v : Math.abs(v - b[i])), 0);
  return {
    bits,
    cycles:
      apart(simulated.cycles, rtl.cycles) +
      apart(simulated.lastOutputCycle, rtl.lastOutputCycle) +
      countersApart(simulated, rtl),
    isLastRight: rtl.lastIsRight,
  };
}

function countersApart(simulated: Simulation, { counters }: RtlCaseResult): number {
  if (counters['execBusy'] === undefined) return 0;
  const passes = simulated.outputs.length;
  const sum = (of: (l: LayerCycles) => number): number =>
    passes * simulated.layers.reduce((n, l) => n + of(l), 0);
  // The counter's register shows a layer in the cycle after its issue.
  const busy = sum((l) => l.cycles - 1);
  const steps = sum((l) => l.busy);
  return Math.abs(busy - counters['execBusy']) + Math.abs(steps - (counters['execSteps'] ?? 0));
}

/** Without the bytes between pixels, which are whatever the memory held. */
const meaningful = (c: Case, bytes: Int8Array): number[] =>
  c.everyByte ? [...bytes] : unpackOutputs(c.program.outputs, bytes).flatMap((t) => [...t]);

function onesOf(byte: number): number {
  let ones = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) ones++;
  return ones;
}

export const isEqual = (d: Difference): boolean => d.bits === 0 && d.cycles === 0 && d.isLastRight;
