/**
 * Which edge of one clock captures what an edge of another launches: over their common period the closest capture
 * behind a launch for setup, the closest at or before it for hold (as OpenSTA counts; Synopsys, "Using the Synopsys
 * Design Constraints Format", multi-clock paths). Cycles are counted from the first periods of both clocks.
 */
export interface EdgeTime {
  readonly periodPs: number;
  readonly edgePs: number;
}

export interface CyclePair {
  readonly setup: CycleChoice;
  readonly hold: CycleChoice;
  /** Hold of an enable that gates the clock: in the cycle of its setup. `capture` is the gating edge's end. */
  readonly gateHold: CycleChoice;
  /** The clocks have no common period within the cycles looked at. */
  readonly isUnrelated: boolean;
}

export interface CycleChoice {
  readonly launchCycle: number;
  readonly captureCycle: number;
}

const MAX_CYCLES = 1000;
const MAX_SLOW_CYCLES = 100;
const RELATIVE = 1e-7;

interface Best {
  launchCycle: number;
  captureCycle: number;
  delayPs: number;
}

const firstCycle = (e: EdgeTime): number => (e.edgePs < 0 ? 1 : e.edgePs < e.periodPs ? 0 : -1);

/** `captureOtherPs`: the other edge of the capturing clock. O(cycles of the common period squared). */
export function pairCycles(launch: EdgeTime, capture: EdgeTime, captureOtherPs: number): CyclePair {
  const tolerance = RELATIVE * Math.max(launch.periodPs, capture.periodPs);
  const fresh = (): Best => ({ launchCycle: 0, captureCycle: 0, delayPs: Infinity });
  const best = { setup: fresh(), hold: fresh(), gateHold: fresh() };
  const take = (b: Best, delayPs: number, launchCycle: number, captureCycle: number): void => {
    if (delayPs >= b.delayPs - tolerance) return;
    b.delayPs = delayPs;
    b.launchCycle = launchCycle;
    b.captureCycle = captureCycle;
  };
  const most =
    capture.periodPs > launch.periodPs
      ? MAX_SLOW_CYCLES
      : Math.max(Math.ceil(launch.periodPs / capture.periodPs), MAX_CYCLES);
  let isBehind = false;
  let isBefore = false;
  for (let n = firstCycle(capture); n <= most; n++) {
    const captureStart = n * capture.periodPs;
    const at = captureStart + capture.edgePs;
    const other = captureStart + captureOtherPs;
    for (let m = firstCycle(launch); ; m++) {
      const launchStart = m * launch.periodPs;
      const from = launchStart + launch.edgePs;
      if (isBehind && isBefore && Math.abs(launchStart - captureStart) <= tolerance)
        return { ...best, isUnrelated: false };
      if (isBefore && launchStart > captureStart + capture.periodPs + tolerance) break;
      if (at > from + tolerance) {
        isBehind = true;
        take(best.setup, at - from, m, n);
      } else {
        isBefore = true;
        take(best.hold, from - at, m, n);
      }
      if (other <= from + tolerance) take(best.gateHold, from - at, m, n);
    }
  }
  return { ...best, isUnrelated: true };
}
