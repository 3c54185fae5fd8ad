/**
 * Antenna check: while a layer is etched, the metal that hangs on a gate through that layer and those below
 * collects charge; without a diffusion (an output) on the same piece it must not exceed `ratio` times the gate
 * area, counted per layer (LEF/DEF 5.8 appendix C, partial area ratio; FreePDK45's deck: 300, a diode exempts).
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Placement } from '../placement/types.ts';
import type { Routing } from './types.ts';

interface Piece {
  readonly layer: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

function find(parent: number[], i: number): number {
  while (parent[i] !== i) i = parent[i] = parent[parent[i]];
  return i;
}

const touches = (a: Piece, x: number, y: number): boolean => x >= a.x1 && x <= a.x2 && y >= a.y1 && y <= a.y2;

/** Gate area and diffusion of the pins below one via on the pin layer. */
function pinUnder(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  pinInst: Int32Array,
  net: number,
  x: number,
  y: number,
): { gateUm2: number; isDriver: boolean } {
  let gateUm2 = 0;
  let isDriver = false;
  for (let k = netlist.netPinStart[net]; k < netlist.netPinStart[net + 1]; k++) {
    const pin = netlist.netPins[k];
    if (pin >= pinInst.length) continue;
    const i = pinInst[pin];
    const m = kit.masters[netlist.instMaster[i]];
    const dx = x - placement.xDbu[i];
    const dy = y - placement.yDbu[i];
    if (dx < 0 || dy < 0 || dx > m.widthDbu || dy > m.heightDbu) continue;
    const p = m.pins[pin - netlist.instPinStart[i]];
    if (p.direction === 'input') gateUm2 += p.antennaGateAreaUm2;
    else isDriver = true;
  }
  return { gateUm2, isDriver };
}

/** ROUTE-030 (warning) for every net and layer beyond the ratio. Only nets long enough to matter are looked at. */
export function findAntennas(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  routing: Routing,
  ratio: number,
): Diagnostic[] {
  const { tech } = kit;
  const pinInst = pinInstances(netlist);
  const out: Diagnostic[] = [];
  let smallestGate = Infinity;
  for (const m of kit.masters) {
    for (const p of m.pins)
      if (p.antennaGateAreaUm2 > 0) smallestGate = Math.min(smallestGate, p.antennaGateAreaUm2);
  }
  for (let e = 0; e < netlist.netNames.length; e++) {
    const pieces: Piece[] = [];
    let areaUm2 = 0;
    for (let w = routing.wireStart[e]; w < routing.wireStart[e + 1]; w++) {
      const [layer, x1, y1, x2, y2] = routing.wires.subarray(w * 5, w * 5 + 5);
      pieces.push({ layer, x1, y1, x2, y2 });
      areaUm2 += wireAreaUm2(kit, pieces[pieces.length - 1]);
    }
    if (areaUm2 <= ratio * smallestGate) continue;
    const worst = worstRatio(netlist, placement, kit, pinInst, routing, e, pieces);
    if (worst.ratio <= ratio) continue;
    out.push({
      code: 'ROUTE-030',
      severity: 'warning',
      message: `antenna: ${worst.ratio.toFixed(0)} times the gate area on ${tech.layers[worst.layer].name}, ${ratio} allowed`,
      place: netlist.netNames[e],
      remedy: 'add a diode or a buffer near the gate',
    });
  }
  return out;
}

function wireAreaUm2(kit: Kit, p: Piece): number {
  const width = (kit.tech.layers[p.layer] as RoutingLayer).widthDbu;
  return ((p.x2 - p.x1 + (p.y2 - p.y1) + width) * width) / kit.tech.dbuPerUm ** 2;
}

/** Largest ratio over layers; pieces are joined layer by layer from below, as they are made. */
function worstRatio(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  pinInst: Int32Array,
  routing: Routing,
  net: number,
  wires: readonly Piece[],
): { ratio: number; layer: number } {
  const pieces = wires.slice();
  const vias: { via: number; x: number; y: number }[] = [];
  for (let v = routing.viaStart[net]; v < routing.viaStart[net + 1]; v++) {
    const [via, x, y] = routing.vias.subarray(v * 3, v * 3 + 3);
    vias.push({ via, x, y });
    // Every via end is a piece of its own, so that stacked vias without wire between them hold together.
    pieces.push({ layer: kit.tech.vias[via].below, x1: x, y1: y, x2: x, y2: y });
    pieces.push({ layer: kit.tech.vias[via].above, x1: x, y1: y, x2: x, y2: y });
  }
  const parent = pieces.map((_, i) => i);
  const onLayer = new Map<number, number[]>();
  pieces.forEach((p, i) => onLayer.set(p.layer, [...(onLayer.get(p.layer) ?? []), i]));
  const gate = new Float64Array(pieces.length);
  const isDriver = new Uint8Array(pieces.length);
  let worst = { ratio: 0, layer: 0 };
  for (const layer of [...onLayer.keys()].sort((a, b) => a - b)) {
    const here = onLayer.get(layer) as number[];
    for (const i of here) {
      for (const j of here) {
        const [p, q] = [pieces[i], pieces[j]];
        const meet = touches(p, q.x1, q.y1) || touches(p, q.x2, q.y2) || touches(q, p.x1, p.y1);
        if (i < j && (meet || (touches(p, q.x1, p.y1) && touches(q, q.x1, p.y1))))
          parent[find(parent, i)] = find(parent, j);
      }
    }
    vias.forEach((v, k) => {
      if (kit.tech.vias[v.via].above !== layer) return;
      parent[find(parent, wires.length + 2 * k)] = find(parent, wires.length + 2 * k + 1);
    });
    const gates = new Map<number, { gate: number; area: number; driver: boolean }>();
    const at = (i: number) => {
      const r = find(parent, i);
      const has = gates.get(r) ?? { gate: 0, area: 0, driver: false };
      gates.set(r, has);
      return has;
    };
    vias.forEach((v, k) => {
      if (kit.tech.vias[v.via].below !== [...onLayer.keys()].reduce((a, b) => Math.min(a, b))) return;
      const i = wires.length + 2 * k;
      if (gate[i] === 0 && isDriver[i] === 0) {
        const under = pinUnder(netlist, placement, kit, pinInst, net, v.x, v.y);
        gate[i] = under.gateUm2;
        isDriver[i] = under.isDriver ? 1 : 0;
      }
      const g = at(i);
      g.gate += gate[i];
      g.driver ||= isDriver[i] === 1;
    });
    for (const i of here) if (i < wires.length) at(i).area += wireAreaUm2(kit, pieces[i]);
    for (const g of gates.values()) {
      if (!g.driver && g.gate > 0 && g.area / g.gate > worst.ratio) worst = { ratio: g.area / g.gate, layer };
    }
  }
  return worst;
}
