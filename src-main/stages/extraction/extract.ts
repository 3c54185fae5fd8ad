/**
 * RC trees of the routed wires. Nodes are the points where a net's centre lines and vias meet; a wire gives
 * R and C of its length, half the C to each end; a via gives its cuts' resistance.
 * Modelled: capacitance is the layer's, split by the neighbours that run beside the wire (coupling.ts); no pad or
 * wire-end area; the metal of a pin has no resistance.
 */
import type { Diagnosed, Diagnostic } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { CutLayer, Kit, RoutingLayer } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import type { Routing } from '../routing/types.ts';
import { COUPLING_MIN_FF, findNeighbours, layerCapacitances, POWER } from './coupling.ts';
import type { LayerCapacitance, Neighbours } from './coupling.ts';
import { averageWires, estimateNet } from './estimate.ts';
import { pinPlaces } from './pin-places.ts';
import type { PinPlaces } from './pin-places.ts';
import { ParasiticsBuilder } from './rc-graph.ts';
import type { Parasitics } from './types.ts';

const WIRE = 5;
const VIA = 3;

/** Points of one net, found again by layer and place. */
class Points {
  readonly layer: number[] = [];
  readonly x: number[] = [];
  readonly y: number[] = [];
  private readonly ids = new Map<string, number>();

  at(layer: number, x: number, y: number): number {
    const key = `${layer} ${x} ${y}`;
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.x.length;
      this.ids.set(key, id);
      this.layer.push(layer);
      this.x.push(x);
      this.y.push(y);
    }
    return id;
  }
}

interface NetMetal {
  readonly points: Points;
  /** Resistances between points, kOhm. */
  readonly edges: { a: number; b: number; kOhm: number; fF: number }[];
}

/** Where centre lines of the same layer cross without an end point there. */
function addCrossings(routing: Routing, first: number, end: number, points: Points): void {
  const w = routing.wires;
  for (let i = first; i < end; i++)
    for (let j = i + 1; j < end; j++) {
      const [a, b] = [i * WIRE, j * WIRE];
      if (w[a] !== w[b]) continue;
      const isHorizontalA = w[a + 2] === w[a + 4];
      const isHorizontalB = w[b + 2] === w[b + 4];
      if (isHorizontalA === isHorizontalB) continue;
      const [h, v] = isHorizontalA ? [a, b] : [b, a];
      const x = w[v + 1];
      const y = w[h + 2];
      if (x < w[h + 1] || x > w[h + 3] || y < w[v + 2] || y > w[v + 4]) continue;
      points.at(w[a], x, y);
    }
}

