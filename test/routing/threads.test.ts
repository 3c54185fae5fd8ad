/** Regions and threads: the same bytes however many threads there are. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack } from '../../src-main/base/pack.ts';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import { markClocks, readNetlist } from '../../src-main/stages/netlist/index.ts';
import { placeChip, type PlaceChipResult } from '../../src-main/stages/placement/index.ts';
import { makeLattice } from '../../src-main/stages/routing/lattice.ts';
import { defaultRouteOptions } from '../../src-main/stages/routing/options.ts';
import { makeRegions } from '../../src-main/stages/routing/regions.ts';
import { routeChip, verifyRouting, type RoutePool } from '../../src-main/stages/routing/index.ts';
import { makeRoutePool, type ClosablePool } from '../../src-main/tools/route-pool.ts';
import { meshVerilog } from '../bench/mesh.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { miniChip, miniKit } from '../support/mini-chip.ts';

describe.skipIf(!kitFiles)(`a placed mesh${kitNote}`, () => {
  /** Small enough that this chip is cut. */
  const options = { regionUm: 10 };
  const pools: ClosablePool[] = [];
  let c: PlaceChipResult;
  beforeAll(() => {
    const kit = nangate45();
    const plan = makeFloorplan(markClocks(readNetlist(meshVerilog(4), kit).value, kit), kit, {});
    c = placeChip(plan.netlist, kit, plan.floorplan, plan.placement);
  });
  afterAll(() => Promise.all(pools.map((p) => p.close())));

  const poolOf = (threads: number): ClosablePool => {
    const pool = makeRoutePool(threads);
    pools.push(pool);
    return pool;
  };
  const run = (pool?: RoutePool) =>
    routeChip(c.netlist, c.floorplan, c.placement, nangate45(), options, undefined, pool).value;

  test('one thread and two, in two runs: the same bytes, and the judge finds nothing', () => {
    const alone = run();
    expect(alone.routing.failedNets).toEqual([]);
    expect(verifyRouting(c.netlist, c.floorplan, alone.placement, nangate45(), alone.routing)).toEqual([]);
    const bytes = pack(alone);
    let messages = 0;
    const two = poolOf(2);
    const counted: RoutePool = { ...two, run: (m, own) => ((messages += m.length), two.run(m, own)) };
    expect(pack(run(counted))).toEqual(bytes);
    expect(messages).toBeGreaterThan(2);
    expect(pack(run(poolOf(2)))).toEqual(bytes);
    expect(pack(run())).toEqual(bytes);
  });

  test('a failing thread is told, not waited for', () => {
    const two = poolOf(2);
    // A net whose access points lie beyond the lattice.
    const nonsense = () => Int32Array.of(1, 0, 0, 1, 0, 0, 9, 9, 1, 0, -1);
    const bad: RoutePool = { ...two, run: (m, own) => two.run(m.map(nonsense), own) };
    expect(() => run(bad)).toThrow(/thread of the router failed/);
  });
});

test('regions of one cut do not touch, and their nets lie inside', () => {
  const lattice = makeLattice(miniChip(6, 24, 180, 0.1).floorplan, miniKit, defaultRouteOptions);
  const regions = makeRegions(lattice, 7 * 2000, 0, 1200);
  expect(regions.cuts.length).toBeGreaterThan(4);
  const net = (node: number) => ({
    net: node,
    terminals: [],
    spanDbu: 0,
    route: { nodes: Int32Array.of(node), links: Uint8Array.of(0), taps: new Int32Array(0) },
    isComplete: true,
    troubledRounds: 0,
  });
  const nets = Array.from({ length: 400 }, (_, k) => net(Math.floor((k / 400) * lattice.nodeCount)));
  for (const cut of regions.cuts) {
    const { regions: parts, rest } = regions.split(cut, nets);
    expect(parts.reduce((sum, p) => sum + p.nets.length, rest.length)).toBe(nets.length);
    expect(parts.length).toBeGreaterThan(1);
    for (const a of parts)
      for (const b of parts) {
        if (a === b) continue;
        const gapX = Math.max(a.limit.x1 - b.limit.x2, b.limit.x1 - a.limit.x2);
        const gapY = Math.max(a.limit.y1 - b.limit.y2, b.limit.y1 - a.limit.y2);
        expect(Math.max(gapX, gapY)).toBeGreaterThanOrEqual(2400);
      }
  }
});
