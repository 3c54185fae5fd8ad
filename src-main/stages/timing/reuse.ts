/**
 * Delays of a netlist before a few changes, for one behind them: cells resized, buffers added, sinks moved, wires
 * changed. Instances and ports are known by their index, which edits keep (new ones come last). An output is known
 * when its cell, the load of its net pin for pin, and the slews and constants of its cell's inputs are what they
 * were; then all that is computed for it is copied. So work is done in the cone behind each change as far as slews
 * really differ, and the result is that of a full computation to the bit.
 */
import { NONE } from '../netlist/types.ts';
import type { DelayInput, Delays } from './delays.ts';

export interface KnownDelays {
  /** Copies slews, arcs and wires of an output pin; false = must be computed. Pins must come in order of evaluation. */
  copy(pin: number, into: Omit<Delays, 'computedPins' | 'outputPins'>): boolean;
}

export function knownDelays(
  now: DelayInput,
  before: DelayInput & { readonly delays: Delays },
): KnownDelays | null {
  const { netlist, graph, loads } = now;
  const old = before.netlist;
  const was = before.delays;
  if (before.kit !== now.kit || old.instMaster.length > netlist.instMaster.length) return null;
  if (old.ports.length !== netlist.ports.length) return null;
  const pins = netlist.pinNet.length;
  const oldPins = old.pinNet.length;
  const oldInsts = old.instMaster.length;
  const sameMaster = new Uint8Array(oldInsts);
  for (let i = 0; i < oldInsts; i++) sameMaster[i] = netlist.instMaster[i] === old.instMaster[i] ? 1 : 0;
  const oldPin = (pin: number): number => {
    if (pin >= pins) return oldPins + pin - pins;
    const inst = graph.pinInst[pin];
    if (inst >= oldInsts || !sameMaster[inst]) return NONE;
    return old.instPinStart[inst] + pin - netlist.instPinStart[inst];
  };
  const sameNet = (net: number, wasNet: number): boolean => {
    if (net === NONE || wasNet === NONE) return net === wasNet;
    for (let edge = 0; edge < 2; edge++) {
      const [a, b] = [2 * net + edge, 2 * wasNet + edge];
      if (loads.nearFf[a] !== before.loads.nearFf[b]) return false;
      if (loads.resKohm[a] !== before.loads.resKohm[b]) return false;
      if (loads.farFf[a] !== before.loads.farFf[b]) return false;
    }
    const first = netlist.netPinStart[net];
    const oldFirst = old.netPinStart[wasNet];
    const count = netlist.netPinStart[net + 1] - first;
    if (count !== old.netPinStart[wasNet + 1] - oldFirst) return false;
    for (let q = 0; q < count; q++) {
      const pin = netlist.netPins[first + q];
      // A resized sink is the same node of the wire: its index decides, not its cell.
      const wasPin = old.netPins[oldFirst + q];
      if (!sameNode(pin, wasPin)) return false;
      for (let edge = 0; edge < 2; edge++)
        if (loads.elmorePs[2 * pin + edge] !== before.loads.elmorePs[2 * wasPin + edge]) return false;
    }
    return true;
  };
  const sameNode = (pin: number, wasPin: number): boolean => {
    if (pin >= pins || wasPin >= oldPins) return pin - pins === wasPin - oldPins;
    const inst = graph.pinInst[pin];
    return (
      inst === before.graph.pinInst[wasPin] &&
      pin - netlist.instPinStart[inst] === wasPin - old.instPinStart[inst]
    );
  };
  const sameClock = (pin: number, wasPin: number): boolean =>
    graph.isClock[pin] === before.graph.isClock[wasPin] &&
    graph.constant[pin] === before.graph.constant[wasPin];
  const isSameMode = graph.isDataIntoClock === before.graph.isDataIntoClock;
  const copySpan = (from: Float64Array, to: Float64Array, a: number, b: number, count: number): void => {
    for (let i = 0; i < count; i++) to[b + i] = from[a + i];
  };
  return {
    copy(pin, into) {
      const inst = graph.pinInst[pin];
      const wasPin = oldPin(pin);
      if (wasPin === NONE || !isSameMode || !sameClock(pin, wasPin)) return false;
      const net = netlist.pinNet[pin];
      const wasNet = old.pinNet[wasPin];
      if (!sameNet(net, wasNet)) return false;
      const start = netlist.instPinStart[inst];
      const wasStart = old.instPinStart[inst];
      const count = netlist.instPinStart[inst + 1] - start;
      for (let k = 0; k < count; k++) {
        const [input, wasInput] = [start + k, wasStart + k];
        if (input === pin) continue;
        if ((netlist.pinNet[input] === NONE) !== (old.pinNet[wasInput] === NONE)) return false;
        if (!sameClock(input, wasInput)) return false;
      }
      const { lib } = now;
      const m = netlist.instMaster[inst];
      const row = lib.pinStart[m] + pin - start;
      // Only pins with an arc to this one: a flop's data is not even known yet.
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        const [input, wasInput] = [2 * (start + lib.arcFrom[a]), 2 * (wasStart + lib.arcFrom[a])];
        for (let edge = 0; edge < 2; edge++)
          if (
            into.maxSlewPs[input + edge] !== was.maxSlewPs[wasInput + edge] ||
            into.minSlewPs[input + edge] !== was.minSlewPs[wasInput + edge]
          )
            return false;
      }
      copySpan(was.maxSlewPs, into.maxSlewPs, 2 * wasPin, 2 * pin, 2);
      copySpan(was.minSlewPs, into.minSlewPs, 2 * wasPin, 2 * pin, 2);
      const arc = lib.intoStart[row];
      const shift = arc - lib.arcStart[m];
      const span = 4 * (lib.intoStart[row + 1] - arc);
      const [wasArc, newArc] = [4 * (was.arcStart[inst] + shift), 4 * (into.arcStart[inst] + shift)];
      copySpan(was.latePs, into.latePs, wasArc, newArc, span);
      copySpan(was.earlyPs, into.earlyPs, wasArc, newArc, span);
      if (net === NONE) return true;
      for (let q = netlist.netPinStart[net] + 1; q < netlist.netPinStart[net + 1]; q++) {
        const sink = netlist.netPins[q];
        const wasSink = old.netPins[old.netPinStart[wasNet] + q - netlist.netPinStart[net]];
        copySpan(was.maxSlewPs, into.maxSlewPs, 2 * wasSink, 2 * sink, 2);
        copySpan(was.minSlewPs, into.minSlewPs, 2 * wasSink, 2 * sink, 2);
        copySpan(was.maxWirePs, into.maxWirePs, 2 * wasSink, 2 * sink, 2);
        copySpan(was.minWirePs, into.minWirePs, 2 * wasSink, 2 * sink, 2);
      }
      return true;
    },
  };
}
