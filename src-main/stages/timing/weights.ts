/**
 * Net weights for placement by criticality, as OpenROAD's timing-driven mode and RePlAce have them: nothing for nets
 * of the better part, then linear in the slack up to the worst.
 */
import type { Netlist } from '../netlist/types.ts';
import { NO_SLACK } from './types.ts';
import type { TimingReport } from './types.ts';

export interface WeightOptions {
  /** Weight of the most critical net; 1 is that of a net without hurry. */
  readonly maxWeight: number;
  /** Share of the timed nets, worst first, that get more than 1. */
  readonly criticalShare: number;
  /** [nets] of the round before: the mean of old and new is given (Liao et al., DREAMPlace 4.0, DATE 2022). */
  readonly previous: Float64Array | null;
}

export const DEFAULT_WEIGHTS: WeightOptions = { maxWeight: 1.9, criticalShare: 0.05, previous: null };

/** [nets] weights >= 1. The slack of a net is the worst of its sinks; clock nets and untimed ones weigh 1. */
export function timingWeights(
  netlist: Netlist,
  report: Pick<TimingReport, 'pinSlackPs'>,
  options: Partial<WeightOptions> = {},
): Float64Array {
  const { maxWeight, criticalShare, previous } = { ...DEFAULT_WEIGHTS, ...options };
  const nets = netlist.netNames.length;
  const slack = new Float64Array(nets).fill(NO_SLACK);
  for (let n = 0; n < nets; n++) {
    if (netlist.netIsClock[n]) continue;
    for (let q = netlist.netPinStart[n] + 1; q < netlist.netPinStart[n + 1]; q++)
      slack[n] = Math.min(slack[n], report.pinSlackPs[netlist.netPins[q]]);
  }
  const timed = slack.filter((s) => s !== NO_SLACK).sort();
  const weights = new Float64Array(nets).fill(1);
  const worst = timed[0];
  // One long path may hold more nets than the share: then all of it, and nothing else, is critical.
  let k = Math.min(timed.length - 1, Math.ceil(timed.length * criticalShare));
  while (k < timed.length - 1 && timed[k] <= worst) k++;
  const limit = timed[k];
  if (worst < limit)
    for (let n = 0; n < nets; n++)
      if (slack[n] < limit) weights[n] += ((maxWeight - 1) * (limit - slack[n])) / (limit - worst);
  if (previous)
    for (let n = 0; n < Math.min(nets, previous.length); n++) weights[n] = (weights[n] + previous[n]) / 2;
  return weights;
}
