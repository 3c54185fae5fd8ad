import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinLocations, RoutingRules } from '../../stages/check/index.ts';
import type { DrawnDef, RuleOutcome } from '../../tools/klayout-rules.ts';
import type { KLayoutOutcome } from '../../tools/klayout.ts';
import { defineStep, type StepContext } from '../step.ts';
import { toolVersion } from '../../tools/doctor.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

const SHOWN_MAX = 50;

export const checkStep = defineStep({
  name: 'check',
  title: 'Check the finished layout',
  version: 5,
  inputs: ['kit.bin', 'kit.gds', 'chip.gds', 'chip.def', 'filled.bin'],
  outputs: ['drc.lyrdb', 'check.json'],
  exports: ['drc.lyrdb'],
  settings: ['check.foreign', 'kit.name'],
  fingerprint: async (settings): Promise<Record<string, string>> =>
    settings['check.foreign'] === 'none' ? {} : { klayout: (await toolVersion('klayout')) ?? 'not found' },
  async run(context) {
    const { checkLayout, pinLocations, routingRules, writeLyrdb } =
      await import('../../stages/check/index.ts');
    const { readDef, readGds } = await import('../../stages/layout/index.ts');
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
    const def = context.readText('chip.def');
    const pins = pinLocations(readDef(def).value, kit);
    await foreignJudges(context, { gds: gdsBytes, def, pins, rules: routingRules(kit) });
  },
});

type Context = StepContext<'check.foreign' | 'kit.name'>;

const NETS = 'KLayout reads the GDS and finds no short, no open';
const RULES = 'KLayout finds no violation of the routing rules';
const DRAWN = 'KLayout draws the DEF as the GDS is';

interface Judged {
  readonly gds: Uint8Array;
  readonly def: string;
  readonly pins: PinLocations;
  readonly rules: RoutingRules;
}

/** KLayout twice, side by side: its net extraction takes as long as all the rules. */
async function foreignJudges(context: Context, { gds, def, pins, rules }: Judged): Promise<void> {
  const choice = context.settings['check.foreign'];
  const version = choice === 'none' ? null : await toolVersion('klayout');
  const skip = (names: readonly string[], detail: string): void =>
    names.forEach((name) => context.proof({ name, judge: 'KLayout', result: 'skipped', detail }));
  if (version === null)
    return skip(
      [NETS, RULES, DRAWN],
      choice === 'none' ? 'check.foreign is none' : 'klayout is not on the PATH',
    );
  context.progress(0.5, 'KLayout: nets and routing rules');
  const { runKLayout } = await import('../../tools/klayout.ts');
  const { runKLayoutRules } = await import('../../tools/klayout-rules.ts');
  const drawn = choice === 'all' ? { drawn: await drawnWith(context, def) } : {};
  const folder = (name: string): string => join(context.workDir, name);
  const [nets, geometry] = await Promise.all([
    runKLayout({ gds, pins }, folder('nets'), context.signal),
    runKLayoutRules({ gds, rules, ...drawn }, folder('rules'), context.signal),
  ]);
  if (nets.status === 'skipped') return skip([NETS, RULES, DRAWN], nets.reason);
  if (geometry.status === 'skipped') return skip([NETS, RULES, DRAWN], geometry.reason);
  proveNets(context, version, nets);
  proveRules(context, version, geometry);
  if (choice === 'all') proveDrawn(context, version, geometry);
  else skip([DRAWN], `check.foreign is ${choice}`);
}

async function drawnWith(context: Context, def: string): Promise<DrawnDef> {
  const { ensureKit } = await import('../../tools/kit-store.ts');
  const { cacheDir, signal } = context;
  const files = await ensureKit(context.settings['kit.name'], { cacheDir, signal });
  const text = (path: string): Promise<string> => readFile(path, 'latin1');
  const [techLef, cellLef] = await Promise.all([text(files.techLef), text(files.cellLef)]);
  return { def, techLef, cellLef, cellGds: context.readArtefact('kit.gds') };
}

type Done<T> = Extract<T, { status: 'done' }>;

function proveNets(context: Context, judge: string, { isClean, result: r }: Done<KLayoutOutcome>): void {
  context.proof({
    name: NETS,
    judge,
    result: isClean ? 'pass' : 'fail',
    detail: `top ${r.top}, ${r.layers.length} layers, ${r.instances} instances, ${r.unresolved.length} unresolved cells; ${r.netsCompared} nets, ${r.pinsCompared} pins: ${r.shortCount} shorts, ${r.openCount} opens`,
  });
}

function proveRules(context: Context, judge: string, { result, violations }: Done<RuleOutcome>): void {
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
    name: RULES,
    judge,
    result: violations === 0 ? 'pass' : 'fail',
    detail: `${result.rules.length} rules of metal1 to metal10 and via1 to via9 where there are shapes: ${violations} violations, ${waived} waived inside library cells`,
  });
}

function proveDrawn(context: Context, judge: string, { result }: Done<RuleOutcome>): void {
  const layers = result.difference ?? [];
  const different = layers.filter(([, , polygons]) => polygons > 0);
  for (const [layer, , polygons, areaUm2, place] of different)
    context.log({
      code: 'CHECK-013',
      severity: 'error',
      message: `${layer}: DEF and GDS differ in ${polygons} polygons, ${areaUm2.toFixed(4)} um2`,
      ...(place && { place: `(${place.join(', ')}) um` }),
    });
  context.proof({
    name: DRAWN,
    judge,
    result: different.length === 0 ? 'pass' : 'fail',
    detail: `exclusive or of the GDS and the DEF with the library's LEF and GDS, ${layers.filter(([, polygons]) => polygons > 0).length} layers with ${layers.reduce((sum, [, polygons]) => sum + polygons, 0)} polygons: ${different.length} layers differ`,
  });
}
