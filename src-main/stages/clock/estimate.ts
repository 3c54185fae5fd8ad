import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, Master, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { lookUpLut, pinView } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import type { Branch, Tap } from './plan.ts';

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
  /** Elmore delay from the first point to each other one, ps. */
  readonly elmorePs: Float64Array;
}

/** Prim's tree from the first point (the driver); half of each wire's capacitance at either end. */
function netDelays(
  at: readonly { readonly x: number; readonly y: number }[],
  capsFf: ArrayLike<number>,
  wire: Wire,
): NetDelays {
  const n = at.length;
  const parent = new Int32Array(n);
  const distance = new Float64Array(n).fill(Infinity);
  const done = new Uint8Array(n);
  const order = [0];
  const cap = Float64Array.from(capsFf);
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

/** Delay and slew of a rising edge through a buffer, ps. */
function throughBuffer(
  master: Master,
  slewPs: number,
  loadFf: number,
): { delay: number; slew: number } | null {
  const output = master.pins.find((p) => p.direction === 'output');
  const arc = output?.arcs.find((a) => a.cellRisePs && a.riseSlewPs);
  if (!arc?.cellRisePs || !arc.riseSlewPs) return null;
  return {
    delay: lookUpLut(arc.cellRisePs, slewPs, loadFf),
    slew: lookUpLut(arc.riseSlewPs, slewPs, loadFf),
  };
}

interface Extremes {
  min: number;
  max: number;
  worst: number;
  sinks: number;
}

const fresh = (): Extremes => ({ min: Infinity, max: 0, worst: 0, sinks: 0 });

function arrive(e: Extremes, delay: number, slew: number): void {
  e.min = Math.min(e.min, delay);
  e.max = Math.max(e.max, delay);
  e.worst = Math.max(e.worst, slew);
  e.sinks++;
}

const toTiming = (e: Extremes): TreeTiming => {
  const min = e.sinks === 0 ? 0 : e.min;
  return { minDelayPs: min, maxDelayPs: e.max, skewPs: e.max - min, worstSlewPs: e.worst, sinks: e.sinks };
};

/** The same estimate for a tree that is only planned; `from` is the clock net's driver. */
export function estimatePlan(
  kit: Kit,
  from: { readonly x: number; readonly y: number },
  root: Branch,
  inputSlewPs: number,
): TreeTiming {
  const wire = clockWire(kit);
  const e = fresh();
  const visit = (
    at: { readonly x: number; readonly y: number },
    taps: readonly Tap[],
    nets: readonly Branch[],
    delay: number,
    slew: number,
  ): void => {
    const driven = taps.length > 0 ? taps : nets;
    const d = netDelays([at, ...driven], [0, ...driven.map((t) => t.capFf)], wire);
    driven.forEach((_, k) => {
      const here = delay + d.elmorePs[k];
      const slewHere = Math.hypot(slew, RC_SLEW * d.elmorePs[k]);
      if (taps.length > 0) {
        arrive(e, here, slewHere);
        return;
      }
      const b = nets[k];
      const below = b.sinks.length > 0 ? b.sinks : b.branches;
      const { loadFf } = netDelays([b, ...below], [0, ...below.map((t) => t.capFf)], wire);
      const out = throughBuffer(kit.masters[b.cell.master], slewHere, loadFf);
      if (out) visit(b, b.sinks, b.branches, here + out.delay, out.slew);
    });
  };
  visit(from, [], [root], 0, inputSlewPs);
  return toTiming(e);
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
  const e = fresh();
  const pinsOf = (net: number): Int32Array =>
    netlist.netPins.subarray(netlist.netPinStart[net], netlist.netPinStart[net + 1]);
  const delaysOf = (net: number): NetDelays => {
    const pins = pinsOf(net);
    const caps = Array.from(pins, (p, k) => (k === 0 ? 0 : view.capFf(p)));
    return netDelays(
      Array.from(pins, (p) => view.at(p)),
      caps,
      wire,
    );
  };
  const visit = (net: number, delay: number, slew: number): void => {
    const { elmorePs } = delaysOf(net);
    const pins = pinsOf(net);
    for (let k = 0; k < elmorePs.length; k++) {
      const pin = pins[k + 1];
      const here = delay + elmorePs[k];
      const slewHere = Math.hypot(slew, RC_SLEW * elmorePs[k]);
      if (pin >= netlist.pinNet.length) continue;
      const inst = view.owner[pin];
      if (inst < firstNew) {
        arrive(e, here, slewHere);
        continue;
      }
      const master = kit.masters[netlist.instMaster[inst]];
      const output = master.pins.findIndex((p) => p.direction === 'output');
      const next = netlist.pinNet[netlist.instPinStart[inst] + output];
      if (next < 0) continue;
      const out = throughBuffer(master, slewHere, delaysOf(next).loadFf);
      if (out) visit(next, here + out.delay, out.slew);
    }
  };
  visit(root, 0, inputSlewPs);
  return toTiming(e);
}
