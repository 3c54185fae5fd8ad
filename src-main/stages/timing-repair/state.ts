/** A placed netlist with its estimated timing: what every repair looks at and what it is judged by. */
import { estimateParasitics } from '../extraction/index.ts';
import type { Parasitics } from '../extraction/index.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { editNetlist, NONE, pinInstances, type Netlist } from '../netlist/index.ts';
import {
  centredAt,
  extendPlacement,
  pinView,
  tryLegalise,
  type AddedCell,
  type PinView,
} from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import { updateTiming, type Constraints, type TimingReport, type TimingState } from '../timing/index.ts';
import type { Change, RepairState, RepairTimingOptions } from './types.ts';

export interface Job {
  readonly kit: Kit;
  readonly floorplan: Floorplan;
  readonly constraints: Constraints;
  readonly options: RepairTimingOptions;
  /** Paths written out by each analysis. */
  readonly pathCount: number;
  analyses: number;
  maxMoveDbu: number;
}

export interface Design {
  readonly netlist: Netlist;
  readonly placement: Placement;
  readonly paddingSites: Uint8Array;
  readonly parasitics: Parasitics;
  readonly report: TimingReport;
  /** What the next analysis goes on from. */
  readonly timing: TimingState;
  /** [pins] */
  readonly owner: Int32Array;
  readonly journal: readonly Change[];
  readonly view: PinView;
}

/** A change that is wished for; its instance may not exist yet. */
export type Wish =
  | { readonly kind: 'resize'; readonly inst: number; readonly to: number }
  | {
      readonly kind: 'buffer';
      readonly why: 'limit' | 'setup' | 'hold';
      readonly master: number;
      readonly input: number;
      readonly output: number;
      readonly net: number;
      /** Pin ids of the design wished on: these move behind the buffer. Port pins cannot. */
      readonly sinks: readonly number[];
      readonly x: number;
      readonly y: number;
      /** Buffers in a row, all at the same place. */
      readonly count: number;
    }
  | {
      readonly kind: 'tie';
      readonly master: number;
      readonly output: number;
      readonly net: number;
      readonly sinks: readonly number[];
      readonly x: number;
      readonly y: number;
    };

/** Slew that drives are chosen for, ps. */
export const slewLimitPs = ({ kit, options }: Job): number =>
  (options.maxSlewPs ?? kit.defaultMaxSlewPs) * options.limitFraction;

export function analyse(
  job: Job,
  netlist: Netlist,
  placement: Placement,
  paddingSites: Uint8Array,
  journal: readonly Change[],
  before: TimingState | null = null,
): Design {
  const { kit, floorplan, constraints } = job;
  const parasitics = estimateParasitics(netlist, placement, kit, floorplan);
  const { report, state } = updateTiming(before, netlist, kit, parasitics, constraints, {
    pathCount: job.pathCount,
  });
  job.analyses++;
  const view = pinView(netlist, kit, floorplan, placement, 0);
  const owner = pinInstances(netlist);
  return { netlist, placement, paddingSites, parasitics, report, timing: state, owner, journal, view };
}

const PREFIX = { limit: 'limit_buffer', setup: 'setup_buffer', hold: 'hold_buffer' } as const;

/**
 * The design with the wishes done, legal again and timed. Where the rows have no room for all of them the first
 * half is tried, and so on; null when there is no room for even the first.
 */
export function apply(job: Job, design: Design, wishes: readonly Wish[]): Design | null {
  for (let count = wishes.length; count > 0; count >>= 1) {
    const next = applyAll(job, design, wishes.slice(0, count));
    if (next) return next;
  }
  return null;
}

