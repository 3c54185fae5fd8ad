import type { ImportRecord } from '../foreign/index.ts';
import type { SynthesizeInput } from '../../tools/yosys.ts';
import { defineStep } from '../step.ts';
import { readKitArtefact } from './chip-state.ts';
import { keepNetlist } from './netlist.ts';
import { yosysObserver } from './synthesise.ts';

/** What Yosys is asked, apart from the kit: kept, so that a replay asks the same. */
export type SynthesisTask = Pick<SynthesizeInput, 'design' | 'clockPeriodPs' | 'flatten'>;

/** In place of generated hardware: Verilog as it is given, mapped to the kit, and its constraints. */
export const rtlNetlistStep = defineStep({
  name: 'synthesise-rtl',
  title: 'Synthesise the RTL with Yosys',
  version: 2,
  inputs: ['kit.bin', 'kit.lib'],
  files: ['rtl', 'constraints'],
  optionalFiles: ['import'],
  outputs: ['synthesis.json', 'synthesis.v', 'netlist.bin', 'constraints.bin', 'import.json'],
  exports: ['import.json'],
  settings: ['netlist.top', 'synthesis.tool', 'synthesis.flatten', 'clock.periodPs'],
  fingerprint: async (settings) => {
    const { yosysVersion } = await import('../../tools/yosys.ts');
    return { yosys: await yosysVersion(settings['synthesis.tool']) };
  },
  async run(context) {
    const { synthesize } = await import('../../tools/yosys.ts');
    const { readRtlBundle, tell } = await import('../foreign/index.ts');
    const { plainPeriodPs } = await import('../foreign/period.ts');
    const decode = (role: string): string => new TextDecoder().decode(context.readFile(role).bytes);
    const record = context.hasFile('import') ? (JSON.parse(decode('import')) as ImportRecord) : null;
    if (record) tell(record).forEach(context.log);
    context.writeArtefact('import.json', `${JSON.stringify(record ?? {}, null, 2)}\n`);
    const kit = readKitArtefact(context);
    const bundle = readRtlBundle(context.readFile('rtl').bytes);
    const sdc = decode('constraints');
    const task: SynthesisTask = {
      design: { ...bundle, top: context.settings['netlist.top'] || bundle.top },
      clockPeriodPs: plainPeriodPs(sdc) ?? context.settings['clock.periodPs'],
      flatten: context.settings['synthesis.flatten'],
    };
    context.writeArtefact('synthesis.json', JSON.stringify(task));
    const result = await synthesize({
      ...task,
      kit,
      liberty: context.readText('kit.lib'),
      tool: context.settings['synthesis.tool'],
      workDir: context.workDir,
      signal: context.signal,
      onLine: yosysObserver(context),
    });
    result.diagnostics.forEach(context.log);
    const message = `synthesised by ${result.version} (${result.engine})`;
    context.log({ code: 'SYNTH-001', severity: 'info', message });
    context.writeArtefact('synthesis.v', result.verilog);
    await keepNetlist(context, kit, result.netlist, sdc);
  },
});
