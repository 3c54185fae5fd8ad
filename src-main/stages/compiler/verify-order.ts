/**
 * Judge of order: tokens, deadlock, races, ports. Every LDA, LDW, LDP, EXEC and ST has a vector clock: how many
 * instructions of each engine are certainly complete when it starts. It follows from three rules: an engine takes one
 * at a time; a token is set when its producer is complete; without queues issue is in order, so what was complete
 * before an instruction is complete before the next. Two instructions of different engines that are not ordered so
 * may run at the same time; then they must not use a port in common, and neither may write what the other touches.
 */
import type { Chip } from '../chip/index.ts';
import { Illegal, type Line } from './verify-text.ts';

/** What one instruction touches. Ranges are [from, to). */
export interface Use {
  /** Bytes of activation memory, a bit each. */
  readonly reads: Uint32Array;
  readonly writes: Uint32Array;
  readonly weights: readonly [number, number];
  readonly parameters: readonly [number, number];
}

type Engine = 'load' | 'exec' | 'store';
const ENGINES: readonly Engine[] = ['load', 'exec', 'store'];
const ENGINE: Readonly<Record<string, Engine>> = {
  LDA: 'load',
  LDW: 'load',
  LDP: 'load',
  EXEC: 'exec',
  ST: 'store',
};

/** Which engine sets each token and which takes it, from its name. */
const TOKEN: Readonly<Record<string, readonly [Engine, Engine]>> = {
  loadToExec: ['load', 'exec'],
  execToLoad: ['exec', 'load'],
  execToStore: ['exec', 'store'],
  storeToExec: ['store', 'exec'],
};
const COUNTER_MAX = 15;

type Clock = Record<Engine, number>;
interface Work {
  readonly line: Line;
  readonly engine: Engine;
  /** Its number in its engine, from 1. */
  readonly index: number;
  readonly clock: Clock;
  readonly use: Use;
}

export class Order {
  readonly #chip: Chip;
  readonly #works: Work[] = [];
  readonly #count: Clock = { load: 0, exec: 0, store: 0 };
  /** Producers of tokens not yet taken. */
  readonly #tokens = new Map<string, Work[]>(Object.keys(TOKEN).map((t) => [t, []]));
  readonly #last: Partial<Record<Engine, Work>> = {};
  #before: Clock = { load: 0, exec: 0, store: 0 };
  #taken: Clock = { load: 0, exec: 0, store: 0 };

  constructor(chip: Chip) {
    this.#chip = chip;
  }

  /** Before the instruction's effects are judged: takes its tokens. Each must have been promised by a line above. */
  take(line: Line): void {
    const engine = ENGINE[line.op];
    const clock: Clock = { load: 0, exec: 0, store: 0 };
    for (const t of line.wait) {
      if (!engine || TOKEN[t]![1] !== engine)
        throw new Illegal('VERIFY-103', `${line.op} must not take the token ${t}`);
      const producer = this.#tokens.get(t)!.shift();
      if (!producer) throw new Illegal('VERIFY-103', `waits for ${t}, which nothing sets: deadlock`);
      merge(clock, producer.clock);
      clock[producer.engine] = Math.max(clock[producer.engine], producer.index);
    }
    this.#taken = clock;
  }

