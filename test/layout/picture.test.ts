import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { detailWindow, layoutLegend, renderLayout } from '../../src-main/stages/report/index.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';

describe.skipIf(!kitFiles)(`layout picture${kitNote}`, () => {
  test('has the size asked for, is the same each time, and shows what changes', () => {
    const design = tinyLayout(nangate45());
    const png = renderLayout(design, { widthPx: 300 });
    const image = decode(png);
    expect([image.width, image.channels]).toEqual([300, 3]);
    expect(renderLayout(design, { widthPx: 300 })).toEqual(png);
    const unrouted = decode(renderLayout({ ...design, routing: null }, { widthPx: 300 }));
    const differing = Array.from(image.data).filter((v, i) => v !== unrouted.data[i]).length;
    expect(differing).toBeGreaterThan(1000);
  });

  test('the detail lies in the core, where there is wire', () => {
    const design = tinyLayout(nangate45());
    const window = detailWindow(design, 1);
    const { core } = design.floorplan;
    expect(window.x1 >= core.x1 && window.y1 >= core.y1 && window.x2 <= core.x2 && window.y2 <= core.y2).toBe(
      true,
    );
    expect(decode(renderLayout(design, { widthPx: 240, window })).height).toBe(160);
  });

  test('the legend names every metal once', () => {
    const kit = nangate45();
    const labels = layoutLegend(kit).map((entry) => entry.label);
    expect(labels.filter((l) => l.startsWith('metal')).length).toBe(10);
    expect(new Set(labels).size).toBe(labels.length);
  });
});
