/**
 * Exceptions while paths are followed. A path carries for each exception that it may come to meet how many of its
 * -through points it has passed (`states`); what begins with -to alone is looked up at the end. Of several that hold
 * at an end the strongest counts: false path, then delay, then multicycle; among these -from a pin, -to a pin,
 * -through, -from a clock, -to a clock, in this order (OpenSTA's, which is the order of Synopsys's manual); then the
 * tighter one.
 */
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Clocks } from './clocks.ts';
import type { TimingLibrary } from './library.ts';
import type { NameIndex } from './pins.ts';
import type { Constraints, PathException, PathPoints } from './types.ts';

type Check = 'setup' | 'hold';

interface Points {
  readonly pins: ReadonlySet<number>;
  readonly clocks: ReadonlySet<number>;
}

export interface ResolvedException extends Pick<PathException, 'kind' | 'check' | 'value' | 'isByLaunch'> {
  readonly from: Points | null;
  readonly through: readonly ReadonlySet<number>[];
  readonly to: Points | null;
  readonly priority: number;
}

/** exception * STAGES + number of -through points passed. */
export type ExceptionState = number;
const STAGES = 64;

export interface Exceptions {
  readonly list: readonly ResolvedException[];
  readonly hasDelays: boolean;
  /** States of a path that starts at a pin by a clock (NONE = no clock), sorted. */
  startStates(pin: number, clock: number): readonly ExceptionState[];
  /** States with which a clock leaves its source. */
  clockStates(pin: number, clock: number): readonly ExceptionState[];
  /** Whether passing the pin can change states. */
  isThrough(pin: number): boolean;
  /** States behind a pin, sorted. */
  pass(states: readonly ExceptionState[], pin: number): readonly ExceptionState[];
  /** A false path whatever comes. */
  isDead(states: readonly ExceptionState[]): boolean;
  /** The strongest that holds for a path with these states at an endpoint; null = none. */
  atEnd(
    states: readonly ExceptionState[],
    pin: number,
    captureClock: number,
    check: Check,
  ): ResolvedException | null;
  /** The strongest multicycle for exactly this check, for hold beside setup. */
  cyclesAtEnd(
    states: readonly ExceptionState[],
    pin: number,
    captureClock: number,
    check: Check,
  ): ResolvedException | null;
}

const TYPE_PRIORITY = { false: 4000, maxDelay: 3000, minDelay: 3000, multicycle: 2000 } as const;

function priorityOf(e: PathException): number {
  const hasPins = (p: PathPoints | null): boolean => p !== null && p.pins.length + p.cells.length > 0;
  return (
    TYPE_PRIORITY[e.kind] +
    (hasPins(e.from) ? 64 : 0) +
    (hasPins(e.to) ? 32 : 0) +
    (e.through.length > 0 ? 16 : 0) +
    (e.from && e.from.clocks.length > 0 ? 8 : 0) +
    (e.to && e.to.clocks.length > 0 ? 4 : 0)
  );
}

const specific = (e: ResolvedException, check: Check): number =>
  e.kind !== 'multicycle' ? e.priority : e.priority + (e.check === 'both' ? 1 : e.check === check ? 2 : 0);

/** A setup multicycle also moves hold. */
const applies = (e: ResolvedException, check: Check, isExact: boolean): boolean =>
  e.check === 'both' || e.check === check || (e.kind === 'multicycle' && check === 'hold' && !isExact);

function isTighter(a: ResolvedException, b: ResolvedException): boolean {
  if (a.kind === 'minDelay') return a.value > b.value;
  return a.kind !== 'false' && a.value < b.value;
}

