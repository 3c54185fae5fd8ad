/**
 * The last conflicts. Negotiation can stall because nets that are themselves clean box a conflict in and never
 * move. Three remedies, each kept only if fewer nets are in conflict afterwards:
 * - a small window about a conflict is emptied of all nets and solved again in a new order (as TritonRoute's
 *   worker regions, Kahng, Wang, Xu, TCAD 2021, do with fixed boundaries; here the boundary is soft);
 * - negotiation starts again at a lower price;
 * - a cell at the conflict is mirrored, or shifted to free sites beside it, which moves its access points.
 */
import type { Rect } from '../../base/geometry.ts';
import { makeRng } from '../../base/rng.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { mirrored } from './access.ts';
import { nodeXy } from './lattice.ts';
import { isTroubled, rerouteNet } from './batch.ts';
import { negotiate, presentCostOf, WORSE_MAX, type Router } from './negotiate.ts';
import type { RouteOptions } from './options.ts';
import { ripNodes } from './rip.ts';
import { emptyRoute, isConflict, markRoute } from './state.ts';
import { connectNet } from './connect.ts';
import { restore, save } from './snapshot.ts';
import type { RoutableNet } from './terminals.ts';

/** Endgame is for the last few; above this many troubled nets the design is too dense and we say so. */
const TROUBLED_MAX = 120;
/** Windows cost about as much as a round each: only for a handful. */
const WINDOW_NETS_MAX = 40;
const WINDOWS_PER_PASS = 12;
const WINDOW_ROUNDS = 6;

/**
 * At the highest price the last conflicts only wander: every way round costs more than another conflict. At a price
 * some rounds lower, with all that was learnt kept, the nets about them move too. (Much lower opens hundreds.)
 */
const RESTARTS = 5;
const RESTART_ROUNDS = 14;
const RESTART_PRICE = 8;

const troubledOf = (router: Router): RoutableNet[] => router.order.filter((n) => isTroubled(router.state, n));

/** A place where the net is in conflict, or where a terminal is left out. */
function troubleSpot(router: Router, n: RoutableNet): { x: number; y: number } {
  const { state } = router;
  for (let i = 0; i < n.route.nodes.length; i++) {
    if (isConflict(state, n.route, i, n.net, 1)) return nodeXy(state.lattice, n.route.nodes[i]);
  }
  const j = n.route.taps.findIndex((t) => t < 0);
  const t = n.terminals[Math.max(j, 0)];
  return { x: t.xDbu, y: t.yDbu };
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}

/** Empties a window about (x, y) and routes what was cut, in a new order. True if fewer nets are in trouble. */
function solveWindow(
  router: Router,
  x: number,
  y: number,
  halfDbu: number,
  before: number,
  random: () => number,
): number {
  const { state, search } = router;
  const window: Rect = { x1: x - halfDbu, y1: y - halfDbu, x2: x + halfDbu, y2: y + halfDbu };
  const isInside = (node: number): boolean => {
    const at = nodeXy(state.lattice, node);
    return at.x >= window.x1 && at.x <= window.x2 && at.y >= window.y1 && at.y <= window.y2;
  };
  const local = router.order.filter((n) => {
    const reach = n.terminals.some((t) => Math.abs(t.xDbu - x) < n.spanDbu + 20 * halfDbu);
    return reach && n.route.nodes.some(isInside);
  });
  const saved = save(local);
  const first = local.filter((n) => isTroubled(state, n));
  const rest = local.filter((n) => !first.includes(n));
  shuffle(first, random);
  shuffle(rest, random);
  const order = [...first, ...rest];
  for (const n of order) {
    markRoute(state, n.route, -1);
    const old = n.route;
    n.route = ripNodes(state, old, (i) => isInside(old.nodes[i]));
    markRoute(state, n.route, 1);
  }
  search.presentCost = presentCostOf(6);
  for (const n of order) {
    markRoute(state, n.route, -1);
    connectNet(search, router.rules, n, router.marginDbu, router.pinCutReachDbu);
    markRoute(state, n.route, 1);
  }
  for (let r = 0; r < WINDOW_ROUNDS; r++) {
    const bad = order.filter((n) => isTroubled(state, n));
    if (bad.length === 0) break;
    search.presentCost = presentCostOf(7 + r);
    for (const n of bad)
      if (isTroubled(state, n)) rerouteNet(router, n, search.presentCost >> 2, r % 4 === 3);
  }
  const after = troubledOf(router).length;
  if (after < before) return after;
  restore(router.state, saved);
  return before;
}

/** Tries windows about the remaining conflicts. Returns the number of troubled nets left. */
function solveWindows(router: Router, random: () => number): number {
  let troubled = troubledOf(router);
  let count = troubled.length;
  const dbu = router.marginDbu / 3;
  for (let tries = 0; tries < WINDOWS_PER_PASS && count > 0 && count <= WINDOW_NETS_MAX; tries++) {
    const n = troubled[tries % troubled.length];
    if (!isTroubled(router.state, n)) {
      troubled = troubledOf(router);
      continue;
    }
    const spot = troubleSpot(router, n);
    const half = dbu * (tries < troubled.length ? 1.2 : 2.4);
    const after = solveWindow(router, spot.x, spot.y, half, count, random);
    if (after < count) troubled = troubledOf(router);
    count = after;
    router.observe?.({
      phase: 'endgame',
      round: router.rounds,
      conflicts: count,
      fraction: tries / WINDOWS_PER_PASS,
    });
  }
  return count;
}

interface Moves {
  mirrored: number;
  shifted: number;
}

