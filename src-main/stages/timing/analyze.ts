/** The whole analysis: loads, delays, arrivals, checks, required times, and the report. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, pinName, type Netlist } from '../netlist/index.ts';
import type { Parasitics } from '../extraction/types.ts';
import { computeArrivals } from './arrivals.ts';
import { checkEndpoints } from './checks.ts';
import type { CheckInput, CheckResult, EndpointCheck } from './checks.ts';
import { resolveClocks, type Clocks } from './clocks.ts';
import { summarizeClock, clockReports } from './clock-reports.ts';
import { resolvePorts } from './constraints.ts';
import { computeDelays } from './delays.ts';
import { resolveExceptions } from './exceptions.ts';
import { buildGraph } from './graph.ts';
import type { TimingGraph } from './graph.ts';
import { findInsertions } from './insertion.ts';
import { buildTimingLibrary } from './library.ts';
import type { TimingLibrary } from './library.ts';
import { computeLoads, pinCapacitances } from './loads.ts';
import type { NetLoads } from './loads.ts';
import { tracePath } from './paths.ts';
import type { PathContext } from './paths.ts';
import { indexNames } from './pins.ts';
import { setupSlacks } from './required.ts';
import { knownDelays } from './reuse.ts';
import { summarize } from './summary.ts';
import { mapTags } from './tags.ts';
import { NO_ARRIVAL, NO_SLACK } from './types.ts';
import type { Delays } from './delays.ts';
import type {
  ClockGroupReport,
  Constraints,
  DesignLimits,
  LimitViolation,
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

/** What an analysis rests on: the graph with its loads, delays and arrivals. */
export interface TimingBasis extends CheckInput {
  readonly constraints: Constraints;
  readonly wireDelay: WireDelayModel;
}

/** `before`: analysis of the netlist before a few changes, under the same constraints; only saves time. */
export function timingBasis(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
  wireDelay: WireDelayModel = 'ceff',
  before: TimingBasis | null = null,
): TimingBasis {
  const lib = libraryOf(kit);
  const names = indexNames(netlist, kit);
  const clocks = resolveClocks(netlist, lib, names, constraints);
  const ports = resolvePorts(netlist, kit, names, clocks, constraints);
  const exceptions = resolveExceptions(netlist, kit, lib, names, clocks, constraints);
  const graph = buildGraph(netlist, kit, lib, clocks);
  const caps = pinCapacitances(netlist, kit, ports.loadFf);
  const isSame = before?.constraints === constraints && before.wireDelay === wireDelay;
  const loads = computeLoads(netlist, parasitics, caps, wireDelay === 'lumped');
  const input = { netlist, kit, lib, graph, loads, ports, clocks, exceptions };
  const delays = computeDelays(input, isSame ? knownDelays(input, before) : null);
  const arrivalInput = { ...input, delays, map: mapTags(input) };
  const insertions = findInsertions(arrivalInput);
  const arrivals = computeArrivals(arrivalInput, insertions);
  return { ...arrivalInput, constraints, wireDelay, insertions, arrivals };
}

/**
 * Setup and hold of every endpoint, one corner. `parasitics` null = wires without capacitance or resistance. Cost
 * O(pins + arcs) for each tag of paths. Throws IngotError TIMING-010..015 on constraints that do not fit the netlist;
 * loops, unclocked registers and latches are diagnostics in the report.
 */
export function analyzeTiming(
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
  options: Partial<TimingOptions> = {},
): TimingReport {
  const o = { ...DEFAULT_TIMING_OPTIONS, ...options };
  return reportTiming(timingBasis(netlist, kit, parasitics, constraints, o.wireDelay), parasitics, o);
}

