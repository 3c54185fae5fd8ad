/**
 * What each net loads its driver with, rise and fall apart because pins differ: pi model and Elmore delay
 * per sink from the RC tree with pin capacitances added (Elmore, "The transient response of damped linear
 * networks", 1948; moments as in O'Brien and Savarino, 1989). Nets without a tree are a plain capacitance.
 */
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Parasitics } from '../extraction/types.ts';

export interface NetLoads {
  /** [2 * nets] at 2n + edge: pi model, fF, kOhm, fF; near + far = the whole capacitance */
  readonly nearFf: Float64Array;
  readonly resKohm: Float64Array;
  readonly farFf: Float64Array;
  /** [2 * pins and ports] at 2p + edge */
  readonly elmorePs: Float64Array;
}

/** Capacitance of pin ids (ports included), rise and fall: [2 * (pins + ports)] */
export function pinCapacitances(netlist: Netlist, kit: Kit, portLoadFf: Float64Array): Float64Array {
  const pins = netlist.pinNet.length;
  const caps = new Float64Array(2 * (pins + netlist.ports.length));
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const master = kit.masters[netlist.instMaster[i]];
    const start = netlist.instPinStart[i];
    for (let k = 0; k < master.pins.length; k++) {
      const pin = master.pins[k];
      caps[2 * (start + k)] = pin.riseCapacitanceFf;
      caps[2 * (start + k) + 1] = pin.fallCapacitanceFf;
    }
  }
  netlist.ports.forEach((port, p) => {
    if (port.direction !== 'output') return;
    caps[2 * (pins + p)] = portLoadFf[p];
    caps[2 * (pins + p) + 1] = portLoadFf[p];
  });
  return caps;
}

export function computeLoads(
  netlist: Netlist,
  parasitics: Parasitics | null,
  pinCapFf: Float64Array,
  isLumped: boolean,
): NetLoads {
  const nets = netlist.netNames.length;
  const nearFf = new Float64Array(2 * nets);
  const resKohm = new Float64Array(2 * nets);
  const farFf = new Float64Array(2 * nets);
  const elmorePs = new Float64Array(pinCapFf.length);
  let scratch = new Float64Array(256);
  for (let n = 0; n < nets; n++) {
    const first = parasitics ? parasitics.nodeStart[n] : 0;
    const count = parasitics ? parasitics.nodeStart[n + 1] - first : 0;
    if (count === 0 || !parasitics || isLumped) {
      let wire = 0;
      for (let k = 0; k < count; k++) wire += parasitics!.nodeCapFf[first + k];
      for (let edge = 0; edge < 2; edge++) {
        let sum = wire;
        for (let k = netlist.netPinStart[n]; k < netlist.netPinStart[n + 1]; k++)
          sum += pinCapFf[2 * netlist.netPins[k] + edge];
        nearFf[2 * n + edge] = sum;
      }
      continue;
    }
    if (scratch.length < count * 3) scratch = new Float64Array(count * 6);
    for (let edge = 0; edge < 2; edge++)
      reduceTree(parasitics, first, count, edge, pinCapFf, scratch, n, nearFf, resKohm, farFf, elmorePs);
  }
  return { nearFf, resKohm, farFf, elmorePs };
}

function reduceTree(
  tree: Parasitics,
  first: number,
  count: number,
  edge: number,
  pinCapFf: Float64Array,
  y: Float64Array,
  net: number,
  nearFf: Float64Array,
  resKohm: Float64Array,
  farFf: Float64Array,
  elmorePs: Float64Array,
): void {
  const { nodeParent, nodeResKohm, nodeCapFf, nodePin } = tree;
  // y[3k..]: the first three moments of the admittance below node k.
  for (let k = 0; k < count; k++) {
    const pin = nodePin[first + k];
    y[3 * k] = nodeCapFf[first + k] + (pin === NONE ? 0 : pinCapFf[2 * pin + edge]);
    y[3 * k + 1] = 0;
    y[3 * k + 2] = 0;
  }
  // Parents come before children, so backwards is bottom up.
  for (let k = count - 1; k > 0; k--) {
    const p = nodeParent[first + k];
    const r = nodeResKohm[first + k];
    const [y1, y2, y3] = [y[3 * k], y[3 * k + 1], y[3 * k + 2]];
    y[3 * p] += y1;
    y[3 * p + 1] += y2 - r * y1 * y1;
    y[3 * p + 2] += y3 - 2 * r * y1 * y2 + r * r * y1 * y1 * y1;
  }
  const [y1, y2, y3] = [y[0], y[1], y[2]];
  const slot = 2 * net + edge;
  if (y2 < 0 && y3 > 0) {
    farFf[slot] = Math.min((y2 * y2) / y3, y1);
    resKohm[slot] = -(y3 * y3) / (y2 * y2 * y2);
    nearFf[slot] = y1 - farFf[slot];
  } else nearFf[slot] = y1;
  // Top down; the moments' slot 3k + 1 is free by now and carries the delay.
  y[1] = 0;
  for (let k = 1; k < count; k++) {
    const delay = y[3 * nodeParent[first + k] + 1] + nodeResKohm[first + k] * y[3 * k];
    y[3 * k + 1] = delay;
    const pin = nodePin[first + k];
    if (pin !== NONE) elmorePs[2 * pin + edge] = delay;
  }
}
