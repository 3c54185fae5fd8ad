import { pack, unpack } from '../../base/pack.ts';
import type { RtlDesign } from '../../stages/rtl/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { readKitArtefact } from './chip-state.ts';
import { chipConstraints } from './constraints.ts';
import { keepMapped } from './netlist.ts';
import { compareReplay, type Stimulus } from './stimulus.ts';
import { synthesizeByStrategy } from './synthesis-strategy.ts';

/** Inferences that the mapped netlist replays here; the routed one replays them all. */
const REPLAYED = 4;
/** Numbered passes that a run of our script prints, about; for the progress bar only. */
const LINES_USUAL = 300;

export const synthesiseStep = defineStep({
  name: 'synthesise',
  title: 'Synthesise with Yosys',
  version: 6,
  inputs: ['rtl.bin', 'stimulus.bin', 'kit.bin', 'kit.lib'],
  outputs: ['synthesis-recipe.txt', 'synthesis.v', 'netlist.bin', 'constraints.bin'],
  settings: ['synthesis.tool', 'synthesis.flatten', 'synthesis.strategy', 'clock.periodPs'],
  fingerprint: async (settings) => {
    const { yosysVersion } = await import('../../tools/yosys.ts');
    return { yosys: await yosysVersion(settings['synthesis.tool']) };
  },
  async run(context) {
    const stage = await import('../../stages/netlist/index.ts');
    const kit = readKitArtefact(context);
    const design = unpack<RtlDesign>(context.readArtefact('rtl.bin'));
    const stimulus = unpack<Stimulus>(context.readArtefact('stimulus.bin'));
    const constraints = chipConstraints(context.settings['clock.periodPs']);
    const { synthesis: result, recipe } = await synthesizeByStrategy(
      context,
      context.settings['synthesis.strategy'],
      {
        design,
        kit,
        liberty: context.readText('kit.lib'),
        clockPeriodPs: context.settings['clock.periodPs'],
        flatten: context.settings['synthesis.flatten'],
        tool: context.settings['synthesis.tool'],
        workDir: context.workDir,
        signal: context.signal,
        onLine: yosysObserver(context),
      },
      () => constraints,
    );
    context.writeArtefact('synthesis-recipe.txt', recipe);
    result.diagnostics.forEach(context.log);
    context.log({
      code: 'SYNTH-001',
      severity: 'info',
      message: `synthesised by ${result.version} (${result.engine})`,
    });
    context.writeArtefact('synthesis.v', result.verilog);
    const netlist = stage.markClocks(result.netlist, kit);
    await keepMapped(context, kit, netlist);
    context.writeArtefact('constraints.bin', pack(constraints));
    context.progress(0.8, 'replaying inferences through the gates');
    const inputs = stimulus.inputs.slice(0, REPLAYED);
    const replay = stage.replayInference(netlist, kit, inputs, {
      maxCycles: 4 * Math.max(...stimulus.cycles) + 1000,
      onProgress: () => !context.signal.aborted,
    });
    const { isSame, detail } = compareReplay(stimulus, replay, inputs.length);
    context.proof({
      name: 'the mapped gates compute what the simulator promised',
      judge: 'gate-level replay of whole inferences',
      result: isSame ? 'pass' : 'fail',
      detail,
    });
  },
});

/** Progress and each warning once, from the lines that Yosys prints. */
export function yosysObserver(context: Pick<StepContext, 'progress' | 'log'>): (line: string) => void {
  let lines = 0;
  const told = new Set<string>();
  return (line) => {
    // The script's length is not known to us; passes are numbered, and the line says where it is.
    if (/^\d+(\.\d+)*\. /.test(line)) context.progress(Math.min(0.75, ++lines / LINES_USUAL), line);
    const said = /^(Warning|ERROR): (.*)/.exec(line);
    if (!said || told.has(said[2]!)) return;
    told.add(said[2]!);
    context.log({ code: 'YOSYS-001', severity: 'warning', message: said[2]! });
  };
}
