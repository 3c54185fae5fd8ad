/**
 * Slews of every pin and delays of every arc and wire, rise and fall, late and early, in one forward pass. The slowest
 * slew goes with the late delay even where they come from different inputs, the fastest with the early one
 * (graph-based analysis). No arrival is needed for this, so clocks and exceptions have no part in it. Index of all
 * [2 * pins] arrays: 2 * pin + edge, edge 0 = rise, 1 = fall. Given delays of the same netlist before a few changes,
 * only pins whose own load or cell or whose inputs changed are computed; the rest is copied, to the same bits.
 */
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { Driver } from './ceff.ts';
import type { PortConstraints } from './constraints.ts';
import { isArcEnabled, isArcFollowed } from './graph.ts';
import type { TimingGraph } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import type { TimingLibrary } from './library.ts';
import type { NetLoads } from './loads.ts';
import { lookUp } from './lut.ts';
import type { KnownDelays } from './reuse.ts';

const NO_SLEW = 1e30;

export interface Delays {
  readonly maxSlewPs: Float64Array;
  readonly minSlewPs: Float64Array;
  /** [2 * pins] of sinks: delay of the wire */
  readonly maxWirePs: Float64Array;
  readonly minWirePs: Float64Array;
  /** [insts + 1] first of an instance's arcs, which stand in the library's order */
  readonly arcStart: Int32Array;
  /** [4 * arcs] at 4 * arc + 2 * output edge + input edge; 0 where the arc is not followed */
  readonly latePs: Float64Array;
  readonly earlyPs: Float64Array;
  /** [2 * ports] delay that the load adds to a driving cell's own */
  readonly portExtraPs: Float64Array;
  /** Cell outputs computed, and all of them; the rest was known. */
  readonly computedPins: number;
  readonly outputPins: number;
}

export interface DelayInput {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly lib: TimingLibrary;
  readonly graph: TimingGraph;
  readonly loads: NetLoads;
  readonly ports: PortConstraints;
}

function arcStarts(netlist: Netlist, lib: TimingLibrary): Int32Array {
  const starts = new Int32Array(netlist.instMaster.length + 1);
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const m = netlist.instMaster[i];
    starts[i + 1] = starts[i] + lib.arcStart[m + 1] - lib.arcStart[m];
  }
  return starts;
}

