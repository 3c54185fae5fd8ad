/**
 * Programs that hang, crash, flood, leave children behind, or end well without a result: each ends in the right
 * verdict, within bounds of memory and disk, and nothing of it is left running.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { requireOk, type JobEnd, type JobUsage } from '../../src-main/tools/runner/index.ts';
import { fakeTool, leftProcesses, root, runFake, shell, TOKEN } from './fakes.ts';

const isLinux = process.platform === 'linux';
const code = (end: JobEnd): string | undefined => end.error?.diagnostic.code;

/** A control group with so much memory, null where none can be made (version 1 and 2). */
function limitedGroup(bytes: number): string | null {
  for (const [folder, limit] of [
    ['/sys/fs/cgroup', 'memory.max'],
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
  ] as const) {
    const group = join(folder, `ingot-test-${process.pid}`);
    try {
      // Elsewhere this would be a folder like any other, and limit nothing.
      if (!existsSync(join(folder, 'cgroup.procs'))) continue;
      mkdirSync(group);
      if (existsSync(join(group, limit))) {
        writeFileSync(join(group, limit), String(bytes));
        if (Number(readFileSync(join(group, limit), 'utf8')) === bytes) return group;
      }
      rmdirSync(group);
    } catch {
      // not ours to make
    }
  }
  return null;
}

const RUNNER = resolve(import.meta.dirname, '../../src-main/tools/runner/index.ts');

/** How a job ends that a process of its own runs in a control group. */
async function verdictWithin(group: string, command: string): Promise<unknown> {
  const job = {
    tool: 'fake',
    command,
    args: [],
    folder: join(root, 'group'),
    env: { INGOT_TEST_TOKEN: TOKEN },
  };
  const script = `import { runJob } from ${JSON.stringify(RUNNER)};
    console.log(JSON.stringify((await runJob(${JSON.stringify(job)})).verdict));`;
  const enter = `echo $$ > '${group}/cgroup.procs'; exec "$0" --input-type=module -e "$1"`;
  const out = execFileSync('/bin/sh', ['-c', enter, process.execPath, script], { encoding: 'utf8' });
  // The guard leaves it a moment after the process that it guards.
  const members = (): string => readFileSync(join(group, 'cgroup.procs'), 'utf8');
  for (let i = 0; i < 100 && members() !== ''; i++) await new Promise((wait) => setTimeout(wait, 100));
  return JSON.parse(out);
}

