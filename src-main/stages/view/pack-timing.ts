import type { PathCause, TimingView, ViewPath, ViewStage } from '../../base/timing-view.ts';
import type { Kit } from '../kit/types.ts';
import { NONE, type Netlist } from '../netlist/types.ts';
import { NO_SLACK, type SlackSummary, type TimingPath, type TimingReport } from '../timing/types.ts';
import { lines } from './pack-layout.ts';

export const PATH_GROUPS = [
  'register to register',
  'input to register',
  'register to output',
  'input to output',
  'to register, path not stored',
  'to output, path not stored',
] as const;

/** A net with more sinks than this is said to have a large fan-out. */
const FANOUT_LARGE = 16;

/**
 * Endpoints with slacks and groups, and the worst `storedMax` paths of either check with their stages. The
 * report should hold a path for every endpoint that is to have a group by its start.
 */
export function packTimingView(
  report: TimingReport,
  netlist: Netlist,
  kit: Kit,
  clockName: string,
  storedMax: number,
): TimingView {
  const pins = netlist.pinNet.length;
  const owner = new Int32Array(pins);
  for (let i = 0; i + 1 < netlist.instPinStart.length; i++)
    owner.fill(i, netlist.instPinStart[i], netlist.instPinStart[i + 1]);
  const name = (pin: number): string =>
    pin >= pins
      ? netlist.ports[pin - pins].name
      : `${netlist.instNames[owner[pin]]}/${kit.masters[netlist.instMaster[owner[pin]]].pins[pin - netlist.instPinStart[owner[pin]]].name}`;
  const names = Array.from(report.endpointPin, name);
  const isPort = (endpoint: number): boolean => report.endpointPin[endpoint] >= pins;
  const at = new Map(names.map((n, i) => [n, i]));
  const groupsOf = (paths: readonly TimingPath[]): Uint8Array => {
    const groups = Uint8Array.from(names, (_, i) => (isPort(i) ? 5 : 4));
    for (const path of paths)
      groups[at.get(path.endpoint)!] = groupOf(path, kit, isPort(at.get(path.endpoint)!));
    return groups;
  };
  const netIndex = new Map(netlist.netNames.map((n, i) => [n, i]));
  const view = (path: TimingPath, group: number): ViewPath =>
    viewPath(path, group, report.periodPs, (pin) => (pin >= pins ? NONE : owner[pin]), netIndex, kit);
  const setupGroup = groupsOf(report.setupPaths);
  const holdGroup = groupsOf(report.holdPaths);
  const withoutNone = (slacks: Float64Array): Float32Array =>
    Float32Array.from(slacks, (s) => (s < NO_SLACK / 2 ? s : NaN));
  return {
    periodPs: report.periodPs,
    clockName,
    parasitics: report.parasitics,
    clockMhz: report.clockMhz,
    skewPs: report.clock.skewPs,
    setup: totals(report.setup),
    hold: totals(report.hold),
    groups: PATH_GROUPS,
    endpointNames: lines(names),
    setupSlackPs: withoutNone(report.setupSlackPs),
    holdSlackPs: withoutNone(report.holdSlackPs),
    setupGroup,
    holdGroup,
    paths: [
      ...report.setupPaths.slice(0, storedMax).map((p) => view(p, setupGroup[at.get(p.endpoint)!])),
      ...report.holdPaths.slice(0, storedMax).map((p) => view(p, holdGroup[at.get(p.endpoint)!])),
    ],
  };
}

const totals = (s: SlackSummary): TimingView['setup'] => ({
  worstPs: s.worstSlackPs,
  tnsPs: s.tnsPs,
  violations: s.violatingEndpoints,
});

/** First stage whose cell is a register: its clock pin to output arc; else the start itself. */
function launch(path: TimingPath, kit: Kit): number {
  const registers = registerNames(kit);
  for (let k = path.stages.length - 1; k >= 0; k--) {
    const { kind, master, fromPin } = path.stages[k];
    if (kind === 'cell' && master !== null && registers.get(master) === fromPin) return k;
  }
  return NONE;
}