/** Free room left and right of every cell in its row, DBU, up to the row's end as far as cells tell. */
function roomBeside(
  netlist: Netlist,
  kit: Kit,
  placement: Placement,
  inst: number,
): { left: number; right: number } {
  const y = placement.yDbu[inst];
  const x1 = placement.xDbu[inst];
  const x2 = x1 + kit.masters[netlist.instMaster[inst]].widthDbu;
  let left = Infinity;
  let right = Infinity;
  for (let i = 0; i < netlist.instMaster.length; i++) {
    if (i === inst || placement.yDbu[i] !== y) continue;
    const a = placement.xDbu[i];
    const b = a + kit.masters[netlist.instMaster[i]].widthDbu;
    if (b <= x1) left = Math.min(left, x1 - b);
    else if (a >= x2) right = Math.min(right, a - x2);
  }
  // Beyond the outermost cells we do not know where the row ends.
  return { left: Number.isFinite(left) ? left : 0, right: Number.isFinite(right) ? right : 0 };
}

/** Movable cells whose outline, a little grown, holds a trouble spot. */
function cellsAtTrouble(router: Router, netlist: Netlist, kit: Kit, placement: Placement): number[] {
  const reach = kit.tech.siteWidthDbu;
  const found = new Set<number>();
  for (const n of troubledOf(router)) {
    const spot = troubleSpot(router, n);
    for (let i = 0; i < netlist.instMaster.length; i++) {
      const m = kit.masters[netlist.instMaster[i]];
      const x = placement.xDbu[i];
      const y = placement.yDbu[i];
      if (placement.isFixed[i] || m.kind !== 'core') continue;
      if (spot.x < x - reach || spot.x > x + m.widthDbu + reach) continue;
      if (spot.y < y - reach || spot.y > y + m.heightDbu + reach) continue;
      found.add(i);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** Takes a cell's nets out, changes the cell, and brings its access points up to date. */
function changeCell(
  router: Router,
  netlist: Netlist,
  placement: Placement,
  inst: number,
  change: () => void,
): void {
  const { terminals, state } = router;
  change();
  terminals.refreshInstance(inst, placement);
  for (let pin = netlist.instPinStart[inst]; pin < netlist.instPinStart[inst + 1]; pin++) {
    const e = netlist.pinNet[pin];
    if (e < 0 || terminals.netIndex[e] < 0) continue;
    const n = terminals.nets[terminals.netIndex[e]];
    const gone = new Set<number>();
    n.terminals.forEach((t, j) => {
      if (t.pin === pin && n.route.taps[j] >= 0) gone.add(n.route.taps[j]);
    });
    if (gone.size === 0) continue;
    markRoute(state, n.route, -1);
    const old = n.route;
    n.route =
      old.nodes.length > 4000
        ? ripNodes(state, old, (i) => gone.has(old.nodes[i]))
        : emptyRoute(n.terminals.length);
    n.isComplete = false;
    markRoute(state, n.route, 1);
  }
}

/** Mirrors or shifts some of the cells at the conflicts. Returns how many were changed. */
function moveCells(
  router: Router,
  netlist: Netlist,
  kit: Kit,
  placement: Placement,
  random: () => number,
  moves: Moves,
): number {
  const cells = cellsAtTrouble(router, netlist, kit, placement);
  let changed = 0;
  for (const i of cells) {
    if (cells.length > 2 && random() < 0.5) continue;
    const room = roomBeside(netlist, kit, placement, i);
    const site = kit.tech.siteWidthDbu;
    const canShift = room.left >= site || room.right >= site;
    const isShift = canShift && random() < 0.6;
    changeCell(router, netlist, placement, i, () => {
      if (isShift) {
        const goLeft = room.left >= site && (room.right < site || random() < 0.5);
        placement.xDbu[i] += goLeft ? -site : site;
      } else placement.orient[i] = mirrored(placement.orient[i]);
    });
    if (isShift) moves.shifted++;
    else moves.mirrored++;
    changed++;
  }
  router.terminals.reserve();
  return changed;
}

/**
 * Negotiation anew from a lower price, then windows, then cell moves in between negotiations. `placement` is changed in place; a round of moves that
 * leaves more nets in trouble than before is taken back.
 */
export function finish(
  router: Router,
  netlist: Netlist,
  kit: Kit,
  placement: Placement,
  options: RouteOptions,
): Moves {
  const random = makeRng(options.seed);
  const moves: Moves = { mirrored: 0, shifted: 0 };
  let left = troubledOf(router).length;
  if (left === 0 || left > TROUBLED_MAX) return moves;
  for (let k = 0; k < RESTARTS && left > 0; k++) {
    const saved = save(router.order);
    const after = negotiate(router, RESTART_ROUNDS, RESTART_PRICE, 2 * left + WORSE_MAX).length;
    if (after <= left) left = after;
    else restore(router.state, saved);
  }
  // Last, as windows leave more history than they are worth to the rounds after them.
  if (left > 0) left = solveWindows(router, random);
  for (let round = 0; round < options.ecoRounds && left > 0; round++) {
    const saved = save(router.order);
    const before = { ...moves };
    const old = { x: placement.xDbu.slice(), orient: placement.orient.slice() };
    const cellCount = moveCells(router, netlist, kit, placement, random, moves);
    if (cellCount === 0) break;
    negotiate(router, RESTART_ROUNDS, RESTART_PRICE, 2 * left + WORSE_MAX);
    const after = solveWindows(router, random);
    if (after <= left) {
      left = after;
      continue;
    }
    for (let i = 0; i < old.x.length; i++) {
      if (old.x[i] === placement.xDbu[i] && old.orient[i] === placement.orient[i]) continue;
      placement.xDbu[i] = old.x[i];
      placement.orient[i] = old.orient[i];
      router.terminals.refreshInstance(i, placement);
    }
    router.terminals.reserve();
    restore(router.state, saved);
    Object.assign(moves, before);
  }
  return moves;
}
