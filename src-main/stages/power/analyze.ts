/**
 * Power from toggle counts: charging of nets (1/2 C V^2 per transition), the library's internal energies,
 * leakage by state. Weights of state-dependent entries come from net probabilities taken as independent
 * within a cell, except that a flop's D differs from its state as often as its output is seen to toggle.
 */
import { assert } from '../../base/diagnostic.ts';
import type { Kit, Lut } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Parasitics } from '../extraction/types.ts';
import { buildCellModel } from './cell-model.ts';
import type { CellModel, EnergyArc } from './cell-model.ts';
import type { PowerGroup, PowerGroupName, PowerInput, PowerReport } from './types.ts';

const MW_PER_NW = 1e-6;
const CLOCK_TOGGLES = 2;

const MODELLED: readonly string[] = [
  'Activity is counted once per clock cycle; glitches within a cycle are not seen.',
  'Signals of one cell are taken as independent in state-dependent energies and leakage.',
  'Nets are 1 half of the time unless probabilities were measured.',
  'Wire capacitance has no coupling pattern.',
];

/** Bilinear with clamping at no end, as for delays; kept here since the stage shares no code with timing. */
function energyAt(lut: Lut, slewPs: number, loadFf: number): number {
  const [rows, columns] = [Math.max(lut.index1.length, 1), Math.max(lut.index2.length, 1)];
  let i = 0;
  let j = 0;
  while (i < rows - 2 && lut.index1[i + 1] < slewPs) i++;
  while (j < columns - 2 && lut.index2[j + 1] < loadFf) j++;
  const fx = rows > 1 ? (slewPs - lut.index1[i]) / (lut.index1[i + 1] - lut.index1[i]) : 0;
  const fy = columns > 1 ? (loadFf - lut.index2[j]) / (lut.index2[j + 1] - lut.index2[j]) : 0;
  const v = i * columns + j;
  const right = columns > 1 ? 1 : 0;
  const low = lut.values[v] + (lut.values[v + right] - lut.values[v]) * fy;
  if (rows === 1) return low;
  const w = v + columns;
  const high = lut.values[w] + (lut.values[w + right] - lut.values[w]) * fy;
  return low + (high - low) * fx;
}

interface Context {
  readonly netlist: Netlist;
  readonly kit: Kit;
  readonly input: PowerInput;
  /** [nets] */
  readonly toggles: Float64Array;
  readonly probability: Float64Array;
  readonly loadFf: Float64Array;
}

/** [minterms] probability of each state of the cell's variables. */
function stateProbabilities(c: Context, model: CellModel, start: number): Float64Array {
  const p = new Float64Array(model.minterms).fill(1);
  model.variables.forEach((pin, v) => {
    if (1 << v >= model.minterms) return;
    const net =
      pin < 0
        ? model.statePin < 0
          ? NONE
          : c.netlist.pinNet[start + model.statePin]
        : c.netlist.pinNet[start + pin];
    let one = net === NONE ? 0.5 : c.probability[net];
    // The state is seen at its output, or, where only QN is used, inverted.
    if (pin < 0 && net !== NONE && model.isStateInverted) one = 1 - one;
    for (let m = 0; m < p.length; m++) p[m] *= (m >> v) & 1 ? one : 1 - one;
  });
  return p;
}

function weightOf(p: Float64Array, when: Uint8Array | null): number {
  if (!when) return 1;
  let sum = 0;
  for (let m = 0; m < p.length; m++) if (when[m]) sum += p[m];
  return sum;
}

/** At a clock edge: the states in which D differs from the state carry the seen toggle rate. */
function atClockEdge(p: Float64Array, changes: Uint8Array, rate: number): Float64Array {
  const differing = weightOf(p, changes);
  if (differing <= 0 || differing >= 1) return p;
  return p.map((v, m) => (changes[m] ? (v * rate) / differing : (v * (1 - rate)) / (1 - differing)));
}

function inputEnergyFj(c: Context, model: CellModel, start: number, p: Float64Array): number {
  let sum = 0;
  for (const arc of model.inputArcs) {
    const pin = start + arc.pin;
    const net = c.netlist.pinNet[pin];
    if (net === NONE) continue;
    let states = p;
    if (model.changes && arc.pin === model.clockPin) {
      const out = stateNet(c, model, start);
      states = atClockEdge(p, model.changes, out === NONE ? 0 : Math.min(c.toggles[out], 1));
    }
    const rise = arc.riseFj ? energyAt(arc.riseFj, c.input.pinSlewPs[2 * pin], 0) : 0;
    const fall = arc.fallFj ? energyAt(arc.fallFj, c.input.pinSlewPs[2 * pin + 1], 0) : 0;
    sum += ((rise + fall) / 2) * weightOf(states, arc.when) * c.toggles[net];
  }
  return sum;
}