const cache = new WeakMap<Kit, Map<string, string>>();
/** Master -> name of its clock pin. */
function registerNames(kit: Kit): Map<string, string> {
  let found = cache.get(kit);
  if (!found) {
    const flops = kit.masters.filter((m) => m.sequential && m.sequential.kind !== 'clockGate');
    found = new Map(flops.map((m) => [m.name, m.pins.find((p) => p.isClock)?.name ?? '']));
    cache.set(kit, found);
  }
  return found;
}

function groupOf(path: TimingPath, kit: Kit, isPort: boolean): number {
  const isRegister = launch(path, kit) !== NONE;
  return isRegister ? (isPort ? 2 : 0) : isPort ? 3 : 1;
}

function viewPath(
  path: TimingPath,
  group: number,
  periodPs: number,
  cellOf: (pin: number) => number,
  netIndex: ReadonlyMap<string, number>,
  kit: Kit,
): ViewPath {
  const at = launch(path, kit);
  const firstData = Math.max(0, at);
  const data = path.stages.slice(firstData);
  const launchPs = at > 0 ? path.stages[at - 1].arrivalPs : 0;
  const sum = (kind: string): number => data.reduce((s, x) => s + (x.kind === kind ? x.delayPs : 0), 0);
  const facts = {
    cellPs: sum('cell'),
    wirePs: sum('net'),
    levels: data.filter((s) => s.kind === 'cell').length,
    fanoutMax: data.reduce((m, s) => Math.max(m, s.fanout), 0),
    skewPs: at > 0 ? path.capturePs - (path.check === 'setup' ? periodPs : 0) - launchPs : 0,
  };
  const stages = path.stages.map((s): ViewStage => ({
    name: s.name,
    master: s.master,
    kind: s.kind,
    edge: s.edge,
    delayPs: s.delayPs,
    arrivalPs: s.arrivalPs,
    slewPs: s.slewPs,
    loadFf: s.loadFf,
    fanout: s.fanout,
    lengthUm: s.netLengthUm,
    cell: cellOf(s.pin),
    net: s.net === null ? NONE : (netIndex.get(s.net) ?? NONE),
  }));
  const { check, endpoint, slackPs, arrivalPs, requiredPs, checkPs, capturePs, uncertaintyPs } = path;
  return {
    check,
    start: (at > 0 ? path.stages[at - 1] : path.stages[0])?.name ?? '',
    endpoint,
    group,
    slackPs,
    arrivalPs,
    requiredPs,
    checkPs,
    capturePs,
    uncertaintyPs,
    launchPs,
    ...facts,
    lengthUm: data.reduce((s, x) => s + (x.kind === 'net' ? (x.netLengthUm ?? 0) : 0), 0),
    cause: causeOf(path, facts, data, periodPs),
    firstData,
    stages,
  };
}

/**
 * The largest of: time in wires; time of cells that drive many pins; skew against the check; beyond those,
 * depth where there are many levels, else slow cells. Ports that wait for the outside are named as such.
 */
function causeOf(
  path: TimingPath,
  facts: { cellPs: number; wirePs: number; levels: number; skewPs: number },
  data: TimingPath['stages'],
  periodPs: number,
): PathCause {
  const dataPs = Math.max(1, facts.cellPs + facts.wirePs);
  const against = path.check === 'setup' ? -facts.skewPs : facts.skewPs;
  if (against > (path.check === 'setup' ? 0.25 * dataPs : 0.5 * dataPs)) return 'skew';
  if (path.checkPs > 0.5 * periodPs) return 'port';
  if (facts.wirePs > 0.35 * dataPs) return 'wire';
  const wide = data.reduce((s, x) => s + (x.kind === 'cell' && x.fanout > FANOUT_LARGE ? x.delayPs : 0), 0);
  if (wide > 0.3 * dataPs) return 'fan-out';
  return facts.levels >= 12 ? 'depth' : 'cells';
}
