/** Damage to a finished GDS, its wires and vias found by the DEF beside it. */
import { makeRng } from '../../src-main/base/rng.ts';
import type { Kit } from '../../src-main/stages/kit/index.ts';
import type { DefDesign } from '../../src-main/stages/layout/index.ts';
import { defShapes, type DefWire } from './def-shapes.ts';
import { elementKey, replaceElements, withPoints, type GdsElement } from './gds-elements.ts';

export interface Mutants {
  readonly gds: Uint8Array;
  /** Nets that lost a via, whose wire was moved, and pairs that a copied wire joins. */
  readonly cut: readonly string[];
  readonly moved: readonly string[];
  readonly joined: readonly (readonly [string, string])[];
}

/** Widths from which a wire is long. */
const LONG = 10;

/** `count` of each kind, every one on nets of its own. scale: GDS units per unit of the DEF. */
export function makeMutants(
  gds: Uint8Array,
  elements: readonly GdsElement[],
  def: DefDesign,
  kit: Kit,
  scale: number,
  count: number,
  seed: number,
): Mutants {
  const random = makeRng(seed);
  const { wires, vias } = defShapes(def, def.nets, kit, scale);
  const byKey = new Map(elements.map((e) => [elementKey(e), e]));
  const changes = new Map<GdsElement, Uint8Array[]>();
  const used = new Set<number>();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const nameOf = (net: number): string => def.nets.names[net]!;
  const cut = Array.from({ length: count }, () => {
    const via = pick(vias.filter((v) => !used.has(v.net)));
    used.add(via.net);
    changes.set(byKey.get(via.key)!, []);
    return nameOf(via.net);
  });
  const moved = Array.from({ length: count }, () => {
    // A short one may lie under its vias' metal, where it connects nothing that they do not.
    const wire = pick(wires.filter((w) => !used.has(w.net) && length(w) > LONG * thickness(w)));
    used.add(wire.net);
    const element = byKey.get(wire.key)!;
    // Beyond any via's metal, and well off its own place.
    const by = 4 * thickness(wire);
    const points = element.points.map((v, k) => ((k % 2 === 1) === wire.isHorizontal ? v + by : v));
    changes.set(element, [withPoints(gds, element, points)]);
    return nameOf(wire.net);
  });
  const pairs = neighbours(wires);
  const joined = Array.from({ length: count }, (): readonly [string, string] => {
    const [a, b] = pick(pairs.filter((p) => p.every((w) => !used.has(w.net))));
    used.add(a.net).add(b.net);
    const element = byKey.get(a.key)!;
    const copy = withPoints(gds, element, corners(bridge(a, b)));
    changes.set(element, [gds.slice(element.start, element.end), copy]);
    return [nameOf(a.net), nameOf(b.net)];
  });
  return { gds: replaceElements(gds, changes), cut, moved, joined };
}

