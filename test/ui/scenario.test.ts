/**
 * The whole of it, in the window alone: a project of the digits model, a run to GDS with its steps watched, every view, from
 * a layer to the layout and back, two runs compared, the GDS exported, quit, reopened. `npm run build` comes first.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FLOW } from '../../src-main/flow/flow.ts';
import { openProject, readRunDetail } from '../../src-main/flow/index.ts';
import { exampleFolder } from '../../src-main/tools/own-files.ts';
import { answerFolder, displayNote, openDesk, skipsDesk, type DeskWindow } from '../support/desk.ts';

const digits = exampleFolder('digits')!;
/** A whole chip, beside other tests that make theirs. */
const RUN_MS = 15 * 60_000;
const LONG_MS = 2 * RUN_MS;
/** No run of a step takes the window longer to notice. */
const NOTICE_MS = 60_000;

const tab = ({ page }: DeskWindow, name: string): Promise<void> =>
  page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();

async function openLayout({ page }: DeskWindow): Promise<void> {
  await page.getByRole('tab', { name: 'Layout', exact: true }).click();
  await page.getByTestId('layout').waitFor();
  await page.waitForFunction(() => performance.getEntriesByName('layout.painted').length > 0);
}

/** Waits for the run to end; gives the names of the steps that were seen at work. */
async function watchRun({ page }: DeskWindow, runs: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  await expect
    .poll(
      async () => {
        const names = await page
          .locator('tr[data-step]:has([role=progressbar])')
          .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-step')!));
        for (const name of names) seen.add(name);
        return page.getByTestId('run-facts').textContent();
      },
      { timeout: RUN_MS, interval: 200 },
    )
    .toMatch(new RegExp(`^\\s*(done|failed|cancelled|interrupted)\\s*Run ${runs}`));
  return seen;
}

describe.skipIf(skipsDesk)(`from a model to a chip in the window${displayNote}`, () => {
  const user = mkdtempSync(join(tmpdir(), 'ingot-user-'));
  const parent = mkdtempSync(join(tmpdir(), 'ingot-scenario-'));
  const dir = join(parent, 'digits-cnn');
  afterAll(() => {
    for (const folder of [user, parent]) rmSync(folder, { recursive: true, force: true });
  });

  test(
    'made, watched, seen, probed, compared, exported, closed and opened again',
    { timeout: LONG_MS },
    async () => {
      const desk = await openDesk({ user });
      const { page, app } = desk;

      // A project of a model that is chosen, with what the int8 form is calibrated on.
      await page.keyboard.press('Control+n');
      const wizard = page.getByTestId('wizard');
      const files = [join(digits, 'digits-cnn.onnx'), join(digits, 'calibration-images.npy'), parent];
      for (const [i, path] of files.entries()) {
        await answerFolder(desk, path);
        await wizard.getByRole('button', { name: 'Choose…' }).nth(i).click();
        await wizard.getByTitle(path.split('/').at(-1)!).waitFor();
      }
      await wizard.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('heading', { name: 'Not run yet' }).waitFor();

      await page.getByTestId('run').click();
      const seen = await watchRun(desk, 1);
      expect(await page.getByTestId('run-facts').textContent()).toMatch(
        new RegExp(`^\\s*done.*${FLOW.length} of ${FLOW.length} steps`),
      );
      // The long ones at least cannot be missed by looking five times a second.
      for (const name of ['rtl', 'synthesise', 'place', 'route', 'check']) expect(seen).toContain(name);
      const figures = (await page.getByTestId('figures').textContent())!;
      expect(figures).toMatch(/cycles.*clock.*cells.*power/);

      await seeEveryView(desk);
      await probe(desk);

      // A second run that differs in how many samples are simulated; what does not depend on them is kept.
      await tab(desk, 'Settings');
      await page.locator('[data-setting="simulate.samples"]').getByRole('textbox').fill('100');
      await page
        .getByTestId('draft')
        .getByText(/would run again/)
        .waitFor();
      await page.getByRole('button', { name: 'Save and run' }).click();
      await page.getByTestId('run-facts').getByText('Run 2').waitFor({ timeout: NOTICE_MS });
      await watchRun(desk, 2);
      expect(await page.getByTestId('run-facts').textContent()).toMatch(/^\s*done/);
      expect(await page.locator('[data-step=quantize]').getByTitle('kept').count()).toBe(1);
      await page.getByLabel('Compare run 1').check();
      await page.getByLabel('Compare run 2').check();
      await tab(desk, 'Compare');
      const table = page.getByTestId('compare');
      await table.getByText('simulate.samples').waitFor();
      expect(await table.locator('[data-metric=samples] td.number').allTextContents()).toEqual([
        '256',
        '100',
      ]);

      await answerFolder(desk, parent);
      await page.getByTestId('export').click();
      await page
        .getByTestId('exported')
        .getByText(/files written/)
        .waitFor({ timeout: NOTICE_MS });

      const closed = app.waitForEvent('close');
      await app.evaluate(({ app: own }) => own.quit());
      await closed;

      const project = openProject(dir);
      const stored = readRunDetail(project, 2).steps.flatMap((s) => s.artefacts);
      project.close();
      const gds = readFileSync(join(parent, 'chip.gds'));
      expect(stored.find(({ name }) => name === 'chip.gds')!.sizeBytes).toBe(gds.length);
      // HEADER of 6 bytes, version 600; the last record is ENDLIB.
      expect([...gds.subarray(0, 6)]).toEqual([0, 6, 0, 2, 2, 88]);
      expect([...gds.subarray(-4)]).toEqual([0, 4, 4, 0]);

      const known = JSON.parse(readFileSync(join(user, 'recent-projects.json'), 'utf8')) as string[];
      expect(known).toEqual([dir]);
      const again = await openDesk({ user, recent: known });
      await again.page.getByTestId('run-facts').getByText('Run 2').waitFor();
      await again.page.getByTestId('runs').getByRole('button', { name: /Run 1/ }).click();
      await again.page.getByTestId('run-facts').getByText('Run 1').waitFor();
      expect(await again.page.getByTestId('figures').textContent()).toBe(figures);
      await seeEveryView(again);
      expect(desk.stderr() + again.stderr()).not.toMatch(/\n\s+at /);
    },
  );
});

