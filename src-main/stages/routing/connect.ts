/**
 * Joins the components of one net (pieces of tree kept from before, terminals not yet met) into one tree,
 * always the nearest remaining component next, by searches from the grown tree's nodes near that component.
 */
import type { Rect } from '../../base/geometry.ts';
import { nodeXy } from './lattice.ts';
import { boxOfNodes, findPath, WINDOW_TRIES, type Path, type Search, type SearchRules } from './search.ts';
import {
  LINK_DOWN,
  LINK_UP,
  markCut,
  neighbour,
  opposite,
  type NetRoute,
  type RouterState,
} from './state.ts';
import type { RoutableNet } from './terminals.ts';

const LINKS = [1, 2, 4, 8, 16, 32] as const;
/** Representative points of a piece of tree when distances between components are compared. */
const POINTS_MAX = 48;

interface Component {
  /** Nodes of a piece of tree, or the access points of a free terminal. */
  nodes: number[];
  /** Terminal waiting for its first wire, -1 for a piece of tree. */
  readonly freeTerminal: number;
  /** x, y pairs. */
  points: number[];
  /** Nearest point of the grown tree so far, and the own point it is near to. */
  distDbu: number;
  treeX: number;
  treeY: number;
  ownX: number;
  ownY: number;
}

interface Growth {
  readonly state: RouterState;
  readonly rn: RoutableNet;
  readonly taps: Int32Array;
  readonly components: Component[];
  readonly parent: number[];
  /** All nodes of the net's tree so far, in any component. */
  readonly all: number[];
  /** Nodes of the grown tree with their places: sources of searches. */
  readonly grown: number[];
  readonly grownX: number[];
  readonly grownY: number[];
}

function find(parent: number[], c: number): number {
  while (parent[c] !== c) c = parent[c] = parent[parent[c]];
  return c;
}

function treePoints(state: RouterState, nodes: readonly number[]): number[] {
  const points: number[] = [];
  const step = Math.max(1, Math.floor(nodes.length / POINTS_MAX));
  for (let i = 0; i < nodes.length; i += step) {
    const at = nodeXy(state.lattice, nodes[i]);
    points.push(at.x, at.y);
  }
  return points;
}

const component = (nodes: number[], points: number[], freeTerminal: number): Component => ({
  nodes,
  points,
  freeTerminal,
  distDbu: Infinity,
  treeX: 0,
  treeY: 0,
  ownX: 0,
  ownY: 0,
});

/** Puts the kept pieces of tree into the scratch arrays and labels components; frees terminals without tap. */
function load(state: RouterState, rn: RoutableNet): Growth {
  const { route, terminals } = rn;
  const { link, component: label, lattice, ownCut } = state;
  const components: Component[] = [];
  for (let i = 0; i < route.nodes.length; i++) {
    link[route.nodes[i]] = route.links[i];
    if (route.links[i] & LINK_UP) markCut(state, ownCut, route.nodes[i], 1);
  }
  for (const start of route.nodes) {
    if (label[start] !== 0) continue;
    const id = components.length + 1;
    const nodes = [start];
    label[start] = id;
    for (let h = 0; h < nodes.length; h++) {
      for (const b of LINKS) {
        if (!(link[nodes[h]] & b)) continue;
        const m = neighbour(lattice, nodes[h], b);
        if (label[m] !== 0) continue;
        label[m] = id;
        nodes.push(m);
      }
    }
    components.push(component(nodes, treePoints(state, nodes), -1));
  }
  const taps = Int32Array.from(route.taps);
  terminals.forEach((t, j) => {
    if (taps[j] >= 0 || t.nodes.length === 0) return;
    components.push(component([...t.nodes], [t.xDbu, t.yDbu], j));
  });
  return {
    state,
    rn,
    taps,
    components,
    parent: components.map((_, i) => i),
    all: Array.from(route.nodes),
    grown: [],
    grownX: [],
    grownY: [],
  };
}

