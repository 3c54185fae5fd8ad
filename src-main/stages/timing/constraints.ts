/** Constraints of ports resolved to arrays over Netlist.ports. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Clocks } from './clocks.ts';
import type { NameIndex } from './pins.ts';
import type { Constraints, PortDelay } from './types.ts';

/** A port's delay against one clock edge. */
export interface DatedDelay {
  /** 2 * clock + (1 for the falling edge) */
  readonly edge: number;
  /** Latency of a virtual clock in place of the clock's own; null = the clock's. */
  readonly latencyPs: number | null;
  readonly minPs: number;
  readonly maxPs: number;
}

export interface PortConstraints {
  /** [ports] none = not analysed */
  readonly delays: readonly (readonly DatedDelay[])[];
  readonly slewPs: Float64Array;
  readonly loadFf: Float64Array;
  /** [ports] master and pin of the driving cell, -1 = none */
  readonly driverMaster: Int32Array;
  readonly driverPin: Int32Array;
  /** [ports] 1 = no path from or to */
  readonly isFalse: Uint8Array;
  /** Endpoint pins with exceptions: pin id -> false path, cycles of setup and hold. */
  readonly exceptions: ReadonlyMap<number, EndpointException>;
}

export interface EndpointException {
  readonly isFalse: boolean;
  readonly setupCycles: number;
  /** Cycles by which hold is checked later than at the launching edge. */
  readonly holdCycles: number;
}

const ONE_CYCLE: EndpointException = { isFalse: false, setupCycles: 1, holdCycles: 0 };

/** Exceptions by pin id. Throws TIMING-012 for a port or pin that is not there. */
function endpointExceptions(names: NameIndex, c: Constraints): Map<number, EndpointException> {
  const found = new Map<number, EndpointException>();
  const change = (name: string, of: (old: EndpointException) => EndpointException): void => {
    const pin = names.pin(name);
    found.set(pin, of(found.get(pin) ?? ONE_CYCLE));
  };
  for (const m of c.multicycles)
    for (const name of m.to)
      change(name, (old) => {
        const setupCycles = m.setup ?? old.setupCycles;
        // As SDC has it: hold is checked one cycle before setup, and its own multiplier moves it back from there.
        const back = m.hold ?? old.setupCycles - 1 - old.holdCycles;
        return { ...old, setupCycles, holdCycles: setupCycles - 1 - back };
      });
  for (const name of c.falsePathsTo)
    if (name.includes('/')) change(name, (old) => ({ ...old, isFalse: true }));
  return found;
}

/** One clock on `clockPort`, nothing else said: inputs arrive and outputs are due at the clock edges. */
export function defaultConstraints(clockPort: string, periodPs: number): Constraints {
  return {
    clockName: clockPort,
    clockPort,
    periodPs,
    isClockPropagated: false,
    clockLatencyPs: 0,
    clockSourceLatencyPs: 0,
    clockSlewPs: 0,
    setupUncertaintyPs: 0,
    holdUncertaintyPs: 0,
    inputDelays: [{ ports: null, minPs: 0, maxPs: 0 }],
    outputDelays: [{ ports: null, minPs: 0, maxPs: 0 }],
    inputSlewsPs: [],
    outputLoadsFf: [],
    drivingCells: [],
    falsePathsFrom: [],
    falsePathsTo: [],
    multicycles: [],
    limits: { maxSlewPs: null, maxLoadFf: null, maxFanout: null },
  };
}

const MAX_CYCLES = 10_000;
const MAX_THROUGH = 30;

function checkNumbers(c: Constraints): void {
  const bad = (what: string): IngotError => new IngotError('TIMING-010', `constraint out of range: ${what}`);
  const nonNegative: [string, number][] = [
    ...c.inputSlewsPs.map((v): [string, number] => ['input slew', v.value]),
    ...c.outputLoadsFf.map((v): [string, number] => ['output load', v.value]),
  ];
  for (const [what, value] of nonNegative)
    if (!(value >= 0) || !Number.isFinite(value)) throw bad(`${what} ${value}`);
  for (const d of [...c.inputDelays, ...c.outputDelays])
    if (!Number.isFinite(d.minPs) || !Number.isFinite(d.maxPs)) throw bad('a port delay');
  for (const m of c.multicycles)
    for (const cycles of [m.setup, m.hold])
      if (cycles !== null && (!Number.isInteger(cycles) || cycles < 0 || cycles > MAX_CYCLES))
        throw bad(`${cycles} cycles`);
  for (const e of c.exceptions ?? []) {
    const isCount = Number.isInteger(e.value) && e.value >= 0 && e.value <= MAX_CYCLES;
    if (e.kind === 'multicycle' ? !isCount : !Number.isFinite(e.value))
      throw bad(`${e.value} of a ${e.kind} path`);
    if (e.through.length > MAX_THROUGH) throw bad(`${e.through.length} points to pass`);
  }
  for (const limit of Object.values(c.limits))
    if (limit !== null && !(limit > 0 && Number.isFinite(limit))) throw bad(`limit ${limit}`);
}

