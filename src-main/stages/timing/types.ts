/**
 * Static timing: what is asked (Constraints) and what is found (TimingReport). Times ps, capacitance fF.
 * Everything is plain data: a report can be packed, shown and compared as it is.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';

/** A value for some ports. `ports` null = every port of that direction, the clock's too. Later entries win. */
export interface PortValue {
  readonly ports: readonly string[] | null;
  readonly value: number;
}

/** As PortValue, but the clock's port has no delay. */
export interface PortDelay {
  readonly ports: readonly string[] | null;
  readonly minPs: number;
  readonly maxPs: number;
  /** Latency of the virtual clock (same period) that the delay refers to; absent = the chip's own clock. */
  readonly virtualLatencyPs?: number;
  /** Name of the clock that the delay refers to; absent = the chip's own. */
  readonly clock?: string;
  /** The delay counts from the clock's falling edge. */
  readonly isClockFall?: true;
  /** Beside the delays that the ports have already, instead of replacing them. */
  readonly isAdded?: true;
}

/** How a generated clock comes from its master. */
export interface GeneratedClock {
  /** Port or pin (`instance/PIN`) that the master is taken at. */
  readonly source: string;
  /** Name; null = the clock that reaches the source. */
  readonly master: string | null;
  /** One of the two is 1. */
  readonly divideBy: number;
  readonly multiplyBy: number;
  readonly isInverted: boolean;
  /** The way from the master passes no register. */
  readonly isCombinational: boolean;
}

/** A clock beside the chip's own. */
export interface ClockDefinition {
  readonly name: string;
  /** Ports and pins where it starts; none = virtual. */
  readonly sources: readonly string[];
  /** null = generated: follows from its master. */
  readonly periodPs: number | null;
  readonly risePs: number;
  readonly fallPs: number;
  readonly generated: GeneratedClock | null;
  readonly isPropagated: boolean;
  readonly latencyPs: number;
  /** null = none, or of a generated clock the way from its propagated master. */
  readonly sourceLatencyPs: number | null;
  readonly slewPs: number;
  readonly setupUncertaintyPs: number;
  readonly holdUncertaintyPs: number;
}

/** Where paths begin, pass or end; any of them. */
export interface PathPoints {
  readonly clocks: readonly string[];
  /** Ports, and pins as `instance/PIN`. */
  readonly pins: readonly string[];
  readonly cells: readonly string[];
}

/** Paths that are timed otherwise. Which of several holds: see `exceptions.ts`. */
export interface PathException {
  readonly kind: 'false' | 'multicycle' | 'maxDelay' | 'minDelay';
  readonly from: PathPoints | null;
  readonly through: readonly PathPoints[];
  readonly to: PathPoints | null;
  readonly check: 'setup' | 'hold' | 'both';
  /** Cycles of a multicycle path, ps of a delay. */
  readonly value: number;
  /** Multicycle: counted in periods of the launching clock, not of the capturing one. */
  readonly isByLaunch: boolean;
}

/** Paths to some endpoints get another number of cycles. Later entries win. */
export interface Multicycle {
  /** Ports, and pins as `instance/PIN`. */
  readonly to: readonly string[];
  /** Cycles until setup is checked; null = as before. */
  readonly setup: number | null;
  /** Cycles by which the hold check lies before that of setup, less one; null = as before. */
  readonly hold: number | null;
}

/** Limits of the design beside those of the library; the smaller counts. null = none. */
export interface DesignLimits {
  readonly maxSlewPs: number | null;
  readonly maxLoadFf: number | null;
  readonly maxFanout: number | null;
}

/**
 * One mode, one corner. The clock named here is the chip's own; others and what only they need stand in the last,
 * optional fields.
 */
export interface Constraints {
  readonly clockName: string;
  readonly clockPort: string;
  readonly periodPs: number;
  /** false = ideal: the clock reaches every register at once. true = through the clock network's cells and wires. */
  readonly isClockPropagated: boolean;
  /** Latency of the clock network while it is ideal; a propagated clock has its own instead. */
  readonly clockLatencyPs: number;
  /** Latency before the clock's port, always added. */
  readonly clockSourceLatencyPs: number;
  /** Slew at clock pins while the clock is ideal. */
  readonly clockSlewPs: number;
  readonly setupUncertaintyPs: number;
  readonly holdUncertaintyPs: number;
  readonly inputDelays: readonly PortDelay[];
  readonly outputDelays: readonly PortDelay[];
  /** Slew at input ports (also the clock's own when it is propagated); 0 where nothing is said. */
  readonly inputSlewsPs: readonly PortValue[];
  /** Load outside of output ports, fF. */
  readonly outputLoadsFf: readonly PortValue[];
  /** Cell that drives input ports, instead of a slew: its delay over its unloaded delay is added. */
  readonly drivingCells: readonly {
    readonly ports: readonly string[] | null;
    readonly master: string;
    readonly pin: string;
  }[];
  /** Input ports. */
  readonly falsePathsFrom: readonly string[];
  /** Output ports, and pins as `instance/PIN`. */
  readonly falsePathsTo: readonly string[];
  readonly multicycles: readonly Multicycle[];
  readonly limits: DesignLimits;
  /** Of the chip's own clock; absent = rises at 0, falls at half its period. */
  readonly waveform?: { readonly risePs: number; readonly fallPs: number };
  readonly moreClocks?: readonly ClockDefinition[];
  /** Each: lists of clocks; between clocks of different lists of one entry no path is timed. */
  readonly clockGroups?: readonly (readonly (readonly string[])[])[];
  readonly exceptions?: readonly PathException[];
}

