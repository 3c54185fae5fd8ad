/** Runs that wait: order, frozen settings, refusals, and what a kill leaves. */
import { expect, test } from 'vitest';
import {
  listQueue,
  listRuns,
  openProject,
  queueRun,
  runNext,
  setProjectSettings,
  unqueueRun,
} from '../../src-main/flow/index.ts';
import type { IngotError } from '../../src-main/base/diagnostic.ts';
import { insertQueued } from '../../src-main/project/queries/queue.ts';
import { TOY, runToy, setEnvironment, toyProject } from '../support/toy-project.ts';

test('they run one by one, in their order, with the settings of when they were queued', async () => {
  const project = toyProject();
  setProjectSettings(project, { 'clock.periodPs': 3000 });
  queueRun(project, 1);
  setProjectSettings(project, { 'clock.periodPs': 4000 });
  const taken = queueRun(project, 2);
  setProjectSettings(project, { 'clock.periodPs': 5000 });
  queueRun(project, 3);
  unqueueRun(project, taken);
  expect(listQueue(project.db).map(({ queuedAtMs }) => queuedAtMs)).toEqual([1, 3]);

  // Another process sees them: a queue outlives the app.
  const other = openProject(project.dir);
  expect(listQueue(other.db)).toHaveLength(2);
  other.close();

  while (await runNext(project, { flow: TOY }));
  expect(listQueue(project.db)).toEqual([]);
  const runs = listRuns(project.db).toReversed();
  expect(runs.map((run) => [run.status, run.settings['clock.periodPs']])).toEqual([
    ['done', 3000],
    ['done', 5000],
  ]);
});

test('one that is refused stays with the reason, and the next has its turn', async () => {
  const project = toyProject();
  insertQueued(project.db, { 'no.such.setting': 1 }, 1);
  queueRun(project, 2);
  const result = await runNext(project, { flow: TOY });
  expect(result?.status).toBe('done');
  const [left, ...more] = listQueue(project.db);
  expect([left?.error?.code, left?.queuedAtMs, more]).toEqual(['SETTING-001', 1, []]);
  expect(await runNext(project, { flow: TOY })).toBeNull();
});

test('it waits for a run that is going on, and a cancel takes only the one that runs', async () => {
  const project = toyProject();
  setEnvironment('TOY_DELAY_MS', '200');
  const abort = new AbortController();
  queueRun(project, 1);
  let waiting: Promise<unknown> = Promise.resolve();
  const first = await runToy(project, {
    signal: abort.signal,
    observe: (event) => {
      if (event.type !== 'run-started') return;
      waiting = runNext(project, { flow: TOY })
        .then(
          () => undefined,
          (error: unknown) => error,
        )
        .finally(() => abort.abort());
    },
  });
  expect(first.status).toBe('cancelled');
  expect((await waiting) as IngotError).toMatchObject({ diagnostic: { code: 'FLOW-004' } });
  expect(listQueue(project.db).map(({ error }) => error)).toEqual([null]);
});