/** Adds nodes to the grown tree and brings the remaining components' distances up to date. */
function grow(g: Growth, nodes: readonly number[], remaining: readonly Component[]): void {
  const from = g.grown.length;
  for (const n of nodes) {
    const at = nodeXy(g.state.lattice, n);
    g.grown.push(n);
    g.grownX.push(at.x);
    g.grownY.push(at.y);
  }
  // Corners and every few nodes are enough to compare distances.
  const step = nodes.length > 24 ? 4 : 1;
  for (const c of remaining) {
    for (let i = from; i < g.grown.length; i++) {
      if ((i - from) % step !== 0 && i + 1 < g.grown.length) continue;
      for (let k = 0; k < c.points.length; k += 2) {
        const d = Math.abs(g.grownX[i] - c.points[k]) + Math.abs(g.grownY[i] - c.points[k + 1]);
        if (d >= c.distDbu) continue;
        c.distDbu = d;
        c.treeX = g.grownX[i];
        c.treeY = g.grownY[i];
        c.ownX = c.points[k];
        c.ownY = c.points[k + 1];
      }
    }
  }
}

const inside = (r: Rect, x: number, y: number): boolean => x >= r.x1 && x <= r.x2 && y >= r.y1 && y <= r.y2;

/** Two vias of one net onto pins must keep their cut spacing, unless they are the same via. */
function keepsPinCutSpacing(g: Growth, node: number, reachDbu: number): boolean {
  const at = nodeXy(g.state.lattice, node);
  for (let j = 0; j < g.taps.length; j++) {
    const t = g.taps[j];
    if (t < 0 || t === node) continue;
    const other = nodeXy(g.state.lattice, t);
    if (other.l !== 0 || at.l !== 0) continue;
    if (Math.abs(other.x - at.x) < reachDbu && Math.abs(other.y - at.y) < reachDbu) return false;
  }
  return true;
}

/** Finds a way from the grown tree to `c`, in windows growing to the search's limit. */
function searchFor(
  g: Growth,
  search: Search,
  rules: SearchRules,
  c: Component,
  marginDbu: number,
  pinCutReachDbu: number,
): Path | null {
  const { limit } = search;
  let targets = c.nodes;
  if (c.freeTerminal >= 0) targets = targets.filter((n) => keepsPinCutSpacing(g, n, pinCutReachDbu));
  for (const n of targets) g.state.isTarget[n] = 1;
  let path: Path | null = null;
  for (let attempt = 0, margin = marginDbu; attempt < search.windowTries && !path; attempt++, margin *= 4) {
    const last = attempt === WINDOW_TRIES - 1;
    const window: Rect = last
      ? limit
      : {
          x1: Math.max(limit.x1, Math.min(c.treeX, c.ownX) - margin),
          y1: Math.max(limit.y1, Math.min(c.treeY, c.ownY) - margin),
          x2: Math.min(limit.x2, Math.max(c.treeX, c.ownX) + margin),
          y2: Math.min(limit.y2, Math.max(c.treeY, c.ownY) + margin),
        };
    const sources: number[] = [];
    for (let i = 0; i < g.grown.length; i++) {
      if (inside(window, g.grownX[i], g.grownY[i])) sources.push(g.grown[i]);
    }
    let near = targets;
    if (targets.length > 8) {
      near = targets.filter((n) => {
        const at = nodeXy(g.state.lattice, n);
        return inside(window, at.x, at.y);
      });
    }
    if (sources.length === 0 || near.length === 0) continue;
    const { box, low, high } = boxOfNodes(g.state, near);
    path = findPath(search, rules, sources, box, low, high, window, g.rn.net);
  }
  for (const n of targets) g.state.isTarget[n] = 0;
  return path;
}

/**
 * Lays a path (target first) into the tree. It ends at the first node of another component, which need not be
 * the one the search started from. Returns the index of the component met.
 */