/** Throws TIMING-012 on names that are not there, TIMING-015 on points where no path starts or ends. */
export function resolveExceptions(
  netlist: Netlist,
  kit: Kit,
  lib: TimingLibrary,
  names: NameIndex,
  clocks: Clocks,
  c: Constraints,
): Exceptions {
  const given = c.exceptions ?? [];
  const owner = given.length > 0 ? pinInstances(netlist) : new Int32Array(0);
  const pins = netlist.pinNet.length;
  const refuse = (name: string, why: string): IngotError =>
    new IngotError('TIMING-015', `${name} ${why}`, {
      place: name,
      remedy:
        'paths start at clock pins of registers and at inputs, and end at their data pins and at outputs',
    });
  const isClockPin = (pin: number): boolean => {
    const m = netlist.instMaster[owner[pin]];
    const k = pin - netlist.instPinStart[owner[pin]];
    return lib.checks[m].some((check) => check.clockPin === k) || launches(m, k);
  };
  const launches = (m: number, k: number): boolean => {
    const row = lib.pinStart[m] + k;
    for (let at = lib.outOfStart[row]; at < lib.outOfStart[row + 1]; at++)
      if (lib.arcIsLaunch[lib.outOfArc[at]]) return true;
    return false;
  };
  const isDataPin = (pin: number): boolean => {
    const m = netlist.instMaster[owner[pin]];
    const k = pin - netlist.instPinStart[owner[pin]];
    return kit.masters[m].pins[k].direction === 'input' && !isClockPin(pin);
  };
  const pinsOf = (inst: number): number[] => {
    const all: number[] = [];
    for (let p = netlist.instPinStart[inst]; p < netlist.instPinStart[inst + 1]; p++) all.push(p);
    return all;
  };
  const resolvePoints = (p: PathPoints | null, isEnd: boolean): Points | null => {
    if (p === null) return null;
    const found = new Set<number>();
    for (const name of p.pins) {
      const pin = names.pin(name);
      const isPort = pin >= pins;
      const isRight = isPort
        ? netlist.ports[pin - pins].direction === (isEnd ? 'output' : 'input')
        : isEnd
          ? isDataPin(pin)
          : isClockPin(pin);
      if (!isRight) throw refuse(name, isEnd ? 'ends no path' : 'starts no path');
      found.add(pin);
    }
    for (const name of p.cells) {
      const own = pinsOf(names.instance(name)).filter((pin) => (isEnd ? isDataPin(pin) : isClockPin(pin)));
      if (own.length === 0) throw refuse(name, isEnd ? 'ends no path' : 'starts no path');
      for (const pin of own) found.add(pin);
    }
    return { pins: found, clocks: new Set(p.clocks.map((name) => clocks.byName(name))) };
  };
  const resolveThrough = (p: PathPoints): ReadonlySet<number> => {
    const found = new Set(p.pins.map((name) => names.pin(name)));
    for (const name of p.cells)
      for (const pin of pinsOf(names.instance(name)))
        if (
          kit.masters[netlist.instMaster[owner[pin]]].pins[pin - netlist.instPinStart[owner[pin]]]
            .direction !== 'input'
        )
          found.add(pin);
    return found;
  };
  const list = given.map((e): ResolvedException => ({
    kind: e.kind,
    check: e.check,
    value: e.value,
    isByLaunch: e.isByLaunch,
    from: resolvePoints(e.from, false),
    through: e.through.map(resolveThrough),
    to: resolvePoints(e.to, true),
    priority: priorityOf(e),
  }));
  return exceptionsOf(list);
}

function exceptionsOf(list: readonly ResolvedException[]): Exceptions {
  const throughPins = new Set(list.flatMap((e) => e.through.flatMap((set) => [...set])));
  const endOnly = list.flatMap((e, x) => (e.from === null && e.through.length === 0 ? [x] : []));
  const passOne = (state: ExceptionState, pin: number): ExceptionState => {
    const { through } = list[Math.trunc(state / STAGES)];
    const stage = state % STAGES;
    return stage < through.length && through[stage].has(pin) ? state + 1 : state;
  };
  const pass = (states: readonly ExceptionState[], pin: number): readonly ExceptionState[] => {
    if (!throughPins.has(pin)) return states;
    const next = new Set(states.map((s) => passOne(s, pin)));
    list.forEach((e, x) => {
      if (e.from === null && e.through.length > 0 && e.through[0].has(pin)) next.add(x * STAGES + 1);
    });
    return [...next].sort((a, b) => a - b);
  };
  const isComplete = (state: ExceptionState): boolean =>
    state % STAGES === list[Math.trunc(state / STAGES)].through.length;
  const startStates = (pin: number, clock: number): readonly ExceptionState[] => {
    const states: number[] = [];
    list.forEach((e, x) => {
      if (e.from && (e.from.pins.has(pin) || e.from.clocks.has(clock))) states.push(x * STAGES);
    });
    return pass(states, pin);
  };
  const holds = (e: ResolvedException, pin: number, clock: number, check: Check, isExact: boolean): boolean =>
    applies(e, check, isExact) && (e.to === null || e.to.pins.has(pin) || e.to.clocks.has(clock));
  const strongest = (
    states: readonly ExceptionState[],
    pin: number,
    clock: number,
    check: Check,
    isExact: boolean,
  ): ResolvedException | null => {
    let best: ResolvedException | null = null;
    const consider = (e: ResolvedException): void => {
      if ((isExact && e.kind !== 'multicycle') || !holds(e, pin, clock, check, isExact)) return;
      const more = best ? specific(e, check) - specific(best, check) : 1;
      if (more > 0 || (more === 0 && isTighter(e, best!))) best = e;
    };
    for (const s of states) if (isComplete(s)) consider(list[Math.trunc(s / STAGES)]);
    for (const x of endOnly) consider(list[x]);
    return best;
  };
  return {
    list,
    hasDelays: list.some((e) => e.kind === 'maxDelay' || e.kind === 'minDelay'),
    startStates,
    clockStates: startStates,
    isThrough: (pin) => throughPins.has(pin),
    pass,
    isDead: (states) =>
      states.some((s) => {
        const e = list[Math.trunc(s / STAGES)];
        return e.kind === 'false' && e.check === 'both' && e.to === null && isComplete(s);
      }),
    atEnd: (states, pin, clock, check) => strongest(states, pin, clock, check, false),
    cyclesAtEnd: (states, pin, clock, check) => strongest(states, pin, clock, check, true),
  };
}
