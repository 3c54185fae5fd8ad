/**
 * Negotiated congestion (PathFinder: McMurchie and Ebeling, FPGA 1995): nets may overlap at a price; the price
 * of present overlaps grows by round, and nodes that were fought over keep a memory of it.
 * Differs from the source: conflicts count 0 or 1 per node, not by their number, and only the connections in
 * conflict are routed again (rip.ts). The memory grows with the present price; otherwise nets oscillate for ever.
 * Nets of regions that do not touch each other go together (regions.ts, batch.ts), the others after them.
 */
import type { CutLayer, Kit } from '../kit/types.ts';
import { isTroubled, routeRegion, runBatch, type Bench, type BatchOrder, type RoutePool } from './batch.ts';
import { emitNet } from './emit.ts';
import type { RouteOptions } from './options.ts';
import type { Report } from './progress.ts';
import { makeRegions, type Regions } from './regions.ts';
import { makeSearch } from './search.ts';
import { restore, save, type Saved } from './snapshot.ts';
import { nodesOf, type RouterState } from './state.ts';
import type { RoutableNet, Terminals } from './terminals.ts';

const FIRST_PRESENT_COST = 14;
const PRESENT_GROWTH = 1.35;
const PRESENT_COST_MAX = 1500;

export interface Router extends Bench {
  readonly terminals: Terminals;
  /** Nets by span, short ones first: they have the fewest ways. */
  readonly order: readonly RoutableNet[];
  readonly regions: Regions;
  readonly pool: RoutePool | undefined;
  readonly conflictsByRound: number[];
  readonly observe: Report | undefined;
  rounds: number;
}

export function makeRouter(
  state: RouterState,
  terminals: Terminals,
  kit: Kit,
  options: RouteOptions,
  observe: Report | undefined,
  pool: RoutePool | undefined,
): Router {
  const reach = (layer: number): number => {
    const cut = kit.tech.layers[layer] as CutLayer | undefined;
    return cut ? cut.widthDbu + cut.spacingDbu : 0;
  };
  const { lattice } = state;
  const marginDbu = 3 * kit.tech.dbuPerUm;
  const rules = { cutReach: lattice.layers.map((g) => reach(g.layer + 1)) };
  const pinCutReachDbu = reach(lattice.pinLayer + 1);
  const guardDbu = Math.max(...rules.cutReach, ...lattice.layers.map((g) => 2 * g.padHalfDbu + g.spacingDbu));
  const { viaCost } = options;
  const threads = pool?.threads ?? 1;
  const regions = makeRegions(lattice, options.regionUm * kit.tech.dbuPerUm, marginDbu, guardDbu);
  if (regions.cuts.length > 0) {
    pool?.start(
      Array.from({ length: threads - 1 }, (_, k) => ({
        lattice,
        nodes: nodesOf(state),
        rules,
        viaCost,
        marginDbu,
        pinCutReachDbu,
        index: k + 1,
        threads,
      })),
    );
  }
  return {
    state,
    search: makeSearch(state, viaCost, 0, threads),
    rules,
    terminals,
    order: terminals.nets.slice().sort((a, b) => a.spanDbu - b.spanDbu || a.net - b.net),
    regions,
    pool,
    marginDbu,
    pinCutReachDbu,
    conflictsByRound: [],
    observe,
    rounds: 0,
  };
}

export const presentCostOf = (round: number): number =>
  Math.min(PRESENT_COST_MAX, Math.round(FIRST_PRESENT_COST * PRESENT_GROWTH ** round));

/** Of nets that are whole, in conflict or not. For those who look on. */
function wiresNow({ state, order }: Router): Int32Array {
  const out = { wires: [] as number[], vias: [] as number[] };
  for (const n of order) if (n.isComplete) emitNet(state.lattice, n, out);
  return Int32Array.from(out.wires);
}

/** Nets of the whole die routed between two reports. */
const SLICE = 512;

