import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { findNeighbours, layerCapacitances, POWER } from '../../src-main/stages/extraction/coupling.ts';
import { sumsOfWires } from '../../src-main/stages/extraction/verify-sums.ts';
import type { Floorplan } from '../../src-main/stages/floorplan/types.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import type { Routing } from '../../src-main/stages/routing/types.ts';
import { toyTimingKit } from '../support/toy-timing-kit.ts';

/** The toy kit with the shape of its metals said: 0.1 um wide, 0.2 thick, 0.1 of oxide below each. */
const kit = ((): Kit => {
  const toy = toyTimingKit();
  let metals = 0;
  const layers = toy.tech.layers.map((layer) =>
    layer.kind === 'routing' ? { ...layer, thicknessUm: 0.2, heightUm: 0.1 + 0.3 * metals++ } : layer,
  );
  return { ...toy, tech: { ...toy.tech, layers } };
})();
const M2 = kit.tech.layers.findIndex((layer) => layer.name === 'm2');
const um = kit.tech.dbuPerUm;

const floorplanWith = (powerShapes: Floorplan['powerShapes']): Floorplan => ({ powerShapes }) as Floorplan;

/** wires: net, layer, x1, y1, x2, y2 in DBU; nets ascending. */
function routingOf(nets: number, wires: readonly (readonly number[])[]): Routing {
  const wireStart = Int32Array.from({ length: nets + 1 }, (_, n) => wires.filter((w) => w[0]! < n).length);
  return {
    wireStart,
    wires: Int32Array.from(wires.flatMap((w) => w.slice(1))),
    viaStart: new Int32Array(nets + 1),
    vias: new Int32Array(0),
    failedNets: [],
  };
}

const facing = (routing: Routing, floorplan = floorplanWith([])): (readonly number[])[] => {
  const n = findNeighbours(routing, floorplan, kit);
  return n.layer.map((_, i) => [n.netA[i]!, n.netB[i]!, n.from[i]!, n.to[i]!, n.spacingDbu[i]!]);
};

describe('neighbours', () => {
  test('the nearest on either side, in the part where nothing is between', () => {
    const routing = routingOf(3, [
      [0, M2, 0, 0, 0, 10_000],
      [1, M2, 200, 2_000, 200, 4_000],
      [2, M2, 400, 0, 400, 10_000],
    ]);
    expect(facing(routing)).toEqual([
      [0, 1, 2_000, 4_000, 100],
      [0, 2, 0, 2_000, 300],
      [0, 2, 4_000, 10_000, 300],
      [1, 2, 2_000, 4_000, 100],
    ]);
  });

  test('own metal and power shield; far metal is not seen', () => {
    const wires = [
      [0, M2, 0, 0, 0, 1_000],
      [0, M2, 200, 0, 200, 1_000],
      [1, M2, 400, 0, 400, 1_000],
      [2, M2, 3_000, 0, 3_000, 1_000],
    ];
    expect(facing(routingOf(3, wires))).toEqual([[0, 1, 0, 1_000, 100]]);
    const strap = {
      net: 'power',
      kind: 'strap',
      layer: M2,
      rect: { x1: 250, y1: 0, x2: 350, y2: 1_000 },
    } as const;
    expect(facing(routingOf(3, wires), floorplanWith([strap]))).toEqual([
      [0, POWER, 0, 1_000, 0],
      [POWER, 1, 0, 1_000, 0],
    ]);
  });
});

test('coupling falls with spacing as the formula says; one side at minimum spacing gives the kit average', () => {
  const model = layerCapacitances(kit)[M2]!;
  const metal = kit.tech.layers[M2]!;
  if (metal.kind !== 'routing') throw new Error('m2 is no metal');
  expect(model.groundFfPerUm + model.couplingFfPerUm(metal.spacingDbu)).toBeCloseTo(
    metal.capacitanceFfPerUm,
    12,
  );
  expect(model.couplingFfPerUm(400) / model.couplingFfPerUm(200)).toBeCloseTo(2 ** -1.34, 12);
  // w/h = 1, t/h = 2, s/h = 1 by hand: ground 1.15 + 2.8 * 2^0.222, side 0.03 + 1.66 - 0.07 * 2^0.222.
  expect(model.couplingFfPerUm(100) / model.groundFfPerUm).toBeCloseTo(1.60836 / 4.41577, 4);
});

test.each([1, 2, 3, 4])('the judge sums the same, random wires %i', (seed) => {
  const rng = makeRng(seed);
  const below = (n: number): number => Math.floor(rng() * n);
  const nets = 40;
  const taken = new Set<string>();
  const wires = Array.from({ length: 400 }, () => {
    const along = below(30) * 1_000;
    const track = 200 * below(60);
    const [layer, isX, net] = [below(2) * 2 + 2, below(2), below(nets)];
    // Metal of two nets on one spot is no routing.
    const length = 1 + below(4);
    const cells = Array.from(
      { length: length + 1 },
      (_, k) => `${layer} ${isX} ${track} ${along / 1_000 + k}`,
    );
    if (cells.some((cell) => taken.has(cell))) return null;
    cells.forEach((cell) => taken.add(cell));
    const end = along + length * 1_000;
    return isX ? [net, layer, along, track, end, track] : [net, layer, track, along, track, end];
  })
    .filter((wire) => wire !== null)
    .sort((a, b) => a[0]! - b[0]!);
  const routing = routingOf(nets, wires);
  const floorplan = floorplanWith([
    { net: 'ground', kind: 'strap', layer: 2, rect: { x1: 5_050, y1: 0, x2: 5_150, y2: 40_000 } },
  ]);
  const models = layerCapacitances(kit);
  const sums = new Float64Array(nets);
  for (const [net, layer, x1, y1, x2, y2] of wires)
    sums[net!]! += ((x2! - x1! + y2! - y1!) / um) * models[layer!]!.groundFfPerUm;
  const n = findNeighbours(routing, floorplan, kit);
  n.layer.forEach((layer, i) => {
    const fF = ((n.to[i]! - n.from[i]!) / um) * models[layer]!.couplingFfPerUm(n.spacingDbu[i]!);
    for (const net of [n.netA[i]!, n.netB[i]!]) if (net !== POWER) sums[net]! += fF;
  });
  const judged = sumsOfWires(routing, floorplan, nets, kit);
  expect(n.layer.length).toBeGreaterThan(100);
  sums.forEach((fF, net) => expect(judged[net]).toBeCloseTo(fF, 9));
});
