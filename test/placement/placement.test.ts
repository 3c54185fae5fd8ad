import { describe, expect, test } from 'vitest';
import { makeFloorplan } from '../../src-main/stages/floorplan/index.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import { editNetlist, markClocks, readNetlist, verifyNetlist } from '../../src-main/stages/netlist/index.ts';
import type { Netlist } from '../../src-main/stages/netlist/types.ts';
import {
  hpwl,
  improveDetailed,
  legalise,
  pinView,
  placeChip,
  placeGlobal,
  placePorts,
  repairNets,
  verifyBuffering,
  verifyPlacement,
  type Placement,
} from '../../src-main/stages/placement/index.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';

const kit: Kit = (kitFiles ? nangate45() : null)!;
const read = (seed: number, gates = 500, flops = 60, wide = 90): Netlist =>
  markClocks(
    readNetlist(randomVerilog(seed, gates, flops, { wide, hasClockBuffers: false }), kit).value,
    kit,
  );
const plan = (seed: number, utilization = 0.55, gates = 500) =>
  makeFloorplan(read(seed, gates), kit, { utilization });

/** Cells thrown anywhere over the core. */
function scattered(
  placement: Placement,
  core: { x1: number; y1: number; x2: number; y2: number },
  seed: number,
): Placement {
  const rng = makeRng(seed);
  const throwTo = (v: Int32Array, low: number, high: number): Int32Array =>
    v.map((old, i) => (placement.isFixed[i] ? old : Math.round(low + rng() * (high - low))));
  return {
    ...placement,
    xDbu: throwTo(placement.xDbu, core.x1, core.x2),
    yDbu: throwTo(placement.yDbu, core.y1, core.y2),
  };
}

