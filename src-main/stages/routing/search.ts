/**
 * A* over the lattice from a set of source nodes to a set of target nodes (Hart, Nilsson, Raphael, 1968), with
 * integer costs and a bucket queue (Dial, 1969) whose buckets are stacks: among equals the newest goes first,
 * which follows one straight path instead of flooding a plateau.
 *
 * The lower bound adds to the distance the vias that are surely still needed. Cut spacing within the net is kept by
 * looking back along the path (`tooNearOwnCut`); because paths may be improved after they were looked at, the
 * final say is with state.isConflict.
 */
import { lastAtMost, lowerBound, nodeXy, type LatticeLayer } from './lattice.ts';
import {
  BLOCKED,
  LINK_DOWN,
  LINK_JOG_NEXT,
  LINK_JOG_PREV,
  LINK_NEXT,
  LINK_PREV,
  LINK_UP,
  neighbour,
  opposite,
  type RouterState,
} from './state.ts';
import type { Rect } from '../../base/geometry.ts';

const BUCKETS = 1 << 16;
/** Marks a source in `from`. */
const SOURCE = 64;

export interface Search {
  readonly state: RouterState;
  readonly head: Int32Array;
  next: Int32Array;
  queueNode: Int32Array;
  queueDist: Int32Array;
  stampNow: number;
  expansions: number;
  /** Cost of a via, in units of 10 nm. */
  readonly viaCost: number;
  /** Cost of a node that another net uses; Infinity-like when negative: such nodes are closed. */
  presentCost: number;
  /** 1 = node of the present target set. */
  readonly isTarget: Uint8Array;
}

export function makeSearch(state: RouterState, viaCost: number): Search {
  return {
    state,
    head: new Int32Array(BUCKETS).fill(-1),
    next: new Int32Array(1 << 18),
    queueNode: new Int32Array(1 << 18),
    queueDist: new Int32Array(1 << 18),
    stampNow: 0,
    expansions: 0,
    viaCost,
    presentCost: 14,
    isTarget: new Uint8Array(state.lattice.nodeCount),
  };
}

function growQueue(search: Search): void {
  const grow = (a: Int32Array): Int32Array => {
    const b = new Int32Array(a.length * 2);
    b.set(a);
    return b;
  };
  search.next = grow(search.next);
  search.queueNode = grow(search.queueNode);
  search.queueDist = grow(search.queueDist);
}

/** Would a cut at (l, p) going `link` be too near to the cut by which the path came onto this track? */
function tooNearOwnCut(
  state: RouterState,
  g: LatticeLayer,
  node: number,
  p: number,
  link: number,
  reach: number,
): boolean {
  const from = state.from;
  const back = opposite(link);
  let m = node;
  let q = p;
  for (;;) {
    const d = from[m];
    if (d === LINK_NEXT) {
      m--;
      q--;
    } else if (d === LINK_PREV) {
      m++;
      q++;
    } else return m !== node && d === back;
    if (Math.abs(g.positions[q] - g.positions[p]) >= reach) return false;
  }
}

/** Nodes from target to source; moves[i] is the LINK_* that leads from nodes[i + 1] to nodes[i]. */
export interface Path {
  readonly nodes: readonly number[];
  readonly moves: readonly number[];
}

export interface SearchRules {
  /** [lattice layers] cut width plus spacing of the cut above each layer. */
  readonly cutReach: readonly number[];
}

/**
 * Cheapest path from any of `sources` to any node flagged in `search.isTarget`, within `window` (DBU).
 * `goal` is a box around the targets and `goalLow`/`goalHigh` the range of their lattice layers; both only guide.
 * Returns the path or null. `net` decides which reserved nodes are open.
 */
