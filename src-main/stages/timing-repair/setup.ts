/**
 * Setup: on the worst paths, cells get larger drives, a buffer takes the sinks that are not in a hurry off a
 * critical net, or a buffer stands in for a weak driver. Gains are reckoned from the tables of the cell and of
 * the one before it; the analysis decides: a round that does not help is undone and tried again by halves
 * (after the greedy sizing of Coudert, "Gate sizing for constrained delay/power/area optimization", TVLSI 1997).
 */
import type { Kit } from '../kit/types.ts';
import { NONE } from '../netlist/index.ts';
import { bufferCells, lookUpLut } from '../placement/index.ts';
import type { BufferCell } from '../placement/index.ts';
import type { PathStage, TimingPath } from '../timing/index.ts';
import { NO_SLACK } from '../timing/index.ts';
import { apply, netLoadFf, pinCapFf, slewLimitPs, stateOf } from './state.ts';
import type { Design, Job, Wish } from './state.ts';
import { countViolations } from './limits.ts';

interface Candidate {
  readonly gainPs: number;
  readonly wish: Wish;
  /** What may be touched once per round: instance or net. */
  readonly key: string;
}

/** Paths worked on per round. */
export const SETUP_PATHS = 200;
const MIN_GAIN_PS = 1;
/** Part of a net's wire that goes with the sinks taken off it. */
const WIRE_SHARE = 0.7;
const TYPICAL_SLEW_PS = 30;
/** Rounds in a row that gain less than this part of the total slack end it. */
const SMALL_GAIN = 0.01;
const SMALL_GAINS = 2;

/** Delay of the arcs between two pins into an edge of the output, ps; the slowest of them. */
export function arcDelay(
  kit: Kit,
  master: number,
  from: number,
  to: number,
  edge: 'rise' | 'fall',
  slewPs: number,
  loadFf: number,
): number {
  let worst = -Infinity;
  for (const arc of kit.masters[master].pins[to].arcs) {
    if (arc.relatedPin !== from) continue;
    const lut = edge === 'rise' ? arc.cellRisePs : arc.cellFallPs;
    if (lut) worst = Math.max(worst, lookUpLut(lut, slewPs, loadFf));
  }
  return worst;
}

interface Cell {
  readonly inst: number;
  readonly master: number;
  readonly from: number;
  readonly to: number;
  readonly edge: 'rise' | 'fall';
  readonly slewPs: number;
  readonly loadFf: number;
  readonly delayPs: number;
}

/** The cell stages of a path with what is needed to reckon with them. */
function cellsOf(job: Job, design: Design, path: TimingPath): (Cell & { readonly next: number })[] {
  const { netlist, owner } = design;
  const cells: (Cell & { next: number })[] = [];
  path.stages.forEach((stage: PathStage, k) => {
    if (stage.kind !== 'cell' || stage.pin >= netlist.pinNet.length) return;
    const inst = owner[stage.pin];
    const master = netlist.instMaster[inst];
    const from = job.kit.masters[master].pins.findIndex((p) => p.name === stage.fromPin);
    const to = stage.pin - netlist.instPinStart[inst];
    const slewPs = path.stages[k - 1]?.slewPs ?? TYPICAL_SLEW_PS;
    const delayPs = arcDelay(job.kit, master, from, to, stage.edge, slewPs, stage.loadFf);
    const next = path.stages[k + 1]?.pin ?? NONE;
    cells.push({ inst, master, from, to, edge: stage.edge, slewPs, loadFf: stage.loadFf, delayPs, next });
  });
  return cells;
}

const delayAt = (kit: Kit, c: Cell, master: number, loadFf: number): number =>
  arcDelay(kit, master, c.from, c.to, c.edge, c.slewPs, loadFf);

