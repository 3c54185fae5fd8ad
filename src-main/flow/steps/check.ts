import { join } from 'node:path';
import { defineStep } from '../step.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

const SHOWN_MAX = 50;

export const checkStep = defineStep({
  name: 'check',
  title: 'Check the finished layout',
  version: 3,
  inputs: ['kit.bin', 'chip.gds', 'chip.def', 'filled.bin'],
  outputs: ['drc.lyrdb', 'check.json'],
  exports: ['drc.lyrdb'],
  settings: [],
  fingerprint: async () => ({ klayout: (await toolVersion('klayout')) ?? 'not found' }),
  async run(context) {
    const { checkLayout, pinLocations, routingRules, writeLyrdb } =
      await import('../../stages/check/index.ts');
    const { readDef, readGds } = await import('../../stages/layout/index.ts');
    const { runKLayout } = await import('../../tools/klayout.ts');
    const { runKLayoutRules } = await import('../../tools/klayout-rules.ts');
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
    context.progress(0.5, 'KLayout');
    const claim = 'KLayout reads the GDS and finds no short, no open';
    const version = (await toolVersion('klayout')) ?? 'KLayout';
    const pins = pinLocations(readDef(context.readText('chip.def')).value, kit);
    const [nets, drawn] = [join(context.workDir, 'nets'), join(context.workDir, 'rules')];
    const outcome = await runKLayout({ gds: gdsBytes, pins }, nets, context.signal);
    const rules = 'KLayout finds no violation of the routing rules';
    if (outcome.status === 'skipped') {
      for (const name of [claim, rules])
        context.proof({ name, judge: 'KLayout', result: 'skipped', detail: outcome.reason });
      return;
    }
    const r = outcome.result;
    context.proof({
      name: claim,
      judge: version,
      result: outcome.isClean ? 'pass' : 'fail',
      detail: `top ${r.top}, ${r.layers.length} layers, ${r.instances} instances, ${r.unresolved.length} unresolved cells; ${r.netsCompared} nets, ${r.pinsCompared} pins: ${r.shortCount} shorts, ${r.openCount} opens`,
    });
    context.progress(0.75, 'routing rules by KLayout');
    const judged = await runKLayoutRules({ gds: gdsBytes, rules: routingRules(kit) }, drawn, context.signal);
    if (judged.status === 'skipped') return;
    const { result, violations } = judged;
    context.metric('klayoutViolations', violations);
    const waived = result.rules.reduce((sum, rule) => sum + rule.waived, 0);
    for (const rule of result.rules.filter((x) => x.violations > 0))
      context.log({
        code: 'CHECK-011',
        severity: 'error',
        message: `${rule.rule}: ${rule.violations} violations`,
        place: rule.places.map(([x, y]) => `(${x}, ${y}) um`).join(' '),
      });
    for (const [cell, rule, count, places] of result.waivers)
      context.log({
        code: 'CHECK-012',
        severity: 'info',
        message: `waived, the library's own: ${rule}, ${count} in the cell, at ${places} places`,
        place: cell,
      });
    context.proof({
      name: rules,
      judge: version,
      result: violations === 0 ? 'pass' : 'fail',
      detail: `${result.rules.length} rules of metal1 to metal10 and via1 to via9 where there are shapes: ${violations} violations, ${waived} waived inside library cells`,
    });
  },
});
