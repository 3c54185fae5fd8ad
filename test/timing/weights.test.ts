import { describe, expect, test } from 'vitest';
import { markClocks, readNetlist } from '../../src-main/stages/netlist/index.ts';
import {
  analyzeTiming,
  defaultConstraints,
  NO_SLACK,
  timingWeights,
} from '../../src-main/stages/timing/index.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  const kit = nangate45();
  const netlist = markClocks(readNetlist(randomVerilog(4, 300, 40), kit).value, kit);
  const report = analyzeTiming(netlist, kit, null, defaultConstraints('clk', 800));
  const slackOf = (net: number): number =>
    netlist.netPins
      .subarray(netlist.netPinStart[net]! + 1, netlist.netPinStart[net + 1])
      .reduce((worst, pin) => Math.min(worst, report.pinSlackPs[pin]!), NO_SLACK);

  test('the worst path has the largest weight, the clock and relaxed nets have 1', () => {
    const weights = timingWeights(netlist, report, { maxWeight: 3, criticalShare: 0.1 });
    expect(Math.max(...weights)).toBe(3);
    const worst = weights.indexOf(3);
    expect(slackOf(worst)).toBeCloseTo(report.setup.worstSlackPs, 3);
    let heavy = 0;
    weights.forEach((w, n) => {
      if (w > 1) heavy++;
      if (netlist.netIsClock[n]) expect(w).toBe(1);
      for (const m of [worst, n]) if (slackOf(n) < slackOf(m)) expect(w).toBeGreaterThanOrEqual(weights[m]!);
    });
    expect(heavy).toBeGreaterThan(5);
    expect(heavy).toBeLessThan(0.3 * weights.length);
  });

  test('rounds are averaged', () => {
    const first = timingWeights(netlist, report);
    const previous = new Float64Array(first.length).fill(1);
    timingWeights(netlist, report, { previous }).forEach((w, n) =>
      expect(w).toBeCloseTo((1 + first[n]!) / 2, 12),
    );
  });
});
