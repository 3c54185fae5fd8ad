import { BugError } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { editNetlist, markClocks } from '../netlist/index.ts';
import type { NetlistEditor } from '../netlist/index.ts';
import type { Netlist } from '../netlist/types.ts';
import type { AddedCell, BufferCell } from '../placement/index.ts';
import { bufferCells, centredAt, extendPlacement, legalise, pinView } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import { clockWire, estimatePlan, estimateTree } from './estimate.ts';
import type { TreeTiming } from './estimate.ts';
import { bufferCapFf, countBuffers, planTree } from './plan.ts';
import type { Branch, ClockLimits, PlanContext, Tap } from './plan.ts';

export type { TreeTiming } from './estimate.ts';
export type { ClockLimits } from './plan.ts';
export { verifyClockTree } from './verify.ts';
export type { ClockTreeReport } from './verify.ts';

export interface ClockTreeOptions extends ClockLimits {
  /** Buffers by name; absent: the kit's clock buffers, or one larger size of buffer throughout. */
  readonly buffers?: readonly string[];
  /** Slew at every buffer and sink that loads are sized for, ps. */
  readonly maxSlewPs: number;
  /** Also try fewer sinks and branches per buffer, and keep the plan with the best modelled skew and delay. */
  readonly search: boolean;
  /** Slew at the clock port, for the estimate, ps. */
  readonly inputSlewPs: number;
  /** [insts of the netlist given] free sites to keep beside cells while legalising. */
  readonly paddingSites?: Uint8Array;
}

export const DEFAULT_CLOCK_TREE: ClockTreeOptions = {
  maxSinks: 24,
  maxBranches: 16,
  maxDiameterUm: 100,
  capFraction: 0.9,
  maxSlewPs: 80,
  search: true,
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

/** Lists of buffer sizes worth a plan of their own. */
function cellChoices(kit: Kit, o: ClockTreeOptions): BufferCell[][] {
  const named = bufferCells(kit, o.buffers ?? kit.roles.clockBuffers, o.maxSlewPs);
  if (o.buffers || !o.search) return [named];
  const strongest = named[named.length - 1];
  const plain = bufferCells(kit, kit.roles.buffers, o.maxSlewPs).filter(
    (c) => c.limitFf > strongest.limitFf && c.limitFf <= 2 * strongest.limitFf,
  );
  return [named, [strongest], ...plain.map((c) => [c])];
}

/** Weighs 1 ps of skew like 10 ps of delay or 50 fF of buffer inputs (clock power). */
function planCost(
  kit: Kit,
  from: { readonly x: number; readonly y: number },
  root: Branch,
  inputSlewPs: number,
): number {
  const t = estimatePlan(kit, from, root, inputSlewPs);
  return t.skewPs + 0.1 * t.maxDelayPs + 0.02 * bufferCapFf(root);
}

/** The best of a few plans by modelled cost; the first one given the same cost. */
function bestPlan(
  kit: Kit,
  o: ClockTreeOptions,
  from: { readonly x: number; readonly y: number },
  sinks: readonly Tap[],
): { root: Branch; levels: number } {
  const wireCap = clockWire(kit).fFPerDbu;
  const shares = o.search ? [1, 0.83, 0.67] : [1];
  const branches = o.search ? [1, 0.75, 0.5, 0.375, 0.25] : [1];
  let best: { root: Branch; levels: number } | null = null;
  let bestCost = Infinity;
  for (const cells of cellChoices(kit, o)) {
    for (const s of shares) {
      for (const b of branches) {
        const limits = {
          ...o,
          maxSinks: Math.max(1, Math.round(o.maxSinks * s)),
          maxBranches: Math.max(2, Math.round(o.maxBranches * b)),
        };
        const context: PlanContext = { kit, cells, wireCap, limits };
        const plan = planTree(context, sinks);
        const cost = planCost(kit, from, plan.root, o.inputSlewPs);
        if (cost >= bestCost && best) continue;
        best = plan;
        bestCost = cost;
      }
    }
  }
  if (!best) throw new BugError('no clock tree was planned');
  return best;
}

/** Adds a planned buffer and all below it; returns the id of its input pin, still unconnected. */
function build(kit: Kit, editor: NetlistEditor, added: AddedCell[], name: string, b: Branch): number {
  const inst = editor.addInstance(
    editor.freshName(b.sinks.length > 0 ? 'clock_leaf' : 'clock_buffer'),
    b.cell.master,
  );
  added.push(centredAt(kit, b.x, b.y, b.cell.widthDbu));
  const net = editor.addNet(editor.freshName(`${name}_tree`));
  editor.connect(inst, b.cell.output, net);
  for (const t of b.sinks) editor.connectPin(t.pin, net);
  for (const child of b.branches) editor.connectPin(build(kit, editor, added, name, child), net);
  return editor.pinId(inst, b.cell.input);
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
  const editor = editNetlist(marked, kit);
  const added: AddedCell[] = [];
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
    const plan = bestPlan(kit, o, view.at(driver), sinks);
    editor.connectPin(build(kit, editor, added, marked.netNames[net], plan.root), net);
    grown.push({ net, sinks: sinks.length, levels: plan.levels, buffers: countBuffers(plan.root) });
  });
  const after = markClocks(editor.finish(), kit);
  const rough = extendPlacement(placement, added);
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
    buffers: added.length,
    meanMoveUm: legal.meanMoveDbu / kit.tech.dbuPerUm,
    maxMoveUm: legal.maxMoveDbu / kit.tech.dbuPerUm,
  };
}
