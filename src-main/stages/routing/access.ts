/**
 * Pin access: where a via may land on a cell's pin. A point is good if the via's lower pad lies wholly inside
 * the pin (then metal1 stays as drawn); if a pin has no such point, points are taken whose pad keeps its
 * distance from everything else in the cell and half of it from the cell's edge.
 * After "The Tao of PAO" (Kahng, Wang, Xu, DAC 2020). Differs from it: only points on the lattice, no
 * patterns between pins; the negotiation settles those, sole points being reserved (terminals.ts).
 */
import { ORIENT_FN, placeRect, type Rect } from '../../base/geometry.ts';
import type { Kit, Master, RoutingLayer, Tech } from '../kit/types.ts';
import type { Lattice } from './lattice.ts';

export interface AccessPoint {
  /** From the lower left corner of the placed cell. */
  readonly xDbu: number;
  readonly yDbu: number;
  /** Index into Tech.vias. */
  readonly via: number;
}

/** Is `r` covered by the union of `cover`? */
export function isCovered(cover: readonly Rect[], r: Rect): boolean {
  let rest: Rect[] = [r];
  for (const c of cover) {
    const next: Rect[] = [];
    for (const q of rest) {
      const x1 = Math.max(q.x1, c.x1);
      const y1 = Math.max(q.y1, c.y1);
      const x2 = Math.min(q.x2, c.x2);
      const y2 = Math.min(q.y2, c.y2);
      if (x1 >= x2 || y1 >= y2) {
        next.push(q);
        continue;
      }
      if (q.x1 < x1) next.push({ x1: q.x1, y1: q.y1, x2: x1, y2: q.y2 });
      if (q.x2 > x2) next.push({ x1: x2, y1: q.y1, x2: q.x2, y2: q.y2 });
      if (q.y1 < y1) next.push({ x1, y1: q.y1, x2, y2: y1 });
      if (q.y2 > y2) next.push({ x1, y1: y2, x2, y2: q.y2 });
    }
    rest = next;
    if (rest.length === 0) return true;
  }
  return false;
}

const shift = (r: Rect, x: number, y: number): Rect => ({
  x1: r.x1 + x,
  y1: r.y1 + y,
  x2: r.x2 + x,
  y2: r.y2 + y,
});

/** Gap between rectangles, squared (0 if they touch). */
function gapSquared(a: Rect, b: Rect): number {
  const dx = Math.max(a.x1 - b.x2, b.x1 - a.x2, 0);
  const dy = Math.max(a.y1 - b.y2, b.y1 - a.y2, 0);
  return dx * dx + dy * dy;
}

/** Vias from the pin layer to the lowest routing layer whose upper pad fits on a track; slimmest pads first. */
function pinVias(tech: Tech, lattice: Lattice): number[] {
  const g = lattice.layers[0];
  const across = (r: Rect): number => (g.vertical ? r.x2 - r.x1 : r.y2 - r.y1);
  const along = (r: Rect): number => (g.vertical ? r.y2 - r.y1 : r.x2 - r.x1);
  const area = (r: Rect): number => (r.x2 - r.x1) * (r.y2 - r.y1);
  const metal = tech.layers[lattice.pinLayer] as RoutingLayer;
  const lies = (r: Rect): number => (r.x2 - r.x1 >= r.y2 - r.y1 === (metal.direction === 'H') ? 0 : 1);
  const fits = (i: number): boolean => {
    const v = tech.vias[i];
    if (v.below !== lattice.pinLayer || v.above !== g.layer || v.cutRects.length !== 1) return false;
    return across(v.aboveRect) <= 2 * g.halfWidthDbu && along(v.aboveRect) <= 2 * g.padHalfDbu;
  };
  return tech.vias
    .map((_, i) => i)
    .filter(fits)
    .sort((a, b) => {
      const ra = tech.vias[a].belowRect;
      const rb = tech.vias[b].belowRect;
      return area(ra) - area(rb) || lies(ra) - lies(rb) || a - b;
    });
}

interface CellShapes {
  readonly own: Rect[];
  readonly foreign: Rect[];
}

