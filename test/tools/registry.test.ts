/** Where tools are found, what is found out about them, and what is said of those that are missing, old or broken. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pinTools } from '../../src-main/flow/pin-tools.ts';
import { openDatabase } from '../../src-main/project/database.ts';
import { insertRun } from '../../src-main/project/queries/runs.ts';
import { insertRunTools, listRunTools } from '../../src-main/project/queries/run-tools.ts';
import { findProgram, locateProgram, PROGRAMS, type Program } from '../../src-main/tools/find-program.ts';
import {
  findTool,
  keepToolPreferences,
  requireTool,
  TOOLS,
  toolPreferences,
  toolPreferencesFile,
} from '../../src-main/tools/registry/index.ts';
import { launchOf, fromWslPath, toWslArgument, toWslPath } from '../../src-main/tools/wsl.ts';
import { testTool } from '../support/tools.ts';
import { cli, temporaryFolder, toyProject } from '../support/toy-project.ts';

const isPosix = process.platform !== 'win32';
const NAMES = ['INGOT_TOOLS', 'INGOT_CONFIG', 'INGOT_CACHE', 'PATH'] as const;
const before = NAMES.map((name) => [name, process.env[name]] as const);
let folder = '';

beforeEach(() => {
  folder = temporaryFolder();
  process.env.INGOT_CONFIG = join(folder, 'config');
  process.env.INGOT_CACHE = join(folder, 'cache');
  delete process.env.INGOT_TOOLS;
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** A program in a folder of its own; returns the folder. */
function fake(name: string, code: string): string {
  const at = join(temporaryFolder(), 'bin');
  mkdirSync(at);
  writeFileSync(join(at, name), `#!/bin/sh\n${code}\n`);
  chmodSync(join(at, name), 0o755);
  return at;
}

/** An OpenROAD with these commands. */
const openroadWith = (commands: readonly string[]): string =>
  `if [ "$1" = -version ]; then echo "2099.1-fake"; exit 0; fi\n${commands.map((c) => `echo "@has ${c}"`).join('\n')}`;

