/**
 * The order in which pins are evaluated, the clock network, and constants. Nodes are the Netlist's pin ids;
 * edges are implicit (net: driver to sinks; cell: the library's arcs), so nothing is stored per edge.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { functionVariables, parseFunction, type Expression } from '../kit/function.ts';
import { NONE, pinInstances, pinName, type Netlist } from '../netlist/index.ts';
import type { Clocks } from './clocks.ts';
import type { TimingLibrary } from './library.ts';
import { evaluateLogic, UNKNOWN } from './logic.ts';
import type { Logic } from './logic.ts';

export interface TimingGraph {
  /** [pins and ports] driver of the pin's net, NONE for drivers and unconnected pins */
  readonly pinDriver: Int32Array;
  /** [pins] instance of each pin */
  readonly pinInst: Int32Array;
  /** [pins and ports] 0, 1 or 2 = not constant */
  readonly constant: Uint8Array;
  /** [instances] 1 = an input is constant or not connected, so that not every arc can carry an edge */
  readonly hasIdleInput: Uint8Array;
  /** [pins and ports] 1 = on the network of a clock (register clock pins included) */
  readonly isClock: Uint8Array;
  /** Whether data arcs into the clock network (enables of plain gates) are followed: not if that closes a loop. */
  readonly isDataIntoClock: boolean;
  /**
   * [pins and ports] slews of ideal clocks there, NaN where none; null = no ideal clock. On their whole networks, or,
   * where a clock is data somewhere (and its true delays count), at registers' clock pins only.
   */
  readonly idealSlew: { readonly max: Float64Array; readonly min: Float64Array } | null;
  /** Evaluation order; pins on a combinational loop are missing. */
  readonly order: Int32Array;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ArcInput {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly lib: TimingLibrary;
  readonly graph: Pick<TimingGraph, 'constant' | 'hasIdleInput'>;
}

/**
 * Whether arc a of an instance can carry an edge: neither end constant, its condition possible, and the output
 * moved by that input under some values of the others.
 */
export function isArcEnabled({ netlist, kit, lib, graph }: ArcInput, inst: number, a: number): boolean {
  const { constant, hasIdleInput } = graph;
  if (hasIdleInput[inst] === 0) return true;
  const start = netlist.instPinStart[inst];
  const [from, to] = [lib.arcFrom[a], lib.arcTo[a]];
  if (netlist.pinNet[start + from] === NONE) return false;
  if (constant[start + from] !== UNKNOWN || constant[start + to] !== UNKNOWN) return false;
  const { pins } = kit.masters[netlist.instMaster[inst]];
  const valueOf = (name: string): Logic => {
    const k = pins.findIndex((p) => p.name === name);
    return k < 0 ? UNKNOWN : (constant[start + k] as Logic);
  };
  const when = lib.arcWhen[a];
  if (when && evaluateLogic(when, valueOf) === 0) return false;
  const output = lib.pinFunction[lib.pinStart[netlist.instMaster[inst]] + to];
  return output === null || canMove(output, pins[from].name, valueOf);
}

/** Whether a function differs between input = 0 and 1 for some values of the inputs that `valueOf` leaves open. */
function canMove(output: Expression, input: string, valueOf: (name: string) => Logic): boolean {
  const names = functionVariables(output);
  const open = names.filter((name) => name !== input && valueOf(name) === UNKNOWN);
  for (let choice = 0; choice < 1 << open.length; choice++) {
    const at = (value: Logic): Logic =>
      evaluateLogic(output, (name) => {
        if (name === input) return value;
        const k = open.indexOf(name);
        return k < 0 ? valueOf(name) : (((choice >> k) & 1) as Logic);
      });
    if (at(0) !== at(1)) return true;
  }
  return false;
}

