import { describe, expect, test } from 'vitest';
import { pack } from '../../src-main/base/pack.ts';
import { route, routeChip, verifyRouting, type Routing } from '../../src-main/stages/routing/index.ts';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { miniChip, miniKit, type MiniChip } from '../support/mini-chip.ts';

const judge = (c: MiniChip, routing: Routing): string[] =>
  verifyRouting(c.netlist, c.floorplan, c.placement, miniKit, routing).map((d) => d.code);

describe('route', () => {
  test.for([1, 2, 3, 4, 5])('random chip, seed %i: complete, and the judge finds nothing', (seed) => {
    const c = miniChip(seed, 8, 60, 0.55);
    const { value, diagnostics } = route(c.netlist, c.floorplan, c.placement, miniKit);
    expect(value.routing.failedNets).toEqual([]);
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
    expect(judge(c, value.routing)).toEqual([]);
    expect(value.stats.wirelengthUm).toBeGreaterThan(100);
    expect(value.stats.conflictsByRound.at(-1)).toBe(0);
  });

  test('without jogs every wire runs along its layer', () => {
    const c = miniChip(7, 6, 50, 0.5);
    const { routing, stats } = route(c.netlist, c.floorplan, c.placement, miniKit, { jogFactor: 0 }).value;
    expect(stats.jogUm).toBe(0);
    for (let w = 0; w < routing.wires.length; w += 5) {
      const [layer, x1, y1, x2, y2] = routing.wires.subarray(w, w + 5);
      const metal = miniKit.tech.layers[layer];
      expect(metal.kind === 'routing' && (metal.direction === 'H' ? y1 === y2 : x1 === x2)).toBe(true);
    }
    expect(judge(c, routing)).toEqual([]);
  });

  test('same input, same bytes', () => {
    const run = (): Uint8Array => {
      const c = miniChip(3, 6, 50, 0.6);
      return pack(routeChip(c.netlist, c.floorplan, c.placement, miniKit).value);
    };
    expect(run()).toEqual(run());
  });

  test('watching does not change the result', () => {
    const c = miniChip(4, 5, 40, 0.5);
    let calls = 0;
    const seen = route(c.netlist, c.floorplan, c.placement, miniKit, {}, () => calls++).value;
    expect(calls).toBeGreaterThan(0);
    expect(pack(seen)).toEqual(pack(route(c.netlist, c.floorplan, c.placement, miniKit).value));
  });

  test('with two layers only, what cannot be done is reported and the judge agrees', () => {
    const c = miniChip(5, 8, 60, 0.8);
    const { value, diagnostics } = route(c.netlist, c.floorplan, c.placement, miniKit, {
      maxLayer: 'metal3',
      maxRounds: 6,
    });
    expect(value.routing.failedNets.length).toBeGreaterThan(0);
    expect(diagnostics.some((d) => d.code === 'ROUTE-020' || d.code === 'ROUTE-021')).toBe(true);
    expect(judge(c, value.routing)).toContain('ROUTE-100');
  });

  test('an unknown layer is refused by name', () => {
    const c = miniChip(1, 2, 20, 0.5);
    const run = (): unknown => route(c.netlist, c.floorplan, c.placement, miniKit, { maxLayer: 'metal99' });
    expect(run).toThrow(IngotError);
    expect(run).toThrow(/metal99/);
  });
});

describe('the judge of routings', () => {
  const c = miniChip(2, 8, 60, 0.55);
  const good = route(c.netlist, c.floorplan, c.placement, miniKit).value.routing;
  const copy = (): Routing => ({ ...good, wires: good.wires.slice(), vias: good.vias.slice() });
  const spots = Array.from({ length: 12 }, (_, k) => k / 12);

  test.for(spots)('a deleted via (%f) is an open', (f) => {
    const gone = Math.floor(f * (good.vias.length / 3));
    const broken: Routing = {
      ...good,
      vias: good.vias.filter((_, i) => Math.floor(i / 3) !== gone),
      viaStart: good.viaStart.map((s) => (s > gone ? s - 1 : s)),
    };
    expect(judge(c, broken)).toContain('ROUTE-104');
  });

  test.for(spots)('a wire shifted by a track (%f) is found', (f) => {
    const broken = copy();
    // A jog may stand a step further on as well: wires along their layer's direction only.
    const along = Array.from({ length: good.wires.length / 5 }, (_, i) => 5 * i).filter((i) => {
      const layer = miniKit.tech.layers[good.wires[i]];
      const isUp = good.wires[i + 1] === good.wires[i + 3];
      return layer.kind === 'routing' && isUp === (layer.direction === 'V');
    });
    const w = along[Math.floor(f * along.length)];
    const metal = miniKit.tech.layers[good.wires[w]];
    const pitch = metal.kind === 'routing' ? metal.pitchDbu : 0;
    const across = good.wires[w + 1] === good.wires[w + 3] ? 1 : 2;
    broken.wires[w + across] += pitch;
    broken.wires[w + across + 2] += pitch;
    expect(judge(c, broken)).not.toEqual([]);
  });

  test('a wire of one net laid over another is a short', () => {
    const broken = copy();
    const e = good.wireStart.findIndex((s, i) => i > 0 && s > 0 && good.wireStart[i + 1] > s);
    broken.wires.copyWithin(0, 5 * good.wireStart[e], 5 * good.wireStart[e] + 5);
    expect(judge(c, broken)).toContain('ROUTE-106');
  });

  test('a wire beside a strap keeps the wide spacing, not the common one', () => {
    const strap = c.floorplan.powerShapes.find((s) => s.kind === 'strap')!.rect;
    const beside = (gap: number): string[] => {
      const x = strap.x2 + gap + 140;
      const wires = Int32Array.from([...good.wires, 6, x, strap.y1 + 2800, x, strap.y1 + 14000]);
      const last = good.wireStart.length - 1;
      const wireStart = good.wireStart.map((s, i) => (i === last ? s + 1 : s));
      const lone = { ...good, wires, wireStart, viaStart: good.viaStart };
      return verifyRouting(c.netlist, c.floorplan, c.placement, miniKit, lone)
        .filter((d) => d.code === 'ROUTE-107' && /power|ground/.test(d.message))
        .map((d) => d.code);
    };
    expect(beside(540)).toEqual([]);
    expect(beside(530)).not.toEqual([]);
  });

  test('off-grid, outside the die and malformed metal are told apart', () => {
    const offGrid = copy();
    offGrid.vias[1] += 3;
    expect(judge(c, offGrid)).toContain('ROUTE-103');
    const outside = copy();
    outside.vias[1] = -1000;
    expect(judge(c, outside)).toContain('ROUTE-102');
    const malformed = copy();
    malformed.wires[0] = 1;
    expect(judge(c, malformed)).toContain('ROUTE-101');
  });
});