describe.skipIf(!isPosix)(
  `fake tools${isPosix ? '' : ' (skipped: their scripts need a POSIX shell)'}`,
  () => {
    test('are found by name, then in named folders, then on the PATH', () => {
      const [named, first, second, third] = [1, 2, 3, 4].map((n) => fake('surfer', `echo surfer 1.${n}`));
      process.env.PATH = third;
      expect(locateProgram('surfer')).toEqual({ path: join(third!, 'surfer'), source: 'path' });
      keepToolPreferences({ folders: [second!] });
      expect(locateProgram('surfer')).toEqual({ path: join(second!, 'surfer'), source: 'folder' });
      process.env.INGOT_TOOLS = ['/nonexistent', first!].join(delimiter);
      expect(locateProgram('surfer')?.path).toBe(join(first!, 'surfer'));
      keepToolPreferences({ programs: { surfer: join(named!, 'surfer') } });
      expect(locateProgram('surfer')).toEqual({ path: join(named!, 'surfer'), source: 'named' });
      expect(toolPreferences().folders).toEqual([second]);
      // A file that is damaged, or names what is gone, takes nothing away.
      writeFileSync(toolPreferencesFile(), '{"programs": {"surfer": "/gone"}, "folders": 3}');
      expect(locateProgram('surfer')?.path).toBe(join(first!, 'surfer'));
      writeFileSync(toolPreferencesFile(), '{');
      expect(findProgram('surfer')).toBe(join(first!, 'surfer'));
    });

    test('show what they can do; a folder or a plain file is no program', async () => {
      process.env.INGOT_TOOLS = fake(
        'openroad',
        openroadWith([...TOOLS.openroad.needs, 'pin_access', 'unheard_of']),
      );
      const tool = await findTool('openroad');
      expect(tool).toMatchObject({ version: '2099.1-fake', problem: null, source: 'folder' });
      expect(tool.capabilities).toContain('pin_access');
      expect(tool.capabilities).not.toContain('unheard_of');
      expect(tool.lacks).toContain('rtl_macro_placer');
      expect((await requireTool('openroad')).path).toBe(tool.path);
      process.env.PATH = '';
      process.env.INGOT_TOOLS = join(folder, 'files');
      mkdirSync(join(folder, 'files', 'openroad'), { recursive: true });
      writeFileSync(join(folder, 'files', 'sta'), 'no program');
      expect([findProgram('openroad'), findProgram('sta')]).toEqual([null, null]);
    });

    test('that are too old, broken or missing are said, not thrown', async () => {
      process.env.PATH = '';
      process.env.INGOT_TOOLS = fake('openroad', openroadWith(['read_def', 'write_def']));
      expect((await findTool('openroad')).problem).toMatch(/^too old, or built without global_placement/);
      await expect(requireTool('openroad')).rejects.toMatchObject({ diagnostic: { code: 'TOOL-051' } });
      process.env.INGOT_TOOLS = fake('openroad', 'kill -SEGV $$');
      expect(await findTool('openroad')).toMatchObject({ problem: 'it crashed (SIGSEGV)', capabilities: [] });
      process.env.INGOT_TOOLS = '';
      expect(await findTool('openroad')).toMatchObject({ path: null, version: null, problem: null });
      await expect(requireTool('openroad')).rejects.toMatchObject({
        diagnostic: {
          code: 'TOOL-050',
          remedy: expect.stringContaining('ingot doctor --tool openroad=') as string,
        },
      });
    });

    test('are asked again only when they changed', async () => {
      const count = join(folder, 'asked');
      const at = fake(
        'sta',
        `if [ "$1" = -version ]; then echo 3.1; exit; fi; echo x >> '${count}'; echo "@has read_spef"`,
      );
      const doctor = async (): Promise<void> => {
        const { code } = await cli(['doctor', '--json'], {
          PATH: '',
          INGOT_TOOLS: at,
          INGOT_CACHE: join(folder, 'cache'),
        });
        expect(code).toBe(0);
      };
      const asked = (): number => readFileSync(count, 'utf8').length / 2;
      await doctor();
      await doctor();
      expect(asked()).toBe(1);
      writeFileSync(join(at, 'sta'), `${readFileSync(join(at, 'sta'), 'utf8')}# newer\n`);
      await doctor();
      expect(asked()).toBe(2);
    });

    test('the doctor keeps what the user names, and refuses what is no tool', async () => {
      const at = fake('surfer', 'echo surfer 9.9');
      const env = { PATH: '', INGOT_CONFIG: join(folder, 'mine') };
      const named = await cli(['doctor', '--tool', `surfer=${join(at, 'surfer')}`, '--json'], env);
      const read = (out: string): { name: string; source: string; version: string; isFound: boolean }[] =>
        (JSON.parse(out) as { tools: { name: string; source: string; version: string; isFound: boolean }[] })
          .tools;
      const surfer = { name: 'surfer', source: 'named', version: 'surfer 9.9', isFound: true };
      expect(read(named.out).find((t) => t.name === 'surfer')).toMatchObject(surfer);
      expect(existsSync(join(folder, 'mine', 'tools.json'))).toBe(true);
      const wrong = await cli(['doctor', '--tool', 'vivado=/x'], env);
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('CLI-003')]);
      const gone = await cli(['doctor', '--tool', 'surfer=/nonexistent/surfer'], env);
      expect([gone.code, gone.err]).toEqual([4, expect.stringContaining('TOOL-050')]);
    });

    test('the doctor tells what changed since the latest run', async () => {
      const project = toyProject();
      const at = fake('surfer', 'echo surfer 9.9');
      const path = join(at, 'surfer');
      const run = insertRun(project.db, { settings: {}, toolVersions: {}, startedAtMs: 1 });
      insertRunTools(project.db, run, [
        { name: 'surfer', path, version: 'surfer 9.8', capabilities: [] },
        { name: 'vvp', path: '/gone/vvp', version: '11.0', capabilities: [] },
      ]);
      const env = { PATH: '', INGOT_TOOLS: at, INGOT_CONFIG: join(folder, 'none') };
      const { out } = await cli(['doctor', '--project', project.dir, '--json'], env);
      expect((JSON.parse(out) as { changes: string[] }).changes).toEqual([
        `surfer was surfer 9.8 (${path}) in run 1; now it is surfer 9.9 (${path})`,
        'vvp was 11.0 (/gone/vvp) in run 1; now it is missing',
      ]);
    });

    test('a run records the program, its version and what it can do', async () => {
      process.env.INGOT_TOOLS = fake('sta', 'echo 3.1; echo "@has read_spef"; echo "@has find_timing_paths"');
      const versions = { sta: '3.1', yosys: '@yowasp/yosys 0.55', klayout: 'not found', kit: 'nangate45' };
      const tools = await pinTools(versions);
      const want = { name: 'sta', version: '3.1', capabilities: ['find_timing_paths', 'read_spef'] };
      expect(tools).toEqual([{ ...want, path: join(process.env.INGOT_TOOLS, 'sta') }]);
      const db = openDatabase(join(folder, 'ingot.db'));
      const run = insertRun(db, { settings: {}, toolVersions: versions, startedAtMs: 1 });
      insertRunTools(db, run, tools);
      expect(listRunTools(db, run)).toEqual(tools);
      db.close();
    });
  },
);