export function findPath(
  search: Search,
  rules: SearchRules,
  sources: readonly number[],
  goal: Rect,
  goalLow: number,
  goalHigh: number,
  window: Rect,
  net: number,
): Path | null {
  const { state, head, isTarget } = search;
  const { usage, history, owner, cutUsage, cutBlocked, ownCut, stamp, dist, from, lattice } = state;
  const layers = lattice.layers;
  const layerCount = layers.length;
  const unit = lattice.dbuPerCost;
  const viaCost = search.viaCost;
  const present = search.presentCost;
  const me = net + 1;
  const now = ++search.stampNow;
  const tFirst = new Int32Array(layerCount);
  const tLast = new Int32Array(layerCount);
  const pFirst = new Int32Array(layerCount);
  const pLast = new Int32Array(layerCount);
  for (let l = 0; l < layerCount; l++) {
    const g = layers[l];
    tFirst[l] = lowerBound(g.tracks, g.vertical ? window.x1 : window.y1);
    tLast[l] = lastAtMost(g.tracks, g.vertical ? window.x2 : window.y2);
    pFirst[l] = lowerBound(g.positions, g.vertical ? window.y1 : window.x1);
    pLast[l] = lastAtMost(g.positions, g.vertical ? window.y2 : window.x2);
  }
  let { next, queueNode, queueDist } = search;
  let top = 0;
  let waiting = 0;
  let lowest = 1 << 30;

  const bound = (l: number, x: number, y: number): number => {
    const dx = x < goal.x1 ? goal.x1 - x : x > goal.x2 ? x - goal.x2 : 0;
    const dy = y < goal.y1 ? goal.y1 - y : y > goal.y2 ? y - goal.y2 : 0;
    let vias = l > goalHigh ? l - goalHigh : l < goalLow ? goalLow - l : 0;
    // Going across the layer's direction needs another layer (jogs are dearer than it pays to model).
    if (vias === 0 && (layers[l].vertical ? dx : dy) > 1200) vias = goalLow === goalHigh ? 2 : 1;
    return ((dx + dy) / unit + vias * viaCost) | 0;
  };
  const push = (n: number, d: number, f: number): void => {
    if (top >= queueNode.length) {
      growQueue(search);
      ({ next, queueNode, queueDist } = search);
    }
    queueNode[top] = n;
    queueDist[top] = d;
    const b = f & (BUCKETS - 1);
    next[top] = head[b];
    head[b] = top++;
    waiting++;
    if (f < lowest) lowest = f;
  };
  /** Offers node m at cost d, reached by `link`; x, y, l are m's. */
  const offer = (m: number, d: number, link: number, l: number, x: number, y: number): void => {
    const h = history[m];
    if (h === BLOCKED) return;
    const o = owner[m];
    if (o !== 0 && o !== me) return;
    let total = d + h;
    if (usage[m] > 0) {
      if (present < 0) return;
      total += present;
    }
    if (stamp[m] === now && dist[m] <= total) return;
    stamp[m] = now;
    dist[m] = total;
    from[m] = link;
    push(m, total, total + bound(l, x, y));
  };

  for (const n of sources) {
    let l = layerCount - 1;
    while (n < layers[l].base) l--;
    const g = layers[l];
    const k = n - g.base;
    const t = (k / g.posCount) | 0;
    const p = k - t * g.posCount;
    if (t < tFirst[l] || t > tLast[l] || p < pFirst[l] || p > pLast[l] || stamp[n] === now) continue;
    stamp[n] = now;
    dist[n] = 0;
    from[n] = SOURCE;
    const x = g.vertical ? g.tracks[t] : g.positions[p];
    const y = g.vertical ? g.positions[p] : g.tracks[t];
    push(n, 0, bound(l, x, y));
  }

  let found = -1;
  let f = lowest;
  let empty = 0;
  let expansions = 0;
  while (waiting > 0) {
    const e = head[f & (BUCKETS - 1)];
    if (e < 0) {
      f++;
      if (++empty > BUCKETS) break;
      continue;
    }
    empty = 0;
    head[f & (BUCKETS - 1)] = next[e];
    waiting--;
    const n = queueNode[e];
    const d = queueDist[e];
    if (dist[n] !== d) continue;
    expansions++;
    if (isTarget[n]) {
      found = n;
      break;
    }
    let l = layerCount - 1;
    while (n < layers[l].base) l--;
    const g = layers[l];
    const k = n - g.base;
    const t = (k / g.posCount) | 0;
    const p = k - t * g.posCount;
    const along = g.positions[p];
    const across = g.tracks[t];
    const x = g.vertical ? across : along;
    const y = g.vertical ? along : across;
    const came = from[n];
    if (p < pLast[l] && came !== LINK_PREV) {
      const c = g.positions[p + 1];
      offer(n + 1, d + g.stepCost[p], LINK_NEXT, l, g.vertical ? x : c, g.vertical ? c : y);
    }
    if (p > pFirst[l] && came !== LINK_NEXT) {
      const c = g.positions[p - 1];
      offer(n - 1, d + g.stepCost[p - 1], LINK_PREV, l, g.vertical ? x : c, g.vertical ? c : y);
    }
    if (g.jogCost >= 0) {
      if (t < tLast[l] && came !== LINK_JOG_PREV) {
        const c = g.tracks[t + 1];
        offer(n + g.posCount, d + g.jogCost, LINK_JOG_NEXT, l, g.vertical ? c : x, g.vertical ? y : c);
      }
      if (t > tFirst[l] && came !== LINK_JOG_NEXT) {
        const c = g.tracks[t - 1];
        offer(n - g.posCount, d + g.jogCost, LINK_JOG_PREV, l, g.vertical ? c : x, g.vertical ? y : c);
      }
    }
    if (l + 1 < layerCount && came !== LINK_DOWN) {
      const u = g.upTrack[p];
      const q = g.upPos[t];
      if (u >= tFirst[l + 1] && u <= tLast[l + 1] && q >= 0 && cutBlocked[n] === 0 && ownCut[n] === 0) {
        const extra = cutUsage[n] > 0 ? (present < 0 ? -1 : 2 * present) : 0;
        if (extra >= 0 && !tooNearOwnCut(state, g, n, p, LINK_UP, rules.cutReach[l])) {
          const o = layers[l + 1];
          offer(o.base + u * o.posCount + q, d + viaCost + extra, LINK_UP, l + 1, x, y);
        }
      }
    }
    if (l > 0 && came !== LINK_UP) {
      const u = g.downTrack[p];
      const q = g.downPos[t];
      if (u >= tFirst[l - 1] && u <= tLast[l - 1] && q >= 0) {
        const o = layers[l - 1];
        const m = o.base + u * o.posCount + q;
        if (cutBlocked[m] === 0 && ownCut[m] === 0) {
          const extra = cutUsage[m] > 0 ? (present < 0 ? -1 : 2 * present) : 0;
          if (extra >= 0 && !tooNearOwnCut(state, g, n, p, LINK_DOWN, rules.cutReach[l - 1])) {
            offer(m, d + viaCost + extra, LINK_DOWN, l - 1, x, y);
          }
        }
      }
    }
  }
  search.expansions += expansions;
  head.fill(-1);
  return found < 0 ? null : tracePath(state, found);
}

function tracePath(state: RouterState, found: number): Path {
  const nodes = [found];
  const moves: number[] = [];
  let n = found;
  while (state.from[n] !== SOURCE) {
    moves.push(state.from[n]);
    n = neighbour(state.lattice, n, opposite(state.from[n]));
    nodes.push(n);
  }
  return { nodes, moves };
}

/** Box and layer range of a set of nodes. */
export function boxOfNodes(
  state: RouterState,
  nodes: readonly number[],
): { box: Rect; low: number; high: number } {
  let x1 = 1 << 30;
  let y1 = 1 << 30;
  let x2 = -(1 << 30);
  let y2 = -(1 << 30);
  let low = 99;
  let high = -1;
  for (const n of nodes) {
    const { l, x, y } = nodeXy(state.lattice, n);
    x1 = Math.min(x1, x);
    x2 = Math.max(x2, x);
    y1 = Math.min(y1, y);
    y2 = Math.max(y2, y);
    low = Math.min(low, l);
    high = Math.max(high, l);
  }
  return { box: { x1, y1, x2, y2 }, low, high };
}