/** Each shows what is its own of a finished run. */
async function seeEveryView(desk: DeskWindow): Promise<void> {
  const { page } = desk;
  await tab(desk, 'Steps');
  expect(await page.locator('tr[data-step]').count()).toBe(FLOW.length);
  await tab(desk, 'Model');
  await page.locator('[data-node="/c2/Conv"]').waitFor();
  await tab(desk, 'Chip');
  await page.getByTestId('estimate').waitFor();
  await tab(desk, 'Performance');
  await page.getByTestId('performance').getByText('/c2/Conv+/MaxPool_1').first().waitFor();
  await openLayout(desk);
  await tab(desk, 'Timing');
  await page.getByTestId('paths').locator('[data-path]').first().waitFor();
  await tab(desk, 'Proof');
  await page.getByTestId('proof').getByText('metal connects what the netlist connects').waitFor();
  expect(await page.getByTestId('proof').getByText('fail', { exact: true }).count()).toBe(0);
  await tab(desk, 'Report');
  await page.frameLocator('iframe').getByRole('heading').first().waitFor();
  await tab(desk, 'Compare');
  await page.getByText('Choose runs to compare').or(page.getByTestId('compare')).first().waitFor();
  await tab(desk, 'Settings');
  await page.locator('[data-setting]').first().waitFor();
}

/** A layer lights up the engine in the layout; a cell there leads back to its block, and to the layers. */
async function probe(desk: DeskWindow): Promise<void> {
  const { page } = desk;
  await tab(desk, 'Model');
  await page.locator('[data-node="/c2/Conv"]').click();
  await page.getByRole('button', { name: 'Show in layout' }).click();
  await page.waitForFunction(() => performance.getEntriesByName('layout.painted').length > 0);
  const lit = page.getByTestId('layout-layer');
  await lit.getByText('/c2/Conv+/MaxPool_1').waitFor();
  await expect
    .poll(async () =>
      Number(((await lit.textContent()) ?? '').match(/([\d,]+) cells/)?.[1]!.replace(',', '')),
    )
    .toBeGreaterThan(1000);

  // The net of a register of the array, found by name; its driver is a cell of the array.
  await page.getByRole('tab', { name: 'Blocks' }).click();
  await page.getByTestId('blocks').getByRole('button', { name: 'array', exact: true }).click();
  await tab(desk, 'Model');
  await page.getByTestId('block').getByText('array', { exact: true }).waitFor();
  expect(await page.locator('.node.lit').count()).toBe(5);
  await page.locator('[data-node="/f/Gemm"]').click();
  await tab(desk, 'Performance');
  await page.getByTestId('performance').locator('tr.chosen').getByText('/f/Gemm').waitFor();
}
