/** The power grid's shapes and vias of one supply as resistors, cells hung on the rails of their row. */
import type { Floorplan, PowerShape } from '../floorplan/types.ts';
import type { CutLayer, Kit, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import type { PowerMesh } from './types.ts';

type MutableList = { x: number[]; y: number[]; layer: number[] };

/** A shape's nodes by their place along it. */
interface Strip {
  readonly shape: PowerShape;
  readonly isHorizontal: boolean;
  readonly nodes: Map<number, number>;
}

class Builder {
  readonly node: MutableList = { x: [], y: [], layer: [] };
  readonly edgeA: number[] = [];
  readonly edgeB: number[] = [];
  readonly edgeOhm: number[] = [];
  readonly strips: Strip[];
  private readonly byLayer = new Map<number, Strip[]>();
  private readonly loose = new Map<string, number>();

  constructor(shapes: readonly PowerShape[]) {
    this.strips = shapes.map((shape) => ({
      shape,
      isHorizontal: shape.rect.x2 - shape.rect.x1 >= shape.rect.y2 - shape.rect.y1,
      nodes: new Map<number, number>(),
    }));
    for (const strip of this.strips) {
      const list = this.byLayer.get(strip.shape.layer);
      if (list) list.push(strip);
      else this.byLayer.set(strip.shape.layer, [strip]);
    }
  }

  private add(layer: number, x: number, y: number): number {
    this.node.x.push(x);
    this.node.y.push(y);
    return this.node.layer.push(layer) - 1;
  }

  onStrip(strip: Strip, x: number, y: number): number {
    const { rect, layer } = strip.shape;
    const at = strip.isHorizontal
      ? Math.min(Math.max(x, rect.x1), rect.x2)
      : Math.min(Math.max(y, rect.y1), rect.y2);
    let node = strip.nodes.get(at);
    if (node === undefined) {
      const middleX = (rect.x1 + rect.x2) / 2;
      const middleY = (rect.y1 + rect.y2) / 2;
      node = strip.isHorizontal ? this.add(layer, at, middleY) : this.add(layer, middleX, at);
      strip.nodes.set(at, node);
    }
    return node;
  }

  stripAt(layer: number, x: number, y: number): Strip | undefined {
    return this.byLayer
      .get(layer)
      ?.find(({ shape: { rect: r } }) => x >= r.x1 && x <= r.x2 && y >= r.y1 && y <= r.y2);
  }

  /** On a shape that covers the point, else a pad of its own (in a stack of vias). */
  at(layer: number, x: number, y: number): number {
    const strip = this.stripAt(layer, x, y);
    if (strip) return this.onStrip(strip, x, y);
    const key = `${layer} ${x} ${y}`;
    let node = this.loose.get(key);
    if (node === undefined) {
      node = this.add(layer, x, y);
      this.loose.set(key, node);
    }
    return node;
  }

  edge(a: number, b: number, ohm: number): void {
    this.edgeA.push(a);
    this.edgeB.push(b);
    this.edgeOhm.push(ohm);
  }
}

/**
 * Nodes where vias and cells meet the shapes. Ideal supply at both ends of every strap of the topmost layer
 * (modelled: nothing is known of the package). Cells draw `instMw` at their middle, from the rail of the supply at
 * the bottom or top of their row. Cells that touch no rail are counted in `unplacedMa`.
 */
export function buildPowerMesh(
  net: 'power' | 'ground',
  kit: Kit,
  floorplan: Floorplan,
  netlist: Netlist,
  placement: Placement,
  instMw: Float64Array,
): PowerMesh {
  const shapes = floorplan.powerShapes.filter((s) => s.net === net);
  const builder = new Builder(shapes);
  for (const { net: own, via, xDbu, yDbu } of floorplan.powerVias) {
    if (own !== net) continue;
    const def = floorplan.powerViaDefs[via];
    const cut = kit.tech.layers[def.cut] as CutLayer;
    const a = builder.at(def.below, xDbu, yDbu);
    const b = builder.at(def.above, xDbu, yDbu);
    builder.edge(a, b, cut.resistanceOhm / def.cutRects.length);
  }
  const top = Math.max(-1, ...shapes.map((s) => s.layer));
  const pads = new Set<number>();
  for (const strip of builder.strips) {
    if (strip.shape.layer !== top) continue;
    const { rect } = strip.shape;
    pads.add(builder.onStrip(strip, rect.x1, rect.y1));
    pads.add(builder.onStrip(strip, rect.x2, rect.y2));
  }
  const cells: [number, number, number][] = [];
  let unplacedMa = 0;
  for (let i = 0; i < netlist.instMaster.length; i++) {
    if (!(instMw[i] > 0)) continue;
    const master = kit.masters[netlist.instMaster[i]];
    const x = placement.xDbu[i] + master.widthDbu / 2;
    const y = placement.yDbu[i];
    const rail = [y, y + master.heightDbu]
      .map((edge) => builder.stripAt(RAIL_LAYER, x, edge))
      .find((strip) => strip !== undefined);
    const ma = instMw[i] / kit.voltageV;
    if (rail) cells.push([builder.onStrip(rail, x, y), ma, i]);
    else unplacedMa += ma;
  }
  for (const strip of builder.strips) {
    const { layer, rect } = strip.shape;
    const widthDbu = strip.isHorizontal ? rect.y2 - rect.y1 : rect.x2 - rect.x1;
    const ohmPerDbu = (kit.tech.layers[layer] as RoutingLayer).resistanceOhmPerSquare / widthDbu;
    const places = [...strip.nodes].sort((a, b) => a[0] - b[0]);
    for (let k = 1; k < places.length; k++)
      builder.edge(places[k - 1][1], places[k][1], ohmPerDbu * (places[k][0] - places[k - 1][0]));
  }
  const count = builder.node.x.length;
  const drawMa = new Float64Array(count);
  const instNode = new Int32Array(netlist.instMaster.length).fill(-1);
  for (const [node, ma, inst] of cells) {
    drawMa[node] += ma;
    instNode[inst] = node;
  }
  return {
    net,
    xDbu: Float64Array.from(builder.node.x),
    yDbu: Float64Array.from(builder.node.y),
    layer: Uint8Array.from(builder.node.layer),
    isPad: Uint8Array.from({ length: count }, (_, n) => (pads.has(n) ? 1 : 0)),
    drawMa,
    edgeA: Int32Array.from(builder.edgeA),
    edgeB: Int32Array.from(builder.edgeB),
    edgeOhm: Float64Array.from(builder.edgeOhm),
    instNode,
    unplacedMa,
  };
}

/** Index of the lowest metal, on which the rails lie. */
const RAIL_LAYER = 0;
