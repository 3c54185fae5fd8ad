import { defineStep } from '../step.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { foreignJudges } from './check-foreign.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

const SHOWN_MAX = 50;

export const checkStep = defineStep({
  name: 'check',
  title: 'Check the finished layout',
  version: 8,
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
    const { checkLayout, pinLocations, routingRules, writeLyrdb } =
      await import('../../stages/check/index.ts');
    const { readDef, readGds } = await import('../../stages/layout/index.ts');
    const { layerProperties } = await import('../../tools/klayout-layers.ts');
    const kit = readKitArtefact(context);
    const { netlist } = readChip(context, 'filled.bin');
    const gdsBytes = context.readArtefact('chip.gds');
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
    const lyp = layerProperties(kit);
    context.writeArtefact('klayout.lyp', lyp);
    const def = context.readText('chip.def');
    const pins = pinLocations(readDef(def).value, kit);
    await foreignJudges(context, {
      kit,
      top: netlist.top,
      lyp,
      gds: gdsBytes,
      def,
      pins,
      rules: routingRules(kit),
    });
  },
});
