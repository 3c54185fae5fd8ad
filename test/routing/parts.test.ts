import { expect, test } from 'vitest';
import { route } from '../../src-main/stages/routing/index.ts';
import { findAntennas } from '../../src-main/stages/routing/antenna.ts';
import { isCovered } from '../../src-main/stages/routing/access.ts';
import { ripNodes } from '../../src-main/stages/routing/rip.ts';
import { makeLattice, nodeAt, nodeXy } from '../../src-main/stages/routing/lattice.ts';
import { makeState } from '../../src-main/stages/routing/state.ts';
import { defaultRouteOptions } from '../../src-main/stages/routing/options.ts';
import { miniChip, miniKit } from '../support/mini-chip.ts';

const c = miniChip(11, 8, 60, 0.6);

test('antenna: a smaller allowance finds nets, a larger one none', () => {
  const { routing } = route(c.netlist, c.floorplan, c.placement, miniKit).value;
  expect(findAntennas(c.netlist, c.placement, miniKit, routing, 1e6)).toEqual([]);
  const strict = findAntennas(c.netlist, c.placement, miniKit, routing, 5);
  expect(strict.length).toBeGreaterThan(0);
  expect(new Set(strict.map((d) => d.code))).toEqual(new Set(['ROUTE-030']));
});

test('covering: an L covers what lies in either arm or across both, not its notch', () => {
  const l = [
    { x1: 0, y1: 0, x2: 10, y2: 40 },
    { x1: 0, y1: 0, x2: 40, y2: 10 },
  ];
  expect(isCovered(l, { x1: 0, y1: 0, x2: 30, y2: 10 })).toBe(true);
  expect(isCovered(l, { x1: 2, y1: 2, x2: 12, y2: 9 })).toBe(true);
  expect(isCovered(l, { x1: 5, y1: 5, x2: 15, y2: 15 })).toBe(false);
});

test('rip-up prunes a branch back to its fork and keeps the rest', () => {
  const lattice = makeLattice(c.floorplan, miniKit, defaultRouteOptions);
  const state = makeState(lattice);
  // Track of metal2: a - b - c - d - e with taps at a, c and e; d falls out, and e is left alone.
  const a = lattice.layers[0].base + 5 * lattice.layers[0].posCount + 10;
  const route5 = {
    nodes: Int32Array.of(a, a + 1, a + 2, a + 3, a + 4),
    links: Uint8Array.of(1, 3, 3, 3, 2),
    taps: Int32Array.of(a, a + 2, a + 4),
  };
  const left = ripNodes(state, route5, (i) => i === 3);
  expect([...left.nodes]).toEqual([a, a + 1, a + 2]);
  expect([...left.links]).toEqual([1, 3, 2]);
  expect([...left.taps]).toEqual([a, a + 2, -1]);
  expect(state.component.every((v) => v === 0)).toBe(true);
});

test('every node of the lattice is found again at its own place', () => {
  const lattice = makeLattice(c.floorplan, miniKit, defaultRouteOptions);
  for (let n = 0; n < lattice.nodeCount; n += 97) {
    const at = nodeXy(lattice, n);
    expect(nodeAt(lattice, at.l, at.x, at.y)).toBe(n);
  }
});
