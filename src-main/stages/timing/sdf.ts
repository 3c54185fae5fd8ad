/**
 * Delays as the analysis computes them, as SDF 3.0 (IEEE 1497): IOPATH of every arc, INTERCONNECT of every wire,
 * SETUPHOLD of every check. Early and late values (slews differ by path) stand as min and max of a triple, the late
 * one also as typical: there is one corner. Arcs that only differ by their `when` are merged to the widest span;
 * where output delays depend on the input's edge (XOR, clock to Q) IOPATH names it. No date: same chip, same bytes.
 */
import type { Kit } from '../kit/types.ts';
import { NONE, type Netlist } from '../netlist/index.ts';
import { escapeName, spefPortNames, type Parasitics } from '../extraction/index.ts';
import { timingBasis, type TimingBasis } from './analyze.ts';
import { Driver } from './ceff.ts';
import { isArcFollowed } from './graph.ts';
import { BY_FALL, BY_RISE } from './library.ts';
import { lookUp } from './lut.ts';
import type { Constraints } from './types.ts';

/** Early and late delay, ps. */
interface Span {
  min: number;
  max: number;
}

const EMPTY = (): Span => ({ min: Infinity, max: -Infinity });

function widen(span: Span, min: number, max: number): void {
  span.min = Math.min(span.min, min);
  span.max = Math.max(span.max, max);
}

/** ns with a resolution of 1 as. */
const ns = (ps: number): string => (ps / 1000).toFixed(6).replace(/\.?0+$/, '');

const triple = ({ min, max }: Span): string =>
  max === -Infinity ? '()' : `(${ns(min)}:${ns(max)}:${ns(max)})`;

/** From one input pin to one output pin: [input edge][output edge]. */
type PathSpans = readonly [readonly [Span, Span], readonly [Span, Span]];

function pathSpans(basis: TimingBasis, driver: Driver, inst: number): Map<string, PathSpans> {
  const { netlist, lib, graph, loads, delays } = basis;
  const master = netlist.instMaster[inst];
  const start = netlist.instPinStart[inst];
  const spans = new Map<string, PathSpans>();
  for (let a = lib.arcStart[master]; a < lib.arcStart[master + 1]; a++) {
    const [from, to] = [start + lib.arcFrom[a], start + lib.arcTo[a]];
    const net = netlist.pinNet[to];
    if (netlist.pinNet[from] === NONE) continue;
    if (!isArcFollowed(graph, from, to, lib.arcIsLaunch[a] === 1)) continue;
    const key = `${lib.arcFrom[a]} ${lib.arcTo[a]}`;
    let span = spans.get(key);
    if (!span) {
      span = [
        [EMPTY(), EMPTY()],
        [EMPTY(), EMPTY()],
      ];
      spans.set(key, span);
    }
    for (let edge = 0; edge < 2; edge++) {
      const delayLut = lib.arcDelayLut[2 * a + edge];
      if (delayLut < 0) continue;
      const slot = 2 * net + edge;
      const [near, res, far] =
        net === NONE ? [0, 0, 0] : [loads.nearFf[slot], loads.resKohm[slot], loads.farFf[slot]];
      const cause = lib.arcCause[2 * a + edge];
      for (let inEdge = 0; inEdge < 2; inEdge++) {
        if (!(cause & (inEdge === 0 ? BY_RISE : BY_FALL))) continue;
        const k = 2 * from + inEdge;
        for (const slew of [delays.minSlewPs[k], delays.maxSlewPs[k]]) {
          driver.solve(delayLut, lib.arcSlewLut[2 * a + edge], slew, near, res, far, true);
          widen(span[inEdge][edge], driver.delayPs, driver.delayPs);
        }
      }
    }
  }
  return spans;
}

const sameSpan = (a: Span, b: Span): boolean => a.min === b.min && a.max === b.max;

/** One line if the input's edge does not matter or only one edge reaches each output edge, else one per edge. */
function ioPaths(spans: PathSpans, from: string, to: string): string[] {
  const [byRise, byFall] = spans;
  const isOne = (edge: number): boolean =>
    byRise[edge].max === -Infinity || byFall[edge].max === -Infinity || sameSpan(byRise[edge], byFall[edge]);
  const isClocked = byFall[0].max === -Infinity && byFall[1].max === -Infinity;
  if (isClocked) return [`(IOPATH (posedge ${from}) ${to} ${triple(byRise[0])} ${triple(byRise[1])})`];
  if (!isOne(0) || !isOne(1))
    return (['posedge', 'negedge'] as const).map(
      (name, k) => `(IOPATH (${name} ${from}) ${to} ${triple(spans[k][0])} ${triple(spans[k][1])})`,
    );
  const either = (edge: number): Span => (byRise[edge].max === -Infinity ? byFall[edge] : byRise[edge]);
  return [`(IOPATH ${from} ${to} ${triple(either(0))} ${triple(either(1))})`];
}

