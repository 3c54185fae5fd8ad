/** From trees of lattice nodes to wires and vias: maximal segments per track, small gaps of a net filled. */
import type { Tech } from '../kit/types.ts';
import type { Routing } from './types.ts';
import type { Lattice, LatticeLayer } from './lattice.ts';
import { LINK_DOWN, LINK_JOG_NEXT, LINK_JOG_PREV, LINK_NEXT, LINK_UP } from './state.ts';
import type { RoutableNet } from './terminals.ts';

/** A stretch of metal on one track: centre line from a to b, metal from metalA to metalB. */
interface Stretch {
  a: number;
  b: number;
  metalA: number;
  metalB: number;
}

export interface Emitted {
  readonly routing: Routing;
  readonly wirelengthByLayerDbu: number[];
  readonly jogDbu: number;
  readonly filledGaps: number;
}

export interface NetShapes {
  readonly wires: number[];
  readonly vias: number[];
}

/** Merges stretches that touch or are nearer than the spacing, and emits those with length as wires. */
function emitTrack(g: LatticeLayer, track: number, stretches: Stretch[], out: NetShapes): number {
  stretches.sort((s, t) => s.metalA - t.metalA || s.metalB - t.metalB || s.a - t.a);
  let filled = 0;
  let current = { ...stretches[0] };
  const flush = (): void => {
    if (current.a === current.b) return;
    const c = g.tracks[track];
    if (g.vertical) out.wires.push(g.layer, c, current.a, c, current.b);
    else out.wires.push(g.layer, current.a, c, current.b, c);
  };
  for (let i = 1; i < stretches.length; i++) {
    const s = stretches[i];
    const gap = s.metalA - current.metalB;
    const touchesAlong = s.a <= current.b && s.b >= current.a;
    if (touchesAlong || gap < g.spacingDbu) {
      if (!touchesAlong) filled++;
      current.a = Math.min(current.a, s.a);
      current.b = Math.max(current.b, s.b);
      current.metalA = Math.min(current.metalA, s.metalA);
      current.metalB = Math.max(current.metalB, s.metalB);
      continue;
    }
    flush();
    current = { ...s };
  }
  flush();
  return filled;
}

interface TrackMap {
  readonly add: (l: number, track: number, a: number, b: number, half: number) => void;
  readonly byTrack: Map<number, Stretch[]>;
}

function trackMap(): TrackMap {
  const byTrack = new Map<number, Stretch[]>();
  const add = (l: number, track: number, a: number, b: number, half: number): void => {
    const key = l * 0x1000000 + track;
    const s = { a, b, metalA: a - half, metalB: b + half };
    const list = byTrack.get(key);
    if (list) list.push(s);
    else byTrack.set(key, [s]);
  };
  return { add, byTrack };
}

/** Adds one net's wires and vias to `out`. */
export function emitNet(lattice: Lattice, n: RoutableNet, out: NetShapes): { filled: number; jog: number } {
  const map = trackMap();
  const { nodes, links, taps } = n.route;
  let jog = 0;
  let l = 0;
  const place = (node: number): { g: LatticeLayer; t: number; p: number } => {
    while (l + 1 < lattice.layers.length && node >= lattice.layers[l + 1].base) l++;
    while (node < lattice.layers[l].base) l--;
    const g = lattice.layers[l];
    const t = Math.floor((node - g.base) / g.posCount);
    return { g, t, p: node - g.base - t * g.posCount };
  };
  for (let i = 0; i < nodes.length; i++) {
    const { g, t, p } = place(nodes[i]);
    const at = g.positions[p];
    if (links[i] & LINK_NEXT) map.add(l, t, at, g.positions[p + 1], g.halfWidthDbu);
    if (links[i] & (LINK_UP | LINK_DOWN)) map.add(l, t, at, at, g.padHalfDbu);
    if (links[i] & (LINK_JOG_NEXT | LINK_JOG_PREV)) map.add(l, t, at, at, g.halfWidthDbu);
    if (links[i] & LINK_JOG_NEXT) {
      const a = g.tracks[t];
      const b = g.tracks[t + 1];
      jog += b - a;
      if (g.vertical) out.wires.push(g.layer, a, at, b, at);
      else out.wires.push(g.layer, at, a, at, b);
    }
    if (links[i] & LINK_UP) {
      out.vias.push(g.viaUp, g.vertical ? g.tracks[t] : at, g.vertical ? at : g.tracks[t]);
    }
  }
  n.terminals.forEach((terminal, j) => {
    const tap = taps[j];
    if (tap < 0) return;
    const { g, t, p } = place(tap);
    const k = terminal.nodes.indexOf(tap);
    const at = g.positions[p];
    if (terminal.vias[k] >= 0) {
      const shared = taps.indexOf(tap) < j;
      if (!shared)
        out.vias.push(terminal.vias[k], g.vertical ? g.tracks[t] : at, g.vertical ? at : g.tracks[t]);
      map.add(l, t, at, at, g.padHalfDbu);
      return;
    }
    const reach = terminal.reachDbu[k];
    map.add(l, t, Math.min(at, reach), Math.max(at, reach), g.halfWidthDbu);
  });
  let filled = 0;
  for (const key of [...map.byTrack.keys()].sort((a, b) => a - b)) {
    const list = map.byTrack.get(key) as Stretch[];
    filled += emitTrack(lattice.layers[Math.floor(key / 0x1000000)], key % 0x1000000, list, out);
  }
  return { filled, jog };
}

/** Builds the Routing of a netlist with `netCount` nets. */
export function emitRouting(
  lattice: Lattice,
  tech: Tech,
  nets: readonly RoutableNet[],
  netCount: number,
  failedNets: readonly number[],
): Emitted {
  const wireStart = new Int32Array(netCount + 1);
  const viaStart = new Int32Array(netCount + 1);
  const all: NetShapes = { wires: [], vias: [] };
  const byNet = new Map(nets.map((n) => [n.net, n]));
  let filledGaps = 0;
  let jogDbu = 0;
  for (let e = 0; e < netCount; e++) {
    const n = byNet.get(e);
    if (n) {
      const done = emitNet(lattice, n, all);
      filledGaps += done.filled;
      jogDbu += done.jog;
    }
    wireStart[e + 1] = all.wires.length / 5;
    viaStart[e + 1] = all.vias.length / 3;
  }
  const wirelengthByLayerDbu = tech.layers.map(() => 0);
  for (let i = 0; i < all.wires.length; i += 5) {
    const [layer, x1, y1, x2, y2] = all.wires.slice(i, i + 5);
    wirelengthByLayerDbu[layer] += x2 - x1 + (y2 - y1);
  }
  return {
    routing: {
      wireStart,
      wires: Int32Array.from(all.wires),
      viaStart,
      vias: Int32Array.from(all.vias),
      failedNets,
    },
    wirelengthByLayerDbu,
    jogDbu,
    filledGaps,
  };
}
