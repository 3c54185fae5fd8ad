/**
 * What the router knows of every lattice node, as parallel arrays, and how nets leave their marks on it.
 * All that a search asks of a node it may step on stands in one word (`info`): what costs time is the cache line.
 * Invariant: the usage in `info[n]` is the number of routed nets whose wires or pads come too near to node n for
 * another net (each net counts once), the cut usage the number of cuts too near to a via up from n.
 */
import { layerOf, nodeAbove, type Lattice } from './lattice.ts';

/** Fields of a word of `info`. */
export const USAGE_MASK = 0xff;
const CUT_USAGE_SHIFT = 8;
const CUT_USAGE_MASK = 0x7f << CUT_USAGE_SHIFT;
/** A via up from here would come too near to a fixed cut or pad. */
export const CUT_BLOCKED = 1 << 15;
/** Any reason against a via up from here. */
export const CUT_MASK = CUT_USAGE_MASK | CUT_BLOCKED;
/** Cost learnt from past conflicts. */
export const HISTORY_SHIFT = 16;
export const HISTORY_MASK = 0x3fff;
const HISTORY_MAX = 12000;
/** Never to be used. */
export const BLOCKED = 1 << 30;
/** See `owner`; the sign bit. */
export const OWNED = 1 << 31;

/** Edges of a node within its net, as bits; the same numbers name moves in the search. */
export const LINK_NEXT = 1;
export const LINK_PREV = 2;
export const LINK_UP = 4;
export const LINK_DOWN = 8;
export const LINK_JOG_NEXT = 16;
export const LINK_JOG_PREV = 32;

/** The nodes' arrays; threads that route together share them. */
export interface SharedNodes {
  /** [nodes] see above. */
  readonly info: Int32Array;
  /** [nodes] net + 1 that alone may use the node, -1 = nobody (claimed twice), 0 = anyone (and OWNED is not set). */
  readonly owner: Int32Array;
  /** [nodes] scratch: a via up from here is too near to a cut of the net being routed. */
  readonly ownCut: Uint8Array;
  /** [nodes] scratch: component of the net being routed + 1, 0 = not in it. */
  readonly component: Int32Array;
  /** [nodes] scratch: LINK_* bits within the net being routed. */
  readonly link: Uint8Array;
  /** [nodes] scratch: 1 = node of the present target set. */
  readonly isTarget: Uint8Array;
  /** [2 * nodes] scratch of the search: its stamp and the move by which the node was reached; the cost so far. */
  readonly reached: Int32Array;
}

export interface RouterState extends SharedNodes {
  readonly lattice: Lattice;
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

/** An empty lattice; `buffer` gives memory that other threads see. */
export function makeState(
  lattice: Lattice,
  buffer: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): RouterState {
  const n = lattice.nodeCount;
  const words = (count: number): Int32Array => new Int32Array(buffer(4 * count));
  const bytes = (): Uint8Array => new Uint8Array(buffer(n));
  return {
    lattice,
    info: words(n),
    owner: words(n),
    ownCut: bytes(),
    component: words(n),
    link: bytes(),
    isTarget: bytes(),
    reached: words(2 * n),
  };
}

export function nodesOf({
  info,
  owner,
  ownCut,
  component,
  link,
  isTarget,
  reached,
}: RouterState): SharedNodes {
  return { info, owner, ownCut, component, link, isTarget, reached };
}

export const isBlocked = (state: RouterState, node: number): boolean => (state.info[node] & BLOCKED) !== 0;

/** Reserves a node for a net. A node claimed by two nets is of no use to either. */
export function claimNode(state: RouterState, node: number, net: number): void {
  const o = state.owner[node];
  state.owner[node] = o === 0 || o === net + 1 ? net + 1 : -1;
  state.info[node] |= OWNED;
}

/** Gives all reserved nodes back. */
export function clearClaims(state: RouterState): void {
  const { info, owner } = state;
  for (let i = 0; i < info.length; i++) info[i] &= ~OWNED;
  owner.fill(0);
}

/** Adds `by` to the cut table's sites around a via up from `node`. */
export function markCut(state: RouterState, array: Uint8Array | Int32Array, node: number, by: number): void {
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
  const { info, lattice } = state;
  const cut = by << CUT_USAGE_SHIFT;
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
    for (let m = first; m <= last; m++) info[m] += by;
    if (last > covered) covered = last;
    if (links[i] & LINK_UP) markCut(state, info, n, cut);
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
  const info = state.info[n];
  if ((info & USAGE_MASK) > own) return true;
  if (info < 0 && state.owner[n] !== net + 1) return true;
  return (route.links[i] & LINK_UP) !== 0 && (info & CUT_MASK) !== 0;
}

/** Does a net that stands in the marks conflict with another (or with itself, by cut spacing)? */
export function hasConflict(state: RouterState, route: NetRoute, net: number): boolean {
  for (let i = 0; i < route.nodes.length; i++) if (isConflict(state, route, i, net, 1)) return true;
  return false;
}

export function addHistory(state: RouterState, node: number, by: number): void {
  const info = state.info[node];
  if (info & BLOCKED) return;
  const h = (info >>> HISTORY_SHIFT) & HISTORY_MASK;
  const more = Math.min(HISTORY_MAX, h + by) - h;
  if (more > 0) state.info[node] = info + (more << HISTORY_SHIFT);
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
