/** Antennas from the GDS against the router's own count: long wires at low utilisation, before and after repair. */
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { checkLayout, type CheckReport } from '../../src-main/stages/check/index.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { readGds, writeGds } from '../../src-main/stages/layout/index.ts';
import { readNetlist } from '../../src-main/stages/netlist/index.ts';
import { legalise, placeChip, type PlaceChipResult } from '../../src-main/stages/placement/index.ts';
import { routeChip, type RoutedChip } from '../../src-main/stages/routing/index.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';

describe.skipIf(!kitFiles)(`long wires${kitNote}`, () => {
  let placed: PlaceChipResult;
  beforeAll(() => {
    const kit = nangate45();
    const netlist = readNetlist(randomVerilog(3, 120, 8), kit).value;
    const plan = makeFloorplan(netlist, kit, { utilization: 0.03 });
    const rough = placeChip(plan.netlist, kit, plan.floorplan, plan.placement);
    const { core } = rough.floorplan;
    const random = makeRng(1);
    const from = (low: number, high: number) => Math.round(low + random() * (high - low));
    const { xDbu, yDbu, isFixed } = rough.placement;
    const scattered = {
      ...rough.placement,
      xDbu: xDbu.map((x, i) => (isFixed[i] ? x : from(core.x1, core.x2 - 8000))),
      yDbu: yDbu.map((y, i) => (isFixed[i] ? y : from(core.y1, core.y2 - 4000))),
    };
    const { placement } = legalise(rough.netlist, kit, rough.floorplan, scattered);
    placed = { ...rough, placement };
  });

  function judge(antennaRepair: boolean): { routed: RoutedChip; report: CheckReport } {
    const kit = nangate45();
    const { floorplan } = placed;
    const routed = routeChip(placed.netlist, floorplan, placed.placement, kit, { antennaRepair }).value;
    const { netlist, placement, routing } = routed;
    const gds = readGds(writeGds({ kit, netlist, floorplan, placement, routing }, kitGds())).value;
    return { routed, report: checkLayout(gds, netlist, kit) };
  }
  const antennaNets = (r: CheckReport): Set<string> =>
    new Set(r.violations.filter((v) => v.rule === 'antenna').flatMap((v) => v.nets));

  test('are found by both, and gone after repair', () => {
    const before = judge(false);
    expect(before.routed.stats.antennaViolations).toBeGreaterThan(0);
    // The router leaves via pads out of its areas: the judge may see a few more.
    expect(antennaNets(before.report).size).toBeGreaterThanOrEqual(before.routed.stats.antennaViolations);
    const after = judge(true);
    expect(after.routed.stats.antennaViolations).toBe(0);
    expect(after.report.violations).toEqual([]);
    expect(after.report.rules.find((r) => r.rule === 'antenna')!.checked).toBeGreaterThan(100);
  });
});
