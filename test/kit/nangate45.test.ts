/** The kit as read, against figures that were measured on the files by other means, and against itself. */
import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../src-main/base/pack.ts';
import {
  functionVariables,
  masterIndex,
  parseFunction,
  readKit,
  truthTable,
  unateness,
  type Kit,
  type Master,
  type RoutingLayer,
} from '../../src-main/stages/kit/index.ts';
import { kitFiles, kitNote, kitText, nangate45 } from '../support/kit.ts';

const master = (kit: Kit, name: string): Master => kit.masters[masterIndex(kit).get(name)!]!;
const pin = (kit: Kit, path: string) => {
  const [cell, name] = path.split('/') as [string, string];
  return master(kit, cell).pins.find((p) => p.name === name)!;
};

describe.skipIf(!kitFiles)(`NanGate45${kitNote}`, () => {
  it('has the cells, pins and electrical figures it should', async () => {
    const kit = nangate45();
    expect(kit.masters).toHaveLength(135);
    expect(kit.masters.filter((m) => m.kind !== 'core').map((m) => m.name)).toHaveLength(10);
    const signals = kit.masters.flatMap((m) => m.pins.filter((p) => p.use === 'signal'));
    expect(signals).toHaveLength(533);
    expect(kit).toMatchObject({ voltageV: 1.1, temperatureC: 25, slewLower: 0.3, slewUpper: 0.7 });
    expect(kit.defaultMaxSlewPs).toBeCloseTo(198.535, 9);
    expect(master(kit, 'INV_X1')).toMatchObject({ areaUm2: 0.532 });
    expect(master(kit, 'INV_X1').leakageNw).toBeCloseTo(14.353, 2);
    expect(pin(kit, 'INV_X1/A').capacitanceFf).toBeCloseTo(1.7, 2);
    expect(pin(kit, 'INV_X1/ZN').maxCapacitanceFf).toBeCloseTo(60.7, 1);
    expect(pin(kit, 'DFF_X1/CK')).toMatchObject({ isClock: true });
    expect(pin(kit, 'FA_X1/A').capacitanceFf).toBeCloseTo(3.75, 2);
    const flops = kit.masters.filter((m) => m.sequential?.kind === 'flop');
    const latches = kit.masters.filter((m) => m.sequential?.kind === 'latch');
    const gates = kit.masters.filter((m) => m.sequential?.kind === 'clockGate');
    expect([flops.length, latches.length, gates.length]).toEqual([16, 5, 8]);
    expect(master(kit, 'CLKGATETST_X1').sequential).toMatchObject({ clockedOn: 'CK', nextState: 'E | SE' });
  });

  it('has the layers and vias it should', async () => {
    const { tech } = nangate45();
    const metals = tech.layers.filter((l): l is RoutingLayer => l.kind === 'routing');
    expect(tech).toMatchObject({ dbuPerUm: 2000, gridDbu: 5, siteWidthDbu: 380, rowHeightDbu: 2800 });
    expect(metals.map((l) => `${l.direction}${l.pitchDbu}/${l.widthDbu}/${l.spacingDbu}`)).toEqual([
      'H280/140/130',
      'V380/140/140',
      'H280/140/140',
      'V560/280/280',
      'H560/280/280',
      'V560/280/280',
      'H1600/800/800',
      'V1600/800/800',
      'H3200/1600/1600',
      'V3200/1600/1600',
    ]);
    expect(metals.map((l) => l.offsetDbu)).toEqual([140, 190, 140, 190, 140, 190, 140, 190, 140, 190]);
    expect(metals[1]!.wideSpacing.map((s) => s.spacingDbu)).toEqual([180, 540, 1000, 1800, 3000]);
    expect(tech.vias).toHaveLength(27);
    expect(tech.viaRules).toHaveLength(19);
    for (const via of tech.vias) expect([via.below + 1, via.above - 1]).toEqual([via.cut, via.cut]);
    for (const { resistanceOhmPerUm, resistanceOhmPerSquare, widthDbu } of metals)
      expect(resistanceOhmPerUm / ((resistanceOhmPerSquare * 2000) / widthDbu)).toBeCloseTo(1, 3);
  });

  it('keeps shapes inside the cell and on the grid; power pins reach over the edge only up and down', async () => {
    const kit = nangate45();
    for (const m of kit.masters) {
      expect(m.widthDbu % kit.tech.siteWidthDbu, m.name).toBe(0);
      expect(m.heightDbu, m.name).toBe(kit.tech.rowHeightDbu);
      for (const p of m.pins)
        for (const { layer, rect } of p.shapes) {
          const reach = p.use === 'signal' ? 0 : 170;
          expect(layer).toBe(0);
          expect(
            rect.x1 >= 0 && rect.x2 <= m.widthDbu && rect.y1 >= -reach && rect.y2 <= m.heightDbu + reach,
          ).toBe(true);
          for (const v of [rect.x1, rect.y1, rect.x2, rect.y2])
            expect(Math.abs(v % kit.tech.gridDbu)).toBe(0);
        }
    }
  });

  it('has functions over pins, and arcs whose sense is the function’s', async () => {
    const kit = nangate45();
    let arcs = 0;
    for (const m of kit.masters) {
      if (m.sequential) continue;
      for (const p of m.pins) {
        if (p.function === null || p.threeState !== null) continue;
        const f = parseFunction(p.function);
        const names = functionVariables(f);
        expect(names.every((name) => m.pins.some((q) => q.name === name))).toBe(true);
        for (const arc of p.arcs) {
          const related = m.pins[arc.relatedPin]!.name;
          arcs++;
          const given = arc.when === null ? null : parseFunction(arc.when);
          if (given === null) {
            if (arc.sense !== 'non_unate')
              expect(arc.sense, `${m.name}/${related}`).toBe(unateness(f, related));
            continue;
          }
          // Under its condition a toggle of the input must move the output the way the arc says.
          const all = [...new Set([...names, ...functionVariables(given)])];
          const [values, holds] = [truthTable(f, all), truthTable(given, all)];
          const bit = 1 << all.indexOf(related);
          let differences = new Set<number>();
          for (let a = 0; a < values.length; a++)
            if (!(a & bit) && holds[a]) differences = differences.add(values[a | bit]! - values[a]!);
          const want = arc.sense === 'positive_unate' ? 1 : -1;
          if (arc.sense !== 'non_unate')
            expect([...differences], `${m.name}/${related} ${arc.when}`).toEqual([want]);
        }
      }
    }
    expect(arcs).toBeGreaterThan(300);
  });

  it('survives packing', async () => {
    const kit = nangate45();
    expect(unpack<Kit>(pack(kit))).toEqual(kit);
  });

  it('is read in well under a second', () => {
    const texts = {
      name: 'nangate45',
      techLef: kitText('techLef'),
      cellLef: kitText('cellLef'),
      liberty: kitText('liberty'),
    };
    // CPU time: other tests may be running beside this one.
    const start = process.cpuUsage();
    expect(readKit(texts).diagnostics).toEqual([]);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1.5);
  });
});
