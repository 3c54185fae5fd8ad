import { describe, expect, test } from 'vitest';
import { buildClockTree, verifyClockTree, type ClockTreeResult } from '../../src-main/stages/clock/index.ts';
import { insertFillers } from '../../src-main/stages/fill/index.ts';
import { makeFloorplan, verifyPowerGrid } from '../../src-main/stages/floorplan/index.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import { editNetlist, markClocks, readNetlist, verifyNetlist } from '../../src-main/stages/netlist/index.ts';
import {
  legalise,
  placeGlobal,
  placePorts,
  verifyBuffering,
  verifyPlacement,
} from '../../src-main/stages/placement/index.ts';
import { estimateParasitics } from '../../src-main/stages/extraction/index.ts';
import { analyzeTiming, portNames, readSdc, verifyTiming } from '../../src-main/stages/timing/index.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { multiClockVerilog } from '../support/multi-clock.ts';
import { randomVerilog } from '../support/netlists.ts';

const SEVERAL_CLOCKS = `create_clock -name a -period 2 [get_ports ca]
create_clock -name b -period 3 [get_ports cb]
create_generated_clock -name d -source [get_ports ca] -divide_by 2 [get_pins div/Q]
set_propagated_clock [all_clocks]
`;

const kit: Kit = (kitFiles ? nangate45() : null)!;

function placed(seed: number, gates: number, flops: number) {
  const read = markClocks(
    readNetlist(randomVerilog(seed, gates, flops, { wide: 20, hasClockBuffers: false }), kit).value,
    kit,
  );
  const f = makeFloorplan(read, kit, { utilization: 0.5 });
  const floorplan = placePorts(f.netlist, kit, f.floorplan, f.placement, { order: 'name' });
  const global = placeGlobal(f.netlist, kit, floorplan, f.placement, { targetOverflow: 0.2 });
  return {
    netlist: f.netlist,
    floorplan,
    placement: legalise(f.netlist, kit, floorplan, global.placement).placement,
  };
}

