/**
 * Setup and hold at every endpoint: data pins of registers and clock gates, enables of plain gates in a clock's way,
 * and output ports; every launching edge against every capturing one that exceptions and clock groups leave.
 */
import { NONE } from '../netlist/types.ts';
import type { ArrivalInput, Arrivals } from './arrivals.ts';
import type { CyclePair } from './cycles.ts';
import type { ResolvedException } from './exceptions.ts';
import { gatedEnables } from './gating.ts';
import type { TimingLibrary } from './library.ts';
import { UNKNOWN } from './logic.ts';
import { lookUp } from './lut.ts';
import type { Insertions } from './insertion.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';

/** The worst of one check at an endpoint. */
export interface WorstCheck {
  slackPs: number;
  /** Slot of the data, NONE while there is none. */
  slot: number;
  /** Setup or hold time, output delay. */
  timePs: number;
  /** Arrival of the capturing edge, cycles included. */
  capturePs: number;
  uncertaintyPs: number;
  /** Clock edge that captures, NONE at an output without delay. */
  captureEdge: number;
  /** By set_max_delay or set_min_delay instead of the clock's cycles. */
  isDelayGiven: boolean;
}

export interface EndpointCheck {
  readonly pin: number;
  readonly setup: WorstCheck;
  readonly hold: WorstCheck;
}

export interface CheckResult {
  readonly endpoints: EndpointCheck[];
  readonly unconstrained: number;
  readonly unclockedPins: number[];
  /** [slots] required time for setup, NO_SLACK where none */
  readonly requiredPs: Float64Array;
  /** Worst slacks by endpoint for each capturing clock (index, last = delays given); null with one clock. */
  readonly byClock:
    readonly { readonly setup: Map<number, number>; readonly hold: Map<number, number> }[] | null;
}

export interface CheckInput extends ArrivalInput {
  readonly insertions: Insertions;
  readonly arrivals: Arrivals;
}

const nothing = (): WorstCheck => ({
  slackPs: NO_SLACK,
  slot: NONE,
  timePs: 0,
  capturePs: 0,
  uncertaintyPs: 0,
  captureEdge: NONE,
  isDelayGiven: false,
});

type Check = 'setup' | 'hold';

/** What captures: a clock edge as it arrives (early for setup, late for hold), or only a delay's end. */
interface Capture {
  readonly edge: number;
  readonly atPs: number;
  readonly role: 'register' | 'port' | 'gate';
}

class Checker {
  readonly requiredPs: Float64Array;
  readonly byClock: { setup: Map<number, number>; hold: Map<number, number> }[] | null;
  private readonly input: CheckInput;

  constructor(input: CheckInput) {
    this.input = input;
    this.requiredPs = new Float64Array(input.map.slotTag.length).fill(NO_SLACK);
    const { list } = input.clocks;
    this.byClock =
      list.length > 1 || input.exceptions.hasDelays
        ? [...list, null].map(() => ({ setup: new Map(), hold: new Map() }))
        : null;
  }

