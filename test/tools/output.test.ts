/** What is made of a tool's output: lines, messages, progress, a log that has a bound, and the verdict. Pure but for the log. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lineReader } from '../../src-main/tools/runner/lines.ts';
import { openLog } from '../../src-main/tools/runner/log-file.ts';
import { judge, progressReader, readMessage, type EndFacts } from '../../src-main/tools/runner/index.ts';
import { temporaryFolder } from '../support/toy-project.ts';

/** Lines of the text, given in chunks of every length. */
function lines(text: string | Buffer, chunkBytes: number, lineBytes = 100): string[] {
  const said: string[] = [];
  const reader = lineReader(lineBytes, (line) => said.push(line));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  reader.end();
  return said;
}

test('lines do not depend on how the output was cut into chunks', () => {
  const text = 'one\ntwo\r\n\nfour 10%\rfour 20%\r\n\u00e9\u4e16\u754c\r\r\nlast';
  const want = ['one', 'two', '', 'four 10%', 'four 20%', '\u00e9\u4e16\u754c', '', 'last'];
  for (let chunkBytes = 1; chunkBytes < 40; chunkBytes++) expect(lines(text, chunkBytes)).toEqual(want);
});

test('long lines are cut to the byte, and say how much is missing', () => {
  for (let chunkBytes = 1; chunkBytes < 60; chunkBytes++) {
    const [exact, long, after] = lines(`${'a'.repeat(20)}\n${'b'.repeat(50)}\nc`, chunkBytes, 20);
    expect([exact, after]).toEqual(['a'.repeat(20), 'c']);
    expect(long).toBe(`${'b'.repeat(20)} ... (30 bytes cut)`);
  }
});

test.each<[string, string, unknown]>([
  [
    'openroad',
    '[WARNING DRT-0120] Large net x.',
    { severity: 'warning', code: 'DRT-0120', text: 'Large net x.' },
  ],
  ['openroad', '[ERROR GRT-0116] Routing congestion', { severity: 'error', code: 'GRT-0116' }],
  ['openroad', '[CRITICAL ODB-0001] x', { severity: 'error', code: 'ODB-0001' }],
  ['openroad', '[INFO GPL-0002] DBU: 2000', { severity: 'info', code: 'GPL-0002' }],
  ['openroad', 'Error: run.tcl, 12 GRT-0116', { severity: 'error', code: null }],
  ['openroad', 'area [WARNING]', null],
  ['yosys', "ERROR: Module `a' not found!", { severity: 'error', code: null }],
  ['yosys', 'a.v:3: ERROR: syntax error', { severity: 'error', text: 'a.v:3: ERROR: syntax error' }],
  ['yosys', 'Warning: Wire x is used but has no driver.', { severity: 'warning' }],
  ['yosys', '2. Executing ERROR pass', null],
  ['sta', 'Warning: run.tcl line 3, port x not found.', { severity: 'warning', code: null }],
  ['sta', 'Warning 441: a.sdc line 1, x', { severity: 'warning', code: 'STA-0441' }],
  ['sta', 'Error 1520: x', { severity: 'error', code: 'STA-1520' }],
  ['sta', 'invalid command name "x"', { severity: 'error' }],
  ['klayout', 'ERROR: check.py:3: name x is not defined', { severity: 'error' }],
  ['klayout', "NameError: name 'x' is not defined", { severity: 'error' }],
  ['verilator', '%Warning-WIDTHTRUNC: a.sv:1:2: x', { severity: 'warning', code: 'WIDTHTRUNC' }],
  ['verilator', '%Error: Exiting due to 1 error(s)', { severity: 'error', code: null }],
  ['iverilog', 'a.v:3: error: x', { severity: 'error' }],
  ['iverilog', 'a.v:3: syntax error', { severity: 'error' }],
  ['python3', 'ERROR: No matching distribution found', { severity: 'error' }],
  ['something', 'error: no license', { severity: 'error', text: 'no license' }],
  ['something', 'all is well', null],
])('%s: %s', (tool, line, want) => {
  const message = readMessage(tool, line, 7);
  if (want === null) expect(message).toBeNull();
  else expect(message).toMatchObject({ ...(want as object), line: 7 });
});

test('detailed routing tells iteration, share and violations', () => {
  const read = progressReader('openroad');
  expect(read('[INFO DRT-0194] Start detail routing.')).toBeNull();
  read('[INFO DRT-0195] Start 3rd optimization iteration.');
  expect(read('    Completing 40% with 120 violations.')).toMatchObject({
    text: 'detailed routing, iteration 3: 40 %, 120 violations',
    values: { iteration: 3, percent: 40, violations: 120 },
  });
  expect(read('[INFO DRT-0195] Start 4th stubborn tiles iteration.')?.values).toMatchObject({
    iteration: 4,
    percent: 0,
  });
});