export function computeDelays(input: DelayInput, known: KnownDelays | null = null): Delays {
  const { netlist, kit, lib, graph, loads, ports } = input;
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const maxSlewPs = new Float64Array(2 * total);
  const minSlewPs = new Float64Array(2 * total);
  const maxWirePs = new Float64Array(2 * total);
  const minWirePs = new Float64Array(2 * total);
  const arcStart = arcStarts(netlist, lib);
  const latePs = new Float64Array(4 * arcStart[netlist.instMaster.length]);
  const earlyPs = new Float64Array(latePs.length);
  const portExtraPs = new Float64Array(2 * netlist.ports.length);
  const delays = { maxSlewPs, minSlewPs, maxWirePs, minWirePs, arcStart, latePs, earlyPs, portExtraPs };
  // The slowest and the fastest waveform of the driver at hand; `trial` computes, the winners are swapped in.
  let slow = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  let fast = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  let trial = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  const { pinDriver, pinInst, idealSlew } = graph;
  let computedPins = 0;
  let outputPins = 0;

  /** Wire delay and slew of each sink behind a driver pin; d null = an input port's ideal source. */
  function spread(driver: number, net: number, edge: number, d: Driver | null, isLatest: boolean): void {
    const sourceSlew = isLatest ? maxSlewPs[2 * driver + edge] : minSlewPs[2 * driver + edge];
    const wire = isLatest ? maxWirePs : minWirePs;
    const slews = isLatest ? maxSlewPs : minSlewPs;
    for (let q = netlist.netPinStart[net] + 1; q < netlist.netPinStart[net + 1]; q++) {
      const k = 2 * netlist.netPins[q] + edge;
      const elmore = loads.elmorePs[k];
      if (elmore === 0) {
        wire[k] = 0;
        slews[k] = sourceSlew;
      } else if (d) {
        d.toSink(elmore);
        wire[k] = d.sinkDelayPs;
        slews[k] = d.sinkSlewPs;
      } else {
        // A step through one pole.
        wire[k] = elmore * Math.LN2;
        slews[k] = sourceSlew + elmore * Math.log((1 - kit.slewLower) / (1 - kit.slewUpper));
      }
    }
  }

  function startPort(p: number): void {
    const pin = pins + p;
    const net = netlist.ports[p].net;
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      maxSlewPs[k] = ports.slewPs[p];
      minSlewPs[k] = ports.slewPs[p];
      let source: Driver | null = null;
      if (ports.driverMaster[p] >= 0 && net !== NONE) {
        source = trial;
        portExtraPs[2 * p + edge] = driveByCell(p, edge, net, trial);
        maxSlewPs[k] = trial.slewPs;
        minSlewPs[k] = trial.slewPs;
      }
      if (net === NONE) continue;
      spread(pin, net, edge, source, true);
      spread(pin, net, edge, source, false);
    }
  }

  /** Delay that a driving cell's load adds to its unloaded delay; leaves the waveform in d. */
  function driveByCell(p: number, edge: number, net: number, d: Driver): number {
    const row = lib.pinStart[ports.driverMaster[p]] + ports.driverPin[p];
    const a = lib.intoStart[row];
    if (a === lib.intoStart[row + 1]) return 0;
    const delayLut = lib.arcDelayLut[2 * a + edge];
    const slot = 2 * net + edge;
    d.solve(
      delayLut,
      lib.arcSlewLut[2 * a + edge],
      0,
      loads.nearFf[slot],
      loads.resKohm[slot],
      loads.farFf[slot],
    );
    return d.delayPs - lookUp(lib.luts, delayLut, 0, 0);
  }

  /** Whether anything can be computed: not so at supply pins and open inputs. */
  const isOutput = (pin: number): boolean => {
    const inst = pinInst[pin];
    const row = lib.pinStart[netlist.instMaster[inst]] + pin - netlist.instPinStart[inst];
    return lib.intoStart[row] !== lib.intoStart[row + 1];
  };

  function evaluateOutput(pin: number): void {
    computedPins++;
    const inst = pinInst[pin];
    const start = netlist.instPinStart[inst];
    const master = netlist.instMaster[inst];
    const firstArc = arcStart[inst] - lib.arcStart[master];
    const net = netlist.pinNet[pin];
    const row = lib.pinStart[master] + pin - start;
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const slot = 2 * net + edge;
      const near = net === NONE ? 0 : loads.nearFf[slot];
      const res = net === NONE ? 0 : loads.resKohm[slot];
      const far = net === NONE ? 0 : loads.farFf[slot];
      let minSlew = NO_SLEW;
      let maxSlew = -1;
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        const from = start + lib.arcFrom[a];
        const delayLut = lib.arcDelayLut[2 * a + edge];
        if (delayLut < 0 || !isArcFollowed(graph, from, pin, lib.arcIsLaunch[a] === 1)) continue;
        if (!isArcEnabled(input, inst, a)) continue;
        const slewLut = lib.arcSlewLut[2 * a + edge];
        const cause = lib.arcCause[2 * a + edge];
        for (let inEdge = 0; inEdge < 2; inEdge++) {
          if (!(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
          const j = 2 * from + inEdge;
          const d = 4 * (firstArc + a) + 2 * edge + inEdge;
          // Slews do not ask whether anything arrives: false paths still load and slow the others.
          trial.solve(delayLut, slewLut, maxSlewPs[j], near, res, far);
          latePs[d] = trial.delayPs;
          let fastDelay = trial.delayPs;
          let fastSlew = trial.slewPs;
          if (trial.slewPs > maxSlew) {
            maxSlew = trial.slewPs;
            [slow, trial] = [trial, slow];
          }
          if (minSlewPs[j] !== maxSlewPs[j] || fastSlew < minSlew) {
            trial.solve(delayLut, slewLut, minSlewPs[j], near, res, far);
            fastDelay = trial.delayPs;
            fastSlew = trial.slewPs;
          }
          earlyPs[d] = fastDelay;
          if (fastSlew < minSlew) {
            minSlew = fastSlew;
            [fast, trial] = [trial, fast];
          }
        }
      }
      maxSlewPs[k] = Math.max(maxSlew, 0);
      minSlewPs[k] = minSlew === NO_SLEW ? 0 : minSlew;
      if (net === NONE) continue;
      if (maxSlew >= 0) spread(pin, net, edge, slow, true);
      if (minSlew !== NO_SLEW) spread(pin, net, edge, fast, false);
    }
  }

  for (let p = 0; p < netlist.ports.length; p++) if (netlist.ports[p].direction === 'input') startPort(p);
  for (const pin of graph.order) {
    if (pinDriver[pin] === NONE && pin < pins && isOutput(pin)) {
      outputPins++;
      if (!known?.copy(pin, delays)) evaluateOutput(pin);
    }
    if (!idealSlew || Number.isNaN(idealSlew.max[pin])) continue;
    // An ideal clock switches everywhere with the given slew.
    for (let k = 2 * pin; k < 2 * pin + 2; k++) {
      maxSlewPs[k] = idealSlew.max[pin];
      minSlewPs[k] = idealSlew.min[pin];
    }
  }
  return { ...delays, computedPins, outputPins };
}
