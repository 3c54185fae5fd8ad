/**
 * Arrivals and slews of every pin, rise and fall, latest and earliest, in one forward pass (graph-based:
 * the slowest slew goes with the latest arrival even where they come from different inputs; the fastest
 * with the earliest). Index of all [2 * pins] arrays: 2 * pin + edge, edge 0 = rise, 1 = fall.
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
import { NO_ARRIVAL } from './types.ts';
import type { Constraints } from './types.ts';

export interface Timing {
  /** [2 * pins] NO_ARRIVAL and -NO_ARRIVAL where nothing arrives */
  readonly latestPs: Float64Array;
  readonly earliestPs: Float64Array;
  readonly maxSlewPs: Float64Array;
  readonly minSlewPs: Float64Array;
  /** [2 * pins] arc by which the latest and the earliest came, -1 at starts and sinks */
  readonly latestArc: Int32Array;
  readonly earliestArc: Int32Array;
  /** [2 * pins] edge of the arc's input */
  readonly latestCause: Uint8Array;
  readonly earliestCause: Uint8Array;
  /** [2 * pins] of sinks: delay of the wire */
  readonly maxWirePs: Float64Array;
  readonly minWirePs: Float64Array;
  /** [2 * pins] on the clock network: 1 = this edge comes from the clock's falling edge */
  readonly isFromFall: Uint8Array;
}

export interface PropagateInput {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly lib: TimingLibrary;
  readonly graph: TimingGraph;
  readonly loads: NetLoads;
  readonly ports: PortConstraints;
  readonly constraints: Constraints;
}

