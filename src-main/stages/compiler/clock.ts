/**
 * Cycles of a whole program, from what the compiler knows of each instruction (chip/README.md, Issue and Streams;
 * simulator/clock.ts is the other derivation). All completion times are a least fixed point of max and plus, taken in
 * program order.
 */
import { BugError } from '../../base/diagnostic.ts';
import type { Chip, Instruction } from '../chip/index.ts';

export interface ProgramCycles {
  /** First beat of the input to last beat of the output, both included: one inference. */
  readonly latency: number;
  /** Cycles the EXEC engine works. */
  readonly core: number;
  /** Cycles it is idle between its first and its last instruction. */
  readonly gaps: number;
  /** Beats of the streams. */
  readonly inputBeats: number;
  readonly outputBeats: number;
  readonly weightBeats: number;
}

type Queue = 'load' | 'exec' | 'store';
const QUEUE: Readonly<Record<string, Queue>> = { LDA: 'load', LDW: 'load', LDP: 'load', ST: 'store' };

/** Beats an instruction takes from or gives to its stream. */
export function beatsOf(i: Instruction, chip: Chip): number {
  const B = chip.streamBytes;
  const f = i.fields;
  if (i.op === 'LDA' || i.op === 'ST') return ((f.run! + 1) * (f.runs! + 1)) / B;
  if (i.op === 'LDW') return ((f.words! + 1) * chip.columns) / B;
  if (i.op === 'LDP') {
    const bias = Math.ceil((chip.columns * chip.accumulatorBits) / (8 * B));
    const scale = Math.ceil((36 * chip.lanes) / (8 * B));
    return (f.blocks! + 1) * (bias + (chip.columns / chip.lanes) * scale);
  }
  return 0;
}

/** execCycles: of each EXEC, in program order. */
export function programCycles(
  instructions: readonly Instruction[],
  execCycles: readonly number[],
  chip: Chip,
): ProgramCycles {
  const idle = { load: 0, exec: 0, store: 0 };
  /** Issue cycles of each queue's instructions, in order. */
  const issued: Record<Queue, number[]> = { load: [], exec: [], store: [] };
  const tokens: number[][] = [[], [], [], []];
  const beats = { LDA: 0, ST: 0, weight: 0 };
  let enter = 0;
  let exec = 0;
  let core = 0;
  let firstIn = -1;
  let lastOut = 0;
  let execFrom = -1;
  for (const i of instructions) {
    if (i.op === 'END') break;
    const queue = QUEUE[i.op] ?? 'exec';
    const before = issued[queue];
    let issue: number;
    if (chip.queueDepth === 0) {
      issue = enter;
    } else {
      const full = before[before.length - chip.queueDepth];
      if (full !== undefined) enter = Math.max(enter, full + 1);
      issue = Math.max(enter + 1, (before.at(-1) ?? -1) + 1);
    }
    const works = i.op === 'EXEC' || queue !== 'exec';
    if (works) issue = Math.max(issue, idle[queue]);
    for (let t = 0; t < 4; t++) {
      if (((i.wait >> t) & 1) === 0) continue;
      const at = tokens[t]!.shift();
      if (at === undefined) throw new BugError(`${i.op} waits for a token that nothing sets`);
      issue = Math.max(issue, at);
    }
    before.push(issue);
    let last = issue;
    if (i.op === 'EXEC') {
      last = issue + execCycles[exec]! - 1;
      core += execCycles[exec++]!;
      if (execFrom < 0) execFrom = issue;
    } else if (works) {
      const count = beatsOf(i, chip);
      last = issue + count + (queue === 'store' ? 1 : 0);
      if (i.op === 'LDA') {
        if (firstIn < 0) firstIn = issue + 1;
        beats.LDA += count;
      } else if (i.op === 'ST') {
        lastOut = last;
        beats.ST += count;
      } else beats.weight += count;
    }
    if (works) {
      idle[queue] = last + 1;
      for (let t = 0; t < 4; t++) if ((i.signal >> t) & 1) tokens[t]!.push(last + 1);
    }
    enter = (chip.queueDepth === 0 ? issue : enter) + 1;
  }
  return {
    latency: lastOut - firstIn + 1,
    core,
    gaps: execFrom < 0 ? 0 : idle.exec - execFrom - core,
    inputBeats: beats.LDA,
    outputBeats: beats.ST,
    weightBeats: beats.weight,
  };
}
