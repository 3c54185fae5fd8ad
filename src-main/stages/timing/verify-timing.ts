/**
 * Judge of a timing report, from the definition: every arrival must be the latest of what its arcs bring
 * (no arc brings more, some arc brings that much), every path must add up, every setup slack must follow from
 * its endpoint's arrival and slew. Own table look-up straight on the kit's tables; no code of the analysis.
 *
 * Where wires have resistance the exact delay is a model's, so bounds are checked instead: a cell is at
 * least as slow as into the capacitance of the driver's own node and at most as slow as into all of it, and
 * a wire's 50 % delay is between 0 and about its Elmore delay (Gupta, Tutuianu, Pileggi, "The Elmore delay as
 * a bound for RC trees with generalized input signals", TCAD 1997: a bound for edges whose derivative is
 * symmetric; ours have a tail, whose mean lies behind its median). What is later than ELMORE_MARGIN allows is held
 * against the circuit stepped through time (`verify-wire.ts`).
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit, Lut, TimingArc } from '../kit/types.ts';
import { NONE } from '../netlist/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Parasitics } from '../extraction/types.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';
import { canMove, constantNets } from './verify-constants.ts';
import { pathTrouble } from './verify-paths.ts';
import { steppedWireDelaysPs } from './verify-wire.ts';
import type { Constraints, TimingReport } from './types.ts';

/** ps by which sums in double precision may differ. */
const TOLERANCE_PS = 1e-6;
const ELMORE_MARGIN = 1.15;
/** Of the stepped delay: its own error, and that of the ramp, which the analysis ends at 1 %. */
const STEPPED_PART = 0.01;
/** Parts of the whole load between which the table's slope is the driver's resistance, as the analysis has it. */
const DRIVE_FROM = 0.75;
const DRIVE_TO = 0.825;

/** Bilinear by weights of the four corners; cells found by search from the far end. */
function tableValue(lut: Lut, a: number, b: number): number {
  const cellOf = (axis: Float64Array, v: number): number => {
    let i = Math.max(axis.length - 2, 0);
    while (i > 0 && v <= axis[i]) i--;
    return i;
  };
  const columns = Math.max(lut.index2.length, 1);
  const i = cellOf(lut.index1, a);
  const j = cellOf(lut.index2, b);
  const u = lut.index1.length > 1 ? (a - lut.index1[i]) / (lut.index1[i + 1] - lut.index1[i]) : 0;
  const w = lut.index2.length > 1 ? (b - lut.index2[j]) / (lut.index2[j + 1] - lut.index2[j]) : 0;
  const at = (r: number, c: number): number => lut.values[(i + r) * columns + j + c];
  let sum = (1 - u) * (1 - w) * at(0, 0);
  if (u !== 0) sum += u * (1 - w) * at(1, 0);
  if (w !== 0) sum += (1 - u) * w * at(0, 1);
  if (u !== 0 && w !== 0) sum += u * w * at(1, 1);
  return sum;
}

interface NetFacts {
  /** Capacitance at the driver's own node and in all, per edge. */
  readonly near: readonly [number, number];
  readonly total: readonly [number, number];
  readonly hasResistance: boolean;
  /** Elmore delay by pin id, per edge. */
  readonly elmore: ReadonlyMap<number, readonly [number, number]>;
}

/** Which input edges (0 rise, 1 fall) lead to an output edge by the arc. */
function inputEdges(arc: TimingArc, edge: number): readonly number[] {
  if (arc.type === 'rising_edge') return [0];
  if (arc.type === 'falling_edge') return [1];
  if (arc.sense === 'positive_unate') return [edge];
  if (arc.sense === 'negative_unate') return [1 - edge];
  return [0, 1];
}

class Judge {
  readonly found: Diagnostic[] = [];
  private readonly pins: number;
  private readonly inst: Int32Array;
  private readonly netlist: Netlist;
  private readonly kit: Kit;
  private readonly parasitics: Parasitics | null;
  private readonly constraints: Constraints;
  private readonly report: TimingReport;