/** The best larger drive, counting what its larger input costs the cell before it. */
function bestDrive(
  job: Job,
  cell: Cell,
  before: Cell | undefined,
  larger: readonly (readonly number[])[],
): Candidate | null {
  const { kit } = job;
  const own = kit.masters[cell.master].pins[cell.from].capacitanceFf;
  let best: Candidate | null = null;
  for (const to of larger[cell.master]) {
    const saved = cell.delayPs - delayAt(kit, cell, to, cell.loadFf);
    const more = kit.masters[to].pins[cell.from].capacitanceFf - own;
    const cost = before ? delayAt(kit, before, before.master, before.loadFf + more) - before.delayPs : 0;
    const gainPs = saved - cost;
    if (gainPs > (best?.gainPs ?? MIN_GAIN_PS))
      best = { gainPs, wish: { kind: 'resize', inst: cell.inst, to }, key: `i${cell.inst}` };
  }
  return best;
}

/** A buffer before the sinks of the cell's net that have time to spare. */
function unload(
  job: Job,
  design: Design,
  cell: Cell & { readonly next: number },
  cells: readonly BufferCell[],
): Candidate | null {
  const { netlist, report } = design;
  const { kit } = job;
  const net = netlist.pinNet[netlist.instPinStart[cell.inst] + cell.to];
  if (net === NONE || netlist.netIsClock[net]) return null;
  const first = netlist.netPinStart[net] + 1;
  const end = netlist.netPinStart[net + 1];
  if (end - first < 2) return null;
  const critical = report.pinSlackPs[cell.next] ?? 0;
  const buffer = cells[Math.min(1, cells.length - 1)];
  const delay = (loadFf: number): number =>
    arcDelay(kit, buffer.master, buffer.input, buffer.output, cell.edge, cell.slewPs + 20, loadFf);
  const idle: number[] = [];
  let pinsFf = 0;
  for (let q = first; q < end; q++) {
    const pin = netlist.netPins[q];
    if (pin === cell.next || pin >= netlist.pinNet.length) continue;
    const slack = report.pinSlackPs[pin];
    if (slack !== NO_SLACK && slack < Math.max(critical, 0) + 80) continue;
    idle.push(pin);
    pinsFf += pinCapFf(job, design, pin);
  }
  if (idle.length === 0) return null;
  const { wire } = netLoadFf(job, design, net);
  const moved = pinsFf + (WIRE_SHARE * wire * idle.length) / (end - first);
  if (delay(moved) > 80) return null;
  const gainPs = cell.delayPs - delayAt(kit, cell, cell.master, cell.loadFf - moved + buffer.inputCapFf);
  if (gainPs <= MIN_GAIN_PS) return null;
  const at = design.view.at(netlist.netPins[first - 1]);
  return {
    gainPs,
    wish: { kind: 'buffer', why: 'setup', ...buffer, net, sinks: idle, ...at, count: 1 },
    key: `n${net}`,
  };
}

/** A buffer right behind a weak driver, before all its sinks. */
function boost(
  job: Job,
  design: Design,
  cell: Cell & { readonly next: number },
  cells: readonly BufferCell[],
): Candidate | null {
  const { netlist } = design;
  const { kit } = job;
  const net = netlist.pinNet[netlist.instPinStart[cell.inst] + cell.to];
  if (net === NONE || netlist.netIsClock[net]) return null;
  const pins = netlist.netPins.subarray(netlist.netPinStart[net] + 1, netlist.netPinStart[net + 1]);
  if (pins.some((pin) => pin >= netlist.pinNet.length)) return null;
  let best: Candidate | null = null;
  for (const buffer of cells) {
    const first = delayAt(kit, cell, cell.master, buffer.inputCapFf);
    const second = arcDelay(
      kit,
      buffer.master,
      buffer.input,
      buffer.output,
      cell.edge,
      TYPICAL_SLEW_PS,
      cell.loadFf,
    );
    const gainPs = cell.delayPs - first - second;
    if (gainPs <= Math.max(best?.gainPs ?? 0, MIN_GAIN_PS)) continue;
    const at = design.view.at(netlist.netPins[netlist.netPinStart[net]]);
    best = {
      gainPs,
      wish: { kind: 'buffer', why: 'setup', ...buffer, net, sinks: [...pins], ...at, count: 1 },
      key: `n${net}`,
    };
  }
  return best;
}

