/**
 * Tokens for work on the three engines: exactly where two pieces of work on different engines must not meet and
 * nothing else keeps them apart. What is known to be done is tracked as a vector clock.
 */
import { TOKENS, TOKENS_MAX, type Chip, type Instruction } from '../../src-main/stages/chip/index.ts';

export interface Range {
  readonly from: number;
  /** The first beyond it. */
  readonly to: number;
}

type Engine = 'load' | 'exec' | 'store';

/** An instruction with the configuration before it, and what it touches. */
export interface Work {
  readonly engine: Engine;
  readonly instructions: Instruction[];
  /** Bytes of activation memory. */
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
  readonly weightReads: readonly Range[];
  readonly weightWrites: readonly Range[];
  readonly parameterReads: readonly Range[];
  readonly parameterWrites: readonly Range[];
}

const TOKEN_OF: Readonly<Record<string, number>> = {
  'load exec': TOKENS.indexOf('loadToExec'),
  'exec load': TOKENS.indexOf('execToLoad'),
  'exec store': TOKENS.indexOf('execToStore'),
  'store exec': TOKENS.indexOf('storeToExec'),
};

const meet = (a: readonly Range[], b: readonly Range[]): boolean =>
  a.some((x) => b.some((y) => x.from < y.to && y.from < x.to));

/** Ranges in parts of `size`: banks, or halves of a memory. */
const parts = (ranges: readonly Range[], size: number): Range[] =>
  ranges.map((r) => ({ from: Math.floor(r.from / size), to: Math.floor((r.to - 1) / size) + 1 }));

/** Whether two pieces of work may not run in any order or not at the same time. */
function conflict(a: Work, b: Work, chip: Chip): boolean {
  const data = (
    reads: 'reads' | 'weightReads' | 'parameterReads',
    writes: 'writes' | 'weightWrites' | 'parameterWrites',
  ) => meet(a[writes], b[reads]) || meet(a[reads], b[writes]) || meet(a[writes], b[writes]);
  if (
    data('reads', 'writes') ||
    data('weightReads', 'weightWrites') ||
    data('parameterReads', 'parameterWrites')
  )
    return true;
  const bank = chip.activationBytes / chip.activationBanks;
  const isMacro = chip.memory === 'macro';
  const [ar, aw, br, bw] = [a.reads, a.writes, b.reads, b.writes].map((r) => parts(r, bank)) as [
    Range[],
    Range[],
    Range[],
    Range[],
  ];
  if (meet(ar, br) || meet(aw, bw) || (isMacro && (meet(ar, bw) || meet(aw, br)))) return true;
  if (!isMacro) return false;
  const halves = (x: readonly Range[], y: readonly Range[], size: number): boolean =>
    meet(parts(x, Math.ceil(size / 2)), parts(y, Math.ceil(size / 2)));
  return (
    halves(a.weightWrites, b.weightReads, chip.weightWords) ||
    halves(a.weightReads, b.weightWrites, chip.weightWords) ||
    halves(a.parameterWrites, b.parameterReads, chip.parameterBlocks) ||
    halves(a.parameterReads, b.parameterWrites, chip.parameterBlocks)
  );
}

/** Work done for certain, per engine: how many of its pieces. */
type Done = Record<Engine, number>;
const merge = (a: Done, b: Done): Done => ({
  load: Math.max(a.load, b.load),
  exec: Math.max(a.exec, b.exec),
  store: Math.max(a.store, b.store),
});

/** The instructions with tokens, or undefined where an order is wanted that no token gives. */
export function orderWork(work: readonly Work[], chip: Chip): Instruction[] | undefined {
  /** Masks of the piece's last instruction. */
  const masks = work.map(() => ({ wait: 0, signal: 0 }));
  /** What is done when a piece starts. */
  const known: Done[] = [];
  /** Position of a piece among its engine's. */
  const rank: number[] = [];
  const count: Done = { load: 0, exec: 0, store: 0 };
  const last: Partial<Record<Engine, number>> = {};
  const signals = TOKENS.map(() => 0);
  for (const [i, w] of work.entries()) {
    rank.push(count[w.engine]++);
    // Without queues a piece starts after all before it have started.
    const before = chip.queueDepth === 0 ? (i > 0 ? i - 1 : undefined) : last[w.engine];
    let done: Done = before === undefined ? { load: 0, exec: 0, store: 0 } : known[before]!;
    done = { ...done, [w.engine]: rank[i]! };
    for (const other of ['load', 'exec', 'store'] as const) {
      if (other === w.engine) continue;
      let rival = work.findLastIndex(
        (o, j) => j < i && o.engine === other && rank[j]! >= done[other] && conflict(o, w, chip),
      );
      if (rival < 0) continue;
      const token = TOKEN_OF[`${other} ${w.engine}`];
      if (token === undefined) return undefined;
      // A flag must be taken before it is set again: then the latest piece gives it.
      if (chip.queueDepth === 0) rival = last[other]!;
      masks[rival]!.signal |= 1 << token;
      masks[i]!.wait |= 1 << token;
      if (++signals[token]! > TOKENS_MAX) return undefined;
      done = merge(done, { ...known[rival]!, [other]: rank[rival]! + 1 });
    }
    known.push(done);
    last[w.engine] = i;
  }
  // The order in which engines were looked at may leave an order unused that came later: that is harmless.
  return work.flatMap((w, i) =>
    w.instructions.map((x, n) => (n === w.instructions.length - 1 ? { ...x, ...masks[i]! } : x)),
  );
}
