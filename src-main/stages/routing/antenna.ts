/**
 * Antenna check: while a layer is etched, the metal that hangs on a gate through that layer and those below
 * collects charge; without a diffusion (an output, a diode) on the same piece it must not exceed `ratio` times the
 * gate area, counted per layer (LEF/DEF 5.8 appendix C, partial area ratio; FreePDK45's deck: 300, a diode exempts).
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { placeRect } from '../../base/geometry.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Placement } from '../placement/types.ts';
import type { Routing } from './types.ts';

/** A piece of a net that collects too much on one layer. */
export interface AntennaFinding {
  /** Index into Tech.layers. */
  readonly layer: number;
  /** Area of the piece's metal on the layer over the area of its gates. */
  readonly ratio: number;
  /** Gates on the piece, by pin id. */
  readonly pins: readonly number[];
}

interface Piece {
  readonly layer: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** Judges one net by its wires (layer, x1, y1, x2, y2) and vias (index, x, y); `diodeAt` tells of diodes not yet in the netlist. */
export type AntennaCheck = (
  placement: Placement,
  net: number,
  wires: ArrayLike<number>,
  vias: ArrayLike<number>,
  diodeAt?: (x: number, y: number) => boolean,
) => AntennaFinding[];

function find(parent: number[], i: number): number {
  while (parent[i] !== i) i = parent[i] = parent[parent[i]];
  return i;
}

/** Do centre lines of one layer meet? */
const meet = (p: Piece, q: Piece): boolean => p.x1 <= q.x2 && q.x1 <= p.x2 && p.y1 <= q.y2 && q.y1 <= p.y2;

interface Charge {
  areaUm2: number;
  gateUm2: number;
  isSafe: boolean;
  pins: number[];
}

function wireAreaUm2(kit: Kit, p: Piece): number {
  const width = (kit.tech.layers[p.layer] as RoutingLayer).widthDbu;
  return ((p.x2 - p.x1 + (p.y2 - p.y1) + width) * width) / kit.tech.dbuPerUm ** 2;
}

/** Pins of a net whose shapes on the pin layer a via at (x, y) meets. */
function pinsUnder(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  pinInst: Int32Array,
  net: number,
  x: number,
  y: number,
): number[] {
  const out: number[] = [];
  for (let k = netlist.netPinStart[net]; k < netlist.netPinStart[net + 1]; k++) {
    const pin = netlist.netPins[k];
    if (pin >= pinInst.length) continue;
    const i = pinInst[pin];
    const m = kit.masters[netlist.instMaster[i]];
    const [cx, cy] = [placement.xDbu[i], placement.yDbu[i]];
    if (x < cx || y < cy || x > cx + m.widthDbu || y > cy + m.heightDbu) continue;
    const { shapes } = m.pins[pin - netlist.instPinStart[i]];
    const isMet = shapes.some((s) => {
      const r = placeRect(s.rect, m.widthDbu, m.heightDbu, placement.orient[i], cx, cy);
      return x >= r.x1 && x <= r.x2 && y >= r.y1 && y <= r.y2;
    });
    if (isMet) out.push(pin);
  }
  return out;
}

/** The check for a netlist. Nets whose whole metal is below what the smallest gate bears are passed at once. */
export function makeAntennaCheck(netlist: Netlist, kit: Kit, ratio: number): AntennaCheck {
  const pinInst = pinInstances(netlist);
  let smallestGate = Infinity;
  for (const m of kit.masters) {
    for (const p of m.pins)
      if (p.antennaGateAreaUm2 > 0) smallestGate = Math.min(smallestGate, p.antennaGateAreaUm2);
  }
  const addPin = (c: Charge, pin: number): void => {
    const i = pinInst[pin];
    const m = kit.masters[netlist.instMaster[i]];
    const p = m.pins[pin - netlist.instPinStart[i]];
    if (p.direction !== 'input' || m.name === kit.roles.antennaDiode) c.isSafe = true;
    else if (!c.pins.includes(pin)) {
      c.gateUm2 += p.antennaGateAreaUm2;
      c.pins.push(pin);
    }
  };
  return (placement, net, wires, vias, diodeAt) => {
    const pieces: Piece[] = [];
    let areaUm2 = 0;
    for (let w = 0; w < wires.length; w += 5) {
      const p = { layer: wires[w], x1: wires[w + 1], y1: wires[w + 2], x2: wires[w + 3], y2: wires[w + 4] };
      pieces.push(p);
      areaUm2 += wireAreaUm2(kit, p);
    }
    if (areaUm2 <= ratio * smallestGate) return [];
    const wireCount = pieces.length;
    // Every via end is a piece of its own, so that stacked vias without wire between them hold together.
    for (let v = 0; v < vias.length; v += 3) {
      const { below, above } = kit.tech.vias[vias[v]];
      const at = { x1: vias[v + 1], y1: vias[v + 2], x2: vias[v + 1], y2: vias[v + 2] };
      pieces.push({ layer: below, ...at }, { layer: above, ...at });
    }
    const parent = pieces.map((_, i) => i);
    const onLayer = new Map<number, number[]>();
    pieces.forEach((p, i) => {
      const list = onLayer.get(p.layer);
      if (list) list.push(i);
      else onLayer.set(p.layer, [i]);
    });
    const order = [...onLayer.keys()].sort((a, b) => a - b);
    const found: AntennaFinding[] = [];
    for (const layer of order) {
      const here = onLayer.get(layer) as number[];
      for (let a = 0; a < here.length; a++) {
        for (let b = 0; b < a; b++) {
          if (meet(pieces[here[a]], pieces[here[b]])) parent[find(parent, here[a])] = find(parent, here[b]);
        }
      }
      const charges = new Map<number, Charge>();
      const at = (i: number): Charge => {
        const r = find(parent, i);
        let c = charges.get(r);
        if (!c) charges.set(r, (c = { areaUm2: 0, gateUm2: 0, isSafe: false, pins: [] }));
        return c;
      };
      for (let v = 0; v < vias.length; v += 3) {
        const end = wireCount + 2 * (v / 3);
        if (pieces[end + 1].layer === layer) parent[find(parent, end)] = find(parent, end + 1);
      }
      for (let v = 0; v < vias.length; v += 3) {
        const end = wireCount + 2 * (v / 3);
        if (pieces[end].layer !== order[0] || (pieces[end + 1].layer > layer && layer !== order[0])) continue;
        const c = at(end);
        for (const pin of pinsUnder(netlist, placement, kit, pinInst, net, vias[v + 1], vias[v + 2]))
          addPin(c, pin);
        if (diodeAt?.(vias[v + 1], vias[v + 2])) c.isSafe = true;
      }
      for (const i of here) if (i < wireCount) at(i).areaUm2 += wireAreaUm2(kit, pieces[i]);
      for (const c of charges.values()) {
        if (!c.isSafe && c.gateUm2 > 0 && c.areaUm2 > ratio * c.gateUm2)
          found.push({ layer, ratio: c.areaUm2 / c.gateUm2, pins: c.pins });
      }
    }
    return found;
  };
}

/** ROUTE-030 (warning) for every net beyond the ratio, with its worst layer. */
export function findAntennas(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  routing: Routing,
  ratio: number,
): Diagnostic[] {
  const check = makeAntennaCheck(netlist, kit, ratio);
  const out: Diagnostic[] = [];
  for (let e = 0; e < netlist.netNames.length; e++) {
    const wires = routing.wires.subarray(5 * routing.wireStart[e], 5 * routing.wireStart[e + 1]);
    const vias = routing.vias.subarray(3 * routing.viaStart[e], 3 * routing.viaStart[e + 1]);
    const found = check(placement, e, wires, vias);
    if (found.length === 0) continue;
    const worst = found.reduce((a, b) => (b.ratio > a.ratio ? b : a));
    out.push({
      code: 'ROUTE-030',
      severity: 'warning',
      message: `antenna: ${worst.ratio.toFixed(0)} times the gate area on ${kit.tech.layers[worst.layer].name}, ${ratio} allowed`,
      place: netlist.netNames[e],
      remedy: 'add a diode or a buffer near the gate',
    });
  }
  return out;
}
