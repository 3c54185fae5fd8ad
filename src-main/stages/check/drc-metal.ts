import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { Connectivity, Extraction } from './connectivity.ts';
import { STRIP_UM } from './connectivity.ts';
import type { Findings } from './findings.ts';
import type { FlatLayout } from './flatten.ts';
import { forEachPair } from './pairs.ts';
import { RectList, type RectTable } from './rect-table.ts';
import type { UnionFind } from './union-find.ts';
import { covers, maximalRects, outline, type Edge } from './slabs.ts';

interface Context {
  readonly flat: FlatLayout;
  readonly found: Findings;
  /** Name of the net a rectangle belongs to, empty for none. */
  readonly netName: (node: number) => string;
}

/** Width, spacing (with the wide-metal table) and notches of every metal layer. */
export function checkMetal(
  flat: FlatLayout,
  kit: Kit,
  c: Connectivity,
  nets: Extraction,
  nameOf: (net: number) => string,
  found: Findings,
): void {
  const netName = (node: number): string => {
    const net = nets.netOfRoot[c.sets.find(node)]!;
    return net < 0 ? '' : nameOf(net);
  };
  const context = { flat, found, netName };
  kit.tech.layers.forEach((layer, l) => {
    if (layer.kind !== 'routing' || flat.layers[l]!.count === 0) return;
    const members = clusterMembers(flat.layers[l]!, c.clusters[l]!);
    checkNearPairs(context, layer, l, c);
    const merged = checkClusters(context, layer, l, members);
    if (layer.wideSpacing.length > 0) checkWide(context, kit, layer, l, merged);
  });
}

const euclid = (dx: number, dy: number): number => Math.hypot(Math.max(0, dx), Math.max(0, dy));

/** Gap of two intervals, negative by their overlap. */
const gap = (lo1: number, hi1: number, lo2: number, hi2: number): number =>
  Math.max(lo1, lo2) - Math.min(hi1, hi2);

/** Rectangles of different clusters that are closer than the layer's spacing; those of one are notches. */
function checkNearPairs(
  { flat, found, netName }: Context,
  layer: RoutingLayer,
  l: number,
  c: Connectivity,
): void {
  const t = flat.layers[l]!;
  const cluster = c.clusters[l]!;
  const spacing = layer.spacingDbu * flat.scale;
  const near = c.near[l]!;
  for (let k = 0; k < near.length; k += 2) {
    const [i, j] = [near.at(k), near.at(k + 1)];
    if (cluster.find(i) === cluster.find(j)) continue;
    const dx = gap(t.x1[i]!, t.x2[i]!, t.x1[j]!, t.x2[j]!);
    const dy = gap(t.y1[i]!, t.y2[i]!, t.y1[j]!, t.y2[j]!);
    const distance = euclid(dx, dy);
    if (distance >= spacing) continue;
    const [x, y] = [Math.max(t.x1[i]!, t.x1[j]!), Math.max(t.y1[i]!, t.y1[j]!)];
    const nets = [netName(t.node[i]!), netName(t.node[j]!)];
    found.add('spacing', l, x, y, nets, `${found.um(distance)} where ${found.um(spacing)} is required`);
  }
  found.checked('spacing', t.count);
}

/** [root -> members] of clusters with free metal; a cluster of cell metal alone is the kit's own affair. */
function clusterMembers(t: RectTable, cluster: UnionFind): number[][] {
  const listOf = new Map<number, number[]>();
  for (let i = 0; i < t.count; i++) {
    const root = cluster.find(i);
    const list = listOf.get(root);
    if (list) list.push(i);
    else listOf.set(root, [i]);
  }
  return [...listOf.values()].filter((list) => list.some((i) => t.owner[i] === -1));
}

