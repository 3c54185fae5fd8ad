/** The stage's verb. */
import type { Diagnosed, Diagnostic } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { editNetlist } from '../netlist/index.ts';
import type { Netlist } from '../netlist/types.ts';
import { extendPlacement } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import { blockFixedShapes } from './blockages.ts';
import { findAntennas, makeAntennaCheck } from './antenna.ts';
import { repairAntennas, type Diode } from './antenna-repair.ts';
import { makeReport } from './progress.ts';
import { mapUsage, nameCrowdedPlaces } from './crowding.ts';
import { finish } from './endgame.ts';
import { emitRouting } from './emit.ts';
import { makeLattice, nodeXy } from './lattice.ts';
import { isTroubled, type RoutePool } from './batch.ts';
import { makeRouter, negotiate, routeAll, type Router } from './negotiate.ts';
import { defaultRouteOptions, type RouteObserver, type RouteOptions, type RouteStats } from './options.ts';
import { isConflict, makeState } from './state.ts';
import { makeTerminals, type RoutableNet } from './terminals.ts';
import type { Routing } from './types.ts';

/** Repair aims a little lower: via pads are not in the router's areas. */
const ANTENNA_MARGIN = 0.95;

export interface RouteResult {
  readonly routing: Routing;
  readonly stats: RouteStats;
}

export interface RoutedChip extends RouteResult {
  /** The netlist given, or a copy with antenna diodes behind all other instances. */
  readonly netlist: Netlist;
  /** The given placement, or a copy with some cells mirrored or moved (stats say how many) and diodes added. */
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

/** The netlist and placement with diodes behind all other instances. */
function withDiodes(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  diodes: readonly Diode[],
): { netlist: Netlist; placement: Placement } {
  if (diodes.length === 0) return { netlist, placement };
  const editor = editNetlist(netlist, kit);
  const master = kit.masters.findIndex((m) => m.name === kit.roles.antennaDiode);
  const pin = kit.masters[master].pins.findIndex((p) => p.use === 'signal');
  for (const d of diodes) editor.connect(editor.addInstance(editor.freshName('antenna'), master), pin, d.net);
  return { netlist: editor.finish(), placement: extendPlacement(placement, diodes) };
}

/** Negotiation, and the endgame for what it leaves. `placement` is changed in place. */
function settle(router: Router, netlist: Netlist, kit: Kit, placement: Placement, all: RouteOptions) {
  let failed = negotiate(router, all.maxRounds, 0);
  let moves = { mirrored: 0, shifted: 0 };
  if (failed.length > 0) {
    moves = finish(router, netlist, kit, placement, all);
    failed = router.order.filter((n) => isTroubled(router.state, n));
  }
  return { failed, moves };
}

/** Nets without a way, or with a pin that cannot be met. */
function failedNetsOf(router: Router, failed: readonly RoutableNet[]): number[] {
  const unreachable = router.terminals.nets.filter((n) => n.terminals.some((t) => t.nodes.length === 0));
  return [...new Set([...failed, ...unreachable].map((n) => n.net))].sort((a, b) => a - b);
}

/**
 * Routes all nets; cells at the last conflicts may be mirrored or shifted, diodes added against antennas. What could
 * not be routed is in failedNets, told by net (ROUTE-020, 021) and by place (ROUTE-023). Lengths in DBU. With
 * a pool the same bytes come sooner.
 */
export function routeChip(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  options: Partial<RouteOptions> = {},
  observe?: RouteObserver,
  pool?: RoutePool,
): Diagnosed<RoutedChip> {
  const all: RouteOptions = { ...defaultRouteOptions, ...options };
  const lattice = makeLattice(floorplan, kit, all);
  const state = makeState(lattice, pool?.buffer);
  blockFixedShapes(state, netlist, floorplan, placement, kit);
  const terminals = makeTerminals(state, netlist, floorplan, placement, kit);
  terminals.reserve();
  const report = makeReport(observe);
  const router = makeRouter(state, terminals, kit, all, report, pool);
  routeAll(router);
  const moved: Placement = {
    ...placement,
    xDbu: placement.xDbu.slice(),
    orient: placement.orient.slice(),
  };
  const { failed, moves } = settle(router, netlist, kit, moved, all);
  const stands = moves.mirrored + moves.shifted > 0 ? moved : placement;
  report?.({ phase: 'antenna', round: router.rounds, conflicts: failed.length, fraction: 0 });
  const check = makeAntennaCheck(netlist, kit, ANTENNA_MARGIN * all.antennaRatio);
  const repaired =
    all.antennaRepair && failed.length === 0
      ? repairAntennas(router, netlist, floorplan, stands, kit, check)
      : { hops: 0, diodes: [] };
  const after = withDiodes(netlist, stands, kit, repaired.diodes);
  const failedNets = failedNetsOf(router, failed);
  report?.({ phase: 'emit', round: router.rounds, conflicts: failed.length, fraction: 0 });
  const emitted = emitRouting(lattice, kit.tech, terminals.nets, netlist.netNames.length, failedNets);
  const { routing } = emitted;
  const antenna = findAntennas(after.netlist, after.placement, kit, routing, all.antennaRatio);
  const usage = mapUsage(lattice, kit, routing);
  const um = (dbu: number): number => dbu / kit.tech.dbuPerUm;
  const hpwlDbu = terminals.nets.reduce((sum, n) => sum + n.spanDbu, 0);
  return {
    value: {
      routing,
      ...after,
      stats: {
        wirelengthUm: um(emitted.wirelengthByLayerDbu.reduce((a, b) => a + b, 0)),
        hpwlUm: um(hpwlDbu),
        vias: routing.vias.length / 3,
        pins: after.netlist.netPins.length,
        wirelengthByLayerUm: emitted.wirelengthByLayerDbu.map(um),
        jogUm: um(emitted.jogDbu),
        rounds: router.rounds,
        conflictsByRound: router.conflictsByRound,
        expansions: router.search.expansions,
        latticeNodes: lattice.nodeCount,
        mirroredCells: moves.mirrored,
        shiftedCells: moves.shifted,
        antennaHops: repaired.hops,
        antennaDiodes: repaired.diodes.length,
        antennaViolations: antenna.length,
        usage,
      },
    },
    diagnostics: [
      ...terminals.diagnostics,
      ...antenna,
      ...nameCrowdedPlaces(router, failed, usage, kit.tech.dbuPerUm),
      ...describeFailures(router, netlist, failed, kit.tech.dbuPerUm),
    ],
  };
}

/** As routeChip, but cells stay where they are, and none are added. */
export function route(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  options: Partial<RouteOptions> = {},
  observe?: RouteObserver,
): Diagnosed<RouteResult> {
  const done = routeChip(
    netlist,
    floorplan,
    placement,
    kit,
    { ...options, ecoRounds: 0, antennaRepair: false },
    observe,
  );
  const { routing, stats } = done.value;
  return { value: { routing, stats }, diagnostics: done.diagnostics };
}
