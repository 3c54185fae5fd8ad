import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { artefactPath, importFiles, readRunDetail, type FlowEvent } from '../../src-main/flow/index.ts';
import { digests, runToy, statuses, toyProject } from '../support/toy-project.ts';

test('a second run keeps everything; an unrelated setting changes nothing', async () => {
  const project = toyProject();
  expect(statuses(await runToy(project))).toEqual({
    repeat: 'done',
    upper: 'done',
    mark: 'done',
    summary: 'done',
  });
  const made = digests(project);
  const again = await runToy(project, { settings: { 'clock.periodPs': 3000 } });
  // The summary reads the run, with all of its settings.
  expect(statuses(again)).toEqual({ repeat: 'cached', upper: 'cached', mark: 'cached', summary: 'done' });
  expect(digests(project)).toEqual(made);
  expect(Object.values(statuses(await runToy(project)))).toEqual(['cached', 'cached', 'cached', 'cached']);
});

test('a setting invalidates the steps that read it and those after them, and only those', async () => {
  const project = toyProject();
  await runToy(project);
  const late = await runToy(project, { settings: { 'route.seed': 2 } });
  expect(statuses(late)).toEqual({ repeat: 'cached', upper: 'cached', mark: 'done', summary: 'done' });
  const early = await runToy(project, { settings: { 'place.seed': 2 } });
  expect(statuses(early)).toEqual({ repeat: 'done', upper: 'done', mark: 'done', summary: 'done' });
  const back = await runToy(project);
  expect(Object.values(statuses(back))).toEqual(['cached', 'cached', 'cached', 'cached']);
});

test('another input file invalidates its users', async () => {
  const project = toyProject();
  await runToy(project);
  const model = join(project.dir, 'other.txt');
  writeFileSync(model, 'other');
  importFiles(project, [{ role: 'model', path: model }]);
  expect(Object.values(statuses(await runToy(project)))).toEqual(['done', 'done', 'done', 'done']);
});

test('from, to and force choose what is redone', async () => {
  const project = toyProject();
  const first = await runToy(project, { to: 'upper' });
  expect(statuses(first)).toEqual({ repeat: 'done', upper: 'done' });
  const from = await runToy(project, { from: 'upper' });
  expect(statuses(from)).toEqual({ repeat: 'cached', upper: 'done', mark: 'done', summary: 'done' });
  const force = await runToy(project, { force: true, to: 'repeat' });
  expect(statuses(force)).toEqual({ repeat: 'done' });
  expect(readRunDetail(project).steps[0]!.log.map(({ code }) => code)).toEqual(['COMMAND']);
});

test('a lost artefact is made again, a damaged one is noticed, removed and made again', async () => {
  const project = toyProject();
  await runToy(project);
  const made = digests(project);
  rmSync(artefactPath(project.dir, made['upper']!));
  expect(statuses(await runToy(project))).toMatchObject({ repeat: 'cached', upper: 'done' });
  const damaged = 'X'.repeat(readRunDetail(project).steps[0]!.artefacts[0]!.sizeBytes);
  writeFileSync(artefactPath(project.dir, made['repeated']!), damaged);
  const failed = await runToy(project, { from: 'upper' });
  expect(failed.error?.code).toBe('FLOW-008');
  expect((await runToy(project)).status).toBe('done');
  expect(digests(project)).toEqual(made);
});

test('every step is measured and its facts are kept, also when it is reused', async () => {
  const project = toyProject();
  await runToy(project);
  const events: FlowEvent[] = [];
  await runToy(project, { observe: (event) => events.push(event) });
  const run = readRunDetail(project);
  for (const step of run.steps) {
    expect(step.status).toBe('cached');
    expect(step.wallS).toBeGreaterThan(0);
    expect(step.cpuS).toBeGreaterThan(0);
    expect(step.peakMiB).toBeGreaterThan(20);
    expect(step.peakMiB).toBeLessThan(400);
  }
  expect(run.steps[0]!.metrics).toEqual([{ name: 'lines', value: 1000, unit: '' }]);
  expect(run.steps[1]!.log).toMatchObject([
    { code: 'COMMAND', message: expect.stringContaining('step-process') },
    { code: 'TOY-001', severity: 'info', message: '13000 bytes' },
  ]);
  expect(run.steps[2]!.proofs).toEqual([
    { name: 'size is right', judge: 'toy', result: 'pass', detail: '1 file' },
  ]);
  expect(events.map((event) => event.type)).toEqual([
    'run-started',
    ...Array<string>(4).fill('step-finished'),
    'run-finished',
  ]);
});

test('a failed proof fails the step, keeps its artefacts and stops the run', async () => {
  const project = toyProject();
  const result = await runToy(project, { settings: { 'chip.bake': false } });
  expect(result.status).toBe('failed');
  expect(result.error?.code).toBe('FLOW-005');
  expect(statuses(result)).toEqual({ repeat: 'done', upper: 'done', mark: 'failed', summary: 'skipped' });
  expect(readRunDetail(project).steps[2]!.artefacts.map((a) => a.name)).toEqual(['marked.txt']);
  // It is not taken for a success next time.
  expect(statuses(await runToy(project, { settings: { 'chip.bake': false } })).mark).toBe('failed');
});
