import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { editNetlist, markClocks } from '../netlist/index.ts';
import type { Netlist } from '../netlist/types.ts';
import { bufferCells, legalise, pinView } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import { clockWire, estimateTree } from './estimate.ts';
import type { TreeTiming } from './estimate.ts';
import { growTree } from './grow.ts';
import type { ClockLimits, Grower, Tap } from './grow.ts';

export type { TreeTiming } from './estimate.ts';
export type { ClockLimits } from './grow.ts';
export { verifyClockTree } from './verify.ts';
export type { ClockTreeReport } from './verify.ts';

export interface ClockTreeOptions extends ClockLimits {
  /** Buffers by name; the kit's clock buffers if absent. */
  readonly buffers?: readonly string[];
  /** Slew at every buffer and sink that loads are sized for, ps. */
  readonly maxSlewPs: number;
  /** Slew at the clock port, for the estimate, ps. */
  readonly inputSlewPs: number;
  /** [insts of the netlist given] free sites to keep beside cells while legalising. */
  readonly paddingSites?: Uint8Array;
}

export const DEFAULT_CLOCK_TREE: ClockTreeOptions = {
  maxSinks: 24,
  maxBranches: 10,
  maxDiameterUm: 100,
  capFraction: 0.9,
  maxSlewPs: 80,
  inputSlewPs: 20,
};

export interface ClockTree {
  readonly net: string;
  readonly sinks: number;
  /** Buffers on every path from the net to a sink. */
  readonly levels: number;
  readonly buffers: number;
  /** Modelled, after legalising. */
  readonly timing: TreeTiming;
}

export interface ClockTreeResult {
  /** Buffers behind all other instances; netIsClock covers the new nets. */
  readonly netlist: Netlist;
  /** Legal. */
  readonly placement: Placement;
  readonly trees: readonly ClockTree[];
  readonly buffers: number;
  /** How far legalising moved cells that stood before, um. */
  readonly meanMoveUm: number;
  readonly maxMoveUm: number;
}

function extend(placement: Placement, g: Grower): Placement {
  const before = placement.xDbu.length;
  const count = before + g.made.length;
  const xDbu = new Int32Array(count);
  const yDbu = new Int32Array(count);
  const orient = new Uint8Array(count);
  const isFixed = new Uint8Array(count);
  xDbu.set(placement.xDbu);
  yDbu.set(placement.yDbu);
  orient.set(placement.orient);
  isFixed.set(placement.isFixed);
  g.made.forEach((b, k) => {
    xDbu[before + k] = Math.round(b.x - b.widthDbu / 2);
    yDbu[before + k] = Math.round(b.y - g.kit.tech.rowHeightDbu / 2);
  });
  return { xDbu, yDbu, orient, isFixed };
}

/**
 * Clock trees for all clock nets: sinks in clusters of nearly equal size by recursive bisection (as the means and
 * medians method of Jackson, Srinivasan and Kuh, DAC 1990, cuts them), a buffer in the middle of each, buffers
 * clustered the same way up to one root. All paths pass equally many buffers, and buffers of one level are of one
 * size. Wires are not balanced by detours: at some 100 um that is a matter of picoseconds. Nets behind a clock gate
 * get trees of their own, not balanced against others. The result is legal; skew and insertion delay are modelled.
 */
export function buildClockTree(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: Partial<ClockTreeOptions> = {},
): ClockTreeResult {
  const o = { ...DEFAULT_CLOCK_TREE, ...options };
  const marked = markClocks(netlist, kit);
  const g: Grower = {
    kit,
    editor: editNetlist(marked, kit),
    cells: bufferCells(kit, o.buffers ?? kit.roles.clockBuffers, o.maxSlewPs),
    wireCap: clockWire(kit).fFPerDbu,
    limits: o,
    made: [],
  };
  const view = pinView(marked, kit, floorplan, placement, 0);
  const grown: { net: number; sinks: number; levels: number; buffers: number }[] = [];
  marked.netIsClock.forEach((isClock, net) => {
    if (!isClock) return;
    const from = marked.netPinStart[net];
    const driver = marked.netPins[from];
    const sinks: Tap[] = [];
    for (let q = from + 1; q < marked.netPinStart[net + 1]; q++) {
      const pin = marked.netPins[q];
      // An output port for the clock stays at the root.
      if (pin < marked.pinNet.length) sinks.push({ ...view.at(pin), capFf: view.capFf(pin), pin });
    }
    const fromPort = driver >= marked.pinNet.length;
    if (sinks.length === 0 || (!fromPort && sinks.length <= 2)) return;
    const before = g.made.length;
    const levels = growTree(g, net, marked.netNames[net], sinks);
    grown.push({ net, sinks: sinks.length, levels, buffers: g.made.length - before });
  });
  const after = markClocks(g.editor.finish(), kit);
  const rough = extend(placement, g);
  let pads: Uint8Array | undefined;
  if (o.paddingSites) {
    pads = new Uint8Array(rough.xDbu.length);
    pads.set(o.paddingSites);
  }
  const legal = legalise(after, kit, floorplan, rough, pads ? { paddingSites: pads } : {});
  const firstNew = netlist.instMaster.length;
  const trees = grown.map(({ net, ...tree }): ClockTree => ({
    net: after.netNames[net],
    ...tree,
    timing: estimateTree(after, kit, floorplan, legal.placement, net, firstNew, o.inputSlewPs),
  }));
  return {
    netlist: after,
    placement: legal.placement,
    trees,
    buffers: g.made.length,
    meanMoveUm: legal.meanMoveDbu / kit.tech.dbuPerUm,
    maxMoveUm: legal.maxMoveDbu / kit.tech.dbuPerUm,
  };
}
