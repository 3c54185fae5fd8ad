import { IntList } from '../../base/int-list.ts';
import type { Kit } from '../kit/types.ts';
import type { Findings } from './findings.ts';
import type { FlatLayout } from './flatten.ts';
import type { Terminals } from './nets.ts';
import { forEachPair } from './pairs.ts';
import { UnionFind } from './union-find.ts';

/** Which metal conducts to which, found by geometry alone. */
export interface Connectivity {
  readonly sets: UnionFind;
  /** [contacts * 4] layer and index of a rectangle, layer and index of one it touches */
  readonly contacts: IntList;
  /** [Tech.layers] sets of rectangles that touch on the layer itself; null for cuts */
  readonly clusters: readonly (UnionFind | null)[];
  /** [Tech.layers] pairs that are closer than the layer's spacing without touching, [i, j, i, j...] */
  readonly near: readonly IntList[];
}

/** Strips of a micrometre: some ten tracks of the lower layers. */
export const STRIP_UM = 1;

/**
 * Joins rectangles that touch on a metal layer, and cuts with the metal they overlap below and above. Pairs
 * within one cell are left out: what a cell connects inside is settled by its master. Near pairs are
 * collected by the way, for the spacing rules.
 */
export function connect(flat: FlatLayout, kit: Kit): Connectivity {
  const sets = new UnionFind(flat.nodes);
  const contacts = new IntList(1 << 16);
  const near = flat.layers.map(() => new IntList(64));
  const strip = STRIP_UM * kit.tech.dbuPerUm * flat.scale;
  const clusters = kit.tech.layers.map((layer, l) => {
    const t = flat.layers[l]!;
    if (layer.kind === 'cut') return null;
    const own = new UnionFind(t.count);
    const { x1, y1, x2, y2, node, owner } = t;
    const list = near[l]!;
    forEachPair(t, t, layer.spacingDbu * flat.scale, layer.direction === 'H', strip, (i, j) => {
      const w = Math.min(x2[i]!, x2[j]!) - Math.max(x1[i]!, x1[j]!);
      const h = Math.min(y2[i]!, y2[j]!) - Math.max(y1[i]!, y1[j]!);
      if (w >= 0 && h >= 0 && w + h > 0) {
        own.union(i, j);
        if (node[i] === node[j]) return;
        sets.union(node[i]!, node[j]!);
        pushContact(contacts, l, i, l, j);
      } else if (owner[i] === -1 || owner[j] === -1) {
        list.push(i);
        list.push(j);
      }
    });
    return own;
  });
  kit.tech.layers.forEach((layer, l) => {
    if (layer.kind !== 'cut') return;
    for (const other of [l - 1, l + 1]) {
      const [cuts, metal] = [flat.layers[l]!, flat.layers[other]!];
      forEachPair(cuts, metal, 0, true, strip, (i, j) => {
        const w = Math.min(cuts.x2[i]!, metal.x2[j]!) - Math.max(cuts.x1[i]!, metal.x1[j]!);
        const h = Math.min(cuts.y2[i]!, metal.y2[j]!) - Math.max(cuts.y1[i]!, metal.y1[j]!);
        if (w <= 0 || h <= 0 || cuts.node[i] === metal.node[j]) return;
        sets.union(cuts.node[i]!, metal.node[j]!);
        pushContact(contacts, l, i, other, j);
      });
    }
  });
  return { sets, contacts, clusters, near };
}

function pushContact(contacts: IntList, la: number, i: number, lb: number, j: number): void {
  contacts.push(la);
  contacts.push(i);
  contacts.push(lb);
  contacts.push(j);
}

/** Net of each set of nodes: a net number, or -1 where no terminal is. */
export interface Extraction {
  readonly netOfRoot: Int32Array;
  readonly components: number;
}

/**
 * Compares the partition of the terminals by the netlist with that by the metal: a net on two pieces is an
 * open, two nets on one piece are a short, a piece without any terminal floats.
 */
export function compareNets(
  flat: FlatLayout,
  terminals: Terminals,
  c: Connectivity,
  found: Findings,
): Extraction {
  const netOfRoot = new Int32Array(flat.nodes).fill(-1);
  const rootOfNet = new Map<number, number[]>();
  const shorted = new Set<number>();
  const positions = nodePositions(flat);
  for (let k = 0; k < terminals.nodes.length; k++) {
    const root = c.sets.find(terminals.nodes[k]!);
    const net = terminals.nets[k]!;
    if (netOfRoot[root] === -1) netOfRoot[root] = net;
    else if (netOfRoot[root] !== net) shorted.add(root);
    const roots = rootOfNet.get(net);
    if (!roots) rootOfNet.set(net, [root]);
    else if (!roots.includes(root)) roots.push(root);
  }
  found.checked('open', rootOfNet.size);
  found.checked('short', terminals.nodes.length);
  reportOpens(terminals, rootOfNet, c, positions, found);
  if (shorted.size > 0) reportShorts(flat, terminals, c, shorted, found);
  reportFloating(flat, c, netOfRoot, found);
  return { netOfRoot, components: new Set([...rootOfNet.values()].flat()).size };
}