/** The net by which a flop's state is seen: of the outputs in use, the first. */
function stateNet(c: Context, model: CellModel, start: number): number {
  for (const arc of model.outputArcs) {
    const net = c.netlist.pinNet[start + arc.pin];
    if (net !== NONE) return net;
  }
  return NONE;
}

/** How likely a transition of the output came by this arc, unnormalised. */
function arcShare(c: Context, model: CellModel, start: number, arc: EnergyArc, p: Float64Array): number {
  if (arc.relatedPin === null) return weightOf(p, arc.when);
  const net = c.netlist.pinNet[start + arc.relatedPin];
  if (net === NONE) return 0;
  const sensitive = model.sensitive.get(arc.pin)?.get(arc.relatedPin);
  let share = 0;
  for (let m = 0; m < p.length; m++)
    if ((!sensitive || sensitive[m]) && (!arc.when || arc.when[m])) share += p[m];
  return share * c.toggles[net];
}

function outputEnergyFj(c: Context, model: CellModel, start: number, p: Float64Array): number {
  let sum = 0;
  const total = new Map<number, number>();
  const shares = model.outputArcs.map((arc) => arcShare(c, model, start, arc, p));
  model.outputArcs.forEach((arc, i) => total.set(arc.pin, (total.get(arc.pin) ?? 0) + shares[i]));
  model.outputArcs.forEach((arc, i) => {
    const net = c.netlist.pinNet[start + arc.pin];
    const whole = total.get(arc.pin)!;
    // An output in use says how often the cell switches; one that is open switches with its twin (Q and QN).
    const seen = net !== NONE ? net : model.changes ? stateNet(c, model, start) : NONE;
    if (seen === NONE || whole <= 0) return;
    const load = net === NONE ? 0 : c.loadFf[net];
    const related = arc.relatedPin === null ? -1 : 2 * (start + arc.relatedPin);
    const slew = (edge: number): number => {
      if (related < 0) return 0;
      const { pinSlewPs } = c.input;
      if (model.changes) return pinSlewPs[related];
      if (arc.sense === 'non_unate') return (pinSlewPs[related] + pinSlewPs[related + 1]) / 2;
      return pinSlewPs[related + (arc.sense === 'positive_unate' ? edge : 1 - edge)];
    };
    const rise = arc.riseFj ? energyAt(arc.riseFj, slew(0), load) : 0;
    const fall = arc.fallFj ? energyAt(arc.fallFj, slew(1), load) : 0;
    sum += ((rise + fall) / 2) * (shares[i] / whole) * c.toggles[seen];
  });
  return sum;
}

function leakageNw(model: CellModel, p: Float64Array): number {
  let sum = 0;
  let covered = 0;
  for (const state of model.leakage) {
    const weight = weightOf(p, state.when);
    sum += weight * state.leakageNw;
    covered += weight;
  }
  return sum + Math.max(1 - covered, 0) * model.defaultLeakageNw;
}

function netLoads(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  outputLoadFf: number,
): Float64Array {
  const load = new Float64Array(netlist.netNames.length);
  for (let i = 0; i < netlist.instMaster.length; i++)
    kit.masters[netlist.instMaster[i]].pins.forEach((pin, k) => {
      const net = netlist.pinNet[netlist.instPinStart[i] + k];
      if (net !== NONE) load[net] += (pin.riseCapacitanceFf + pin.fallCapacitanceFf) / 2;
    });
  for (const port of netlist.ports)
    if (port.direction === 'output' && port.net !== NONE) load[port.net] += outputLoadFf;
  if (parasitics)
    for (let n = 0; n < load.length; n++)
      for (let k = parasitics.nodeStart[n]; k < parasitics.nodeStart[n + 1]; k++)
        load[n] += parasitics.nodeCapFf[k];
  return load;
}

