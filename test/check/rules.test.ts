/** Each rule on its own: a layout that breaks it, and beside it one that just keeps it. */
import { describe, expect, test } from 'vitest';
import { checkLayout, type CheckReport } from '../../src-main/stages/check/index.ts';
import { readGds, writeGds, type LayoutDesign } from '../../src-main/stages/layout/index.ts';
import { topStructure } from '../../src-main/stages/layout/index.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';

const check = (design: LayoutDesign, kit: Kit = design.kit): CheckReport =>
  checkLayout(readGds(writeGds(design, kitGds())).value, design.netlist, kit);
const found = (report: CheckReport): string[] =>
  [...new Set(report.violations.map((v) => `${v.rule} ${v.layer}`.trim()))].sort();
/** The design's layout with rectangles (DBU) that no net owns drawn on a layer of the technology. */
function drawn(
  design: LayoutDesign,
  layer: number,
  ...rects: [number, number, number, number][]
): CheckReport {
  const lib = readGds(writeGds(design, kitGds())).value;
  const top = topStructure(lib);
  const b = top.boundaries;
  const n = b.layer.length;
  const scale = lib.dbuPerUm / design.kit.tech.dbuPerUm;
  const points = rects.flatMap(([x1, y1, x2, y2]) => [x1, y1, x2, y1, x2, y2, x1, y2].map((v) => v * scale));
  const boundaries = {
    layer: Int32Array.from([...b.layer, ...rects.map(() => design.kit.tech.layers[layer]!.gdsLayer)]),
    datatype: Int32Array.from([...b.datatype, ...rects.map(() => 0)]),
    pointStart: Int32Array.from([...b.pointStart, ...rects.map((_, k) => b.pointStart[n]! + 4 * (k + 1))]),
    points: Int32Array.from([...b.points, ...points]),
  };
  const structures = lib.structures.map((s) => (s === top ? { ...s, boundaries } : s));
  return checkLayout({ ...lib, structures }, design.netlist, design.kit);
}
const METAL2 = 2;
const METAL4 = 6;
const METAL5 = 8;