/** A rectangle of each node: layer and index. */
interface Positions {
  readonly layer: Int8Array;
  readonly index: Int32Array;
}

function nodePositions(flat: FlatLayout): Positions {
  const layer = new Int8Array(flat.nodes).fill(-1);
  const index = new Int32Array(flat.nodes);
  flat.layers.forEach((t, l) => {
    for (let i = 0; i < t.count; i++)
      if (layer[t.node[i]!] === -1) {
        layer[t.node[i]!] = l;
        index[t.node[i]!] = i;
      }
  });
  return { layer, index };
}

function reportOpens(
  terminals: Terminals,
  rootOfNet: ReadonlyMap<number, readonly number[]>,
  c: Connectivity,
  positions: Positions,
  found: Findings,
): void {
  const isOpen = new Map(
    [...rootOfNet]
      .filter(([, roots]) => roots.length > 1)
      .map(([net, roots]) => [net, new Map(roots.map((r) => [r, { pins: 0, node: -1 }]))]),
  );
  if (isOpen.size === 0) return;
  for (let k = 0; k < terminals.nodes.length; k++) {
    const piece = isOpen.get(terminals.nets[k]!)?.get(c.sets.find(terminals.nodes[k]!));
    if (!piece) continue;
    piece.pins++;
    if (piece.node < 0) piece.node = terminals.nodes[k]!;
  }
  for (const [net, pieces] of isOpen) {
    // The smallest piece is where to look: the rest is usually whole.
    const smallest = [...pieces.values()].reduce((a, b) => (b.pins < a.pins ? b : a));
    const [x, y] = found.positionOf(positions.layer[smallest.node]!, positions.index[smallest.node]!);
    found.add(
      'open',
      positions.layer[smallest.node]!,
      x,
      y,
      [terminals.nameOf(net)],
      `${pieces.size} pieces with ${[...pieces.values()].map((p) => p.pins).join(', ')} pins`,
    );
  }
}

function reportFloating(flat: FlatLayout, c: Connectivity, netOfRoot: Int32Array, found: Findings): void {
  const seen = new Set<number>();
  let count = 0;
  flat.layers.forEach((t, layer) => {
    for (let i = 0; i < t.count; i++) {
      if (t.owner[i] !== -1) continue;
      count++;
      const root = c.sets.find(t.node[i]!);
      if (netOfRoot[root] !== -1 || seen.has(root)) continue;
      seen.add(root);
      found.add(
        'floating-metal',
        layer,
        (t.x1[i]! + t.x2[i]!) / 2,
        (t.y1[i]! + t.y2[i]!) / 2,
        [],
        'metal that no pin is on',
      );
    }
  });
  found.checked('floating-metal', count);
}

/**
 * Where two nets meet: the terminals of a shorted piece flood it along its contacts, each with its net; a
 * contact between two floods is the place. Each pair of nets is reported once.
 */
function reportShorts(
  flat: FlatLayout,
  terminals: Terminals,
  c: Connectivity,
  shorted: ReadonlySet<number>,
  found: Findings,
): void {
  const { contacts } = c;
  const edgesOf = new Map<number, number[]>();
  const link = (node: number, contact: number): void => {
    const list = edgesOf.get(node);
    if (list) list.push(contact);
    else edgesOf.set(node, [contact]);
  };
  const nodeAt = (at: number): number => flat.layers[contacts.at(at)]!.node[contacts.at(at + 1)]!;
  for (let k = 0; k < contacts.length; k += 4) {
    if (!shorted.has(c.sets.find(nodeAt(k)))) continue;
    link(nodeAt(k), k);
    link(nodeAt(k + 2), k);
  }
  const netOf = new Map<number, number>();
  const queue: number[] = [];
  const reported = new Set<string>();
  const meet = (a: number, b: number, layer: number, x: number, y: number): void => {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    if (a === b || reported.has(key)) return;
    reported.add(key);
    const nets = [terminals.nameOf(Math.min(a, b)), terminals.nameOf(Math.max(a, b))];
    found.add('short', layer, x, y, nets, `${nets[0]} meets ${nets[1]}`);
  };
  for (let k = 0; k < terminals.nodes.length; k++) {
    const node = terminals.nodes[k]!;
    if (!shorted.has(c.sets.find(node))) continue;
    const before = netOf.get(node);
    if (before === undefined) {
      netOf.set(node, terminals.nets[k]!);
      queue.push(node);
    } else meet(before, terminals.nets[k]!, -1, 0, 0);
  }
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head]!;
    const net = netOf.get(node)!;
    for (const k of edgesOf.get(node) ?? []) {
      const other = nodeAt(k) === node ? nodeAt(k + 2) : nodeAt(k);
      const otherNet = netOf.get(other);
      if (otherNet === undefined) {
        netOf.set(other, net);
        queue.push(other);
      } else if (otherNet !== net) {
        const [a, b] = [flat.layers[contacts.at(k)]!, flat.layers[contacts.at(k + 2)]!];
        const [i, j] = [contacts.at(k + 1), contacts.at(k + 3)];
        meet(net, otherNet, contacts.at(k), Math.max(a.x1[i]!, b.x1[j]!), Math.max(a.y1[i]!, b.y1[j]!));
      }
    }
  }
}
