/**
 * A small flow to prove the engine: text goes through four steps that read different settings, take a
 * moment, and start a process of their own. Not part of the product.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { defineStep, type Flow } from '../../src-main/flow/step.ts';

/** Milliseconds that each toy step takes; tests that kill steps raise it. */
const delayMs = (): number => Number(process.env.TOY_DELAY_MS ?? '0');

const repeat = defineStep({
  name: 'repeat',
  title: 'Repeat the text',
  version: 1,
  inputs: [],
  files: ['model'],
  outputs: ['repeated'],
  settings: ['place.seed'],
  async run(context) {
    const text = new TextDecoder().decode(context.readFile('model').bytes);
    context.progress(0.5, 'half way');
    await wait(delayMs(), undefined, { signal: context.signal });
    context.writeArtefact('repeated', `${text} seed ${context.settings['place.seed']}\n`.repeat(1000));
    context.metric('lines', 1000);
  },
});

const upper = defineStep({
  name: 'upper',
  title: 'Upper case, by a tool',
  version: 1,
  inputs: ['repeated'],
  outputs: ['upper', 'upper.size'],
  settings: [],
  async run(context) {
    await wait(delayMs(), undefined, { signal: context.signal });
    const text = execFileSync('tr', ['a-z', 'A-Z'], { input: context.readText('repeated') });
    context.writeArtefact('upper', text);
    context.writeArtefact('upper.size', String(text.length));
    context.log({ code: 'TOY-001', severity: 'info', message: `${text.length} bytes` });
  },
});

const mark = defineStep({
  name: 'mark',
  title: 'Mark the text',
  version: 1,
  inputs: ['upper', 'upper.size'],
  outputs: ['marked.txt'],
  exports: ['marked.txt'],
  settings: ['route.seed', 'chip.bake'],
  async run(context) {
    // Busy, not waiting: a step that never returns to its event loop must be cancellable too.
    const end = Date.now() + delayMs();
    while (Date.now() < end);
    context.writeArtefact(
      'marked.txt',
      `${context.readText('upper')}${context.readText('upper.size')} ${context.settings['route.seed']}\n`,
    );
    context.proof({
      name: 'size is right',
      judge: 'toy',
      result: context.settings['chip.bake'] ? 'pass' : 'fail',
      detail: '1 file',
    });
  },
});

const summary = defineStep({
  name: 'summary',
  title: 'Summary of the run',
  version: 1,
  inputs: ['marked.txt'],
  outputs: ['summary.json'],
  exports: ['summary.json'],
  settings: [],
  readsRun: true,
  async run(context) {
    await wait(delayMs(), undefined, { signal: context.signal });
    const steps = context.run?.steps.map((s) => ({ name: s.name, metrics: s.metrics, proofs: s.proofs }));
    context.writeArtefact('summary.json', JSON.stringify(steps));
  },
});

export const FLOW: Flow = [repeat, upper, mark, summary];