  /** One slot of data against one capture; keeps the worst. */
  check(endpoint: EndpointCheck, check: Check, slot: number, timePs: number, capture: Capture): void {
    const { map, clocks, exceptions, ports, arrivals } = this.input;
    const tag = map.tags[map.slotTag[slot]];
    const captureClock = capture.edge >> 1;
    const exception = exceptions.atEnd(tag.states, endpoint.pin, captureClock, check);
    if (exception?.kind === 'false') return;
    const isDelay = exception !== null && exception.kind !== 'multicycle';
    // A delay given to an output holds between clocks that are apart too.
    const isApart = tag.edge !== NONE && clocks.isApart(tag.edge >> 1, captureClock);
    if (isApart && !(isDelay && capture.role === 'port')) return;
    if (isDelay) {
      // A gate's enable is no clock's endpoint: only delays without -to reach it (as OpenSTA 2.0 has it).
      if (capture.role !== 'gate' || exception.to === null)
        this.checkDelay(endpoint, check, slot, timePs, capture, exception);
      return;
    }
    if (tag.edge === NONE) return;
    const legacy = ports.exceptions.get(endpoint.pin);
    const pair = clocks.cycles(tag.edge, capture.edge);
    const offsetPs =
      exception === null
        ? this.plainOffset(pair, check, capture, tag.edge, legacy)
        : this.multicycleOffset(pair, check, capture, tag.edge, endpoint.pin, tag.states, exception);
    const clock = clocks.list[captureClock];
    const capturePs = capture.atPs + offsetPs;
    if (check === 'setup') {
      const uncertaintyPs = clock.setupUncertaintyPs;
      const slack = capturePs - uncertaintyPs - timePs - arrivals.latestPs[slot];
      this.keep(endpoint, check, slot, slack, timePs, capturePs, uncertaintyPs, capture.edge);
    } else {
      const uncertaintyPs = clock.holdUncertaintyPs;
      const slack =
        capture.role === 'port'
          ? arrivals.earliestPs[slot] - timePs - uncertaintyPs - capturePs
          : arrivals.earliestPs[slot] - capturePs - timePs - uncertaintyPs;
      this.keep(endpoint, check, slot, slack, timePs, capturePs, uncertaintyPs, capture.edge);
    }
  }

  private plainOffset(
    pair: CyclePair,
    check: Check,
    capture: Capture,
    launchEdge: number,
    legacy: { readonly setupCycles: number; readonly holdCycles: number } | undefined,
  ): number {
    const { clocks } = this.input;
    const [launch, own] = [clocks.list[launchEdge >> 1], clocks.list[capture.edge >> 1]];
    const choice = check === 'setup' ? pair.setup : capture.role === 'gate' ? pair.gateHold : pair.hold;
    const more = legacy ? (check === 'setup' ? legacy.setupCycles - 1 : legacy.holdCycles) : 0;
    return (choice.captureCycle + more) * own.periodPs - choice.launchCycle * launch.periodPs;
  }

  private multicycleOffset(
    pair: CyclePair,
    check: Check,
    capture: Capture,
    launchEdge: number,
    pin: number,
    states: readonly number[],
    exception: ResolvedException,
  ): number {
    const { clocks, exceptions } = this.input;
    const launchPs = clocks.list[launchEdge >> 1].periodPs;
    const ownPs = clocks.list[capture.edge >> 1].periodPs;
    const choice = check === 'setup' ? pair.setup : capture.role === 'gate' ? pair.gateHold : pair.hold;
    const at = (moreOwn: number, moreLaunch: number): number =>
      (choice.captureCycle + moreOwn) * ownPs - (choice.launchCycle - moreLaunch) * launchPs;
    const shift = (cycles: number, e: ResolvedException): [number, number] =>
      e.isByLaunch ? [0, cycles] : [cycles, 0];
    // A clock gate's setup is in the first cycle as any other.
    if (check === 'setup') return at(...shift(exception.value - 1, exception));
    const clock = capture.edge >> 1;
    const isHold = exception.check !== 'setup';
    const hold = isHold ? exception : exceptions.cyclesAtEnd(states, pin, clock, 'hold');
    const setup = isHold ? exceptions.cyclesAtEnd(states, pin, clock, 'setup') : exception;
    const [a, b] = setup ? shift(setup.value - 1, setup) : [0, 0];
    // Given for both, the cycles are those of setup; hold follows one cycle before.
    const back = hold && hold.check === 'hold' ? hold.value : 0;
    const [c, d] = hold ? shift(back, hold) : [0, 0];
    return at(a - c, b - d);
  }

