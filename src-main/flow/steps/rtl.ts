import { join } from 'node:path';
import { pack, unpack } from '../../base/pack.ts';
import type { Program } from '../../stages/compiler/index.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { defineStep } from '../step.ts';
import { compareReplay, type Stimulus } from './stimulus.ts';

/** Inferences that Verilator repeats. */
const REPEATED = 24;

export const rtlStep = defineStep({
  name: 'rtl',
  title: 'Generate the hardware',
  version: 2,
  inputs: ['program.bin', 'stimulus.bin'],
  outputs: ['rtl.bin', 'chip.sv', 'chip_tb.sv'],
  exports: ['chip.sv', 'chip_tb.sv'],
  settings: [],
  fingerprint: async () => ({ verilator: (await toolVersion('verilator')) ?? 'not found' }),
  async run(context) {
    const { generateRtl, rtlStimuli } = await import('../../stages/rtl/index.ts');
    const tools = await import('../../tools/verilator.ts');
    const program = unpack<Program>(context.readArtefact('program.bin'));
    const stimulus = unpack<Stimulus>(context.readArtefact('stimulus.bin'));
    const design = generateRtl(program.chip, program);
    context.writeArtefact('rtl.bin', pack(design));
    context.writeArtefact('chip.sv', design.sources.map((s) => s.text).join('\n'));
    context.writeArtefact('chip_tb.sv', design.testbench.map((s) => s.text).join('\n'));
    const claim = 'the RTL does what the simulator says';
    const version = await toolVersion('verilator');
    if (version === null) {
      context.proof({ name: claim, judge: 'Verilator', result: 'skipped', detail: 'verilator not found' });
      return;
    }
    context.progress(0.1, 'Verilator: lint');
    await tools.lintWithVerilator(design, join(context.workDir, 'lint'));
    context.proof({
      name: 'the RTL is free of lint warnings',
      judge: version,
      result: 'pass',
      detail: `${design.sources.length} files, all warnings on, none waived`,
    });
    context.progress(0.2, 'Verilator: build and run');
    const inputs = stimulus.inputs.slice(0, REPEATED);
    const stimuli = rtlStimuli(program, inputs, stimulus.outputs.slice(0, REPEATED));
    const run = await tools.runVerilator(design, stimuli, join(context.workDir, 'run'), context.signal);
    const { isSame, detail } = compareReplay(stimulus, run, inputs.length);
    context.proof({
      name: claim,
      judge: version,
      result: run.passed && isSame ? 'pass' : 'fail',
      detail,
    });
  },
});
