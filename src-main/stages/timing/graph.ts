/**
 * The order in which pins are evaluated, the clock network, and constants. Nodes are the Netlist's pin ids;
 * edges are implicit (net: driver to sinks; cell: the library's arcs), so nothing is stored per edge.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { parseFunction } from '../kit/function.ts';
import { NONE, pinInstances, pinName, type Netlist } from '../netlist/index.ts';
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
  /** [pins and ports] 1 = on the clock network (register clock pins included) */
  readonly isClock: Uint8Array;
  /** Evaluation order; pins on a combinational loop are missing. */
  readonly order: Int32Array;
  readonly diagnostics: readonly Diagnostic[];
}

/** Whether arc a of an instance starting at pin `start` can be followed, given constants. */
export function isArcEnabled(
  lib: TimingLibrary,
  kit: Kit,
  netlist: Netlist,
  constant: Uint8Array,
  inst: number,
  a: number,
): boolean {
  const start = netlist.instPinStart[inst];
  if (netlist.pinNet[start + lib.arcFrom[a]] === NONE) return false;
  if (constant[start + lib.arcFrom[a]] !== UNKNOWN || constant[start + lib.arcTo[a]] !== UNKNOWN)
    return false;
  const when = lib.arcWhen[a];
  if (!when) return true;
  const master = kit.masters[netlist.instMaster[inst]];
  return (
    evaluateLogic(when, (name) => {
      const k = master.pins.findIndex((p) => p.name === name);
      return k < 0 ? UNKNOWN : (constant[start + k] as Logic);
    }) !== 0
  );
}

export function buildGraph(netlist: Netlist, kit: Kit, lib: TimingLibrary, clockPort: number): TimingGraph {
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
  const isClock = findClockNetwork(netlist, lib, pinInst, constant, pins + clockPort);
  const order = levelise(netlist, kit, lib, pinInst, pinDriver, constant, isClock, diagnostics);
  return { pinDriver, pinInst, constant, isClock, order, diagnostics };
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

/** Forward from the clock port through nets and combinational arcs (buffers, gates, clock gates). */
function findClockNetwork(
  netlist: Netlist,
  lib: TimingLibrary,
  pinInst: Int32Array,
  constant: Uint8Array,
  source: number,
): Uint8Array {
  const pins = netlist.pinNet.length;
  const isClock = new Uint8Array(pins + netlist.ports.length);
  const stack = [source];
  isClock[source] = 1;
  while (stack.length > 0) {
    const driver = stack.pop()!;
    const n = driver >= pins ? netlist.ports[driver - pins].net : netlist.pinNet[driver];
    if (n === NONE) continue;
    for (let q = netlist.netPinStart[n]; q < netlist.netPinStart[n + 1]; q++) {
      const sink = netlist.netPins[q];
      if (isClock[sink] || constant[sink] !== UNKNOWN) continue;
      isClock[sink] = 1;
      if (sink >= pins) continue;
      const i = pinInst[sink];
      const row = lib.pinStart[netlist.instMaster[i]] + sink - netlist.instPinStart[i];
      for (let k = lib.outOfStart[row]; k < lib.outOfStart[row + 1]; k++) {
        const a = lib.outOfArc[k];
        const to = netlist.instPinStart[i] + lib.arcTo[a];
        if (lib.arcIsLaunch[a] || isClock[to]) continue;
        isClock[to] = 1;
        stack.push(to);
      }
    }
  }
  return isClock;
}

/** Arcs that propagation follows: enabled, and into the clock network only from the clock network. */
export function isArcFollowed(isClock: Uint8Array, from: number, to: number, isLaunch: boolean): boolean {
  return !(isClock[to] && !isClock[from]) && !(isLaunch && !isClock[from]);
}

function levelise(
  netlist: Netlist,
  kit: Kit,
  lib: TimingLibrary,
  pinInst: Int32Array,
  pinDriver: Int32Array,
  constant: Uint8Array,
  isClock: Uint8Array,
  diagnostics: Diagnostic[],
): Int32Array {
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const waiting = new Int32Array(total);
  const followed = (inst: number, a: number): boolean => {
    const start = netlist.instPinStart[inst];
    return (
      isArcFollowed(isClock, start + lib.arcFrom[a], start + lib.arcTo[a], lib.arcIsLaunch[a] === 1) &&
      isArcEnabled(lib, kit, netlist, constant, inst, a)
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
  if (tail < total) {
    const stuck = waiting.findIndex((w) => w > 0);
    diagnostics.push({
      code: 'TIMING-031',
      severity: 'error',
      message: `${total - tail} pins are on or behind a combinational loop and are not timed`,
      place: pinName(netlist, kit, pinInst, stuck),
      remedy: 'break the loop with a register',
    });
  }
  return order.subarray(0, tail);
}