function cellShapes(master: Master, pin: number, layer: number, orient: number): CellShapes {
  const put = (r: Rect): Rect => placeRect(r, master.widthDbu, master.heightDbu, orient, 0, 0);
  const own: Rect[] = [];
  const foreign: Rect[] = [];
  master.pins.forEach((p, k) => {
    for (const s of p.shapes) if (s.layer === layer) (k === pin ? own : foreign).push(put(s.rect));
  });
  for (const s of master.obstructions) if (s.layer === layer) foreign.push(put(s.rect));
  return { own, foreign };
}

/** May a pad stick out of the pin here: distance to other shapes, to the cell's edge, and no notch of its own. */
function padKeepsClear(pad: Rect, shapes: CellShapes, master: Master, spacing: number): boolean {
  for (const f of shapes.foreign) if (gapSquared(pad, f) < spacing * spacing) return false;
  if (pad.x1 < spacing / 2 || pad.x2 > master.widthDbu - spacing / 2) return false;
  if (pad.y1 < spacing / 2 || pad.y2 > master.heightDbu - spacing / 2) return false;
  let touches = false;
  for (const r of shapes.own) {
    const gap = gapSquared(pad, r);
    if (gap === 0) touches = true;
    else if (gap < spacing * spacing) return false;
  }
  return touches;
}

/** Coordinates c of a lattice line set with c - origin in [low, high]. */
function linesWithin(lines: Int32Array, origin: number, low: number, high: number): number[] {
  const out: number[] = [];
  let a = 0;
  let b = lines.length;
  while (a < b) {
    const m = (a + b) >> 1;
    if (lines[m] < origin + low) a = m + 1;
    else b = m;
  }
  for (; a < lines.length && lines[a] <= origin + high; a++) out.push(lines[a] - origin);
  return out;
}

/**
 * Returns a function that gives the access points of a pin of a master placed at (x, y). Points depend on the
 * master, the orientation and the cell's place relative to the lattice; each such class is worked out once.
 */
export function makePinAccess(
  kit: Kit,
  lattice: Lattice,
): (master: number, pin: number, orient: number, x: number, y: number) => readonly AccessPoint[] {
  const tech = kit.tech;
  const vias = pinVias(tech, lattice);
  const metal = tech.layers[lattice.pinLayer] as RoutingLayer;
  const g = lattice.layers[0];
  const xs = g.vertical ? g.tracks : g.positions;
  const ys = g.vertical ? g.positions : g.tracks;
  const cache = new Map<string, readonly AccessPoint[]>();

  const compute = (
    master: Master,
    pin: number,
    orient: number,
    lx: number[],
    ly: number[],
  ): AccessPoint[] => {
    const shapes = cellShapes(master, pin, lattice.pinLayer, orient);
    const inside: AccessPoint[] = [];
    const outside: AccessPoint[] = [];
    for (const x of lx) {
      for (const y of ly) {
        if (!shapes.own.some((r) => x >= r.x1 && x <= r.x2 && y >= r.y1 && y <= r.y2)) continue;
        const via = vias.find((v) => isCovered(shapes.own, shift(tech.vias[v].belowRect, x, y)));
        if (via !== undefined) {
          inside.push({ xDbu: x, yDbu: y, via });
          continue;
        }
        const loose = vias.find((v) =>
          padKeepsClear(shift(tech.vias[v].belowRect, x, y), shapes, master, metal.spacingDbu),
        );
        if (loose !== undefined) outside.push({ xDbu: x, yDbu: y, via: loose });
      }
    }
    return inside.length > 0 ? inside : outside;
  };

  return (masterIndex, pin, orient, x, y) => {
    const master = kit.masters[masterIndex];
    const lx = linesWithin(xs, x, 0, master.widthDbu);
    const ly = linesWithin(ys, y, 0, master.heightDbu);
    const key = `${masterIndex},${pin},${orient},${lx[0]},${lx.length},${ly[0]},${ly.length}`;
    let points = cache.get(key);
    if (!points) cache.set(key, (points = compute(master, pin, orient, lx, ly)));
    return points;
  };
}

/** Mirror image about the y axis, as a row of standard cells allows. */
export const mirrored = (orient: number): number => orient ^ ORIENT_FN;
