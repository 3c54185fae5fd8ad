/**
 * Judge of listed paths under several clocks and exceptions, from their names alone: which capture edge follows the
 * launch is found by laying both clocks' edges out on a line, which exception holds by reading every one of them
 * against the names along the path. No code of the analysis.
 */
import type { ClockDefinition, Constraints, PathException, PathPoints, TimingPath } from './types.ts';

interface Wave {
  readonly periodPs: number;
  readonly risePs: number;
  readonly fallPs: number;
}

const TOLERANCE_PS = 1e-3;
const MOST_EDGES = 4000;

const others = (c: Constraints): readonly ClockDefinition[] => c.moreClocks ?? [];

/** Waves by clock name; a generated clock whose master is only found through the netlist has none here. */
function wavesOf(c: Constraints): Map<string, Wave> {
  const plain = c.waveform ?? { risePs: 0, fallPs: c.periodPs / 2 };
  const waves = new Map<string, Wave>([[c.clockName, { ...plain, periodPs: c.periodPs }]]);
  const bySource = new Map<string, string>([[c.clockPort, c.clockName]]);
  for (const k of others(c)) {
    for (const s of k.sources) if (!bySource.has(s)) bySource.set(s, k.name);
    if (k.periodPs !== null) waves.set(k.name, { periodPs: k.periodPs, risePs: k.risePs, fallPs: k.fallPs });
  }
  for (let round = 0; round < others(c).length; round++)
    for (const k of others(c)) {
      const g = k.generated;
      const master = g ? waves.get(g.master ?? bySource.get(g.source) ?? '') : undefined;
      if (!g || !master || waves.has(k.name)) continue;
      const periodPs = (master.periodPs * g.divideBy) / g.multiplyBy;
      const isHalving = g.multiplyBy === 1 && g.divideBy > 1 && Number.isInteger(Math.log2(g.divideBy));
      const factor = periodPs / master.periodPs;
      const risePs = isHalving ? master.risePs : master.risePs * factor;
      const fallPs = isHalving ? master.risePs + periodPs / 2 : master.fallPs * factor;
      // Inverted: it rises where it fell; the first rise is in the first period.
      if (!g.isInverted) waves.set(k.name, { periodPs, risePs, fallPs });
      else waves.set(k.name, { periodPs, risePs: fallPs, fallPs: risePs + periodPs });
    }
  return waves;
}

const edgeOf = (w: Wave, edge: 'rise' | 'fall'): number => (edge === 'rise' ? w.risePs : w.fallPs);

/** All edges from before the first launch to where the pattern has come round. */
function edgesFrom(w: Wave, edge: 'rise' | 'fall', fromPs: number, toPs: number): number[] {
  const list: number[] = [];
  const first = Math.floor((fromPs - edgeOf(w, edge)) / w.periodPs);
  for (let n = first; list.length < MOST_EDGES; n++) {
    const at = edgeOf(w, edge) + n * w.periodPs;
    if (at > toPs) break;
    list.push(at);
  }
  return list;
}

/** Time from launch to the closest capture behind it; to the closest not behind it (at most 0) for hold. */
function windowPs(
  launch: Wave,
  launchEdge: 'rise' | 'fall',
  capture: Wave,
  captureEdge: 'rise' | 'fall',
  check: 'setup' | 'hold',
): number {
  const cycle = 60 * Math.max(launch.periodPs, capture.periodPs);
  let best = check === 'setup' ? Infinity : -Infinity;
  const captures = edgesFrom(capture, captureEdge, -2 * capture.periodPs, cycle + 2 * capture.periodPs);
  for (const at of edgesFrom(launch, launchEdge, 0, cycle))
    for (const due of captures) {
      const gap = due - at;
      if (check === 'setup' && gap > TOLERANCE_PS) best = Math.min(best, gap);
      if (check === 'hold' && gap <= TOLERANCE_PS) best = Math.max(best, gap);
    }
  return best;
}

const cellOf = (pin: string): string => pin.slice(0, Math.max(0, pin.lastIndexOf('/')));

/** The clock pin that launches, or the port where the path starts. */
function startOf(path: TimingPath): string {
  const last = path.stages.reduce((found, _, n) => (isLaunch(path, n) ? n : found), -1);
  return path.stages[Math.max(0, last - 1)].name;
}

/** A stage out of a clock pin: its cell is a register by what the path says of it. */
function isLaunch(path: TimingPath, n: number): boolean {
  const s = path.stages[n];
  return s.kind === 'cell' && s.fromPin !== null && /^(CK|CLK|CKN)$/.test(s.fromPin) && !/GCK$/.test(s.name);
}

const meets = (p: PathPoints, name: string, clock: string | undefined): boolean =>
  p.pins.includes(name) ||
  p.cells.includes(cellOf(name)) ||
  (clock !== undefined && p.clocks.includes(clock));

