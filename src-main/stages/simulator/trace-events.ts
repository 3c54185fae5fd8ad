/**
 * JSON of Chrome's trace event format ("Trace Event Format", Google, 2016), as Perfetto and chrome://tracing read it.
 * One microsecond stands for one cycle. A track per engine; arrows are tokens from the instruction that gave them
 * to the one that took them.
 */
import { TOKENS } from '../chip/index.ts';
import { engineOf, ENGINES, isWork, maskOf, type Event } from './trace.ts';
import type { LayerAccount, Trace } from './types.ts';

const TITLE: Readonly<Record<string, string>> = {
  load: 'LDA',
  store: 'ST',
  weights: 'LDW',
  parameters: 'LDP',
  exec: 'EXEC',
  configure: 'CFG',
};

type Json = Readonly<Record<string, unknown>>;

export function eventsJson(
  events: readonly Event[],
  names: ReadonlyMap<number, string>,
  accounts: ReadonlyMap<number, LayerAccount>,
  most: number,
): Trace {
  const tracks = ENGINES.map((engine, tid): Json => ({
    name: 'thread_name', ph: 'M', pid: 0, tid, args: { name: engine.toUpperCase() },
  })); // prettier-ignore
  const work = events.filter((e) => isWork(e.step));
  const kept = work.slice(0, most);
  const spans = kept.map((e): Json => {
    const name = names.get(e.pc) ?? TITLE[e.step.kind]!;
    const { entered, issue, first, last } = e.span;
    const account = accounts.get(e.pc);
    return {
      name, cat: e.step.kind, ph: 'X', pid: 0, tid: tidOf(e), ts: issue, dur: last - issue + 1,
      args: { instruction: e.pc, pass: e.pass, entered, issue, first, last, ...(account ? { account } : {}) },
    }; // prettier-ignore
  });
  const all = [...tracks, ...spans, ...tokenArrows(kept)];
  return {
    text: `{"displayTimeUnit":"ns","traceEvents":[\n${all.map((e) => JSON.stringify(e)).join(',\n')}\n]}\n`,
    isCut: kept.length < work.length,
    cycles: Math.max(0, ...kept.map((e) => e.span.last + 1)),
  };
}

const tidOf = (e: Event): number => ENGINES.indexOf(engineOf(e.step)!);

/** The n-th token of a kind that is taken is the n-th that was given. */
function tokenArrows(events: readonly Event[]): Json[] {
  return TOKENS.flatMap((name, token) => {
    const giving = events.filter((e) => maskOf(e.step, 'signal').includes(token));
    const taking = events.filter((e) => maskOf(e.step, 'wait').includes(token));
    return taking.flatMap((to, i): Json[] => {
      const from = giving[i];
      if (!from) return [];
      const arrow = { name, cat: 'token', id: `${name}${i}`, pid: 0 };
      return [
        { ...arrow, ph: 's', tid: tidOf(from), ts: from.span.last },
        { ...arrow, ph: 'f', bp: 'e', tid: tidOf(to), ts: to.span.issue },
      ];
    });
  });
}
