/** Clock networks: insertion and skew of each clock over the registers that it reaches; slacks by capturing clock. */
import type { ArrivalInput, Arrivals } from './arrivals.ts';
import type { CheckResult } from './checks.ts';
import { summarize } from './summary.ts';
import type { ClockGroupReport, ClockSummary } from './types.ts';

type Input = ArrivalInput & { readonly arrivals: Arrivals };

/** Over the active edges of the registers' clock pins; times from the clock's own edges. */
export function summarizeClock(
  { netlist, lib, graph, map, delays, arrivals, clocks }: Input,
  clock: number,
): ClockSummary {
  let sinks = 0;
  let minInsertionPs = Infinity;
  let maxInsertionPs = -Infinity;
  let maxSlewPs = 0;
  const seen = new Set<number>();
  for (let i = 0; i < netlist.instMaster.length; i++)
    for (const check of lib.checks[netlist.instMaster[i]]) {
      const k = 2 * (netlist.instPinStart[i] + check.clockPin) + check.clockEdge;
      if (!graph.isClock[k >> 1] || seen.has(k)) continue;
      seen.add(k);
      let isReached = false;
      for (let slot = map.slotStart[k]; slot < map.slotStart[k + 1]; slot++) {
        const tag = map.tags[map.slotTag[slot]];
        if (!tag.isClock || tag.edge >> 1 !== clock) continue;
        isReached = true;
        const edgePs = clocks.edgePs(tag.edge);
        minInsertionPs = Math.min(minInsertionPs, arrivals.earliestPs[slot] - edgePs);
        maxInsertionPs = Math.max(maxInsertionPs, arrivals.latestPs[slot] - edgePs);
      }
      if (!isReached) continue;
      sinks++;
      maxSlewPs = Math.max(maxSlewPs, delays.maxSlewPs[k]);
    }
  if (sinks === 0) return { sinks, minInsertionPs: 0, maxInsertionPs: 0, skewPs: 0, maxSlewPs };
  return { sinks, minInsertionPs, maxInsertionPs, skewPs: maxInsertionPs - minInsertionPs, maxSlewPs };
}

export function clockReports(input: Input, byClock: NonNullable<CheckResult['byClock']>): ClockGroupReport[] {
  const { list } = input.clocks;
  const none: ClockSummary = { sinks: 0, minInsertionPs: 0, maxInsertionPs: 0, skewPs: 0, maxSlewPs: 0 };
  return byClock.flatMap(({ setup, hold }, k): ClockGroupReport[] => {
    const clock = k < list.length ? list[k] : null;
    if (!clock && setup.size + hold.size === 0) return [];
    return [
      {
        clock: clock?.name ?? 'delay',
        periodPs: clock?.periodPs ?? 0,
        isGenerated: clock !== null && clock.generated !== null,
        endpoints: new Set([...setup.keys(), ...hold.keys()]).size,
        setup: summarize(setup.values()),
        hold: summarize(hold.values()),
        network: clock ? summarizeClock(input, k) : none,
      },
    ];
  });
}
