/** The stage's verb. */
import type { Diagnosed, Diagnostic } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { blockFixedShapes } from './blockages.ts';
import { findAntennas } from './antenna.ts';
import { finish } from './endgame.ts';
import { emitRouting } from './emit.ts';
import { makeLattice, nodeXy } from './lattice.ts';
import { isTroubled, makeRouter, negotiate, routeAll, type Router } from './negotiate.ts';
import { defaultRouteOptions, type RouteObserver, type RouteOptions, type RouteStats } from './options.ts';
import { isConflict, makeState } from './state.ts';
import { makeTerminals, type RoutableNet } from './terminals.ts';
import type { Routing } from './types.ts';

export interface RouteResult {
  readonly routing: Routing;
  readonly stats: RouteStats;
}

export interface RoutedChip extends RouteResult {
  /** The given placement, or a copy with some cells mirrored or moved (stats say how many). */
  readonly placement: Placement;
}

function describeFailures(
  router: Router,
  netlist: Netlist,
  failed: readonly RoutableNet[],
  dbuPerUm: number,
): Diagnostic[] {
  return failed.slice(0, 50).map((n) => {
    const { state } = router;
    const i = n.route.nodes.findIndex((_, k) => isConflict(state, n.route, k, n.net, 1));
    const at =
      i >= 0 ? nodeXy(state.lattice, n.route.nodes[i]) : { x: n.terminals[0].xDbu, y: n.terminals[0].yDbu };
    const um = (v: number): string => (v / dbuPerUm).toFixed(2);
    return {
      code: n.isComplete ? 'ROUTE-021' : 'ROUTE-020',
      severity: 'error',
      message: n.isComplete
        ? `net ${netlist.netNames[n.net]} comes too near to another net at (${um(at.x)}, ${um(at.y)}) um`
        : `net ${netlist.netNames[n.net]} is not wholly connected`,
      place: netlist.netNames[n.net],
      remedy: 'lower the utilisation or allow more rounds',
    };
  });
}

export function routeChip(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  options: Partial<RouteOptions> = {},
  observe?: RouteObserver,
): Diagnosed<RoutedChip> {
  const all: RouteOptions = { ...defaultRouteOptions, ...options };
  const lattice = makeLattice(floorplan, kit, all);
  const state = makeState(lattice);
  blockFixedShapes(state, netlist, floorplan, placement, kit);
  const terminals = makeTerminals(state, netlist, floorplan, placement, kit);
  terminals.reserve();
  const router = makeRouter(state, terminals, kit, all, observe);
  routeAll(router);
  const moved: Placement = {
    ...placement,
    xDbu: placement.xDbu.slice(),
    orient: placement.orient.slice(),
  };
  let failed = negotiate(router, all.maxRounds, 0);
  let moves = { mirrored: 0, shifted: 0 };
  if (failed.length > 0) {
    moves = finish(router, netlist, kit, moved, all);
    failed = router.order.filter((n) => isTroubled(state, n));
  }
  const unreachable = new Set(
    terminals.nets.filter((n) => n.terminals.some((t) => t.nodes.length === 0)).map((n) => n.net),
  );
  const failedNets = [...new Set([...failed.map((n) => n.net), ...unreachable])].sort((a, b) => a - b);
  const emitted = emitRouting(lattice, kit.tech, terminals.nets, netlist.netNames.length, failedNets);
  const antenna = findAntennas(netlist, placement, kit, emitted.routing, all.antennaRatio);
  const um = (dbu: number): number => dbu / kit.tech.dbuPerUm;
  return {
    value: {
      routing: emitted.routing,
      placement: moves.mirrored + moves.shifted > 0 ? moved : placement,
      stats: {
        wirelengthUm: um(emitted.wirelengthByLayerDbu.reduce((a, b) => a + b, 0)),
        vias: emitted.routing.vias.length / 3,
        wirelengthByLayerUm: emitted.wirelengthByLayerDbu.map(um),
        jogUm: um(emitted.jogDbu),
        rounds: router.rounds,
        conflictsByRound: router.conflictsByRound,
        expansions: router.search.expansions,
        latticeNodes: lattice.nodeCount,
        mirroredCells: moves.mirrored,
        shiftedCells: moves.shifted,
        antennaViolations: antenna.length,
      },
    },
    diagnostics: [
      ...terminals.diagnostics,
      ...antenna,
      ...describeFailures(router, netlist, failed, kit.tech.dbuPerUm),
    ],
  };
}

/** As routeChip, but cells stay where they are. */
export function route(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  options: Partial<RouteOptions> = {},
  observe?: RouteObserver,
): Diagnosed<RouteResult> {
  const done = routeChip(netlist, floorplan, placement, kit, { ...options, ecoRounds: 0 }, observe);
  const { routing, stats } = done.value;
  return { value: { routing, stats }, diagnostics: done.diagnostics };
}