/** Throws TIMING-010, -012 and -013. */
export function resolvePorts(
  netlist: Netlist,
  kit: Kit,
  names: NameIndex,
  clocks: Clocks,
  c: Constraints,
): PortConstraints {
  checkNumbers(c);
  const count = netlist.ports.length;
  const pins = netlist.pinNet.length;
  const index = new Map(netlist.ports.map((port, p) => [port.name, p]));
  const isClockPort = (p: number): boolean => clocks.startingAt.has(pins + p);
  const delays: DatedDelay[][] = netlist.ports.map(() => []);
  const result = {
    delays,
    slewPs: new Float64Array(count),
    loadFf: new Float64Array(count),
    driverMaster: new Int32Array(count).fill(-1),
    driverPin: new Int32Array(count).fill(-1),
    isFalse: new Uint8Array(count),
    exceptions: endpointExceptions(names, c),
  };
  const each = (
    names: readonly string[] | null,
    direction: 'input' | 'output',
    includeClock: boolean,
    set: (p: number) => void,
  ): void => {
    const all = names ?? netlist.ports.map((port) => port.name);
    for (const name of all) {
      const p = index.get(name);
      if (p === undefined) throw new IngotError('TIMING-012', `there is no port ${name}`, { place: name });
      if (netlist.ports[p].direction === direction) {
        if (includeClock || !isClockPort(p)) set(p);
      } else if (names)
        throw new IngotError('TIMING-012', `port ${name} is no ${direction}`, { place: name });
    }
  };
  for (const [given, direction] of [
    [c.inputDelays, 'input'],
    [c.outputDelays, 'output'],
  ] as const)
    for (const d of given) {
      const clock = d.clock === undefined ? 0 : clocks.byName(d.clock);
      const dated = datedDelay(d, clock);
      each(d.ports, direction, false, (p) => {
        delays[p] = d.isAdded ? withDelay(delays[p], dated) : [dated];
      });
    }
  for (const v of c.inputSlewsPs) each(v.ports, 'input', true, (p) => (result.slewPs[p] = v.value));
  for (const v of c.outputLoadsFf) each(v.ports, 'output', false, (p) => (result.loadFf[p] = v.value));
  for (const d of c.drivingCells) {
    const master = kit.masters.findIndex((m) => m.name === d.master);
    const pin = master < 0 ? -1 : kit.masters[master].pins.findIndex((q) => q.name === d.pin);
    if (pin < 0)
      throw new IngotError('TIMING-013', `the kit has no ${d.master}/${d.pin}`, { place: d.master });
    each(d.ports, 'input', true, (p) => {
      result.driverMaster[p] = master;
      result.driverPin[p] = pin;
    });
  }
  each(c.falsePathsFrom, 'input', true, (p) => (result.isFalse[p] = 1));
  const ports = c.falsePathsTo.filter((name) => !name.includes('/'));
  each(ports, 'output', false, (p) => (result.isFalse[p] = 1));
  return result;
}

const datedDelay = (d: PortDelay, clock: number): DatedDelay => ({
  edge: 2 * clock + (d.isClockFall ? 1 : 0),
  latencyPs: d.virtualLatencyPs ?? null,
  minPs: d.minPs,
  maxPs: d.maxPs,
});

/** Of two delays against one edge the later and the earlier count, one for each check. */
function withDelay(old: readonly DatedDelay[], added: DatedDelay): DatedDelay[] {
  const same = old.find((d) => d.edge === added.edge);
  if (!same) return [...old, added];
  const minPs = Math.min(same.minPs, added.minPs);
  const maxPs = Math.max(same.maxPs, added.maxPs);
  return old.map((d) => (d === same ? { ...added, minPs, maxPs } : d));
}
