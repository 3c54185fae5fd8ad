/** Layout and timing views in the window, with made-up chips. `npm run build` comes first. */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { decode } from 'fast-png';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { createProject, openProject, runFlow } from '../../src-main/flow/index.ts';
import { BIG_CELLS } from '../support/big-layout.ts';
import { ask, displayNote, openDesk, shoot, skipsDesk, type DeskWindow } from '../support/desk.ts';
import { temporaryFolder } from '../support/toy-project.ts';
import { FLOW } from '../support/view-flow.ts';

const module = resolve(import.meta.dirname, '../support/view-flow.ts');
const VIEWS = { steps: FLOW, module: pathToFileURL(module).href };

/** A project with a finished run that holds views. */
async function projectWithViews(shapes: number): Promise<string> {
  const dir = join(temporaryFolder(), 'views');
  createProject(dir).close();
  const project = openProject(dir);
  process.env.VIEW_SHAPES = String(shapes);
  await runFlow(project, { flow: VIEWS });
  project.close();
  return dir;
}

async function openLayout(desk: DeskWindow): Promise<void> {
  await desk.page.getByRole('tab', { name: 'Layout', exact: true }).click();
  await desk.page.getByTestId('layout').waitFor();
  await desk.page.waitForFunction(() => performance.getEntriesByName('layout.painted').length > 0);
}

interface FrameOf {
  readonly ms: number;
  readonly rectangles: number;
}

const detailOf = (page: Page, name: string): Promise<{ readonly rectangles: number }> =>
  page.evaluate(
    (n) => (performance.getEntriesByName(n)[0] as PerformanceMeasure).detail as { rectangles: number },
    name,
  );

/** What the first picture's time went into. */
const parts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    ['layout.read', 'layout.scene', 'layout.first-frame', 'layout.whole'].flatMap((name) => {
      const [m] = performance.getEntriesByName(name) as PerformanceMeasure[];
      if (!m) return [];
      const detail = m.detail as { rectangles?: number } | null;
      const count = detail?.rectangles === undefined ? '' : `, ${detail.rectangles} rectangles`;
      return [`  ${name}: ${m.duration.toFixed(0)} ms${count}`];
    }),
  );

const newFrames = (page: Page): Promise<readonly FrameOf[]> =>
  page.evaluate(() => {
    const all = performance.getEntriesByName('layout.frame') as PerformanceMeasure[];
    performance.clearMeasures('layout.frame');
    return all.map((m) => ({ ms: m.duration, ...(m.detail as { rectangles: number }) }));
  });

/** In the page: counts the bytes that go to the card by any way that WebGL2 has for them. */
function countSent(): void {
  const counted = globalThis as unknown as { sentBytes: number };
  counted.sentBytes = 0;
  const gl = WebGL2RenderingContext.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of ['bufferData', 'bufferSubData', 'texImage2D', 'texSubImage2D']) {
    const own = gl[name]!;
    gl[name] = function (...args: unknown[]) {
      const data = args.find((arg) => ArrayBuffer.isView(arg));
      // Parts of an array are sent twice under its name: whole rows, then the rest; counted by size of the region.
      const isTexture = name === 'texSubImage2D' && data !== undefined;
      const parts = args[6] === WebGL2RenderingContext.RED ? 1 : 4;
      const region = isTexture ? Number(args[4]) * Number(args[5]) * parts : 0;
      const unit = (data as { BYTES_PER_ELEMENT?: number } | undefined)?.BYTES_PER_ELEMENT ?? 1;
      counted.sentBytes += isTexture
        ? region * unit
        : ((data as ArrayBufferView | undefined)?.byteLength ?? 0);
      return own.apply(this, args);
    };
  }
}

function summary(what: string, all: readonly FrameOf[]): string {
  const times = all.map((f) => f.ms).sort((a, b) => a - b);
  const most = Math.max(...all.map((f) => f.rectangles));
  return `  ${what}: ${times.length} frames, median ${times[times.length >> 1]?.toFixed(1)} ms, worst ${times.at(-1)?.toFixed(1)} ms, up to ${most} rectangles`;
}