export type WireDelayModel =
  /** Effective capacitance at the driver and the driver's waveform through one Elmore pole at each sink. */
  | 'ceff'
  /** Total capacitance at the driver, no delay in the wire. Good for short nets only. */
  | 'lumped';

export interface TimingOptions {
  /** How many endpoints get their worst path written out, for setup and again for hold. */
  readonly pathCount: number;
  readonly wireDelay: WireDelayModel;
  /** [nets] length for the path listing, um; null = unknown. */
  readonly netLengthUm: Float64Array | null;
  readonly histogramBins: number;
}

export interface PathStage {
  /** Pin id of the Netlist. */
  readonly pin: number;
  /** `instance/PIN` or the port's name. */
  readonly name: string;
  /** Master of the pin's instance; null for ports. */
  readonly master: string | null;
  readonly kind: 'start' | 'cell' | 'net';
  readonly edge: 'rise' | 'fall';
  /** Pin of the same cell that the arc comes from, for kind 'cell'. */
  readonly fromPin: string | null;
  readonly delayPs: number;
  readonly arrivalPs: number;
  readonly slewPs: number;
  /** What the pin drives: pins and wire; 0 on sinks. */
  readonly loadFf: number;
  readonly fanout: number;
  readonly net: string | null;
  readonly netLengthUm: number | null;
}

export interface TimingPath {
  readonly check: 'setup' | 'hold';
  readonly endpoint: string;
  readonly slackPs: number;
  readonly arrivalPs: number;
  readonly requiredPs: number;
  /** Setup or hold time of the library, or the output delay at a port. */
  readonly checkPs: number;
  /** Arrival of the capturing clock edge, period included. */
  readonly capturePs: number;
  readonly uncertaintyPs: number;
  /** Only with several clocks or a falling edge: what launches (null = nothing) and what captures (null = nothing). */
  readonly launch?: ClockEdgeName | null;
  readonly capture?: ClockEdgeName | null;
  /** Timed by set_max_delay or set_min_delay, not by the capturing clock's cycles. */
  readonly isDelayGiven?: true;
  /** From the clock's port (or an input port) to the endpoint. */
  readonly stages: readonly PathStage[];
}

export interface ClockEdgeName {
  readonly clock: string;
  readonly edge: 'rise' | 'fall';
}

export interface LimitViolation {
  readonly pin: number;
  readonly name: string;
  readonly value: number;
  readonly limit: number;
}

export interface SlackSummary {
  /** Worst slack; 0 when there is no endpoint. Positive = met. */
  readonly worstSlackPs: number;
  /** min(worst, 0) */
  readonly wnsPs: number;
  readonly tnsPs: number;
  readonly violatingEndpoints: number;
}

export interface ClockSummary {
  readonly sinks: number;
  readonly minInsertionPs: number;
  readonly maxInsertionPs: number;
  /** max - min over register clock pins, active edge. */
  readonly skewPs: number;
  readonly maxSlewPs: number;
}

/** What one of several clocks captures, and how its network is. */
export interface ClockGroupReport {
  readonly clock: string;
  /** 0 for the group `delay` of paths with a delay given (set_max_delay, set_min_delay). */
  readonly periodPs: number;
  readonly isGenerated: boolean;
  readonly endpoints: number;
  readonly setup: SlackSummary;
  readonly hold: SlackSummary;
  readonly network: ClockSummary;
}

export interface TimingReport {
  readonly parasitics: 'none' | 'placement' | 'routed';
  readonly wireDelay: WireDelayModel;
  readonly isClockPropagated: boolean;
  readonly periodPs: number;
  readonly setup: SlackSummary;
  readonly hold: SlackSummary;
  /** 10^6 / (period - worst setup slack): exact as long as every path has one cycle; see `multicycles`. */
  readonly clockMhz: number;
  readonly clock: ClockSummary;
  /** Pin ids of checked endpoints (data pins of registers, output ports), in pin order. */
  readonly endpointPin: Int32Array;
  /** [endpoints] NO_SLACK where that check has no path */
  readonly setupSlackPs: Float64Array;
  readonly holdSlackPs: Float64Array;
  /** Worst first. */
  readonly setupPaths: readonly TimingPath[];
  readonly holdPaths: readonly TimingPath[];
  readonly setupHistogram: { readonly firstPs: number; readonly stepPs: number; readonly counts: Int32Array };
  readonly slewViolations: readonly LimitViolation[];
  readonly capViolations: readonly LimitViolation[];
  /** [pins and ports] worst setup slack through each, NO_SLACK where none and on the clock network. */
  readonly pinSlackPs: Float32Array;
  /** [insts] worst setup slack through each instance, NO_SLACK where none. */
  readonly instSlackPs: Float32Array;
  /** [2 * pins] arrival of the latest rise (2p) and fall (2p + 1), NO_ARRIVAL where none. */
  readonly pinArrivalPs: Float64Array;
  /** [2 * pins] slew of the slowest rise and fall; what power looks tables up by. */
  readonly pinSlewPs: Float64Array;
  readonly unconstrainedEndpoints: number;
  /** Only with several clocks: in order of definition, then paths with a delay given, if any. */
  readonly clockReports?: readonly ClockGroupReport[];
  readonly diagnostics: readonly Diagnostic[];
}

export const NO_ARRIVAL = -1e30;
export const NO_SLACK = 1e30;
