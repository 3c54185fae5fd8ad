/** A finished run opened in another program from the window; the program is one of ours that tells its arguments. `npm run build` comes first. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { createProject, openProject, runFlow } from '../../src-main/flow/index.ts';
import { exampleFolder } from '../../src-main/tools/own-files.ts';
import { displayNote, openDesk, shoot, skipsDesk } from '../support/desk.ts';
import { FLOW } from '../support/open-flow.ts';
import { temporaryFolder } from '../support/toy-project.ts';

const module = resolve(import.meta.dirname, '../support/open-flow.ts');

describe.skipIf(skipsDesk)(`a run in other programs${displayNote}`, () => {
  test('only those that are there and have something to show; the chosen one gets the run', async () => {
    const folder = temporaryFolder();
    const dir = join(folder, 'digits');
    createProject(dir, { from: exampleFolder('digits')! }).close();
    const project = openProject(dir);
    await runFlow(project, { flow: { steps: FLOW, module: pathToFileURL(module).href } });
    project.close();
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const told = join(folder, 'told.txt');
    // GTKWave is there, and the run has no waves; OpenROAD is nowhere.
    for (const name of ['klayout', 'gtkwave']) {
      const tell = `require('fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.argv.slice(2)));\n`;
      writeFileSync(join(bin, name), `#!${process.execPath}\n${tell}`);
      chmodSync(join(bin, name), 0o755);
    }
    const env = { PATH: bin, INGOT_FLOW: module, INGOT_CONFIG: join(folder, 'config'), INGOT_TOOLS: '' };
    const desk = await openDesk({ recent: [dir], env });
    const choice = desk.page.getByTestId('open-in');
    await choice.waitFor();
    expect(await choice.locator('option').allTextContents()).toEqual(['Open in…', 'KLayout']);
    await shoot(desk, 'open-in');
    await choice.selectOption('klayout');
    const open = join(dir, 'open', '1');
    const seen = await vi.waitFor(() => JSON.parse(readFileSync(told, 'utf8')) as string[], 20_000);
    expect(seen).toEqual([join(open, 'chip.gds'), '-l', join(open, 'klayout.lyp')]);
    expect(readFileSync(join(open, 'chip.gds'), 'utf8')).toBe('no real one');
    // It can be chosen again.
    expect(await choice.inputValue()).toBe('');
    expect(desk.stderr()).not.toMatch(/\n\s+at /);
  });
});