describe.skipIf(!kitFiles)(`clock tree and fill on NanGate45${kitNote}`, () => {
  test.each([
    [1, 60, 1, 1],
    [2, 200, 20, 1],
    [3, 300, 150, 2],
    [4, 600, 700, 2],
  ])('seed %i: %i gates, %i flops, at least %i levels', (seed, gates, flops, atLeast) => {
    const { netlist, floorplan, placement } = placed(seed, gates, flops);
    const tree = buildClockTree(netlist, kit, floorplan, placement);
    const report = verifyClockTree(netlist, tree.netlist, kit, tree.placement, { maxFanout: 24 });
    expect(report.problems).toEqual([]);
    expect(report.sinks).toBe(flops);
    expect(report.levels.min).toBe(report.levels.max);
    expect(report.levels.max).toBeGreaterThanOrEqual(atLeast);
    expect(tree.trees).toHaveLength(1);
    expect(tree.trees[0]).toMatchObject({ net: 'clk', sinks: flops, levels: report.levels.max });
    expect(tree.trees[0].timing.sinks).toBe(flops);
    expect(tree.trees[0].timing.skewPs).toBeLessThan(30);
    expect(tree.trees[0].timing.worstSlewPs).toBeLessThan(100);
    expect(verifyNetlist(tree.netlist, kit)).toEqual([]);
    expect(verifyBuffering(netlist, tree.netlist, kit)).toEqual([]);
    expect(
      verifyPlacement(tree.netlist, kit, floorplan, tree.placement, { before: placement }).problems,
    ).toEqual([]);
    expect(buildClockTree(netlist, kit, floorplan, placement)).toEqual(tree);
  });

  test('several clocks: a tree on every clock net, and the skew of each clock', () => {
    const read = markClocks(readNetlist(multiClockVerilog(3, 300, 240), kit).value, kit);
    const f = makeFloorplan(read, kit, { utilization: 0.5 });
    const floorplan = placePorts(f.netlist, kit, f.floorplan, f.placement, { order: 'name' });
    const global = placeGlobal(f.netlist, kit, floorplan, f.placement, { targetOverflow: 0.2 });
    const placement = legalise(f.netlist, kit, floorplan, global.placement).placement;
    const tree = buildClockTree(f.netlist, kit, floorplan, placement);
    const report = verifyClockTree(f.netlist, tree.netlist, kit, tree.placement, { maxFanout: 24 });
    expect(report.problems).toEqual([]);
    // 40 flops each behind both ports' buffers, the inverted one, the divided one, the AND and the library's gate.
    expect(tree.trees.filter((t) => t.sinks >= 40).map((t) => t.net)).toEqual([
      'ka',
      'kb',
      'kd2',
      'kg',
      'kf',
      'ki',
    ]);
    const constraints = readSdc(SEVERAL_CLOCKS, portNames(tree.netlist));
    const wires = estimateParasitics(tree.netlist, tree.placement, kit, floorplan);
    const timing = analyzeTiming(tree.netlist, kit, wires, constraints);
    expect(verifyTiming(tree.netlist, kit, wires, constraints, timing)).toEqual([]);
    const of = (name: string) => timing.clockReports!.find((c) => c.clock === name)!;
    expect(timing.clockReports!.map((c) => [c.clock, c.network.sinks])).toEqual([
      ['a', 81],
      ['b', 81],
      ['d', 81],
    ]);
    // Within a net the tree is balanced; a gate's or inverter's branch comes later by itself and its own tree.
    for (const t of tree.trees) expect(t.timing.skewPs).toBeLessThan(30);
    for (const name of ['a', 'b', 'd']) expect(of(name).network.skewPs).toBeGreaterThan(0);
    const said = timing.diagnostics.filter((d) => d.code === 'TIMING-038');
    expect(said.map((d) => d.place)).toEqual(['a', 'b', 'd']);
  });

  describe('the verifier sees', () => {
    const chip = kitFiles ? placed(5, 300, 150) : null;
    const tree = chip ? buildClockTree(chip.netlist, kit, chip.floorplan, chip.placement) : null;
    const codes = (netlist: ClockTreeResult['netlist'], maxFanout = 24): string[] =>
      verifyClockTree(chip!.netlist, netlist, kit, tree!.placement, { maxFanout }).problems.map(
        (p) => p.code,
      );
    const ckOf = (name: string): [number, number] => {
      const inst = tree!.netlist.instNames.indexOf(name);
      const { pins } = kit.masters[tree!.netlist.instMaster[inst]];
      return [inst, pins.findIndex((p) => p.isClock)];
    };

    test('a flop moved to the root: fewer buffers than the others', () => {
      const e = editNetlist(tree!.netlist, kit);
      e.connect(...ckOf('r7'), tree!.netlist.netNames.indexOf('clk'));
      expect(codes(markClocks(e.finish(), kit))).toContain('CLOCK-103');
    });

    test('a flop on a data net', () => {
      const e = editNetlist(tree!.netlist, kit);
      e.connect(...ckOf('r7'), tree!.netlist.netNames.indexOf('n5'));
      expect(codes(e.finish())).toContain('CLOCK-102');
    });

    test('an inverter for a buffer', () => {
      const inverter = kit.masters.findIndex((m) => m.name === 'INV_X4');
      const e = editNetlist(tree!.netlist, kit);
      const leaf = tree!.netlist.instNames.indexOf('clock_leaf');
      const { pins } = kit.masters[tree!.netlist.instMaster[leaf]];
      const nets = pins.map((_, k) => e.netOf(leaf, k));
      const added = e.addInstance('other', inverter);
      for (const [k, p] of pins.entries()) {
        if (nets[k] < 0) continue;
        e.disconnect(leaf, k);
        e.connect(
          added,
          kit.masters[inverter].pins.findIndex((q) => q.direction === p.direction),
          nets[k],
        );
      }
      const placement = { ...tree!.placement };
      for (const key of ['xDbu', 'yDbu'] as const) placement[key] = Int32Array.of(...placement[key], 0);
      const found = verifyClockTree(chip!.netlist, markClocks(e.finish(), kit), kit, placement, {
        maxFanout: 24,
      });
      expect(found.problems.map((p) => p.code)).toContain('CLOCK-102');
    });

    test('too many sinks and a forgotten mark', () => {
      expect(codes(tree!.netlist, 5)).toContain('CLOCK-105');
      const netIsClock = tree!.netlist.netIsClock.slice().fill(0);
      expect(codes({ ...tree!.netlist, netIsClock })).toContain('CLOCK-101');
    });
  });

  test('fillers close every gap and the supply still reaches every cell', () => {
    const { netlist, floorplan, placement } = placed(6, 300, 40);
    const filled = insertFillers(netlist, kit, floorplan, placement);
    const check = (p: typeof placement) =>
      verifyPlacement(filled.netlist, kit, floorplan, p, { before: placement, full: true }).problems.map(
        (d) => d.code,
      );
    expect(check(filled.placement)).toEqual([]);
    expect(filled.counts.reduce((n, c) => n + c.count, 0)).toBe(
      filled.netlist.instMaster.length - netlist.instMaster.length,
    );
    expect(filled.counts.every((c) => c.master !== 'FILLCELL_X2')).toBe(true);
    expect(verifyNetlist(filled.netlist, kit)).toEqual([]);
    expect(verifyPowerGrid(floorplan, kit, filled).problems).toEqual([]);
    // Any single filler missing shows.
    for (let k = netlist.instMaster.length; k < filled.netlist.instMaster.length; k += 97) {
      const xDbu = filled.placement.xDbu.slice();
      xDbu[k] = xDbu[netlist.instMaster.length === k ? k + 1 : k - 1];
      expect(check({ ...filled.placement, xDbu })).not.toEqual([]);
    }
    const yDbu = placement.yDbu.slice();
    yDbu[0] += 1;
    expect(codeOf(() => insertFillers(netlist, kit, floorplan, { ...placement, yDbu })).code).toBe(
      'FILL-001',
    );
  });
});
