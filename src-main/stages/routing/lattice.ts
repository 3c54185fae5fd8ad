/**
 * The routing lattice: every routing layer is a set of tracks (wires run along them) crossed by positions
 * (where a track of the layer below or above can be met by a via). Node id = base + track * posCount + pos.
 *
 * The rules of the technology are compiled to tables here, so that the search knows no rule:
 * - lo/hi: positions on the same track whose pads would be nearer than the layer's spacing;
 * - cutNear: places where a second cut of the same layer would be too near, own net or other.
 * Valid for technologies whose via pads are no wider across the track than the wire (NanGate45); others are
 * refused with ROUTE-002.
 */
import { IngotError } from '../../base/diagnostic.ts';
import type { Rect } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { CutLayer, Kit, RoutingLayer, Tech, ViaDef } from '../kit/types.ts';
import type { RouteOptions } from './options.ts';

/** DBU per unit of cost is set by the technology: one unit is 10 nm. */
const COST_UNITS_PER_UM = 100;

export interface LatticeLayer {
  /** Index into Tech.layers. */
  readonly layer: number;
  /** Wires run along y; tracks are x coordinates, positions are y coordinates. */
  readonly vertical: boolean;
  readonly tracks: Int32Array;
  readonly positions: Int32Array;
  readonly trackCount: number;
  readonly posCount: number;
  readonly base: number;
  /** [posCount] track of the layer above / below at this position, -1 if none. */
  readonly upTrack: Int32Array;
  readonly downTrack: Int32Array;
  /** [trackCount] position of the layer above / below at this track, -1 if none. */
  readonly upPos: Int32Array;
  readonly downPos: Int32Array;
  /** [posCount] first and last position within pad clearance. */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** [posCount] cost of the step from this position to the next. */
  readonly stepCost: Int32Array;
  /** Cost of wire along the track over its length in units of cost. */
  readonly weight: number;
  /** Cost of a jog to the next track; -1 if not allowed. */
  readonly jogCost: number;
  readonly halfWidthDbu: number;
  readonly padHalfDbu: number;
  readonly spacingDbu: number;
  readonly wideSpacing: RoutingLayer['wideSpacing'];
  /** Index into Tech.vias of the via to the layer above, -1 at the top. */
  readonly viaUp: number;
  /** CSR over positions: (track offset, position) of sites too near to a cut up from (0, position). */
  readonly cutStart: Int32Array;
  readonly cutTrack: Int32Array;
  readonly cutPos: Int32Array;
}

export interface Lattice {
  readonly layers: readonly LatticeLayer[];
  readonly nodeCount: number;
  readonly die: Rect;
  readonly dbuPerCost: number;
  /** Index into Tech.layers of the layer that cell pins are on (below the lowest routing layer). */
  readonly pinLayer: number;
}

export function layerOf(lattice: Lattice, node: number): number {
  let l = lattice.layers.length - 1;
  while (node < lattice.layers[l].base) l--;
  return l;
}

/** Position of a node in DBU. */
export function nodeXy(lattice: Lattice, node: number): { l: number; x: number; y: number } {
  const l = layerOf(lattice, node);
  const g = lattice.layers[l];
  const k = node - g.base;
  const t = Math.floor(k / g.posCount);
  const p = k - t * g.posCount;
  return g.vertical ? { l, x: g.tracks[t], y: g.positions[p] } : { l, x: g.positions[p], y: g.tracks[t] };
}

/** First index with values[i] >= v. */
export function lowerBound(values: Int32Array, v: number): number {
  let a = 0;
  let b = values.length;
  while (a < b) {
    const m = (a + b) >> 1;
    if (values[m] < v) a = m + 1;
    else b = m;
  }
  return a;
}

/** Last index with values[i] <= v, -1 if none. */
export function lastAtMost(values: Int32Array, v: number): number {
  return lowerBound(values, v + 1) - 1;
}

const indexOf = (values: Int32Array, v: number): number => {
  const i = lowerBound(values, v);
  return i < values.length && values[i] === v ? i : -1;
};

/** The node at (x, y) on lattice layer l, -1 if there is none. */
export function nodeAt(lattice: Lattice, l: number, x: number, y: number): number {
  const g = lattice.layers[l];
  const t = indexOf(g.tracks, g.vertical ? x : y);
  const p = indexOf(g.positions, g.vertical ? y : x);
  return t < 0 || p < 0 ? -1 : g.base + t * g.posCount + p;
}

/** The node one layer up from a node that has an up edge. */
export function nodeAbove(lattice: Lattice, l: number, node: number): number {
  const g = lattice.layers[l];
  const o = lattice.layers[l + 1];
  const k = node - g.base;
  const t = Math.floor(k / g.posCount);
  return o.base + g.upTrack[k - t * g.posCount] * o.posCount + g.upPos[t];
}

/**
 * Choice of via between two routing layers: pads no wider than the wires across their tracks, then the
 * least metal. Undefined where the kit has none.
 */
