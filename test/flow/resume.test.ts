/** kill -9 and refusals of the system at every point: the next run ends with the bytes of an undisturbed one. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject, readRunDetail } from '../../src-main/flow/index.ts';
import { isAlive } from '../../src-main/project/process-identity.ts';
import { readRunLock } from '../../src-main/project/queries/run-lock.ts';
import {
  cli,
  digests,
  endOfCli,
  eventually,
  runToy,
  setEnvironment,
  startCli,
  statuses,
  STEPS,
  toyProject,
  undisturbed,
} from '../support/toy-project.ts';

const OUTPUTS = ['repeated', 'upper', 'upper.size', 'marked.txt', 'summary.json'];
let expected: Record<string, string> = {};

test('an undisturbed run makes all outputs', async () => {
  expected = await undisturbed();
  expect(Object.keys(expected).sort()).toEqual([...OUTPUTS].sort());
});

describe('the step process is killed while it writes', () => {
  test.each(OUTPUTS)('%s', async (output) => {
    const project = toyProject();
    const clear = setEnvironment('INGOT_FAULT', `kill:${output}`);
    const failed = await runToy(project);
    expect(failed.status).toBe('failed');
    expect(failed.error?.code).toBe('FLOW-006');
    clear();
    expect((await runToy(project)).status).toBe('done');
    expect(digests(project)).toEqual(expected);
    expect(readdirSync(join(project.dir, 'artefacts')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('the system refuses while a step writes', () => {
  test.each([...OUTPUTS.map((o) => `enospc:${o}`), 'eacces:upper'])('%s', async (fault) => {
    const project = toyProject();
    const clear = setEnvironment('INGOT_FAULT', fault);
    const failed = await runToy(project);
    expect(failed.error?.code).toBe(fault.startsWith('enospc') ? 'WORLD-001' : 'WORLD-002');
    expect(failed.error?.place).toContain(fault.split(':')[1]);
    expect(failed.error?.remedy).toBeTruthy();
    openProject(project.dir).close();
    clear();
    expect((await runToy(project)).status).toBe('done');
    expect(digests(project)).toEqual(expected);
  });
});

describe('the disk is full when the engine starts or records a step', () => {
  test.each(STEPS.flatMap((s) => [`enospc:start/${s}`, `enospc:commit/${s}`]))('%s', async (fault) => {
    const project = toyProject();
    const clear = setEnvironment('INGOT_FAULT', fault);
    expect((await runToy(project)).error?.code).toBe('WORLD-001');
    clear();
    expect((await runToy(project)).status).toBe('done');
    expect(digests(project)).toEqual(expected);
  });
});

describe('the engine is killed before it starts or records a step', () => {
  test.each(STEPS.flatMap((s) => [`start/${s}`, `commit/${s}`]))('%s', async (point) => {
    const project = toyProject();
    const killed = await cli(['run', '--project', project.dir], { INGOT_FAULT: `kill:${point}` });
    expect(killed.signal).toBe('SIGKILL');
    const reopened = openProject(project.dir);
    const run = readRunDetail(reopened);
    reopened.close();
    expect(run.status).toBe('interrupted');
    const position = STEPS.indexOf(point.split('/')[1]!);
    expect(run.steps.map((s) => s.status)).toEqual(
      STEPS.map((_, i) => (i < position ? 'done' : i === position ? 'interrupted' : 'skipped')),
    );
    const result = await runToy(project);
    expect(Object.values(statuses(result))).toEqual(STEPS.map((_, i) => (i < position ? 'cached' : 'done')));
    expect(digests(project)).toEqual(expected);
  });
});

test('kill -9 of the engine while a step is busy: the step dies too, the next run goes on', async () => {
  const project = toyProject();
  await runToy(project, { to: 'upper' });
  const engine = startCli(['run', '--project', project.dir], { TOY_DELAY_MS: '60000' });
  const ended = endOfCli(engine);
  const child = await eventually(() => readRunLock(project.db)?.child);
  expect(isAlive(child)).toBe(true);
  // Let it get into its busy loop.
  await new Promise((done) => setTimeout(done, 500));
  engine.kill('SIGKILL');
  await ended;
  await eventually(() => !isAlive(child));
  const again = await runToy(project);
  expect(statuses(again)).toEqual({ repeat: 'cached', upper: 'cached', mark: 'done', summary: 'done' });
  expect(digests(project)).toEqual(expected);
});

test('kill -9 of a busy step process fails the run with its signal and keeps the rest', async () => {
  const project = toyProject();
  await runToy(project, { to: 'upper' });
  const clear = setEnvironment('TOY_DELAY_MS', '60000');
  const running = runToy(project);
  const child = await eventually(() => readRunLock(project.db)?.child);
  process.kill(child.pid, 'SIGKILL');
  const result = await running;
  expect(result.error).toMatchObject({ code: 'FLOW-006', place: expect.stringContaining('mark') });
  expect(result.error?.message).toContain('SIGKILL');
  clear();
  expect((await runToy(project)).status).toBe('done');
  expect(digests(project)).toEqual(expected);
});

test('a bug in a step is told in one line, its stack is in a file', async () => {
  const project = toyProject();
  setEnvironment('INGOT_FAULT', 'bug:upper');
  const result = await runToy(project);
  expect(result.error?.code).toBe('FLOW-009');
  expect(result.error?.message.split('\n')).toHaveLength(1);
  expect(readdirSync(project.dir)).toContain('crash-run1-upper.txt');
});