export function buildGraph(netlist: Netlist, kit: Kit, lib: TimingLibrary, clocks: Clocks): TimingGraph {
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const pinDriver = new Int32Array(total).fill(NONE);
  const pinInst = pinInstances(netlist);
  const diagnostics: Diagnostic[] = [];
  for (let n = 0; n < netlist.netNames.length; n++) {
    const first = netlist.netPinStart[n];
    const end = netlist.netPinStart[n + 1];
    if (first === end) continue;
    const driver = netlist.netPins[first];
    const isSource =
      driver >= pins
        ? netlist.ports[driver - pins].direction === 'input'
        : kit.masters[netlist.instMaster[pinInst[driver]]].pins[
            driver - netlist.instPinStart[pinInst[driver]]
          ].direction !== 'input';
    if (!isSource) {
      diagnostics.push({
        code: 'TIMING-030',
        severity: 'warning',
        message: 'the net has no driver',
        place: netlist.netNames[n],
      });
      continue;
    }
    for (let k = first + 1; k < end; k++) pinDriver[netlist.netPins[k]] = driver;
  }
  const constant = findConstants(netlist, kit, pinInst);
  const { isClock, idealSlew } = clockNetworks(netlist, lib, pinInst, constant, clocks);
  let isDataIntoClock = hasDataIntoClock(netlist, lib, isClock);
  const hasIdleInput = idleInputs(netlist, kit, constant);
  const arcs = { netlist, kit, lib, graph: { constant, hasIdleInput } };
  const isEnabled = (inst: number, a: number): boolean => isArcEnabled(arcs, inst, a);
  let leveled = levelise(netlist, kit, lib, pinInst, pinDriver, isEnabled, isClock, isDataIntoClock);
  if (leveled.loop && isDataIntoClock) {
    isDataIntoClock = false;
    leveled = levelise(netlist, kit, lib, pinInst, pinDriver, isEnabled, isClock, isDataIntoClock);
  }
  if (leveled.loop) diagnostics.push(leveled.loop);
  const { order } = leveled;
  return {
    pinDriver,
    pinInst,
    constant,
    hasIdleInput,
    isClock,
    isDataIntoClock,
    idealSlew,
    order,
    diagnostics,
  };
}

/** Networks of all clocks, each up to where another one starts. */
function clockNetworks(
  netlist: Netlist,
  lib: TimingLibrary,
  pinInst: Int32Array,
  constant: Uint8Array,
  clocks: Clocks,
): Pick<TimingGraph, 'isClock' | 'idealSlew'> {
  const total = netlist.pinNet.length + netlist.ports.length;
  const isClock = new Uint8Array(total);
  const hasIdeal = clocks.list.some((c) => !c.isPropagated && c.sources.length > 0);
  const idealSlew = hasIdeal
    ? { max: new Float64Array(total).fill(Number.NaN), min: new Float64Array(total).fill(Number.NaN) }
    : null;
  const networks = clocks.list.map((clock, k) => {
    if (clock.sources.length === 0) return null;
    const isEnd = (pin: number): boolean => {
      const starting = clocks.startingAt.get(pin);
      return starting !== undefined && !starting.includes(k);
    };
    return findClockNetwork(netlist, lib, pinInst, constant, clock.sources, isEnd);
  });
  networks.forEach((own) => own?.forEach((reached, pin) => (isClock[pin] |= reached)));
  if (!idealSlew) return { isClock, idealSlew };
  const registerPins = clockUse(netlist, lib, isClock);
  const { max, min } = idealSlew;
  networks.forEach((own, k) => {
    const { slewPs, isPropagated } = clocks.list[k];
    if (isPropagated) return;
    own?.forEach((reached, pin) => {
      if (!reached || (registerPins && !registerPins[pin])) return;
      max[pin] = max[pin] > slewPs ? max[pin] : slewPs;
      min[pin] = min[pin] < slewPs ? min[pin] : slewPs;
    });
  });
  return { isClock, idealSlew };
}

/** [pins and ports] registers' clock pins; null where no clock is used as data. */
function clockUse(netlist: Netlist, lib: TimingLibrary, isClock: Uint8Array): Uint8Array | null {
  const registerPins = new Uint8Array(isClock.length);
  let isData = netlist.ports.some(
    (port, p) => port.direction === 'output' && isClock[netlist.pinNet.length + p] === 1,
  );
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const start = netlist.instPinStart[i];
    const m = netlist.instMaster[i];
    for (const check of lib.checks[m]) {
      registerPins[start + check.clockPin] = 1;
      if (isClock[start + check.dataPin]) isData = true;
    }
    for (let a = lib.arcStart[m]; a < lib.arcStart[m + 1]; a++)
      if (lib.arcIsLaunch[a]) registerPins[start + lib.arcFrom[a]] = 1;
  }
  return isData ? registerPins : null;
}