  constructor(
    netlist: Netlist,
    kit: Kit,
    parasitics: Parasitics | null,
    constraints: Constraints,
    report: TimingReport,
  ) {
    this.netlist = netlist;
    this.kit = kit;
    this.parasitics = parasitics;
    this.constraints = constraints;
    this.report = report;
    this.pins = netlist.pinNet.length;
    this.inst = new Int32Array(this.pins);
    for (let i = 0; i < netlist.instMaster.length; i++)
      for (let p = netlist.instPinStart[i]; p < netlist.instPinStart[i + 1]; p++) this.inst[p] = i;
  }

  private bad(code: string, message: string, pin: number): void {
    this.found.push({ code, severity: 'error', message, place: this.name(pin) });
  }

  private name(pin: number): string {
    if (pin >= this.pins) return this.netlist.ports[pin - this.pins].name;
    return `${this.netlist.instNames[this.inst[pin]]}/${this.masterPin(pin).name}`;
  }

  private masterPin(pin: number): Kit['masters'][number]['pins'][number] {
    const i = this.inst[pin];
    return this.kit.masters[this.netlist.instMaster[i]].pins[pin - this.netlist.instPinStart[i]];
  }

  /** Pin capacitance on a net: cells' inputs and, at outputs, the constraint's load. */
  private pinCap(pin: number, edge: number): number {
    if (pin < this.pins)
      return edge === 0 ? this.masterPin(pin).riseCapacitanceFf : this.masterPin(pin).fallCapacitanceFf;
    const port = this.netlist.ports[pin - this.pins];
    if (port.direction === 'input') return 0;
    let load = 0;
    for (const v of this.constraints.outputLoadsFf)
      if (!v.ports || v.ports.includes(port.name)) load = v.value;
    return load;
  }

  /** Of each node of a net's tree, pins included. */
  private nodeCaps(p: Parasitics, net: number, edge: number): number[] {
    const first = p.nodeStart[net];
    return Array.from({ length: p.nodeStart[net + 1] - first }, (_, k) => {
      const pin = p.nodePin[first + k];
      return p.nodeCapFf[first + k] + (pin === NONE ? 0 : this.pinCap(pin, edge));
    });
  }

  /** Arcs that make this edge of an output, each with its table of delays. */
  private arcsInto(driver: number, edge: number): { readonly arc: TimingArc; readonly lut: Lut }[] {
    return this.masterPin(driver).arcs.flatMap((arc) => {
      const lut = edge === 0 ? arc.cellRisePs : arc.cellFallPs;
      return lut && ['combinational', 'rising_edge', 'falling_edge'].includes(arc.type) ? [{ arc, lut }] : [];
    });
  }

  private netFacts(net: number): NetFacts {
    const elmore = new Map<number, readonly [number, number]>();
    const near: [number, number] = [0, 0];
    const total: [number, number] = [0, 0];
    let hasResistance = false;
    const p = this.parasitics;
    const first = p ? p.nodeStart[net] : 0;
    const count = p && this.report.wireDelay === 'ceff' ? p.nodeStart[net + 1] - first : 0;
    for (let edge = 0; edge < 2; edge++) {
      const own = p && count > 0 ? this.nodeCaps(p, net, edge) : [];
      for (const c of own) total[edge] += c;
      near[edge] = own[0] ?? 0;
      // The slow definition: each node's capacitance passes every resistance it shares with the sink's path.
      const below = [...own];
      for (let k = count - 1; p && k > 0; k--) below[p.nodeParent[first + k]] += below[k];
      for (let k = 0; p && k < count; k++) {
        if (p.nodePin[first + k] === NONE) continue;
        let delay = 0;
        for (let v = k; v > 0; v = p.nodeParent[first + v]) delay += p.nodeResKohm[first + v] * below[v];
        if (delay > 0) hasResistance = true;
        const pair = elmore.get(p.nodePin[first + k]) ?? [0, 0];
        elmore.set(p.nodePin[first + k], edge === 0 ? [delay, pair[1]] : [pair[0], delay]);
      }
      if (count > 0) continue;
      for (const pin of this.netlist.netPins.subarray(
        this.netlist.netPinStart[net],
        this.netlist.netPinStart[net + 1],
      ))
        total[edge] += this.pinCap(pin, edge);
      if (p) for (let k = first; k < p.nodeStart[net + 1]; k++) total[edge] += p.nodeCapFf[k];
      near[edge] = total[edge];
    }
    return { near, total, hasResistance, elmore };
  }

