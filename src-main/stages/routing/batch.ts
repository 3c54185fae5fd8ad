/**
 * Regions routed by turns or at once. With a pool, regions are dealt to its workers and to this thread; all see the
 * same nodes through shared memory, and nets travel as numbers. The result does not depend on who did what.
 */
import type { Rect } from '../../base/geometry.ts';
import type { Lattice } from './lattice.ts';
import { connectNet } from './connect.ts';
import type { Region } from './regions.ts';
import { ripNodes } from './rip.ts';
import { makeSearch, type Search, type SearchRules } from './search.ts';
import {
  addHistory,
  emptyRoute,
  hasConflict,
  isConflict,
  markRoute,
  type RouterState,
  type SharedNodes,
} from './state.ts';
import type { RoutableNet, Terminal } from './terminals.ts';

/** All that routing a net needs. */
export interface Bench {
  readonly state: RouterState;
  readonly search: Search;
  readonly rules: SearchRules;
  readonly marginDbu: number;
  readonly pinCutReachDbu: number;
}

/** What is done to the nets of a batch. */
export interface BatchOrder {
  readonly presentCost: number;
  /** 0: nets are joined as they stand. Else those in trouble are ripped up and routed again, with this much history. */
  readonly historyStep: number;
  /** Nets that keep failing start from nothing now and then. */
  readonly mayRipWhole: boolean;
}

/** What a worker needs once. Plain data over shared memory. */
export interface WorkerSetup {
  readonly lattice: Lattice;
  readonly nodes: SharedNodes;
  readonly rules: SearchRules;
  readonly viaCost: number;
  readonly marginDbu: number;
  readonly pinCutReachDbu: number;
  /** Worker k of n, for stamps of its own; this thread is 0. */
  readonly index: number;
  readonly threads: number;
}

/** Threads to route with; made by tools/route-pool.ts. */
export interface RoutePool {
  /** This thread included. */
  readonly threads: number;
  readonly buffer: (bytes: number) => ArrayBufferLike;
  readonly start: (setups: readonly WorkerSetup[]) => void;
  /** Gives each worker its message, does `own` meanwhile, and returns the answers. */
  readonly run: (messages: readonly Int32Array[], own: () => void) => Int32Array[];
}

export const isTroubled = (state: RouterState, n: RoutableNet): boolean =>
  !n.isComplete || hasConflict(state, n.route, n.net);

/** Takes the conflicting connections of one net out and routes them again at the present price. */
export function rerouteNet(bench: Bench, n: RoutableNet, historyStep: number, whole: boolean): void {
  const { state, search } = bench;
  markRoute(state, n.route, -1);
  const old = n.route;
  const bad = (i: number): boolean => isConflict(state, old, i, n.net, 0);
  if (historyStep > 0) {
    for (let i = 0; i < old.nodes.length; i++) if (bad(i)) addHistory(state, old.nodes[i], historyStep);
  }
  n.route = whole ? emptyRoute(n.terminals.length) : ripNodes(state, old, bad);
  connectNet(search, bench.rules, n, bench.marginDbu * (1 + n.troubledRounds / 4), bench.pinCutReachDbu);
  markRoute(state, n.route, 1);
}

/** Routes the nets of one region in their order. */
export function routeRegion(bench: Bench, order: BatchOrder, region: Region): void {
  const { state, search } = bench;
  search.presentCost = order.presentCost;
  search.limit = region.limit;
  for (const n of region.nets) {
    if (order.historyStep > 0) {
      // Another net's new way may have helped this one.
      n.troubledRounds = isTroubled(state, n) ? n.troubledRounds + 1 : 0;
      if (n.troubledRounds === 0) continue;
      rerouteNet(bench, n, order.historyStep, order.mayRipWhole && n.troubledRounds % 6 === 0);
      continue;
    }
    markRoute(state, n.route, -1);
    connectNet(search, bench.rules, n, bench.marginDbu, bench.pinCutReachDbu);
    markRoute(state, n.route, 1);
  }
  search.limit = state.lattice.die;
}

/** Numbers to be read in the order in which they were written. */
class Tape {
  #at = 0;
  readonly #values: Int32Array;

  constructor(values: Int32Array) {
    this.#values = values;
  }

  next(): number {
    return this.#values[this.#at++];
  }

  take(count: number): Int32Array {
    this.#at += count;
    return this.#values.slice(this.#at - count, this.#at);
  }
}

