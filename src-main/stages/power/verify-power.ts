/**
 * Judge of a power report, from the definitions and one cell at a time: states are enumerated as sets of pin
 * values, conditions evaluated in each, tables read by the weights of their four corners. Shares no code
 * with the analysis; slow.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { evaluateFunction, parseFunction } from '../kit/function.ts';
import type { Expression } from '../kit/function.ts';
import type { Kit, Lut, Master } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Parasitics } from '../extraction/types.ts';
import type { PowerInput, PowerReport } from './types.ts';

const RELATIVE = 1e-9;

type State = ReadonlyMap<string, boolean>;

const parsed = new Map<string, Expression>();
function holds(text: string, state: State): boolean {
  let e = parsed.get(text);
  if (!e) parsed.set(text, (e = parseFunction(text)));
  return (evaluateFunction(e, (name) => (state.get(name) ? -1 : 0)) & 1) === 1;
}

/** Every value of the inputs (and of the state), outputs filled in. */
function statesOf(master: Master): State[] {
  const names = master.pins
    .filter((p) => p.direction === 'input' && p.use !== 'power' && p.use !== 'ground')
    .map((p) => p.name);
  const seq = master.sequential;
  if (seq) names.push(seq.state);
  let states: Map<string, boolean>[] = [new Map()];
  for (const name of names)
    states = states.flatMap((s) => [new Map([...s, [name, false]]), new Map([...s, [name, true]])]);
  for (const s of states) {
    if (seq) s.set(seq.stateInverse, !s.get(seq.state));
    for (const pin of master.pins)
      if (pin.direction === 'output' && pin.function) s.set(pin.name, holds(pin.function, s));
  }
  return states;
}

function corners(lut: Lut | null, x: number, y: number): number {
  if (!lut) return 0;
  const part = (axis: Float64Array, v: number): [number, number] => {
    if (axis.length < 2) return [0, 0];
    let i = 0;
    for (let k = 1; k < axis.length - 1; k++) if (axis[k] < v) i = k;
    return [i, (v - axis[i]) / (axis[i + 1] - axis[i])];
  };
  const [i, u] = part(lut.index1, x);
  const [j, w] = part(lut.index2, y);
  const columns = Math.max(lut.index2.length, 1);
  let sum = 0;
  for (let r = 0; r < 2; r++)
    for (let s = 0; s < 2; s++) {
      const weight = (r ? u : 1 - u) * (s ? w : 1 - w);
      if (weight !== 0) sum += weight * lut.values[(i + r) * columns + j + s];
    }
  return sum;
}

