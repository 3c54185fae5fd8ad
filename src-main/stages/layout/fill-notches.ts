/**
 * Gaps between two shapes of one net that are narrower than the layer's spacing, filled with wires. TritonRoute leaves
 * some at corners; our judges and KLayout count them. What is added is judged like all other metal.
 */
import type { Kit } from '../kit/types.ts';
import type { Routing } from '../routing/types.ts';

interface Shape {
  readonly layer: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** The routing with a few more wires; cost is quadratic in the shapes of a net on a layer. */
export function fillNotches(routing: Routing, kit: Kit): Routing {
  const wires: number[] = [];
  const wireStart = new Int32Array(routing.wireStart.length);
  for (let net = 0; net + 1 < routing.wireStart.length; net++) {
    for (let i = 5 * routing.wireStart[net]!; i < 5 * routing.wireStart[net + 1]!; i++)
      wires.push(routing.wires[i]!);
    const shapes = shapesOf(routing, net, kit);
    for (let i = 0; i < shapes.length; i++)
      for (let j = 0; j < i; j++) wires.push(...filling(shapes[i]!, shapes[j]!, shapes, kit));
    wireStart[net + 1] = wires.length / 5;
  }
  return { ...routing, wireStart, wires: Int32Array.from(wires) };
}

function shapesOf(routing: Routing, net: number, kit: Kit): Shape[] {
  const shapes: Shape[] = [];
  const { layers, vias } = kit.tech;
  for (let i = 5 * routing.wireStart[net]!; i < 5 * routing.wireStart[net + 1]!; i += 5) {
    const [layer, x1, y1, x2, y2] = routing.wires.subarray(i, i + 5) as unknown as number[];
    const half = layers[layer!]!.widthDbu / 2;
    shapes.push({ layer: layer!, x1: x1! - half, y1: y1! - half, x2: x2! + half, y2: y2! + half });
  }
  for (let v = 3 * routing.viaStart[net]!; v < 3 * routing.viaStart[net + 1]!; v += 3) {
    const via = vias[routing.vias[v]!]!;
    const [x, y] = [routing.vias[v + 1]!, routing.vias[v + 2]!];
    for (const [layer, r] of [
      [via.below, via.belowRect],
      [via.above, via.aboveRect],
    ] as const)
      shapes.push({ layer, x1: r.x1 + x, y1: r.y1 + y, x2: r.x2 + x, y2: r.y2 + y });
  }
  return shapes;
}

/** Wires, five numbers each, that close the slit or corner between two shapes; none where there is none. */
function filling(a: Shape, b: Shape, all: readonly Shape[], kit: Kit): number[] {
  const metal = kit.tech.layers[a.layer]!;
  if (a.layer !== b.layer || metal.kind !== 'routing') return [];
  const gapX = Math.max(a.x1, b.x1) - Math.min(a.x2, b.x2);
  const gapY = Math.max(a.y1, b.y1) - Math.min(a.y2, b.y2);
  if (Math.max(gapX, gapY) <= 0) return [];
  if (Math.max(gapX, 0) ** 2 + Math.max(gapY, 0) ** 2 >= metal.spacingDbu ** 2) return [];
  const gap: Shape = {
    layer: a.layer,
    x1: gapX > 0 ? Math.min(a.x2, b.x2) : Math.max(a.x1, b.x1),
    x2: gapX > 0 ? Math.max(a.x1, b.x1) : Math.min(a.x2, b.x2),
    y1: gapY > 0 ? Math.min(a.y2, b.y2) : Math.max(a.y1, b.y1),
    y2: gapY > 0 ? Math.max(a.y1, b.y1) : Math.min(a.y2, b.y2),
  };
  const near = all.filter((s) => s.layer === a.layer);
  if (openArea(gap, near) === 0) return [];
  // Of the wires that cover the gap, flush with either of its sides, the one that adds least.
  const width = metal.widthDbu;
  const spansX = spansOver(gap.x1, gap.x2, width);
  const spansY = spansOver(gap.y1, gap.y2, width);
  let best: Shape | null = null;
  let least = Infinity;
  for (const [x1, x2] of spansX)
    for (const [y1, y2] of spansY) {
      if (x2 - x1 > width && y2 - y1 > width) continue;
      const wire = { layer: a.layer, x1, y1, x2, y2 };
      const added = openArea(wire, near);
      if (added >= least) continue;
      least = added;
      best = wire;
    }
  if (!best) return [];
  const half = width / 2;
  return [a.layer, best.x1 + half, best.y1 + half, best.x2 - half, best.y2 - half];
}

/** Stretches that cover from..to and are at least as long as a wire is wide, flush with one end or the other. */
function spansOver(from: number, to: number, width: number): (readonly [number, number])[] {
  if (to - from >= width) return [[from, to]];
  return [
    [from, from + width],
    [to - width, to],
  ];
}

/** Area of a rectangle that no shape covers: cut at every edge, each piece looked at. */
function openArea(box: Shape, shapes: readonly Shape[]): number {
  const cuts = (from: number, to: number, of: (s: Shape) => readonly number[]): number[] =>
    [...new Set([from, to, ...shapes.flatMap(of).filter((v) => v > from && v < to)])].sort((p, q) => p - q);
  const xs = cuts(box.x1, box.x2, (s) => [s.x1, s.x2]);
  const ys = cuts(box.y1, box.y2, (s) => [s.y1, s.y2]);
  let area = 0;
  for (let i = 0; i + 1 < xs.length; i++)
    for (let j = 0; j + 1 < ys.length; j++) {
      const [x, y] = [(xs[i]! + xs[i + 1]!) / 2, (ys[j]! + ys[j + 1]!) / 2];
      if (shapes.some((s) => x > s.x1 && x < s.x2 && y > s.y1 && y < s.y2)) continue;
      area += (xs[i + 1]! - xs[i]!) * (ys[j + 1]! - ys[j]!);
    }
  return area;
}
