/** Layout and timing views in the window, with made-up chips. `npm run build` comes first. */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createProject, openProject, runFlow } from '../../src-main/flow/index.ts';
import { displayNote, openDesk, shoot, skipsDesk, type DeskWindow } from '../support/desk.ts';
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

  // Software drawing takes minutes for these.
  test.skipIf(process.env['INGOT_LONG'] !== '1')(
    'a million shapes move without being sent again; frame times (skipped without INGOT_LONG=1)',
    { timeout: SLOW_MS },
    async () => {
      const desk = await openDesk({ recent: [await projectWithViews(1_000_000)], env: environment });
      const { page } = desk;
      await openLayout(desk);
      const canvas = (await page.getByTestId('shapes').boundingBox())!;
      const [x, y] = [canvas.x + canvas.width / 2, canvas.y + canvas.height / 2];
      const frames = async (): Promise<{ ms: number; rectangles: number; uploadedBytes: number }[]> =>
        page.evaluate(() => {
          const all = performance.getEntriesByName('layout.frame') as PerformanceMeasure[];
          performance.clearMeasures('layout.frame');
          return all.map((m) => ({
            ms: m.duration,
            ...(m.detail as { rectangles: number; uploadedBytes: number }),
          }));
        });
      await page.evaluate(() => void performance.mark('layout.measure'));
      const told: string[] = [];
      const tell = (what: string, all: Awaited<ReturnType<typeof frames>>): void => {
        const times = all.map((f) => f.ms).sort((a, b) => a - b);
        const most = Math.max(...all.map((f) => f.rectangles));
        told.push(
          `${what}: ${times.length} frames, median ${times[times.length >> 1]?.toFixed(1)} ms, worst ${times.at(-1)?.toFixed(1)} ms, up to ${most} rectangles`,
        );
      };
      const bytes: number[] = [];
      for (const zooms of [0, 8, 16]) {
        await page.mouse.move(x, y);
        for (let k = 0; k < zooms - (zooms === 16 ? 8 : 0); k++) await page.mouse.wheel(0, -100);
        await page.waitForTimeout(400);
        tell(`zoom to ${zooms}`, await frames());
        await page.mouse.down();
        for (let k = 1; k <= 15; k++) await page.mouse.move(x + 6 * k, y + 4 * k);
        await page.mouse.up();
        await page.waitForTimeout(400);
        const moved = await frames();
        tell(`pan at zoom ${zooms}`, moved);
        expect(moved.length).toBeGreaterThan(3);
        bytes.push(...moved.map((f) => f.uploadedBytes));
      }
      const painter = await page.getByTestId('layout').getAttribute('data-painter');
      console.log(`1,000,000 shapes, ${painter}\n${told.join('\n')}`);
      // A batch that was never seen may come; what was sent is not sent again.
      expect(Math.max(...bytes)).toBeLessThan(1.2 * 16 * 1_100_000);
      expect(new Set(bytes).size).toBe(1);
    },
  );

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
