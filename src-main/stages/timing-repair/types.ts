import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';

export interface RepairTimingOptions {
  /** Sinks of a signal net; clock nets have the clock tree's own limit. */
  readonly maxFanout: number;
  /** Limits on slew and load are met by this much: estimated wires are not the routed ones. */
  readonly limitFraction: number;
  /** Largest slew that drives are chosen for, ps; null = the library's, or the constraints' if smaller. */
  readonly maxSlewPs: number | null;
  /** Slack wanted on estimated wires. */
  readonly setupMarginPs: number;
  readonly holdMarginPs: number;
  /** Analyses at most, for each of limits, setup and hold. */
  readonly maxRounds: number;
  /** [insts of the netlist given] free sites to keep beside cells while legalising. */
  readonly paddingSites: Uint8Array | null;
  /** Only looks on. */
  readonly observe: ((progress: RepairProgress) => void) | null;
}

export interface RepairProgress {
  readonly phase: 'limits' | 'setup' | 'hold';
  readonly round: number;
  readonly worstSetupPs: number;
  readonly worstHoldPs: number;
  /** Pins over their limit of slew or load, and nets of too many sinks. */
  readonly violations: number;
}

/** One change. Instances by their index in the result's netlist, masters by their index in the kit. */
export type Change =
  | { readonly kind: 'resize'; readonly inst: number; readonly from: number; readonly to: number }
  /** A new buffer that drives pins which `net` drove before. */
  | {
      readonly kind: 'buffer';
      readonly why: 'limit' | 'setup' | 'hold';
      readonly inst: number;
      readonly master: number;
      readonly net: number;
      readonly sinks: number;
    }
  /** A copy of the tie cell on `net`, for some of its pins. */
  | {
      readonly kind: 'tie';
      readonly inst: number;
      readonly master: number;
      readonly net: number;
      readonly sinks: number;
    };

export interface RepairState {
  readonly worstSetupPs: number;
  readonly totalSetupPs: number;
  readonly worstHoldPs: number;
  readonly slewViolations: number;
  readonly loadViolations: number;
  readonly fanoutViolations: number;
}

export interface RepairTimingResult {
  readonly netlist: Netlist;
  /** Legal if the one given was. */
  readonly placement: Placement;
  /** [insts] as given, 0 for added cells. */
  readonly paddingSites: Uint8Array;
  /** In the order made; empty if nothing was wrong. */
  readonly journal: readonly Change[];
  readonly before: RepairState;
  readonly after: RepairState;
  /** Timing analyses made. */
  readonly analyses: number;
  readonly maxMoveUm: number;
}