function hasDataIntoClock(netlist: Netlist, lib: TimingLibrary, isClock: Uint8Array): boolean {
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const start = netlist.instPinStart[i];
    const m = netlist.instMaster[i];
    for (let a = lib.arcStart[m]; a < lib.arcStart[m + 1]; a++)
      if (!lib.arcIsLaunch[a] && isClock[start + lib.arcTo[a]] && !isClock[start + lib.arcFrom[a]])
        return true;
  }
  return false;
}

function idleInputs(netlist: Netlist, kit: Kit, constant: Uint8Array): Uint8Array {
  return Uint8Array.from(netlist.instMaster, (m, i) => {
    const start = netlist.instPinStart[i];
    const isIdle = kit.masters[m].pins.some(
      (p, k) =>
        p.direction === 'input' && (constant[start + k] !== UNKNOWN || netlist.pinNet[start + k] === NONE),
    );
    return isIdle ? 1 : 0;
  });
}

/** Tie cells and what follows from them, through functions; registers stop it. */
function findConstants(netlist: Netlist, kit: Kit, pinInst: Int32Array): Uint8Array {
  const pins = netlist.pinNet.length;
  const constant = new Uint8Array(pins + netlist.ports.length).fill(UNKNOWN);
  const functions = kit.masters.map((m) =>
    m.sequential
      ? []
      : m.pins.map((p) => (p.direction === 'output' && p.function ? parseFunction(p.function) : null)),
  );
  const isTie = kit.masters.map(
    (m) =>
      !m.sequential &&
      m.pins.some((p) => p.direction === 'output' && (p.function === '0' || p.function === '1')),
  );
  const queue: number[] = [];
  for (let i = 0; i < netlist.instMaster.length; i++) if (isTie[netlist.instMaster[i]]) queue.push(i);
  for (let head = 0; head < queue.length; head++) {
    const i = queue[head];
    const m = netlist.instMaster[i];
    const start = netlist.instPinStart[i];
    const index = new Map(kit.masters[m].pins.map((p, k) => [p.name, k]));
    functions[m].forEach((f, k) => {
      if (!f || constant[start + k] !== UNKNOWN) return;
      const value = evaluateLogic(
        f,
        (name) => (constant[start + (index.get(name) ?? 0)] ?? UNKNOWN) as Logic,
      );
      if (value === UNKNOWN) return;
      constant[start + k] = value;
      const n = netlist.pinNet[start + k];
      if (n === NONE) return;
      for (let q = netlist.netPinStart[n] + 1; q < netlist.netPinStart[n + 1]; q++) {
        const sink = netlist.netPins[q];
        constant[sink] = value;
        if (sink < pins) queue.push(pinInst[sink]);
      }
    });
  }
  return constant;
}

/** Forward from the clock's sources through nets and combinational arcs (buffers, gates, clock gates). */
function findClockNetwork(
  netlist: Netlist,
  lib: TimingLibrary,
  pinInst: Int32Array,
  constant: Uint8Array,
  sources: readonly number[],
  isEnd: (pin: number) => boolean,
): Uint8Array {
  const pins = netlist.pinNet.length;
  const isClock = new Uint8Array(pins + netlist.ports.length);
  const stack: number[] = [];
  const throughCell = (pin: number): void => {
    const i = pinInst[pin];
    const row = lib.pinStart[netlist.instMaster[i]] + pin - netlist.instPinStart[i];
    for (let k = lib.outOfStart[row]; k < lib.outOfStart[row + 1]; k++) {
      const a = lib.outOfArc[k];
      const to = netlist.instPinStart[i] + lib.arcTo[a];
      if (lib.arcIsLaunch[a] || isClock[to]) continue;
      isClock[to] = 1;
      if (!isEnd(to)) stack.push(to);
    }
  };
  for (const source of sources) {
    isClock[source] = 1;
    stack.push(source);
  }
  while (stack.length > 0) {
    const driver = stack.pop()!;
    const n = driver >= pins ? netlist.ports[driver - pins].net : netlist.pinNet[driver];
    if (n === NONE) continue;
    if (netlist.netPins[netlist.netPinStart[n]] !== driver) {
      // A clock that starts at an input pin.
      if (driver < pins) throughCell(driver);
      continue;
    }
    for (let q = netlist.netPinStart[n]; q < netlist.netPinStart[n + 1]; q++) {
      const sink = netlist.netPins[q];
      if (isClock[sink] || constant[sink] !== UNKNOWN) continue;
      isClock[sink] = 1;
      if (sink < pins && !isEnd(sink)) throughCell(sink);
    }
  }
  return isClock;
}

