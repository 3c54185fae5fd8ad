/**
 * Nets over their limits of slew, load or fan-out: a larger drive of the same cell where that is enough, else
 * buffers before groups of sinks that lie together, as repair before placement does, but judged by timing.
 */
import { bisect, bufferCells, loadLimitFf, medianPoint, wireLength } from '../placement/index.ts';
import type { BufferCell } from '../placement/index.ts';
import { NONE } from '../netlist/index.ts';
import { apply, driverOf, netLoadFf, pinCapFf, slewLimitPs, stateOf, wideNets } from './state.ts';
import type { Design, Job, Wish } from './state.ts';
import type { RepairState } from './types.ts';

/** Nets to be repaired, worst first, each once. */
function troubledNets(job: Job, design: Design): number[] {
  const { netlist, report } = design;
  const nets = new Set<number>();
  for (const v of [...report.capViolations, ...report.slewViolations]) {
    const isPort = v.pin >= netlist.pinNet.length;
    const net = isPort ? netlist.ports[v.pin - netlist.pinNet.length].net : netlist.pinNet[v.pin];
    if (net !== NONE && !netlist.netIsClock[net]) nets.add(net);
  }
  for (const net of wideNets(design, job.options.maxFanout)) nets.add(net);
  return [...nets];
}

/** Buffers before groups of the net's sinks; ports stay where they are. */
function splitNet(job: Job, design: Design, net: number, cells: readonly BufferCell[]): Wish[] {
  const { netlist } = design;
  const { maxFanout, limitFraction } = job.options;
  const pins = Array.from(
    netlist.netPins.subarray(netlist.netPinStart[net] + 1, netlist.netPinStart[net + 1]),
  );
  const sinks = pins
    .filter((pin) => pin < netlist.pinNet.length)
    .map((pin) => ({ ...design.view.at(pin), capFf: pinCapFf(job, design, pin), pin }));
  if (sinks.length === 0) return [];
  const { total, wire } = netLoadFf(job, design, net);
  const wirePerDbu = wire / Math.max(1, wireLength(pins.map((pin) => design.view.at(pin))));
  const strongest = cells[cells.length - 1].limitFf * limitFraction;
  const parts = Math.max(
    sinks.length > 1 ? 2 : 1,
    Math.ceil(sinks.length / maxFanout),
    Math.ceil(total / strongest),
  );
  const driver = design.view.at(netlist.netPins[netlist.netPinStart[net]]);
  return bisect(sinks, Math.min(parts, sinks.length)).map((group): Wish => {
    const load = group.reduce((s, p) => s + p.capFf, 0) + wirePerDbu * wireLength(group);
    const cell = cells.find((c) => c.limitFf * limitFraction >= load) ?? cells[cells.length - 1];
    const middle = medianPoint(group);
    // One far sink: a repeater half way. Many: where they are.
    const share = group.length === 1 ? 0.5 : 0.8;
    return {
      kind: 'buffer',
      why: 'limit',
      master: cell.master,
      input: cell.input,
      output: cell.output,
      net,
      sinks: group.map((p) => p.pin),
      x: driver.x + share * (middle.x - driver.x),
      y: driver.y + share * (middle.y - driver.y),
      count: 1,
    };
  });
}

/** A tie cell has no drive to speak of: a copy of it beside each group of its sinks but one. */
function copyTie(job: Job, design: Design, net: number, inst: number): Wish[] {
  const { netlist } = design;
  const pins = netlist.netPins.subarray(netlist.netPinStart[net], netlist.netPinStart[net + 1]);
  const sinks = Array.from(pins.subarray(1))
    .filter((pin) => pin < netlist.pinNet.length)
    .map((pin) => ({ ...design.view.at(pin), capFf: 0, pin }));
  const parts = Math.ceil((pins.length - 1) / job.options.maxFanout);
  return bisect(sinks, parts)
    .slice(1)
    .map((group): Wish => ({
      kind: 'tie',
      master: netlist.instMaster[inst],
      output: pins[0] - netlist.instPinStart[inst],
      net,
      sinks: group.map((p) => p.pin),
      ...medianPoint(group),
    }));
}

function wishesFor(
  job: Job,
  design: Design,
  net: number,
  larger: readonly (readonly number[])[],
  cells: readonly BufferCell[],
): Wish[] {
  const { netlist } = design;
  const { kit, options } = job;
  const inst = driverOf(design, net);
  const isWide = netlist.netPinStart[net + 1] - netlist.netPinStart[net] - 1 > options.maxFanout;
  if (inst !== NONE && kit.masters[netlist.instMaster[inst]].kind === 'tie')
    return copyTie(job, design, net, inst);
  if (inst !== NONE && !isWide) {
    const pin = netlist.netPins[netlist.netPinStart[net]] - netlist.instPinStart[inst];
    const slew = slewLimitPs(job);
    const { total } = netLoadFf(job, design, net);
    const fit = larger[netlist.instMaster[inst]].find(
      (m) => loadLimitFf(kit.masters[m], pin, slew) * options.limitFraction >= total,
    );
    if (fit !== undefined) return [{ kind: 'resize', inst, to: fit }];
  }
  return splitNet(job, design, net, cells);
}

export const countViolations = (s: RepairState): number =>
  s.slewViolations + s.loadViolations + s.fanoutViolations;

/** Rounds of repair until no limit is exceeded or a round does not help. */
export function repairLimits(job: Job, first: Design, larger: readonly (readonly number[])[]): Design {
  const { kit, options } = job;
  const cells = bufferCells(kit, kit.roles.buffers, slewLimitPs(job));
  let design = first;
  let left = countViolations(stateOf(design, options.maxFanout));
  for (let round = 0; round < options.maxRounds && left > 0; round++) {
    const touched = new Set<number>();
    const wishes: Wish[] = [];
    for (const net of troubledNets(job, design))
      for (const wish of wishesFor(job, design, net, larger, cells)) {
        if (wish.kind === 'resize') {
          if (touched.has(wish.inst)) continue;
          touched.add(wish.inst);
        }
        wishes.push(wish);
      }
    if (wishes.length === 0) break;
    const next = apply(job, design, wishes);
    if (!next) break;
    const now = countViolations(stateOf(next, options.maxFanout));
    if (now >= left) break;
    design = next;
    left = now;
    const s = stateOf(design, options.maxFanout);
    options.observe?.({ phase: 'limits', round, violations: left, ...s });
  }
  return design;
}