test('every tool says what it adds, and needs only what it is asked for', () => {
  for (const name of PROGRAMS) {
    const { adds, needs, capabilities, trials } = TOOLS[name];
    expect(adds).not.toBe('');
    expect(needs.filter((need) => !(need in capabilities))).toEqual([]);
    expect(trials.length > 0).toBe(Object.keys(capabilities).length > 0);
  }
});

const REAL: readonly Program[] = [
  'yosys',
  'sta',
  'klayout',
  'verilator',
  'iverilog',
  'openroad',
  'magic',
  'netgen',
];
/** Tools that CI has; the others are tried where they are. */
const OPTIONAL: readonly Program[] = ['openroad', 'magic', 'netgen'];
describe.each(REAL)('%s', (name) => {
  const found = findProgram(name);
  const tool = OPTIONAL.includes(name)
    ? { path: found, note: found === null ? ` (skipped: ${name} not found)` : '' }
    : testTool(name);
  test.skipIf(tool.path === null)(`is found usable by trying it${tool.note}`, async () => {
    const { version, problem, capabilities } = await findTool(name);
    expect(problem).toBeNull();
    expect(version).not.toBeNull();
    expect(TOOLS[name].needs.filter((need) => !capabilities.includes(need))).toEqual([]);
  });
});

describe('WSL', () => {
  test('paths are mapped to Linux and back', () => {
    expect(toWslPath('C:\\Users\\me\\run 1')).toBe('/mnt/c/Users/me/run 1');
    expect(toWslPath('d:/x')).toBe('/mnt/d/x');
    expect(toWslPath('C:\\')).toBe('/mnt/c');
    expect(toWslPath('\\\\wsl.localhost\\Ubuntu\\home\\me')).toBe('/home/me');
    expect(toWslPath('\\\\wsl$\\Ubuntu')).toBe('/');
    for (const same of ['run.tcl', '-exit', '/usr/bin', 'a:b', 'puts "C:x"', ''])
      expect(toWslPath(same)).toBe(same);
    expect(fromWslPath('/mnt/c/Users/me')).toBe('C:\\Users\\me');
    expect(fromWslPath('/mnt/c')).toBe('C:\\');
    expect(fromWslPath('/home/me')).toBe('/home/me');
  });

  test('arguments are mapped behind an equals sign too', () => {
    expect(toWslArgument('-metrics=C:\\run\\m.json')).toBe('-metrics=/mnt/c/run/m.json');
    expect(toWslArgument('C:\\a=b')).toBe('/mnt/c/a=b');
    expect(toWslArgument('x=y')).toBe('x=y');
  });

  test('a program there is started by wsl.exe, any other as it is', () => {
    expect(
      launchOf('wsl:/usr/bin/openroad', ['-exit', 'C:\\r\\s.tcl'], 'C:\\r', { LIB: 'C:\\l', NO: undefined }),
    ).toEqual({
      command: 'wsl.exe',
      args: ['--cd', 'C:\\r', '--exec', '/usr/bin/openroad', '-exit', '/mnt/c/r/s.tcl'],
      env: { LIB: '/mnt/c/l', WSLENV: 'LIB/u' },
    });
    expect(launchOf('/usr/bin/sta', ['a'], '/r', { A: 'b' })).toEqual({
      command: '/usr/bin/sta',
      args: ['a'],
      env: { A: 'b' },
    });
  });
});
