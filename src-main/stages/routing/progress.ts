/** One value that only grows, out of phases of which some go back and forth. */
import type { RouteObserver, RouteProgress } from './options.ts';

/** Where each phase starts, measured on chips of 10 to 100 thousand cells. */
const START = { initial: 0, negotiate: 0.6, endgame: 0.9, antenna: 0.95, emit: 0.97 } as const;
const END = { initial: 0.6, negotiate: 0.9, endgame: 0.95, antenna: 0.97, emit: 1 } as const;

export type Report = (progress: Omit<RouteProgress, 'overall'>) => void;

/** Conflicts count by their logarithm: each round takes away a share of them. */
export function makeReport(observe: RouteObserver | undefined): Report | undefined {
  if (!observe) return undefined;
  let most = 0;
  let overall = 0;
  return (p) => {
    let done = p.fraction;
    if (p.phase === 'negotiate') {
      most = Math.max(most, p.conflicts);
      done = most === 0 ? 1 : 1 - Math.log(1 + p.conflicts) / Math.log(1 + most);
    }
    overall = Math.max(overall, START[p.phase] + (END[p.phase] - START[p.phase]) * done);
    observe({ ...p, overall });
  };
}
