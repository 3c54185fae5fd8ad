/** Paths written out stage by stage, by following the arcs that won. */
import type { Kit } from '../kit/types.ts';
import { NONE, pinName, type Netlist } from '../netlist/index.ts';
import type { EndpointCheck } from './checks.ts';
import type { TimingGraph } from './graph.ts';
import type { TimingLibrary } from './library.ts';
import type { NetLoads } from './loads.ts';
import type { Timing } from './propagate.ts';
import type { Constraints, PathStage, TimingPath } from './types.ts';

export interface PathContext {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly lib: TimingLibrary;
  readonly graph: TimingGraph;
  readonly loads: NetLoads;
  readonly timing: Timing;
  readonly constraints: Constraints;
  readonly netLengthUm: Float64Array | null;
}

export function tracePath(c: PathContext, endpoint: EndpointCheck, check: 'setup' | 'hold'): TimingPath {
  const { netlist, graph, timing, lib } = c;
  const isSetup = check === 'setup';
  const arcs = isSetup ? timing.latestArc : timing.earliestArc;
  const causes = isSetup ? timing.latestCause : timing.earliestCause;
  const pins = netlist.pinNet.length;
  const stages: PathStage[] = [];
  let pin = endpoint.pin;
  let edge = isSetup ? endpoint.setupEdge : endpoint.holdEdge;
  // Bounded: the order is acyclic, so a path has at most one stage per pin.
  for (let count = 0; count <= graph.order.length; count++) {
    const k = 2 * pin + edge;
    const driver = graph.pinDriver[pin];
    const isIdealClock = graph.isClock[pin] === 1 && !c.constraints.isClockPropagated;
    if (driver !== NONE && !isIdealClock) {
      stages.push(stage(c, pin, edge, 'net', driver, edge, null, isSetup));
      pin = driver;
      continue;
    }
    const arc = arcs[k];
    if (pin >= pins || arc < 0 || isIdealClock) {
      stages.push(stage(c, pin, edge, 'start', NONE, 0, null, isSetup));
      break;
    }
    const inst = graph.pinInst[pin];
    const from = netlist.instPinStart[inst] + lib.arcFrom[arc];
    const fromName = c.kit.masters[netlist.instMaster[inst]].pins[lib.arcFrom[arc]].name;
    stages.push(stage(c, pin, edge, 'cell', from, causes[k], fromName, isSetup));
    edge = causes[k];
    pin = from;
  }
  stages.reverse();
  const arrivals = isSetup ? timing.latestPs : timing.earliestPs;
  const e = endpoint;
  const arrivalPs = arrivals[2 * e.pin + (isSetup ? e.setupEdge : e.holdEdge)];
  const slackPs = isSetup ? e.setupSlackPs : e.holdSlackPs;
  return {
    check,
    endpoint: pinName(netlist, c.kit, graph.pinInst, e.pin),
    slackPs,
    arrivalPs,
    requiredPs: isSetup ? arrivalPs + slackPs : arrivalPs - slackPs,
    checkPs: isSetup ? e.setupTimePs : e.holdTimePs,
    capturePs: isSetup ? e.setupCapturePs : e.holdCapturePs,
    uncertaintyPs: isSetup ? c.constraints.setupUncertaintyPs : c.constraints.holdUncertaintyPs,
    stages,
  };
}

function stage(
  c: PathContext,
  pin: number,
  edge: number,
  kind: PathStage['kind'],
  from: number,
  fromEdge: number,
  fromPin: string | null,
  isSetup: boolean,
): PathStage {
  const { netlist, timing, graph, loads } = c;
  const pins = netlist.pinNet.length;
  const arrivals = isSetup ? timing.latestPs : timing.earliestPs;
  const slews = isSetup ? timing.maxSlewPs : timing.minSlewPs;
  const k = 2 * pin + edge;
  const net = pin >= pins ? netlist.ports[pin - pins].net : netlist.pinNet[pin];
  const drives = net !== NONE && netlist.netPins[netlist.netPinStart[net]] === pin;
  return {
    pin,
    name: pinName(netlist, c.kit, graph.pinInst, pin),
    master: pin >= pins ? null : c.kit.masters[netlist.instMaster[graph.pinInst[pin]]].name,
    kind,
    edge: edge === 0 ? 'rise' : 'fall',
    fromPin,
    delayPs: from === NONE ? 0 : arrivals[k] - arrivals[2 * from + fromEdge],
    arrivalPs: arrivals[k],
    slewPs: slews[k],
    loadFf: drives ? loads.nearFf[2 * net + edge] + loads.farFf[2 * net + edge] : 0,
    fanout: drives ? netlist.netPinStart[net + 1] - netlist.netPinStart[net] - 1 : 0,
    net: net === NONE ? null : netlist.netNames[net],
    netLengthUm: c.netLengthUm && net !== NONE ? c.netLengthUm[net] : null,
  };
}