  /** set_max_delay and set_min_delay: from the launching edge (or the input) to the end with its latency and time. */
  private checkDelay(
    endpoint: EndpointCheck,
    check: Check,
    slot: number,
    timePs: number,
    capture: Capture,
    exception: ResolvedException,
  ): void {
    const { map, clocks, arrivals } = this.input;
    const { edge } = map.tags[map.slotTag[slot]];
    const launchPs = edge === NONE ? 0 : clocks.edgePs(edge);
    const hasClock = capture.edge !== NONE && capture.role === 'register';
    // A register's clock counts with latency and uncertainty, its edge does not; at a port only the output delay.
    const latencyPs = hasClock ? capture.atPs - clocks.edgePs(capture.edge) : 0;
    const capturePs = latencyPs + exception.value + launchPs;
    const own = hasClock ? clocks.list[capture.edge >> 1] : null;
    if (check === 'setup') {
      const uncertaintyPs = own?.setupUncertaintyPs ?? 0;
      const slack = capturePs - uncertaintyPs - timePs - arrivals.latestPs[slot];
      this.keep(endpoint, check, slot, slack, timePs, capturePs, uncertaintyPs, capture.edge, true);
    } else {
      const uncertaintyPs = own?.holdUncertaintyPs ?? 0;
      const slack = arrivals.earliestPs[slot] - capturePs - timePs - uncertaintyPs;
      this.keep(endpoint, check, slot, slack, timePs, capturePs, uncertaintyPs, capture.edge, true);
    }
  }

  /** Paths to an output without a delay: only a delay exception times them. */
  checkOpenPort(endpoint: EndpointCheck, check: Check, slot: number): void {
    const { map, exceptions } = this.input;
    const tag = map.tags[map.slotTag[slot]];
    const exception = exceptions.atEnd(tag.states, endpoint.pin, NONE, check);
    if (exception?.kind !== 'maxDelay' && exception?.kind !== 'minDelay') return;
    this.checkDelay(endpoint, check, slot, 0, { edge: NONE, atPs: 0, role: 'port' }, exception);
  }

  private keep(
    endpoint: EndpointCheck,
    check: Check,
    slot: number,
    slackPs: number,
    timePs: number,
    capturePs: number,
    uncertaintyPs: number,
    captureEdge: number,
    isDelayGiven = false,
  ): void {
    if (check === 'setup') {
      const required = this.input.arrivals.latestPs[slot] + slackPs;
      if (required < this.requiredPs[slot]) this.requiredPs[slot] = required;
    }
    if (this.byClock) {
      const group = this.byClock[isDelayGiven ? this.byClock.length - 1 : captureEdge >> 1][check];
      if (slackPs < (group.get(endpoint.pin) ?? NO_SLACK)) group.set(endpoint.pin, slackPs);
    }
    const worst = endpoint[check];
    if (slackPs >= worst.slackPs) return;
    Object.assign(worst, { slackPs, slot, timePs, capturePs, uncertaintyPs, captureEdge, isDelayGiven });
  }
}

export function checkEndpoints(input: CheckInput): CheckResult {
  const { netlist, lib, graph, map, ports } = input;
  const checker = new Checker(input);
  const endpoints = new Map<number, EndpointCheck>();
  const endpointAt = (pin: number): EndpointCheck => {
    let found = endpoints.get(pin);
    if (!found) {
      found = { pin, setup: nothing(), hold: nothing() };
      endpoints.set(pin, found);
    }
    return found;
  };
  const unclocked = new Set<number>();
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const start = netlist.instPinStart[i];
    for (const check of lib.checks[netlist.instMaster[i]]) {
      const pin = start + check.dataPin;
      const clock = start + check.clockPin;
      if (netlist.pinNet[pin] === NONE || graph.constant[pin] !== UNKNOWN) continue;
      if (!graph.isClock[clock]) {
        unclocked.add(clock);
        continue;
      }
      if (ports.exceptions.get(pin)?.isFalse) continue;
      checkRegister(input, checker, endpointAt(pin), check, 2 * clock + check.clockEdge);
    }
  }
  for (const gate of gatedEnables(input)) checkGate(input, checker, endpointAt(gate.enable), gate);
  let unconstrained = 0;
  netlist.ports.forEach((port, p) => {
    if (port.direction !== 'output') return;
    const isOpen = ports.delays[p].length === 0;
    if ((isOpen && !input.exceptions.hasDelays) || ports.isFalse[p]) unconstrained++;
    else checkPort(input, checker, endpointAt(netlist.pinNet.length + p), p);
  });
  const all = [...endpoints.values()];
  const timed = all.filter((e) => e.setup.slackPs !== NO_SLACK || e.hold.slackPs !== NO_SLACK);
  unconstrained += all.length - timed.length;
  return {
    endpoints: timed.sort((a, b) => a.pin - b.pin),
    unconstrained,
    unclockedPins: [...unclocked],
    requiredPs: checker.requiredPs,
    byClock: map.tags.length > 0 ? checker.byClock : null,
  };
}