function chooseVia(tech: Tech, below: number, above: number): number {
  const halfAcross = (v: ViaDef, r: Rect, layer: number): boolean => {
    const m = tech.layers[layer] as RoutingLayer;
    const across = m.direction === 'V' ? Math.max(-r.x1, r.x2) : Math.max(-r.y1, r.y2);
    return across * 2 <= m.widthDbu && v.cutRects.length === 1;
  };
  const area = (r: Rect): number => (r.x2 - r.x1) * (r.y2 - r.y1);
  let best = -1;
  tech.vias.forEach((v, i) => {
    if (v.below !== below || v.above !== above) return;
    if (!halfAcross(v, v.belowRect, below) || !halfAcross(v, v.aboveRect, above)) return;
    const b = tech.vias[best];
    if (best < 0 || area(v.belowRect) + area(v.aboveRect) < area(b.belowRect) + area(b.aboveRect)) best = i;
  });
  return best;
}

function trackCoordinates(floorplan: Floorplan, layer: number, low: number, high: number): number[] {
  const out: number[] = [];
  for (const set of floorplan.tracks) {
    if (set.layer !== layer) continue;
    for (let k = 0; k < set.count; k++) {
      const c = set.startDbu + k * set.stepDbu;
      if (c >= low && c <= high) out.push(c);
    }
  }
  return out;
}

const sortedUnique = (values: number[]): Int32Array =>
  Int32Array.from([...new Set(values)].sort((a, b) => a - b));

interface CutTable {
  readonly start: Int32Array;
  readonly track: Int32Array;
  readonly pos: Int32Array;
}

/** Sites around a cut at (0, p) where another cut of the same layer would be nearer than its spacing. */
function cutTable(cut: CutLayer, step: number, positions: Int32Array, upTrack: Int32Array): CutTable {
  const reach = cut.widthDbu + cut.spacingDbu;
  const start = new Int32Array(positions.length + 1);
  const track: number[] = [];
  const pos: number[] = [];
  for (let p = 0; p < positions.length; p++) {
    start[p] = track.length;
    if (upTrack[p] < 0) continue;
    for (let dt = -Math.ceil(reach / step); dt * step < reach; dt++) {
      const last = lowerBound(positions, positions[p] + reach);
      for (let q = lastAtMost(positions, positions[p] - reach) + 1; q < last; q++) {
        if (upTrack[q] < 0 || (dt === 0 && q === p)) continue;
        const gapT = Math.max(Math.abs(dt) * step - cut.widthDbu, 0);
        const gapP = Math.max(Math.abs(positions[q] - positions[p]) - cut.widthDbu, 0);
        if (gapT * gapT + gapP * gapP >= cut.spacingDbu * cut.spacingDbu) continue;
        track.push(dt);
        pos.push(q);
      }
    }
  }
  start[positions.length] = track.length;
  return { start, track: Int32Array.from(track), pos: Int32Array.from(pos) };
}

function clearanceRange(positions: Int32Array, distance: number): { lo: Int32Array; hi: Int32Array } {
  const lo = new Int32Array(positions.length);
  const hi = new Int32Array(positions.length);
  for (let p = 0; p < positions.length; p++) {
    let a = p;
    while (a > 0 && positions[p] - positions[a - 1] < distance) a--;
    let b = p;
    while (b + 1 < positions.length && positions[b + 1] - positions[p] < distance) b++;
    lo[p] = a;
    hi[p] = b;
  }
  return { lo, hi };
}

/** Largest extent along the layer's track of the via pads that land on it. */
function padHalf(tech: Tech, layer: number, vias: readonly number[], pinLayer: number): number {
  const metal = tech.layers[layer] as RoutingLayer;
  let half = metal.widthDbu / 2;
  const see = (r: Rect): void => {
    half = Math.max(half, metal.direction === 'V' ? Math.max(-r.y1, r.y2) : Math.max(-r.x1, r.x2));
  };
  for (const i of vias) {
    if (i < 0) continue;
    if (tech.vias[i].below === layer) see(tech.vias[i].belowRect);
    if (tech.vias[i].above === layer) see(tech.vias[i].aboveRect);
  }
  const pinVia = chooseVia(tech, pinLayer, layer);
  if (pinVia >= 0) see(tech.vias[pinVia].aboveRect);
  return half;
}

/** Routing layers (indices into Tech.layers) from the lowest to the highest that signals may use. */
function signalLayers(tech: Tech, options: RouteOptions): number[] {
  const find = (name: string): number => {
    const i = tech.layers.findIndex((l) => l.kind === 'routing' && l.name === name);
    if (i < 0) throw new IngotError('ROUTE-001', `the kit has no routing layer ${name}`, { place: name });
    return i;
  };
  const first = find(options.minLayer);
  const last = find(options.maxLayer);
  if (first > last || first < 2) {
    throw new IngotError(
      'ROUTE-001',
      `cannot route signals from ${options.minLayer} to ${options.maxLayer}`,
      {
        remedy: 'the lowest layer must lie above the cell pins and not above the highest layer',
      },
    );
  }
  const out: number[] = [];
  for (let i = first; i <= last; i += 2) out.push(i);
  for (let i = 1; i < out.length; i++) {
    const a = tech.layers[out[i - 1]] as RoutingLayer;
    const b = tech.layers[out[i]] as RoutingLayer;
    if (a.direction === b.direction) {
      throw new IngotError('ROUTE-002', `layers ${a.name} and ${b.name} run in the same direction`, {
        remedy: 'the router needs alternating directions',
      });
    }
    if (chooseVia(tech, out[i - 1], out[i]) < 0) {
      throw new IngotError('ROUTE-002', `no via of the kit fits between wires of ${a.name} and ${b.name}`, {
        remedy: 'via pads wider than the wire are not supported',
      });
    }
  }
  return out;
}