function matches(e: PathException, path: TimingPath, check: 'setup' | 'hold'): boolean {
  const moves = e.kind === 'multicycle' && check === 'hold' && e.check === 'setup';
  if (e.check !== 'both' && e.check !== check && !moves) return false;
  const start = startOf(path);
  if (e.from && !meets(e.from, start, path.launch?.clock)) return false;
  if (e.to && !meets(e.to, path.endpoint, path.capture?.clock)) return false;
  const from = path.stages.findIndex((s) => s.name === start);
  let at = Math.max(from, 0);
  for (const p of e.through) {
    while (at < path.stages.length) {
      const s = path.stages[at];
      if (p.pins.includes(s.name) || (s.kind === 'cell' && p.cells.includes(cellOf(s.name)))) break;
      at++;
    }
    if (at === path.stages.length) return false;
    // The next point lies behind this one.
    at++;
  }
  return true;
}

function rank(e: PathException): number {
  const pins = (p: PathPoints | null): boolean => (p?.pins.length ?? 0) + (p?.cells.length ?? 0) > 0;
  const bits = [
    pins(e.from),
    pins(e.to),
    e.through.length > 0,
    (e.from?.clocks.length ?? 0) > 0,
    (e.to?.clocks.length ?? 0) > 0,
  ];
  const kind = e.kind === 'false' ? 2 : e.kind === 'multicycle' ? 0 : 1;
  return bits.reduce((r, b) => 2 * r + (b ? 1 : 0), kind);
}

/** Latency of the clock that an output's delay counts from; null = through the netlist. */
function outsideLatencyPs(c: Constraints, clock: string): number | null {
  const k = others(c).find((other) => other.name === clock);
  if (!k)
    return c.inputDelays.concat(c.outputDelays).some((d) => d.virtualLatencyPs !== undefined)
      ? null
      : c.clockSourceLatencyPs + (c.isClockPropagated ? 0 : c.clockLatencyPs);
  if (k.generated && k.sourceLatencyPs === null) return null;
  return (k.sourceLatencyPs ?? 0) + (k.isPropagated ? 0 : k.latencyPs);
}

/**
 * What is wrong with a listed path's launch, capture and exceptions; null = nothing. Paths of a single clock without
 * edge names are judged elsewhere.
 */
export function pathTrouble(
  path: TimingPath,
  c: Constraints,
  captureArrivalPs: number | null,
): string | null {
  const { launch, capture, check } = path;
  if (launch === undefined || capture === undefined) return null;
  const waves = wavesOf(c);
  const found = (c.exceptions ?? []).filter((e) => matches(e, path, check));
  if (found.some((e) => e.kind === 'false' && (e.check === 'both' || e.check === check)))
    return 'a false path was timed';
  if (path.isDelayGiven) {
    const delay = found.find((e) => e.kind === (check === 'setup' ? 'maxDelay' : 'minDelay'));
    return delay ? null : 'no delay is given for this path';
  }
  const best = Math.max(...found.map(rank));
  const strongest = found.filter((e) => rank(e) === best);
  if (strongest.some((e) => e.kind === 'maxDelay' || e.kind === 'minDelay'))
    return 'a delay is given for this path';
  if (!launch || !capture) return 'nothing launches or captures this path';
  const groups = c.clockGroups ?? [];
  const groupOf = (lists: readonly (readonly string[])[], name: string): number =>
    lists.findIndex((list) => list.includes(name));
  for (const lists of groups) {
    const [a, b] = [groupOf(lists, launch.clock), groupOf(lists, capture.clock)];
    const isAlone = lists.length === 1;
    if (a !== b && (isAlone || (a >= 0 && b >= 0))) return 'clocks of different groups';
  }
  const own = others(c).find((k) => k.name === capture.clock) ?? c;
  const uncertainty = check === 'setup' ? own.setupUncertaintyPs : own.holdUncertaintyPs;
  if (path.uncertaintyPs !== uncertainty)
    return `uncertainty ${path.uncertaintyPs} ps should be ${uncertainty} ps`;
  const [from, to] = [waves.get(launch.clock), waves.get(capture.clock)];
  if (!from || !to || found.length > 0 || c.multicycles.length > 0) return null;
  const launchPs = edgeOf(from, launch.edge);
  const gap = windowPs(from, launch.edge, to, capture.edge, check);
  // What is left of the capture is how late its edge comes, which no network makes later than its latest.
  const network = path.capturePs - (launchPs + gap);
  const most = path.endpoint.includes('/')
    ? captureArrivalPs === null
      ? null
      : captureArrivalPs - edgeOf(to, capture.edge)
    : outsideLatencyPs(c, capture.clock);
  if (most === null) return null;
  if (network > most + TOLERANCE_PS)
    return `captured ${network} ps behind its edge, at most ${most} ps are possible`;
  return null;
}
