/**
 * What the router knows of every lattice node, as parallel arrays, and how nets leave their marks on it.
 * Invariant: `usage[n]` is the number of routed nets whose wires or pads come too near to node n for another
 * net (each net counts once), `cutUsage[n]` the number of cuts too near to a via up from n.
 */
import { layerOf, nodeAbove, type Lattice } from './lattice.ts';

/** In `history`: never to be used. */
export const BLOCKED = 65535;
const HISTORY_MAX = 12000;

/** Edges of a node within its net, as bits; the same numbers name moves in the search. */
export const LINK_NEXT = 1;
export const LINK_PREV = 2;
export const LINK_UP = 4;
export const LINK_DOWN = 8;
export const LINK_JOG_NEXT = 16;
export const LINK_JOG_PREV = 32;

export interface RouterState {
  readonly lattice: Lattice;
  /** [nodes] nets too near, see above. */
  readonly usage: Uint8Array;
  /** [nodes] cost learnt from past conflicts, or BLOCKED. */
  readonly history: Uint16Array;
  /** [nodes] net + 1 that alone may use the node, 0 = anyone, -1 = nobody (claimed twice). */
  readonly owner: Int32Array;
  /** [nodes] cuts too near for a via up from the node. */
  readonly cutUsage: Uint8Array;
  /** [nodes] 1 = a via up from here would come too near to a fixed cut or pad. */
  readonly cutBlocked: Uint8Array;
  /** [nodes] scratch: a via up from here is too near to a cut of the net being routed. */
  readonly ownCut: Uint8Array;
  /** [nodes] scratch: component of the net being routed + 1, 0 = not in it. */
  readonly component: Int32Array;
  /** [nodes] scratch: LINK_* bits within the net being routed. */
  readonly link: Uint8Array;
  /** [nodes] scratch of the search. */
  readonly stamp: Int32Array;
  readonly dist: Int32Array;
  readonly from: Uint8Array;
}

export interface NetRoute {
  /** Ascending node ids. */
  readonly nodes: Int32Array;
  /** [nodes] LINK_* bits of each node. */
  readonly links: Uint8Array;
  /** [terminals] node by which each terminal is met, -1 if it is not. */
  readonly taps: Int32Array;
}

export const emptyRoute = (terminals: number): NetRoute => ({
  nodes: new Int32Array(0),
  links: new Uint8Array(0),
  taps: new Int32Array(terminals).fill(-1),
});

export function makeState(lattice: Lattice): RouterState {
  const n = lattice.nodeCount;
  return {
    lattice,
    usage: new Uint8Array(n),
    history: new Uint16Array(n),
    owner: new Int32Array(n),
    cutUsage: new Uint8Array(n),
    cutBlocked: new Uint8Array(n),
    ownCut: new Uint8Array(n),
    component: new Int32Array(n),
    link: new Uint8Array(n),
    stamp: new Int32Array(n),
    dist: new Int32Array(n),
    from: new Uint8Array(n),
  };
}

/** Adds `by` to the cut table's sites around a via up from `node`. */
export function markCut(state: RouterState, array: Uint8Array, node: number, by: number): void {
  const l = layerOf(state.lattice, node);
  const g = state.lattice.layers[l];
  const k = node - g.base;
  const t = Math.floor(k / g.posCount);
  const p = k - t * g.posCount;
  for (let i = g.cutStart[p]; i < g.cutStart[p + 1]; i++) {
    const u = t + g.cutTrack[i];
    if (u >= 0 && u < g.trackCount) array[g.base + u * g.posCount + g.cutPos[i]] += by;
  }
}

/** Adds (by = 1) or removes (by = -1) a net's marks. Cost is proportional to the net's nodes. */
export function markRoute(state: RouterState, route: NetRoute, by: number): void {
  const { usage, lattice, cutUsage } = state;
  const { nodes, links } = route;
  let l = 0;
  let g = lattice.layers[0];
  let end = g.base + g.trackCount * g.posCount;
  // Covered so far on the current track: nothing is counted twice for one net.
  let covered = -1;
  for (let i = 0; i < nodes.length; i++) {
    const n = nodes[i];
    while (n >= end) {
      g = lattice.layers[++l];
      end = g.base + g.trackCount * g.posCount;
    }
    const p = (n - g.base) % g.posCount;
    const first = Math.max(n - p + g.lo[p], covered + 1);
    const last = n - p + g.hi[p];
    for (let m = first; m <= last; m++) usage[m] += by;
    if (last > covered) covered = last;
    if (links[i] & LINK_UP) markCut(state, cutUsage, n, by);
  }
}

/** Is node i of a route in conflict? `own` = how often the net itself is counted in `usage` (1 if marked). */
export function isConflict(
  state: RouterState,
  route: NetRoute,
  i: number,
  net: number,
  own: number,
): boolean {
  const n = route.nodes[i];
  if (state.usage[n] > own) return true;
  const o = state.owner[n];
  if (o !== 0 && o !== net + 1) return true;
  return (route.links[i] & LINK_UP) !== 0 && (state.cutUsage[n] > 0 || state.cutBlocked[n] > 0);
}

/** Does a net that stands in the marks conflict with another (or with itself, by cut spacing)? */
export function hasConflict(state: RouterState, route: NetRoute, net: number): boolean {
  for (let i = 0; i < route.nodes.length; i++) if (isConflict(state, route, i, net, 1)) return true;
  return false;
}

export function addHistory(state: RouterState, node: number, by: number): void {
  const h = state.history[node];
  if (h < HISTORY_MAX) state.history[node] = Math.min(HISTORY_MAX, h + by);
}

/** The neighbour of a node over one of its links. */
export function neighbour(lattice: Lattice, node: number, link: number): number {
  if (link === LINK_NEXT) return node + 1;
  if (link === LINK_PREV) return node - 1;
  const l = layerOf(lattice, node);
  const g = lattice.layers[l];
  if (link === LINK_JOG_NEXT) return node + g.posCount;
  if (link === LINK_JOG_PREV) return node - g.posCount;
  if (link === LINK_UP) return nodeAbove(lattice, l, node);
  const o = lattice.layers[l - 1];
  const k = node - g.base;
  const t = Math.floor(k / g.posCount);
  return o.base + g.downTrack[k - t * g.posCount] * o.posCount + g.downPos[t];
}

/** The same link seen from its other end. */
export const opposite = (link: number): number => (link & 0b010101 ? link << 1 : link >> 1);