function candidates(
  job: Job,
  design: Design,
  larger: readonly (readonly number[])[],
  cells: readonly BufferCell[],
  banned: ReadonlySet<string>,
): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const path of design.report.setupPaths) {
    if (path.slackPs >= job.options.setupMarginPs) break;
    const stages = cellsOf(job, design, path);
    stages.forEach((cell, k) => {
      if (design.netlist.netIsClock[design.netlist.pinNet[design.netlist.instPinStart[cell.inst] + cell.to]])
        return;
      const choices = [
        bestDrive(job, cell, stages[k - 1], larger),
        unload(job, design, cell, cells),
        boost(job, design, cell, cells),
      ].filter((c) => c !== null && !banned.has(c.key)) as Candidate[];
      choices.sort((a, b) => b.gainPs - a.gainPs);
      const choice = choices[0];
      if (choice && choice.gainPs > (best.get(choice.key)?.gainPs ?? 0)) best.set(choice.key, choice);
    });
  }
  return [...best.values()].sort((a, b) => b.gainPs - a.gainPs || (a.key < b.key ? -1 : 1));
}

/** A resize and a buffer at the same output would count one gain twice. */
function pickApart(design: Design, list: readonly Candidate[]): Candidate[] {
  const { netlist, owner } = design;
  const taken = new Set<string>();
  return list.filter(({ key, wish }) => {
    const inst =
      wish.kind === 'resize' ? wish.inst : (owner[netlist.netPins[netlist.netPinStart[wish.net]]] ?? NONE);
    if (taken.has(key) || taken.has(`i${inst}`)) return false;
    taken.add(key).add(`i${inst}`);
    return true;
  });
}

function isBetter(next: Design, design: Design): boolean {
  const [now, then] = [next.report.setup, design.report.setup];
  if (now.worstSlackPs > then.worstSlackPs && now.tnsPs >= then.tnsPs * 1.02) return true;
  return now.tnsPs > then.tnsPs && now.worstSlackPs >= then.worstSlackPs - 1;
}

/**
 * Rounds until the margin is met or nothing promises a gain. Limits may be exceeded on the way: repairLimits
 * comes after it.
 */
export function repairSetup(job: Job, first: Design, larger: readonly (readonly number[])[]): Design {
  const { kit, options } = job;
  const cells = bufferCells(kit, kit.roles.buffers, slewLimitPs(job));
  let design = first;
  let share = 1;
  const banned = new Set<string>();
  let small = 0;
  for (let round = 0; round < options.maxRounds; round++) {
    const { setup } = design.report;
    if (setup.worstSlackPs >= options.setupMarginPs || design.report.setupPaths.length === 0) break;
    const all = pickApart(design, candidates(job, design, larger, cells, banned));
    const chosen = all.slice(0, Math.max(1, Math.ceil(all.length * share)));
    if (chosen.length === 0) break;
    const next = apply(
      job,
      design,
      chosen.map((c) => c.wish),
    );
    if (next && isBetter(next, design)) {
      const now = next.report.setup;
      const isSmall = now.tnsPs < setup.tnsPs * (1 - SMALL_GAIN) && now.worstSlackPs < setup.worstSlackPs + 1;
      small = isSmall ? small + 1 : 0;
      design = next;
      const s = stateOf(design, options.maxFanout);
      options.observe?.({ phase: 'setup', round, violations: countViolations(s), ...s });
      share = Math.min(1, share * 2);
      if (small >= SMALL_GAINS) break;
    } else {
      if (chosen.length === 1) banned.add(chosen[0].key);
      share /= 4;
    }
  }
  return design;
}
