/**
 * Every view, empty, at work, failed and full, in light and dark: it draws, and axe finds no serious fault in it. With
 * INGOT_PICTURES=1 the pictures of the documentation (resources/docs/images) are taken anew. `npm run build` comes first.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProject, openProject, runFlow } from '../../src-main/flow/index.ts';
import { exampleFolder } from '../../src-main/tools/own-files.ts';
import { accessFaults } from '../support/axe.ts';
import { answerFolder, displayNote, openDesk, paint, skipsDesk, type DeskWindow } from '../support/desk.ts';
import { demoRun, DEMO_TIMEOUT_MS } from '../support/demo-run.ts';
import { smallPng } from '../support/picture.ts';

const digits = exampleFolder('digits')!;
const images = resolve(import.meta.dirname, '../../resources/docs/images');
const takesPictures = process.env.INGOT_PICTURES === '1';
const LONG_MS = 240_000;

/** Judges what is shown in both themes, and keeps it as a picture. */
async function look(desk: DeskWindow, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await paint(desk, theme);
    const faults = await accessFaults(desk.page);
    expect.soft(faults, `${name}, ${theme}`).toEqual([]);
    if (!takesPictures) continue;
    mkdirSync(images, { recursive: true });
    const png = smallPng(await desk.page.screenshot({ animations: 'disabled' }));
    writeFileSync(join(images, `${name}${theme === 'dark' ? '-dark' : ''}.png`), png);
  }
}

const tab = (desk: DeskWindow, name: string): Promise<void> =>
  desk.page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();

async function painted({ page }: DeskWindow): Promise<void> {
  await page.getByTestId('layout').waitFor();
  await page.waitForFunction(() => performance.getEntriesByName('layout.painted').length > 0);
}