const pushAll = (out: number[], values: ArrayLike<number>): void => {
  for (let i = 0; i < values.length; i++) out.push(values[i]);
};

function writeRoute(out: number[], n: RoutableNet): void {
  out.push(n.isComplete ? 1 : 0, n.troubledRounds);
  pushAll(out, n.route.taps);
  out.push(n.route.nodes.length);
  pushAll(out, n.route.nodes);
  pushAll(out, n.route.links);
}

function readRoute(tape: Tape, n: RoutableNet): void {
  n.isComplete = tape.next() === 1;
  n.troubledRounds = tape.next();
  const taps = tape.take(n.terminals.length);
  const count = tape.next();
  n.route = { taps, nodes: tape.take(count), links: Uint8Array.from(tape.take(count)) };
}

function writeBatch(order: BatchOrder, regions: readonly Region[]): Int32Array {
  const out = [order.presentCost, order.historyStep, order.mayRipWhole ? 1 : 0, regions.length];
  for (const { limit, nets } of regions) {
    out.push(limit.x1, limit.y1, limit.x2, limit.y2, nets.length);
    for (const n of nets) {
      out.push(n.net, n.terminals.length);
      for (const t of n.terminals) {
        out.push(t.xDbu, t.yDbu, t.nodes.length);
        pushAll(out, t.nodes);
      }
      writeRoute(out, n);
    }
  }
  return Int32Array.from(out);
}

function readNet(tape: Tape): RoutableNet {
  const [net, count] = [tape.next(), tape.next()];
  const terminals: Terminal[] = [];
  for (let k = 0; k < count; k++) {
    const [xDbu, yDbu, points] = [tape.next(), tape.next(), tape.next()];
    terminals.push({ pin: -1, nodes: [...tape.take(points)], vias: [], reachDbu: [], xDbu, yDbu });
  }
  const n: RoutableNet = {
    net,
    terminals,
    spanDbu: 0,
    route: emptyRoute(count),
    isComplete: false,
    troubledRounds: 0,
  };
  readRoute(tape, n);
  return n;
}

/** The worker's side: what it answers to a message of `runBatch`. */
export function serveBatches(setup: WorkerSetup): (message: Int32Array) => Int32Array {
  const state: RouterState = { lattice: setup.lattice, ...setup.nodes };
  const search = makeSearch(state, setup.viaCost, setup.index, setup.threads);
  const bench: Bench = { ...setup, state, search };
  return (message) => {
    const tape = new Tape(message);
    const order: BatchOrder = {
      presentCost: tape.next(),
      historyStep: tape.next(),
      mayRipWhole: tape.next() === 1,
    };
    const before = search.expansions;
    const routed: number[] = [0];
    for (let left = tape.next(); left > 0; left--) {
      const limit: Rect = { x1: tape.next(), y1: tape.next(), x2: tape.next(), y2: tape.next() };
      const nets = Array.from({ length: tape.next() }, () => readNet(tape));
      routeRegion(bench, order, { limit, nets });
      for (const n of nets) writeRoute(routed, n);
    }
    routed[0] = search.expansions - before;
    return Int32Array.from(routed);
  };
}

/** Regions by worker, each to the one that has least to do so far, the longest nets first. */
function deal(regions: readonly Region[], threads: number): Region[][] {
  const weigh = (r: Region): number => r.nets.reduce((sum, n) => sum + n.spanDbu + 4000, 0);
  const hands = Array.from({ length: threads }, () => ({ load: 0, regions: [] as Region[] }));
  for (const r of [...regions].sort((a, b) => weigh(b) - weigh(a))) {
    const least = hands.reduce((a, b) => (b.load < a.load ? b : a));
    least.load += weigh(r);
    least.regions.push(r);
  }
  return hands.map((h) => h.regions);
}

/** Routes regions that do not touch each other. */
export function runBatch(
  bench: Bench,
  pool: RoutePool | undefined,
  order: BatchOrder,
  regions: readonly Region[],
): void {
  if (!pool || regions.length < 2) {
    for (const r of regions) routeRegion(bench, order, r);
    return;
  }
  const [own, ...others] = deal(regions, pool.threads);
  const answers = pool.run(
    others.map((list) => writeBatch(order, list)),
    () => own.forEach((r) => routeRegion(bench, order, r)),
  );
  answers.forEach((answer, w) => {
    const tape = new Tape(answer);
    bench.search.expansions += tape.next();
    for (const r of others[w]) for (const n of r.nets) readRoute(tape, n);
  });
}
