import { ORIENT_FN, ORIENT_FS, ORIENT_S } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, Master } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { NONE, pinInstances } from '../netlist/index.ts';
import type { Placement } from './types.ts';

/**
 * What the placers see of a netlist: boxes and nets of pins at fixed offsets. Net e keeps its index; nets the
 * placer ignores (clocks, nets with fewer than two placed pins) are empty.
 */
export interface PlaceModel {
  readonly insts: number;
  readonly nets: number;
  /** [insts] */
  readonly widthDbu: Int32Array;
  readonly heightDbu: Int32Array;
  readonly isFixed: Uint8Array;
  /** CSR of connections by net: [nets + 1] */
  readonly netStart: Int32Array;
  /** [connections] instance, NONE for a port */
  readonly pinInst: Int32Array;
  /** [connections] offset from the instance's lower left corner as drawn (N); for a port its place on the die */
  readonly pinX: Float64Array;
  readonly pinY: Float64Array;
  /** [connections] */
  readonly pinNet: Int32Array;
  /** CSR of connections by instance: [insts + 1], [...] */
  readonly instStart: Int32Array;
  readonly instPins: Int32Array;
  /** [nets] */
  readonly netWeight: Float64Array;
}

export interface ModelOptions {
  /** [nets] weight in the wirelength, for timing; all 1 if absent. */
  readonly netWeights?: Float64Array;
  /** Clock nets are normally left out: the clock tree replaces them. */
  readonly keepClocks?: boolean;
  /** Keep nets with a single placed pin too. */
  readonly keepSingle?: boolean;
}

/** Centre of the box about a pin's shapes, relative to the master's lower left corner. */
export function pinCentre(master: Master, pin: number): { x: number; y: number } {
  let x1 = Infinity;
  let y1 = Infinity;
  let x2 = -Infinity;
  let y2 = -Infinity;
  for (const { rect } of master.pins[pin].shapes) {
    x1 = Math.min(x1, rect.x1);
    y1 = Math.min(y1, rect.y1);
    x2 = Math.max(x2, rect.x2);
    y2 = Math.max(y2, rect.y2);
  }
  return x1 > x2
    ? { x: master.widthDbu / 2, y: master.heightDbu / 2 }
    : { x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
}

/** [ports * 2] centre of each port's shape, NaN where the floorplan has none yet. */
export function portCentres(netlist: Netlist, floorplan: Floorplan): Float64Array {
  const at = new Float64Array(netlist.ports.length * 2).fill(NaN);
  for (const p of floorplan.portPins) {
    at[2 * p.port] = (p.rect.x1 + p.rect.x2) / 2;
    at[2 * p.port + 1] = (p.rect.y1 + p.rect.y2) / 2;
  }
  return at;
}

export function makePlaceModel(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: ModelOptions = {},
): PlaceModel {
  const insts = netlist.instMaster.length;
  const nets = netlist.netNames.length;
  const centres = kit.masters.map((m) => m.pins.map((_, k) => pinCentre(m, k)));
  const ports = portCentres(netlist, floorplan);
  const pinOwner = pinInstances(netlist);
  const pinCount = netlist.pinNet.length;
  const netStart = new Int32Array(nets + 1);
  const inst: number[] = [];
  const x: number[] = [];
  const y: number[] = [];
  const net: number[] = [];
  for (let e = 0; e < nets; e++) {
    const first = inst.length;
    if (options.keepClocks === true || netlist.netIsClock[e] === 0) {
      for (let q = netlist.netPinStart[e]; q < netlist.netPinStart[e + 1]; q++) {
        const pin = netlist.netPins[q];
        if (pin >= pinCount) {
          const p = pin - pinCount;
          if (Number.isNaN(ports[2 * p])) continue;
          inst.push(NONE);
          x.push(ports[2 * p]);
          y.push(ports[2 * p + 1]);
        } else {
          const i = pinOwner[pin];
          const c = centres[netlist.instMaster[i]][pin - netlist.instPinStart[i]];
          inst.push(i);
          x.push(c.x);
          y.push(c.y);
        }
        net.push(e);
      }
      if (inst.length - first < 2 && options.keepSingle !== true)
        for (const list of [inst, x, y, net]) list.length = first;
    }
    netStart[e + 1] = inst.length;
  }
  return {
    insts,
    nets,
    widthDbu: Int32Array.from(netlist.instMaster, (m) => kit.masters[m].widthDbu),
    heightDbu: Int32Array.from(netlist.instMaster, (m) => kit.masters[m].heightDbu),
    isFixed: placement.isFixed,
    netStart,
    pinInst: Int32Array.from(inst),
    pinX: Float64Array.from(x),
    pinY: Float64Array.from(y),
    pinNet: Int32Array.from(net),
    ...pinsByInst(insts, inst),
    netWeight: options.netWeights ?? new Float64Array(nets).fill(1),
  };
}

function pinsByInst(
  insts: number,
  pinInst: readonly number[],
): { instStart: Int32Array; instPins: Int32Array } {
  const instStart = new Int32Array(insts + 1);
  for (const i of pinInst) if (i >= 0) instStart[i + 1]++;
  for (let i = 0; i < insts; i++) instStart[i + 1] += instStart[i];
  const fill = instStart.slice();
  const instPins = new Int32Array(instStart[insts]);
  pinInst.forEach((i, p) => {
    if (i >= 0) instPins[fill[i]++] = p;
  });
  return { instStart, instPins };
}

export const flipsX = (orient: number): boolean => orient === ORIENT_S || orient === ORIENT_FN;
export const flipsY = (orient: number): boolean => orient === ORIENT_S || orient === ORIENT_FS;

/** Half-perimeter of one net of the model at a placement, DBU. */
function netHpwl(model: PlaceModel, p: Placement, net: number): number {
  let x1 = Infinity;
  let x2 = -Infinity;
  let y1 = Infinity;
  let y2 = -Infinity;
  const to = model.netStart[net + 1];
  for (let q = model.netStart[net]; q < to; q++) {
    const i = model.pinInst[q];
    let x = model.pinX[q];
    let y = model.pinY[q];
    if (i >= 0) {
      const o = p.orient[i];
      x = p.xDbu[i] + (o === ORIENT_S || o === ORIENT_FN ? model.widthDbu[i] - x : x);
      y = p.yDbu[i] + (o === ORIENT_S || o === ORIENT_FS ? model.heightDbu[i] - y : y);
    }
    if (x < x1) x1 = x;
    if (x > x2) x2 = x;
    if (y < y1) y1 = y;
    if (y > y2) y2 = y;
  }
  return x2 >= x1 ? x2 - x1 + y2 - y1 : 0;
}

/** Unweighted half-perimeter wirelength of all nets of the model, DBU. */
export function modelHpwl(model: PlaceModel, placement: Placement): number {
  let sum = 0;
  for (let e = 0; e < model.nets; e++) sum += netHpwl(model, placement, e);
  return sum;
}
