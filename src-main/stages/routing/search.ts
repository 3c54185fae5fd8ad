/**
 * A* over the lattice from a set of source nodes to a set of target nodes (Hart, Nilsson, Raphael, 1968), with
 * integer costs and a bucket queue (Dial, 1969) whose buckets are stacks: among equals the newest goes first,
 * which follows one straight path instead of flooding a plateau.
 *
 * The lower bound is the exact distance on an empty lattice (lower-bound.ts). Cut spacing within the net is kept by
 * looking back along the path (`tooNearOwnCut`); because paths may be improved after they were looked at, the
 * final say is with state.isConflict.
 */
import { assert } from '../../base/diagnostic.ts';
import { lastAtMost, lowerBound, nodeXy, type LatticeLayer } from './lattice.ts';
import { makeBounds, type Bounds } from './lower-bound.ts';
import {
  BLOCKED,
  CUT_BLOCKED,
  CUT_MASK,
  HISTORY_MASK,
  HISTORY_SHIFT,
  LINK_DOWN,
  LINK_JOG_NEXT,
  LINK_JOG_PREV,
  LINK_NEXT,
  LINK_PREV,
  LINK_UP,
  neighbour,
  opposite,
  USAGE_MASK,
  type RouterState,
} from './state.ts';
import type { Rect } from '../../base/geometry.ts';

const BUCKETS = 1 << 16;
export const WINDOW_TRIES = 4;
/** Of the first word of `reached`: the move by which the node was reached; a stamp stands above it. */
const MOVE_BITS = 7;
const MOVE_MASK = (1 << MOVE_BITS) - 1;
const STAMP_MAX = (1 << (31 - MOVE_BITS)) - 1;
/** The move of a source. */
const SOURCE = 64;

export interface Search {
  readonly state: RouterState;
  readonly head: Int32Array;
  next: Int32Array;
  queueNode: Int32Array;
  queueDist: Int32Array;
  stampNow: number;
  /** Stamps of searches that share nodes differ by thread. */
  readonly stampStep: number;
  expansions: number;
  /** Cost of a via, in units of 10 nm. */
  readonly viaCost: number;
  /** Cost of a node that another net uses; Infinity-like when negative: such nodes are closed. */
  presentCost: number;
  /** Windows tried for a connection, each four times as wide as the last; the fourth is `limit`. */
  windowTries: number;
  /** No search leaves it. */
  limit: Rect;
  /** Lower bounds by the range of the goal's layers. */
  readonly bounds: (low: number, high: number) => Bounds;
}