/** Arcs that propagation follows: launches by a clock only, and into the clock network see `isDataIntoClock`. */
export function isArcFollowed(
  { isClock, isDataIntoClock }: Pick<TimingGraph, 'isClock' | 'isDataIntoClock'>,
  from: number,
  to: number,
  isLaunch: boolean,
): boolean {
  if (isClock[from]) return true;
  return !isLaunch && (isDataIntoClock || !isClock[to]);
}

function levelise(
  netlist: Netlist,
  kit: Kit,
  lib: TimingLibrary,
  pinInst: Int32Array,
  pinDriver: Int32Array,
  isEnabled: (inst: number, a: number) => boolean,
  isClock: Uint8Array,
  isDataIntoClock: boolean,
): { order: Int32Array; loop: Diagnostic | null } {
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const waiting = new Int32Array(total);
  const clockwise = { isClock, isDataIntoClock };
  const followed = (inst: number, a: number): boolean => {
    const start = netlist.instPinStart[inst];
    return (
      isArcFollowed(clockwise, start + lib.arcFrom[a], start + lib.arcTo[a], lib.arcIsLaunch[a] === 1) &&
      isEnabled(inst, a)
    );
  };
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const m = netlist.instMaster[i];
    const start = netlist.instPinStart[i];
    for (let a = lib.arcStart[m]; a < lib.arcStart[m + 1]; a++)
      if (followed(i, a)) waiting[start + lib.arcTo[a]]++;
  }
  const order = new Int32Array(total);
  let tail = 0;
  for (let p = 0; p < total; p++) {
    if (pinDriver[p] !== NONE) waiting[p]++;
    if (waiting[p] === 0) order[tail++] = p;
  }
  for (let head = 0; head < tail; head++) {
    const p = order[head];
    const isPort = p >= pins;
    const n = isPort ? netlist.ports[p - pins].net : netlist.pinNet[p];
    if (n !== NONE && netlist.netPins[netlist.netPinStart[n]] === p)
      for (let q = netlist.netPinStart[n] + 1; q < netlist.netPinStart[n + 1]; q++) {
        const sink = netlist.netPins[q];
        if (pinDriver[sink] === p && --waiting[sink] === 0) order[tail++] = sink;
      }
    if (isPort) continue;
    const i = pinInst[p];
    const row = lib.pinStart[netlist.instMaster[i]] + p - netlist.instPinStart[i];
    for (let k = lib.outOfStart[row]; k < lib.outOfStart[row + 1]; k++) {
      const a = lib.outOfArc[k];
      if (!followed(i, a)) continue;
      const to = netlist.instPinStart[i] + lib.arcTo[a];
      if (--waiting[to] === 0) order[tail++] = to;
    }
  }
  if (tail === total) return { order, loop: null };
  const stuck = waiting.findIndex((w) => w > 0);
  const loop: Diagnostic = {
    code: 'TIMING-031',
    severity: 'error',
    message: `${total - tail} pins are on or behind a combinational loop and are not timed`,
    place: pinName(netlist, kit, pinInst, stuck),
    remedy: 'break the loop with a register',
  };
  return { order: order.subarray(0, tail), loop };
}
