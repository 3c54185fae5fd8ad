import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { PinView } from '../placement/index.ts';
import { lookUpLut, pinView } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';

/** Modelled, not extracted: spanning trees of wire with one layer's R and C, NLDM buffers, Elmore wires. */
export interface TreeTiming {
  readonly minDelayPs: number;
  readonly maxDelayPs: number;
  readonly skewPs: number;
  readonly worstSlewPs: number;
  readonly sinks: number;
}

interface Wire {
  readonly kOhmPerDbu: number;
  readonly fFPerDbu: number;
}

/** Clocks run on the layer below the top signal layer (metal5 in NanGate45), as extraction models them. */
export function clockWire(kit: Kit): Wire {
  const top = kit.tech.layers.findIndex((l) => l.name === kit.roles.maxSignalLayer);
  const layer = kit.tech.layers[top - 2] as RoutingLayer;
  return {
    kOhmPerDbu: layer.resistanceOhmPerUm / 1000 / kit.tech.dbuPerUm,
    fFPerDbu: layer.capacitanceFfPerUm / kit.tech.dbuPerUm,
  };
}

interface NetDelays {
  readonly loadFf: number;
  /** Elmore delay to each sink, ps, in the order of the net's pins without the driver. */
  readonly elmorePs: Float64Array;
}

/** Prim's tree rooted at the driver; half of each wire's capacitance at either end. */
function netDelays(netlist: Netlist, view: PinView, net: number, wire: Wire): NetDelays {
  const pins = netlist.netPins.subarray(netlist.netPinStart[net], netlist.netPinStart[net + 1]);
  const n = pins.length;
  const at = Array.from(pins, (p) => view.at(p));
  const parent = new Int32Array(n).fill(0);
  const distance = new Float64Array(n).fill(Infinity);
  const done = new Uint8Array(n);
  const order = [0];
  const cap = Float64Array.from(pins, (p, k) => (k === 0 ? 0 : view.capFf(p)));
  let last = 0;
  for (let k = 1; k < n; k++) {
    done[last] = 1;
    let next = -1;
    for (let i = 1; i < n; i++) {
      if (done[i]) continue;
      const d = Math.abs(at[i].x - at[last].x) + Math.abs(at[i].y - at[last].y);
      if (d < distance[i]) {
        distance[i] = d;
        parent[i] = last;
      }
      if (next < 0 || distance[i] < distance[next]) next = i;
    }
    order.push(next);
    last = next;
  }
  for (const i of order) {
    if (i === 0) continue;
    cap[i] += (wire.fFPerDbu * distance[i]) / 2;
    cap[parent[i]] += (wire.fFPerDbu * distance[i]) / 2;
  }
  const below = cap.slice();
  for (let k = n - 1; k > 0; k--) below[parent[order[k]]] += below[order[k]];
  const delay = new Float64Array(n);
  for (const i of order) if (i !== 0) delay[i] = delay[parent[i]] + wire.kOhmPerDbu * distance[i] * below[i];
  return { loadFf: below[0], elmorePs: delay.subarray(1) };
}

/** Slew (30 to 70 % of the supply) of an RC response: ln(0.7 / 0.3) times its Elmore delay. */
const RC_SLEW = Math.log(7 / 3);

/**
 * Rising-edge delay from a clock net's driver through the buffers numbered `firstNew` and up to every other pin.
 * `inputSlewPs` at the net itself.
 */
export function estimateTree(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  root: number,
  firstNew: number,
  inputSlewPs: number,
): TreeTiming {
  const view = pinView(netlist, kit, floorplan, placement, 0);
  const wire = clockWire(kit);
  let min = Infinity;
  let max = 0;
  let worst = 0;
  let sinks = 0;
  const visit = (net: number, delay: number, slew: number): void => {
    const { elmorePs } = netDelays(netlist, view, net, wire);
    for (let k = 0; k < elmorePs.length; k++) {
      const pin = netlist.netPins[netlist.netPinStart[net] + 1 + k];
      const at = delay + elmorePs[k];
      const slewHere = Math.hypot(slew, RC_SLEW * elmorePs[k]);
      const inst = pin < netlist.pinNet.length ? view.owner[pin] : -1;
      if (inst < firstNew) {
        if (inst < 0) continue;
        min = Math.min(min, at);
        max = Math.max(max, at);
        worst = Math.max(worst, slewHere);
        sinks++;
        continue;
      }
      const start = netlist.instPinStart[inst];
      const master = kit.masters[netlist.instMaster[inst]];
      const output = master.pins.findIndex((p) => p.direction === 'output');
      const arc = master.pins[output].arcs.find((a) => a.cellRisePs && a.riseSlewPs);
      const next = netlist.pinNet[start + output];
      if (!arc?.cellRisePs || !arc.riseSlewPs || next < 0) continue;
      const load = netDelays(netlist, view, next, wire).loadFf;
      visit(next, at + lookUpLut(arc.cellRisePs, slewHere, load), lookUpLut(arc.riseSlewPs, slewHere, load));
    }
  };
  visit(root, 0, inputSlewPs);
  if (sinks === 0) min = 0;
  return { minDelayPs: min, maxDelayPs: max, skewPs: max - min, worstSlewPs: worst, sinks };
}
