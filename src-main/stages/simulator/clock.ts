/** When instructions issue and streams move; the rules are stated in chip/README.md. */
import { assert } from '../../base/diagnostic.ts';
import { parameterBeats, TOKENS, type Chip } from '../chip/index.ts';
import type { Step } from './machine.ts';
import type { ExecTiming } from './timing.ts';
import type { StreamGaps } from './types.ts';

/** Cycles of one instruction. */
export interface Span {
  /** Cycle in which it enters its queue; without queues, and for END, `issue`. */
  readonly entered: number;
  readonly issue: number;
  /** First beat of a transfer, else `issue`. */
  readonly first: number;
  /** Last cycle of the work; `issue` for configuration and END. */
  readonly last: number;
}

/** One pass through the program. */
export interface Run {
  /** Cycle of the first input beat, and of the last output beat; cycle 0 is the first after reset. */
  readonly firstIn: number;
  readonly lastOut: number;
  /** Cycles moving input in, and output out. */
  readonly load: number;
  readonly store: number;
  /** Per instruction. */
  readonly spans: readonly Span[];
}

type Engine = 'load' | 'exec' | 'store';
const ENGINES: readonly Engine[] = ['load', 'exec', 'store'];
type Work = Exclude<Step, { kind: 'end' | 'configure' }>;

const ENGINE_OF: Readonly<Record<Exclude<Step['kind'], 'end'>, Engine>> = {
  load: 'load',
  weights: 'load',
  parameters: 'load',
  configure: 'exec',
  exec: 'exec',
  store: 'store',
};

interface Queue {
  /** Indices of its instructions, and the cycles in which they entered and issued. */
  readonly steps: number[];
  readonly entered: number[];
  readonly issued: number[];
  idleAt: number;
}

const emptyQueue = (): Queue => ({ steps: [], entered: [], issued: [], idleAt: 0 });

export class Clock {
  readonly #steps: readonly Step[];
  readonly #timings: ReadonlyMap<Step, ExecTiming>;
  readonly #gaps: StreamGaps;
  readonly #chip: Chip;
  /** Cycle in which the next instruction may issue, or enter its queue, at the earliest. */
  #next = 0;
  #nextIn = 0;
  #nextWeight = 0;
  #nextOut = 0;

  constructor(steps: readonly Step[], timings: ReadonlyMap<Step, ExecTiming>, gaps: StreamGaps, chip: Chip) {
    this.#steps = steps;
    this.#timings = timings;
    this.#gaps = gaps;
    this.#chip = chip;
  }

