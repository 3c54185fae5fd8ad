import { expect, test } from 'vitest';
import { cancelRun, openProject, readRunDetail } from '../../src-main/flow/index.ts';
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
  toyProject,
  undisturbed,
} from '../support/toy-project.ts';

test('cancel stops a step that waits, keeps finished steps, and the next run goes on', async () => {
  const project = toyProject();
  await runToy(project, { to: 'repeat' });
  const clear = setEnvironment('TOY_DELAY_MS', '60000');
  const abort = new AbortController();
  const running = runToy(project, { signal: abort.signal });
  await eventually(() => readRunLock(project.db)?.child);
  abort.abort();
  const result = await running;
  expect(result.status).toBe('cancelled');
  expect(result.error?.code).toBe('FLOW-010');
  expect(statuses(result)).toEqual({
    repeat: 'cached',
    upper: 'cancelled',
    mark: 'skipped',
    summary: 'skipped',
  });
  clear();
  expect((await runToy(project)).status).toBe('done');
  expect(digests(project)).toEqual(await undisturbed());
});

test('cancel from another connection stops a step in a busy loop within seconds', async () => {
  const project = toyProject();
  await runToy(project, { to: 'upper' });
  setEnvironment('TOY_DELAY_MS', '60000');
  const running = runToy(project);
  const child = await eventually(() => readRunLock(project.db)?.child);
  const other = openProject(project.dir);
  expect(cancelRun(other)).toBe(true);
  const startMs = performance.now();
  const result = await running;
  expect(performance.now() - startMs).toBeLessThan(5000);
  expect(result.status).toBe('cancelled');
  expect(isAlive(child)).toBe(false);
  expect(cancelRun(other)).toBe(false);
  other.close();
});

test('a signal that is aborted before the start runs nothing', async () => {
  const project = toyProject();
  const result = await runToy(project, { signal: AbortSignal.abort() });
  expect(result.status).toBe('cancelled');
  expect(Object.values(statuses(result))).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
});

test('Ctrl-C on the command line cancels cleanly with 130', async () => {
  const project = toyProject();
  const engine = startCli(['run', '--project', project.dir], { TOY_DELAY_MS: '60000' });
  const ended = endOfCli(engine);
  await eventually(() => readRunLock(project.db)?.child);
  engine.kill('SIGINT');
  const { code, err } = await ended;
  expect(code).toBe(130);
  expect(err).toContain('FLOW-010');
  expect(readRunDetail(project).status).toBe('cancelled');
  expect(readRunLock(project.db)).toBeUndefined();
});

test('one run at a time: the second is refused with the process of the first, readers are not', async () => {
  const project = toyProject();
  await runToy(project, { to: 'repeat' });
  const engine = startCli(['run', '--project', project.dir], { TOY_DELAY_MS: '60000' });
  const ended = endOfCli(engine);
  await eventually(() => readRunLock(project.db)?.child);
  await expect(runToy(project)).rejects.toMatchObject({
    diagnostic: { code: 'FLOW-004', message: expect.stringContaining(String(engine.pid)) },
  });
  const reader = openProject(project.dir);
  expect(readRunDetail(reader).status).toBe('running');
  expect(readRunDetail(reader).steps.map((s) => s.status)).toEqual([
    'cached',
    'running',
    'planned',
    'planned',
  ]);
  reader.close();
  expect((await cli(['run', '--project', project.dir])).code).toBe(5);
  expect((await cli(['cancel', '--project', project.dir])).out).toContain('asked');
  expect((await ended).code).toBe(130);
});

test('two runs started at the same moment: one goes on, one is refused', async () => {
  const project = toyProject();
  const other = openProject(project.dir);
  const [first, second] = await Promise.allSettled([runToy(project), runToy(other)]);
  other.close();
  expect(first).toMatchObject({ status: 'fulfilled', value: { status: 'done' } });
  expect(second).toMatchObject({ status: 'rejected', reason: { diagnostic: { code: 'FLOW-004' } } });
});

test("the caller's thread stays free while a step is busy", async () => {
  const project = toyProject();
  await runToy(project, { to: 'upper' });
  setEnvironment('TOY_DELAY_MS', '1500');
  let ticks = 0;
  const ticker = setInterval(() => ticks++, 10);
  await runToy(project, { to: 'mark' });
  clearInterval(ticker);
  // 150 would fit; on a busy machine some are lost, but a step on this thread would leave next to none.
  expect(ticks).toBeGreaterThan(50);
});