test('global placement in both forms, and the passes of Yosys', () => {
  const old = progressReader('openroad')('[NesterovSolve] Iter:  120 overflow: 0.512 HPWL: 1234567');
  const table = progressReader('openroad')('      120 |  0.5120 |  1.2346e+06 |  -1.09% |  2.31e-14 |      ');
  expect([old?.values.overflow, table?.values.overflow]).toEqual([0.512, 0.512]);
  expect(old?.text).toBe(table?.text);
  const yosys = progressReader('yosys')('12.3.1. Executing OPT_EXPR pass (perform const folding).');
  expect(yosys).toMatchObject({ text: 'OPT_EXPR pass (perform const folding)', values: { pass: 12 } });
});

test('a log keeps its head and its tail, and never more than four parts on disk', () => {
  const path = join(temporaryFolder(), 'tool.log');
  const log = openLog(path, 1000);
  const all = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
  let most = 0;
  for (const line of all) {
    log.write(line);
    const bytes = readdirSync(join(path, '..')).map((name) => readFileSync(join(path, '..', name)).length);
    most = Math.max(
      most,
      bytes.reduce((sum, b) => sum + b, 0),
    );
  }
  log.close();
  expect(most).toBeLessThan(4000);
  const text = readFileSync(path, 'utf8');
  const [head, gap, tail] = text.split(/\.\.\. (\d+) bytes of output are not kept \.\.\.\n/);
  const whole = `${all.join('\n')}\n`;
  expect(whole.startsWith(head!) && whole.endsWith(tail!)).toBe(true);
  expect(head!.length + tail!.length + Number(gap)).toBe(whole.length);
  expect(tail!.length).toBeGreaterThanOrEqual(1000);
  expect(log.isCut()).toBe(true);
});

test('a log that fits is kept whole', () => {
  for (const count of [0, 1, 90, 150, 200]) {
    const path = join(temporaryFolder(), 'tool.log');
    const log = openLog(path, 1000);
    const all = Array.from({ length: count }, (_, i) => `line ${i}`);
    all.forEach((line) => log.write(line));
    log.close();
    expect([readFileSync(path, 'utf8'), log.isCut()]).toEqual([
      all.map((line) => `${line}\n`).join(''),
      false,
    ]);
  }
});

const GIB = 2 ** 30;
const FACTS: EndFacts = {
  exitCode: 0,
  signal: null,
  endedByUs: null,
  declaredCount: 2,
  missing: [],
  errorsFail: false,
  errorCount: 0,
  said: [],
  oomKills: 0,
  peakBytes: GIB,
  memoryBytes: 8 * GIB,
  diskFreeBytes: GIB,
};

test.each<[string, Partial<EndFacts>, string]>([
  ['nothing amiss', {}, 'ok'],
  ['full memory or disk that did no harm', { said: ['out of memory'], diskFreeBytes: 0, oomKills: 1 }, 'ok'],
  ['an error that may be said', { errorCount: 1 }, 'ok'],
  ['an error that must not', { errorCount: 1, errorsFail: true }, 'failed-with-results'],
  ['killed, nobody knows why', { exitCode: null, signal: 'SIGKILL', missing: ['a'] }, 'crashed'],
  ['killed, the kernel counted it', { exitCode: null, signal: 'SIGKILL', oomKills: 1 }, 'out-of-memory'],
  [
    'killed with nearly all memory',
    { exitCode: null, signal: 'SIGKILL', peakBytes: 7 * GIB },
    'out-of-memory',
  ],
  ['killed behind a shell, counted', { exitCode: 137, oomKills: 1 }, 'out-of-memory'],
  ['a crash while somebody else ran out', { exitCode: null, signal: 'SIGSEGV', oomKills: 1 }, 'crashed'],
  [
    'said so before it aborted',
    { exitCode: null, signal: 'SIGABRT', said: ['std::bad_alloc'] },
    'out-of-memory',
  ],
  ['disk full, said', { exitCode: 1, said: ['write: No space left on device'] }, 'disk-full'],
  ['disk full, not said', { missing: ['a'], diskFreeBytes: 0 }, 'disk-full'],
  ['no disk to look at', { missing: ['a'], diskFreeBytes: null }, 'missing-output'],
  ['failed with one of two results', { exitCode: 1, missing: ['a'] }, 'failed'],
  ['failed with all results', { exitCode: 1 }, 'failed-with-results'],
  ['failed, none declared', { exitCode: 1, declaredCount: 0 }, 'failed'],
  ['ended by us, whatever else', { exitCode: 0, endedByUs: { kind: 'cancelled' } }, 'cancelled'],
])('verdict: %s', (_name, facts, kind) => {
  expect(judge({ ...FACTS, ...facts }).kind).toBe(kind);
});