function netMetal(
  routing: Routing,
  net: number,
  kit: Kit,
  layers: readonly (LayerCapacitance | null)[],
): NetMetal {
  const points = new Points();
  const edges: NetMetal['edges'] = [];
  const { wires, vias } = routing;
  const firstWire = routing.wireStart[net];
  const endWire = routing.wireStart[net + 1];
  for (let i = firstWire; i < endWire; i++) {
    points.at(wires[i * WIRE], wires[i * WIRE + 1], wires[i * WIRE + 2]);
    points.at(wires[i * WIRE], wires[i * WIRE + 3], wires[i * WIRE + 4]);
  }
  for (let i = routing.viaStart[net]; i < routing.viaStart[net + 1]; i++) {
    const via = kit.tech.vias[vias[i * VIA]];
    const a = points.at(via.below, vias[i * VIA + 1], vias[i * VIA + 2]);
    const b = points.at(via.above, vias[i * VIA + 1], vias[i * VIA + 2]);
    const cut = kit.tech.layers[via.cut] as CutLayer;
    edges.push({ a, b, kOhm: cut.resistanceOhm / via.cutRects.length / 1000, fF: 0 });
  }
  addCrossings(routing, firstWire, endWire, points);
  const seen = new Set<string>();
  for (let i = firstWire; i < endWire; i++) {
    const [layer, x1, y1, x2, y2] = wires.subarray(i * WIRE, i * WIRE + WIRE);
    const metal = kit.tech.layers[layer] as RoutingLayer;
    const on: number[] = [];
    for (let p = 0; p < points.x.length; p++)
      if (
        points.layer[p] === layer &&
        points.x[p] >= x1 &&
        points.x[p] <= x2 &&
        points.y[p] >= y1 &&
        points.y[p] <= y2
      )
        on.push(p);
    on.sort((p, q) => points.x[p] - points.x[q] || points.y[p] - points.y[q]);
    for (let k = 1; k < on.length; k++) {
      // Two wires over the same stretch are one piece of metal.
      const key = `${on[k - 1]} ${on[k]}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const um =
        (points.x[on[k]] - points.x[on[k - 1]] + points.y[on[k]] - points.y[on[k - 1]]) / kit.tech.dbuPerUm;
      edges.push({
        a: on[k - 1],
        b: on[k],
        kOhm: (um * metal.resistanceOhmPerUm) / 1000,
        fF: um * layers[layer]!.groundFfPerUm,
      });
    }
  }
  return { points, edges };
}

/** Points of the net's metal that lie on a shape of the pin; wires that only pass over it by their width count. */
function pointsOnPin(metal: NetMetal, places: PinPlaces, pin: number, kit: Kit): number[] {
  const { points } = metal;
  const found: number[] = [];
  const shapes = places.shapesOf(pin);
  for (let slackSide = 0; slackSide < 2 && found.length === 0; slackSide++)
    for (let p = 0; p < points.x.length; p++)
      for (const { layer, rect } of shapes) {
        if (layer !== points.layer[p]) continue;
        const half = slackSide * ((kit.tech.layers[layer] as RoutingLayer).widthDbu >> 1);
        if (
          points.x[p] >= rect.x1 - half &&
          points.x[p] <= rect.x2 + half &&
          points.y[p] >= rect.y1 - half &&
          points.y[p] <= rect.y2 + half
        ) {
          found.push(p);
          break;
        }
      }
  return found;
}

/** For each end of each neighbouring stretch the nearest node of either wire, NONE where the net was estimated. */
class RunEnds {
  /** [stretches * 4] node at `from` and `to` of wire A, then of wire B */
  readonly node: Int32Array;
  private readonly beside: Neighbours;
  /** Stretches by net: 2 * stretch + (0 for A, 1 for B). */
  private readonly byNet: readonly number[][];

  constructor(beside: Neighbours, nets: number) {
    this.beside = beside;
    this.node = new Int32Array(4 * beside.layer.length).fill(NONE);
    this.byNet = Array.from({ length: nets }, () => []);
    for (let i = 0; i < beside.layer.length; i++) {
      if (beside.netA[i] !== POWER) this.byNet[beside.netA[i]].push(2 * i);
      if (beside.netB[i] !== POWER) this.byNet[beside.netB[i]].push(2 * i + 1);
    }
  }

  attach(net: number, points: Points, nodeIndex: Int32Array): void {
    const { layer, isHorizontal, lineA, lineB, from, to } = this.beside;
    for (const key of this.byNet[net]) {
      const i = key >> 1;
      const line = (key & 1 ? lineB : lineA)[i];
      const [along, across] = isHorizontal[i] ? [points.x, points.y] : [points.y, points.x];
      for (let end = 0; end < 2; end++) {
        const place = end === 0 ? from[i] : to[i];
        let best = NONE;
        let distance = Infinity;
        for (let p = 0; p < along.length; p++) {
          if (points.layer[p] !== layer[i] || across[p] !== line || nodeIndex[p] === NONE) continue;
          const d = Math.abs(along[p] - place);
          if (d >= distance) continue;
          distance = d;
          best = nodeIndex[p];
        }
        this.node[2 * key + end] = best;
      }
    }
  }
}

function addCouplings(
  builder: ParasiticsBuilder,
  beside: Neighbours,
  ends: RunEnds,
  layers: readonly (LayerCapacitance | null)[],
  dbuPerUm: number,
): void {
  for (let i = 0; i < beside.layer.length; i++) {
    const um = (beside.to[i] - beside.from[i]) / dbuPerUm;
    const fF = um * layers[beside.layer[i]]!.couplingFfPerUm(beside.spacingDbu[i]);
    for (let end = 0; end < 2; end++) {
      const a = ends.node[4 * i + end];
      const b = ends.node[4 * i + 2 + end];
      if (a !== NONE && b !== NONE && fF >= COUPLING_MIN_FF) builder.addCoupling(a, b, fF / 2);
      else for (const node of [a, b]) if (node !== NONE) builder.addGround(node, fF / 2);
    }
  }
}

/**
 * RC trees from the finished routing. A net whose metal does not join all its pins gives EXTRACT-001 and is
 * estimated instead. Cost O(sum over nets of wires * points).
 */
export function extractParasitics(
  netlist: Netlist,
  placement: Placement,
  floorplan: Floorplan,
  routing: Routing,
  kit: Kit,
): Diagnosed<Parasitics> {
  const places = pinPlaces(netlist, placement, floorplan, kit);
  const average = averageWires(kit);
  const layers = layerCapacitances(kit);
  const beside = findNeighbours(routing, floorplan, kit);
  const ends = new RunEnds(beside, netlist.netNames.length);
  const builder = new ParasiticsBuilder();
  const diagnostics: Diagnostic[] = [];
  for (let n = 0; n < netlist.netNames.length; n++) {
    const first = netlist.netPinStart[n];
    const end = netlist.netPinStart[n + 1];
    const place = netlist.netNames[n];
    if (first === end || !places.isSource(netlist.netPins[first])) {
      builder.finishEmpty();
      continue;
    }
    const metal = netMetal(routing, n, kit, layers);
    for (let p = 0; p < metal.points.x.length; p++) builder.addNode(NONE);
    let root = NONE;
    for (let k = first; k < end; k++) {
      const node = builder.addNode(netlist.netPins[k]);
      if (k === first) root = node;
      for (const p of pointsOnPin(metal, places, netlist.netPins[k], kit)) builder.addEdge(node, p, 0);
    }
    for (const e of metal.edges) {
      builder.addEdge(e.a, e.b, e.kOhm);
      builder.addCap(e.a, e.fF / 2);
      builder.addCap(e.b, e.fF / 2);
    }
    const missing = builder.missingPins(root);
    if (missing.length > 0) {
      diagnostics.push({
        code: 'EXTRACT-001',
        severity: 'warning',
        message: `the wires reach ${end - first - missing.length} of ${end - first} pins; the net is estimated instead`,
        place,
        remedy: 'finish the routing',
      });
      builder.clear();
      const wire = netlist.netIsClock[n] ? average.clock : average.signal;
      estimateNet(builder, netlist, places, n, wire, kit.tech.dbuPerUm);
      continue;
    }
    const { lostFf, nodeIndex } = builder.finishNet(root);
    ends.attach(n, metal.points, nodeIndex);
    if (lostFf > 0)
      diagnostics.push({
        code: 'EXTRACT-002',
        severity: 'warning',
        message: `metal of ${lostFf.toFixed(3)} fF hangs on no pin and is left out`,
        place,
      });
  }
  addCouplings(builder, beside, ends, layers, kit.tech.dbuPerUm);
  return { value: builder.build('routed'), diagnostics };
}

/** [nets] length of the drawn wires, um. */
export function routedLengthsUm(netlist: Netlist, routing: Routing, kit: Kit): Float64Array {
  const lengths = new Float64Array(netlist.netNames.length);
  for (let n = 0; n < lengths.length; n++)
    for (let i = routing.wireStart[n]; i < routing.wireStart[n + 1]; i++)
      lengths[n] +=
        (routing.wires[i * WIRE + 3] -
          routing.wires[i * WIRE + 1] +
          routing.wires[i * WIRE + 4] -
          routing.wires[i * WIRE + 2]) /
        kit.tech.dbuPerUm;
  return lengths;
}
