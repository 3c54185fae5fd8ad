import { describe, expect, test } from 'vitest';
import { makeFloorplan, verifyPowerGrid, type Floorplan } from '../../src-main/stages/floorplan/index.ts';
import { readNetlist, verifyNetlist } from '../../src-main/stages/netlist/index.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';

const kit = kitFiles ? nangate45() : null;
const design = (seed: number, gates = 600) =>
  readNetlist(randomVerilog(seed, gates, 60, { wide: 40, hasClockBuffers: false }), kit!).value;
const codes = (floorplan: Floorplan): Set<string> =>
  new Set(verifyPowerGrid(floorplan, kit!).problems.map((p) => p.code));

describe.skipIf(!kit)(`floorplan on NanGate45${kitNote}`, () => {
  test.each([
    { seed: 1, utilization: 0.4, aspectRatio: 1, gates: 600 },
    { seed: 2, utilization: 0.65, aspectRatio: 0.5, gates: 900 },
    { seed: 3, utilization: 0.55, aspectRatio: 2, gates: 2500 },
    { seed: 4, utilization: 0.6, aspectRatio: 1, gates: 20 },
  ])(
    'is sound: $gates gates, utilisation $utilization, aspect $aspectRatio',
    ({ seed, gates, ...options }) => {
      const given = design(seed, gates);
      const { floorplan, netlist, placement } = makeFloorplan(given, kit!, options);
      const report = verifyPowerGrid(floorplan, kit!, { netlist, placement });
      expect(report.problems).toEqual([]);
      expect(report.components).toEqual({ power: 1, ground: 1 });
      expect(report.pinsChecked).toBe(2 * netlist.instMaster.length);
      expect(verifyNetlist(netlist, kit!)).toEqual([]);
      const width = (r: { x1: number; x2: number }): number => r.x2 - r.x1;
      const coreArea = width(floorplan.core) * (floorplan.core.y2 - floorplan.core.y1);
      let cells = 0;
      for (const m of netlist.instMaster) cells += kit!.masters[m].widthDbu * kit!.masters[m].heightDbu;
      expect(cells / coreArea).toBeLessThan(options.utilization * 1.05);
      if (gates > 500) expect(cells / coreArea).toBeGreaterThan(options.utilization * 0.9);
      for (const net of ['power', 'ground'])
        for (const layer of ['metal4', 'metal7'])
          expect(
            floorplan.powerShapes.some((s) => s.net === net && kit!.tech.layers[s.layer].name === layer),
            `${net} on ${layer}`,
          ).toBe(true);
    },
  );

  test('every core point is near a tap, taps at both row ends', () => {
    const { floorplan, netlist, placement } = makeFloorplan(design(5, 6000), kit!, {
      utilization: 0.2,
      aspectRatio: 4,
    });
    for (const row of floorplan.rows) {
      const xs: number[] = [];
      placement.isFixed.forEach((f, i) => {
        if (f && placement.yDbu[i] === row.yDbu) xs.push(placement.xDbu[i]);
      });
      xs.sort((a, b) => a - b);
      const end = row.xDbu + row.sites * kit!.tech.siteWidthDbu;
      expect(xs[0]).toBe(row.xDbu);
      expect(end - xs[xs.length - 1]).toBe(
        kit!.masters[netlist.instMaster[netlist.instMaster.length - 1]].widthDbu,
      );
      for (let k = 1; k < xs.length; k++)
        expect(xs[k] - xs[k - 1]).toBeLessThanOrEqual(kit!.roles.tapDistanceDbu);
    }
  });

  describe('the verifier sees', () => {
    const whole = (): Floorplan => makeFloorplan(design(7), kit!, { utilization: 0.5 }).floorplan;

    test('a rail cut off by a lost via stack', () => {
      const f = whole();
      // All vias of one ground rail: its only ways up.
      const y = f.powerVias.find((v) => v.net === 'ground')!.yDbu;
      expect(codes({ ...f, powerVias: f.powerVias.filter((v) => v.yDbu !== y) })).toContain('FLOOR-109');
    });

    test('each single lost rail', () => {
      const f = whole();
      f.powerShapes.forEach((s, k) => {
        if (s.kind !== 'followpin') return;
        const found = codes({ ...f, powerShapes: f.powerShapes.filter((_, j) => j !== k) });
        expect([...found]).toContain('FLOOR-114');
      });
    });

    test('a lost level of vias: cuts below end nowhere', () => {
      const f = whole();
      const def = f.powerViaDefs.findIndex((d) => d.name.includes('via2'));
      expect(codes({ ...f, powerVias: f.powerVias.filter((v) => v.via !== def) })).toContain('FLOOR-109');
    });

    test.each([
      [
        'swapped net of a strap',
        'FLOOR-106',
        (s: Floorplan['powerShapes'][number]) => ({
          ...s,
          net: s.net === 'power' ? ('ground' as const) : ('power' as const),
        }),
      ],
      [
        'strap out of the die',
        'FLOOR-104',
        (s: Floorplan['powerShapes'][number]) => ({ ...s, rect: { ...s.rect, x2: s.rect.x2 + 1e6 } }),
      ],
      [
        'strap off the grid',
        'FLOOR-102',
        (s: Floorplan['powerShapes'][number]) => ({ ...s, rect: { ...s.rect, x1: s.rect.x1 + 1 } }),
      ],
      [
        'strap too narrow',
        'FLOOR-103',
        (s: Floorplan['powerShapes'][number]) => ({ ...s, rect: { ...s.rect, x2: s.rect.x1 + 100 } }),
      ],
    ])('a %s', (_, code, change) => {
      const f = whole();
      const at = f.powerShapes.findIndex((s) => s.kind === 'strap');
      expect(codes({ ...f, powerShapes: f.powerShapes.map((s, k) => (k === at ? change(s) : s)) })).toContain(
        code,
      );
    });

    test('cuts too near and cuts without metal', () => {
      const f = whole();
      const v = f.powerVias[0];
      expect(codes({ ...f, powerVias: [...f.powerVias, { ...v, xDbu: v.xDbu + 200 }] })).toContain(
        'FLOOR-105',
      );
      const bare = f.powerViaDefs.map((d, k) =>
        k === 2 ? { ...d, aboveRect: { x1: 0, y1: 0, x2: 10, y2: 10 } } : d,
      );
      const noStrap = {
        ...f,
        powerViaDefs: bare,
        powerShapes: f.powerShapes.filter((s) => kit!.tech.layers[s.layer].name !== 'metal4'),
      };
      expect(codes(noStrap)).toContain('FLOOR-108');
    });

    test('a cell upside down: its supply pins on the wrong rails', () => {
      const { floorplan, netlist, placement } = makeFloorplan(design(8), kit!, {});
      const orient = placement.orient.slice();
      orient[orient.length - 1] ^= 3;
      const report = verifyPowerGrid(floorplan, kit!, { netlist, placement: { ...placement, orient } });
      expect(report.problems.map((p) => p.code)).toContain('FLOOR-120');
    });
  });

  test('impossible options are refused by name', () => {
    const n = design(9);
    expect(codeOf(() => makeFloorplan(n, kit!, { utilization: 1.2 })).code).toBe('FLOOR-008');
    expect(codeOf(() => makeFloorplan(n, kit!, { aspectRatio: 0 })).code).toBe('FLOOR-008');
    expect(codeOf(() => makeFloorplan(n, kit!, { marginUm: NaN })).code).toBe('FLOOR-008');
    const power = {
      railLayer: 'metal1',
      railWidthUm: 0.17,
      levels: [
        {
          layer: 'tin',
          widthUm: 1,
          pitchUm: 9,
          offsetUm: 1,
          cuts: { columns: 1, rows: 1 },
          toDieEdge: false,
        },
      ],
    };
    expect(codeOf(() => makeFloorplan(n, kit!, { power })).code).toBe('FLOOR-002');
  });
});
