/**
 * When a clock's edges leave its source: the latency given, or for a generated clock of a propagated master the way
 * from there, through cells and registers of its fan-in, over the pin that it names as source (as OpenSTA has it: an
 * ideal master's way counts nothing; the slowest and the fastest way to the edge of the pin, by either master edge).
 */
import { NONE } from '../netlist/types.ts';
import type { DatedDelay } from './constraints.ts';
import type { DelayInput, Delays } from './delays.ts';
import type { Clocks } from './clocks.ts';
import { isArcEnabled } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import { NO_ARRIVAL } from './types.ts';

export interface Insertions {
  /** Late and early insertion of a clock at its source pin for an edge of that pin. */
  at(clock: number, pin: number, edge: number): readonly [number, number];
  /** Late and early time of the clock edge that a port's delay counts from, the edge's own time included. */
  ofPortDelay(delay: DatedDelay): readonly [number, number];
  /** Insertion and network latency of an ideal clock's edge. */
  idealPs(clockEdge: number, isLate: boolean): number;
}

type Input = DelayInput & { readonly clocks: Clocks; readonly delays: Delays };

/** Late and early by pin edge. */
type Ways = ReadonlyMap<number, readonly [number, number]>;

export function findInsertions(input: Input): Insertions {
  const { clocks } = input;
  const ways: (Ways | undefined)[] = [];
  const wayOf = (clock: number): Ways =>
    (ways[clock] ??= followMaster(input, clock, (c, pin, edge) => at(c, pin, edge)));
  const at = (clock: number, pin: number, edge: number): readonly [number, number] => {
    const c = clocks.list[clock];
    if (c.sourceLatencyPs !== null) return [c.sourceLatencyPs, c.sourceLatencyPs];
    if (!c.generated || !clocks.list[c.generated.master].isPropagated) return [0, 0];
    return wayOf(clock).get(2 * pin + edge) ?? [0, 0];
  };
  const ofSource = (clock: number, edge: number): readonly [number, number] => {
    const [pin] = clocks.list[clock].sources;
    return pin === undefined
      ? [clocks.list[clock].sourceLatencyPs ?? 0, clocks.list[clock].sourceLatencyPs ?? 0]
      : at(clock, pin, edge);
  };
  return {
    at,
    ofPortDelay({ edge, latencyPs }) {
      const clock = edge >> 1;
      const time = clocks.edgePs(edge);
      if (latencyPs !== null) return [latencyPs + time, latencyPs + time];
      const [late, early] = ofSource(clock, edge & 1);
      const { isPropagated, latencyPs: own } = clocks.list[clock];
      const network = isPropagated ? 0 : own;
      return [late + network + time, early + network + time];
    },
    idealPs(edge, isLate) {
      return ofSource(edge >> 1, edge & 1)[isLate ? 0 : 1] + clocks.list[edge >> 1].latencyPs;
    },
  };
}

/** Pins from which a pin is reached, itself included. */
function faninOf({ netlist, lib, graph }: Input, pin: number, isCombinational: boolean): Set<number> {
  const seen = new Set([pin]);
  for (const at of seen) {
    if (graph.pinDriver[at] !== NONE) {
      seen.add(graph.pinDriver[at]);
      continue;
    }
    if (at >= netlist.pinNet.length) continue;
    const inst = graph.pinInst[at];
    const start = netlist.instPinStart[inst];
    const row = lib.pinStart[netlist.instMaster[inst]] + at - start;
    for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++)
      if (!isCombinational || !lib.arcIsLaunch[a]) seen.add(start + lib.arcFrom[a]);
  }
  return seen;
}

function followMaster(
  input: Input,
  clock: number,
  insertionAt: (clock: number, pin: number, edge: number) => readonly [number, number],
): Ways {
  const { netlist, lib, graph, clocks, delays } = input;
  const { sources, generated } = clocks.list[clock];
  const { master, sourcePin, isCombinational, isUndivided, isInverted } = generated!;
  const starts = clocks.list[master].sources;
  const found = new Map<number, readonly [number, number]>();
  for (const target of sources) {
    const fanin = faninOf(input, target, isCombinational);
    // By 4 * pin + 2 * edge + master edge: late and early of ways that passed the source pin (1) or not yet (0).
    const ways = [new Map<number, [number, number]>(), new Map<number, [number, number]>()];
    const reach = (stage: number, key: number, late: number, early: number): void => {
      const old = ways[stage].get(key);
      if (!old) ways[stage].set(key, [late, early]);
      else {
        old[0] = Math.max(old[0], late);
        old[1] = Math.min(old[1], early);
      }
    };
    const isBlocked = (pin: number): boolean =>
      pin !== target && (clocks.startingAt.get(pin) ?? []).some((k) => !clocks.list[k].generated);
    const step = (
      from: number,
      inEdge: number,
      to: number,
      edge: number,
      late: number,
      early: number,
    ): void => {
      for (let stage = 0; stage < 2; stage++)
        for (let by = 0; by < 2; by++) {
          const way = ways[stage].get(4 * from + 2 * inEdge + by);
          if (!way) continue;
          const next = stage === 1 || to === sourcePin ? 1 : 0;
          reach(next, 4 * to + 2 * edge + by, way[0] + late, way[1] + early);
        }
    };
    for (const pin of graph.order) {
      if (!fanin.has(pin)) continue;
      if (starts.includes(pin))
        for (let edge = 0; edge < 2; edge++) {
          const [late, early] = insertionAt(master, pin, edge);
          const extra =
            pin >= netlist.pinNet.length ? delays.portExtraPs[2 * (pin - netlist.pinNet.length) + edge] : 0;
          reach(pin === sourcePin ? 1 : 0, 4 * pin + 2 * edge + edge, late + extra, early + extra);
        }
      else if (isBlocked(pin)) continue;
      const driver = graph.pinDriver[pin];
      if (driver !== NONE) {
        for (let edge = 0; edge < 2; edge++)
          step(driver, edge, pin, edge, delays.maxWirePs[2 * pin + edge], delays.minWirePs[2 * pin + edge]);
        continue;
      }
      if (pin >= netlist.pinNet.length) continue;
      const inst = graph.pinInst[pin];
      const first = netlist.instPinStart[inst];
      const m = netlist.instMaster[inst];
      const row = lib.pinStart[m] + pin - first;
      for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) {
        if (isCombinational && lib.arcIsLaunch[a]) continue;
        if (!isArcEnabled(input, inst, a)) continue;
        for (let edge = 0; edge < 2; edge++) {
          if (lib.arcDelayLut[2 * a + edge] < 0) continue;
          for (let inEdge = 0; inEdge < 2; inEdge++) {
            if (!(lib.arcCause[2 * a + edge] & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
            const d = 4 * (delays.arcStart[inst] + a - lib.arcStart[m]) + 2 * edge + inEdge;
            step(first + lib.arcFrom[a], inEdge, pin, edge, delays.latePs[d], delays.earlyPs[d]);
          }
        }
      }
    }
    for (let edge = 0; edge < 2; edge++) {
      let [late, early] = [NO_ARRIVAL, -NO_ARRIVAL];
      for (let by = 0; by < 2; by++) {
        // Of an undivided clock each edge comes by one of the master's.
        if (isUndivided && isCombinational && (edge !== by) !== isInverted) continue;
        const way = ways[1].get(4 * target + 2 * edge + by);
        if (!way) continue;
        late = Math.max(late, way[0]);
        early = Math.min(early, way[1]);
      }
      if (late !== NO_ARRIVAL) found.set(2 * target + edge, [late, early]);
    }
  }
  return found;
}
