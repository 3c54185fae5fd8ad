/** The constraints' clocks on the netlist: where they start, their edges, which of them see each other. */
import { IngotError } from '../../base/diagnostic.ts';
import { NONE, pinInstances, type Netlist } from '../netlist/index.ts';
import { pairCycles } from './cycles.ts';
import type { CyclePair } from './cycles.ts';
import type { TimingLibrary } from './library.ts';
import type { NameIndex } from './pins.ts';
import type { ClockDefinition, Constraints } from './types.ts';

export interface ResolvedClock extends Omit<
  ClockDefinition,
  'sources' | 'periodPs' | 'risePs' | 'fallPs' | 'generated'
> {
  /** Pin ids (ports included); none = virtual. */
  readonly sources: readonly number[];
  readonly periodPs: number;
  /** Rise and fall in the first period. */
  readonly edgesPs: readonly [number, number];
  readonly generated: {
    readonly master: number;
    readonly sourcePin: number;
    readonly isInverted: boolean;
    readonly isCombinational: boolean;
    readonly isUndivided: boolean;
  } | null;
}

export interface Clocks {
  readonly list: readonly ResolvedClock[];
  /** Pin id -> clocks that start there. */
  readonly startingAt: ReadonlyMap<number, readonly number[]>;
  /** Clock edge 2 * clock + (0 rise, 1 fall). */
  edgePs(edge: number): number;
  cycles(launchEdge: number, captureEdge: number): CyclePair;
  /** No path is timed from the one clock to the other. */
  isApart(a: number, b: number): boolean;
  /** Throws TIMING-012. */
  byName(name: string): number;
}

export function ownClock(c: Constraints): ClockDefinition {
  return {
    name: c.clockName,
    sources: [c.clockPort],
    periodPs: c.periodPs,
    risePs: c.waveform?.risePs ?? 0,
    fallPs: c.waveform?.fallPs ?? c.periodPs / 2,
    generated: null,
    isPropagated: c.isClockPropagated,
    latencyPs: c.clockLatencyPs,
    sourceLatencyPs: c.clockSourceLatencyPs,
    slewPs: c.clockSlewPs,
    setupUncertaintyPs: c.setupUncertaintyPs,
    holdUncertaintyPs: c.holdUncertaintyPs,
  };
}

/** The constraints with all clocks of the netlist propagated, as they are behind their trees; or all ideal. */
export function withPropagatedClocks(c: Constraints, isPropagated = true): Constraints {
  const all = { ...c, isClockPropagated: isPropagated };
  if (!c.moreClocks) return all;
  return {
    ...all,
    moreClocks: c.moreClocks.map((k) => (k.sources.length > 0 ? { ...k, isPropagated } : k)),
  };
}

function checkClock(k: ClockDefinition): void {
  const bad = (what: string): IngotError =>
    new IngotError('TIMING-010', `constraint out of range: ${what} of clock ${k.name}`);
  if (k.periodPs !== null) {
    if (!(k.periodPs > 0) || !Number.isFinite(k.periodPs)) throw bad(`period ${k.periodPs} ps`);
    if (!(k.risePs >= 0 && k.risePs < k.periodPs && k.fallPs > k.risePs && k.fallPs - k.risePs < k.periodPs))
      throw bad(`edges ${k.risePs} and ${k.fallPs} ps`);
  }
  if (!(k.slewPs >= 0) || !Number.isFinite(k.slewPs)) throw bad('slew');
  const rest = [k.latencyPs, k.sourceLatencyPs ?? 0, k.setupUncertaintyPs, k.holdUncertaintyPs];
  if (!rest.every(Number.isFinite)) throw bad('latency or uncertainty');
  const g = k.generated;
  if ((g === null) !== (k.periodPs !== null)) throw bad('period or master');
  if (
    g &&
    !(g.divideBy >= 1 && g.multiplyBy >= 1 && Number.isInteger(g.divideBy) && Number.isInteger(g.multiplyBy))
  )
    throw bad('factor');
}

/** The clock that starts nearest behind a pin, through nets and cells; NONE if none does. */
function clockBehind(
  netlist: Netlist,
  lib: TimingLibrary,
  startingAt: ReadonlyMap<number, readonly number[]>,
  pin: number,
  except: number,
): number {
  const pins = netlist.pinNet.length;
  const owner = pinInstances(netlist);
  const seen = new Set([pin]);
  for (const at of seen) {
    const own = startingAt.get(at)?.find((k) => k !== except);
    if (own !== undefined) return own;
    const net = at >= pins ? netlist.ports[at - pins].net : netlist.pinNet[at];
    const driver = net === NONE ? NONE : netlist.netPins[netlist.netPinStart[net]];
    if (driver !== NONE && driver !== at) {
      seen.add(driver);
      continue;
    }
    if (at >= pins) continue;
    const start = netlist.instPinStart[owner[at]];
    const row = lib.pinStart[netlist.instMaster[owner[at]]] + at - start;
    for (let a = lib.intoStart[row]; a < lib.intoStart[row + 1]; a++) seen.add(start + lib.arcFrom[a]);
  }
  return NONE;
}

