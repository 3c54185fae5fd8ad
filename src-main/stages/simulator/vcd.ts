/**
 * Value change dump, as GTKWave and Surfer read it: IEEE 1364-2005, section 18. One time unit is one cycle; cycle 0
 * is the first after reset. Between changes a signal holds; a register's new value shows in the cycle after the
 * event that sets it, as in the RTL.
 */
import { TOKENS, type Chip } from '../chip/index.ts';
import { banksOf, engineOf, ENGINES, isWork, maskOf, type Event } from './trace.ts';
import type { Trace } from './types.ts';

interface Signal {
  readonly scope: string;
  readonly name: string;
  readonly bits: number;
  readonly id: string;
}

interface Change {
  readonly cycle: number;
  readonly signal: Signal;
  readonly value: number;
}

/** Owner of a port: nobody, or the engine whose instruction is at work. */
const OWNER = { load: 1, exec: 2, store: 3 } as const;

export function vcdOf(
  events: readonly Event[],
  names: ReadonlyMap<number, string>,
  chip: Chip,
  most: number,
): Trace {
  const signals = new Signals();
  const changes = new Changes();
  pcChanges(events, signals, changes);
  engineChanges(events, signals, changes);
  tokenChanges(events, signals, changes);
  portChanges(events, signals, changes, chip);
  return print(signals.all, changes.sorted(), names, most);
}

class Signals {
  readonly all: Signal[] = [];

  add(scope: string, name: string, bits: number): Signal {
    // Identifiers are strings of printable characters; '!' is the first.
    let id = '';
    for (let rest = this.all.length; ; rest = Math.floor(rest / 94) - 1) {
      id += String.fromCharCode(33 + (rest % 94));
      if (rest < 94) break;
    }
    const signal = { scope, name, bits, id };
    this.all.push(signal);
    return signal;
  }
}

class Changes {
  readonly #all: Change[] = [];

  set(signal: Signal, cycle: number, value: number): void {
    this.#all.push({ cycle, signal, value });
  }

  /** Steps of +1 and -1 as values. */
  count(signal: Signal, up: readonly number[], down: readonly number[]): void {
    const steps = [...up.map((c) => [c, 1] as const), ...down.map((c) => [c, -1] as const)];
    steps.sort((a, b) => a[0] - b[0]);
    let value = 0;
    steps.forEach(([cycle, by], i) => {
      value += by;
      if (steps[i + 1]?.[0] !== cycle) this.set(signal, cycle, value);
    });
  }

  sorted(): Change[] {
    return this.#all.sort((a, b) => a.cycle - b.cycle);
  }
}

function pcChanges(events: readonly Event[], signals: Signals, changes: Changes): void {
  const pc = signals.add('sequencer', 'pc', 16);
  const pass = signals.add('sequencer', 'pass', 16);
  for (const e of events) {
    const isEnd = e.step.kind === 'end';
    changes.set(pc, e.span.entered + 1, isEnd ? 0 : e.pc + 1);
    if (isEnd) changes.set(pass, e.span.entered + 1, e.pass + 1);
  }
}

/** Per engine: at work from issue to the last cycle, on which instruction; instructions in its queue. */
function engineChanges(events: readonly Event[], signals: Signals, changes: Changes): void {
  for (const engine of ENGINES) {
    const busy = signals.add(engine, 'busy', 1);
    const at = signals.add(engine, 'instruction', 16);
    const queued = signals.add(engine, 'queued', 4);
    const own = events.filter((e) => engineOf(e.step) === engine);
    const work = own.filter((e) => isWork(e.step));
    work.forEach((e, i) => {
      changes.set(busy, e.span.issue, 1);
      changes.set(at, e.span.issue, e.pc);
      if (work[i + 1]?.span.issue !== e.span.last + 1) changes.set(busy, e.span.last + 1, 0);
    });
    const waiting = own.filter((e) => e.span.issue > e.span.entered);
    changes.count(
      queued,
      waiting.map((e) => e.span.entered + 1),
      waiting.map((e) => e.span.issue + 1),
    );
  }
  const layer = signals.add('exec', 'layer', 16);
  let index = 0;
  let pass = 0;
  for (const e of events) {
    if (e.step.kind !== 'exec') continue;
    if (e.pass !== pass) [index, pass] = [0, e.pass];
    changes.set(layer, e.span.issue, index++);
  }
}

