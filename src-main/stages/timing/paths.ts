/** Paths written out stage by stage, by following the arcs that won. */
import type { Kit } from '../kit/types.ts';
import { NONE, pinName, type Netlist } from '../netlist/index.ts';
import type { Arrivals } from './arrivals.ts';
import type { EndpointCheck } from './checks.ts';
import type { Clocks } from './clocks.ts';
import type { Delays } from './delays.ts';
import type { TimingGraph } from './graph.ts';
import type { TimingLibrary } from './library.ts';
import type { NetLoads } from './loads.ts';
import type { TagMap } from './tags.ts';
import type { ClockEdgeName, PathStage, TimingPath } from './types.ts';

export interface PathContext {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly lib: TimingLibrary;
  readonly graph: TimingGraph;
  readonly loads: NetLoads;
  readonly clocks: Clocks;
  readonly map: TagMap;
  readonly delays: Delays;
  readonly arrivals: Arrivals;
  readonly netLengthUm: Float64Array | null;
  /** Whether paths name their clock edges. */
  readonly hasEdgeNames: boolean;
}

export function tracePath(c: PathContext, endpoint: EndpointCheck, check: 'setup' | 'hold'): TimingPath {
  const { netlist, graph, arrivals, lib, map, clocks } = c;
  const isSetup = check === 'setup';
  const arcs = isSetup ? arrivals.latestArc : arrivals.earliestArc;
  const froms = isSetup ? arrivals.latestFrom : arrivals.earliestFrom;
  const times = isSetup ? arrivals.latestPs : arrivals.earliestPs;
  const worst = endpoint[check];
  const stages: PathStage[] = [];
  let slot = worst.slot;
  // Bounded: the order is acyclic, so a path has at most one stage per pin.
  for (let count = 0; count <= graph.order.length; count++) {
    const k = arrivals.slotPin[slot];
    const [pin, edge] = [k >> 1, k & 1];
    const tag = map.tags[map.slotTag[slot]];
    const isIdealClock =
      tag.isClock &&
      !clocks.list[tag.edge >> 1].isPropagated &&
      graph.idealSlew !== null &&
      !Number.isNaN(graph.idealSlew.max[pin]);
    const from = isIdealClock ? NONE : froms[slot];
    if (from === NONE) {
      stages.push(stage(c, pin, edge, 'start', 0, times[slot], null, isSetup));
      break;
    }
    const delayPs = times[slot] - times[from];
    if (arcs[slot] < 0) stages.push(stage(c, pin, edge, 'net', delayPs, times[slot], null, isSetup));
    else {
      const master = c.kit.masters[netlist.instMaster[graph.pinInst[pin]]];
      const fromName = master.pins[lib.arcFrom[arcs[slot]]].name;
      stages.push(stage(c, pin, edge, 'cell', delayPs, times[slot], fromName, isSetup));
    }
    slot = from;
  }
  stages.reverse();
  const arrivalPs = times[worst.slot];
  return {
    check,
    endpoint: pinName(netlist, c.kit, graph.pinInst, endpoint.pin),
    slackPs: worst.slackPs,
    arrivalPs,
    requiredPs: isSetup ? arrivalPs + worst.slackPs : arrivalPs - worst.slackPs,
    checkPs: worst.timePs,
    capturePs: worst.capturePs,
    uncertaintyPs: worst.uncertaintyPs,
    ...(c.hasEdgeNames
      ? {
          launch: edgeName(clocks, map.tags[map.slotTag[worst.slot]].edge),
          capture: edgeName(clocks, worst.captureEdge),
          ...(worst.isDelayGiven ? { isDelayGiven: true as const } : {}),
        }
      : {}),
    stages,
  };
}

const edgeName = (clocks: Clocks, edge: number): ClockEdgeName | null =>
  edge === NONE ? null : { clock: clocks.list[edge >> 1].name, edge: (edge & 1) === 0 ? 'rise' : 'fall' };

function stage(
  c: PathContext,
  pin: number,
  edge: number,
  kind: PathStage['kind'],
  delayPs: number,
  arrivalPs: number,
  fromPin: string | null,
  isSetup: boolean,
): PathStage {
  const { netlist, delays, graph, loads } = c;
  const pins = netlist.pinNet.length;
  const slews = isSetup ? delays.maxSlewPs : delays.minSlewPs;
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
    delayPs,
    arrivalPs,
    slewPs: slews[k],
    loadFf: drives ? loads.nearFf[2 * net + edge] + loads.farFf[2 * net + edge] : 0,
    fanout: drives ? netlist.netPinStart[net + 1] - netlist.netPinStart[net] - 1 : 0,
    net: net === NONE ? null : netlist.netNames[net],
    netLengthUm: c.netLengthUm && net !== NONE ? c.netLengthUm[net] : null,
  };
}
