/** Clocks and port delays as SDC describes them, and how they become Constraints: plainly where one clock is all. */
import type { ClockDefinition, Constraints, GeneratedClock, PortDelay } from './types.ts';

/** A clock as it is being described; without a source it is virtual: it only dates port delays. */
export interface SdcClock {
  readonly name: string;
  readonly sources: readonly string[];
  /** The one port that it starts at; null for others. */
  readonly port: string | null;
  /** null = generated */
  readonly periodPs: number | null;
  readonly waveform: { readonly risePs: number; readonly fallPs: number } | null;
  readonly generated: GeneratedClock | null;
  isPropagated: boolean;
  slewPs: number;
  latencyPs: number;
  sourceLatencyPs: number | null;
  setupUncertaintyPs: number;
  holdUncertaintyPs: number;
}

export const freshClock = (
  given: Pick<SdcClock, 'name' | 'sources' | 'port' | 'periodPs' | 'waveform' | 'generated'>,
): SdcClock => ({
  ...given,
  isPropagated: false,
  slewPs: 0,
  latencyPs: 0,
  sourceLatencyPs: null,
  setupUncertaintyPs: 0,
  holdUncertaintyPs: 0,
});

export interface SdcDelay {
  readonly delay: PortDelay;
  readonly clock: SdcClock;
  readonly isClockFall: boolean;
  readonly isAdded: boolean;
}

/** Whether all clocks but `own` only date delays of its period, so that it alone is enough. */
export function isOneClock(own: SdcClock, clocks: readonly SdcClock[], delays: readonly SdcDelay[]): boolean {
  return (
    own.waveform === null &&
    clocks.every((c) => c.sources.length === 0 || c === own) &&
    clocks.every((c) => c.periodPs === own.periodPs && c.waveform === null) &&
    !delays.some((d) => d.isClockFall || (d.isAdded && delays.some((other) => other.clock !== d.clock)))
  );
}

/**
 * A delay against a virtual clock: its latency stays with the delay; where its uncertainty differs from the chip's
 * clock, which only outputs feel, as only there it captures, the difference is put into the delay.
 */
function datedPlainly({ delay, clock }: SdcDelay, own: SdcClock, isOutput: boolean): PortDelay {
  if (clock === own) return delay;
  const virtualLatencyPs = clock.latencyPs + (clock.sourceLatencyPs ?? 0);
  if (!isOutput) return { ...delay, virtualLatencyPs };
  return {
    ports: delay.ports,
    minPs: delay.minPs - (clock.holdUncertaintyPs - own.holdUncertaintyPs),
    maxPs: delay.maxPs + (clock.setupUncertaintyPs - own.setupUncertaintyPs),
    virtualLatencyPs,
  };
}

const dated = ({ delay, clock, isClockFall, isAdded }: SdcDelay, own: SdcClock): PortDelay => ({
  ...delay,
  ...(clock === own ? {} : { clock: clock.name }),
  ...(isClockFall ? { isClockFall: true as const } : {}),
  ...(isAdded ? { isAdded: true as const } : {}),
});

function definition(c: SdcClock): ClockDefinition {
  const periodPs = c.periodPs;
  return {
    name: c.name,
    sources: c.sources,
    periodPs,
    risePs: c.waveform?.risePs ?? 0,
    fallPs: c.waveform?.fallPs ?? (periodPs === null ? 0 : periodPs / 2),
    generated: c.generated,
    isPropagated: c.isPropagated,
    latencyPs: c.latencyPs,
    sourceLatencyPs: c.sourceLatencyPs,
    slewPs: c.slewPs,
    setupUncertaintyPs: c.setupUncertaintyPs,
    holdUncertaintyPs: c.holdUncertaintyPs,
  };
}

type ClockFields = Pick<
  Constraints,
  | 'clockName'
  | 'clockPort'
  | 'periodPs'
  | 'isClockPropagated'
  | 'clockSlewPs'
  | 'clockLatencyPs'
  | 'clockSourceLatencyPs'
  | 'setupUncertaintyPs'
  | 'holdUncertaintyPs'
  | 'inputDelays'
  | 'outputDelays'
> &
  Partial<Pick<Constraints, 'waveform' | 'moreClocks'>>;

export function clockFields(
  own: SdcClock,
  clocks: readonly SdcClock[],
  inputs: readonly SdcDelay[],
  outputs: readonly SdcDelay[],
  isOne: boolean,
): ClockFields {
  const fields = {
    clockName: own.name,
    clockPort: own.port!,
    periodPs: own.periodPs!,
    isClockPropagated: own.isPropagated,
    clockSlewPs: own.slewPs,
    clockLatencyPs: own.latencyPs,
    clockSourceLatencyPs: own.sourceLatencyPs ?? 0,
    setupUncertaintyPs: own.setupUncertaintyPs,
    holdUncertaintyPs: own.holdUncertaintyPs,
  };
  if (isOne)
    return {
      ...fields,
      inputDelays: inputs.map((d) => datedPlainly(d, own, false)),
      outputDelays: outputs.map((d) => datedPlainly(d, own, true)),
    };
  const others = clocks.filter((c) => c !== own);
  return {
    ...fields,
    inputDelays: inputs.map((d) => dated(d, own)),
    outputDelays: outputs.map((d) => dated(d, own)),
    ...(own.waveform ? { waveform: own.waveform } : {}),
    ...(others.length > 0 ? { moreClocks: others.map(definition) } : {}),
  };
}