  /** After its effects are known. */
  add(line: Line, use: Use): void {
    const engine = ENGINE[line.op]!;
    const clock = this.#taken;
    const previous = this.#last[engine];
    if (previous) {
      merge(clock, previous.clock);
      clock[engine] = Math.max(clock[engine], previous.index);
    }
    if (this.#chip.queueDepth === 0) {
      merge(clock, this.#before);
      this.#before = { ...clock };
    }
    const work: Work = { line, engine, index: ++this.#count[engine], clock, use };
    for (const other of this.#works)
      if (other.engine !== engine && clock[other.engine] < other.index) this.#together(other, work);
    this.#last[engine] = work;
    this.#works.push(work);
    this.#forget();
    for (const t of line.signal) this.#set(t, work);
  }

  #set(t: string, work: Work): void {
    if (TOKEN[t]![0] !== work.engine)
      throw new Illegal('VERIFY-103', `${work.line.op} must not set the token ${t}`);
    const waiting = this.#tokens.get(t)!;
    waiting.push(work);
    const most = this.#chip.queueDepth === 0 ? 1 : COUNTER_MAX;
    if (waiting.length > most)
      throw new Illegal('VERIFY-103', `sets ${t}, which may still be set: a token is lost`);
  }

  /** Works that everything to come is ordered after need not be kept. */
  #forget(): void {
    const known = ENGINES.map((e) => this.#last[e]?.clock);
    const isOld = (w: Work): boolean =>
      ENGINES.every((e, i) => e === w.engine || (known[i] !== undefined && known[i][w.engine] >= w.index));
    for (let i = this.#works.length - 1; i >= 0; i--) if (isOld(this.#works[i]!)) this.#works.splice(i, 1);
  }

  /** Two works that may run at the same time. */
  #together(a: Work, b: Work): void {
    const name = `${a.line.op} of line ${a.line.number}`;
    if (
      meet(a.use.writes, b.use.reads) ||
      meet(a.use.writes, b.use.writes) ||
      meet(a.use.reads, b.use.writes)
    )
      throw new Illegal('VERIFY-104', `may run beside ${name}, and one writes bytes that the other uses`);
    const isMacro = this.#chip.memory === 'macro';
    const [ra, wa, rb, wb] = [a.use.reads, a.use.writes, b.use.reads, b.use.writes].map((set) =>
      banksOf(set, this.#chip),
    ) as [number, number, number, number];
    const clash = isMacro ? (ra | wa) & (rb | wb) : (ra & rb) | (wa & wb);
    if (clash !== 0)
      throw new Illegal('VERIFY-104', `may run beside ${name}, which uses the same memory port`);
    this.#memories(a, b, name, a.use.weights, b.use.weights, this.#chip.weightWords, 'weight');
    this.#memories(a, b, name, a.use.parameters, b.use.parameters, this.#chip.parameterBlocks, 'parameter');
  }

  #memories(
    a: Work,
    b: Work,
    name: string,
    x: readonly [number, number],
    y: readonly [number, number],
    size: number,
    what: string,
  ): void {
    if (x[0] === x[1] || y[0] === y[1] || a.engine === b.engine) return;
    if (x[0] < y[1] && y[0] < x[1])
      throw new Illegal(
        'VERIFY-104',
        `may run beside ${name}, and one loads ${what} words that the other reads`,
      );
    const half = Math.floor(size / 2);
    const halves = (r: readonly [number, number]): number => (r[0] < half ? 1 : 0) | (r[1] > half ? 2 : 0);
    if (this.#chip.memory === 'macro' && (halves(x) & halves(y)) !== 0)
      throw new Illegal('VERIFY-104', `may run beside ${name}, which uses the port of the same ${what} half`);
  }

  finish(): void {
    const left = [...this.#tokens].filter(([, works]) => works.length > 0).map(([t]) => t);
    if (left.length > 0) throw new Illegal('VERIFY-103', `tokens left at END: ${left.join(', ')}`);
  }
}

function merge(into: Clock, from: Clock): void {
  for (const e of ENGINES) into[e] = Math.max(into[e], from[e]);
}

function meet(a: Uint32Array, b: Uint32Array): boolean {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if ((a[i]! & b[i]!) !== 0) return true;
  return false;
}

/** A bit for each bank with a byte in the set. */
function banksOf(set: Uint32Array, chip: Chip): number {
  const bytes = chip.activationBytes / chip.activationBanks;
  let banks = 0;
  for (let i = 0; i < set.length; i++) {
    if (set[i] === 0) continue;
    for (let bit = 0; bit < 32; bit++)
      if ((set[i]! >>> bit) & 1) banks |= 1 << Math.floor((i * 32 + bit) / bytes);
  }
  return banks;
}