export function routeAll(router: Router): void {
  const { order, state, regions, pool, observe } = router;
  const batch: BatchOrder = { presentCost: FIRST_PRESENT_COST, historyStep: 0, mayRipWhole: false };
  let left: RoutableNet[] = order.slice();
  const tell = (): void =>
    observe?.({
      phase: 'initial',
      round: 0,
      conflicts: left.length,
      fraction: 1 - left.length / Math.max(1, order.length),
      wires: () => wiresNow(router),
    });
  for (const cut of regions.cuts) {
    tell();
    const split = regions.split(cut, left);
    runBatch(router, pool, batch, split.regions);
    left = split.rest;
  }
  // What did not fit, and what could not be joined within its region.
  left = order.filter((n) => !n.isComplete);
  while (left.length > 0) {
    tell();
    routeRegion(router, batch, { limit: state.lattice.die, nets: left.slice(0, SLICE) });
    left = left.slice(SLICE);
  }
}

/** Above this many nets in trouble, negotiation that no longer gains is given up: the region is simply too full. */
const HOPELESS_NETS = 200;
const HOPELESS_GAIN = 0.85;

/** Whole nets are ripped up only when this few are left: it opens more conflicts than it closes. */
const FEW_NETS = 40;

/** Fewer nets than this are not worth a batch. */
const BATCH_NETS_MIN = 64;

/** No real gain over the last five rounds with many nets left. */
function isHopeless(conflictsByRound: readonly number[], since: number): boolean {
  const n = conflictsByRound.length;
  if (n - since < 8) return false;
  const now = conflictsByRound[n - 1];
  return now > HOPELESS_NETS && now > HOPELESS_GAIN * conflictsByRound[n - 6];
}

/** One round: nets in trouble that fit into regions go together, cut otherwise from round to round; then all others. */
function rerouteAll(router: Router, batch: BatchOrder, troubled: readonly RoutableNet[]): void {
  const { state, regions, pool, order } = router;
  const isDone = new Set<RoutableNet>();
  if (troubled.length >= BATCH_NETS_MIN) {
    // A net that could not be joined may need to leave its region.
    let left = troubled.filter((n) => n.isComplete);
    regions.cuts.forEach((cut, k) => {
      if (k % 2 !== router.rounds % 2) return;
      const split = regions.split(cut, left);
      runBatch(router, pool, batch, split.regions);
      for (const r of split.regions) for (const n of r.nets) isDone.add(n);
      left = split.rest;
    });
  }
  routeRegion(router, batch, { limit: state.lattice.die, nets: order.filter((n) => !isDone.has(n)) });
}

/** Rounds without a new best after which few nets only wander, and how far they may fall back before that. */
const WANDER_ROUNDS = 10;
export const WORSE_MAX = 40;

/**
 * Rounds of rip-up and re-route until no net is in conflict, or until the last ones only wander: then the best that
 * was reached stands; or until more than `giveUpAbove` are in trouble. Returns the nets still troubled.
 */
export function negotiate(
  router: Router,
  rounds: number,
  firstPrice: number,
  giveUpAbove = Infinity,
): RoutableNet[] {
  const { state, order } = router;
  const firstRound = router.conflictsByRound.length;
  let troubled = order.filter((n) => isTroubled(state, n));
  let lastCount = order.length;
  let best = { count: FEW_NETS, round: 0, saved: null as Saved[] | null };
  for (let r = 1; r <= rounds; r++) {
    const presentCost = presentCostOf(firstPrice + r);
    const batch: BatchOrder = {
      presentCost,
      historyStep: Math.max(8, presentCost >> 3),
      mayRipWhole: lastCount < FEW_NETS,
    };
    rerouteAll(router, batch, troubled);
    router.rounds++;
    troubled = order.filter((n) => isTroubled(state, n));
    const left = troubled.length;
    router.conflictsByRound.push(left);
    router.observe?.({
      phase: 'negotiate',
      round: router.rounds,
      conflicts: left,
      fraction: r / rounds,
      wires: () => wiresNow(router),
    });
    lastCount = left;
    if (left === 0) return [];
    if (left < best.count) best = { count: left, round: r, saved: save(order) };
    else if (best.saved && (r - best.round >= WANDER_ROUNDS || left > best.count + WORSE_MAX)) break;
    if (left > giveUpAbove) break;
    if (isHopeless(router.conflictsByRound, firstRound)) break;
  }
  if (!best.saved || best.count >= troubled.length) return troubled;
  restore(state, best.saved);
  return order.filter((n) => isTroubled(state, n));
}