describe.skipIf(!isLinux)(`a job's end${isLinux ? '' : ' (skipped: these tests look at /proc)'}`, () => {
  afterEach(() => expect(leftProcesses()).toEqual([]));

  test('a tool that does its work is ok', async () => {
    const end = await runFake(shell('cat in.txt > out.txt; echo done'), {
      inputs: [{ name: 'in.txt', contents: 'text' }],
      outputs: ['out.txt'],
    });
    expect(end.verdict).toEqual({ kind: 'ok' });
    expect(end.error).toBeNull();
    expect(requireOk(end)).toBe(end);
    expect(readFileSync(end.outputs.get('out.txt')!, 'utf8')).toBe('text');
    expect(readFileSync(end.log.path, 'utf8')).toBe('done\n');
    expect([end.bundle, end.orphansEnded]).toEqual([null, 0]);
  });

  test('a tool that hangs and ignores SIGTERM meets its time limit', async () => {
    const end = await runFake(shell(`trap '' TERM; while :; do sleep 1000; done`), {
      limits: { timeMs: 500 },
    });
    expect(end.verdict).toEqual({ kind: 'timed-out', limitMs: 500 });
    expect(code(end)).toBe('TOOL-057');
    expect(() => requireOk(end)).toThrow(IngotError);
  });

  test('a tool that neither writes nor computes has stalled; one that computes in silence has not', async () => {
    const stalled = await runFake(shell('echo start; sleep 1000'), { limits: { stallMs: 1000 } });
    expect(stalled.verdict.kind).toBe('stalled');
    expect(code(stalled)).toBe('TOOL-059');
    expect(stalled.log.tail).toEqual(['start']);
    const busy = fakeTool('const end = Date.now() + 3000; while (Date.now() < end);');
    expect((await runFake(busy, { limits: { stallMs: 1500 } })).verdict.kind).toBe('ok');
  });

  test('a crash names its signal, through a shell too', async () => {
    const end = await runFake(shell('echo before; kill -SEGV $$'));
    expect(end.verdict).toEqual({ kind: 'crashed', signal: 'SIGSEGV' });
    expect(code(end)).toBe('TOOL-054');
    expect((await runFake(shell(`sh -c 'kill -ABRT $$'; exit $?`))).verdict).toEqual({
      kind: 'crashed',
      signal: 'SIGABRT',
    });
    // Killed by somebody, with memory to spare: not out of memory.
    expect((await runFake(shell('kill -KILL $$'))).verdict).toEqual({ kind: 'crashed', signal: 'SIGKILL' });
  });

  test('out of memory is told from a crash', async () => {
    const heap = fakeTool('const a = []; for (;;) a.push(new Array(1000).fill({}));');
    const end = await runFake(heap, { env: { NODE_OPTIONS: '--max-old-space-size=20' } });
    expect(end.verdict).toMatchObject({
      kind: 'out-of-memory',
      evidence: expect.stringMatching(/heap out of memory/) as unknown,
    });
    expect(code(end)).toBe('TOOL-055');
    const cpp = shell(
      `echo "terminate called after throwing an instance of 'std::bad_alloc'" >&2; kill -ABRT $$`,
    );
    expect((await runFake(cpp)).verdict.kind).toBe('out-of-memory');
  });

  const group = limitedGroup(300 * 2 ** 20);
  test.skipIf(group === null)(
    `a tool that the kernel ends for want of memory did not crash${group === null ? ' (skipped: control groups cannot be made here)' : ''}`,
    async () => {
      // A gigabyte at most, should the limit not hold.
      const greedy = fakeTool('const a = []; while (a.length < 64) a.push(Buffer.alloc(2 ** 24, 1));');
      try {
        const verdict = await verdictWithin(group!, greedy);
        expect(verdict).toEqual({
          kind: 'out-of-memory',
          evidence: 'the system ended a process for want of memory',
        });
      } finally {
        rmdirSync(group!);
      }
    },
  );

  test('a tool beyond its memory limit is ended', async () => {
    const greedy = fakeTool(
      'const a = []; setInterval(() => a.length < 64 && a.push(Buffer.alloc(2 ** 24, 1)), 20);',
    );
    const end = await runFake(greedy, { limits: { memoryBytes: 300 * 2 ** 20 } });
    expect(end.verdict).toMatchObject({ kind: 'memory-limit', limitBytes: 300 * 2 ** 20 });
    expect(end.usage.peakBytes).toBeGreaterThan(300 * 2 ** 20);
    expect(code(end)).toBe('TOOL-058');
  });

  test('a failure is told from a failure with results, and success from success without', async () => {
    const failed = await runFake(shell('echo "Error: no such cell" >&2; exit 7'), { outputs: ['out.def'] });
    expect(failed.verdict).toEqual({ kind: 'failed', exitCode: 7 });
    expect(failed.error?.diagnostic).toMatchObject({
      code: 'TOOL-052',
      place: `${failed.log.path}:1`,
      message: 'fake failed with exit code 7: no such cell',
    });
    const withResults = await runFake(shell('echo x > out.def; exit 7'), { outputs: ['out.def'] });
    expect(withResults.verdict).toEqual({ kind: 'failed-with-results', exitCode: 7 });
    expect([...withResults.outputs.keys()]).toEqual(['out.def']);
    const empty = await runFake(shell(': > a.def; echo x > b.def'), {
      outputs: ['a.def', 'b.def', 'c/d.def'],
    });
    expect(empty.verdict).toEqual({ kind: 'missing-output', missing: ['a.def', 'c/d.def'] });
    expect([code(withResults), code(empty)]).toEqual(['TOOL-053', 'TOOL-061']);
  });

  test('the result of an earlier job does not stand for this one', async () => {
    const folder = join(root, 'again');
    const first = await runFake(shell('echo x > out'), { folder, outputs: ['out'] });
    const second = await runFake(shell('true'), { folder, outputs: ['out'] });
    expect([first.verdict.kind, second.verdict.kind]).toEqual(['ok', 'missing-output']);
  });

  test('an error that is only said fails the job where that is asked', async () => {
    const tool = shell('echo "Error: run.tcl line 3, unknown command"; exit 0');
    expect((await runFake(tool, { tool: 'sta' })).verdict.kind).toBe('ok');
    const end = await runFake(tool, { tool: 'sta', errorsFail: true });
    expect(end.verdict).toEqual({ kind: 'failed', exitCode: 0 });
    expect(end.errorCount).toBe(1);
  });

  test('binary output, wrong UTF-8 and a line without end do no harm', async () => {
    const tool = fakeTool(`
      const { writeSync } = require('node:fs');
      const all = Buffer.from({ length: 256 }, (_, i) => i);
      const write = (b) => { for (let at = 0; at < b.length; ) { try { at += writeSync(1, b, at); } catch (e) { if (e.code !== 'EAGAIN') throw e; } } };
      for (let i = 0; i < 1000; i++) write(all);
      write(Buffer.from([10, 0xc3, 0x28, 0xff, 10]));
      write(Buffer.alloc(2 ** 26, 120));
      write(Buffer.from('\\n[WARNING DRT-0042] still read'));`);
    const end = await runFake(tool, { tool: 'openroad' });
    expect(end.verdict.kind).toBe('ok');
    expect(end.messages).toMatchObject([{ severity: 'warning', code: 'DRT-0042', text: 'still read' }]);
    expect(end.log.tail.some((line) => line.endsWith(`(${2 ** 26 - 16 * 1024} bytes cut)`))).toBe(true);
    expect(statSync(end.log.path).size).toBeLessThan(2 ** 20);
  });

  test('a gigabyte of output is read to its end in bounded memory and disk', async () => {
    const before = process.memoryUsage.rss();
    let peak = before;
    const tool = shell(
      `echo "first line"; yes "$(printf '[WARNING GRT-0007] %02000d' 0)" | head -c 1000000000; echo; echo "last line"`,
    );
    const look = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
    let heard = 0;
    const listen = { onLine: () => void heard++, onSample: (_: JobUsage) => undefined };
    const end = await runFake(tool, { tool: 'openroad', limits: { logPartBytes: 2 ** 20 } }, listen);
    clearInterval(look);
    expect(end.verdict.kind).toBe('ok');
    expect(end.log.bytes).toBeGreaterThan(1_000_000_000);
    expect(end.log.isCut).toBe(true);
    expect(heard).toBe(200_000);
    expect(end.messageCounts.get('GRT-0007')).toBeGreaterThan(490_000);
    expect(end.messages.length).toBe(1000);
    const text = readFileSync(end.log.path, 'utf8');
    expect(text.length).toBeLessThan(4 * 2 ** 20);
    expect(text.startsWith('first line\n') && text.endsWith('last line\n')).toBe(true);
    expect(text).toMatch(/\d+ bytes of output are not kept/);
    expect(readdirSync(join(end.log.path, '..')).filter((name) => name.includes('part'))).toEqual([]);
    expect(peak - before).toBeLessThan(400 * 2 ** 20);
  }, 600_000);

  test('a tool that says that the disk is full', async () => {
    const end = await runFake(fakeTool(`require('node:fs').writeFileSync('/dev/full', 'x')`), {
      outputs: ['out'],
    });
    expect(end.verdict).toMatchObject({ kind: 'disk-full' });
    expect(code(end)).toBe('TOOL-056');
  });

  const disk = join(root, 'small-disk');
  mkdirSync(disk, { recursive: true });
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status === 0;
  afterAll(() => void (isMounted && spawnSync('umount', ['-l', disk])));
  test.skipIf(!isMounted)(
    `a disk that is full of results, of log, or from the start${isMounted ? '' : ' (skipped: mounting a small disk needs root)'}`,
    async () => {
      const mute = shell('head -c 4000000 /dev/zero > out 2>/dev/null; exit 1');
      const results = await runFake(mute, { folder: join(disk, 'a'), outputs: ['out'] });
      expect(results.verdict.kind).toBe('disk-full');
      const chatty = await runFake(shell('yes | head -c 4000000; sleep 1000'), { folder: join(disk, 'a') });
      expect(chatty.verdict.kind).toBe('disk-full');
      spawnSync('sh', ['-c', `head -c 4000000 /dev/zero > ${disk}/rest`]);
      const inputs = [{ name: 'in', contents: 'x'.repeat(100_000) }];
      const start = await runFake(shell('true'), { folder: join(disk, 'b'), inputs });
      expect(start.verdict.kind).toBe('disk-full');
      expect([code(results), code(chatty), code(start)]).toEqual(['TOOL-056', 'TOOL-056', 'TOOL-056']);
    },
  );

  test('children that outlive the tool are ended, in its session or out of it', async () => {
    const plain = await runFake(shell('sleep 1000 & echo started'));
    expect([plain.verdict.kind, plain.orphansEnded]).toEqual(['ok', 1]);
    const away = await runFake(
      shell('setsid sleep 1000 & setsid sh -c "trap : TERM; setsid sleep 999" & exit 0'),
    );
    expect(away.verdict.kind).toBe('ok');
    expect(away.orphansEnded).toBeGreaterThanOrEqual(2);
    const hanging = await runFake(shell('setsid sh -c "sleep 1000; :" & sleep 1000'), {
      limits: { timeMs: 300 },
    });
    expect(hanging.verdict.kind).toBe('timed-out');
    // It wiped its environment too, but was seen while its parent lived.
    const wiped = shell(`setsid env -i sh -c 'sleep 1000; : ${TOKEN}' & sleep 1`);
    expect(await runFake(wiped)).toMatchObject({ verdict: { kind: 'ok' }, orphansEnded: 2 });
  });

  test('a grandchild that holds the output open does not keep the job from ending', async () => {
    const end = await runFake(shell('(trap "" TERM; while :; do sleep 1; done) & echo "leader is done"'));
    expect(end.verdict.kind).toBe('ok');
    expect(end.log.tail).toEqual(['leader is done']);
  });

  test('cancel ends everything and keeps what was finished', async () => {
    const abort = new AbortController();
    const tool = shell('echo x > first; echo written; setsid sleep 1000 & sleep 1000');
    const onLine = (): void => abort.abort();
    const end = await runFake(tool, { outputs: ['first', 'second'] }, { signal: abort.signal, onLine });
    expect(end.verdict).toEqual({ kind: 'cancelled' });
    expect([...end.outputs.keys()]).toEqual(['first']);
    expect([code(end), end.bundle]).toEqual(['TOOL-060', null]);
    const late = await runFake(tool, {}, { signal: abort.signal });
    expect(late.verdict).toEqual({ kind: 'cancelled' });
  });

  test('what cannot be started says why', async () => {
    expect((await runFake(join(root, 'bin', 'not-there'))).verdict).toEqual({ kind: 'not-found' });
    const none = await runFake('', { command: null, tool: 'openroad' });
    expect(none.error?.diagnostic).toMatchObject({ code: 'TOOL-050', place: 'openroad' });
    const lacking = await runFake(shell('true'), {
      capabilities: ['pin_access'],
      needs: ['pin_access', 'x_y'],
    });
    expect(lacking.verdict).toEqual({ kind: 'wrong-version', lacks: ['x_y'] });
    expect(code(lacking)).toBe('TOOL-051');
    const folder = join(root, 'foreign');
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.txt'), 'mine');
    const foreign = await runFake(shell('true'), { folder });
    expect([foreign.verdict.kind, code(foreign)]).toEqual(['not-started', 'TOOL-062']);
    expect(existsSync(join(folder, 'thesis.txt'))).toBe(true);
    const notProgram = fakeTool('#!/no/such/interpreter\n');
    expect((await runFake(notProgram)).verdict.kind).toBe('not-started');
  });

  test('the tool sees its declared inputs and nothing else, and cannot change them', async () => {
    const source = join(root, 'source.lef');
    writeFileSync(source, 'LEF');
    const tool = shell('find . -type f -o -type l | sort; echo changed > lef/cells.lef; exit 0');
    const end = await runFake(tool, {
      folder: join(root, 'inputs'),
      inputs: [
        { name: 'lef/cells.lef', from: source },
        { name: 'big.lib', from: source, link: true },
        { name: 'run.tcl', contents: 'exit' },
      ],
    });
    const seen = end.log.tail.filter((line) => line.startsWith('./') && !line.includes('.ingot-job'));
    expect(seen).toEqual(['./big.lib', './fake.log', './lef/cells.lef', './run.tcl']);
    expect(readFileSync(source, 'utf8')).toBe('LEF');
    const lost = await runFake(tool, { inputs: [{ name: 'a', from: join(root, 'no-such-file') }] });
    expect(lost.verdict.kind).toBe('not-started');
  });

  test('the bundle of a failed job shows the failure again, and no secret', async () => {
    process.env.INGOT_TEST_PASSWORD = 'hunter2';
    const end = await runFake(shell('echo "$GREETING $1"; cat in.txt; exit 5'), {
      args: [`it's "$HOME"`],
      inputs: [{ name: 'in.txt', contents: 'inputs\n' }],
      env: { GREETING: "it's" },
      version: 'fake 1.0',
    });
    delete process.env.INGOT_TEST_PASSWORD;
    const again = spawnSync(join(end.bundle!, 'run.sh'), {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect(again.status).toBe(5);
    expect(again.stdout).toBe(readFileSync(join(end.bundle!, 'fake.log'), 'utf8'));
    const facts = JSON.parse(readFileSync(join(end.bundle!, 'job.json'), 'utf8')) as object;
    expect(facts).toMatchObject({ version: 'fake 1.0', verdict: { kind: 'failed', exitCode: 5 } });
    const environment = readFileSync(join(end.bundle!, 'environment.txt'), 'utf8');
    expect(environment).toContain(`PATH=${process.env.PATH}`);
    expect(environment).toContain('INGOT_TEST_PASSWORD was set');
    expect(environment).not.toContain('hunter2');
    expect(end.error?.diagnostic.remedy).toContain(end.bundle);
  });

  test('memory and CPU time are those of all processes of the job', async () => {
    const burn = `const a = Buffer.alloc(2 ** 26, 1); const end = Date.now() + 1500; while (Date.now() < end); a[0] = 0;`;
    const child = fakeTool(burn, 'burn-child');
    const end = await runFake(
      fakeTool(
        `const { spawn } = require('node:child_process'); spawn('${child}', [], { detached: true }); ${burn}`,
      ),
    );
    expect(end.usage.processes).toBe(2);
    expect(end.usage.peakBytes).toBeGreaterThan(2 ** 27);
    expect(end.usage.cpuS).toBeGreaterThan(0.5);
  });

  test('a job ends when the process that ran it is killed', async () => {
    const tool = shell('trap "" TERM; echo up; setsid sleep 1000 & while :; do sleep 1000; done');
    const job = {
      tool: 'fake',
      command: tool,
      args: [],
      folder: join(root, 'killed'),
      env: { INGOT_TEST_TOKEN: TOKEN },
    };
    const script = `import { runJob } from ${JSON.stringify(RUNNER)};
      await runJob(${JSON.stringify(job)}, { onLine: (line) => console.log(line) });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    expect(leftProcesses().length).toBeGreaterThanOrEqual(2);
    parent.kill('SIGKILL');
    for (let i = 0; i < 300 && leftProcesses().length > 0; i++)
      await new Promise((wait) => setTimeout(wait, 100));
  });
});