const SLOW_MS = 600_000;
const environment = { INGOT_FLOW: module };

describe.skipIf(skipsDesk)(`layout and timing views${displayNote}`, () => {
  test(
    '24,000 cells are seen, found, inspected, measured; time to the first picture',
    { timeout: SLOW_MS },
    async () => {
      const desk = await openDesk({ recent: [await projectWithViews(300_000)], env: environment });
      const { page } = desk;
      await page.getByRole('tab', { name: 'Layout', exact: true }).waitFor();
      // As at the click: everything from loading the view's code on counts.
      await page.evaluate(() => {
        document.addEventListener('pointerdown', () => performance.mark('layout.click'), {
          once: true,
          capture: true,
        });
      });
      await openLayout(desk);
      const firstMs = await page.evaluate(
        () => performance.measure('layout.first-picture', 'layout.click', 'layout.painted').duration,
      );
      const painter = await page.getByTestId('layout').getAttribute('data-painter');
      console.log(
        `first picture of 24,000 cells, 300,000 shapes: ${firstMs.toFixed(0)} ms after the click (${painter})`,
      );
      await page.waitForFunction(() => performance.getEntriesByName('layout.whole').length > 0);
      console.log((await parts(page)).join('\n'));
      const first = await detailOf(page, 'layout.first-frame');
      // Shapes of the chip itself, not the coverage alone.
      expect(first.rectangles).toBeGreaterThan(24_000);
      expect((await detailOf(page, 'layout.whole')).rectangles).toBeGreaterThan(200_000);

      const find = page.getByRole('combobox', { name: /^Find/ });
      await page.keyboard.press('Control+f');
      await find.fill('cell_12080');
      await page.keyboard.press('Enter');
      await page.getByTestId('inspect-cell').getByText('cell_12080', { exact: true }).waitFor();
      await page
        .getByTestId('inspect-cell')
        .getByRole('button', { name: 'block2.n[12078]' })
        .waitFor({ state: 'detached' });
      // Zoomed to it: the middle of the picture is that cell.
      await page.waitForTimeout(300);
      const box = (await page.getByTestId('shapes').boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.getByTestId('layout-status').getByText('cell_12080').waitFor();
      await shoot(desk, 'layout-cell');

      await page.getByTestId('inspect-cell').getByRole('button', { name: 'block0.n[12080]' }).click();
      await page.getByTestId('inspect-net').getByText('cell_12080/Z').waitFor();

      await page.getByRole('tab', { name: 'Blocks' }).click();
      await page.getByTestId('blocks').getByRole('button', { name: 'block2', exact: true }).click();
      await page.getByRole('application').focus();
      await page.keyboard.press('f');
      await page.keyboard.press('k');
      await page.mouse.click(box.x + 200, box.y + 200);
      await page.mouse.move(box.x + 420, box.y + 300);
      await page.mouse.click(box.x + 420, box.y + 300);
      for (const path of await shoot(desk, 'layout-block'))
        expect(statSync(path).size).toBeGreaterThan(20_000);
      await page.keyboard.press('Escape');
      await page.getByRole('combobox', { name: 'Heat map' }).selectOption('cells');
      await page.getByTestId('legend').getByText('Cell density').waitFor();
    },
  );

  test(
    'a million shapes are drawn, move without being sent again; frame times',
    { timeout: SLOW_MS },
    async () => {
      const desk = await openDesk({ recent: [await projectWithViews(1_000_000)], env: environment });
      const { page } = desk;
      await page.evaluate(countSent);
      await openLayout(desk);
      await page.waitForFunction(() => performance.getEntriesByName('layout.whole').length > 0);
      const told = [...(await parts(page))];
      const canvas = (await page.getByTestId('shapes').boundingBox())!;
      const [x, y] = [canvas.x + canvas.width / 2, canvas.y + canvas.height / 2];
      await page.evaluate(() => void performance.mark('layout.measure'));
      const seen: FrameOf[] = [];
      /** Frames since the last look: at least so many, and then until there are no more. */
      const frames = async (least: number): Promise<readonly FrameOf[]> => {
        const from = seen.length;
        const more = async (): Promise<number> => {
          seen.push(...(await newFrames(page)));
          return seen.length - from;
        };
        await expect.poll(more, { timeout: 30_000 }).toBeGreaterThanOrEqual(least);
        await page.waitForTimeout(400);
        await more();
        return seen.slice(from);
      };
      const sentBytes = (): Promise<number> =>
        page.evaluate(() => (globalThis as unknown as { sentBytes: number }).sentBytes);
      /** What a zoom brings into sight is sent while the view rests: waits until nothing more comes. */
      const settled = async (): Promise<number> => {
        let last = -1;
        const isStill = async (): Promise<boolean> => last === (last = await sentBytes());
        await expect.poll(isStill, { timeout: 30_000, interval: 1000 }).toBe(true);
        return last;
      };
      let zoomed = 0;
      for (const zooms of [0, 4, 8, 16]) {
        await page.mouse.move(x, y);
        const turns = zooms - zoomed;
        for (; zoomed < zooms; zoomed++) await page.mouse.wheel(0, -100);
        if (turns > 0) told.push(summary(`zoom, ${turns} turns of the wheel`, await frames(1)));
        const before = await settled();
        await page.mouse.down();
        for (let k = 1; k <= 15; k++) await page.mouse.move(x + 6 * k, y + 4 * k);
        await page.mouse.up();
        // On a busy machine several moves go into one frame.
        told.push(summary(`pan after ${zooms} turns`, await frames(1)));
        expect(await sentBytes()).toBe(before);
      }
      const painter = await page.getByTestId('layout').getAttribute('data-painter');
      console.log(`1,000,000 shapes, ${painter}\n${told.join('\n')}`);
      // Cuts were sent when they grew to be seen. Each shape once: 16 bytes, and 20 for each cell; pins; coverage.
      const once = 16 * 1_000_000 + 20 * BIG_CELLS + 2 * 16 * BIG_CELLS;
      expect(await sentBytes()).toBeGreaterThan(once);
      expect(await sentBytes()).toBeLessThan(once + 3_000_000);
    },
  );

  test('picture, drawing and layer properties are saved where the user says, and come back', async () => {
    const desk = await openDesk({ recent: [await projectWithViews(20_000)], env: environment });
    const { page } = desk;
    const folder = temporaryFolder();
    const save = async (button: string, file: string): Promise<Buffer> => {
      await desk.app.evaluate(
        ({ dialog }, filePath) => {
          dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
        },
        join(folder, file),
      );
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.getByTestId('layout-told').getByText(`Saved ${file}`).waitFor();
      return readFileSync(join(folder, file));
    };
    await openLayout(desk);
    const png = decode(await save('PNG', 'chip.png'));
    const canvas = (await page.getByTestId('shapes').boundingBox())!;
    expect([png.width, png.height]).toEqual([Math.round(canvas.width), Math.round(canvas.height)]);
    // Not one colour: the chip is in it.
    expect(new Set(new Uint32Array(Uint8Array.from(png.data).buffer)).size).toBeGreaterThan(500);
    const svg = (await save('SVG', 'chip.svg')).toString();
    expect(svg.match(/<path data-batch="layer:/g)!.length).toBeGreaterThan(5);
    expect(svg.match(/M/g)!.length).toBeGreaterThan(10_000);

    const layers = page.getByTestId('layers');
    await layers.getByLabel('metal3').first().waitFor();
    await layers.getByRole('checkbox', { name: /metal3/ }).uncheck();
    const lyp = join(folder, 'chip.lyp');
    expect((await save('Save .lyp', 'chip.lyp')).toString()).toMatch(/<visible>false<[^/]*[\s\S]*metal3/);
    await layers.getByRole('checkbox', { name: /metal3/ }).check();
    await page.getByLabel('Load layer properties of KLayout').setInputFiles(lyp);
    await expect.poll(() => layers.getByRole('checkbox', { name: /metal3/ }).isChecked()).toBe(false);

    // What it is not is not written.
    for (const args of [
      { kind: 'svg', name: 'a.svg', content: '<svg ><script>1</script></svg>' },
      { kind: 'png', name: 'a.png', content: 'not a picture' },
      { kind: 'sh', name: 'a.sh', content: '#!' },
      { kind: 'svg', name: '../a.svg', content: '<svg ></svg>' },
    ])
      expect(await ask(desk, 'files.save', args)).toMatchObject({ ok: false });
    expect(readdirSync(folder).sort()).toEqual(['chip.lyp', 'chip.png', 'chip.svg']);
  });

  test('the die of the next run is dragged, snaps, is undone and saved', async () => {
    const dir = await projectWithViews(20_000);
    const desk = await openDesk({ recent: [dir], env: environment });
    const { page } = desk;
    await openLayout(desk);
    await page.getByRole('button', { name: 'Floorplan', exact: true }).click();
    const box = page.getByTestId('floorplan');
    const first = await box.locator('.size').textContent();
    const edge = (await page.getByRole('button', { name: /^Right edge/ }).boundingBox())!;
    await page.mouse.move(edge.x + 5, edge.y + 20);
    await page.mouse.down();
    await page.mouse.move(edge.x + 60, edge.y + 20, { steps: 4 });
    await page.mouse.up();
    const wider = await box.locator('.size').textContent();
    expect(wider).not.toBe(first);
    await page.getByRole('button', { name: /^Upper edge/ }).press('ArrowUp');
    await expect.poll(() => box.locator('.size').textContent()).not.toBe(wider);
    await page.keyboard.press('Control+z');
    await expect.poll(() => box.locator('.size').textContent()).toBe(wider);
    await shoot(desk, 'layout-floorplan');
    await box.getByRole('button', { name: 'Save' }).click();
    await box.getByText('Saved: the next run takes it').waitFor();
    const project = openProject(dir);
    const settings = JSON.parse(
      project.db.prepare('SELECT settings FROM project').pluck().get() as string,
    ) as Record<string, number>;
    project.close();
    // Whole sites of 0.95 um (this chip's only master is one wide), rows of 1.4 um.
    const [width, height] = [settings['floorplan.dieWidthUm']!, settings['floorplan.dieHeightUm']!];
    expect(`${width.toFixed(2)} × ${height.toFixed(2)} µm`).toBe(wider);
    expect(Math.abs(width / 0.95 - Math.round(width / 0.95))).toBeLessThan(1e-6);
    expect(width).toBeGreaterThan(152);
    expect(height).toBeCloseTo(221.2, 6);
  });

  test('a path of the timing view lights up in the layout', async () => {
    const desk = await openDesk({ recent: [await projectWithViews(100_000)], env: environment });
    const { page } = desk;
    await page.getByRole('tab', { name: 'Timing', exact: true }).click();
    const table = page.getByTestId('paths');
    await table.getByText('cell_322/A').waitFor();
    expect(await table.locator('tbody tr').count()).toBe(40);
    await page.getByRole('searchbox', { name: /Filter/ }).fill('cell_522');
    await expect.poll(() => table.locator('tbody tr').count()).toBe(1);
    await table.getByText('cell_522/A').click();
    await page.getByTestId('path-detail').getByText('cell_361/Z').waitFor();
    await shoot(desk, 'timing');
    await openLayout(desk);
    await page.waitForTimeout(400);
    await shoot(desk, 'layout-path');
  });
});