/** Edges of a generated clock (OpenSTA's rules: powers of two and 1 keep the master's first rise). */
function generatedEdges(
  g: NonNullable<ClockDefinition['generated']>,
  master: Pick<ResolvedClock, 'periodPs' | 'edgesPs'>,
): { periodPs: number; edgesPs: readonly [number, number] } {
  const { divideBy, multiplyBy } = g;
  const isPower = (divideBy & (divideBy - 1)) === 0;
  const scale = divideBy / multiplyBy;
  const periodPs = master.periodPs * scale;
  const [rise, fall] = master.edgesPs;
  const plain: [number, number] =
    divideBy > 1 && isPower && multiplyBy === 1 ? [rise, rise + periodPs / 2] : [rise * scale, fall * scale];
  if (!g.isInverted) return { periodPs, edgesPs: plain };
  const offset = plain[0] >= periodPs ? periodPs : 0;
  return { periodPs, edgesPs: [plain[1] - offset, plain[0] - offset + periodPs] };
}

/**
 * Throws TIMING-010 (numbers), -011 (the chip's clock port), -012 (a name that is not there), -014 (a generated clock
 * without master).
 */
export function resolveClocks(
  netlist: Netlist,
  lib: TimingLibrary,
  names: NameIndex,
  c: Constraints,
): Clocks {
  const definitions = [ownClock(c), ...(c.moreClocks ?? [])];
  const port = netlist.ports.findIndex((p) => p.name === c.clockPort);
  if (port < 0 || netlist.ports[port].direction !== 'input')
    throw new IngotError('TIMING-011', `the clock's port ${c.clockPort} is no input of ${netlist.top}`, {
      place: c.clockPort,
      remedy: 'name an input port in create_clock',
    });
  const startingAt = new Map<number, number[]>();
  const sources = definitions.map((k, index) => {
    checkClock(k);
    if (definitions.findIndex((other) => other.name === k.name) !== index)
      throw new IngotError('TIMING-010', `clock ${k.name} stands twice`, { place: k.name });
    return k.sources.map((name) => {
      const pin = names.pin(name);
      startingAt.set(pin, [...(startingAt.get(pin) ?? []), index]);
      return pin;
    });
  });
  const byName = (name: string): number => {
    const k = definitions.findIndex((d) => d.name === name);
    if (k < 0) throw new IngotError('TIMING-012', `there is no clock ${name}`, { place: name });
    return k;
  };
  const list: (ResolvedClock | undefined)[] = [];
  const resolve = (index: number, depth: number): ResolvedClock => {
    const known = list[index];
    if (known) return known;
    const { risePs, fallPs, periodPs, generated, ...rest } = definitions[index];
    const plain = { ...rest, sources: sources[index] };
    let clock: ResolvedClock;
    if (generated === null)
      clock = { ...plain, periodPs: periodPs!, edgesPs: [risePs, fallPs], generated: null };
    else {
      const sourcePin = names.pin(generated.source);
      const master =
        generated.master === null
          ? clockBehind(netlist, lib, startingAt, sourcePin, index)
          : byName(generated.master);
      if (master === NONE || master === index || depth > definitions.length)
        throw new IngotError('TIMING-014', `no clock reaches the source of generated clock ${rest.name}`, {
          place: generated.source,
          remedy: 'name a -source that a clock reaches, or -master_clock',
        });
      const { isInverted, isCombinational, divideBy, multiplyBy } = generated;
      clock = {
        ...plain,
        ...generatedEdges(generated, resolve(master, depth + 1)),
        generated: {
          master,
          sourcePin,
          isInverted,
          isCombinational,
          isUndivided: divideBy === 1 && multiplyBy === 1,
        },
      };
    }
    list[index] = clock;
    return clock;
  };
  const all = definitions.map((_, index) => resolve(index, 0));
  const count = all.length;
  const apart = new Uint8Array(count * count);
  for (const groups of c.clockGroups ?? []) {
    const ids = groups.map((group) => group.map(byName));
    // One list alone: apart from all clocks that it does not name.
    if (ids.length === 1) ids.push(all.map((_, k) => k).filter((k) => !ids[0].includes(k)));
    ids.forEach((group, g) =>
      ids.forEach((other, h) => {
        if (g === h) return;
        for (const a of group) for (const b of other) if (a !== b) apart[a * count + b] = 1;
      }),
    );
  }
  const pairs = new Map<number, CyclePair>();
  const edgePs = (edge: number): number => all[edge >> 1].edgesPs[edge & 1];
  const timeOf = (edge: number): { periodPs: number; edgePs: number } => ({
    periodPs: all[edge >> 1].periodPs,
    edgePs: edgePs(edge),
  });
  return {
    list: all,
    startingAt,
    edgePs,
    byName,
    isApart: (a, b) => apart[a * count + b] === 1,
    cycles(launch, capture) {
      const key = launch * 2 * count + capture;
      let pair = pairs.get(key);
      if (!pair) {
        pair = pairCycles(timeOf(launch), timeOf(capture), edgePs(capture ^ 1));
        pairs.set(key, pair);
      }
      return pair;
    },
  };
}
