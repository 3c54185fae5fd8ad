/**
 * Analyses of one design again and again while it is edited: what the edits leave as it was is not computed again.
 * Delays and slews, which cost most, are reused by `reuse.ts`; loads, arrivals, checks and required times are sums over
 * the whole netlist and are added up anew. The report is that of
 * `analyzeTiming` to the bit.
 */
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Parasitics } from '../extraction/types.ts';
import { DEFAULT_TIMING_OPTIONS, reportTiming, timingBasis } from './analyze.ts';
import type { TimingBasis } from './analyze.ts';
import type { Constraints, TimingOptions, TimingReport } from './types.ts';

/** An analysis to go on from. Opaque; holds the netlist. */
export interface TimingState {
  readonly basis: TimingBasis;
}

export interface IncrementalTiming {
  readonly report: TimingReport;
  readonly state: TimingState;
  /** Cell outputs whose delays were computed, of `outputPins`; the rest was reused. */
  readonly computedPins: number;
  readonly outputPins: number;
}

/**
 * As `analyzeTiming`, going on from `before` where that helps: the same kit, constraints (the same object) and wire
 * model, and a netlist that came from `before`'s by edits which keep the indices of instances and ports and add new
 * ones at the end (as `editNetlist` does). With anything else, or null, all is computed.
 */
export function updateTiming(
  before: TimingState | null,
  netlist: Netlist,
  kit: Kit,
  parasitics: Parasitics | null,
  constraints: Constraints,
  options: Partial<TimingOptions> = {},
): IncrementalTiming {
  const o = { ...DEFAULT_TIMING_OPTIONS, ...options };
  const basis = timingBasis(netlist, kit, parasitics, constraints, o.wireDelay, before?.basis);
  return {
    report: reportTiming(basis, parasitics, o),
    state: { basis },
    computedPins: basis.delays.computedPins,
    outputPins: basis.delays.outputPins,
  };
}
