import { join } from 'node:path';
import { pack, unpack } from '../../base/pack.ts';
import type { Program } from '../../stages/compiler/index.ts';
import type { RtlDesign, RtlStimuli } from '../../stages/rtl/index.ts';
import { toolVersion } from '../../tools/doctor.ts';
import type { RtlRun } from '../../tools/rtl-run.ts';
import { defineStep, type StepContext } from '../step.ts';
import { compareReplay, type Stimulus } from './stimulus.ts';

/** Inferences that Verilator repeats. */
const REPEATED = 24;

/** Icarus is a hundred times slower: as many as fit into so many cycles, one at least, */
const ICARUS_CYCLES = 30_000;
/** and none that takes longer than this. */
const ICARUS_CYCLES_MAX = 200_000;

export const rtlStep = defineStep({
  name: 'rtl',
  title: 'Generate the hardware',
  version: 2,
  inputs: ['program.bin', 'stimulus.bin'],
  outputs: ['rtl.bin', 'chip.sv', 'chip_tb.sv'],
  exports: ['chip.sv', 'chip_tb.sv'],
  settings: [],
  fingerprint: async () => ({
    verilator: (await toolVersion('verilator')) ?? 'not found',
    iverilog: (await toolVersion('iverilog')) ?? 'not found',
  }),
  async run(context) {
    const { generateRtl, rtlStimuli } = await import('../../stages/rtl/index.ts');
    const program = unpack<Program>(context.readArtefact('program.bin'));
    const stimulus = unpack<Stimulus>(context.readArtefact('stimulus.bin'));
    const design = generateRtl(program.chip, program);
    context.writeArtefact('rtl.bin', pack(design));
    context.writeArtefact('chip.sv', design.sources.map((s) => s.text).join('\n'));
    context.writeArtefact('chip_tb.sv', design.testbench.map((s) => s.text).join('\n'));
    const stimuliOf = (count: number): RtlStimuli =>
      rtlStimuli(program, stimulus.inputs.slice(0, count), stimulus.outputs.slice(0, count));
    await judgeByVerilator(context, design, stimulus, stimuliOf);
    await judgeByIcarus(context, design, stimulus, stimuliOf);
  },
});

const CLAIM = 'the RTL does what the simulator says';
const FOUR_VALUES = 'the RTL does what the simulator says, unknown values and all';

type StimuliOf = (count: number) => RtlStimuli;

async function judgeByVerilator(
  context: StepContext<never>,
  design: RtlDesign,
  stimulus: Stimulus,
  stimuliOf: StimuliOf,
): Promise<void> {
  const version = await toolVersion('verilator');
  if (version === null)
    return context.proof({
      name: CLAIM,
      judge: 'Verilator',
      result: 'skipped',
      detail: 'verilator not found',
    });
  const tools = await import('../../tools/verilator.ts');
  context.progress(0.1, 'Verilator: lint');
  await tools.lintWithVerilator(design, join(context.workDir, 'lint'));
  context.proof({
    name: 'the RTL is free of lint warnings',
    judge: version,
    result: 'pass',
    detail: `${design.sources.length} files, all warnings on, none waived`,
  });
  context.progress(0.2, 'Verilator: build and run');
  const count = Math.min(REPEATED, stimulus.inputs.length);
  const run = await tools.runVerilator(
    design,
    stimuliOf(count),
    join(context.workDir, 'run'),
    context.signal,
  );
  prove(context, CLAIM, version, stimulus, run, count);
}

async function judgeByIcarus(
  context: StepContext<never>,
  design: RtlDesign,
  stimulus: Stimulus,
  stimuliOf: StimuliOf,
): Promise<void> {
  const skip = (detail: string): void =>
    context.proof({ name: FOUR_VALUES, judge: 'Icarus Verilog', result: 'skipped', detail });
  const [version, runner] = await Promise.all([toolVersion('iverilog'), toolVersion('vvp')]);
  if (version === null || runner === null)
    return skip(version === null ? 'iverilog not found' : 'vvp not found');
  const longest = Math.max(1, ...stimulus.cycles);
  if (longest > ICARUS_CYCLES_MAX)
    return skip(`one inference takes ${longest} cycles: too long for an event-driven simulator`);
  const fitting = Math.max(1, Math.floor(ICARUS_CYCLES / longest));
  const count = Math.min(stimulus.inputs.length, fitting);
  const { runIcarus } = await import('../../tools/icarus.ts');
  context.progress(0.8, 'Icarus Verilog: build and run');
  const run = await runIcarus(design, stimuliOf(count), join(context.workDir, 'icarus'), context.signal);
  prove(context, FOUR_VALUES, version, stimulus, run, count);
}

function prove(
  context: StepContext<never>,
  name: string,
  judge: string,
  stimulus: Stimulus,
  run: RtlRun,
  count: number,
): void {
  const { isSame, detail } = compareReplay(stimulus, run, count);
  context.proof({ name, judge, result: run.passed && isSame ? 'pass' : 'fail', detail });
}
