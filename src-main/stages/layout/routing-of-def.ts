import { IngotError } from '../../base/diagnostic.ts';
import type { Rect } from '../../base/geometry.ts';
import { IntList } from '../../base/int-list.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Routing } from '../routing/types.ts';
import type { DefDesign } from './types.ts';

/**
 * The wires and vias of a DEF's regular nets as routing of a netlist: same metal, no more and no less. `def` must
 * have been read with the technology. Our wires have the layer's width and reach half of it beyond their ends; an
 * end that another router cut shorter is moved inwards by as much, unless a via's pad covers the difference.
 * Errors: LAYOUT-056 (a net is missing), LAYOUT-057 (metal that such wires cannot draw, with its place).
 */
export function routingOfDef(def: DefDesign, netlist: Netlist, kit: Kit): Routing {
  const { nets } = def;
  const indexOf = new Map(nets.names.map((name, n) => [name, n]));
  const layers = def.layerNames.map((name) => kit.tech.layers.findIndex((l) => l.name === name));
  const vias = def.viaNames.map((name) => kit.tech.vias.findIndex((v) => v.name === name));
  const out = {
    wireStart: new IntList(),
    wires: new IntList(),
    viaStart: new IntList(),
    vias: new IntList(),
  };
  netlist.netNames.forEach((name, net) => {
    out.wireStart.push(out.wires.length / 5);
    out.viaStart.push(out.vias.length / 3);
    const n = indexOf.get(name);
    if (n === undefined) {
      if (netlist.netPinStart[net + 1]! - netlist.netPinStart[net]! < 2) return;
      throw new IngotError('LAYOUT-056', `the DEF has no net ${name}`, { place: name });
    }
    const pads = new Pads();
    for (let v = nets.viaStart[n]! * 3; v < nets.viaStart[n + 1]! * 3; v += 3) {
      const via = vias[nets.vias[v]!]!;
      const [x, y] = [nets.vias[v + 1]!, nets.vias[v + 2]!];
      if (via < 0) throw undrawable(name, kit, x, y, `via ${def.viaNames[nets.vias[v]!]} is not in the kit`);
      for (const value of [via, x, y]) out.vias.push(value);
      const { below, belowRect, above, aboveRect } = kit.tech.vias[via]!;
      pads.add(below, moved(belowRect, x, y));
      pads.add(above, moved(aboveRect, x, y));
    }
    for (let w = nets.wireStart[n]! * 8; w < nets.wireStart[n + 1]! * 8; w += 8)
      drawWire(name, nets.wires.subarray(w, w + 8), layers, kit, pads, out.wires);
    for (let r = nets.rectStart[n]! * 5; r < nets.rectStart[n + 1]! * 5; r += 5)
      drawPatch(name, nets.rects.subarray(r, r + 5), layers, kit, pads, out.wires);
  });
  out.wireStart.push(out.wires.length / 5);
  out.viaStart.push(out.vias.length / 3);
  return {
    wireStart: out.wireStart.toArray(),
    wires: out.wires.toArray(),
    viaStart: out.viaStart.toArray(),
    vias: out.vias.toArray(),
    failedNets: [],
  };
}

const moved = (r: Rect, x: number, y: number): Rect => ({
  x1: r.x1 + x,
  y1: r.y1 + y,
  x2: r.x2 + x,
  y2: r.y2 + y,
});

const undrawable = (net: string, kit: Kit, x: number, y: number, message: string): IngotError =>
  new IngotError('LAYOUT-057', message, {
    place: `${net} at (${x / kit.tech.dbuPerUm}, ${y / kit.tech.dbuPerUm}) um`,
    remedy: 'route it with wires of the layers’ own width and vias of the kit',
  });

/** Metal of a net's vias, by layer. */
class Pads {
  readonly #byLayer = new Map<number, Rect[]>();

  add(layer: number, rect: Rect): void {
    const rects = this.#byLayer.get(layer);
    if (rects) rects.push(rect);
    else this.#byLayer.set(layer, [rect]);
  }

  covers(layer: number, r: Rect): boolean {
    return (this.#byLayer.get(layer) ?? []).some(
      (p) => p.x1 <= r.x1 && p.y1 <= r.y1 && p.x2 >= r.x2 && p.y2 >= r.y2,
    );
  }
}

/** `wire`: layer, x1, y1, x2, y2, width, extensions, as in DefNets. */
function drawWire(
  net: string,
  wire: Int32Array,
  layers: readonly number[],
  kit: Kit,
  pads: Pads,
  out: IntList,
): void {
  const [name, x1, y1, x2, y2, width, e1, e2] = wire as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const layer = layers[name]!;
  const metal = kit.tech.layers[layer];
  if (metal?.kind !== 'routing') throw undrawable(net, kit, x1, y1, 'a wire is on no metal of the kit');
  if (width >= 0 && width !== metal.widthDbu)
    throw undrawable(net, kit, x1, y1, `a wire of ${metal.name} has another width than the layer`);
  const half = metal.widthDbu / 2;
  const isAlongX = y1 === y2;
  const [from, to, across] = isAlongX ? [x1, x2, y1] : [y1, y2, x1];
  const end = (at: number, extension: number, sign: number): number => {
    if (extension < 0 || extension === half) return at;
    const tip = [at, at + sign * half].sort((a, b) => a - b);
    const box = isAlongX
      ? { x1: tip[0]!, y1: across - half, x2: tip[1]!, y2: across + half }
      : { x1: across - half, y1: tip[0]!, x2: across + half, y2: tip[1]! };
    return extension < half && pads.covers(layer, box) ? at : at + sign * (extension - half);
  };
  push(net, kit, out, layer, isAlongX, across, end(from, e1, -1), end(to, e2, 1));
}

/** A rectangle of metal: nothing to do under a via, else a wire of its length if it is as wide as the layer's. */
function drawPatch(
  net: string,
  patch: Int32Array,
  layers: readonly number[],
  kit: Kit,
  pads: Pads,
  out: IntList,
): void {
  const [name, x1, y1, x2, y2] = patch as unknown as [number, number, number, number, number];
  const layer = layers[name]!;
  if (pads.covers(layer, { x1, y1, x2, y2 })) return;
  const half = (kit.tech.layers[layer] as RoutingLayer).widthDbu / 2;
  const isAlongX = y2 - y1 === 2 * half;
  if (!isAlongX && x2 - x1 !== 2 * half)
    throw undrawable(net, kit, x1, y1, 'a patch of metal is not as wide as a wire');
  const [from, to, across] = isAlongX ? [x1, x2, y1 + half] : [y1, y2, x1 + half];
  push(net, kit, out, layer, isAlongX, across, from + half, to - half);
}

function push(
  net: string,
  kit: Kit,
  out: IntList,
  layer: number,
  isAlongX: boolean,
  across: number,
  from: number,
  to: number,
): void {
  if (to < from) throw undrawable(net, kit, from, across, 'a piece of metal is shorter than a wire is wide');
  const ends = isAlongX ? [from, across, to, across] : [across, from, across, to];
  for (const value of [layer, ...ends]) out.push(value);
}