export function propagate(input: PropagateInput): Timing {
  const { netlist, kit, lib, graph, loads, ports, constraints } = input;
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const latestPs = new Float64Array(2 * total).fill(NO_ARRIVAL);
  const earliestPs = new Float64Array(2 * total).fill(-NO_ARRIVAL);
  const maxSlewPs = new Float64Array(2 * total);
  const minSlewPs = new Float64Array(2 * total);
  const latestArc = new Int32Array(2 * total).fill(-1);
  const earliestArc = new Int32Array(2 * total).fill(-1);
  const latestCause = new Uint8Array(2 * total);
  const earliestCause = new Uint8Array(2 * total);
  const maxWirePs = new Float64Array(2 * total);
  const minWirePs = new Float64Array(2 * total);
  const isFromFall = new Uint8Array(2 * total);
  // The slowest and the fastest waveform of the driver at hand; `trial` computes, the winners are swapped in.
  let slow = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  let fast = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  let trial = new Driver(lib.luts, kit.slewLower, kit.slewUpper);
  const isIdeal = !constraints.isClockPropagated;
  const idealLatencyPs = constraints.clockSourceLatencyPs + constraints.clockLatencyPs;
  const { isClock, pinDriver, pinInst } = graph;

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
    const isClockPort = p === ports.clockPort;
    const isTimed = isClockPort || (!Number.isNaN(ports.maxDelayPs[p]) && ports.isFalse[p] === 0);
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const at = isClockPort
        ? constraints.clockSourceLatencyPs + (edge * constraints.periodPs) / 2
        : ports.latencyPs[p];
      maxSlewPs[k] = ports.slewPs[p];
      minSlewPs[k] = ports.slewPs[p];
      let source: Driver | null = null;
      let extra = 0;
      if (ports.driverMaster[p] >= 0 && net !== NONE) {
        source = trial;
        extra = driveByCell(p, edge, net, trial);
        maxSlewPs[k] = trial.slewPs;
        minSlewPs[k] = trial.slewPs;
      }
      if (isClockPort) isFromFall[k] = edge;
      if (isTimed) {
        latestPs[k] = at + extra + (isClockPort ? 0 : ports.maxDelayPs[p]);
        earliestPs[k] = at + extra + (isClockPort ? 0 : ports.minDelayPs[p]);
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

  function evaluateOutput(pin: number): void {
    const inst = pinInst[pin];
    const start = netlist.instPinStart[inst];
    const net = netlist.pinNet[pin];
    const row = lib.pinStart[netlist.instMaster[inst]] + pin - start;
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const slot = 2 * net + edge;
      const near = net === NONE ? 0 : loads.nearFf[slot];
      const res = net === NONE ? 0 : loads.resKohm[slot];
      const far = net === NONE ? 0 : loads.farFf[slot];
      let minSlew = -NO_ARRIVAL;
      let maxSlew = -1;
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        const from = start + lib.arcFrom[a];
        const delayLut = lib.arcDelayLut[2 * a + edge];
        if (delayLut < 0 || !isArcFollowed(isClock, from, pin, lib.arcIsLaunch[a] === 1)) continue;
        if (
          (lib.arcWhen[a] || graph.constant[from] !== 2) &&
          !isArcEnabled(lib, kit, netlist, graph.constant, inst, a)
        )
          continue;
        const slewLut = lib.arcSlewLut[2 * a + edge];
        const cause = lib.arcCause[2 * a + edge];
        for (let inEdge = 0; inEdge < 2; inEdge++) {
          if (!(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
          const j = 2 * from + inEdge;
          // Slews do not ask whether anything arrives: false paths still load and slow the others.
          trial.solve(delayLut, slewLut, maxSlewPs[j], near, res, far);
          if (latestPs[j] + trial.delayPs > latestPs[k]) {
            latestPs[k] = latestPs[j] + trial.delayPs;
            latestArc[k] = a;
            latestCause[k] = inEdge;
            if (isClock[pin]) isFromFall[k] = isFromFall[j];
          }
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
          if (earliestPs[j] + fastDelay < earliestPs[k]) {
            earliestPs[k] = earliestPs[j] + fastDelay;
            earliestArc[k] = a;
            earliestCause[k] = inEdge;
          }
          if (fastSlew < minSlew) {
            minSlew = fastSlew;
            [fast, trial] = [trial, fast];
          }
        }
      }
      maxSlewPs[k] = Math.max(maxSlew, 0);
      minSlewPs[k] = minSlew === -NO_ARRIVAL ? 0 : minSlew;
      if (net === NONE) continue;
      if (maxSlew >= 0) spread(pin, net, edge, slow, true);
      if (minSlew !== -NO_ARRIVAL) spread(pin, net, edge, fast, false);
    }
  }

  function evaluateSink(pin: number, driver: number): void {
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const j = 2 * driver + edge;
      if (latestPs[j] === NO_ARRIVAL || graph.constant[pin] !== 2) continue;
      latestPs[k] = latestPs[j] + maxWirePs[k];
      earliestPs[k] = earliestPs[j] + minWirePs[k];
      latestCause[k] = edge;
      earliestCause[k] = edge;
      isFromFall[k] = isFromFall[j];
    }
  }

  /** With an ideal clock every pin of its network switches at the edge, with the given slew. */
  function setIdeal(pin: number, inversion: number): void {
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const fromFall = edge ^ inversion;
      isFromFall[k] = fromFall;
      latestPs[k] = idealLatencyPs + (fromFall * constraints.periodPs) / 2;
      earliestPs[k] = latestPs[k];
      maxSlewPs[k] = constraints.clockSlewPs;
      minSlewPs[k] = constraints.clockSlewPs;
    }
  }

  for (let p = 0; p < netlist.ports.length; p++) if (netlist.ports[p].direction === 'input') startPort(p);
  for (const pin of graph.order) {
    const driver = pinDriver[pin];
    if (driver !== NONE) evaluateSink(pin, driver);
    else if (pin < pins) evaluateOutput(pin);
    if (!isIdeal || !isClock[pin]) continue;
    // Where the clock came from is known by now; only its time and slew are overwritten.
    setIdeal(pin, isFromFall[2 * pin]);
  }
  return {
    latestPs,
    earliestPs,
    maxSlewPs,
    minSlewPs,
    latestArc,
    earliestArc,
    latestCause,
    earliestCause,
    maxWirePs,
    minWirePs,
    isFromFall,
  };
}
