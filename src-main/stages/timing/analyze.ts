/** The whole analysis: loads, one forward pass, checks, one backward pass, and the report. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, pinName, type Netlist } from '../netlist/index.ts';
import type { Parasitics } from '../extraction/types.ts';
import { checkEndpoints } from './checks.ts';
import type { CheckResult, EndpointCheck } from './checks.ts';
import { resolvePorts } from './constraints.ts';
import { buildGraph } from './graph.ts';
import type { TimingGraph } from './graph.ts';
import { buildTimingLibrary } from './library.ts';
import type { TimingLibrary } from './library.ts';
import { computeLoads, pinCapacitances } from './loads.ts';
import type { NetLoads } from './loads.ts';
import { tracePath } from './paths.ts';
import type { PathContext } from './paths.ts';
import { propagate } from './propagate.ts';
import type { PropagateInput, Timing } from './propagate.ts';
import { setupSlacks } from './required.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';
import type {
  ClockSummary,
  Constraints,
  DesignLimits,
  LimitViolation,
  SlackSummary,
  TimingOptions,
  TimingReport,
  WireDelayModel,
} from './types.ts';

export const DEFAULT_TIMING_OPTIONS: TimingOptions = {
  pathCount: 20,
  wireDelay: 'ceff',
  netLengthUm: null,
  histogramBins: 40,
};

/** Built once per kit object; the tables of NanGate45 take some tens of ms. */
const libraries = new WeakMap<Kit, TimingLibrary>();

function libraryOf(kit: Kit): TimingLibrary {
  let lib = libraries.get(kit);
  if (!lib) {
    lib = buildTimingLibrary(kit);
    libraries.set(kit, lib);
  }
  return lib;
}

/** What an analysis rests on: the graph with its loads and all arrivals and slews. */
export interface TimingBasis extends PropagateInput {
  readonly timing: Timing;
}

export function timingBasis(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
  wireDelay: WireDelayModel = 'ceff',
): TimingBasis {
  const lib = libraryOf(kit);
  const ports = resolvePorts(netlist, kit, constraints);
  const graph = buildGraph(netlist, kit, lib, ports.clockPort);
  const caps = pinCapacitances(netlist, kit, ports.loadFf);
  const loads = computeLoads(netlist, parasitics, caps, wireDelay === 'lumped');
  const input = { netlist, kit, lib, graph, loads, ports, constraints };
  return { ...input, timing: propagate(input) };
}

/**
 * Setup and hold of every endpoint, one corner, one clock. `parasitics` null = wires without capacitance
 * or resistance. Cost O(pins + arcs). Throws IngotError TIMING-010..013 on constraints that do not fit the
 * netlist; loops, unclocked and falling-edge registers are diagnostics in the report.
 */
export function analyzeTiming(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
  options: Partial<TimingOptions> = {},
): TimingReport {
  const o = { ...DEFAULT_TIMING_OPTIONS, ...options };
  const { lib, ports, graph, loads, timing } = timingBasis(
    netlist,
    kit,
    parasitics,
    constraints,
    o.wireDelay,
  );
  const checks = checkEndpoints(netlist, lib, graph, timing, ports, constraints);
  const { endpoints } = checks;
  const context: PathContext = {
    netlist,
    kit,
    lib,
    graph,
    loads,
    timing,
    constraints,
    netLengthUm: o.netLengthUm,
  };
  const worst = (slackOf: (e: EndpointCheck) => number): EndpointCheck[] =>
    endpoints
      .filter((e) => slackOf(e) !== NO_SLACK)
      .sort((a, b) => slackOf(a) - slackOf(b) || a.pin - b.pin)
      .slice(0, o.pathCount);
  const setup = summarize(endpoints.map((e) => e.setupSlackPs));
  return {
    parasitics: parasitics?.source ?? 'none',
    wireDelay: o.wireDelay,
    isClockPropagated: constraints.isClockPropagated,
    periodPs: constraints.periodPs,
    setup,
    hold: summarize(endpoints.map((e) => e.holdSlackPs)),
    clockMhz: 1e6 / (constraints.periodPs - setup.worstSlackPs),
    clock: summarizeClock(netlist, lib, graph, timing),
    endpointPin: Int32Array.from(endpoints, (e) => e.pin),
    setupSlackPs: Float64Array.from(endpoints, (e) => e.setupSlackPs),
    holdSlackPs: Float64Array.from(endpoints, (e) => e.holdSlackPs),
    setupPaths: worst((e) => e.setupSlackPs).map((e) => tracePath(context, e, 'setup')),
    holdPaths: worst((e) => e.holdSlackPs).map((e) => tracePath(context, e, 'hold')),
    setupHistogram: histogram(
      endpoints.map((e) => e.setupSlackPs).filter((s) => s !== NO_SLACK),
      o.histogramBins,
    ),
    ...limitViolations(netlist, kit, graph, timing, loads, constraints.limits),
    ...setupSlacks(netlist, kit, lib, graph, loads, timing, endpoints),
    pinArrivalPs: timing.latestPs,
    pinSlewPs: timing.maxSlewPs,
    unconstrainedEndpoints: checks.unconstrained,
    diagnostics: [...graph.diagnostics, ...checkDiagnostics(netlist, kit, lib, graph, checks)],
  };
}

function summarize(slacks: readonly number[]): SlackSummary {
  let worstSlackPs = NO_SLACK;
  let tnsPs = 0;
  let violatingEndpoints = 0;
  for (const s of slacks) {
    if (s < worstSlackPs) worstSlackPs = s;
    if (s >= 0) continue;
    tnsPs += s;
    violatingEndpoints++;
  }
  if (worstSlackPs === NO_SLACK) worstSlackPs = 0;
  return { worstSlackPs, wnsPs: Math.min(worstSlackPs, 0), tnsPs, violatingEndpoints };
}

