import type { Kit } from '../../stages/kit/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { foreignJudges } from './check-foreign.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

const SHOWN_MAX = 50;

type Context = StepContext<'check.foreign' | 'kit.name'>;

export const checkStep = defineStep({
  name: 'check',
  title: 'Check the finished layout',
  version: 9,
  inputs: ['kit.bin', 'kit.gds', 'chip.gds', 'chip.def', 'netlist.v', 'filled.bin'],
  outputs: ['drc.lyrdb', 'check.json', 'klayout.lyp'],
  optionalOutputs: ['klayout.png'],
  exports: ['drc.lyrdb', 'klayout.lyp', 'klayout.png'],
  settings: ['check.foreign', 'kit.name'],
  fingerprint: async (settings): Promise<Record<string, string>> =>
    settings['check.foreign'] === 'none'
      ? {}
      : {
          klayout: (await toolVersion('klayout')) ?? 'not found',
          netgen: (await toolVersion('netgen')) ?? 'not found',
        },
  async run(context) {
    const { pinLocations, routingRules } = await import('../../stages/check/index.ts');
    const { readDef } = await import('../../stages/layout/index.ts');
    const { layerProperties } = await import('../../tools/klayout-layers.ts');
    const { freeMemory } = await import('../../tools/free-memory.ts');
    const kit = readKitArtefact(context);
    const gds = context.readArtefact('chip.gds');
    const top = await ownJudge(context, kit, gds);
    // The others are processes of their own, as large as this one was.
    freeMemory();
    const lyp = layerProperties(kit);
    context.writeArtefact('klayout.lyp', lyp);
    const def = context.readText('chip.def');
    const pins = pinLocations(readDef(def).value, kit);
    await foreignJudges(context, {
      kit,
      top,
      lyp,
      gds,
      def,
      pins,
      rules: routingRules(kit),
    });
  },
});

/** Our own check of the GDS: connectivity and rules. Gives the name of the top. */
async function ownJudge(context: Context, kit: Kit, gdsBytes: Uint8Array): Promise<string> {
  const { checkLayout, writeLyrdb } = await import('../../stages/check/index.ts');
  const { readGds } = await import('../../stages/layout/index.ts');
  const { netlist } = readChip(context, 'filled.bin');
  const gds = readGds(gdsBytes);
  gds.diagnostics.forEach(context.log);
  context.progress(0.1, 'connectivity and design rules from the GDS');
  const report = checkLayout(gds.value, netlist, kit);
  context.writeArtefact('drc.lyrdb', writeLyrdb(report, netlist.top, kit));
  context.writeArtefact(
    'check.json',
    JSON.stringify({ rules: report.rules, layers: report.layers }, null, 2),
  );
  for (const v of report.violations.slice(0, SHOWN_MAX))
    context.log({
      code: 'CHECK-010',
      severity: 'error',
      message: `${v.rule} ${v.layer} ${v.detail}`,
      place: `(${v.xDbu / kit.tech.dbuPerUm}, ${v.yDbu / kit.tech.dbuPerUm}) um ${v.nets.join(' ')}`,
    });
  context.metric(
    'opens',
    report.rules.reduce((n, r) => n + (r.rule === 'open' ? r.violations : 0), 0),
  );
  context.metric('ruleViolations', report.violations.length);
  const count = (...rules: string[]): number =>
    report.rules.filter((r) => rules.includes(r.rule)).reduce((sum, r) => sum + r.violations, 0);
  const [opens, shorts] = [count('open'), count('short')];
  const total = report.violations.length;
  context.proof({
    name: 'metal connects what the netlist connects',
    judge: 'checkLayout, from the GDS alone',
    result: opens + shorts === 0 ? 'pass' : 'fail',
    detail: `${report.nets} nets, ${report.terminals} pins, ${report.components} pieces of metal: ${opens} opens, ${shorts} shorts`,
  });
  context.proof({
    name: 'routing keeps the design rules',
    judge: 'checkLayout, from the GDS alone',
    result: report.isClean || total === opens + shorts ? 'pass' : 'fail',
    detail: `${report.rules.length} rules, ${report.rules.reduce((s, r) => s + r.checked, 0)} checks, ${total - opens - shorts} violations (geometry inside library cells is trusted)`,
  });
  return netlist.top;
}
