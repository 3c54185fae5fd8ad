/** CPU seconds per 1000 cells of placement, clock tree and routing, on one structure in three sizes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildClockTree } from '../../src-main/stages/clock/index.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { markClocks, readNetlist } from '../../src-main/stages/netlist/index.ts';
import { placeChip } from '../../src-main/stages/placement/index.ts';
import { routeChip } from '../../src-main/stages/routing/index.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { meshVerilog, TILE_CELLS } from './mesh.ts';
import { cpuSeconds, printTable, short, type Row } from './table.ts';

const BENCH_MS = 10 * 60_000;
const UTILIZATION = 0.5;
const WARM_UP_CELLS = 700;
const rows: Row[] = [];

afterAll(() =>
  printTable(
    'Placement and routing: CPU s per 1000 cells (routed cells, clock buffers included)',
    ['cells', 'nets', 'place', 'clock tree', 'route', 'all', 'all against the smallest', 'wire mm', 'vias'],
    rows,
  ),
);

describe.skipIf(!kitFiles)(`meshes of tiles${kitNote}`, () => {
  let smallest = 0;

  /** Netlist to routed chip, with the CPU seconds of each phase. */
  function build(cells: number) {
    const kit = nangate45();
    const text = meshVerilog(Math.round(Math.sqrt(cells / TILE_CELLS)));
    const mapped = markClocks(readNetlist(text, kit).value, kit);
    const plan = makeFloorplan(mapped, kit, { utilization: UTILIZATION });
    const placed = cpuSeconds(() => placeChip(plan.netlist, kit, plan.floorplan, plan.placement));
    const { netlist, floorplan, placement, paddingSites } = placed.value;
    const tree = cpuSeconds(() => buildClockTree(netlist, kit, floorplan, placement, { paddingSites }));
    const clocked = tree.value;
    const routed = cpuSeconds(() => routeChip(clocked.netlist, floorplan, clocked.placement, kit));
    return { clocked, placed, tree, routed };
  }

  // So that the smallest does not pay for compilation.
  beforeAll(() => void build(WARM_UP_CELLS), BENCH_MS);

  test.each([1000, 3000, 6000])('%i cells', { timeout: BENCH_MS }, (cells) => {
    const { clocked, placed, tree, routed } = build(cells);
    const { routing, stats } = routed.value.value;
    expect(routing.failedNets).toEqual([]);
    const count = clocked.netlist.instNames.length;
    const per = (seconds: number): number => (1000 * seconds) / count;
    const all = per(placed.seconds + tree.seconds + routed.seconds);
    smallest ||= all;
    rows.push([
      count,
      clocked.netlist.netNames.length,
      ...[placed, tree, routed].map((phase) => short(per(phase.seconds))),
      short(all),
      `${short(all / smallest)}×`,
      short(stats.wirelengthUm / 1000),
      stats.vias,
    ]);
  });
});