function applyAll(job: Job, design: Design, wishes: readonly Wish[]): Design | null {
  const { kit, floorplan } = job;
  const editor = editNetlist(design.netlist, kit);
  const added: AddedCell[] = [];
  const journal: Change[] = [...design.journal];
  const add = (prefix: string, cell: { master: number; x: number; y: number }): number => {
    added.push(centredAt(kit, cell.x, cell.y, kit.masters[cell.master].widthDbu));
    return editor.addInstance(editor.freshName(prefix), cell.master);
  };
  for (const wish of wishes) {
    if (wish.kind === 'resize') {
      journal.push({ kind: 'resize', inst: wish.inst, from: editor.masterOf(wish.inst), to: wish.to });
      editor.setMaster(wish.inst, wish.to);
      continue;
    }
    if (wish.kind === 'tie') {
      const inst = add('tie', wish);
      const net = editor.addNet(editor.freshName(`${design.netlist.netNames[wish.net]}_tie`));
      editor.connect(inst, wish.output, net);
      const { master, sinks } = wish;
      journal.push({ kind: 'tie', inst, master, net: wish.net, sinks: sinks.length });
      for (const pin of sinks) editor.connectPin(pin, net);
      continue;
    }
    let from = wish.net;
    for (let k = 0; k < wish.count; k++) {
      const inst = add(PREFIX[wish.why], wish);
      const net = editor.addNet(editor.freshName(`${design.netlist.netNames[wish.net]}_${wish.why}`));
      editor.connect(inst, wish.input, from);
      editor.connect(inst, wish.output, net);
      journal.push({
        kind: 'buffer',
        why: wish.why,
        inst,
        master: wish.master,
        net: from,
        sinks: k === wish.count - 1 ? wish.sinks.length : 1,
      });
      from = net;
    }
    for (const pin of wish.sinks) editor.connectPin(pin, from);
  }
  const netlist = editor.finish();
  const rough = extendPlacement(design.placement, added);
  const paddingSites = new Uint8Array(netlist.instMaster.length);
  paddingSites.set(design.paddingSites);
  const legal = tryLegalise(netlist, kit, floorplan, rough, { paddingSites });
  if (!legal) return null;
  job.maxMoveDbu = Math.max(job.maxMoveDbu, legal.maxMoveDbu);
  return analyse(job, netlist, legal.placement, paddingSites, journal, design.timing);
}

/** Signal nets with more sinks than allowed; nets of tie cells and ports too. */
export function wideNets(design: Design, maxFanout: number): number[] {
  const { netPinStart, netIsClock } = design.netlist;
  const wide: number[] = [];
  for (let n = 0; n < netIsClock.length; n++)
    if (!netIsClock[n] && netPinStart[n + 1] - netPinStart[n] - 1 > maxFanout) wide.push(n);
  return wide;
}

export function stateOf(design: Design, maxFanout: number): RepairState {
  const { report } = design;
  return {
    worstSetupPs: report.setup.worstSlackPs,
    totalSetupPs: report.setup.tnsPs,
    worstHoldPs: report.hold.worstSlackPs,
    slewViolations: report.slewViolations.length,
    loadViolations: report.capViolations.length,
    fanoutViolations: wideNets(design, maxFanout).length,
  };
}

/** Wire and pins that a net's driver sees, fF; the larger of rise and fall. */
export function netLoadFf(job: Job, design: Design, net: number): { total: number; wire: number } {
  const { parasitics, netlist } = design;
  let wire = 0;
  for (let k = parasitics.nodeStart[net]; k < parasitics.nodeStart[net + 1]; k++)
    wire += parasitics.nodeCapFf[k];
  let pins = 0;
  for (let q = netlist.netPinStart[net] + 1; q < netlist.netPinStart[net + 1]; q++)
    pins += pinCapFf(job, design, netlist.netPins[q]);
  return { total: wire + pins, wire };
}

export function pinCapFf(job: Job, design: Design, pin: number): number {
  const { netlist, owner } = design;
  if (pin >= netlist.pinNet.length) return 0;
  const i = owner[pin];
  const p = job.kit.masters[netlist.instMaster[i]].pins[pin - netlist.instPinStart[i]];
  return Math.max(p.riseCapacitanceFf, p.fallCapacitanceFf, p.capacitanceFf);
}

/** Instance that drives a net, NONE for ports and undriven nets. */
export function driverOf(design: Design, net: number): number {
  const { netlist, owner } = design;
  if (netlist.netPinStart[net] === netlist.netPinStart[net + 1]) return NONE;
  const pin = netlist.netPins[netlist.netPinStart[net]];
  return pin < netlist.pinNet.length ? owner[pin] : NONE;
}
