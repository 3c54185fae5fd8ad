/** Metal and cuts of nets and power grid as rectangles, sorted by layer (a counting sort: two passes). */
import type { Rect } from '../../base/geometry.ts';
import type { RoutingLayer, ViaDef } from '../kit/types.ts';
import type { LayoutDesign } from '../layout/types.ts';

export interface ShapeArrays {
  /** [shapes * 4] */
  readonly rects: Int32Array;
  /** [layers + 1] */
  readonly start: Int32Array;
  /** [shapes] net */
  readonly owner: Int32Array;
}

type Emit = (layer: number, x1: number, y1: number, x2: number, y2: number, owner: number) => void;

function sorted(layers: number, visit: (emit: Emit) => void): ShapeArrays {
  const start = new Int32Array(layers + 1);
  visit((layer) => void start[layer + 1]++);
  for (let l = 0; l < layers; l++) start[l + 1] += start[l];
  const next = start.slice();
  const rects = new Int32Array(4 * start[layers]);
  const owner = new Int32Array(start[layers]);
  visit((layer, x1, y1, x2, y2, of) => {
    const k = next[layer]++;
    rects[4 * k] = x1;
    rects[4 * k + 1] = y1;
    rects[4 * k + 2] = x2;
    rects[4 * k + 3] = y2;
    owner[k] = of;
  });
  return { rects, start, owner };
}

export function signalShapes({ routing, kit }: LayoutDesign): ShapeArrays {
  const { layers, vias } = kit.tech;
  const half = layers.map((l) => (l.kind === 'routing' ? Math.round((l as RoutingLayer).widthDbu / 2) : 0));
  return sorted(layers.length, (emit) => {
    if (!routing) return;
    const { wires, wireStart, viaStart } = routing;
    for (let net = 0; net + 1 < wireStart.length; net++) {
      for (let w = 5 * wireStart[net]; w < 5 * wireStart[net + 1]; w += 5) {
        const h = half[wires[w]];
        emit(wires[w], wires[w + 1] - h, wires[w + 2] - h, wires[w + 3] + h, wires[w + 4] + h, net);
      }
      for (let v = 3 * viaStart[net]; v < 3 * viaStart[net + 1]; v += 3)
        emitVia(emit, vias[routing.vias[v]], routing.vias[v + 1], routing.vias[v + 2], net);
    }
  });
}

/** Owner 0 = power, 1 = ground. */
export function powerShapes({ floorplan, kit }: LayoutDesign): ShapeArrays {
  return sorted(kit.tech.layers.length, (emit) => {
    for (const { layer, rect: r, net } of floorplan.powerShapes)
      emit(layer, r.x1, r.y1, r.x2, r.y2, net === 'power' ? 0 : 1);
    for (const { via, xDbu, yDbu, net } of floorplan.powerVias)
      emitVia(emit, floorplan.powerViaDefs[via], xDbu, yDbu, net === 'power' ? 0 : 1);
  });
}

function emitVia(emit: Emit, via: ViaDef, x: number, y: number, owner: number): void {
  const at = (layer: number, r: Rect): void => emit(layer, x + r.x1, y + r.y1, x + r.x2, y + r.y2, owner);
  at(via.below, via.belowRect);
  at(via.above, via.aboveRect);
  for (const cut of via.cutRects) at(via.cut, cut);
}

/** CSR from an owner per item. */
export function byOwner(owner: Int32Array, owners: number): { start: Int32Array; items: Int32Array } {
  const start = new Int32Array(owners + 1);
  for (const o of owner) start[o + 1]++;
  for (let o = 0; o < owners; o++) start[o + 1] += start[o];
  const next = start.slice();
  const items = new Int32Array(owner.length);
  for (let k = 0; k < owner.length; k++) items[next[owner[k]]++] = k;
  return { start, items };
}