export function reportTiming(
  basis: TimingBasis,
  parasitics: Parasitics | null,
  o: TimingOptions,
): TimingReport {
  const { netlist, kit, lib, graph, loads, delays, arrivals, constraints, clocks, map } = basis;
  const checks = checkEndpoints(basis);
  const { endpoints } = checks;
  const hasEdgeNames = checks.byClock !== null || endpoints.some((e) => e.setup.captureEdge > 0);
  const context: PathContext = { ...basis, netLengthUm: o.netLengthUm, hasEdgeNames };
  const worst = (check: 'setup' | 'hold'): EndpointCheck[] =>
    endpoints
      .filter((e) => e[check].slackPs !== NO_SLACK)
      .sort((a, b) => a[check].slackPs - b[check].slackPs || a.pin - b.pin)
      .slice(0, o.pathCount);
  const setup = summarize(endpoints.map((e) => e.setup.slackPs));
  const reports = checks.byClock ? clockReports(basis, checks.byClock) : null;
  // Other clocks' slacks say nothing of this one's period.
  const ownWorstPs = reports ? reports[0].setup.worstSlackPs : setup.worstSlackPs;
  return {
    parasitics: parasitics?.source ?? 'none',
    wireDelay: o.wireDelay,
    isClockPropagated: constraints.isClockPropagated,
    periodPs: constraints.periodPs,
    setup,
    hold: summarize(endpoints.map((e) => e.hold.slackPs)),
    clockMhz: 1e6 / (constraints.periodPs - ownWorstPs),
    clock: reports ? reports[0].network : summarizeClock(basis, 0),
    endpointPin: Int32Array.from(endpoints, (e) => e.pin),
    setupSlackPs: Float64Array.from(endpoints, (e) => e.setup.slackPs),
    holdSlackPs: Float64Array.from(endpoints, (e) => e.hold.slackPs),
    setupPaths: worst('setup').map((e) => tracePath(context, e, 'setup')),
    holdPaths: worst('hold').map((e) => tracePath(context, e, 'hold')),
    setupHistogram: histogram(
      endpoints.map((e) => e.setup.slackPs).filter((s) => s !== NO_SLACK),
      o.histogramBins,
    ),
    ...limitViolations(netlist, kit, graph, delays, loads, constraints.limits),
    ...setupSlacks(basis, arrivals, checks.requiredPs),
    pinArrivalPs: latestOfPins(map.slotStart, arrivals.latestPs),
    pinSlewPs: delays.maxSlewPs,
    unconstrainedEndpoints: checks.unconstrained,
    ...(reports ? { clockReports: reports } : {}),
    diagnostics: [
      ...graph.diagnostics,
      ...checkDiagnostics(netlist, kit, lib, graph, checks),
      ...unrelatedClocks(clocks),
      ...(reports ?? []).flatMap(sayClock),
    ],
  };
}

/** [2 * pins] latest over all tags. */
function latestOfPins(slotStart: Int32Array, latestPs: Float64Array): Float64Array {
  const all = new Float64Array(slotStart.length - 1).fill(NO_ARRIVAL);
  for (let k = 0; k < all.length; k++)
    for (let slot = slotStart[k]; slot < slotStart[k + 1]; slot++)
      if (latestPs[slot] > all[k]) all[k] = latestPs[slot];
  return all;
}

const ps = (value: number): string => value.toFixed(0);

function sayClock({ clock, periodPs, setup, hold, network, endpoints }: ClockGroupReport): Diagnostic[] {
  if (network.sinks + endpoints === 0) return [];
  const net = `${network.sinks} sinks, insertion ${ps(network.minInsertionPs)} to ${ps(network.maxInsertionPs)} ps, skew ${ps(network.skewPs)} ps`;
  return [
    {
      code: 'TIMING-038',
      severity: 'info',
      message: `${periodPs > 0 ? `clock ${clock} of ${periodPs} ps: ${net}` : 'paths with a delay given'}; ${endpoints} endpoints, worst setup ${ps(setup.worstSlackPs)}, hold ${ps(hold.worstSlackPs)} ps`,
      place: clock,
    },
  ];
}

/** Clocks that meet on paths though their periods have nothing in common: whatever is checked there is arbitrary. */
function unrelatedClocks(clocks: Clocks): Diagnostic[] {
  const found: Diagnostic[] = [];
  const count = clocks.list.length;
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++)
      if (!clocks.isApart(a, b) && clocks.cycles(2 * a, 2 * b).isUnrelated)
        found.push({
          code: 'TIMING-037',
          severity: 'warning',
          message: `the periods of ${clocks.list[a].name} and ${clocks.list[b].name} have no common multiple in sight`,
          place: clocks.list[b].name,
          remedy: 'put them into groups: set_clock_groups -asynchronous',
        });
  return found;
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
  timing: Delays,
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
    if (lib.latchMasters.has(netlist.instMaster[i]) && falling++ === 0)
      firstFalling = netlist.instPinStart[i];
    if (lib.hasRecovery.has(netlist.instMaster[i])) recovery++;
  }
  if (falling > 0) say('TIMING-034', 'warning', `latches are not analysed: ${falling} cells`, firstFalling);
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
