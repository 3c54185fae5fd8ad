/** When instructions issue and streams move. */
import { assert } from '../../base/diagnostic.ts';
import { TOKENS } from '../chip/index.ts';
import type { Step } from './machine.ts';
import type { ExecTiming } from './timing.ts';
import type { StreamGaps } from './types.ts';

export interface Run {
  readonly firstIn: number;
  readonly lastOut: number;
  readonly load: number;
  readonly store: number;
}

/**
 * The sequencer's clock. Issue is in order: an instruction issues in the first cycle in which the one before
 * it has issued, its engine is idle and its tokens are set; both show one cycle after the work is done.
 */
export class Clock {
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
