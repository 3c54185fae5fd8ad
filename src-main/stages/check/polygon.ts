import { IngotError } from '../../base/diagnostic.ts';
import type { GdsStructure } from '../layout/types.ts';

/** visit(layer, datatype, x1, y1, x2, y2) for rectangles that together cover a structure's polygons and paths. */
export type RectVisit = (
  layer: number,
  datatype: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
) => void;

/**
 * Cuts a structure's polygons into rectangles that do not overlap (per polygon). Only axis-parallel
 * polygons and paths with flush or extended ends are understood: CHECK-001 names another.
 */
export function forEachRect(
  structure: GdsStructure,
  isWanted: (layer: number) => boolean,
  visit: RectVisit,
): void {
  const { layer, datatype, pointStart, points } = structure.boundaries;
  for (let k = 0; k < layer.length; k++) {
    if (!isWanted(layer[k]!)) continue;
    const [from, to] = [pointStart[k]! * 2, pointStart[k + 1]! * 2];
    if (to - from === 8 && isRectangle(points, from)) {
      const [ax, ay, bx, by] = [points[from]!, points[from + 1]!, points[from + 4]!, points[from + 5]!];
      visit(layer[k]!, datatype[k]!, Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by));
    } else cutPolygon(structure.name, points.subarray(from, to), layer[k]!, datatype[k]!, visit);
  }
  forEachPathRect(structure, isWanted, visit);
}

function isRectangle(p: Int32Array, at: number): boolean {
  const startsAlongX =
    p[at + 1] === p[at + 3] && p[at + 2] === p[at + 4] && p[at + 5] === p[at + 7] && p[at + 6] === p[at];
  const startsAlongY =
    p[at] === p[at + 2] && p[at + 3] === p[at + 5] && p[at + 4] === p[at + 6] && p[at + 7] === p[at + 1];
  return startsAlongX || startsAlongY;
}

const refuse = (name: string, what: string): IngotError =>
  new IngotError('CHECK-001', `${what} is not supported by the layout check`, {
    place: `GDS structure ${name}`,
    remedy: 'use a kit whose metal is axis-parallel',
  });

/** Vertical slabs between neighbouring x; within one the horizontal edges, sorted, pair up (even-odd rule). */
function cutPolygon(name: string, p: Int32Array, layer: number, datatype: number, visit: RectVisit): void {
  const n = p.length / 2;
  const edges: { lo: number; hi: number; y: number }[] = [];
  for (let k = 0; k < n; k++) {
    const next = (k + 1) % n;
    const [ax, ay, bx, by] = [p[2 * k]!, p[2 * k + 1]!, p[2 * next]!, p[2 * next + 1]!];
    if (ax !== bx && ay !== by) throw refuse(name, 'a slanted edge');
    if (ax !== bx) edges.push({ lo: Math.min(ax, bx), hi: Math.max(ax, bx), y: ay });
  }
  edges.sort((a, b) => a.y - b.y);
  const xs = [...new Set(edges.flatMap((e) => [e.lo, e.hi]))].sort((a, b) => a - b);
  for (let k = 0; k + 1 < xs.length; k++) {
    const spanning = edges.filter((e) => e.lo <= xs[k]! && e.hi >= xs[k + 1]!);
    for (let e = 0; e + 1 < spanning.length; e += 2)
      if (spanning[e]!.y < spanning[e + 1]!.y)
        visit(layer, datatype, xs[k]!, spanning[e]!.y, xs[k + 1]!, spanning[e + 1]!.y);
  }
}

function forEachPathRect(
  structure: GdsStructure,
  isWanted: (layer: number) => boolean,
  visit: RectVisit,
): void {
  const { layer, datatype, width, pathType, pointStart, points } = structure.paths;
  for (let k = 0; k < layer.length; k++) {
    if (!isWanted(layer[k]!)) continue;
    if (pathType[k] === 1 || width[k]! % 2 !== 0) throw refuse(structure.name, 'a round or odd path');
    const half = width[k]! / 2;
    const [first, last] = [pointStart[k]!, pointStart[k + 1]! - 1];
    for (let s = first; s < last; s++) {
      const [ax, ay, bx, by] = [points[2 * s]!, points[2 * s + 1]!, points[2 * s + 2]!, points[2 * s + 3]!];
      if (ax !== bx && ay !== by) throw refuse(structure.name, 'a slanted path');
      // Inner corners are filled by half a width, ends only where the path type says so.
      const startGrow = s > first || pathType[k] === 2 ? half : 0;
      const endGrow = s + 1 < last || pathType[k] === 2 ? half : 0;
      const isAlongX = ay === by;
      const [from, to] = isAlongX ? [ax, bx] : [ay, by];
      const lo = Math.min(from, to) - (from <= to ? startGrow : endGrow);
      const hi = Math.max(from, to) + (from <= to ? endGrow : startGrow);
      if (isAlongX) visit(layer[k]!, datatype[k]!, lo, ay - half, hi, ay + half);
      else visit(layer[k]!, datatype[k]!, ax - half, lo, ax + half, hi);
    }
  }
}