/** Setup and hold of an instance's data pins, each as seen with the slews that make it largest. */
function checkLines(basis: TimingBasis, inst: number): string[] {
  const { netlist, kit, lib, graph, delays } = basis;
  const master = netlist.instMaster[inst];
  const start = netlist.instPinStart[inst];
  const found = new Map<string, { setup: number; hold: number }>();
  for (const check of lib.checks[master]) {
    const [pin, clock] = [start + check.dataPin, start + check.clockPin];
    if (netlist.pinNet[pin] === NONE || !graph.isClock[clock]) continue;
    const { pins } = kit.masters[master];
    for (let edge = 0; edge < 2; edge++) {
      const lut = edge === 0 ? check.riseLut : check.fallLut;
      if (lut < 0) continue;
      const at = (data: Float64Array, capture: Float64Array): number =>
        lookUp(lib.luts, lut, data[2 * pin + edge], capture[2 * clock + check.clockEdge]);
      const key = `(${edge === 0 ? 'posedge' : 'negedge'} ${pins[check.dataPin].name}) (${check.clockEdge === 0 ? 'posedge' : 'negedge'} ${pins[check.clockPin].name})`;
      const times = found.get(key) ?? { setup: 0, hold: 0 };
      if (check.kind === 'setup') times.setup = at(delays.maxSlewPs, delays.minSlewPs);
      else times.hold = at(delays.minSlewPs, delays.maxSlewPs);
      found.set(key, times);
    }
  }
  return [...found].map(([key, t]) => `(SETUPHOLD ${key} (${ns(t.setup)}) (${ns(t.hold)}))`);
}

function interconnects(basis: TimingBasis): string[] {
  const { netlist, kit, graph, delays } = basis;
  const pins = netlist.pinNet.length;
  const ports = spefPortNames(netlist);
  const name = (pin: number): string => {
    if (pin >= pins) return ports[pin - pins];
    const inst = graph.pinInst[pin];
    return `${escapeName(netlist.instNames[inst])}/${kit.masters[netlist.instMaster[inst]].pins[pin - netlist.instPinStart[inst]].name}`;
  };
  const lines: string[] = [];
  for (let n = 0; n < netlist.netNames.length; n++)
    for (let q = netlist.netPinStart[n] + 1; q < netlist.netPinStart[n + 1]; q++) {
      const [driver, sink] = [netlist.netPins[netlist.netPinStart[n]], netlist.netPins[q]];
      if (graph.pinDriver[sink] !== driver) continue;
      const [rise, fall] = [0, 1].map((edge): Span => ({
        min: delays.minWirePs[2 * sink + edge],
        max: Math.max(delays.minWirePs[2 * sink + edge], delays.maxWirePs[2 * sink + edge]),
      }));
      lines.push(`(INTERCONNECT ${name(driver)} ${name(sink)} ${triple(rise)} ${triple(fall)})`);
    }
  return lines;
}

/**
 * SDF of a netlist with its wires. Errors: those of the analysis (TIMING-010..013). Delays of arcs that a constant
 * switches off are written too: a simulator may well pass them before the constant has settled.
 */
export function writeSdf(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
): string {
  const basis = timingBasis(netlist, kit, parasitics, constraints);
  const driver = new Driver(basis.lib.luts, kit.slewLower, kit.slewUpper);
  const lines = [
    '(DELAYFILE',
    ' (SDFVERSION "3.0")',
    ` (DESIGN "${netlist.top}")`,
    ' (VENDOR "Ingot")',
    ' (PROGRAM "Ingot")',
    ' (DIVIDER /)',
    ` (VOLTAGE ${kit.voltageV}:${kit.voltageV}:${kit.voltageV})`,
    ` (TEMPERATURE ${kit.temperatureC}:${kit.temperatureC}:${kit.temperatureC})`,
    ' (TIMESCALE 1ns)',
    ` (CELL (CELLTYPE "${netlist.top}") (INSTANCE)`,
    '  (DELAY (ABSOLUTE',
    ...interconnects(basis).map((line) => `   ${line}`),
    '  )))',
  ];
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const master = kit.masters[netlist.instMaster[i]];
    const paths = [...pathSpans(basis, driver, i)].flatMap(([key, spans]) => {
      const [from, to] = key.split(' ').map((k) => master.pins[Number(k)].name);
      return ioPaths(spans, from, to);
    });
    const checks = checkLines(basis, i);
    if (paths.length + checks.length === 0) continue;
    lines.push(` (CELL (CELLTYPE "${master.name}") (INSTANCE ${escapeName(netlist.instNames[i])})`);
    if (paths.length > 0) lines.push('  (DELAY (ABSOLUTE', ...paths.map((line) => `   ${line}`), '  ))');
    if (checks.length > 0) lines.push('  (TIMINGCHECK', ...checks.map((line) => `   ${line}`), '  )');
    lines.push(' )');
  }
  return [...lines, ')', ''].join('\n');
}