/** Builds the lattice of the die. Errors: ROUTE-001 (layers), ROUTE-002 (technology not supported). */
export function makeLattice(floorplan: Floorplan, kit: Kit, options: RouteOptions): Lattice {
  const tech = kit.tech;
  const indices = signalLayers(tech, options);
  const die = floorplan.die;
  const metals = indices.map((i) => tech.layers[i] as RoutingLayer);
  const tracks = metals.map((m, k) => {
    const h = m.widthDbu / 2;
    const [low, high] = m.direction === 'V' ? [die.x1 + h, die.x2 - h] : [die.y1 + h, die.y2 - h];
    const found = sortedUnique(trackCoordinates(floorplan, indices[k], low, high));
    if (found.length < 2) throw new IngotError('ROUTE-003', `the floorplan gives no tracks for ${m.name}`);
    return found;
  });
  const pinLayer = indices[0] - 2;
  const pinMetal = tech.layers[pinLayer] as RoutingLayer;
  const vias = indices.map((i, k) => (k + 1 < indices.length ? chooseVia(tech, i, indices[k + 1]) : -1));
  const dbuPerCost = tech.dbuPerUm / COST_UNITS_PER_UM;
  const positions = metals.map((m, k) => {
    const all: number[] = [];
    const half = padHalf(tech, indices[k], vias, pinLayer);
    const [low, high] = m.direction === 'V' ? [die.y1 + half, die.y2 - half] : [die.x1 + half, die.x2 - half];
    if (k > 0) all.push(...tracks[k - 1]);
    else if (pinMetal.direction !== m.direction)
      all.push(...trackCoordinates(floorplan, pinLayer, low, high));
    if (k + 1 < indices.length) all.push(...tracks[k + 1]);
    return sortedUnique(all.filter((c) => c >= low && c <= high));
  });
  const layers: LatticeLayer[] = [];
  let base = 0;
  for (let k = 0; k < metals.length; k++) {
    const m = metals[k];
    const half = padHalf(tech, indices[k], vias, pinLayer);
    const up = k + 1 < metals.length;
    const upTrack = positions[k].map((c) => (up ? indexOf(tracks[k + 1], c) : -1));
    const cut = tech.layers[indices[k] + 1] as CutLayer;
    const step = tracks[k][1] - tracks[k][0];
    const cuts: CutTable = up
      ? cutTable(cut, step, positions[k], upTrack)
      : { start: new Int32Array(positions[k].length + 1), track: new Int32Array(0), pos: new Int32Array(0) };
    // Lower layers are a little dearer: they are needed for pin access and have three times the resistance.
    const weight = k === 0 ? 1.2 : k === 1 ? 1.05 : 1;
    const stepCost = positions[k].map((c, p) =>
      p + 1 < positions[k].length
        ? Math.max(1, Math.round(((positions[k][p + 1] - c) / dbuPerCost) * weight))
        : 0,
    );
    const uniform = tracks[k].every((c, t) => t === 0 || c - tracks[k][t - 1] === step);
    layers.push({
      layer: indices[k],
      vertical: m.direction === 'V',
      tracks: tracks[k],
      positions: positions[k],
      trackCount: tracks[k].length,
      posCount: positions[k].length,
      base,
      upTrack,
      downTrack: positions[k].map((c) => (k > 0 ? indexOf(tracks[k - 1], c) : -1)),
      upPos: tracks[k].map((c) => (up ? indexOf(positions[k + 1], c) : -1)),
      downPos: tracks[k].map((c) => (k > 0 ? indexOf(positions[k - 1], c) : -1)),
      ...clearanceRange(positions[k], 2 * half + m.spacingDbu),
      stepCost,
      weight,
      jogCost: options.jogFactor > 0 && uniform ? Math.round((step / dbuPerCost) * options.jogFactor) : -1,
      halfWidthDbu: m.widthDbu / 2,
      padHalfDbu: half,
      spacingDbu: m.spacingDbu,
      wideSpacing: m.wideSpacing,
      viaUp: vias[k],
      cutStart: cuts.start,
      cutTrack: cuts.track,
      cutPos: cuts.pos,
    });
    base += tracks[k].length * positions[k].length;
  }
  return { layers, nodeCount: base, die, dbuPerCost, pinLayer };
}
