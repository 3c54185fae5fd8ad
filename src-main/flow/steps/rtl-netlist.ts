import type { ImportRecord } from '../foreign/index.ts';
import type { SynthesizeInput } from '../../tools/yosys.ts';
import { defineStep, type StepContext } from '../step.ts';
import { readKitArtefact } from './chip-state.ts';
import { keepNetlist } from './netlist.ts';
import { yosysObserver } from './synthesise.ts';
import { synthesizeByStrategy } from './synthesis-strategy.ts';

/** What Yosys is asked, apart from the kit: kept, so that a replay asks the same. */
export type SynthesisTask = Pick<
  SynthesizeInput,
  'design' | 'clockPeriodPs' | 'flatten' | 'clockGates' | 'recipe'
>;

/** In place of generated hardware: Verilog as it is given, mapped to the kit, and its constraints. */
export const rtlNetlistStep = defineStep({
  name: 'synthesise-rtl',
  title: 'Synthesise the RTL with Yosys',
  version: 4,
  inputs: ['kit.bin', 'kit.lib'],
  files: ['rtl', 'constraints'],
  optionalFiles: ['import'],
  outputs: ['synthesis.json', 'synthesis.v', 'netlist.bin', 'constraints.bin', 'import.json'],
  exports: ['import.json'],
  settings: [
    'netlist.top',
    'synthesis.tool',
    'synthesis.frontend',
    'synthesis.flatten',
    'synthesis.strategy',
    'clock.periodPs',
  ],
  fingerprint: async (settings) => {
    const { slangVersion, yosysVersion } = await import('../../tools/yosys.ts');
    const tool = settings['synthesis.tool'];
    return {
      yosys: await yosysVersion(tool),
      ...(settings['synthesis.frontend'] === 'yosys' ? {} : { slang: await slangVersion(tool) }),
    };
  },
  async run(context) {
    const { portNames, readSdc } = await import('../../stages/timing/index.ts');
    const { readRtlBundle, tell } = await import('../foreign/index.ts');
    const { plainPeriodPs } = await import('../foreign/period.ts');
    const decode = (role: string): string => new TextDecoder().decode(context.readFile(role).bytes);
    const record = context.hasFile('import') ? (JSON.parse(decode('import')) as ImportRecord) : null;
    if (record) tell(record).forEach(context.log);
    context.writeArtefact('import.json', `${JSON.stringify(record ?? {}, null, 2)}\n`);
    const kit = readKitArtefact(context);
    const bundle = readRtlBundle(context.readFile('rtl').bytes);
    const sdc = decode('constraints');
    const design = { ...bundle, top: context.settings['netlist.top'] || bundle.top };
    const task: SynthesisTask = {
      design: await readDesign(context, design),
      clockPeriodPs: plainPeriodPs(sdc) ?? context.settings['clock.periodPs'],
      flatten: context.settings['synthesis.flatten'],
      clockGates: true,
    };
    const { synthesis: result, recipe } = await synthesizeByStrategy(
      context,
      context.settings['synthesis.strategy'],
      {
        ...task,
        kit,
        liberty: context.readText('kit.lib'),
        tool: context.settings['synthesis.tool'],
        workDir: context.workDir,
        signal: context.signal,
        onLine: yosysObserver(context),
      },
      (netlist) => readSdc(sdc, portNames(netlist, kit)),
    );
    context.writeArtefact('synthesis.json', JSON.stringify({ ...task, recipe }));
    result.diagnostics.forEach(context.log);
    const message = `synthesised by ${result.version} (${result.engine})`;
    context.log({ code: 'SYNTH-001', severity: 'info', message });
    context.writeArtefact('synthesis.v', result.verilog);
    await keepNetlist(context, kit, result.netlist, sdc);
  },
});

type Design = Pick<SynthesizeInput['design'], 'top' | 'sources'>;

/** As the mapper gets it: the sources themselves, or what slang makes of them. */
async function readDesign(
  context: StepContext<'synthesis.tool' | 'synthesis.frontend' | 'synthesis.flatten'>,
  design: Design,
): Promise<Design> {
  const { elaborate, wantsSlang } = await import('../../tools/yosys.ts');
  const { settings } = context;
  const read = (message: string): void =>
    context.log({ code: 'SYNTH-002', severity: 'info', message: `RTL read by ${message}` });
  if (!wantsSlang(settings['synthesis.frontend'], design.sources)) {
    read('the reader of Yosys (synthesis.frontend)');
    return design;
  }
  const { source, engine, version, warnings } = await elaborate(
    { ...design, flatten: settings['synthesis.flatten'] },
    {
      tool: settings['synthesis.tool'],
      workDir: context.workDir,
      signal: context.signal,
      onLine: yosysObserver(context),
    },
  );
  warnings.forEach(context.log);
  const reader = `slang in ${version.replace(/ \(.*/, '')} (${engine})`;
  read(reader);
  context.proof({
    name: 'the RTL is sound SystemVerilog',
    judge: reader,
    result: 'pass',
    detail: `${design.sources.length} files, elaborated from ${design.top}: 0 errors, ${warnings.length} warnings`,
  });
  return { top: design.top, sources: [source] };
}