  /** Several clocks or exceptions: arrivals are then only bounded from above, slacks judged by their paths. */
  private isGeneral(): boolean {
    const { moreClocks, exceptions, waveform, clockGroups } = this.constraints;
    return (
      Boolean(moreClocks ?? exceptions ?? waveform ?? clockGroups) ||
      this.report.setupPaths[0]?.launch !== undefined
    );
  }

  /** Pins and ports where clocks start. */
  private clockSources(): Set<number> {
    const names = [
      this.constraints.clockPort,
      ...(this.constraints.moreClocks ?? []).flatMap((k) => k.sources),
    ];
    const found = new Set<number>();
    this.netlist.ports.forEach((port, p) => {
      if (names.includes(port.name)) found.add(this.pins + p);
    });
    if (names.some((name) => name.includes('/')))
      for (let pin = 0; pin < this.pins; pin++) if (names.includes(this.name(pin))) found.add(pin);
    return found;
  }

  /** Delays to a sink of this Elmore delay by each arc into the driver, given the slew reported at the driver. */
  private steppedDelaysPs(net: number, driver: number, edge: number, elmorePs: number): number[] {
    if (driver >= this.pins) return [];
    const { pinSlewPs: slew } = this.report;
    const [y1, y2, y3] = this.admittance(net, edge);
    const start = this.netlist.instPinStart[this.inst[driver]];
    const delaysPs: number[] = [];
    for (const { arc, lut } of this.arcsInto(driver, edge))
      for (const inEdge of inputEdges(arc, edge)) {
        const at = (part: number): number =>
          tableValue(lut, slew[2 * (start + arc.relatedPin) + inEdge], part * y1);
        delaysPs.push(
          ...steppedWireDelaysPs(
            {
              driveKohm: Math.abs(at(DRIVE_TO) - at(DRIVE_FROM)) / ((DRIVE_TO - DRIVE_FROM) * y1),
              nearFf: y1 - (y2 * y2) / y3,
              wireKohm: (y3 * y3) / y2 ** 3,
              farFf: (y2 * y2) / y3,
              slewPs: slew[2 * driver + edge],
              slewLower: this.kit.slewLower,
              slewUpper: this.kit.slewUpper,
            },
            elmorePs,
          ),
        );
      }
    return delaysPs;
  }

  /**
   * Moments of a net's admittance without their signs, from those of its nodes: the sums of C, C T1 and C T2, where
   * T1 is a node's Elmore delay and T2 the same with every capacitance weighted by its own (O'Brien, Savarino, 1989).
   */
  private admittance(net: number, edge: number): readonly [number, number, number] {
    const p = this.parasitics!;
    const first = p.nodeStart[net];
    const count = p.nodeStart[net + 1] - first;
    const cap = this.nodeCaps(p, net, edge);
    const delays = (weight: readonly number[]): number[] => {
      const below = [...weight];
      for (let k = count - 1; k > 0; k--) below[p.nodeParent[first + k]] += below[k];
      const at = new Array<number>(count).fill(0);
      for (let k = 1; k < count; k++)
        at[k] = at[p.nodeParent[first + k]] + p.nodeResKohm[first + k] * below[k];
      return at;
    };
    const t1 = delays(cap);
    const t2 = delays(cap.map((c, k) => c * t1[k]));
    const sum = (t: (k: number) => number): number => cap.reduce((s, c, k) => s + c * t(k), 0);
    return [sum(() => 1), sum((k) => t1[k]), sum((k) => t2[k])];
  }

  /** Pins the clock reaches through nets and combinational cells. */
  private clockPins(): Set<number> {
    const seen = this.clockSources();
    for (const driver of seen) {
      const net =
        driver >= this.pins ? this.netlist.ports[driver - this.pins].net : this.netlist.pinNet[driver];
      if (net === NONE || this.netlist.netPins[this.netlist.netPinStart[net]] !== driver) continue;
      for (let q = this.netlist.netPinStart[net] + 1; q < this.netlist.netPinStart[net + 1]; q++) {
        const sink = this.netlist.netPins[q];
        seen.add(sink);
        if (sink >= this.pins) continue;
        const i = this.inst[sink];
        const start = this.netlist.instPinStart[i];
        this.kit.masters[this.netlist.instMaster[i]].pins.forEach((out, k) => {
          if (out.arcs.some((a) => a.type === 'combinational' && start + a.relatedPin === sink))
            seen.add(start + k);
        });
      }
    }
    return seen;
  }

