import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT_TEXTS } from '../../src-main/cli/exit-codes.ts';
import { cli, temporaryFolder, toyProject } from '../support/toy-project.ts';

const root = resolve(import.meta.dirname, '../..');

describe('exit codes', () => {
  test.each<[string, string[], number, string]>([
    ['help', ['--help'], 0, ''],
    ['no command', [], 2, ''],
    ['unknown command', ['staus'], 2, 'CLI-001'],
    ['unknown option', ['status', '--jsn'], 2, 'CLI-002'],
    ['option without its value', ['run', '--from'], 2, 'CLI-003'],
    ['flag with a value', ['run', '--force=yes'], 2, 'CLI-003'],
    ['not a run number', ['status', '--project', 'P', '--run', 'two'], 2, 'CLI-003'],
    ['missing argument', ['new'], 2, 'CLI-004'],
    ['extra argument', ['status', 'now'], 2, 'CLI-005'],
    ['unknown setting', ['run', '--project', 'P', '--set', 'place.sed=1'], 2, 'SETTING-001'],
    ['bad setting', ['run', '--project', 'P', '--set', 'place.seed=-1'], 2, 'SETTING-003'],
    ['not an assignment', ['run', '--project', 'P', '--set', 'place.seed'], 2, 'SETTING-002'],
    ['unknown step', ['run', '--project', 'P', '--to', 'uper'], 2, 'FLOW-001'],
    ['nothing run yet', ['report', '--project', 'P'], 2, 'FLOW-013'],
    ['no such project', ['status', '--project', 'none'], 3, 'PROJECT-001'],
    ['no such file', ['import', 'none.onnx', '--project', 'P'], 3, 'FILE-001'],
    ['no such example', ['new', 'x', '--from', 'nothing'], 3, 'FILE-001'],
    ['a project already', ['new', 'P'], 3, 'PROJECT-003'],
    ['failed proof', ['run', '--project', 'P', '--set', 'chip.bake=no'], 1, 'FLOW-005'],
  ])('%s', async (_name, args, code, diagnostic) => {
    const { dir } = toyProject();
    const result = await cli(args.map((arg) => (arg === 'P' ? dir : arg)));
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(diagnostic)]);
    expect(result.err).not.toMatch(/\n\s+at /);
    expect((await cli(['status', '--project', dir])).code).toBe(0);
  });

  test.each([
    ['enospc:upper', 5, 'WORLD-001'],
    ['bug:upper', 70, 'FLOW-009'],
    ['bug:start/upper', 70, 'CLI-070'],
  ])('%s', async (fault, code, diagnostic) => {
    const { dir } = toyProject();
    const result = await cli(['run', '--project', dir], { INGOT_FAULT: fault });
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(diagnostic)]);
    expect(result.err).not.toMatch(/\n\s+at /);
    expect((await cli(['run', '--project', dir])).code).toBe(0);
  });

  test('are the ones that help and the manual list', async () => {
    const { out } = await cli(['help', 'run']);
    const manual = readFileSync(join(root, 'resources/docs/cli.md'), 'utf8');
    for (const [code, text] of EXIT_TEXTS) {
      expect(out).toContain(`${code}  ${text}`);
      expect(manual).toContain(`| ${code} | ${text} |`);
    }
  });
});

test('from a model to exported files', async () => {
  const folder = temporaryFolder();
  const dir = join(folder, 'project');
  writeFileSync(join(folder, 'model.txt'), 'hello');
  expect((await cli(['new', dir, '--name', 'greeting'])).code).toBe(0);
  const early = await cli(['run', '--project', dir]);
  expect([early.code, early.err]).toEqual([3, expect.stringContaining('FLOW-003')]);
  expect((await cli(['import', join(folder, 'model.txt'), '--project', dir])).code).toBe(0);
  const run = await cli(['run', '--project', dir, '--set', 'route.seed=3']);
  expect(run.code).toBe(0);
  expect(run.out).toMatch(/^run 1 done after /);
  expect(run.err).toContain('[3/4] mark');
  const out = join(folder, 'out');
  expect((await cli(['export', '--project', dir, '--out', out])).code).toBe(0);
  expect(readFileSync(join(out, 'marked.txt'), 'utf8')).toContain('HELLO SEED 1');
  const status = JSON.parse((await cli(['status', '--project', dir, '--json'])).out) as {
    name: string;
    run: { settings: Record<string, unknown>; steps: { status: string }[] };
  };
  expect(status.name).toBe('greeting');
  expect(status.run.settings['route.seed']).toBe(3);
  expect(status.run.steps.map((s) => s.status)).toEqual(['done', 'done', 'done', 'done']);
});

test('--json is one event per line, errors too', async () => {
  const { dir } = toyProject();
  const events = (text: string): { type: string }[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
  const types = events((await cli(['run', '--project', dir, '--json'])).out).map((event) => event.type);
  expect(types[0]).toBe('run-started');
  expect(types.at(-1)).toBe('run-finished');
  expect(types.filter((type) => type === 'step-finished')).toHaveLength(4);
  const wrong = events((await cli(['run', '--project', dir, '--json', '--to', 'x'])).out);
  expect(wrong).toMatchObject([{ type: 'error', error: { code: 'FLOW-001' } }]);
});

test('settings are listed with ranges and users, and kept in the project', async () => {
  const { dir } = toyProject();
  expect((await cli(['settings', 'place.seed=9', '--project', dir])).code).toBe(0);
  const { settings } = JSON.parse((await cli(['settings', '--project', dir, '--json'])).out) as {
    settings: { key: string; value: unknown; steps: string[] }[];
  };
  expect(settings.find((s) => s.key === 'place.seed')).toMatchObject({ value: 9, steps: ['repeat'] });
});

test('doctor names every tool and what it adds', async () => {
  const { code, out } = await cli(['doctor', '--json']);
  const { tools } = JSON.parse(out) as { tools: { name: string; isFound: boolean; adds: string }[] };
  expect(code).toBe(0);
  expect(tools.map((tool) => tool.name)).toEqual(
    expect.arrayContaining([
      'yosys',
      'verilator',
      'iverilog',
      'klayout',
      'sta',
      'openroad',
      'python3',
      'pip',
    ]),
  );
  expect(tools.every((tool) => tool.adds !== '')).toBe(true);
  expect(tools.find((tool) => tool.name === 'node')?.isFound).toBe(true);
  const bare = await cli(['doctor', '--json'], { PATH: '' });
  const found = (JSON.parse(bare.out) as { tools: { name: string; isFound: boolean }[] }).tools;
  expect(found.find((tool) => tool.name === 'yosys')?.isFound).toBe(false);
});

const bundle = join(root, 'out/main/cli.js');
const isBuilt = existsSync(bundle);
test.skipIf(!isBuilt && process.env.INGOT_REQUIRE_TOOLS !== '1')(
  `the bundled program runs steps too${isBuilt ? '' : ' (skipped: npm run build was not run)'}`,
  async () => {
    const { execFileSync } = await import('node:child_process');
    const { dir } = toyProject();
    const env = { ...process.env, INGOT_FLOW: join(root, 'test/support/toy-flow.ts') };
    execFileSync(process.execPath, [bundle, 'run', '--project', dir], { env, stdio: 'pipe' });
    const status = execFileSync(process.execPath, [bundle, 'status', '--project', dir, '--json'], { env });
    expect((JSON.parse(status.toString()) as { run: { status: string } }).run.status).toBe('done');
  },
);