describe.skipIf(skipsDesk)(`every view${displayNote}`, () => {
  // Its name is in the pictures.
  const parent = takesPictures ? join(tmpdir(), 'chips') : mkdtempSync(join(tmpdir(), 'ingot-pictures-'));
  const full = join(parent, 'digits');
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  /** The finished example; beside it a run on two rows up to the simulation. */
  beforeAll(async () => {
    rmSync(parent, { recursive: true, force: true });
    cpSync((await demoRun()).project, full, { recursive: true });
    const project = openProject(full);
    await runFlow(project, { to: 'simulate', settings: { 'chip.rows': 2 } });
    project.close();
  }, DEMO_TIMEOUT_MS);

  test('without a project, and while one is made', { timeout: LONG_MS }, async () => {
    const desk = await openDesk();
    const { page } = desk;
    await page.getByTestId('start').waitFor();
    await look(desk, 'start-empty');
    await page.keyboard.press('Control+n');
    const wizard = page.getByTestId('wizard');
    await wizard.waitFor();
    await answerFolder(desk, join(digits, 'digits-cnn.onnx'));
    await wizard.getByRole('button', { name: 'Choose…' }).first().click();
    await wizard.getByTitle('digits-cnn.onnx').waitFor();
    await look(desk, 'new-project');
  });

  test('before the first run, and during it', { timeout: LONG_MS }, async () => {
    const dir = join(parent, 'new');
    createProject(dir, { from: digits }).close();
    const desk = await openDesk({ recent: [dir] });
    const { page } = desk;
    await page.getByRole('heading', { name: 'Not run yet' }).waitFor();
    await look(desk, 'steps-empty');
    await tab(desk, 'Chip');
    await page.getByTestId('chip').waitFor();
    await look(desk, 'chip-empty');
    await page.getByTestId('run').click();
    await page.locator('[data-step=rtl]').getByRole('progressbar').waitFor({ timeout: LONG_MS });
    await page.getByRole('button', { name: 'Console' }).click();
    // Only the rows in sight are in the page, and later lines push this one out.
    const find = page.getByPlaceholder('Find in console');
    await find.fill('Generate the hardware');
    await page.getByTestId('log').getByText('Generate the hardware').first().waitFor();
    // Other command lines name folders of this machine.
    await find.fill('verilator');
    await look(desk, 'steps-running');
    await find.fill('');
    await page.getByRole('button', { name: 'Console' }).click();
    for (const name of ['Layout', 'Timing', 'Report', 'Compare']) {
      await tab(desk, name);
      await page.getByRole('tabpanel').getByRole('heading').first().waitFor();
      await look(desk, `${name.toLowerCase()}-empty`);
    }
    await page.getByTestId('cancel').click();
    await page.getByTestId('run').waitFor({ timeout: 30_000 });
    await tab(desk, 'Steps');
    await page.getByTestId('run-facts').getByText('cancelled').waitFor();
    await look(desk, 'steps-cancelled');
  });

  test('of a finished run', { timeout: 2 * LONG_MS }, async () => {
    const desk = await openDesk({ recent: [full] });
    const { page } = desk;
    await page.getByTestId('runs').getByRole('button', { name: /Run 1/ }).click();
    await page.getByTestId('run-facts').getByText('Run 1').waitFor();
    await look(desk, 'steps');

    await tab(desk, 'Model');
    await page.locator('[data-node="/c2/Conv"]').click();
    await page.getByTestId('node').getByText('engine').waitFor();
    await look(desk, 'model');
    await tab(desk, 'Performance');
    await page.getByTestId('performance').waitFor();
    await look(desk, 'performance');

    await tab(desk, 'Chip');
    // Three rows: nothing of this is there from an earlier run.
    for (let i = 0; i < 2; i++) await page.getByLabel('Pixel rows P').press('ArrowRight');
    await page
      .getByTestId('draft')
      .getByText(/compile → simulate/)
      .waitFor();
    await page.getByTestId('estimate').waitFor();
    await look(desk, 'chip');
    await tab(desk, 'Settings');
    await page.locator('[data-setting="chip.columns"]').getByRole('textbox').fill('300');
    await page.locator('[data-setting="chip.columns"]').getByRole('alert').waitFor();
    await page
      .locator('[data-setting="chip.columns"]')
      .evaluate((row) => row.scrollIntoView({ block: 'center' }));
    await look(desk, 'settings');
    await page.getByRole('button', { name: 'Discard' }).click();

    await tab(desk, 'Layout');
    await painted(desk);
    await page.waitForTimeout(300);
    await look(desk, 'layout');
    await tab(desk, 'Timing');
    await page.locator('[data-path]').first().click();
    await page.getByTestId('path-detail').waitFor();
    await look(desk, 'timing');
    await tab(desk, 'Layout');
    await painted(desk);
    await page.waitForTimeout(300);
    await look(desk, 'layout-path');

    await tab(desk, 'Proof');
    await page.getByTestId('proof').waitFor();
    await look(desk, 'proof');
    await tab(desk, 'Report');
    await page.frameLocator('iframe').getByRole('heading').first().waitFor();
    await look(desk, 'report');
    await page.getByLabel('Compare run 1').check();
    await page.getByLabel('Compare run 2').check();
    await tab(desk, 'Compare');
    await page.getByTestId('compare').locator('[data-metric=cycles]').getByTitle('better').waitFor();
    await look(desk, 'compare');

    await page.keyboard.press('Control+k');
    await page.getByTestId('palette').getByRole('combobox').fill('chip');
    await look(desk, 'commands');
    await page.keyboard.press('Escape');
    await page.locator('.home').click();
    await page.getByTestId('start').waitFor();
    await look(desk, 'start');
    expect(desk.stderr()).not.toMatch(/\n\s+at /);
  });

  test('of a run that failed, and of a project that cannot be read', { timeout: LONG_MS }, async () => {
    const dir = join(parent, 'tight');
    cpSync(full, dir, { recursive: true });
    const project = openProject(dir);
    // A die that cannot hold the cells.
    await runFlow(project, { settings: { 'floorplan.dieWidthUm': 60, 'floorplan.dieHeightUm': 60 } });
    project.close();
    const damaged = join(parent, 'damaged');
    createProject(damaged).close();
    writeFileSync(join(damaged, 'ingot.db'), 'not a database, '.repeat(600));
    const desk = await openDesk({ recent: [dir, damaged] });
    const { page } = desk;
    await page.getByTestId('trouble').first().waitFor();
    await page.getByTestId('run-facts').getByText('failed').waitFor();
    const explain = page.getByRole('button', { name: 'Explain' });
    if ((await explain.count()) > 0) await explain.first().click();
    await look(desk, 'steps-failed');
    await page
      .getByTestId('sidebar')
      .getByRole('button', { name: /damaged/ })
      .click();
    await page.getByTestId('trouble').getByText('This project cannot be read').waitFor();
    await look(desk, 'project-damaged');
  });
});