  checkArrivals(): void {
    const clock = this.clockPins();
    const { pinArrivalPs: at } = this.report;
    const constant = constantNets(this.netlist, this.kit);
    const isPropagated =
      this.constraints.isClockPropagated &&
      (this.constraints.moreClocks ?? []).every((k) => k.isPropagated || k.sources.length === 0);
    const sources = this.isGeneral() ? this.clockSources() : null;
    for (let net = 0; net < this.netlist.netNames.length; net++) {
      const first = this.netlist.netPinStart[net];
      if (first === this.netlist.netPinStart[net + 1]) continue;
      const driver = this.netlist.netPins[first];
      const facts = this.netFacts(net);
      const isIdeal = clock.has(driver) && !isPropagated;
      // What arrives where a clock starts does not all go on.
      const isChecked = !isIdeal && !sources?.has(driver);
      for (let q = first + 1; q < this.netlist.netPinStart[net + 1] && isChecked; q++)
        for (let edge = 0; edge < 2; edge++) {
          const sink = this.netlist.netPins[q];
          if (at[2 * driver + edge] === NO_ARRIVAL || at[2 * sink + edge] === NO_ARRIVAL) continue;
          const wire = at[2 * sink + edge] - at[2 * driver + edge];
          // Under exceptions the latest may end at the sink, and a clock may start there.
          if (sources && (wire < 0 || sources.has(sink))) continue;
          const elmore = facts.elmore.get(sink)?.[edge] ?? 0;
          if (wire >= -TOLERANCE_PS && wire <= elmore * ELMORE_MARGIN + TOLERANCE_PS) continue;
          const stepped = wire < 0 ? [] : this.steppedDelaysPs(net, driver, edge, elmore);
          if (!stepped.some((delay) => Math.abs(wire / delay - 1) <= STEPPED_PART))
            this.bad(
              'TIMING-041',
              `wire delay ${wire} ps is not within 0 and about ${elmore} ps, nor ${stepped.join(' or ')} ps`,
              sink,
            );
        }
      if (driver >= this.pins || isIdeal || sources?.has(driver)) continue;
      if (constant[net] < 0) this.checkDriver(driver, facts, clock, constant);
      else if (at[2 * driver] !== NO_ARRIVAL || at[2 * driver + 1] !== NO_ARRIVAL)
        this.bad('TIMING-042', 'an arrival where the net never changes', driver);
    }
  }

  private checkDriver(
    driver: number,
    facts: NetFacts,
    clock: ReadonlySet<number>,
    constant: Int8Array,
  ): void {
    const { pinArrivalPs: at, pinSlewPs: slew } = this.report;
    const start = this.netlist.instPinStart[this.inst[driver]];
    const isGeneral = this.isGeneral();
    for (let edge = 0; edge < 2; edge++) {
      let lower = -Infinity;
      let upper = -Infinity;
      for (const { arc, lut } of this.arcsInto(driver, edge)) {
        const from = start + arc.relatedPin;
        if (arc.type !== 'combinational' && !clock.has(from)) continue;
        if (!canMove(this.netlist, this.kit, constant, this.inst[driver], arc.relatedPin, driver - start))
          continue;
        for (const inEdge of inputEdges(arc, edge)) {
          const k = 2 * from + inEdge;
          if (at[k] === NO_ARRIVAL || at[k] === undefined) continue;
          const a = at[k] + tableValue(lut, slew[k], facts.near[edge]);
          const b = at[k] + tableValue(lut, slew[k], facts.total[edge]);
          // An arc that a constant switches off must not count as a lower bound.
          const isInto = clock.has(driver) && !clock.has(from);
          if (!isGeneral && !isInto && (!arc.when || this.hasAllArrivals(driver)))
            lower = Math.max(lower, Math.min(a, b));
          upper = Math.max(upper, a, b);
        }
      }
      const here = at[2 * driver + edge];
      if (
        upper === -Infinity || (isGeneral && here === NO_ARRIVAL)
          ? here !== NO_ARRIVAL
          : here < lower - TOLERANCE_PS || here > upper + TOLERANCE_PS
      )
        this.bad('TIMING-042', `arrival ${here} ps is not within ${lower} and ${upper} ps`, driver);
    }
  }

