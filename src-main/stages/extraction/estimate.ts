/** Wires modelled before routing: a Steiner tree per net with one layer's average R and C. */
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { pinPlaces } from './pin-places.ts';
import type { PinPlaces } from './pin-places.ts';
import { ParasiticsBuilder } from './rc-graph.ts';
import { steinerTree } from './steiner.ts';
import type { Parasitics } from './types.ts';

/** R and C by which a net of unknown layers is modelled. */
export interface AverageWire {
  readonly ohmPerUm: number;
  readonly fFPerUm: number;
}

/**
 * Signals as one layer above the lowest signal layer, clocks as one below the highest: metal3 and metal5 in
 * NanGate45, the choice of OpenROAD-flow-scripts for that kit.
 */
export function averageWires(kit: Kit): { signal: AverageWire; clock: AverageWire } {
  const metals = kit.tech.layers.filter((l): l is RoutingLayer => l.kind === 'routing');
  const at = (name: string, step: number): AverageWire => {
    const i = metals.findIndex((l) => l.name === name);
    const layer = metals[Math.min(Math.max(i + step, 0), metals.length - 1)];
    return { ohmPerUm: layer.resistanceOhmPerUm, fFPerUm: layer.capacitanceFfPerUm };
  };
  return { signal: at(kit.roles.minSignalLayer, 1), clock: at(kit.roles.maxSignalLayer, -1) };
}

/** Adds the net to the builder; false if it has no driver. Returns its length by way of `lengthUm`. */
export function estimateNet(
  builder: ParasiticsBuilder,
  netlist: Netlist,
  places: PinPlaces,
  net: number,
  wire: AverageWire,
  dbuPerUm: number,
): { readonly hasDriver: boolean; readonly lengthUm: number } {
  const first = netlist.netPinStart[net];
  const count = netlist.netPinStart[net + 1] - first;
  if (count === 0 || !places.isSource(netlist.netPins[first])) {
    builder.finishEmpty();
    return { hasDriver: false, lengthUm: 0 };
  }
  const x: number[] = [];
  const y: number[] = [];
  for (let k = 0; k < count; k++) {
    // A pin without a place (a port that has no shape yet) costs no wire: it sits on the driver.
    const centre = places.centreOf(netlist.netPins[first + k]);
    x.push(centre?.x ?? x[0] ?? 0);
    y.push(centre?.y ?? y[0] ?? 0);
    builder.addNode(netlist.netPins[first + k]);
  }
  const tree = steinerTree(x, y);
  for (let s = count; s < tree.x.length; s++) builder.addNode(-1);
  let lengthUm = 0;
  for (let v = 1; v < tree.x.length; v++) {
    const u = tree.parent[v];
    const um = (Math.abs(tree.x[v] - tree.x[u]) + Math.abs(tree.y[v] - tree.y[u])) / dbuPerUm;
    lengthUm += um;
    builder.addEdge(u, v, (um * wire.ohmPerUm) / 1000);
    builder.addCap(u, (um * wire.fFPerUm) / 2);
    builder.addCap(v, (um * wire.fFPerUm) / 2);
  }
  builder.finishNet(0);
  return { hasDriver: true, lengthUm };
}

/**
 * RC trees before routing. Modelled: Steiner tree on the largest shape's centre of each pin, every um with
 * the same R and C (see averageWires), no vias. Deterministic; O(sum of squared net degrees).
 */
export function estimateParasitics(
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  floorplan: Floorplan,
): Parasitics {
  const places = pinPlaces(netlist, placement, floorplan, kit);
  const wires = averageWires(kit);
  const builder = new ParasiticsBuilder();
  for (let n = 0; n < netlist.netNames.length; n++)
    estimateNet(
      builder,
      netlist,
      places,
      n,
      netlist.netIsClock[n] ? wires.clock : wires.signal,
      kit.tech.dbuPerUm,
    );
  return builder.build('placement');
}