export interface Double {
  readonly net: string;
  /** Where the shape and its copy lie, with the layer's spacing about them, GDS units. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
}

/**
 * `count` wires and as many vias drawn a second time, beside themselves: half the spacing that their layer asks for
 * lies between the two. (A copy on the very place draws the same mask; our check remarks on it as `duplicate`.)
 */
export function makeDoubles(
  gds: Uint8Array,
  elements: readonly GdsElement[],
  def: DefDesign,
  kit: Kit,
  scale: number,
  count: number,
  seed: number,
): { readonly gds: Uint8Array; readonly doubles: readonly Double[] } {
  const random = makeRng(seed);
  const { wires, vias } = defShapes(def, def.nets, kit, scale);
  const byKey = new Map(elements.map((e) => [elementKey(e), e]));
  const changes = new Map<GdsElement, Uint8Array[]>();
  const used = new Set<number>();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const double = (key: string, net: number, dx: number, dy: number, box: Double['box']): Double => {
    used.add(net);
    const element = byKey.get(key)!;
    const copy = withPoints(
      gds,
      element,
      element.points.map((v, k) => v + (k % 2 === 0 ? dx : dy)),
    );
    changes.set(element, [gds.slice(element.start, element.end), copy]);
    return { net: def.nets.names[net]!, box };
  };
  const doubledWires = Array.from({ length: count }, () => {
    const wire = pick(wires.filter((w) => !used.has(w.net) && length(w) > LONG * thickness(w)));
    const layer = kit.tech.layers.find((l) => l.name === def.layerNames[wire.layer])!;
    const spacing = layer.spacingDbu * scale;
    const by = thickness(wire) + halfOf(spacing, kit, scale);
    const [dx, dy] = wire.isHorizontal ? [0, by] : [by, 0];
    const [x1, y1, x2, y2] = wire.box;
    return double(wire.key, wire.net, dx, dy, [
      x1 - spacing,
      y1 - spacing,
      x2 + dx + spacing,
      y2 + dy + spacing,
    ]);
  });
  const doubledVias = Array.from({ length: count }, () => {
    const via = pick(vias.filter((v) => !used.has(v.net)));
    const { structure, points } = byKey.get(via.key)!;
    const master = kit.tech.vias.find((v) => `VIA_${v.name}`.replace(/[^\w$?]/g, '_') === structure)!;
    const { x1, x2 } = master.cutRects[0]!;
    const layer = kit.tech.layers[master.cut]!;
    const spacing = layer.spacingDbu * scale;
    const dx = (x2 - x1) * scale + halfOf(spacing, kit, scale);
    const [x, y, reach] = [points[0]!, points[1]!, 2 * dx + spacing];
    return double(via.key, via.net, dx, 0, [x - reach, y - reach, x + dx + reach, y + reach]);
  });
  return { gds: replaceElements(gds, changes), doubles: [...doubledWires, ...doubledVias] };
}

/** Half of it, on the manufacturing grid. */
const halfOf = (spacing: number, kit: Kit, scale: number): number =>
  Math.floor(spacing / 2 / (kit.tech.gridDbu * scale)) * kit.tech.gridDbu * scale;

/** The doubles in whose box none of the places (GDS units) lies. */
export const missedDoubles = (
  doubles: readonly Double[],
  places: readonly (readonly [number, number])[],
): Double[] =>
  doubles.filter(
    ({ box: [x1, y1, x2, y2] }) => !places.some(([x, y]) => x >= x1 && x <= x2 && y >= y1 && y <= y2),
  );

const thickness = ({ isHorizontal, box }: DefWire): number =>
  isHorizontal ? box[3] - box[1] : box[2] - box[0];

const length = (wire: DefWire): number => along(wire)[1] - along(wire)[0];

/** [low, high] along and across the wire. */
const along = ({ isHorizontal: h, box }: DefWire): [number, number] =>
  h ? [box[0], box[2]] : [box[1], box[3]];
const across = ({ isHorizontal: h, box }: DefWire): [number, number] =>
  h ? [box[1], box[3]] : [box[0], box[2]];

/** Wires of different nets side by side on the layer's next tracks, with a common stretch of some widths. */
function neighbours(wires: readonly DefWire[]): [DefWire, DefWire][] {
  const sorted = [...wires].sort((a, b) => a.layer - b.layer || across(a)[0] - across(b)[0]);
  const found: [DefWire, DefWire][] = [];
  sorted.forEach((a, i) => {
    const width = thickness(a);
    for (let j = i + 1; j < sorted.length; j++) {
      const b = sorted[j]!;
      const gap = across(b)[0] - across(a)[1];
      if (b.layer !== a.layer || gap > 2 * width) break;
      const common = Math.min(along(a)[1], along(b)[1]) - Math.max(along(a)[0], along(b)[0]);
      if (gap <= 0 || b.net === a.net || a.isHorizontal !== b.isHorizontal || common < 4 * width) continue;
      found.push([a, b]);
      break;
    }
  });
  return found;
}

/** A piece as wide as the wire `a`, turned, from the one to the other. */
function bridge(a: DefWire, b: DefWire): [number, number, number, number] {
  const low = Math.max(along(a)[0], along(b)[0]);
  const high = Math.min(along(a)[1], along(b)[1]);
  const width = thickness(a);
  const start = Math.floor((low + high - width) / 2);
  const [from, to] = [across(a)[0], across(b)[1]];
  return a.isHorizontal ? [start, from, start + width, to] : [from, start, to, start + width];
}

const corners = ([x1, y1, x2, y2]: readonly [number, number, number, number]): number[] => [
  x1,
  y1,
  x2,
  y1,
  x2,
  y2,
  x1,
  y2,
  x1,
  y1,
];
