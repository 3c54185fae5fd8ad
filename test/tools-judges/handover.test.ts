/** What is started when a run is opened in another program; the program is one of ours that tells its arguments. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { handover, openDetached, viewersOf, type Viewer } from '../../src-main/tools/handover.ts';
import { codeOf } from '../support/code-of.ts';

const root = mkdtempSync(join(tmpdir(), 'ingot-handover-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const bin = join(root, 'bin');
const run = join(root, 'a run; with $signs');
const told = join(root, 'told.txt');
mkdirSync(bin);
mkdirSync(run);
for (const name of ['klayout', 'surfer', 'openroad']) {
  const program = join(bin, name);
  writeFileSync(
    program,
    `#!${process.execPath}\nrequire('fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.argv.slice(2)));\n`,
  );
  chmodSync(program, 0o755);
}
const withPath = <T>(act: () => T): T => {
  vi.stubEnv('PATH', bin);
  vi.stubEnv('INGOT_CONFIG', join(root, 'config'));
  vi.stubEnv('INGOT_TOOLS', '');
  try {
    return act();
  } finally {
    vi.unstubAllEnvs();
  }
};
const codeFor = (viewer: Viewer): string =>
  withPath(() => codeOf(() => handover({ viewer, folder: run })).code);

test('a viewer that is missing, and a run with nothing for it, are told apart', () => {
  expect(codeFor('gtkwave')).toBe('TOOL-070');
  expect(codeFor('klayout')).toBe('TOOL-071');
  expect(codeFor('surfer')).toBe('TOOL-071');
});

test('only programs that are there and find a file of theirs are offered', () => {
  const offered = (...files: string[]) => withPath(() => viewersOf(new Set(files)));
  expect(offered('chip.gds', 'chip.def', 'netlist.v')).toEqual(['klayout', 'openroad']);
  // GTKWave is not there.
  expect(offered('waves.vcd')).toEqual(['surfer']);
  expect(offered('netlist.v')).toEqual([]);
});

test('KLayout gets the layout with its marks, as arguments that no shell reads', async () => {
  writeFileSync(join(run, 'chip.gds'), 'x');
  writeFileSync(join(run, 'drc.lyrdb'), 'x');
  const start = withPath(() => handover({ viewer: 'klayout', folder: run }));
  expect(start.command).toBe(join(bin, 'klayout'));
  expect(start.args).toEqual([join(run, 'chip.gds'), '-m', join(run, 'drc.lyrdb')]);
  await openDetached(start);
  const seen = await vi.waitFor(() => JSON.parse(readFileSync(told, 'utf8')) as string[], 10_000);
  expect(seen).toEqual(start.args);
});

test('OpenROAD gets a script that reads the library before the DEF', () => {
  writeFileSync(join(run, 'chip.def'), 'x');
  const start = withPath(() => handover({ viewer: 'openroad', folder: run, lefs: ['/t.lef', '/c.lef'] }));
  expect(start.args.slice(0, 2)).toEqual(['-gui', '-no_init']);
  expect(readFileSync(start.args[2]!, 'utf8')).toBe(
    `read_lef {/t.lef}\nread_lef {/c.lef}\nread_def {${join(run, 'chip.def')}}\n`,
  );
});

test('a program that cannot be started is an error', async () => {
  await expect(openDetached({ command: join(root, 'nowhere'), args: [] })).rejects.toMatchObject({
    diagnostic: { code: 'TOOL-072' },
  });
});