function lay(g: Growth, path: Path, target: number, root: number): number {
  const { component: label, link, ownCut } = g.state;
  for (let i = 0; i < path.nodes.length; i++) {
    const n = path.nodes[i];
    const has = label[n] > 0 ? find(g.parent, label[n] - 1) : -1;
    if (has < 0) {
      label[n] = target + 1;
      g.components[target].nodes.push(n);
      g.all.push(n);
    }
    if (i > 0) {
      const previous = path.nodes[i - 1];
      const move = path.moves[i - 1];
      link[n] |= move;
      link[previous] |= opposite(move);
      if (move === LINK_UP) markCut(g.state, ownCut, n, 1);
      else if (move === LINK_DOWN) markCut(g.state, ownCut, previous, 1);
    }
    if (has >= 0 && has !== target) return has;
  }
  // The source was a terminal without metal yet: the path's end is its tap.
  const j = g.components[root].freeTerminal;
  if (j >= 0 && g.taps[j] < 0) g.taps[j] = path.nodes[path.nodes.length - 1];
  return root;
}

function unload(g: Growth): NetRoute {
  const { component: label, link, ownCut } = g.state;
  const nodes = Int32Array.from(g.all).sort();
  const links = new Uint8Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) {
    const n = nodes[i];
    links[i] = link[n];
    if (link[n] & LINK_UP) markCut(g.state, ownCut, n, -1);
    link[n] = 0;
    label[n] = 0;
  }
  return { nodes, links, taps: g.taps };
}

/**
 * Completes the net's tree. The net must not stand in the marks (`markRoute(.., -1)` before). Leaves
 * `rn.route` and `rn.isComplete`; a component that cannot be reached stays apart.
 */
export function connectNet(
  search: Search,
  rules: SearchRules,
  rn: RoutableNet,
  marginDbu: number,
  pinCutReachDbu: number,
): void {
  const g = load(search.state, rn);
  const count = g.components.length;
  if (count === 0) {
    rn.route = unload(g);
    rn.isComplete = rn.terminals.length < 2;
    return;
  }
  // Start from the largest piece of tree, or from the driver.
  let root = 0;
  for (let i = 1; i < count; i++) {
    if (g.components[i].freeTerminal < 0 && g.components[i].nodes.length > g.components[root].nodes.length)
      root = i;
  }
  let remaining = g.components.filter((_, i) => i !== root);
  const index = new Map(g.components.map((c, i) => [c, i]));
  let complete = true;
  let isRootFree = g.components[root].freeTerminal >= 0;
  grow(g, g.components[root].nodes, remaining);
  while (remaining.length > 0) {
    let c = remaining[0];
    for (const r of remaining) if (r.distDbu < c.distDbu) c = r;
    const i = index.get(c) as number;
    remaining = remaining.filter((r) => r !== c);
    const path = searchFor(g, search, rules, c, marginDbu, pinCutReachDbu);
    if (!path) {
      complete = false;
      continue;
    }
    if (c.freeTerminal >= 0) {
      g.taps[c.freeTerminal] = path.nodes[0];
      c.nodes = [];
      const has = g.state.component[path.nodes[0]];
      if (has > 0) {
        // The access point is already part of the tree: nothing to lay.
        g.parent[i] = find(g.parent, has - 1);
        continue;
      }
    }
    const met = lay(g, path, i, root);
    g.parent[i] = met;
    if (met === root) {
      if (isRootFree) {
        // From now on only the chosen access point of the first terminal is metal; it is among c's nodes.
        g.grown.length = g.grownX.length = g.grownY.length = 0;
        isRootFree = false;
      }
      grow(g, c.nodes, remaining);
    } else {
      // Met a third piece of tree on the way: the two go on as one.
      g.components[met].nodes.push(...c.nodes);
      g.components[met].points.push(...treePoints(g.state, c.nodes));
    }
  }
  rn.route = unload(g);
  rn.isComplete = complete;
}
