import { defineStep } from '../step.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

const SHOWN_MAX = 50;

export const checkStep = defineStep({
  name: 'check',
  title: 'Check the finished layout',
  version: 1,
  inputs: ['kit.bin', 'chip.gds', 'chip.def', 'filled.bin'],
  outputs: ['drc.lyrdb', 'check.json'],
  exports: ['drc.lyrdb'],
  settings: [],
  fingerprint: async () => ({ klayout: (await toolVersion('klayout')) ?? 'not found' }),
  async run(context) {
    const { checkLayout, pinLocations, writeLyrdb } = await import('../../stages/check/index.ts');
    const { readDef, readGds } = await import('../../stages/layout/index.ts');
    const { runKLayout } = await import('../../tools/klayout.ts');
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
    context.progress(0.5, 'KLayout');
    const claim = 'KLayout reads the GDS and finds no short, no open';
    const version = (await toolVersion('klayout')) ?? 'KLayout';
    const pins = pinLocations(readDef(context.readText('chip.def')).value, kit);
    const outcome = await runKLayout({ gds: gdsBytes, pins }, context.workDir, context.signal);
    if (outcome.status === 'skipped') {
      context.proof({ name: claim, judge: 'KLayout', result: 'skipped', detail: outcome.reason });
      return;
    }
    const r = outcome.result;
    const rules = r.rules.reduce((sum, rule) => sum + rule.violations, 0);
    context.proof({
      name: claim,
      judge: version,
      result: outcome.isClean ? 'pass' : 'fail',
      detail: `top ${r.top}, ${r.layers.length} layers, ${r.instances} instances, ${r.unresolved.length} unresolved cells; ${r.netsCompared} nets, ${r.pinsCompared} pins: ${r.shortCount} shorts, ${r.openCount} opens; ${r.rules.length} rule categories, ${rules} violations`,
    });
  },
});
