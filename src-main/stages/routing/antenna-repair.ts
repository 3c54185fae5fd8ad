/**
 * Antenna repair. A net that collects too much for a gate is helped by
 * 1. a hop: within a few um of the gate everything on the net but the topmost layer is fenced off, so that the gate
 *    hangs on no more than a stub until the topmost layer joins it to its driver, which discharges it;
 * 2. where that cannot be (a net that only a port drives is never discharged): a diode on a free site near the gate.
 * Both are laid over free nodes only, and kept only if the gate is then safe.
 */
import type { Rect } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { AddedCell } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import type { AntennaCheck, AntennaFinding } from './antenna.ts';
import { connectNet } from './connect.ts';
import { emitNet } from './emit.ts';
import { findFreeSites, type FreeSites } from './free-sites.ts';
import { lastAtMost, lowerBound, nodeXy } from './lattice.ts';
import { isTroubled } from './batch.ts';
import type { Router } from './negotiate.ts';
import { ripNodes } from './rip.ts';
import { WINDOW_TRIES } from './search.ts';
import { BLOCKED, markRoute, type NetRoute } from './state.ts';
import type { RoutableNet, Terminal } from './terminals.ts';

/** Half sides of the fence about a gate, um. */
const FENCE_UM = [4, 2.5, 7, 12];
/** Rows and columns a fence is thick, in pitches of the topmost layer: no step may leap over it. */
const FENCE_PITCHES = 2;
/** Searches look this far about the two ends. */
const JOIN_MARGIN_UM = 15;
/** How far from its gate a diode may stand, um, and how many sites are tried. */
const DIODE_REACH_UM = 25;
const DIODE_TRIES = 24;

export interface Diode extends AddedCell {
  readonly net: number;
  readonly xDbu: number;
  readonly yDbu: number;
}

export interface AntennaRepair {
  readonly hops: number;
  readonly diodes: readonly Diode[];
}

interface Repairer {
  readonly router: Router;
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly placement: Placement;
  readonly check: AntennaCheck;
  readonly sites: () => FreeSites;
  readonly diodes: Diode[];
}

interface Kept {
  readonly route: NetRoute;
  readonly isComplete: boolean;
}

const keep = (n: RoutableNet): Kept => ({ route: n.route, isComplete: n.isComplete });

/** Puts a route in place of the one that stands in the marks. */
function replace(r: Repairer, n: RoutableNet, by: Kept): void {
  markRoute(r.router.state, n.route, -1);
  n.route = by.route;
  n.isComplete = by.isComplete;
  markRoute(r.router.state, n.route, 1);
}

function findings(r: Repairer, n: RoutableNet): AntennaFinding[] {
  const out = { wires: [] as number[], vias: [] as number[] };
  emitNet(r.router.state.lattice, n, out);
  const width = r.kit.masters.find((m) => m.name === r.kit.roles.antennaDiode)?.widthDbu ?? 0;
  const own = r.diodes.filter((d) => d.net === n.net);
  const diodeAt = (x: number, y: number): boolean =>
    own.some(
      (d) => x >= d.xDbu && x <= d.xDbu + width && y >= d.yDbu && y <= d.yDbu + r.kit.tech.rowHeightDbu,
    );
  return r.check(r.placement, n.net, out.wires, out.vias, diodeAt);
}

const isBad = (found: readonly AntennaFinding[], pin: number): boolean =>
  found.some((f) => f.pins.includes(pin));

/** Routes what is not joined yet over nodes that are free and closes no conflict. True if it came out clean. */
function joinFreely(r: Repairer, n: RoutableNet): boolean {
  const { router } = r;
  const price = router.search.presentCost;
  router.search.presentCost = -1;
  router.search.windowTries = 1;
  markRoute(router.state, n.route, -1);
  connectNet(router.search, router.rules, n, JOIN_MARGIN_UM * r.kit.tech.dbuPerUm, router.pinCutReachDbu);
  markRoute(router.state, n.route, 1);
  router.search.presentCost = price;
  router.search.windowTries = WINDOW_TRIES;
  return !isTroubled(router.state, n);
}

const grown = (b: Rect, by: number): Rect => ({
  x1: b.x1 - by,
  y1: b.y1 - by,
  x2: b.x2 + by,
  y2: b.y2 + by,
});

/** Blocks the ring between two boxes on all layers but the topmost. Returns the nodes to give back. */
function raiseFence(r: Repairer, inner: Rect, outer: Rect): number[] {
  const { info, lattice } = r.router.state;
  const raised: number[] = [];
  for (const g of lattice.layers.slice(0, -1)) {
    const [t1, t2, p1, p2] = g.vertical
      ? [outer.x1, outer.x2, outer.y1, outer.y2]
      : [outer.y1, outer.y2, outer.x1, outer.x2];
    const [a1, a2, c1, c2] = g.vertical
      ? [inner.x1, inner.x2, inner.y1, inner.y2]
      : [inner.y1, inner.y2, inner.x1, inner.x2];
    const pLast = lastAtMost(g.positions, p2);
    for (let t = lowerBound(g.tracks, t1); t < g.trackCount && g.tracks[t] <= t2; t++) {
      const isAcross = g.tracks[t] < a1 || g.tracks[t] > a2;
      for (let p = lowerBound(g.positions, p1); p <= pLast; p++) {
        if (!isAcross && g.positions[p] >= c1 && g.positions[p] <= c2) continue;
        const node = g.base + t * g.posCount + p;
        if (info[node] & BLOCKED) continue;
        info[node] |= BLOCKED;
        raised.push(node);
      }
    }
  }
  return raised;
}

