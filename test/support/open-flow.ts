/** A flow of one step whose exports are what KLayout would be opened with. */
import { defineStep, type Flow } from '../../src-main/flow/step.ts';

const layout = defineStep({
  name: 'layout',
  title: 'Write GDS',
  version: 1,
  inputs: [],
  outputs: ['chip.gds', 'klayout.lyp'],
  exports: ['chip.gds', 'klayout.lyp'],
  settings: [],
  run(context) {
    context.writeArtefact('chip.gds', 'no real one');
    context.writeArtefact('klayout.lyp', '<layer-properties/>');
    return Promise.resolve();
  },
});

export const FLOW: Flow = [layout];