  /** One pass through the program. */
  run(): Run {
    const spans = this.#chip.queueDepth > 0 ? this.#queued() : this.#inOrder();
    let firstIn = -1;
    let lastOut = -1;
    let load = 0;
    let store = 0;
    this.#steps.forEach((s, i) => {
      const span = spans[i]!;
      if (s.kind === 'load') {
        if (firstIn < 0) firstIn = span.first;
        load += span.last - span.issue + 1;
      } else if (s.kind === 'store') {
        lastOut = span.last;
        store += span.last - span.issue + 1;
      }
    });
    return { firstIn, lastOut, load, store, spans };
  }

  /** Without queues: the next instruction issues when its engine is idle and its tokens are set. */
  #inOrder(): Span[] {
    const idleAt = { load: 0, exec: 0, store: 0 };
    const tokenAt = new Array<number>(TOKENS.length).fill(Infinity);
    return this.#steps.map((s) => {
      let issue = this.#next;
      let span: Span = { entered: issue, issue, first: issue, last: issue };
      if (s.kind === 'end') {
        issue = Math.max(issue, idleAt.load, idleAt.exec, idleAt.store);
        span = { entered: issue, issue, first: issue, last: issue };
      } else if (s.kind !== 'configure') {
        const engine = ENGINE_OF[s.kind];
        issue = Math.max(issue, idleAt[engine]);
        for (const i of maskBits(s.wait)) {
          issue = Math.max(issue, tokenAt[i]!);
          tokenAt[i] = Infinity;
        }
        assert(issue < Infinity, 'program waits for a token that nothing sets');
        span = { entered: issue, ...this.#occupy(s, issue) };
        idleAt[engine] = span.last + 1;
        for (const i of maskBits(s.signal)) tokenAt[i] = span.last + 1;
      }
      this.#next = issue + 1;
      return span;
    });
  }

  /**
   * With queues the engines form a marked graph: each of its times is a maximum over times before it, so they may
   * be worked out in any order in which they are known.
   */
  #queued(): Span[] {
    const spans = new Array<Span>(this.#steps.length);
    const queues = { load: emptyQueue(), exec: emptyQueue(), store: emptyQueue() };
    const tokens = TOKENS.map((): { set: number[]; taken: number } => ({ set: [], taken: 0 }));
    let entering = 0;
    while (entering < this.#steps.length) {
      const before = entering;
      entering = this.#enter(entering, queues, spans);
      let issued = 0;
      for (const e of ENGINES) issued += this.#issue(queues[e], tokens, spans);
      assert(entering > before || issued > 0, 'program waits for a token that nothing sets');
    }
    return spans;
  }

  /** Lets instructions into their queues while it is known when they may; returns the first that is not in. */
  #enter(from: number, queues: Record<Engine, Queue>, spans: Span[]): number {
    for (let at = from; at < this.#steps.length; at++) {
      const s = this.#steps[at]!;
      let cycle = this.#next;
      if (s.kind === 'end') {
        for (const e of ENGINES) {
          const q = queues[e];
          if (q.issued.length < q.steps.length) return at;
          cycle = Math.max(cycle, q.idleAt, (q.issued.at(-1) ?? -1) + 1);
        }
        spans[at] = { entered: cycle, issue: cycle, first: cycle, last: cycle };
      } else {
        const q = queues[ENGINE_OF[s.kind]];
        const ahead = q.steps.length - this.#chip.queueDepth;
        if (ahead >= q.issued.length) return at;
        if (ahead >= 0) cycle = Math.max(cycle, q.issued[ahead]! + 1);
        q.steps.push(at);
        q.entered.push(cycle);
      }
      this.#next = cycle + 1;
    }
    return this.#steps.length;
  }

  /** Issues from one queue while it is known when; returns how many. */
  #issue(q: Queue, tokens: { set: number[]; taken: number }[], spans: Span[]): number {
    let count = 0;
    for (let i = q.issued.length; i < q.steps.length; i++, count++) {
      const at = q.steps[i]!;
      const s = this.#steps[at]!;
      const entered = q.entered[i]!;
      let issue = Math.max(entered + 1, (q.issued.at(-1) ?? -1) + 1);
      let span: Span = { entered, issue, first: issue, last: issue };
      if (s.kind !== 'configure' && s.kind !== 'end') {
        const wanted = maskBits(s.wait).map((bit) => tokens[bit]!);
        if (wanted.some((t) => t.set.length <= t.taken)) return count;
        issue = Math.max(issue, q.idleAt, ...wanted.map((t) => t.set[t.taken++]!));
        span = { entered, ...this.#occupy(s, issue) };
        q.idleAt = span.last + 1;
        for (const bit of maskBits(s.signal)) tokens[bit]!.set.push(span.last + 1);
      }
      spans[at] = span;
      q.issued.push(issue);
    }
    return count;
  }

  /** First and last cycle of an engine's work on an instruction that issued in cycle `issue`. */
  #occupy(s: Work, issue: number): Omit<Span, 'entered'> {
    const beat = this.#chip.streamBytes;
    switch (s.kind) {
      case 'exec':
        return { issue, first: issue, last: issue + this.#timings.get(s)!.cycles - 1 };
      case 'load': {
        const pause = 1 + this.#gaps.input;
        const span = transfer(issue, Math.max(issue + 1, this.#nextIn), (s.run * s.runs) / beat, pause);
        this.#nextIn = span.last + pause;
        return span;
      }
      case 'store': {
        const pause = 1 + this.#gaps.output;
        const span = transfer(issue, Math.max(issue + 2, this.#nextOut), (s.run * s.runs) / beat, pause);
        this.#nextOut = span.last + pause;
        return span;
      }
      case 'weights':
      case 'parameters': {
        const pause = 1 + (this.#gaps.weights ?? 0);
        const each = s.kind === 'weights' ? this.#chip.columns / beat : parameterBeats(this.#chip);
        const span = transfer(issue, Math.max(issue + 1, this.#nextWeight), s.count * each, pause);
        this.#nextWeight = span.last + pause;
        return span;
      }
    }
  }
}

const transfer = (issue: number, first: number, beats: number, pause: number): Omit<Span, 'entered'> => ({
  issue,
  first,
  last: first + (beats - 1) * pause,
});

const maskBits = (mask: number): number[] => TOKENS.map((_, i) => i).filter((i) => (mask >> i) & 1);
