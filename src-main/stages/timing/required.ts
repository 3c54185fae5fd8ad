/** Worst setup slack through every pin and instance: required times carried backwards over the same graph. */
import { NONE } from '../netlist/types.ts';
import type { ArrivalInput, Arrivals } from './arrivals.ts';
import { isArcEnabled, isArcFollowed } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import { indexIn } from './tags.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';

/**
 * Setup slack: [pins and ports] and [insts], NO_SLACK where none; pins of clock networks have none. `requiredPs`:
 * [slots] at endpoints, filled in for all.
 */
export function setupSlacks(
  input: ArrivalInput,
  arrivals: Arrivals,
  requiredPs: Float64Array,
): { readonly pinSlackPs: Float32Array; readonly instSlackPs: Float32Array } {
  const { netlist, lib, graph, map, delays } = input;
  const { group, groups, slotStart } = map;
  const { latestPs } = arrivals;
  const pins = netlist.pinNet.length;
  const total = pins + netlist.ports.length;
  const { isClock, pinDriver, pinInst, order } = graph;
  /** Takes the required time of the slots behind to those before, by tag. */
  const back = (j: number, list: Int32Array, k: number, delayPs: number): void => {
    const own = groups[group[k]];
    for (let i = 0; i < list.length; i++) {
      if (list[i] === NONE) continue;
      const [slot, source] = [slotStart[k] + indexIn(own, list[i]), slotStart[j] + i];
      if (requiredPs[slot] === NO_SLACK || latestPs[slot] === NO_ARRIVAL || latestPs[source] === NO_ARRIVAL)
        continue;
      const r = requiredPs[slot] - delayPs;
      if (r < requiredPs[source]) requiredPs[source] = r;
    }
  };
  for (let at = order.length - 1; at >= 0; at--) {
    const pin = order[at];
    const source = pinDriver[pin];
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      if (group[k] === 0) continue;
      if (source !== NONE) {
        const j = 2 * source + edge;
        if (group[j] !== 0) back(j, map.images(group[j], source, pin), k, delays.maxWirePs[k]);
        continue;
      }
      if (pin >= pins) continue;
      const inst = pinInst[pin];
      const start = netlist.instPinStart[inst];
      const master = netlist.instMaster[inst];
      const firstArc = delays.arcStart[inst] - lib.arcStart[master];
      const row = lib.pinStart[master] + pin - start;
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        const from = start + lib.arcFrom[a];
        // Behind a launch lies the clock, whose own slack is no property of this path.
        if (
          lib.arcDelayLut[2 * a + edge] < 0 ||
          lib.arcIsLaunch[a] ||
          !isArcFollowed(graph, from, pin, false)
        )
          continue;
        if (!isArcEnabled(input, inst, a)) continue;
        const cause = lib.arcCause[2 * a + edge];
        for (let inEdge = 0; inEdge < 2; inEdge++) {
          const j = 2 * from + inEdge;
          if (group[j] === 0 || !(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
          back(j, map.images(group[j], from, pin), k, delays.latePs[4 * (firstArc + a) + 2 * edge + inEdge]);
        }
      }
    }
  }
  const pinSlackPs = new Float32Array(total).fill(NO_SLACK);
  const instSlackPs = new Float32Array(netlist.instMaster.length).fill(NO_SLACK);
  for (let pin = 0; pin < total; pin++) {
    if (isClock[pin]) continue;
    for (let slot = slotStart[2 * pin]; slot < slotStart[2 * pin + 2]; slot++) {
      if (requiredPs[slot] === NO_SLACK || latestPs[slot] === NO_ARRIVAL) continue;
      const s = requiredPs[slot] - latestPs[slot];
      if (s < pinSlackPs[pin]) pinSlackPs[pin] = s;
    }
    if (pin < pins && pinSlackPs[pin] < instSlackPs[pinInst[pin]])
      instSlackPs[pinInst[pin]] = pinSlackPs[pin];
  }
  return { pinSlackPs, instSlackPs };
}
