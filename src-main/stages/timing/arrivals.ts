/** Latest and earliest arrival of every tag at every pin edge, by adding up delays in order of evaluation. */
import { NONE } from '../netlist/types.ts';
import type { DelayInput, Delays } from './delays.ts';
import type { Insertions } from './insertion.ts';
import { isArcEnabled, isArcFollowed } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import { indexIn } from './tags.ts';
import type { TagInput, TagMap } from './tags.ts';
import { NO_ARRIVAL } from './types.ts';

export interface Arrivals {
  /** [slots] NO_ARRIVAL and -NO_ARRIVAL where nothing arrives */
  readonly latestPs: Float64Array;
  readonly earliestPs: Float64Array;
  /** [slots] arc by which the latest and the earliest came, -1 at starts and behind wires */
  readonly latestArc: Int32Array;
  readonly earliestArc: Int32Array;
  /** [slots] slot that they came from, NONE at starts */
  readonly latestFrom: Int32Array;
  readonly earliestFrom: Int32Array;
  /** [slots] 2 * pin + edge */
  readonly slotPin: Int32Array;
}

export type ArrivalInput = DelayInput & TagInput & { readonly map: TagMap; readonly delays: Delays };

export function computeArrivals(input: ArrivalInput, insertions: Insertions): Arrivals {
  const { netlist, lib, graph, clocks, ports, map, delays } = input;
  const { group, groups, slotStart, slotTag, tags } = map;
  const pins = netlist.pinNet.length;
  const slots = slotTag.length;
  const latestPs = new Float64Array(slots).fill(NO_ARRIVAL);
  const earliestPs = new Float64Array(slots).fill(-NO_ARRIVAL);
  const latestArc = new Int32Array(slots).fill(-1);
  const earliestArc = new Int32Array(slots).fill(-1);
  const latestFrom = new Int32Array(slots).fill(NONE);
  const earliestFrom = new Int32Array(slots).fill(NONE);
  const slotPin = new Int32Array(slots);
  for (let k = 0; k < group.length; k++) slotPin.fill(k, slotStart[k], slotStart[k + 1]);

  function start(slot: number, latest: number, earliest: number): void {
    if (latest > latestPs[slot]) {
      latestPs[slot] = latest;
      latestArc[slot] = -1;
      latestFrom[slot] = NONE;
    }
    if (earliest < earliestPs[slot]) {
      earliestPs[slot] = earliest;
      earliestArc[slot] = -1;
      earliestFrom[slot] = NONE;
    }
  }

  /** Clocks that start at a pin, and delays of an input port. */
  function seed(pin: number, edge: number): void {
    const k = 2 * pin + edge;
    const own = groups[group[k]];
    const extra = pin >= pins ? delays.portExtraPs[2 * (pin - pins) + edge] : 0;
    own.forEach((tag, at) => {
      const t = tags[tag];
      const slot = slotStart[k] + at;
      const clock = t.edge === NONE ? NONE : t.edge >> 1;
      if (t.isClock) {
        if (!clocks.startingAt.get(pin)?.includes(clock) || (t.edge & 1) !== edge) return;
        const base = clocks.edgePs(t.edge);
        const [late, early] = insertions.at(clock, pin, edge);
        start(slot, late + base + extra, early + base + extra);
        return;
      }
      if (pin < pins || netlist.ports[pin - pins].direction !== 'input') return;
      const delay = ports.delays[pin - pins].find((d) => d.edge === t.edge);
      if (delay) {
        const [late, early] = insertions.ofPortDelay(delay);
        start(slot, late + extra + delay.maxPs, early + extra + delay.minPs);
      } else if (t.edge === NONE && ports.delays[pin - pins].length === 0) start(slot, extra, extra);
    });
  }

  function atOutput(pin: number): void {
    const inst = graph.pinInst[pin];
    const first = netlist.instPinStart[inst];
    const master = netlist.instMaster[inst];
    const firstArc = delays.arcStart[inst] - lib.arcStart[master];
    const row = lib.pinStart[master] + pin - first;
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const own = groups[group[k]];
      if (own.length === 0) continue;
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        const from = first + lib.arcFrom[a];
        const isLaunch = lib.arcIsLaunch[a] === 1;
        if (lib.arcDelayLut[2 * a + edge] < 0 || !isArcFollowed(graph, from, pin, isLaunch)) continue;
        if (!isArcEnabled(input, inst, a)) continue;
        const cause = lib.arcCause[2 * a + edge];
        for (let inEdge = 0; inEdge < 2; inEdge++) {
          const j = 2 * from + inEdge;
          if (group[j] === 0 || !(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
          const list = isLaunch ? map.launched(group[j], from, pin) : map.images(group[j], from, pin);
          const d = 4 * (firstArc + a) + 2 * edge + inEdge;
          for (let i = 0; i < list.length; i++) {
            if (list[i] === NONE) continue;
            const source = slotStart[j] + i;
            const slot = slotStart[k] + indexIn(own, list[i]);
            const late = latestPs[source] + delays.latePs[d];
            const early = earliestPs[source] + delays.earlyPs[d];
            if (late > latestPs[slot]) {
              latestPs[slot] = late;
              latestArc[slot] = a;
              latestFrom[slot] = source;
            }
            if (early < earliestPs[slot]) {
              earliestPs[slot] = early;
              earliestArc[slot] = a;
              earliestFrom[slot] = source;
            }
          }
        }
      }
    }
  }

  function atSink(pin: number, driver: number): void {
    for (let edge = 0; edge < 2; edge++) {
      const k = 2 * pin + edge;
      const j = 2 * driver + edge;
      if (group[j] === 0 || group[k] === 0) continue;
      const list = map.images(group[j], driver, pin);
      const own = groups[group[k]];
      for (let i = 0; i < list.length; i++) {
        const source = slotStart[j] + i;
        if (list[i] === NONE || latestPs[source] === NO_ARRIVAL) continue;
        const slot = slotStart[k] + indexIn(own, list[i]);
        const late = latestPs[source] + delays.maxWirePs[k];
        const early = earliestPs[source] + delays.minWirePs[k];
        if (late > latestPs[slot]) {
          latestPs[slot] = late;
          latestFrom[slot] = source;
        }
        if (early < earliestPs[slot]) {
          earliestPs[slot] = early;
          earliestFrom[slot] = source;
        }
      }
    }
  }

  /** An ideal clock switches at its edge. */
  function setIdeal(pin: number): void {
    for (let slot = slotStart[2 * pin]; slot < slotStart[2 * pin + 2]; slot++) {
      const t = tags[slotTag[slot]];
      if (!t.isClock || clocks.list[t.edge >> 1].isPropagated) continue;
      latestPs[slot] = insertions.idealPs(t.edge, true) + clocks.edgePs(t.edge);
      earliestPs[slot] = insertions.idealPs(t.edge, false) + clocks.edgePs(t.edge);
    }
  }

  const { idealSlew } = graph;
  for (const pin of graph.order) {
    const driver = graph.pinDriver[pin];
    if (pin >= pins || clocks.startingAt.has(pin)) for (let edge = 0; edge < 2; edge++) seed(pin, edge);
    if (driver !== NONE) atSink(pin, driver);
    else if (pin < pins) atOutput(pin);
    if (idealSlew && !Number.isNaN(idealSlew.max[pin])) setIdeal(pin);
  }
  return { latestPs, earliestPs, latestArc, earliestArc, latestFrom, earliestFrom, slotPin };
}
