import type { Floorplan } from '../../floorplan/types.ts';
import type { Kit } from '../../kit/types.ts';
import { editNetlist } from '../../netlist/index.ts';
import type { NetlistEditor } from '../../netlist/index.ts';
import type { Netlist } from '../../netlist/types.ts';
import { centredAt, extendPlacement, type AddedCell } from '../extend.ts';
import type { Placement } from '../types.ts';
import { bufferCells, largerDrives, loadLimitFf } from './drive.ts';
import type { BufferCell } from './drive.ts';
import { pinView, wireCapPerDbu } from './pins.ts';
import type { PinView } from './pins.ts';
import { bisect, medianPoint, wireLength } from './points.ts';
import type { Point } from './points.ts';

export interface RepairOptions {
  readonly maxFanout: number;
  /** Part of the kit's max slew that loads are sized for. */
  readonly slewFraction: number;
  /** Part of max_capacitance and of the slew's load that may be used. */
  readonly capFraction: number;
  /** Longest net without a repeater, um of modelled wire. */
  readonly maxLengthUm: number;
  /** What an input port may drive and an output port weighs, fF. */
  readonly inputPortDriveFf: number;
  readonly outputPortLoadFf: number;
  /** Put a larger drive of the same cell in place where that is enough. */
  readonly resize: boolean;
}

const DEFAULT_REPAIR: RepairOptions = {
  maxFanout: 20,
  slewFraction: 0.75,
  capFraction: 0.75,
  maxLengthUm: 500,
  inputPortDriveFf: 60,
  outputPortLoadFf: 5,
  resize: true,
};

export interface RepairResult {
  readonly netlist: Netlist;
  /** New instances stand near their sinks, not yet legal. */
  readonly placement: Placement;
  readonly report: RepairReport;
}

export interface RepairReport {
  /** Nets found in violation of fan-out, load or length before. */
  readonly violations: { readonly fanout: number; readonly load: number; readonly length: number };
  readonly buffers: number;
  readonly resized: number;
  readonly tieClones: number;
  readonly worstFanout: number;
}

interface Job {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly options: RepairOptions;
  readonly editor: NetlistEditor;
  readonly view: PinView;
  readonly wireCap: number;
  readonly buffers: readonly BufferCell[];
  /** Places of new instances, in order of creation. */
  readonly added: AddedCell[];
}

const loadOf = (job: Job, from: Point | null, sinks: readonly Point[]): number =>
  sinks.reduce((s, p) => s + p.capFf, 0) + job.wireCap * wireLength(from ? [from, ...sinks] : sinks);

function addInstance(job: Job, prefix: string, master: number, at: { x: number; y: number }): number {
  const inst = job.editor.addInstance(job.editor.freshName(prefix), master);
  job.added.push(centredAt(job.kit, at.x, at.y, job.kit.masters[master].widthDbu));
  return inst;
}

/** Smallest number of groups, by doubling from the bounds, so that the strongest buffer can drive each. */
function groupSinks(job: Job, sinks: readonly Point[]): Point[][] {
  const { options, buffers } = job;
  const strongest = buffers[buffers.length - 1].limitFf * options.capFraction;
  const maxLength = options.maxLengthUm * job.kit.tech.dbuPerUm;
  let parts = Math.max(2, Math.ceil(sinks.length / options.maxFanout));
  for (;;) {
    const groups = bisect(sinks, parts);
    const bad = groups.some(
      (g) =>
        g.length > options.maxFanout ||
        (g.length > 1 && (loadOf(job, null, g) > strongest || wireLength(g) > maxLength)),
    );
    if (!bad || parts >= sinks.length) return groups;
    parts = Math.min(sinks.length, Math.ceil(parts * 1.3) + 1);
  }
}

/** Puts one buffer before a group of sinks; returns its input as a point to drive. */
function bufferGroup(job: Job, net: number, group: readonly Point[]): Point {
  const at = medianPoint(group);
  const need = loadOf(job, null, group) / job.options.capFraction;
  const cell = job.buffers.find((b) => b.limitFf >= need) ?? job.buffers[job.buffers.length - 1];
  const inst = addInstance(job, 'fanout_buffer', cell.master, at);
  const out = job.editor.addNet(job.editor.freshName(`${job.netlist.netNames[net]}_buffered`));
  job.editor.connect(inst, cell.output, out);
  for (const p of group) job.editor.connectPin(p.pin, out);
  job.editor.connect(inst, cell.input, net);
  return { ...at, capFf: cell.inputCapFf, pin: job.editor.pinId(inst, cell.input) };
}

/** Levels of buffers from the sinks upwards until the driver can take what is left. */
function buildTree(
  job: Job,
  net: number,
  driver: Point,
  sinks: readonly Point[],
  fixedLoad: readonly Point[],
  limitFf: number,
): number {
  const { options } = job;
  let count = 0;
  let level = sinks;
  const fits = (points: readonly Point[]): boolean =>
    points.length + fixedLoad.length <= options.maxFanout &&
    loadOf(job, driver, [...points, ...fixedLoad]) <= limitFf;
  while (!fits(level)) {
    const groups = groupSinks(job, level);
    if (groups.length >= level.length && count > 0) break;
    const next = groups.map((g) => bufferGroup(job, net, g));
    count += next.length;
    if (next.length >= level.length) break;
    level = next;
  }
  return count;
}