  private hasAllArrivals(driver: number): boolean {
    const i = this.inst[driver];
    for (let p = this.netlist.instPinStart[i]; p < this.netlist.instPinStart[i + 1]; p++)
      if (
        this.masterPin(p).direction === 'input' &&
        this.masterPin(p).use !== 'power' &&
        this.masterPin(p).use !== 'ground'
      )
        if (this.report.pinArrivalPs[2 * p] === NO_ARRIVAL) return false;
    return true;
  }

  /** Setup slack of registers again from arrival, slew and table; ports from their delay. */
  checkSlacks(): void {
    const { report, constraints } = this;
    const isGeneral = this.isGeneral();
    let worst = Infinity;
    let tns = 0;
    report.endpointPin.forEach((pin, e) => {
      const given = report.setupSlackPs[e];
      if (given !== NO_SLACK) {
        worst = Math.min(worst, given);
        tns += Math.min(given, 0);
      }
      if (isGeneral) return;
      const slack = pin >= this.pins ? this.portSlack(pin) : this.registerSlack(pin);
      if (slack !== null && Math.abs(slack - given) > TOLERANCE_PS)
        this.bad('TIMING-043', `setup slack ${given} ps should be ${slack} ps`, pin);
    });
    if (worst === Infinity) worst = 0;
    if (
      Math.abs(worst - report.setup.worstSlackPs) > TOLERANCE_PS ||
      Math.abs(tns - report.setup.tnsPs) > 1e-3
    )
      this.bad(
        'TIMING-044',
        `worst and total slack do not follow from the endpoints`,
        report.endpointPin[0] ?? 0,
      );
    const ownWorst = report.clockReports?.[0].setup.worstSlackPs ?? worst;
    const mhz = 1e6 / (constraints.periodPs - ownWorst);
    if (Math.abs(mhz - report.clockMhz) > 1e-6 * Math.abs(mhz))
      this.bad('TIMING-044', `clock ${report.clockMhz} MHz should be ${mhz}`, report.endpointPin[0] ?? 0);
  }

  /** Null of the enable of a gate in the clock's way, which has no table: OpenSTA judges those. */
  private registerSlack(pin: number): number | null {
    const { pinArrivalPs: at, pinSlewPs: slew } = this.report;
    const { pins, sequential } = this.kit.masters[this.netlist.instMaster[this.inst[pin]]];
    if (sequential === null && pins.every((p) => p.arcs.every((arc) => arc.type === 'combinational')))
      return null;
    const start = this.netlist.instPinStart[this.inst[pin]];
    let worst: number = NO_SLACK;
    for (const arc of this.masterPin(pin).arcs) {
      if (arc.type !== 'setup_rising') continue;
      const clock = 2 * (start + arc.relatedPin);
      for (let edge = 0; edge < 2; edge++) {
        const lut = edge === 0 ? arc.riseConstraintPs : arc.fallConstraintPs;
        const k = 2 * pin + edge;
        if (!lut || at[k] === NO_ARRIVAL) continue;
        // The report holds the latest clock arrival; behind a tree of single-input cells it is the earliest too.
        const due = this.cyclesTo(pin) * this.constraints.periodPs;
        const capture = at[clock] + due - this.constraints.setupUncertaintyPs;
        worst = Math.min(worst, capture - tableValue(lut, slew[k], slew[clock]) - at[k]);
      }
    }
    return worst;
  }

  /** Cycles until an endpoint captures, by the last exception that names it. */
  private cyclesTo(pin: number): number {
    const { multicycles } = this.constraints;
    if (multicycles.length === 0) return 1;
    const name = this.name(pin);
    return multicycles.findLast((m) => m.setup !== null && m.to.includes(name))?.setup ?? 1;
  }