/** Maximal rectangles of each cluster, with the cluster's number as owner. */
function checkClusters(
  context: Context,
  layer: RoutingLayer,
  l: number,
  clusters: readonly number[][],
): RectTable {
  const { flat, found } = context;
  const t = flat.layers[l]!;
  const width = layer.widthDbu * flat.scale;
  const merged = new RectList();
  clusters.forEach((members, cluster) => {
    const whole = boundingMember(t, members);
    const node = t.node[members[0]!]!;
    if (whole >= 0) {
      if (Math.min(t.x2[whole]! - t.x1[whole]!, t.y2[whole]! - t.y1[whole]!) < width)
        reportWidth(context, l, t.x1[whole]!, t.y1[whole]!, node);
      merged.push(t.x1[whole]!, t.y1[whole]!, t.x2[whole]!, t.y2[whole]!, cluster, node);
      return;
    }
    if (members.some((i) => t.owner[i] !== -1)) checkBesideCells(context, layer, l, members);
    else checkOutline(context, layer, l, outline(t, members), node);
    if (layer.wideSpacing.length > 0)
      for (const r of maximalRects(t, members)) merged.push(r.x1, r.y1, r.x2, r.y2, cluster, node);
  });
  found.checked('width', clusters.length);
  found.checked('notch', clusters.length);
  return merged.finish();
}

function reportWidth({ found, netName }: Context, l: number, x: number, y: number, node: number): void {
  found.add('width', l, x, y, [netName(node)], 'metal is narrower than allowed');
}

/** A member that is the cluster's own bounding box, or -1. */
function boundingMember(t: RectTable, members: readonly number[]): number {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const i of members) {
    x1 = Math.min(x1, t.x1[i]!);
    y1 = Math.min(y1, t.y1[i]!);
    x2 = Math.max(x2, t.x2[i]!);
    y2 = Math.max(y2, t.y2[i]!);
  }
  for (const i of members) if (t.x1[i] === x1 && t.y1[i] === y1 && t.x2[i] === x2 && t.y2[i] === y2) return i;
  // Wires and pads in a line join to one rectangle as well; they need not hold each other.
  return -1;
}

/**
 * Free metal on a layer that cells use too: only where it adds to the cells' metal can it make something
 * narrow or a notch. Looked at within its own surroundings; edges that are the cells' alone are theirs.
 */
function checkBesideCells(
  context: Context,
  layer: RoutingLayer,
  l: number,
  members: readonly number[],
): void {
  const t = context.flat.layers[l]!;
  const reach = Math.max(layer.widthDbu, layer.spacingDbu) * context.flat.scale;
  const free = members.filter((i) => t.owner[i] === -1);
  const sorted = [...members].sort((a, b) => t.x1[a]! - t.x1[b]!);
  let widest = 0;
  for (const i of members) if (t.owner[i] !== -1) widest = Math.max(widest, t.x2[i]! - t.x1[i]!);
  for (const i of free) {
    const near = nearIn(t, sorted, i, reach, widest, free);
    const others = near.filter((j) => t.owner[j] !== -1);
    if (covers(t, others, t.x1[i]!, t.y1[i]!, t.x2[i]!, t.y2[i]!)) continue;
    const isOwn = (e: Edge): boolean => {
      const [lo, hi] = e.alongX ? [t.x1[i]!, t.x2[i]!] : [t.y1[i]!, t.y2[i]!];
      const [a, b] = e.alongX ? [t.y1[i]!, t.y2[i]!] : [t.x1[i]!, t.x2[i]!];
      return (e.at === a || e.at === b) && e.lo < hi && e.hi > lo;
    };
    checkOutline(context, layer, l, outline(t, near), t.node[i]!, isOwn);
  }
}

/** Members within reach of rectangle i, by binary search on x1 (`widest` bounds how far left a cell's begins). */
function nearIn(
  t: RectTable,
  sorted: readonly number[],
  i: number,
  reach: number,
  widest: number,
  free: readonly number[],
): number[] {
  const [x1, y1, x2, y2] = [t.x1[i]! - reach, t.y1[i]! - reach, t.x2[i]! + reach, t.y2[i]! + reach];
  const isNear = (j: number): boolean => t.x1[j]! <= x2 && t.x2[j]! >= x1 && t.y1[j]! <= y2 && t.y2[j]! >= y1;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t.x1[sorted[middle]!]! < x1 - widest) low = middle + 1;
    else high = middle;
  }
  const out = free.filter(isNear);
  for (let k = low; k < sorted.length && t.x1[sorted[k]!]! <= x2; k++) {
    const j = sorted[k]!;
    if (t.owner[j] !== -1 && isNear(j)) out.push(j);
  }
  return out;
}