function tokenChanges(events: readonly Event[], signals: Signals, changes: Changes): void {
  TOKENS.forEach((name, token) => {
    const cycles = (which: 'wait' | 'signal'): number[] =>
      events
        .filter((e) => maskOf(e.step, which).includes(token))
        .map((e) => (which === 'wait' ? e.span.issue : e.span.last) + 1);
    changes.count(signals.add('tokens', name, 4), cycles('signal'), cycles('wait'));
  });
}

/** Who may use a bank's port; on one-port memories reading and writing are the same port. */
function portChanges(events: readonly Event[], signals: Signals, changes: Changes, chip: Chip): void {
  const work = events.filter((e) => isWork(e.step));
  const banks = new Map(work.filter((e) => e.pass === 0).map((e) => [e.pc, banksOf(e.step, chip)]));
  for (let bank = 0; bank < chip.activationBanks; bank++)
    for (const port of ['reads', 'writes'] as const) {
      const owner = signals.add('ports', `bank${bank}_${port === 'reads' ? 'read' : 'write'}`, 2);
      const uses = work.filter((e) => banks.get(e.pc)![port].includes(bank));
      uses.sort((a, b) => a.span.issue - b.span.issue);
      uses.forEach((e, i) => {
        changes.set(owner, e.span.issue, OWNER[engineOf(e.step)!]);
        const next = uses[i + 1]?.span.issue ?? Infinity;
        if (next > e.span.last + 1) changes.set(owner, e.span.last + 1, 0);
      });
    }
}

function print(
  signals: readonly Signal[],
  changes: readonly Change[],
  names: ReadonlyMap<number, string>,
  most: number,
): Trace {
  const lines = ['$version Ingot cycle simulator $end', '$timescale 1ns $end'];
  for (const [pc, name] of names) lines.push(`$comment instruction ${pc}: ${name.replaceAll('$', '')} $end`);
  lines.push('$comment port owners: 0 nobody, 1 load, 2 exec, 3 store $end', '$scope module chip $end');
  for (const scope of new Set(signals.map((s) => s.scope))) {
    lines.push(`$scope module ${scope} $end`);
    for (const s of signals.filter((x) => x.scope === scope))
      lines.push(`$var ${s.bits === 1 ? 'wire' : 'reg'} ${s.bits} ${s.id} ${s.name} $end`);
    lines.push('$upscope $end');
  }
  lines.push('$upscope $end', '$enddefinitions $end', '#0', '$dumpvars');
  const valueOf = (s: Signal, value: number): string =>
    s.bits === 1 ? `${value}${s.id}` : `b${value.toString(2)} ${s.id}`;
  const held = new Map(signals.map((s) => [s.id, 0]));
  const first = changes.filter((c) => c.cycle === 0);
  for (const c of first) held.set(c.signal.id, c.value);
  for (const s of signals) lines.push(valueOf(s, held.get(s.id)!));
  lines.push('$end');
  const rest = changes.slice(first.length);
  const kept = rest.slice(0, most);
  let now = 0;
  for (const c of kept) {
    if (held.get(c.signal.id) === c.value) continue;
    held.set(c.signal.id, c.value);
    if (c.cycle !== now) lines.push(`#${(now = c.cycle)}`);
    lines.push(valueOf(c.signal, c.value));
  }
  const isCut = kept.length < rest.length;
  const end = isCut ? now + 1 : (changes.at(-1)?.cycle ?? 0) + 1;
  lines.push(`#${end}`);
  return { text: lines.join('\n') + '\n', isCut, cycles: end };
}