function summarizeClock(
  netlist: Netlist,
  lib: TimingLibrary,
  graph: TimingGraph,
  timing: Timing,
): ClockSummary {
  let sinks = 0;
  let minInsertionPs = Infinity;
  let maxInsertionPs = -Infinity;
  let maxSlewPs = 0;
  const clockPins = new Set<number>();
  for (let i = 0; i < netlist.instMaster.length; i++)
    for (const check of lib.checks[netlist.instMaster[i]])
      clockPins.add(netlist.instPinStart[i] + check.clockPin);
  for (const pin of clockPins) {
    if (!graph.isClock[pin] || timing.isFromFall[2 * pin]) continue;
    sinks++;
    minInsertionPs = Math.min(minInsertionPs, timing.earliestPs[2 * pin]);
    maxInsertionPs = Math.max(maxInsertionPs, timing.latestPs[2 * pin]);
    maxSlewPs = Math.max(maxSlewPs, timing.maxSlewPs[2 * pin]);
  }
  if (sinks === 0) return { sinks, minInsertionPs: 0, maxInsertionPs: 0, skewPs: 0, maxSlewPs };
  return { sinks, minInsertionPs, maxInsertionPs, skewPs: maxInsertionPs - minInsertionPs, maxSlewPs };
}

function histogram(slacks: readonly number[], bins: number): TimingReport['setupHistogram'] {
  if (slacks.length === 0) return { firstPs: 0, stepPs: 1, counts: new Int32Array(bins) };
  let [low, high] = [Infinity, -Infinity];
  for (const s of slacks) {
    low = Math.min(low, s);
    high = Math.max(high, s);
  }
  const stepPs = Math.max((high - low) / bins, 1e-6);
  const counts = new Int32Array(bins);
  for (const s of slacks) counts[Math.min(Math.floor((s - low) / stepPs), bins - 1)]++;
  return { firstPs: low, stepPs, counts };
}

function limitViolations(
  netlist: Netlist,
  kit: Kit,
  graph: TimingGraph,
  timing: Timing,
  loads: NetLoads,
  design: DesignLimits,
): { slewViolations: LimitViolation[]; capViolations: LimitViolation[] } {
  const slewViolations: LimitViolation[] = [];
  const capViolations: LimitViolation[] = [];
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const master = kit.masters[netlist.instMaster[i]];
    for (let k = 0; k < master.pins.length; k++) {
      const pin = netlist.instPinStart[i] + k;
      const net = netlist.pinNet[pin];
      if (net === NONE) continue;
      const name = (): string => pinName(netlist, kit, graph.pinInst, pin);
      const own = master.pins[k].maxSlewPs > 0 ? master.pins[k].maxSlewPs : kit.defaultMaxSlewPs;
      const limit = Math.min(own > 0 ? own : Infinity, design.maxSlewPs ?? Infinity);
      const slew = Math.max(timing.maxSlewPs[2 * pin], timing.maxSlewPs[2 * pin + 1]);
      if (slew > limit) slewViolations.push({ pin, name: name(), value: slew, limit });
      const most = master.pins[k].maxCapacitanceFf;
      const capLimit = Math.min(most > 0 ? most : Infinity, design.maxLoadFf ?? Infinity);
      if (master.pins[k].direction === 'input') continue;
      const load = Math.max(
        loads.nearFf[2 * net] + loads.farFf[2 * net],
        loads.nearFf[2 * net + 1] + loads.farFf[2 * net + 1],
      );
      if (load > capLimit) capViolations.push({ pin, name: name(), value: load, limit: capLimit });
    }
  }
  const byExcess = (a: LimitViolation, b: LimitViolation): number =>
    b.value / b.limit - a.value / a.limit || a.pin - b.pin;
  return { slewViolations: slewViolations.sort(byExcess), capViolations: capViolations.sort(byExcess) };
}

function checkDiagnostics(
  netlist: Netlist,
  kit: Kit,
  lib: TimingLibrary,
  graph: TimingGraph,
  checks: CheckResult,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const say = (code: string, severity: Diagnostic['severity'], message: string, pin: number): void => {
    diagnostics.push({ code, severity, message, place: pinName(netlist, kit, graph.pinInst, pin) });
  };
  if (checks.invertedClockPins.length > 0)
    say(
      'TIMING-032',
      'error',
      `${checks.invertedClockPins.length} registers get the clock inverted; half-cycle paths are not analysed`,
      checks.invertedClockPins[0],
    );
  if (checks.unclockedPins.length > 0)
    say(
      'TIMING-033',
      'error',
      `no clock reaches ${checks.unclockedPins.length} registers`,
      checks.unclockedPins[0],
    );
  let falling = 0;
  let firstFalling = NONE;
  let recovery = 0;
  for (let i = 0; i < netlist.instMaster.length; i++) {
    if (lib.fallingEdgeMasters.has(netlist.instMaster[i]) && falling++ === 0)
      firstFalling = netlist.instPinStart[i];
    if (lib.hasRecovery.has(netlist.instMaster[i])) recovery++;
  }
  if (falling > 0)
    say('TIMING-034', 'warning', `checks at a falling edge are not analysed: ${falling} cells`, firstFalling);
  if (recovery > 0)
    diagnostics.push({
      code: 'TIMING-035',
      severity: 'info',
      message: `recovery and removal of ${recovery} registers with asynchronous set or clear are not analysed`,
    });
  if (checks.unconstrained > 0)
    diagnostics.push({
      code: 'TIMING-036',
      severity: 'info',
      message: `${checks.unconstrained} endpoints have no constrained path`,
    });
  return diagnostics;
}

export { NO_ARRIVAL, NO_SLACK };