  private portSlack(pin: number): number {
    const { constraints, netlist } = this;
    const name = netlist.ports[pin - this.pins].name;
    let delay = 0;
    let virtualLatency: number | undefined;
    for (const d of constraints.outputDelays) {
      if (d.ports && !d.ports.includes(name)) continue;
      delay = d.maxPs;
      virtualLatency = d.virtualLatencyPs;
    }
    const network = constraints.isClockPropagated ? 0 : constraints.clockLatencyPs;
    const edge = virtualLatency ?? constraints.clockSourceLatencyPs + network;
    const latest = Math.max(this.report.pinArrivalPs[2 * pin], this.report.pinArrivalPs[2 * pin + 1]);
    return edge + this.cyclesTo(pin) * constraints.periodPs - constraints.setupUncertaintyPs - delay - latest;
  }

  checkPaths(): void {
    for (const path of [...this.report.setupPaths, ...this.report.holdPaths]) {
      const { stages } = path;
      const end = stages.at(-1);
      if (!end || stages[0].kind !== 'start') {
        this.found.push({
          code: 'TIMING-045',
          severity: 'error',
          message: 'a path has no start',
          place: path.endpoint,
        });
        continue;
      }
      let arrival = stages[0].arrivalPs;
      for (let s = 1; s < stages.length; s++) {
        arrival += stages[s].delayPs;
        if (Math.abs(arrival - stages[s].arrivalPs) > TOLERANCE_PS)
          this.bad('TIMING-045', 'delays do not add up to the arrival', stages[s].pin);
        if (!this.areJoined(stages[s - 1].pin, stages[s].pin, stages[s].kind))
          this.bad('TIMING-045', 'the stage is not joined to the one before', stages[s].pin);
      }
      const trouble = pathTrouble(path, this.constraints, this.captureArrival(path, end.pin));
      if (trouble) this.bad('TIMING-046', trouble, end.pin);
      const c = path.capture === undefined ? this.constraints : null;
      const required =
        path.check === 'setup'
          ? path.capturePs - (c?.setupUncertaintyPs ?? path.uncertaintyPs) - path.checkPs
          : path.capturePs + (c?.holdUncertaintyPs ?? path.uncertaintyPs) + path.checkPs;
      const slack = path.check === 'setup' ? required - arrival : arrival - required;
      if (Math.abs(slack - path.slackPs) > TOLERANCE_PS)
        this.bad('TIMING-045', `slack ${path.slackPs} ps should be ${slack} ps`, end.pin);
    }
  }

  /** Latest arrival of the capturing edge at the endpoint's clock pin; null at ports and where there are several. */
  private captureArrival(path: TimingReport['setupPaths'][number], pin: number): number | null {
    if (pin >= this.pins || !path.capture) return null;
    const start = this.netlist.instPinStart[this.inst[pin]];
    const type = path.check === 'setup' ? /^setup_/ : /^hold_/;
    const arc = this.masterPin(pin).arcs.find((a) => type.test(a.type));
    if (!arc) return null;
    const clock = start + arc.relatedPin;
    const edge = arc.type.endsWith('falling') ? 1 : 0;
    // Which edge of the clock it is at the pin depends on inverters: the later pin edge bounds both.
    const at = this.report.pinArrivalPs;
    return path.capture.edge === (edge === 0 ? 'rise' : 'fall')
      ? at[2 * clock + edge]
      : Math.max(at[2 * clock], at[2 * clock + 1]);
  }

  private areJoined(from: number, to: number, kind: string): boolean {
    if (kind === 'cell') {
      if (from >= this.pins || to >= this.pins || this.inst[from] !== this.inst[to]) return false;
      return this.masterPin(to).arcs.some(
        (a) => a.relatedPin === from - this.netlist.instPinStart[this.inst[from]],
      );
    }
    const netOf = (p: number): number =>
      p >= this.pins ? this.netlist.ports[p - this.pins].net : this.netlist.pinNet[p];
    return netOf(from) !== NONE && netOf(from) === netOf(to);
  }
}

/** TIMING-041..046; empty when the report holds. O(arcs + sum of path lengths + nodes * depth of trees). */
export function verifyTiming(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
  report: TimingReport,
): readonly Diagnostic[] {
  const judge = new Judge(netlist, kit, parasitics, constraints, report);
  judge.checkArrivals();
  judge.checkSlacks();
  judge.checkPaths();
  return judge.found;
}