/** The search of thread `index` of `threads` that share the nodes. */
export function makeSearch(state: RouterState, viaCost: number, index = 0, threads = 1): Search {
  return {
    state,
    head: new Int32Array(BUCKETS).fill(-1),
    next: new Int32Array(1 << 18),
    queueNode: new Int32Array(1 << 18),
    queueDist: new Int32Array(1 << 18),
    stampNow: index,
    stampStep: threads,
    expansions: 0,
    viaCost,
    presentCost: 14,
    windowTries: WINDOW_TRIES,
    limit: state.lattice.die,
    bounds: makeBounds(state.lattice, viaCost),
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
  reached: Int32Array,
  g: LatticeLayer,
  node: number,
  p: number,
  link: number,
  reach: number,
): boolean {
  const back = opposite(link);
  let m = node;
  let q = p;
  for (;;) {
    const d = reached[2 * m] & MOVE_MASK;
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

function nextStamp(search: Search): number {
  search.stampNow += search.stampStep;
  if (search.stampNow > STAMP_MAX) {
    assert(search.stampStep === 1, 'the router ran out of stamps');
    search.state.reached.fill(0);
    search.stampNow = 1;
  }
  return search.stampNow;
}

/**
 * Cheapest path from any of `sources` to any node flagged in `state.isTarget`, within `window` (DBU).
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
  const { state, head, viaCost } = search;
  const { info, owner, ownCut, isTarget, reached, lattice } = state;
  const layers = lattice.layers;
  const layerCount = layers.length;
  const present = search.presentCost;
  const me = net + 1;
  const now = nextStamp(search) << MOVE_BITS;
  const { start: boundStart, perX, perY, vias: boundVias } = search.bounds(goalLow, goalHigh);
  const { x1: goalX1, y1: goalY1, x2: goalX2, y2: goalY2 } = goal;
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
  // The bucket now emptied: bounds are rounded, so that a cost may seem to fall by a unit; it must not.
  let f = 1 << 30;

  const bound = (l: number, x: number, y: number): number => {
    const dx = x < goalX1 ? goalX1 - x : x > goalX2 ? x - goalX2 : 0;
    const dy = y < goalY1 ? goalY1 - y : y > goalY2 ? y - goalY2 : 0;
    let best = Infinity;
    for (let q = boundStart[l]; q < boundStart[l + 1]; q++) {
      const v = dx * perX[q] + dy * perY[q] + boundVias[q];
      if (v < best) best = v;
    }
    return best | 0;
  };
  const push = (n: number, d: number, key: number): void => {
    if (top >= queueNode.length) {
      growQueue(search);
      ({ next, queueNode, queueDist } = search);
    }
    queueNode[top] = n;
    queueDist[top] = d;
    const b = key & (BUCKETS - 1);
    next[top] = head[b];
    head[b] = top++;
    waiting++;
  };

  for (const n of sources) {
    let l = layerCount - 1;
    while (n < layers[l].base) l--;
    const g = layers[l];
    const k = n - g.base;
    const t = (k / g.posCount) | 0;
    const p = k - t * g.posCount;
    if (
      t < tFirst[l] ||
      t > tLast[l] ||
      p < pFirst[l] ||
      p > pLast[l] ||
      (reached[2 * n] & ~MOVE_MASK) === now
    )
      continue;
    reached[2 * n] = now | SOURCE;
    reached[2 * n + 1] = 0;
    const key = g.vertical ? bound(l, g.tracks[t], g.positions[p]) : bound(l, g.positions[p], g.tracks[t]);
    push(n, 0, key);
    if (key < f) f = key;
  }

  let found = -1;
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
    if (reached[2 * n + 1] !== d) continue;
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
    const came = reached[2 * n] & MOVE_MASK;
    for (let link = LINK_NEXT; link <= LINK_JOG_PREV; link <<= 1) {
      let m: number;
      let lm = l;
      let a = p;
      let c = t;
      let cost: number;
      if (link === LINK_NEXT) {
        if (p >= pLast[l] || came === LINK_PREV) continue;
        m = n + 1;
        a = p + 1;
        cost = g.stepCost[p];
      } else if (link === LINK_PREV) {
        if (p <= pFirst[l] || came === LINK_NEXT) continue;
        m = n - 1;
        a = p - 1;
        cost = g.stepCost[a];
      } else if (link === LINK_UP) {
        if (l + 1 >= layerCount || came === LINK_DOWN) continue;
        const u = g.upTrack[p];
        const q = g.upPos[t];
        if (u < tFirst[l + 1] || u > tLast[l + 1] || q < 0) continue;
        const cut = info[n] & CUT_MASK;
        if (cut & CUT_BLOCKED || ownCut[n] !== 0) continue;
        cost = viaCost;
        if (cut !== 0) {
          if (present < 0) continue;
          cost += 2 * present;
        }
        if (tooNearOwnCut(reached, g, n, p, LINK_UP, rules.cutReach[l])) continue;
        lm = l + 1;
        c = u;
        a = q;
        m = layers[lm].base + u * layers[lm].posCount + q;
      } else if (link === LINK_DOWN) {
        if (l === 0 || came === LINK_UP) continue;
        const u = g.downTrack[p];
        const q = g.downPos[t];
        if (u < tFirst[l - 1] || u > tLast[l - 1] || q < 0) continue;
        lm = l - 1;
        m = layers[lm].base + u * layers[lm].posCount + q;
        const cut = info[m] & CUT_MASK;
        if (cut & CUT_BLOCKED || ownCut[m] !== 0) continue;
        cost = viaCost;
        if (cut !== 0) {
          if (present < 0) continue;
          cost += 2 * present;
        }
        if (tooNearOwnCut(reached, g, n, p, LINK_DOWN, rules.cutReach[lm])) continue;
        c = u;
        a = q;
      } else if (link === LINK_JOG_NEXT) {
        cost = g.jogCost;
        if (cost < 0 || t >= tLast[l] || came === LINK_JOG_PREV) continue;
        m = n + g.posCount;
        c = t + 1;
      } else {
        cost = g.jogCost;
        if (cost < 0 || t <= tFirst[l] || came === LINK_JOG_NEXT) continue;
        m = n - g.posCount;
        c = t - 1;
      }
      const word = info[m];
      if (word & BLOCKED || (word < 0 && owner[m] !== me)) continue;
      let total = d + cost + ((word >>> HISTORY_SHIFT) & HISTORY_MASK);
      if (word & USAGE_MASK) {
        if (present < 0) continue;
        total += present;
      }
      if ((reached[2 * m] & ~MOVE_MASK) === now && reached[2 * m + 1] <= total) continue;
      reached[2 * m] = now | link;
      reached[2 * m + 1] = total;
      const o = layers[lm];
      const along = o.positions[a];
      const across = o.tracks[c];
      const key = total + (o.vertical ? bound(lm, across, along) : bound(lm, along, across));
      push(m, total, key > f ? key : f);
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
  for (;;) {
    const move = state.reached[2 * n] & MOVE_MASK;
    if (move === SOURCE) return { nodes, moves };
    moves.push(move);
    n = neighbour(state.lattice, n, opposite(move));
    nodes.push(n);
  }
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