/** POWER-001: a cell's figure differs; -002: the totals do not follow from the cells. */
export function verifyPower(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  input: PowerInput,
  report: PowerReport,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const clockOr = (net: number): number => (netlist.netIsClock[net] ? 2 : input.togglesPerCycle[net]);
  const statesByMaster = new Map<number, State[]>();
  const groupMw = new Map<string, number>();
  const sum = { s: 0, i: 0, l: 0 };
  const pinsOfNet = (net: number): Int32Array =>
    netlist.netPins.subarray(netlist.netPinStart[net], netlist.netPinStart[net + 1]);
  const inst = new Int32Array(netlist.pinNet.length);
  for (let i = 0; i < netlist.instMaster.length; i++)
    inst.fill(i, netlist.instPinStart[i], netlist.instPinStart[i + 1]);
  const loadOf = (net: number): number => {
    let load = 0;
    for (const pin of pinsOfNet(net)) {
      if (pin >= inst.length) {
        if (netlist.ports[pin - inst.length].direction === 'output') load += input.outputLoadFf;
        continue;
      }
      const p = kit.masters[netlist.instMaster[inst[pin]]].pins[pin - netlist.instPinStart[inst[pin]]];
      load += 0.5 * p.riseCapacitanceFf + 0.5 * p.fallCapacitanceFf;
    }
    for (let k = parasitics?.nodeStart[net] ?? 0; parasitics && k < parasitics.nodeStart[net + 1]; k++)
      load += parasitics.nodeCapFf[k];
    return load;
  };
  const probabilityOf = (net: number): number => {
    const driver = pinsOfNet(net)[0];
    if (driver !== undefined && driver < inst.length) {
      const f =
        kit.masters[netlist.instMaster[inst[driver]]].pins[driver - netlist.instPinStart[inst[driver]]]
          .function;
      if (f === '0' || f === '1') return Number(f);
    }
    return input.probabilityOne?.[net] ?? 0.5;
  };
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const m = netlist.instMaster[i];
    const master = kit.masters[m];
    const start = netlist.instPinStart[i];
    const netOf = (name: string): number => {
      const k = master.pins.findIndex((p) => p.name === name);
      return k < 0 ? NONE : netlist.pinNet[start + k];
    };
    let states = statesByMaster.get(m);
    if (!states) statesByMaster.set(m, (states = statesOf(master)));
    const seq = master.sequential;
    const shown =
      seq?.kind === 'flop'
        ? master.pins.find((p) => p.function === seq.state || p.function === seq.stateInverse)
        : undefined;
    const likelihood = states.map((state) => {
      let p = 1;
      for (const pin of master.pins) {
        if (pin.direction !== 'input' || pin.use === 'power' || pin.use === 'ground') continue;
        const net = netOf(pin.name);
        const one = net === NONE ? 0.5 : probabilityOf(net);
        p *= state.get(pin.name) ? one : 1 - one;
      }
      if (seq) {
        const net = shown ? netOf(shown.name) : NONE;
        let one = net === NONE ? 0.5 : probabilityOf(net);
        if (net !== NONE && shown!.function === seq.stateInverse) one = 1 - one;
        p *= state.get(seq.state) ? one : 1 - one;
      }
      return p;
    });
    const chance = (test: (s: State) => boolean): number =>
      states.reduce((total, s, k) => total + (test(s) ? likelihood[k] : 0), 0);
    const outputs = master.pins.filter((p) => p.direction !== 'input' && p.power.length > 0);
    const seen = outputs.map((p) => netOf(p.name)).find((n) => n !== NONE) ?? NONE;
    let switchingFj = 0;
    let internalFj = 0;
    for (const [k, pin] of master.pins.entries()) {
      const net = netlist.pinNet[start + k];
      if (pin.direction === 'output' && net !== NONE)
        switchingFj += 0.5 * loadOf(net) * kit.voltageV ** 2 * clockOr(net);
      if (pin.direction === 'input') {
        if (net === NONE) continue;
        for (const arc of pin.power) {
          let weight = chance((s) => arc.when === null || holds(arc.when, s));
          if (seq?.kind === 'flop' && pin.name === seq.clockedOn) {
            const differs = (s: State): boolean => holds(seq.nextState, s) !== s.get(seq.state);
            const usual = chance(differs);
            const rate = seen === NONE ? 0 : Math.min(clockOr(seen), 1);
            if (usual > 0 && usual < 1) {
              const moving = chance((s) => (arc.when === null || holds(arc.when, s)) && differs(s)) / usual;
              const still =
                chance((s) => (arc.when === null || holds(arc.when, s)) && !differs(s)) / (1 - usual);
              weight = rate * moving + (1 - rate) * still;
            }
          }
          const slews = input.pinSlewPs.subarray(2 * (start + k), 2 * (start + k) + 2);
          internalFj +=
            0.5 *
            clockOr(net) *
            weight *
            (corners(arc.riseEnergyFj, slews[0], 0) + corners(arc.fallEnergyFj, slews[1], 0));
        }
        continue;
      }
      const rateNet = net !== NONE ? net : seq?.kind === 'flop' ? seen : NONE;
      if (rateNet === NONE) continue;
      const shares = pin.power.map((arc) => {
        const related = arc.relatedPin === null ? null : master.pins[arc.relatedPin];
        const relatedNet = related ? netOf(related.name) : NONE;
        if (related && relatedNet === NONE) return 0;
        const p = chance((s) => {
          if (arc.when !== null && !holds(arc.when, s)) return false;
          if (!related || seq || !pin.function) return true;
          return (
            holds(pin.function, s) !==
            holds(pin.function, new Map([...s, [related.name, !s.get(related.name)]]))
          );
        });
        return related ? p * clockOr(relatedNet) : p;
      });
      const all = shares.reduce((a, b) => a + b, 0);
      if (all <= 0) continue;
      const load = net === NONE ? 0 : loadOf(net);
      pin.power.forEach((arc, a) => {
        const rf = [0, 1].map((edge) => {
          if (arc.relatedPin === null) return 0;
          const slews = input.pinSlewPs.subarray(
            2 * (start + arc.relatedPin),
            2 * (start + arc.relatedPin) + 2,
          );
          if (seq?.kind === 'flop') return slews[0];
          const sense = pin.arcs.find((t) => t.relatedPin === arc.relatedPin)?.sense ?? 'non_unate';
          if (sense === 'non_unate') return 0.5 * slews[0] + 0.5 * slews[1];
          return slews[sense === 'positive_unate' ? edge : 1 - edge];
        });
        const energy = corners(arc.riseEnergyFj, rf[0], load) + corners(arc.fallEnergyFj, rf[1], load);
        internalFj += 0.5 * energy * clockOr(rateNet) * (shares[a] / all);
      });
    }
    let leakageNw = 0;
    let rest = 1;
    for (const s of master.leakageStates) {
      const p = chance((state) => holds(s.when, state));
      leakageNw += p * s.leakageNw;
      rest -= p;
    }
    leakageNw += Math.max(rest, 0) * master.leakageNw;
    const figures: [string, number, number][] = [
      ['switching', report.instSwitchingMw[i], switchingFj / input.clockPeriodPs],
      ['internal', report.instInternalMw[i], internalFj / input.clockPeriodPs],
      ['leakage', report.instLeakageMw[i], leakageNw * 1e-6],
    ];
    for (const [what, given, wanted] of figures)
      if (!(Math.abs(given - wanted) <= RELATIVE * Math.abs(wanted) + 1e-15))
        found.push({
          code: 'POWER-001',
          severity: 'error',
          message: `${what} power ${given} mW should be ${wanted} mW`,
          place: netlist.instNames[i],
        });
    sum.s += figures[0][2];
    sum.i += figures[1][2];
    sum.l += figures[2][2];
    const isClock = master.pins.some(
      (p, k) =>
        p.direction === 'output' &&
        netlist.pinNet[start + k] !== NONE &&
        netlist.netIsClock[netlist.pinNet[start + k]],
    );
    const group = isClock ? 'clock' : seq ? 'sequential' : 'combinational';
    groupMw.set(group, (groupMw.get(group) ?? 0) + figures.reduce((t, f) => t + f[2], 0));
  }
  const same = (what: string, given: number, wanted: number): void => {
    if (Math.abs(given - wanted) > 1e-7 * Math.abs(wanted) + 1e-15)
      found.push({
        code: 'POWER-002',
        severity: 'error',
        message: `${what} ${given} mW should be ${wanted} mW`,
        place: netlist.top,
      });
  };
  same('switching', report.switchingMw, sum.s);
  same('internal', report.internalMw, sum.i);
  same('leakage', report.leakageMw, sum.l);
  same('total', report.totalMw, sum.s + sum.i + sum.l);
  for (const g of report.groups) same(g.name, g.totalMw, groupMw.get(g.name) ?? 0);
  return found;
}
