import { describe, expect, test } from 'vitest';
import type { Kit, Master } from '../../src-main/stages/kit/types.ts';
import { verifyPlacement } from '../../src-main/stages/placement/index.ts';
import { findAntennas } from '../../src-main/stages/routing/antenna.ts';
import { routeChip, verifyRouting } from '../../src-main/stages/routing/index.ts';
import { miniChip, miniKit } from '../support/mini-chip.ts';

const RATIO = 50;
const inverter = miniKit.masters[0];
const site = miniKit.tech.siteWidthDbu;
const narrow = (r: { x1: number; y1: number; x2: number; y2: number }) => ({
  ...r,
  x2: Math.min(r.x2, site),
});
const diode: Master = {
  ...inverter,
  name: 'DIODE',
  kind: 'antenna',
  widthDbu: site,
  pins: inverter.pins
    .filter((p) => p.direction !== 'output')
    .map((p) => ({ ...p, shapes: p.shapes.map((s) => ({ ...s, rect: narrow(s.rect) })) })),
};
const kit: Kit = {
  ...miniKit,
  masters: [...miniKit.masters, diode],
  roles: { ...miniKit.roles, antennaDiode: 'DIODE' },
};

describe('antennas', () => {
  test.for([1, 2, 4])('repair leaves none, and a chip that is still whole and legal (seed %i)', (seed) => {
    const c = miniChip(seed, 12, 90, 0.5);
    const run = (antennaRepair: boolean) =>
      routeChip(c.netlist, c.floorplan, c.placement, kit, { antennaRatio: RATIO, antennaRepair }).value;
    const before = run(false);
    expect(before.stats.antennaViolations).toBeGreaterThan(0);
    expect(before.netlist).toBe(c.netlist);
    const { netlist, placement, routing, stats } = run(true);
    expect(stats.antennaViolations).toBe(0);
    expect(findAntennas(netlist, placement, kit, routing, RATIO)).toEqual([]);
    expect(routing.failedNets).toEqual([]);
    expect(verifyRouting(netlist, c.floorplan, placement, kit, routing)).toEqual([]);
    const legal = verifyPlacement(netlist, kit, c.floorplan, placement).problems;
    const wasLegal = verifyPlacement(c.netlist, kit, c.floorplan, c.placement).problems;
    expect(legal.map((p) => p.code)).toEqual(wasLegal.map((p) => p.code));
    expect(stats.antennaHops + stats.antennaDiodes).toBeGreaterThan(0);
    expect(netlist.instNames.length).toBe(c.netlist.instNames.length + stats.antennaDiodes);
    expect(netlist.netNames).toEqual(c.netlist.netNames);
  });

  test('without a diode in the kit what a hop cannot help is reported', () => {
    const c = miniChip(1, 12, 90, 0.5);
    const { value, diagnostics } = routeChip(c.netlist, c.floorplan, c.placement, miniKit, {
      antennaRatio: 20,
    });
    const told = diagnostics.filter((d) => d.code === 'ROUTE-030').length;
    expect(value.stats.antennaDiodes).toBe(0);
    expect(told).toBe(value.stats.antennaViolations);
    expect(told).toBeGreaterThan(0);
  });
});
