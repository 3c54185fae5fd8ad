import { BugError } from '../../base/diagnostic.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { DefDesign, DefNets, GdsLibrary, GdsStructure, LayoutDesign } from './types.ts';

/** Takes one difference: code, what was found instead of what, where. */
export type Reporter = (code: string, message: string, place: string) => void;

/** [Tech.layers] um2 of wires, vias, power shapes and port shapes as the DEF has them. */
function defLayerAreas(def: DefDesign, kit: Kit): number[] {
  const { layers, vias } = kit.tech;
  const indexOf = new Map(layers.map((layer, k) => [layer.name, k]));
  const sums = layers.map(() => 0);
  const add = (layer: string, width: number, height: number): void => {
    const k = indexOf.get(layer);
    if (k === undefined) throw new BugError(`layer ${layer} is not in the kit`);
    sums[k]! += width * height;
  };
  const viaShapes = new Map(def.vias.map((via) => [via.name, via.shapes]));
  for (const via of vias)
    viaShapes.set(via.name, [
      { layer: layers[via.below]!.name, rect: via.belowRect },
      ...via.cutRects.map((rect) => ({ layer: layers[via.cut]!.name, rect })),
      { layer: layers[via.above]!.name, rect: via.aboveRect },
    ]);
  for (const nets of [def.nets, def.specialNets]) addNets(nets, def, kit, viaShapes, indexOf, add);
  for (const pin of def.pins) {
    // Supply pins name metal that SPECIALNETS already drew.
    if (pin.isSpecial) continue;
    for (const { layer, rect: r } of pin.shapes) add(layer, r.x2 - r.x1, r.y2 - r.y1);
  }
  return sums.map((sum) => sum / def.dbuPerUm ** 2);
}

function addNets(
  nets: DefNets,
  def: DefDesign,
  kit: Kit,
  viaShapes: ReadonlyMap<string, DefDesign['vias'][number]['shapes']>,
  indexOf: ReadonlyMap<string, number>,
  add: (layer: string, width: number, height: number) => void,
): void {
  const { wires, vias, rects } = nets;
  for (let w = 0; w < wires.length; w += 8) {
    const name = def.layerNames[wires[w]!]!;
    const standard = (kit.tech.layers[indexOf.get(name)!] as RoutingLayer).widthDbu;
    const width = wires[w + 5]! < 0 ? standard : wires[w + 5]!;
    const ends = [wires[w + 6]!, wires[w + 7]!].map((e) => (e < 0 ? width / 2 : e));
    const length = wires[w + 3]! - wires[w + 1]! + wires[w + 4]! - wires[w + 2]!;
    add(name, length + ends[0]! + ends[1]!, width);
  }
  for (let v = 0; v < vias.length; v += 3)
    for (const { layer, rect: r } of viaShapes.get(def.viaNames[vias[v]!]!) ?? [])
      add(layer, r.x2 - r.x1, r.y2 - r.y1);
  for (let r = 0; r < rects.length; r += 5)
    add(def.layerNames[rects[r]!]!, rects[r + 3]! - rects[r + 1]!, rects[r + 4]! - rects[r + 2]!);
}

/** The same from the GDS: polygons of the top structure and of the via structures it refers to. */
function gdsLayerAreas(gds: GdsLibrary, kit: Kit): number[] {
  const layerOfGds = new Map(kit.tech.layers.map((layer, k) => [layer.gdsLayer, k]));
  const masters = new Set(kit.masters.map((m) => m.name));
  const areasOf = (structure: GdsStructure): number[] => {
    const sums = kit.tech.layers.map(() => 0);
    const { layer, pointStart, points } = structure.boundaries;
    for (let k = 0; k < layer.length; k++) {
      const at = layerOfGds.get(layer[k]!);
      if (at !== undefined) sums[at]! += polygonArea(points, pointStart[k]!, pointStart[k + 1]!);
    }
    return sums;
  };
  const top = topStructure(gds);
  const total = areasOf(top);
  const cache = new Map<number, number[]>();
  for (const structure of top.references.structure) {
    if (masters.has(gds.structureNames[structure]!)) continue;
    const index = gds.structureIndex[structure]!;
    if (index < 0) continue;
    let sums = cache.get(structure);
    if (!sums) cache.set(structure, (sums = areasOf(gds.structures[index]!)));
    for (let k = 0; k < sums.length; k++) total[k]! += sums[k]!;
  }
  return total.map((sum) => sum / gds.dbuPerUm ** 2);
}

/** Shoelace formula over the points [from, to). */
function polygonArea(points: Int32Array, from: number, to: number): number {
  let twice = 0;
  for (let k = from; k < to; k++) {
    const next = k + 1 < to ? k + 1 : from;
    twice += points[2 * k]! * points[2 * next + 1]! - points[2 * next]! * points[2 * k + 1]!;
  }
  return Math.abs(twice) / 2;
}

/** The one structure that no other refers to; the last of them if there are several. */
export function topStructure(gds: GdsLibrary): GdsStructure {
  const isUsed = new Uint8Array(gds.structures.length);
  for (const structure of gds.structures)
    for (const reference of structure.references.structure) {
      const index = gds.structureIndex[reference]!;
      if (index >= 0) isUsed[index] = 1;
    }
  const top = gds.structures.findLast((_, k) => !isUsed[k]);
  if (!top) throw new BugError('a GDS library without a top structure');
  return top;
}

/** Drawn area of each layer in both files; more than rounding apart is LAYOUT-046. */
export function compareAreas(
  design: LayoutDesign,
  def: DefDesign,
  gds: GdsLibrary,
  report: Reporter,
): readonly { readonly layer: string; readonly areaUm2: number }[] {
  const fromDef = defLayerAreas(def, design.kit);
  const fromGds = gdsLayerAreas(gds, design.kit);
  return design.kit.tech.layers.map(({ name }, layer) => {
    const [a, b] = [fromDef[layer]!, fromGds[layer]!];
    if (Math.abs(a - b) > 1e-9 * Math.max(a, b))
      report('LAYOUT-046', `${a} um2 in DEF, ${b} um2 in GDS`, `layer ${name}`);
    return { layer: name, areaUm2: b };
  });
}
