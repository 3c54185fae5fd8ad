/**
 * Small designs in the form of ORFS and of LibreLane, from their own files to GDS; gates and JUnit; the exported replay,
 * which runs where nothing of Ingot is to be found.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readGds } from '../../src-main/stages/layout/index.ts';
import { errorOf, ingot, type IngotEnd } from '../support/ingot.ts';
import { kitFiles, kitNote } from '../support/kit.ts';
import { testTool } from '../support/tools.ts';

const TEST_MS = 10 * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'ingot-designs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...parts: string[]): string => join(folder, ...parts);
const text = (path: string): string => readFileSync(path, 'utf8');
const design = (...parts: string[]): string => join(import.meta.dirname, ...parts);
const GCD = design('orfs', 'designs', 'nangate45', 'gcd', 'config.mk');
const PULSE = design('librelane', 'config.json');
const run = (...args: string[]): Promise<IngotEnd> => ingot(args, { hangMs: TEST_MS });
const gates = (name: string, rules: unknown): string => {
  writeFileSync(at(name), JSON.stringify(rules));
  return at(name);
};
const yosys = testTool('yosys');
const sta = testTool('sta');
const klayout = testTool('klayout');

const CLEAN = {
  finish__route__drc_errors: { value: 0, compare: '==' },
  finish__route__opens: { value: 0, compare: '==' },
  finish__timing__setup__ws: { value: 0, compare: '>=' },
  finish__timing__hold__ws: { value: 0, compare: '>=' },
  detailedplace__design__violations: { value: 0, compare: '==' },
  synth__design__instance__area__stdcell: { value: 1000, compare: '<=' },
  'synthesise-rtl.flops': { value: 18, compare: '>=' },
};

describe.skipIf(!kitFiles)(`designs of other flows${kitNote}`, () => {
  let gcd: IngotEnd;
  beforeAll(async () => {
    const made = await run('new', at('gcd'), '--from', GCD);
    expect(made.code, made.err).toBe(0);
    expect(made.out).toContain('1 unknown');
    expect(made.err).toContain('COLOUR_OF_THE_PACKAGE');
    const limits = gates('clean.json', CLEAN);
    gcd = await run('run', '--project', at('gcd'), '--gate', limits, '--junit', at('ci', 'junit.xml'));
  }, TEST_MS);

  test('ORFS: gcd to a GDS without violations, every gate met', async () => {
    expect(gcd.code, gcd.err + gcd.out).toBe(0);
    expect(gcd.out).toContain('7 of 7 gates are met');
    const end = await run('export', '--project', at('gcd'), '--out', at('plain'));
    expect(end.code, end.err).toBe(0);
    expect(readGds(new Uint8Array(readFileSync(at('plain', 'chip.gds')))).diagnostics).toEqual([]);
    const record = JSON.parse(text(at('plain', 'import.json'))) as {
      keys: { key: string; verdict: string }[];
    };
    expect(record.keys.find((k) => k.key === 'COLOUR_OF_THE_PACKAGE')!.verdict).toBe('unknown');
  });

  test('the unknown key is in the log of the run', async () => {
    const report = await run('report', '--project', at('gcd'), '--json');
    const { steps } = JSON.parse(report.out) as { steps: { log: { code: string; message: string }[] }[] };
    const told = steps.flatMap((s) => s.log).filter((d) => d.code === 'FOREIGN-020');
    expect(told.map((d) => d.message)).toEqual([expect.stringContaining('COLOUR_OF_THE_PACKAGE')]);
  });

  test(
    'LibreLane: a design with asynchronous reset and SystemVerilog, by the Yosys that comes along',
    { timeout: TEST_MS },
    async () => {
      const made = await run('new', at('pulse'), '--from', PULSE);
      expect(made.code, made.err).toBe(0);
      expect(made.err).toContain('LUCKY_NUMBER');
      const wasm = ['--set', 'synthesis.tool=wasm'];
      const limits = gates('pulse.json', { ...CLEAN, 'synthesise-rtl.flops': { value: 12, compare: '==' } });
      const end = await run('run', '--project', at('pulse'), ...wasm, '--gate', limits);
      expect(end.code, end.err + end.out).toBe(0);
    },
  );

  test('JUnit is well formed and counts what happened', () => {
    const xml = text(at('ci', 'junit.xml'));
    const tags = [...xml.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)].filter(([all]) => !all.startsWith('<?'));
    const open: string[] = [];
    for (const [, close, name, single] of tags)
      if (close) expect(open.pop()).toBe(name);
      else if (!single) open.push(name!);
    expect(open).toEqual([]);
    expect(xml.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|#\d+);)/);
    const total = Number(/<testsuites[^>]*tests="(\d+)"/.exec(xml)![1]);
    expect(xml.match(/<testcase /g)).toHaveLength(total);
    expect(xml).toContain('<testsuite name="gates" tests="7" failures="0"');
  });

  test('a gate that is not met, one that only warns, one about nothing', { timeout: TEST_MS }, async () => {
    const rules = {
      detailedroute__route__wirelength: { value: 1, compare: '<=' },
      detailedroute__route__vias: { value: 1, compare: '<=', level: 'warning' },
      finish__timing__setup__wss: { value: 0, compare: '>=', level: 'warning' },
    };
    const args = [
      'run',
      '--project',
      at('gcd'),
      '--gate',
      gates('bad.json', rules),
      '--junit',
      at('bad.xml'),
      '--json',
    ];
    const end = await run(...args);
    expect(end.code).toBe(6);
    const last = JSON.parse(end.out.trim().split('\n').at(-1)!) as {
      gates: { verdict: string; message: string }[];
    };
    expect(last.gates.map((g) => g.verdict)).toEqual(['fail', 'warn', 'fail']);
    expect(last.gates[2]!.message).toContain('did you mean finish__timing__setup__ws');
    expect(text(at('bad.xml'))).toContain('<testsuite name="gates" tests="3" failures="2"');
  });

  test(
    'the names of a rules-base.json of ORFS: judged where measured, told apart where not',
    { timeout: TEST_MS },
    async () => {
      const [max, min] = [
        (value: number) => ({ value, compare: '<=' }),
        (value: number) => ({ value, compare: '>=' }),
      ];
      const timing = (stage: string) =>
        Object.fromEntries(
          ['setup__ws', 'setup__tns', 'hold__ws', 'hold__tns'].map((name) => [
            `${stage}__timing__${name}`,
            min(-9),
          ]),
        );
      const rules = {
        synth__canonical_netlist__hash: { value: '0123abcd', compare: '==', level: 'warning' },
        synth__netlist__hash: { value: '0123abcd', compare: '==', level: 'warning' },
        synth__design__instance__area__stdcell: max(2000),
        constraints__clocks__count: { value: 1, compare: '==' },
        placeopt__design__instance__area: max(2000),
        placeopt__design__instance__count__stdcell: max(2000),
        detailedplace__design__violations: { value: 0, compare: '==' },
        cts__design__instance__count__setup_buffer: max(100),
        cts__design__instance__count__hold_buffer: max(100),
        ...timing('cts'),
        globalroute__antenna_diodes_count: max(100),
        ...timing('globalroute'),
        detailedroute__route__wirelength: max(20000),
        detailedroute__route__drc_errors: max(0),
        detailedroute__antenna__violating__nets: max(0),
        detailedroute__antenna_diodes_count: max(100),
        ...timing('finish'),
        finish__design__instance__area: max(2000),
        finish__timing__drv__setup_violation_count: max(0),
        finish__timing__drv__hold_violation_count: max(0),
      };
      const args = ['--gate', gates('rules-base.json', rules), '--junit', at('rules.xml'), '--json'];
      const end = await run('run', '--project', at('gcd'), ...args);
      expect(end.code, end.out.slice(-2000)).toBe(0);
      const last = JSON.parse(end.out.trim().split('\n').at(-1)!) as {
        failed: number;
        notMeasured: number;
        gates: { metric: string; verdict: string; value: number | null; message: string }[];
      };
      const rest = last.gates.filter((g) => g.verdict !== 'pass');
      expect([last.failed, last.notMeasured, last.gates.length]).toEqual([0, 6, 29]);
      expect(rest.every((g) => g.verdict === 'not-measured' && g.value === null)).toBe(true);
      expect(rest.every((g) => /^(synth__.*hash|globalroute__timing__)/.test(g.metric))).toBe(true);
      expect(rest[0]!.message).toContain('is not measured: a hash');
      const area = last.gates.find((g) => g.metric === 'placeopt__design__instance__area')!.value!;
      expect(area).toBeGreaterThan(100);
      expect(text(at('rules.xml'))).toContain(
        '<testsuite name="gates" tests="29" failures="0" errors="0" skipped="6"',
      );
    },
  );

  test('gates that are no gates are refused before anything runs', async () => {
    for (const rules of [{}, [], { a: { value: 'x', compare: '<' } }, { a: { value: 1, compare: '=<' } }]) {
      const end = await run('run', '--project', at('gcd'), '--gate', gates('no.json', rules), '--json');
      expect([end.code, errorOf(end)?.code]).toEqual([2, 'GATE-001']);
    }
  });

  test('pnr takes RTL; what cannot be is refused', async () => {
    const rtl = ['--rtl', design('librelane', 'src', 'pulse.sv')];
    const out = ['--out', at('no')];
    const both = await run('pnr', ...rtl, '--netlist', 'n.v', '--sdc', 'c.sdc', ...out, '--json');
    expect([both.code, errorOf(both)?.code]).toEqual([2, 'CLI-003']);
    const gone = await run('pnr', '--rtl', at('gone.v'), '--sdc', 'c.sdc', ...out, '--json');
    expect([gone.code, errorOf(gone)?.code]).toEqual([3, 'FOREIGN-006']);
    const top = await run('pnr', ...rtl, '--top', 'nobody', '--sdc', 'c.sdc', ...out, '--json');
    expect([top.code, errorOf(top)?.code]).toEqual([3, 'FOREIGN-006']);
  });

  test('the ORFS-like folder has what its users look for', async () => {
    const end = await run('export', '--project', at('gcd'), '--out', at('orfs'), '--orfs');
    expect(end.code, end.err).toBe(0);
    for (const suffix of ['def', 'v', 'sdc', 'spef', 'gds'])
      expect(existsSync(at('orfs', 'results', 'nangate45', 'gcd', 'base', `6_final.${suffix}`)), suffix).toBe(
        true,
      );
    const metadata = JSON.parse(
      text(at('orfs', 'reports', 'nangate45', 'gcd', 'base', 'metadata.json')),
    ) as object;
    expect(metadata).toMatchObject({ run__flow__design: 'gcd', finish__route__drc_errors: 0 });
    const lyp = text(at('orfs', 'objects', 'nangate45', 'gcd', 'base', 'klayout.lyp'));
    expect(lyp).toMatch(/<name>metal1 11\/0<\/name>\s*<source>11\/0@1<\/source>/);
  });

  describe.skipIf(!yosys.path)(`the replay${yosys.note}`, () => {
    const replay = at('elsewhere', 'replay');
    beforeAll(async () => {
      const end = await run('export', '--project', at('gcd'), '--out', at('elsewhere'), '--replay');
      expect(end.code, end.err).toBe(0);
    }, TEST_MS);

    /** Runs the script in a copy, with nothing but the tools and the system's commands. */
    function replayed(
      change: (copy: string) => void,
      tools = [yosys.path, sta.path, klayout.path],
    ): SpawnSyncReturns<string> {
      const copy = mkdtempSync(at('copy-'));
      cpSync(replay, copy, { recursive: true });
      change(copy);
      const bin = join(copy, 'bin');
      mkdirSync(bin);
      const commands = [
        'sh',
        'dirname',
        'cat',
        'cp',
        'rm',
        'mkdir',
        'tail',
        'head',
        'cmp',
        'sed',
        'grep',
        'sha256sum',
        'timeout',
        'env',
        // What Yosys starts, by its name on Debian and by its own.
        'berkeley-abc',
        'yosys-abc',
      ];
      for (const name of commands)
        for (const place of ['/bin', '/usr/bin'])
          if (existsSync(join(place, name)) && !existsSync(join(bin, name)))
            symlinkSync(join(place, name), join(bin, name));
      for (const tool of tools) if (tool !== null) symlinkSync(tool, join(bin, basename(tool)));
      return spawnSync('/bin/sh', ['run.sh'], {
        cwd: copy,
        env: { PATH: bin, HOME: copy, LANG: 'C' },
        encoding: 'utf8',
      });
    }
    const edit = (copy: string, name: string, change: (text: string) => string): void => {
      const before = text(join(copy, name));
      writeFileSync(join(copy, name), change(before));
      expect(text(join(copy, name))).not.toBe(before);
    };

    test('gives the same netlist and the same reports without Ingot', { timeout: TEST_MS }, () => {
      const end = replayed(() => undefined);
      expect(end.status, end.stdout + end.stderr).toBe(0);
      expect(end.stdout).toContain('pass: synthesis gives the same netlist, byte for byte');
      expect(end.stdout).toContain('pass: the finished netlist is proven equal to the mapped one');
      if (sta.path)
        expect(end.stdout).toMatch(/pass: OpenSTA has the stored slacks: \d+ compared, 0 missing/);
      if (klayout.path) expect(end.stdout).toMatch(/pass: KLayout: equal, top gcd/);
    });

    test('a netlist that another Yosys made otherwise is proven equal', { timeout: TEST_MS }, () => {
      const end = replayed(
        (copy) => {
          edit(
            copy,
            'expected/synthesis.v',
            () => `/* Generated by another Yosys */\n${text(join(copy, 'timing/netlist.v'))}`,
          );
          edit(copy, 'SHA256SUMS', (sums) => sums.replace(/.*expected\/synthesis\.v\n/, ''));
        },
        [yosys.path],
      );
      expect(end.stdout).toContain('pass: the netlist of another Yosys is proven equal to the mapped one');
      expect(end.stdout).toContain('skipped: timing: sta (OpenSTA) not found');
    });

    test("a gate, a wire or a shape that is not the run's is found out", { timeout: TEST_MS }, () => {
      const end = replayed((copy) => {
        edit(copy, 'timing/netlist.v', (v) => v.replace('NAND2_X1', 'NOR2_X1'));
        edit(copy, 'timing/slacks.txt', (s) =>
          s.replace(/^setup (\S+)/m, (_, ps) => `setup ${Number(ps) + 5}`),
        );
        edit(copy, 'layout/expected.json', (s) => s.replace('"violations":0', '"violations":1'));
      });
      expect(end.status).toBe(1);
      expect(end.stdout).toContain('FAIL: the files of the replay');
      expect(end.stdout).toContain('FAIL: the finished netlist is not proven equal');
      if (sta.path) expect(end.stdout).toContain('FAIL: OpenSTA has other slacks');
      if (klayout.path) expect(end.stdout).toContain('FAIL: KLayout: different');
    });
  });
});
