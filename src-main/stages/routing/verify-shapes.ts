/**
 * All shapes that the routing meets, drawn from the finished artefacts only: wires, vias, pins of placed
 * cells, ports, power grid. Part of the verifier: shares nothing with the router.
 */
import { placeRect, type Rect } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer, ViaDef } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import type { Routing } from './types.ts';

/** Owner of metal that belongs to no signal: obstructions and unconnected pins. */
export const OWNER_NONE = -1;
/** Group of a shape that is not part of a pin. */
export const NO_PIN = -1;

/** Structure of arrays, one entry per rectangle. */
export interface Shapes {
  readonly layer: number[];
  readonly x1: number[];
  readonly y1: number[];
  readonly x2: number[];
  readonly y2: number[];
  /** Net, or netCount (power), netCount + 1 (ground), OWNER_NONE. */
  readonly owner: number[];
  /** Pin id (instance pins, then ports) or NO_PIN. */
  readonly pin: number[];
  /** 1 = made by the router. */
  readonly isRouted: number[];
  /** Pairs of shape indices joined by definition: metal and cut of one via, shapes of one pin. */
  readonly joined: number[];
}

function addShape(s: Shapes, layer: number, r: Rect, owner: number, pin: number, isRouted: number): number {
  s.layer.push(layer);
  s.x1.push(r.x1);
  s.y1.push(r.y1);
  s.x2.push(r.x2);
  s.y2.push(r.y2);
  s.owner.push(owner);
  s.pin.push(pin);
  s.isRouted.push(isRouted);
  return s.layer.length - 1;
}

const moved = (r: Rect, x: number, y: number): Rect => ({
  x1: r.x1 + x,
  y1: r.y1 + y,
  x2: r.x2 + x,
  y2: r.y2 + y,
});

function addVia(s: Shapes, via: ViaDef, x: number, y: number, owner: number, isRouted: number): void {
  const below = addShape(s, via.below, moved(via.belowRect, x, y), owner, NO_PIN, isRouted);
  const above = addShape(s, via.above, moved(via.aboveRect, x, y), owner, NO_PIN, isRouted);
  s.joined.push(below, above);
  for (const c of via.cutRects) {
    s.joined.push(below, addShape(s, via.cut, moved(c, x, y), owner, NO_PIN, isRouted));
  }
}

function addCells(s: Shapes, netlist: Netlist, placement: Placement, kit: Kit): void {
  const supply = netlist.netNames.length;
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const m = kit.masters[netlist.instMaster[i]];
    const put = (r: Rect): Rect =>
      placeRect(r, m.widthDbu, m.heightDbu, placement.orient[i], placement.xDbu[i], placement.yDbu[i]);
    for (let k = 0; k < m.pins.length; k++) {
      const pin = netlist.instPinStart[i] + k;
      const use = m.pins[k].use;
      const net = netlist.pinNet[pin];
      const owner = use === 'power' ? supply : use === 'ground' ? supply + 1 : net >= 0 ? net : OWNER_NONE;
      let first = -1;
      for (const shape of m.pins[k].shapes) {
        const id = addShape(s, shape.layer, put(shape.rect), owner, pin, 0);
        if (first < 0) first = id;
        else s.joined.push(first, id);
      }
    }
    for (const o of m.obstructions) addShape(s, o.layer, put(o.rect), OWNER_NONE, NO_PIN, 0);
  }
}

function addRouting(s: Shapes, routing: Routing, kit: Kit, netCount: number): void {
  for (let e = 0; e < netCount; e++) {
    for (let w = routing.wireStart[e]; w < routing.wireStart[e + 1]; w++) {
      const [layer, x1, y1, x2, y2] = routing.wires.subarray(w * 5, w * 5 + 5);
      const h = (kit.tech.layers[layer] as RoutingLayer).widthDbu / 2;
      addShape(s, layer, { x1: x1 - h, y1: y1 - h, x2: x2 + h, y2: y2 + h }, e, NO_PIN, 1);
    }
    for (let v = routing.viaStart[e]; v < routing.viaStart[e + 1]; v++) {
      const [via, x, y] = routing.vias.subarray(v * 3, v * 3 + 3);
      addVia(s, kit.tech.vias[via], x, y, e, 1);
    }
  }
}

export function collectShapes(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  routing: Routing,
): Shapes {
  const s: Shapes = {
    layer: [],
    x1: [],
    y1: [],
    x2: [],
    y2: [],
    owner: [],
    pin: [],
    isRouted: [],
    joined: [],
  };
  const supply = netlist.netNames.length;
  const pinCount = netlist.instPinStart[netlist.instMaster.length];
  addRouting(s, routing, kit, supply);
  addCells(s, netlist, placement, kit);
  for (const p of floorplan.portPins) {
    addShape(s, p.layer, p.rect, netlist.ports[p.port].net, pinCount + p.port, 0);
  }
  const supplyOf = (net: 'power' | 'ground'): number => (net === 'power' ? supply : supply + 1);
  for (const p of floorplan.powerShapes) addShape(s, p.layer, p.rect, supplyOf(p.net), NO_PIN, 0);
  for (const v of floorplan.powerVias) {
    addVia(s, floorplan.powerViaDefs[v.via], v.xDbu, v.yDbu, supplyOf(v.net), 0);
  }
  return s;
}

/**
 * Calls `visit(i, j)` once for every pair of shapes of one layer that are no further apart than `reach` in x and y,
 * at least one of them routed. `members` are shape indices of that layer. Buckets of `bucketDbu`, swept along x.
 */
export function forNearPairs(
  s: Shapes,
  members: readonly number[],
  reach: number,
  bucketDbu: number,
  visit: (i: number, j: number) => void,
): void {
  if (members.length === 0) return;
  const half = Math.ceil(reach / 2);
  const column = (x: number): number => Math.floor(x / bucketDbu);
  const buckets = new Map<number, number[]>();
  const KEY = 0x100000;
  for (const i of members) {
    for (let cx = column(s.x1[i] - half); cx <= column(s.x2[i] + half); cx++) {
      for (let cy = column(s.y1[i] - half); cy <= column(s.y2[i] + half); cy++) {
        const key = (cx + KEY / 2) * KEY + cy + KEY / 2;
        const list = buckets.get(key);
        if (list) list.push(i);
        else buckets.set(key, [i]);
      }
    }
  }
  for (const [key, list] of buckets) {
    if (!list.some((i) => s.isRouted[i])) continue;
    const cx = Math.floor(key / KEY) - KEY / 2;
    const cy = (key % KEY) - KEY / 2;
    list.sort((a, b) => s.x1[a] - s.x1[b] || a - b);
    for (let a = 0; a < list.length; a++) {
      const i = list[a];
      const limit = s.x2[i] + reach;
      for (let b = a + 1; b < list.length; b++) {
        const j = list[b];
        if (s.x1[j] > limit) break;
        if (s.isRouted[i] === 0 && s.isRouted[j] === 0) continue;
        if (s.y1[j] > s.y2[i] + reach || s.y1[i] > s.y2[j] + reach) continue;
        // A pair may share several buckets: it counts in the one that holds the corner of its overlap.
        if (column(Math.max(s.x1[i], s.x1[j]) - half) !== cx) continue;
        if (column(Math.max(s.y1[i], s.y1[j]) - half) !== cy) continue;
        visit(i, j);
      }
    }
  }
}
