/** The views of the window on a real model: the digits example up to its simulation. `npm run build` comes first. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProject, openProject, runFlow, setProjectSettings } from '../../src-main/flow/index.ts';
import { exampleFolder } from '../../src-main/tools/own-files.ts';
import { answerFolder, displayNote, openDesk, shoot, skipsDesk } from '../support/desk.ts';
import { temporaryFolder } from '../support/toy-project.ts';

const digits = exampleFolder('digits')!;

describe.skipIf(skipsDesk)(`views of the window${displayNote}`, () => {
  let parent = '';
  let dir = '';
  afterAll(() => rmSync(parent, { recursive: true, force: true }));
  /** Two runs: on one row of elements, and on two. */
  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'ingot-views-'));
    dir = join(parent, 'digits');
    createProject(dir, { from: digits }).close();
    const project = openProject(dir);
    await runFlow(project, { to: 'simulate' });
    await runFlow(project, { to: 'simulate', settings: { 'chip.rows': 2 } });
    project.close();
  });

  test('a layer chosen in the model is chosen in the performance view, and back', async () => {
    const desk = await openDesk({ recent: [dir] });
    const { page } = desk;
    await page.getByTestId('runs').getByRole('button', { name: /Run 1/ }).click();
    await page.getByRole('tab', { name: 'Model' }).click();
    await page.locator('[data-node="/c2/Conv"]').click();
    const node = page.getByTestId('node');
    await node.getByText('engine').waitFor();
    expect(await node.textContent()).toMatch(/4×4×8 int8.*4×4×16 int8.*kernel\s*3×3/s);
    await shoot(desk, 'model');
    await page.getByRole('button', { name: /As imported/ }).click();
    await page.locator('[data-node]').first().waitFor();

    await page.getByRole('tab', { name: 'Performance' }).click();
    const performance = page.getByTestId('performance');
    const chosen = performance.locator('tr.chosen');
    await chosen.getByText('/c2/Conv+/MaxPool_1').waitFor();
    // The parts of the account add up to the cycles of the inference.
    const parts = await performance.locator('[data-part] td:nth-child(3)').allTextContents();
    const cycles = await performance.locator('.total td:nth-child(3)').textContent();
    const plain = (text: string | null): number => Number((text ?? '').replace(/\D/g, ''));
    expect(parts.reduce((sum, text) => sum + plain(text), 0)).toBe(plain(cycles));
    expect(plain(await page.getByTestId('figures').locator('dd').nth(1).textContent())).toBe(plain(cycles));
    await shoot(desk, 'performance');
    await performance.getByRole('button', { name: '/f/Gemm' }).first().click();
    await page.getByRole('tab', { name: 'Model' }).click();
    await page.getByTestId('node').getByText('/f/Gemm').waitFor();
    expect(desk.stderr()).not.toMatch(/\n\s+at /);
  });

  test('the chip is estimated while it is changed, and a change says what it would redo', async () => {
    const own = join(temporaryFolder(), 'digits');
    createProject(own, { from: digits }).close();
    const project = openProject(own);
    await runFlow(project, { to: 'simulate' });
    project.close();
    const desk = await openDesk({ recent: [own] });
    const { page } = desk;
    await page.getByRole('tab', { name: 'Chip' }).click();
    const cycles = page.getByTestId('estimate').locator('dd').first();
    await cycles.waitFor();
    const before = await cycles.textContent();
    // What is estimated for this chip is what its run took, and both stand there.
    const ran = await page.getByTestId('figures').locator('dd').nth(1).textContent();
    expect(before).toBe(`${ran} run 1: ${ran}`);
    await page.getByLabel('Pixel rows P').press('ArrowRight');
    await page.waitForFunction(
      (was) => document.querySelector('[data-testid=estimate] dd')?.textContent !== was,
      before,
    );
    const draft = page.getByTestId('draft');
    await draft.getByText(/compile → simulate → rtl/).waitFor();
    expect(await draft.textContent()).not.toContain('quantize');
    await shoot(desk, 'chip');

    await page.getByRole('tab', { name: 'Settings' }).click();
    const columns = page.locator('[data-setting="chip.columns"]');
    await columns.getByRole('textbox').fill('300');
    await columns.getByRole('alert').waitFor();
    expect(await draft.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await shoot(desk, 'settings-wrong');
    await columns.getByRole('textbox').fill('4');
    await page.getByPlaceholder('Find a setting').fill('rows');
    expect(await page.locator('[data-setting]').count()).toBe(1);
    await draft.getByRole('button', { name: 'Save', exact: true }).click();
    await draft.waitFor({ state: 'detached' });
    const saved = openProject(own);
    expect(saved.db.prepare('SELECT settings FROM project').pluck().get()).toContain('"chip.rows":2');
    setProjectSettings(saved, { 'chip.rows': 1 });
    saved.close();
  });

  test('runs are named, pinned, compared, thrown away and taken back', async () => {
    const desk = await openDesk({ recent: [dir] });
    const { page } = desk;
    const runs = page.getByTestId('runs');
    await runs.getByRole('button', { name: /Run 1/ }).click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel(/Name of run 1/).fill('one row');
    await page.keyboard.press('Enter');
    await runs.getByText('Run 1 one row').waitFor();
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    await page.getByRole('button', { name: 'Unpin' }).waitFor();
    expect(await runs.getByRole('button').first().textContent()).toContain('Run 1');

    await page.getByRole('tab', { name: 'Compare' }).click();
    await page.getByText('Choose runs to compare').waitFor();
    await page.getByLabel('Compare run 1').check();
    await page.getByLabel('Compare run 2').check();
    const table = page.getByTestId('compare');
    const row = table.locator('[data-metric=cycles]');
    await row.getByTitle('better').waitFor();
    expect(await row.locator('td').nth(3).textContent()).toMatch(/−\d+ %/);
    await table.getByText('chip.rows').waitFor();
    await shoot(desk, 'compare');

    await page.getByRole('button', { name: 'Move to trash' }).click();
    await runs.getByText('one row').waitFor({ state: 'detached' });
    await page.locator('summary', { hasText: 'Trash' }).click();
    await page.getByTestId('trash').getByRole('button', { name: 'Restore' }).click();
    await runs.getByText('one row').waitFor();
  });

  test('a new project is made of a model; commands, language and the window are kept', async () => {
    const desk = await openDesk();
    const { page, app } = desk;
    const folder = temporaryFolder();
    await page.keyboard.press('Control+n');
    const wizard = page.getByTestId('wizard');
    expect(await wizard.getByRole('button', { name: 'Create' }).isDisabled()).toBe(true);
    const files: [number, string][] = [
      [0, join(digits, 'digits-cnn.onnx')],
      [1, join(digits, 'calibration-images.npy')],
      [2, folder],
    ];
    for (const [i, path] of files) {
      await answerFolder(desk, path);
      await wizard.getByRole('button', { name: 'Choose…' }).nth(i).click();
      await wizard.getByTitle(path.split('/').at(-1)!).waitFor();
    }
    await shoot(desk, 'new-project');
    await wizard.getByRole('button', { name: 'Create' }).click();
    await page.getByTestId('files').getByText('digits-cnn.onnx').waitFor();
    expect(existsSync(join(folder, 'digits-cnn', 'ingot.db'))).toBe(true);
    await page.getByTestId('flow').getByRole('button').first().waitFor();

    await page.keyboard.press('Control+k');
    await page.getByTestId('palette').getByRole('combobox').fill('chip.lanes');
    await shoot(desk, 'commands');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'setting-chip.lanes');
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette').getByRole('combobox').fill('中文');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: '设置' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh');
    await shoot(desk, 'chinese');
    await page.locator('.home').click();
    await page.getByTestId('start').waitFor();
    await shoot(desk, 'start');
    const user = await app.evaluate(({ app: own }) => own.getPath('userData'));
    expect(JSON.parse(readFileSync(join(user, 'preferences.json'), 'utf8'))).toMatchObject({ locale: 'zh' });
  });

  test('the page names no file: only what was chosen or dropped is taken', async () => {
    const { page } = await openDesk({ recent: [dir] });
    const codes = await page.evaluate(async () => {
      const ask = async (name: string, args: unknown): Promise<string> => {
        const answer = await window.ingot.request(name as never, args as never);
        return answer.ok ? 'ok' : answer.trouble.code;
      };
      const args = { name: 'x', calibration: null, settings: {} };
      const token = crypto.randomUUID();
      return [
        await ask('projects.createNew', { ...args, model: '/etc/passwd', folder: '/tmp' }),
        await ask('projects.createNew', { ...args, model: token, folder: token }),
        await ask('projects.createNew', { ...args, name: '../x', model: token, folder: token }),
        String(await window.ingot.offer(new File(['x'], '/etc/passwd'))),
      ];
    });
    expect(codes).toEqual(['DESK-004', 'DESK-006', 'DESK-004', 'null']);
  });
});
