/** The packed layout view on a chip small enough to count by hand. */
import { describe, expect, test } from 'vitest';
import { pack, unpack } from '../../src-main/base/pack.ts';
import type { LayoutView } from '../../src-main/base/layout-view.ts';
import { overviewOf, packLayoutView, verifyLayoutView } from '../../src-main/stages/view/index.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';

const tiny = () => ({ ...tinyLayout(nangate45()), timing: null, power: null, irDrop: null });

describe.skipIf(!kitFiles)(`layout view${kitNote}`, () => {
  test('holds the chip, survives packing, and its judge sees what is moved, lost or renamed', () => {
    const input = tiny();
    const view = packLayoutView(input);
    expect(verifyLayoutView(view, input)).toEqual([]);
    const again = unpack<LayoutView>(pack(view));
    expect(verifyLayoutView(again, input)).toEqual([]);
    expect(pack(again)).toEqual(pack(view));

    const cells = view.cells.slice();
    cells[0] += 380;
    expect(verifyLayoutView({ ...view, cells }, input)).not.toEqual([]);
    const shapes = view.shapes.slice();
    shapes[2] += 100;
    expect(verifyLayoutView({ ...view, shapes }, input)).not.toEqual([]);
    const netShapes = view.netShapes.slice();
    netShapes[0] = netShapes[1]!;
    expect(verifyLayoutView({ ...view, netShapes }, input)).not.toEqual([]);
  });

  test('maps of density add up to the area and the pins of the cells', () => {
    const input = tiny();
    const { netlist, kit, floorplan } = input;
    const { heat } = packLayoutView(input);
    expect(heat.map((m) => m.id)).toEqual(['cells', 'pins', 'routeH', 'routeV']);
    const { die } = floorplan;
    /** Part of a tile that lies on the die. */
    const areaOf = ({ columns, tileDbu }: (typeof heat)[number], t: number): number => {
      const [x, y] = [die.x1 + (t % columns) * tileDbu, die.y1 + Math.floor(t / columns) * tileDbu];
      return (Math.min(die.x2, x + tileDbu) - x) * (Math.min(die.y2, y + tileDbu) - y);
    };
    const sum = (m: (typeof heat)[number]): number =>
      m.values.reduce((s, v, t) => s + (Number.isNaN(v) ? 0 : v * areaOf(m, t)), 0);
    const logic = netlist.instMaster.reduce((area, m) => {
      const { kind, widthDbu, heightDbu } = kit.masters[m]!;
      return area + (kind === 'filler' || kind === 'tap' ? 0 : widthDbu * heightDbu);
    }, 0);
    expect(sum(heat[0]!) / 100 / logic).toBeCloseTo(1, 4);
    const connected = netlist.pinNet.reduce((n, net) => n + (net >= 0 ? 1 : 0), 0);
    expect(sum(heat[1]!) / kit.tech.dbuPerUm ** 2).toBeCloseTo(connected, 2);
  });
});

describe('coverage', () => {
  const die = Int32Array.of(1000, 2000, 1000 + 51_200, 2000 + 25_600);

  test('is the exact share of each square', () => {
    // Squares of 100: half of one, all of the next, a quarter in the row above.
    const rects = Int32Array.of(1050, 2000, 1200, 2100, 1000, 2100, 1050, 2150);
    const view = overviewOf(die, 2, { rects, start: Int32Array.of(0, 0, 2) });
    expect([view.columns, view.rows, view.squareDbu]).toEqual([512, 256, 100]);
    const layer = view.values.subarray(512 * 256);
    expect([layer[0], layer[1], layer[2], layer[512]]).toEqual([128, 255, 0, 64]);
    expect(layer.reduce((s, v) => s + v, 0)).toBe(128 + 255 + 64);
    expect(view.values.subarray(0, 512 * 256).every((v) => v === 0)).toBe(true);
  });

  test('what lies over itself is full, what lies outside the die is left out', () => {
    const rects = Int32Array.of(1000, 2000, 1100, 2100, 1000, 2000, 1100, 2100, -5000, -5000, 1000, 2000);
    const view = overviewOf(die, 1, { rects, start: Int32Array.of(0, 3) });
    expect(view.values[0]).toBe(255);
    expect(view.values.reduce((s, v) => s + v, 0)).toBe(255);
  });
});