describe.skipIf(!kitFiles)(`placement on NanGate45${kitNote}`, () => {
  test('legalising anything gives a legal placement with fixed cells where they were', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { floorplan, netlist, placement } = plan(seed, 0.4 + 0.09 * seed);
      const wild = scattered(placement, floorplan.core, seed);
      const paddingSites = Uint8Array.from(netlist.instMaster, (_, i) => (placement.isFixed[i] ? 0 : i % 2));
      for (const options of [{}, { paddingSites }]) {
        const legal = legalise(netlist, kit, floorplan, wild, options).placement;
        expect(verifyPlacement(netlist, kit, floorplan, legal, { before: placement }).problems).toEqual([]);
        const better = improveDetailed(netlist, kit, floorplan, legal, options);
        expect(
          verifyPlacement(netlist, kit, floorplan, better.placement, { before: placement }).problems,
        ).toEqual([]);
        expect(better.afterDbu).toBeLessThan(better.beforeDbu);
        // What it claims is what an independent measurement finds.
        expect(better.afterDbu).toBeCloseTo(hpwl(netlist, kit, floorplan, better.placement), 3);
      }
    }
  });

  test('padding leaves free sites at the right of padded cells', () => {
    const { floorplan, netlist, placement } = plan(11, 0.5);
    const paddingSites = Uint8Array.from(netlist.instMaster, (_, i) => (placement.isFixed[i] ? 0 : 1));
    const legal = legalise(netlist, kit, floorplan, scattered(placement, floorplan.core, 1), {
      paddingSites,
    }).placement;
    const done = improveDetailed(netlist, kit, floorplan, legal, { paddingSites }).placement;
    const order = [...done.xDbu.keys()].sort(
      (a, b) => done.yDbu[a] - done.yDbu[b] || done.xDbu[a] - done.xDbu[b],
    );
    order.forEach((i, k) => {
      const next = order[k + 1];
      if (next === undefined || done.yDbu[next] !== done.yDbu[i] || placement.isFixed[i]) return;
      const end = done.xDbu[i] + kit.masters[netlist.instMaster[i]].widthDbu;
      expect(done.xDbu[next] - end).toBeGreaterThanOrEqual(kit.tech.siteWidthDbu);
    });
  });

  test('global placement beats a random one by far, spreads the cells and repeats itself', () => {
    const { floorplan, netlist, placement } = plan(21, 0.55, 1500);
    const ports = placePorts(netlist, kit, floorplan, placement, { order: 'name' });
    const seen: number[] = [];
    const a = placeGlobal(netlist, kit, ports, placement, { observe: (p) => seen.push(p.overflow) });
    const b = placeGlobal(netlist, kit, ports, placement);
    expect(a.placement.xDbu).toEqual(b.placement.xDbu);
    expect(seen).toHaveLength(a.iterations + 1);
    expect(a.overflow).toBeLessThan(0.1);
    const legal = legalise(netlist, kit, ports, a.placement);
    const random = legalise(netlist, kit, ports, scattered(placement, floorplan.core, 3));
    expect(hpwl(netlist, kit, ports, legal.placement)).toBeLessThan(
      0.5 * hpwl(netlist, kit, ports, random.placement),
    );
    expect(legal.meanMoveDbu / kit.tech.dbuPerUm).toBeLessThan(3);
  });

  test('a net of more weight gets shorter', () => {
    const { floorplan, netlist, placement } = plan(22, 0.5, 800);
    const ports = placePorts(netlist, kit, floorplan, placement, { order: 'name' });
    const base = placeGlobal(netlist, kit, ports, placement).placement;
    const chosen = [...netlist.netNames.keys()].filter(
      (e) => /^n\d+$/.test(netlist.netNames[e]) && e % 10 === 0,
    );
    const netWeights = new Float64Array(netlist.netNames.length).fill(1);
    for (const e of chosen) netWeights[e] = 8;
    const heavy = placeGlobal(netlist, kit, ports, placement, { netWeights }).placement;
    const length = (p: Placement): number => {
      const only = { ...netlist, netIsClock: netlist.netIsClock.map((_, e) => (netWeights[e] > 1 ? 0 : 1)) };
      return hpwl(only, kit, ports, p);
    };
    expect(length(heavy)).toBeLessThan(0.8 * length(base));
  });

  test('ports: on the edge, on tracks, apart, on the side asked for, shorter than by name', () => {
    const { floorplan, netlist, placement } = plan(31, 0.5, 800);
    const rough = placeGlobal(netlist, kit, floorplan, placement, { targetOverflow: 0.3 }).placement;
    const f = placePorts(netlist, kit, floorplan, rough, { sides: { in: 'left', clk: 'top' } });
    expect(f.portPins.map((p) => p.port)).toEqual(netlist.ports.map((_, k) => k));
    f.portPins.forEach((p, k) => {
      const layer = kit.tech.layers[p.layer];
      const tracks = f.tracks.find((t) => t.layer === p.layer)!;
      const isV = layer.kind === 'routing' && layer.direction === 'V';
      const centre = isV ? (p.rect.x1 + p.rect.x2) / 2 : (p.rect.y1 + p.rect.y2) / 2;
      expect((centre - tracks.startDbu) % tracks.stepDbu).toBe(0);
      const { die } = f;
      expect(
        p.rect.x1 === die.x1 || p.rect.y1 === die.y1 || p.rect.x2 === die.x2 || p.rect.y2 === die.y2,
      ).toBe(true);
      if (netlist.ports[k].name.startsWith('in')) expect(p.rect.x1).toBe(die.x1);
      if (netlist.ports[k].name === 'clk') expect(p.rect.y2).toBe(die.y2);
      for (const q of f.portPins.slice(k + 1))
        expect(
          p.rect.x2 < q.rect.x1 || q.rect.x2 < p.rect.x1 || p.rect.y2 < q.rect.y1 || q.rect.y2 < p.rect.y1,
        ).toBe(true);
    });
    const free = placePorts(netlist, kit, floorplan, rough);
    const named = placePorts(netlist, kit, floorplan, rough, { order: 'name' });
    expect(hpwl(netlist, kit, free, rough)).toBeLessThanOrEqual(hpwl(netlist, kit, named, rough));
  });

  test('repair: nobody drives too much afterwards, and every sink still sees its source', () => {
    for (let seed = 41; seed <= 44; seed++) {
      const given = makeFloorplan(read(seed, 400, 40, 700), kit, { utilization: 0.4 });
      const wild = scattered(given.placement, given.floorplan.core, seed);
      const first = repairNets(given.netlist, kit, given.floorplan, wild, { maxFanout: 16 });
      expect(first.report.violations.fanout).toBeGreaterThan(0);
      expect(first.report.buffers).toBeGreaterThan(700 / 16);
      expect(first.report.tieClones).toBeGreaterThan(0);
      expect(verifyNetlist(first.netlist, kit)).toEqual([]);
      expect(verifyBuffering(given.netlist, first.netlist, kit)).toEqual([]);
      const again = repairNets(first.netlist, kit, given.floorplan, first.placement, { maxFanout: 16 });
      expect(again.report.violations.fanout).toBe(0);
      expect(again.report.worstFanout).toBeLessThanOrEqual(16);
      expect(again.report.buffers + again.report.resized).toBeLessThan(20);
    }
  });

  test('verifyBuffering sees a sink on another net, an inverter for a buffer and a changed cell', () => {
    const { netlist, floorplan, placement } = plan(51);
    const wild = scattered(placement, floorplan.core, 1);
    const repaired = repairNets(netlist, kit, floorplan, wild).netlist;
    const codes = (n: Netlist): string[] => verifyBuffering(netlist, n, kit).map((p) => p.code);
    expect(codes(repaired)).toEqual([]);
    const named = (name: string): number => repaired.instNames.indexOf(name);
    const moved = editNetlist(repaired, kit);
    moved.connect(named('w5'), 0, repaired.netNames.indexOf('n3'));
    expect(codes(moved.finish())).toContain('PLACE-121');
    const changed = editNetlist(repaired, kit);
    changed.setMaster(
      named('w5'),
      kit.masters.findIndex((m) => m.name === 'NOR3_X1'),
    );
    expect(codes(changed.finish())).toContain('PLACE-120');
  });

  test('placeChip: all of it, legal, repeatable, any utilisation', () => {
    for (const [seed, utilization] of [
      [61, 0.4],
      [62, 0.65],
    ]) {
      const given = plan(seed, utilization, 700);
      const done = placeChip(given.netlist, kit, given.floorplan, given.placement, { seed });
      expect(
        verifyPlacement(done.netlist, kit, done.floorplan, done.placement, { before: given.placement })
          .problems,
      ).toEqual([]);
      expect(verifyNetlist(done.netlist, kit)).toEqual([]);
      expect(verifyBuffering(given.netlist, done.netlist, kit)).toEqual([]);
      expect(done.floorplan.portPins).toHaveLength(done.netlist.ports.length);
      expect(done.report.hpwlUm.detailed).toBeLessThan(done.report.hpwlUm.legal);
      const again = placeChip(given.netlist, kit, given.floorplan, given.placement, { seed });
      expect(again.placement).toEqual(done.placement);
    }
  });

  test('new weights on the way shorten the nets that they name', () => {
    const given = plan(63, 0.5, 700);
    const place = (reweigh?: (n: { netNames: readonly string[] }) => Float64Array | null) =>
      placeChip(given.netlist, kit, given.floorplan, given.placement, {
        seed: 1,
        ...(reweigh && { reweigh }),
      });
    const plain = place();
    expect(place(() => null).placement).toEqual(plain.placement);
    const isHeavy = (net: number): boolean => net % 10 === 3 && !given.netlist.netIsClock[net];
    const heavy = place((n) => Float64Array.from(n.netNames, (_, net) => (isHeavy(net) ? 8 : 1)));
    expect(verifyPlacement(heavy.netlist, kit, heavy.floorplan, heavy.placement).problems).toEqual([]);
    const length = ({ netlist, floorplan, placement }: typeof plain): number => {
      const view = pinView(netlist, kit, floorplan, placement, 0);
      let sum = 0;
      for (let n = 0; n < given.netlist.netNames.length; n++) {
        if (!isHeavy(n)) continue;
        const at = Array.from(
          netlist.netPins.subarray(netlist.netPinStart[n], netlist.netPinStart[n + 1]),
          (p) => view.at(p),
        );
        if (at.length < 2) continue;
        const [xs, ys] = [at.map((p) => p.x), at.map((p) => p.y)];
        sum += Math.max(...xs) - Math.min(...xs) + Math.max(...ys) - Math.min(...ys);
      }
      return sum;
    };
    expect(length(heavy)).toBeLessThan(0.95 * length(plain));
  });

  test('the verifier sees every kind of illegal placement', () => {
    const { floorplan, netlist, placement } = plan(71);
    const legal = legalise(netlist, kit, floorplan, scattered(placement, floorplan.core, 2)).placement;
    const codes = (
      change: (p: { xDbu: Int32Array; yDbu: Int32Array; orient: Uint8Array }) => void,
    ): string[] => {
      const p = {
        ...legal,
        xDbu: legal.xDbu.slice(),
        yDbu: legal.yDbu.slice(),
        orient: legal.orient.slice(),
      };
      change(p);
      return verifyPlacement(netlist, kit, floorplan, p, { before: legal }).problems.map((d) => d.code);
    };
    expect(codes(() => undefined)).toEqual([]);
    // Any cell onto any other one.
    const rng = makeRng(1);
    for (let k = 0; k < 30; k++) {
      const [a, b] = [Math.floor(rng() * 500), Math.floor(rng() * 500)];
      if (a === b) continue;
      const onto = codes((p) => {
        p.xDbu[a] = p.xDbu[b];
        p.yDbu[a] = p.yDbu[b];
        p.orient[a] = p.orient[b];
      });
      expect(onto).toContain('PLACE-108');
    }
    expect(codes((p) => (p.xDbu[3] += 1))).toContain('PLACE-104');
    expect(codes((p) => (p.yDbu[3] += 140))).toContain('PLACE-102');
    expect(codes((p) => (p.orient[3] ^= 3))).toContain('PLACE-106');
    expect(codes((p) => (p.xDbu[3] = floorplan.core.x2))).toContain('PLACE-105');
    const tap = legal.isFixed.indexOf(1);
    expect(codes((p) => (p.xDbu[tap] += kit.tech.siteWidthDbu))).toContain('PLACE-107');
    // One site to the left of a cell that has a neighbour there.
    const abutting = legal.xDbu.findIndex((x, i) =>
      legal.xDbu.some(
        (y, j) =>
          j !== i && legal.yDbu[j] === legal.yDbu[i] && y + kit.masters[netlist.instMaster[j]].widthDbu === x,
      ),
    );
    expect(codes((p) => (p.xDbu[abutting] -= kit.tech.siteWidthDbu))).toContain('PLACE-108');
  });

  test('what does not fit is refused', () => {
    const { floorplan, netlist, placement } = plan(81, 0.6);
    const half = { ...floorplan, rows: floorplan.rows.slice(0, 3) };
    expect(codeOf(() => legalise(netlist, kit, half, placement)).code).toBe('PLACE-003');
    const small = { ...floorplan, core: { ...floorplan.core, x2: floorplan.core.x1 + 8000 } };
    expect(codeOf(() => placeGlobal(netlist, kit, small, placement)).code).toBe('PLACE-001');
    const sides = { in: 'left', clk: 'left', out: 'left' } as const;
    const tracks = floorplan.tracks.map((t) => ({ ...t, stepDbu: 1e5, count: 2 }));
    expect(codeOf(() => placePorts(netlist, kit, { ...floorplan, tracks }, placement, { sides })).code).toBe(
      'PLACE-004',
    );
    expect(codeOf(() => placePorts(netlist, kit, floorplan, placement, { layerH: 'metal99' })).code).toBe(
      'PLACE-005',
    );
  });
});