/** Gives a gate a hop to the topmost layer. `fences` of earlier gates of the net stand. */
function hop(r: Repairer, n: RoutableNet, t: Terminal, fences: number[]): boolean {
  const { state } = r.router;
  const { lattice } = state;
  const um = r.kit.tech.dbuPerUm;
  const top = lattice.layers[lattice.layers.length - 1];
  const thick = FENCE_PITCHES * (top.tracks[1] - top.tracks[0]);
  const before = keep(n);
  const count = findings(r, n).length;
  for (const half of FENCE_UM) {
    const at: Rect = { x1: t.xDbu, y1: t.yDbu, x2: t.xDbu, y2: t.yDbu };
    const inner = grown(at, half * um);
    const outer = grown(inner, thick);
    const fence = raiseFence(r, inner, outer);
    const old = n.route;
    const ripped = ripNodes(state, old, (i) => {
      const p = nodeXy(lattice, old.nodes[i]);
      return p.x >= outer.x1 && p.x <= outer.x2 && p.y >= outer.y1 && p.y <= outer.y2;
    });
    replace(r, n, { route: ripped, isComplete: false });
    const isJoined = joinFreely(r, n);
    if (isJoined) {
      const found = findings(r, n);
      if (!isBad(found, t.pin) && found.length <= count) {
        fences.push(...fence);
        return true;
      }
    }
    for (const node of fence) state.info[node] &= ~BLOCKED;
    replace(r, n, before);
  }
  return false;
}

/** Stands a diode near a gate and joins it to the net. */
function addDiode(r: Repairer, n: RoutableNet, t: Terminal): boolean {
  const { router, kit } = r;
  const master = kit.masters.findIndex((m) => m.name === kit.roles.antennaDiode);
  if (master < 0) return false;
  const pin = kit.masters[master].pins.findIndex((p) => p.use === 'signal');
  const sites = r.sites();
  const reach = DIODE_REACH_UM * kit.tech.dbuPerUm;
  let tries = 0;
  for (const site of sites.near(t.xDbu, t.yDbu, kit.masters[master].widthDbu, reach)) {
    if (tries++ >= DIODE_TRIES) break;
    const terminal = router.terminals.cellTerminal(master, pin, site.orient, site.xDbu, site.yDbu);
    if (terminal.nodes.length === 0) continue;
    const before = keep(n);
    const diode: Diode = { net: n.net, xDbu: site.xDbu, yDbu: site.yDbu, orient: site.orient };
    const taps = Int32Array.of(...n.route.taps, -1);
    n.terminals.push(terminal);
    r.diodes.push(diode);
    replace(r, n, { route: { ...n.route, taps }, isComplete: false });
    if (joinFreely(r, n) && !isBad(findings(r, n), t.pin)) {
      sites.take(site, kit.masters[master].widthDbu);
      return true;
    }
    n.terminals.pop();
    r.diodes.pop();
    replace(r, n, before);
  }
  return false;
}

function repairNet(r: Repairer, n: RoutableNet): number {
  const pinsOf = (): number[] => [...new Set(findings(r, n).flatMap((f) => f.pins))].sort((a, b) => a - b);
  const terminalOf = (pin: number): Terminal | undefined => n.terminals.find((t) => t.pin === pin);
  const { layers } = r.router.state.lattice;
  const topLayer = layers[layers.length - 1].layer;
  const fences: number[] = [];
  let hops = 0;
  for (const pin of pinsOf()) {
    const t = terminalOf(pin);
    const found = findings(r, n).filter((f) => f.pins.includes(pin));
    const canHop = found.length > 0 && found.every((f) => f.layer < topLayer);
    if (t && canHop && hop(r, n, t, fences)) hops++;
  }
  for (const node of fences) r.router.state.info[node] &= ~BLOCKED;
  for (const pin of pinsOf()) {
    const t = terminalOf(pin);
    if (t && isBad(findings(r, n), pin)) addDiode(r, n, t);
  }
  return hops;
}

/** Repairs what can be; what remains is for the check to say. Terminals of diodes have pin id -1. */
export function repairAntennas(
  router: Router,
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  check: AntennaCheck,
): AntennaRepair {
  let sites: FreeSites | null = null;
  const r: Repairer = {
    router,
    netlist,
    kit,
    placement,
    check,
    sites: () => (sites ??= findFreeSites(netlist, kit, floorplan, placement)),
    diodes: [],
  };
  let hops = 0;
  for (const n of router.terminals.nets) {
    if (!n.isComplete || findings(r, n).length === 0) continue;
    hops += repairNet(r, n);
  }
  return { hops, diodes: r.diodes };
}