/** A tie cell has no drive to speak of: copy it next to each group of its sinks. */
function cloneTie(job: Job, net: number, inst: number, outPin: number, sinks: readonly Point[]): number {
  const groups = bisect(sinks, Math.ceil(sinks.length / job.options.maxFanout));
  groups.slice(1).forEach((group) => {
    const clone = addInstance(job, 'tie', job.editor.masterOf(inst), medianPoint(group));
    const out = job.editor.addNet(job.editor.freshName(`${job.netlist.netNames[net]}_tie`));
    job.editor.connect(clone, outPin, out);
    for (const p of group) job.editor.connectPin(p.pin, out);
  });
  return groups.length - 1;
}

/**
 * Repairs nets whose driver has too many sinks, too much load (max_capacitance, or the load at which its slew
 * passes the limit) or too much wire, by larger drives of the same cell, trees of buffers placed among the sinks,
 * or copies of tie cells. Wires are modelled (see wireLength). Clock nets are left to the clock tree. Output ports
 * stay on their driver's net. The result's logic is the same; its placement needs legalising.
 */
export function repairNets(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: Partial<RepairOptions> = {},
): RepairResult {
  const o = { ...DEFAULT_REPAIR, ...options };
  const slew = kit.defaultMaxSlewPs * o.slewFraction;
  const job: Job = {
    netlist,
    kit,
    options: o,
    editor: editNetlist(netlist, kit),
    view: pinView(netlist, kit, floorplan, placement, o.outputPortLoadFf),
    wireCap: wireCapPerDbu(kit),
    buffers: bufferCells(kit, kit.roles.buffers, slew),
    added: [],
  };
  const counts = { fanout: 0, load: 0, length: 0, buffers: 0, resized: 0, tieClones: 0, worst: 0 };
  const limits = kit.masters.map((m) =>
    m.pins.map((p, k) => (p.direction === 'output' ? loadLimitFf(m, k, slew) : 0)),
  );
  const larger = o.resize ? largerDrives(kit) : [];
  for (let net = 0; net < netlist.netNames.length; net++) repairNet(job, net, limits, larger, counts);
  return {
    netlist: job.editor.finish(),
    placement: extendPlacement(placement, job.added),
    report: {
      violations: { fanout: counts.fanout, load: counts.load, length: counts.length },
      buffers: counts.buffers,
      resized: counts.resized,
      tieClones: counts.tieClones,
      worstFanout: counts.worst,
    },
  };
}

interface Counts {
  fanout: number;
  load: number;
  length: number;
  buffers: number;
  resized: number;
  tieClones: number;
  worst: number;
}

function repairNet(
  job: Job,
  net: number,
  limits: readonly (readonly number[])[],
  larger: readonly (readonly number[])[],
  counts: Counts,
): void {
  const { netlist, view, options, kit } = job;
  const from = netlist.netPinStart[net];
  const to = netlist.netPinStart[net + 1];
  if (to - from < 2 || netlist.netIsClock[net]) return;
  const pinCount = netlist.pinNet.length;
  const driverPin = netlist.netPins[from];
  const point = (pin: number): Point => ({ ...view.at(pin), capFf: view.capFf(pin), pin });
  const driver = { ...view.at(driverPin), capFf: 0, pin: driverPin };
  const all = Array.from(netlist.netPins.subarray(from + 1, to), point);
  const sinks = all.filter((p) => p.pin < pinCount);
  const fixedLoad = all.filter((p) => p.pin >= pinCount);
  counts.worst = Math.max(counts.worst, all.length);
  const inst = driverPin < pinCount ? view.owner[driverPin] : -1;
  const outPin = inst >= 0 ? driverPin - netlist.instPinStart[inst] : -1;
  const master = inst >= 0 ? netlist.instMaster[inst] : -1;
  const limit =
    (inst >= 0 ? limits[master][outPin] : options.inputPortDriveFf / options.capFraction) *
    options.capFraction;
  const load = loadOf(job, driver, all);
  const isFanout = all.length > options.maxFanout;
  const isLoad = load > limit;
  const isLong = wireLength([driver, ...all]) > options.maxLengthUm * kit.tech.dbuPerUm;
  if (!isFanout && !isLoad && !isLong) return;
  if (isFanout) counts.fanout++;
  if (isLoad) counts.load++;
  if (isLong) counts.length++;
  if (inst >= 0 && kit.masters[master].kind === 'tie') {
    if (sinks.length > 1) counts.tieClones += cloneTie(job, net, inst, outPin, sinks);
    return;
  }
  if (inst >= 0 && !isFanout && !isLong) {
    const fit = larger[master]?.find((m) => limits[m][outPin] * options.capFraction >= load);
    if (fit !== undefined) {
      job.editor.setMaster(inst, fit);
      counts.resized++;
      return;
    }
  }
  if (sinks.length > 0) counts.buffers += buildTree(job, net, driver, sinks, fixedLoad, limit);
}
