/** A flow whose two middle steps do not need each other. Not part of the product. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { defineStep, type Flow, type StepContext } from '../../src-main/flow/step.ts';

/** With MEET_IN, each of the two waits until the other has started; with MEET_NOBODY for ever. */
async function meet(own: string, other: string, signal: AbortSignal): Promise<void> {
  const place = process.env.MEET_IN;
  if (place === undefined) return;
  writeFileSync(join(place, own), '');
  while (process.env.MEET_NOBODY !== undefined || !existsSync(join(place, other)))
    await wait(10, undefined, { signal });
}

const first = defineStep({
  name: 'first',
  title: 'Before both',
  version: 1,
  inputs: [],
  files: ['model'],
  outputs: ['text'],
  settings: [],
  run(context) {
    context.writeArtefact('text', context.readFile('model').bytes);
    return Promise.resolve();
  },
});

const beside = (name: string, other: string) =>
  defineStep({
    name,
    title: `Beside ${other}`,
    version: 1,
    inputs: ['text'],
    outputs: [`${name}.txt`],
    settings: ['chip.bake'],
    async run(context: StepContext<'chip.bake'>) {
      await meet(name, other, context.signal);
      context.writeArtefact(`${name}.txt`, `${name}: ${context.readText('text')}`);
      const result = name === 'left' && !context.settings['chip.bake'] ? 'fail' : 'pass';
      context.proof({ name: 'met', judge: 'toy', result, detail: 'both' });
    },
  });

const last = defineStep({
  name: 'last',
  title: 'After all',
  version: 1,
  inputs: ['left.txt'],
  outputs: ['facts.json'],
  settings: [],
  readsRun: true,
  run(context) {
    context.writeArtefact('facts.json', JSON.stringify(context.run!.steps.map((step) => step.name)));
    return Promise.resolve();
  },
});

export const FLOW: Flow = [first, beside('left', 'right'), beside('right', 'left'), last];
