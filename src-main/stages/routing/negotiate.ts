/**
 * Negotiated congestion (PathFinder: McMurchie and Ebeling, FPGA 1995): nets may overlap at a price; the price
 * of present overlaps grows by round, and nodes that were fought over keep a memory of it.
 * Differs from the source: conflicts count 0 or 1 per node, not by their number, and only the connections in
 * conflict are routed again (rip.ts). The memory grows with the present price; otherwise nets oscillate for ever.
 */
import type { CutLayer, Kit } from '../kit/types.ts';
import { connectNet } from './connect.ts';
import type { RouteOptions } from './options.ts';
import type { Report } from './progress.ts';
import { ripNodes } from './rip.ts';
import { makeSearch, type Search, type SearchRules } from './search.ts';
import { addHistory, emptyRoute, hasConflict, isConflict, markRoute, type RouterState } from './state.ts';
import type { RoutableNet, Terminals } from './terminals.ts';

const FIRST_PRESENT_COST = 14;
const PRESENT_GROWTH = 1.35;
const PRESENT_COST_MAX = 1500;

export interface Router {
  readonly state: RouterState;
  readonly search: Search;
  readonly rules: SearchRules;
  readonly terminals: Terminals;
  /** Nets by span, short ones first: they have the fewest ways. */
  readonly order: readonly RoutableNet[];
  readonly marginDbu: number;
  readonly pinCutReachDbu: number;
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
): Router {
  const reach = (layer: number): number => {
    const cut = kit.tech.layers[layer] as CutLayer | undefined;
    return cut ? cut.widthDbu + cut.spacingDbu : 0;
  };
  return {
    state,
    search: makeSearch(state, options.viaCost),
    rules: { cutReach: state.lattice.layers.map((g) => reach(g.layer + 1)) },
    terminals,
    order: terminals.nets.slice().sort((a, b) => a.spanDbu - b.spanDbu || a.net - b.net),
    marginDbu: 3 * kit.tech.dbuPerUm,
    pinCutReachDbu: reach(state.lattice.pinLayer + 1),
    conflictsByRound: [],
    observe,
    rounds: 0,
  };
}

export const presentCostOf = (round: number): number =>
  Math.min(PRESENT_COST_MAX, Math.round(FIRST_PRESENT_COST * PRESENT_GROWTH ** round));

export function routeAll(router: Router): void {
  const { order, state, search, observe } = router;
  search.presentCost = FIRST_PRESENT_COST;
  order.forEach((n, i) => {
    connectNet(search, router.rules, n, router.marginDbu, router.pinCutReachDbu);
    markRoute(state, n.route, 1);
    if (observe && i % 512 === 0) {
      observe({ phase: 'initial', round: 0, conflicts: order.length - i, fraction: i / order.length });
    }
  });
}

export const isTroubled = (state: RouterState, n: RoutableNet): boolean =>
  !n.isComplete || hasConflict(state, n.route, n.net);

/** Takes the conflicting connections of one net out and routes them again at the present price. */
export function rerouteNet(router: Router, n: RoutableNet, historyStep: number, whole: boolean): void {
  const { state } = router;
  markRoute(state, n.route, -1);
  const old = n.route;
  const bad = (i: number): boolean => isConflict(state, old, i, n.net, 0);
  if (historyStep > 0) {
    for (let i = 0; i < old.nodes.length; i++) if (bad(i)) addHistory(state, old.nodes[i], historyStep);
  }
  n.route = whole ? emptyRoute(n.terminals.length) : ripNodes(state, old, bad);
  connectNet(
    router.search,
    router.rules,
    n,
    router.marginDbu * (1 + n.troubledRounds / 4),
    router.pinCutReachDbu,
  );
  markRoute(state, n.route, 1);
}

/** Above this many nets in trouble, negotiation that no longer gains is given up: the region is simply too full. */
const HOPELESS_NETS = 200;
const HOPELESS_GAIN = 0.85;

/** Whole nets are ripped up only when this few are left: it opens more conflicts than it closes. */
const FEW_NETS = 40;

/** No real gain over the last five rounds with many nets left. */
function isHopeless(conflictsByRound: readonly number[], since: number): boolean {
  const n = conflictsByRound.length;
  if (n - since < 8) return false;
  const now = conflictsByRound[n - 1];
  return now > HOPELESS_NETS && now > HOPELESS_GAIN * conflictsByRound[n - 6];
}

/** Rounds of rip-up and re-route until no net is in conflict. Returns the nets still troubled. */
export function negotiate(router: Router, rounds: number, firstPrice: number): RoutableNet[] {
  const { state, search, order } = router;
  let lastCount = order.length;
  const firstRound = router.conflictsByRound.length;
  for (let r = 1; r <= rounds; r++) {
    search.presentCost = presentCostOf(firstPrice + r);
    const step = Math.max(8, search.presentCost >> 3);
    const troubled: RoutableNet[] = [];
    for (const n of order) {
      if (!isTroubled(state, n)) {
        n.troubledRounds = 0;
        continue;
      }
      troubled.push(n);
      n.troubledRounds++;
      // A net that keeps failing starts from nothing now and then: its kept part may be what is in the way.
      rerouteNet(router, n, step, lastCount < FEW_NETS && n.troubledRounds % 6 === 0);
    }
    router.rounds++;
    const left = troubled.length === 0 ? 0 : order.filter((n) => isTroubled(state, n)).length;
    router.conflictsByRound.push(left);
    router.observe?.({ phase: 'negotiate', round: router.rounds, conflicts: left, fraction: r / rounds });
    lastCount = left;
    if (left === 0) return [];
    if (isHopeless(router.conflictsByRound, firstRound)) break;
  }
  return order.filter((n) => isTroubled(state, n));
}