/** Facing edges of one piece of metal: too close through metal is a width, through nothing a notch. */
function checkOutline(
  { flat, found, netName }: Context,
  layer: RoutingLayer,
  l: number,
  edges: readonly Edge[],
  node: number,
  isWanted: (e: Edge) => boolean = () => true,
): void {
  const width = layer.widthDbu * flat.scale;
  const spacing = layer.spacingDbu * flat.scale;
  const reach = Math.max(width, spacing);
  for (const alongX of [true, false]) {
    const sorted = edges.filter((e) => e.alongX === alongX).sort((a, b) => a.at - b.at);
    sorted.forEach((e, k) => {
      for (let q = k + 1; q < sorted.length && sorted[q]!.at - e.at < reach; q++) {
        const f = sorted[q]!;
        if (f.metalAbove === e.metalAbove || f.at === e.at || !(isWanted(e) || isWanted(f))) continue;
        const along = gap(e.lo, e.hi, f.lo, f.hi);
        // Two edges whose ends only meet at a corner see each other along a line of no width.
        const distance = euclid(along, f.at - e.at);
        if (distance >= (e.metalAbove ? width : spacing)) continue;
        const middle = Math.max(e.lo, f.lo);
        const [x, y] = alongX ? [middle, e.at] : [e.at, middle];
        const detail = `${found.um(distance)} where ${found.um(e.metalAbove ? width : spacing)} is required`;
        found.add(e.metalAbove ? 'width' : 'notch', l, x, y, [netName(node)], detail);
      }
    });
  }
}

/** The table's spacing for a width and a run length; the last entry that both reach. */
export function requiredSpacing(layer: RoutingLayer, widthDbu: number, runLengthDbu: number): number {
  let spacing = layer.spacingDbu;
  for (const entry of layer.wideSpacing)
    if (widthDbu >= entry.widthDbu && runLengthDbu >= entry.prlDbu)
      spacing = Math.max(spacing, entry.spacingDbu);
  return spacing;
}

/**
 * Spacing of wide metal: each maximal rectangle that reaches the table's first width against all others of
 * other clusters. The greater width of the two counts, and how far they run side by side.
 */
function checkWide(
  { flat, found, netName }: Context,
  kit: Kit,
  layer: RoutingLayer,
  l: number,
  merged: RectTable,
): void {
  const { scale } = flat;
  const sideOf = (i: number): number =>
    Math.min(merged.x2[i]! - merged.x1[i]!, merged.y2[i]! - merged.y1[i]!) / scale;
  const list = new RectList();
  let widest = 0;
  for (let i = 0; i < merged.count; i++) {
    const side = sideOf(i);
    if (side < layer.wideSpacing[0]!.widthDbu) continue;
    widest = Math.max(widest, side);
    list.push(merged.x1[i]!, merged.y1[i]!, merged.x2[i]!, merged.y2[i]!, i, merged.node[i]!);
  }
  if (list.count === 0) return;
  const wide = list.finish();
  const reach = requiredSpacing(layer, widest, Infinity) * scale;
  const strip = STRIP_UM * kit.tech.dbuPerUm * scale;
  forEachPair(wide, merged, reach, layer.direction === 'H', strip, (w, j) => {
    const i = wide.owner[w]!;
    if (merged.owner[i] === merged.owner[j] || (j < i && sideOf(j) >= layer.wideSpacing[0]!.widthDbu)) return;
    const dx = gap(merged.x1[i]!, merged.x2[i]!, merged.x1[j]!, merged.x2[j]!);
    const dy = gap(merged.y1[i]!, merged.y2[i]!, merged.y1[j]!, merged.y2[j]!);
    const run = Math.max(-dx, -dy) / scale;
    const distance = euclid(dx, dy);
    const required = requiredSpacing(layer, Math.max(sideOf(i), sideOf(j)), run) * scale;
    // Below the plain spacing the pair has been reported already.
    if (distance >= required || distance < layer.spacingDbu * scale) return;
    const [x, y] = [Math.max(merged.x1[i]!, merged.x1[j]!), Math.max(merged.y1[i]!, merged.y1[j]!)];
    const nets = [netName(merged.node[i]!), netName(merged.node[j]!)];
    found.add(
      'spacing',
      l,
      x,
      y,
      nets,
      `${found.um(distance)} beside wide metal, ${found.um(required)} is required`,
    );
  });
}
