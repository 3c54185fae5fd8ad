/**
 * A flow of three quick steps for the tests of the window: the first takes a moment and says what it does,
 * the second fails when `chip.bake` is off, the last writes a page that tries what a report must not do.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { defineStep, type Flow } from '../../src-main/flow/step.ts';

const TICKS = 10;
const tickMs = (): number => Number(process.env.DESK_TICK_MS ?? '20');

const melt = defineStep({
  name: 'melt',
  title: 'Melt the metal',
  version: 1,
  inputs: [],
  outputs: ['melt'],
  settings: [],
  async run(context) {
    for (let i = 1; i <= TICKS; i++) {
      context.log({ code: 'DESK-100', severity: 'info', message: `line ${i} of the melt` });
      context.progress(i / TICKS, `${i * 100} degrees`);
      await wait(tickMs(), undefined, { signal: context.signal });
    }
    context.log({ code: 'DESK-101', severity: 'warning', message: 'it is hot', place: 'crucible:1' });
    context.metric('cycles', 6846, 'cycles');
    context.writeArtefact('melt', 'molten');
  },
});

const cast = defineStep({
  name: 'cast',
  title: 'Cast the bar',
  version: 1,
  inputs: ['melt'],
  outputs: ['bar.txt'],
  exports: ['bar.txt'],
  settings: ['chip.bake'],
  async run(context) {
    context.writeArtefact('bar.txt', `bar of ${context.readText('melt')}`);
    context.proof({
      name: 'the bar is whole',
      judge: 'a second pair of eyes',
      result: context.settings['chip.bake'] ? 'pass' : 'fail',
      detail: '1 bar',
    });
    context.proof({
      name: 'the bar is pure',
      judge: 'assayer',
      result: 'skipped',
      detail: 'no assayer here',
    });
  },
});

/** A red pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const report = defineStep({
  name: 'report',
  title: 'Write the report',
  version: 1,
  inputs: ['bar.txt'],
  outputs: ['report.html'],
  exports: ['report.html'],
  settings: [],
  async run(context) {
    context.writeArtefact(
      'report.html',
      `<!doctype html><meta charset="utf-8"><title>Bar</title><style>h1 { color: rgb(1, 2, 3) }</style>
<h1 id="top">${context.readText('bar.txt')}</h1>
<img id="inline" alt="" src="data:image/png;base64,${PIXEL}">
<img id="outside" alt="" src="https://example.org/pixel.png">
<a id="link" href="https://example.org/">away</a>
<script>document.title = 'scripted'; document.querySelector('h1').textContent = 'scripted'</script>`,
    );
  },
});

export const FLOW: Flow = [melt, cast, report];
