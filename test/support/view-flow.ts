/**
 * A flow of one step that stores the views of a made-up chip, so that the window's views can be tested without a
 * run of half an hour. `VIEW_SHAPES` says how many shapes; `VIEW_FOLDER` takes the views from there instead.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../../src-main/base/pack.ts';
import { defineStep, type Flow } from '../../src-main/flow/step.ts';
import { bigLayout, madeUpTiming } from './big-layout.ts';

const views = defineStep({
  name: 'views',
  title: 'Prepare the views',
  version: 1,
  inputs: [],
  outputs: ['layout.view', 'timing.view'],
  settings: [],
  async run(context) {
    const folder = process.env.VIEW_FOLDER;
    const shapes = Number(process.env.VIEW_SHAPES ?? '50000');
    for (const view of ['layout', 'timing'] as const) {
      const made = (): Uint8Array => pack(view === 'layout' ? bigLayout(shapes) : madeUpTiming());
      context.writeArtefact(`${view}.view`, folder ? readFileSync(join(folder, `${view}.view`)) : made());
    }
  },
});

export const FLOW: Flow = [views];
