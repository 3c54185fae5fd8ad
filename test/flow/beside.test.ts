import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { runFlow, type Project, type RunOptions } from '../../src-main/flow/index.ts';
import { FLOW } from '../support/beside-flow.ts';
import { digests, setEnvironment, statuses, temporaryFolder, toyProject } from '../support/toy-project.ts';

const MODULE = pathToFileURL(fileURLToPath(new URL('../support/beside-flow.ts', import.meta.url))).href;
const run = (project: Project, options: RunOptions = {}) =>
  runFlow(project, { jobs: 2, ...options, flow: { steps: FLOW, module: MODULE } });

test('steps that do not need each other run at the same time, and make what they make one by one', async () => {
  const [one, two] = [toyProject(), toyProject()];
  expect((await run(one, { jobs: 1 })).status).toBe('done');
  // Each of the two ends only once the other has started.
  setEnvironment('MEET_IN', temporaryFolder());
  const result = await run(two);
  expect(statuses(result)).toEqual({ first: 'done', left: 'done', right: 'done', last: 'done' });
  expect(digests(two)).toEqual(digests(one));
  expect(statuses(await run(two))).toEqual({
    first: 'cached',
    left: 'cached',
    right: 'cached',
    last: 'cached',
  });
});

test('one that fails lets the other finish, and nothing new starts', async () => {
  const project = toyProject();
  setEnvironment('MEET_IN', temporaryFolder());
  const result = await run(project, { settings: { 'chip.bake': false } });
  expect(result.status).toBe('failed');
  expect(result.error).toMatchObject({ code: 'FLOW-005', place: 'left' });
  expect(statuses(result)).toEqual({ first: 'done', left: 'failed', right: 'done', last: 'skipped' });
});

test('cancel ends all that runs', async () => {
  const project = toyProject();
  const abort = new AbortController();
  setEnvironment('MEET_IN', temporaryFolder());
  setEnvironment('MEET_NOBODY', '');
  const started = new Set<string>();
  const result = await run(project, {
    signal: abort.signal,
    observe: (event) => {
      if (event.type !== 'step-started') return;
      started.add(event.step);
      if (started.has('left') && started.has('right')) abort.abort();
    },
  });
  expect(result.status).toBe('cancelled');
  expect(statuses(result)).toEqual({
    first: 'done',
    left: 'cancelled',
    right: 'cancelled',
    last: 'skipped',
  });
});