describe.skipIf(!kitFiles)(`rules${kitNote}`, () => {
  const tiny = (): LayoutDesign => tinyLayout(nangate45());

  test('spacing: 0.14 um on metal5, Euclidean at corners', () => {
    const at = (gap: number, up: number): string[] =>
      found(
        drawn(tiny(), METAL5, [10000, 1000, 10280, 2000], [10280 + gap, 1000 + up, 10560 + gap, 2000 + up]),
      );
    expect(at(275, 0)).toEqual(['floating-metal metal5', 'spacing metal5']);
    expect(at(280, 0)).toEqual(['floating-metal metal5']);
    expect(at(195, 1195)).toEqual(['floating-metal metal5', 'spacing metal5']);
    expect(at(200, 1200)).toEqual(['floating-metal metal5']);
  });

  test('wide metal: 0.27 um beside the 0.48 um strap from 0.9 um of run on', () => {
    const strap = tiny().floorplan.powerShapes.find((s) => s.layer === METAL4)!.rect;
    const at = (gap: number, length: number): string[] =>
      found(drawn(tiny(), METAL4, [strap.x1 - gap - 280, 200, strap.x1 - gap, 200 + length]));
    expect(at(535, 1800)).toEqual(['floating-metal metal4', 'spacing metal4']);
    expect(at(540, 1800)).toEqual(['floating-metal metal4']);
    expect(at(535, 1795)).toEqual(['floating-metal metal4']);
  });

  test('wide metal made of two narrow pieces side by side counts as wide', () => {
    const halves: [number, number, number, number][] = [
      [10000, 200, 10280, 2200],
      [10280, 200, 10560, 2200],
      [11095, 200, 11375, 2200],
    ];
    expect(found(drawn(tiny(), METAL4, ...halves))).toEqual(['floating-metal metal4', 'spacing metal4']);
  });

  test('width and notch of merged metal', () => {
    expect(found(drawn(tiny(), METAL5, [10000, 1000, 12000, 1275]))).toEqual([
      'floating-metal metal5',
      'width metal5',
    ]);
    // Two wires that overlap end to end by less than their width across.
    const step = drawn(tiny(), METAL5, [10000, 1000, 12000, 1280], [11900, 1200, 14000, 1480]);
    expect(found(step)).toContain('width metal5');
    const u = (gap: number): string[] =>
      found(
        drawn(
          tiny(),
          METAL5,
          [10000, 1000, 12000, 1280],
          [10000, 1280 + gap, 12000, 1560 + gap],
          [10000, 1000, 10280, 1560 + gap],
        ),
      );
    expect(u(275)).toEqual(['floating-metal metal5', 'notch metal5']);
    expect(u(280)).toEqual(['floating-metal metal5']);
  });

  test('metal1 beside cells: free metal too near to a pin', () => {
    const design = tiny();
    // Left of the inverter's input pin.
    const [x, y] = [design.placement.xDbu[0]!, design.placement.yDbu[0]!];
    // The pin begins 120 in; 130 is the spacing.
    const at = (gap: number): CheckReport =>
      drawn(design, 0, [x + 120 - gap - 140, y + 1050, x + 120 - gap, y + 1400]);
    expect(found(at(130))).toEqual(['floating-metal metal1']);
    const report = at(125);
    expect(found(report)).toContain('spacing metal1');
    expect(report.violations.some((v) => v.nets.includes('in[0]'))).toBe(true);
  });

  test('cuts: size, spacing, enclosure', () => {
    const design = tiny();
    const { kit } = design;
    const vias = (change: (v: Kit['tech']['vias'][number]) => Kit['tech']['vias'][number]): LayoutDesign => ({
      ...design,
      kit: {
        ...kit,
        tech: { ...kit.tech, vias: kit.tech.vias.map((v) => (v.name === 'via2_5' ? change(v) : v)) },
      },
    });
    const big = vias((v) => ({ ...v, cutRects: [{ x1: -70, y1: -70, x2: 70, y2: 75 }] }));
    expect(found(check(big, kit))).toContain('cut-size via2');
    const two = vias((v) => ({ ...v, cutRects: [...v.cutRects, { x1: -70, y1: 245, x2: 70, y2: 385 }] }));
    expect(found(check(two, kit))).toContain('cut-spacing via2');
    const bare = vias((v) => ({ ...v, aboveRect: { x1: -70, y1: -70, x2: 70, y2: 70 } }));
    const ends = check(bare, kit).violations.filter((v) => v.rule === 'enclosure');
    // Only where the wire ends at the via: elsewhere the wire itself encloses it.
    expect(ends.length).toBeGreaterThan(0);
    expect(ends.length).toBeLessThan(design.routing!.vias.length / 3);
  });

  test('grid and die', () => {
    expect(found(drawn(tiny(), METAL5, [10001, 1000, 10281, 2000]))).toEqual([
      'floating-metal metal5',
      'off-grid metal5',
    ]);
    const { die } = tiny().floorplan;
    expect(found(drawn(tiny(), METAL5, [die.x2 - 280, 1000, die.x2 + 5, 1280]))).toContain(
      'outside-die metal5',
    );
  });

  test('cells: over one another, missing, of another master, not in the file', () => {
    const design = tiny();
    const shifted = {
      ...design.placement,
      xDbu: design.placement.xDbu.map((x, i) => (i === 0 ? x + 380 : x)),
    };
    expect(found(check({ ...design, placement: shifted }))).toContain('cell-overlap');
    const lib = readGds(writeGds(design, kitGds())).value;
    const names = design.netlist.instNames.map((n, i) => (i === 2 ? 'other' : n));
    const renamed = checkLayout(lib, { ...design.netlist, instNames: names }, design.kit);
    expect(found(renamed)).toEqual(['extra-instance', 'missing-instance']);
    const top = topStructure(lib);
    const gone = lib.structureNames.indexOf('DFF_X1');
    const structureIndex = lib.structureIndex.map((index, k) => (k === gone ? -1 : index));
    const structures = lib.structures.map((s) => (s === top ? top : s));
    expect(found(checkLayout({ ...lib, structures, structureIndex }, design.netlist, design.kit))).toContain(
      'unresolved-cell',
    );
  });

  test('labels: a port without one is reported', () => {
    const design = tiny();
    const lib = readGds(writeGds(design, kitGds())).value;
    const top = topStructure(lib);
    const structures = lib.structures.map((s) =>
      s === top ? { ...s, texts: s.texts.filter((t) => t.text !== 'clk') } : s,
    );
    expect(found(checkLayout({ ...lib, structures }, design.netlist, design.kit))).toEqual(['missing-label']);
  });

  test('supplies: a rail without its straps is an open supply', () => {
    const design = tiny();
    const powerVias = design.floorplan.powerVias.filter(
      (v) => v.net !== 'ground' || v.yDbu !== design.floorplan.powerVias[0]!.yDbu,
    );
    const report = check({ ...design, floorplan: { ...design.floorplan, powerVias } });
    expect(report.violations.map((v) => [v.rule, v.nets])).toEqual([['open', ['VSS']]]);
  });

  test('metal of one net across another is a short of both, at the crossing', () => {
    const design = tiny();
    const [, , y1, , y2] = design.routing!.wires;
    const y = (y1! + y2!) / 2;
    const wall = drawn(design, METAL2, [4000, y - 70, design.floorplan.core.x2, y + 70]);
    expect(found(wall).filter((f) => f.startsWith('short')).length).toBeGreaterThan(0);
  });
});