function groupOf(c: Context, i: number): PowerGroupName {
  const start = c.netlist.instPinStart[i];
  const master = c.kit.masters[c.netlist.instMaster[i]];
  for (let k = 0; k < master.pins.length; k++) {
    const net = c.netlist.pinNet[start + k];
    if (master.pins[k].direction === 'output' && net !== NONE && c.netlist.netIsClock[net]) return 'clock';
  }
  return master.sequential ? 'sequential' : 'combinational';
}

/** Cost O(pins + sum of states over cells). */
export function analyzePower(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  input: PowerInput,
): PowerReport {
  const nets = netlist.netNames.length;
  assert(input.togglesPerCycle.length === nets, 'one toggle rate per net');
  assert(input.pinSlewPs.length === 2 * (netlist.pinNet.length + netlist.ports.length), 'two slews per pin');
  const probability = input.probabilityOne ? input.probabilityOne.slice() : new Float64Array(nets).fill(0.5);
  const toggles = Float64Array.from(input.togglesPerCycle, (t, n) =>
    netlist.netIsClock[n] ? CLOCK_TOGGLES : t,
  );
  const c: Context = {
    netlist,
    kit,
    input,
    toggles,
    probability,
    loadFf: netLoads(netlist, kit, parasitics, input.outputLoadFf),
  };
  const models = new Map<number, CellModel>();
  const count = netlist.instMaster.length;
  const modelOf = (m: number): CellModel => {
    let model = models.get(m);
    if (!model) models.set(m, (model = buildCellModel(kit.masters[m])));
    return model;
  };
  // Tie cells hold their nets.
  for (let i = 0; i < count; i++)
    kit.masters[netlist.instMaster[i]].pins.forEach((pin, k) => {
      const net = netlist.pinNet[netlist.instPinStart[i] + k];
      if (net !== NONE && pin.direction === 'output' && (pin.function === '0' || pin.function === '1'))
        probability[net] = Number(pin.function);
    });
  const instSwitchingMw = new Float64Array(count);
  const instInternalMw = new Float64Array(count);
  const instLeakageMw = new Float64Array(count);
  const netMw = (n: number): number =>
    (0.5 * c.loadFf[n] * kit.voltageV ** 2 * toggles[n]) / input.clockPeriodPs;
  const sums = new Map<PowerGroupName, { cells: number; s: number; i: number; l: number }>(
    (['clock', 'sequential', 'combinational'] as const).map((name) => [name, { cells: 0, s: 0, i: 0, l: 0 }]),
  );
  for (let i = 0; i < count; i++) {
    const model = modelOf(netlist.instMaster[i]);
    const start = netlist.instPinStart[i];
    const p = stateProbabilities(c, model, start);
    const { pins } = kit.masters[netlist.instMaster[i]];
    for (let k = 0; k < pins.length; k++) {
      const net = netlist.pinNet[start + k];
      if (net !== NONE && pins[k].direction === 'output') instSwitchingMw[i] += netMw(net);
    }
    instInternalMw[i] =
      (inputEnergyFj(c, model, start, p) + outputEnergyFj(c, model, start, p)) / input.clockPeriodPs;
    instLeakageMw[i] = leakageNw(model, p) * MW_PER_NW;
    const sum = sums.get(groupOf(c, i))!;
    sum.cells++;
    sum.s += instSwitchingMw[i];
    sum.i += instInternalMw[i];
    sum.l += instLeakageMw[i];
  }
  let inputPortsMw = 0;
  for (const port of netlist.ports)
    if (port.direction === 'input' && port.net !== NONE) inputPortsMw += netMw(port.net);
  const groups: PowerGroup[] = [...sums].map(([name, g]) => ({
    name,
    cells: g.cells,
    switchingMw: g.s,
    internalMw: g.i,
    leakageMw: g.l,
    totalMw: g.s + g.i + g.l,
  }));
  const add = (pick: (g: PowerGroup) => number): number => groups.reduce((sum, g) => sum + pick(g), 0);
  const totalMw = add((g) => g.totalMw);
  return {
    voltageV: kit.voltageV,
    clockPeriodPs: input.clockPeriodPs,
    parasitics: parasitics?.source ?? 'none',
    totalMw,
    switchingMw: add((g) => g.switchingMw),
    internalMw: add((g) => g.internalMw),
    leakageMw: add((g) => g.leakageMw),
    inputPortsMw,
    groups,
    instSwitchingMw,
    instInternalMw,
    instLeakageMw,
    energyPerCycleFj: totalMw * input.clockPeriodPs,
    modelled: MODELLED,
  };
}