/** Slots of a pin edge at which anything arrives. */
function eachSlot({ map, arrivals }: CheckInput, k: number, visit: (slot: number) => void): void {
  for (let slot = map.slotStart[k]; slot < map.slotStart[k + 1]; slot++)
    if (arrivals.latestPs[slot] !== NO_ARRIVAL) visit(slot);
}

function checkRegister(
  input: CheckInput,
  checker: Checker,
  endpoint: EndpointCheck,
  check: TimingLibrary['checks'][number][number],
  clockPinEdge: number,
): void {
  const { lib, map, delays, arrivals } = input;
  for (let edge = 0; edge < 2; edge++) {
    const lut = edge === 0 ? check.riseLut : check.fallLut;
    const k = 2 * endpoint.pin + edge;
    if (lut < 0 || map.slotStart[k] === map.slotStart[k + 1]) continue;
    const isSetup = check.kind === 'setup';
    const timePs = isSetup
      ? lookUp(lib.luts, lut, delays.maxSlewPs[k], delays.minSlewPs[clockPinEdge])
      : lookUp(lib.luts, lut, delays.minSlewPs[k], delays.maxSlewPs[clockPinEdge]);
    eachSlot(input, clockPinEdge, (by) => {
      const clock = map.tags[map.slotTag[by]];
      if (!clock.isClock) return;
      const atPs = isSetup ? arrivals.earliestPs[by] : arrivals.latestPs[by];
      eachSlot(input, k, (slot) =>
        checker.check(endpoint, check.kind, slot, timePs, { edge: clock.edge, atPs, role: 'register' }),
      );
    });
  }
}

function checkGate(
  input: CheckInput,
  checker: Checker,
  endpoint: EndpointCheck,
  gate: { readonly clock: number; readonly isActiveHigh: boolean },
): void {
  const { map, arrivals, clocks, insertions } = input;
  for (const check of ['setup', 'hold'] as const) {
    // Stable before the clock turns active, and until it has turned back.
    const edge = (check === 'setup') === gate.isActiveHigh ? 0 : 1;
    eachSlot(input, 2 * gate.clock + edge, (by) => {
      const clock = map.tags[map.slotTag[by]];
      if (!clock.isClock) return;
      const isSetup = check === 'setup';
      const own = clock.edge >> 1;
      // Inside its network an ideal clock's arrival is the true one; what it captures by is not.
      const atPs = !clocks.list[own].isPropagated
        ? insertions.idealPs(clock.edge, !isSetup) + clocks.edgePs(clock.edge)
        : isSetup
          ? arrivals.earliestPs[by]
          : arrivals.latestPs[by];
      for (let k = 2 * endpoint.pin; k < 2 * endpoint.pin + 2; k++)
        eachSlot(input, k, (slot) => {
          if (map.tags[map.slotTag[slot]].isClock) return;
          checker.check(endpoint, check, slot, 0, { edge: clock.edge, atPs, role: 'gate' });
        });
    });
  }
}

function checkPort(input: CheckInput, checker: Checker, endpoint: EndpointCheck, p: number): void {
  const { ports, insertions } = input;
  for (let k = 2 * endpoint.pin; k < 2 * endpoint.pin + 2; k++)
    eachSlot(input, k, (slot) => {
      for (const delay of ports.delays[p]) {
        const [late, early] = insertions.ofPortDelay(delay);
        const { edge } = delay;
        checker.check(endpoint, 'setup', slot, delay.maxPs, { edge, atPs: early, role: 'port' });
        checker.check(endpoint, 'hold', slot, -delay.minPs, { edge, atPs: late, role: 'port' });
      }
      if (ports.delays[p].length > 0) return;
      checker.checkOpenPort(endpoint, 'setup', slot);
      checker.checkOpenPort(endpoint, 'hold', slot);
    });
}
