/** The check step's judges from outside: KLayout, which reads the GDS anew, and Netgen on what KLayout extracted. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinLocations, RoutingRules } from '../../stages/check/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import { toolVersion } from '../../tools/doctor.ts';
import type { DrawnDef, RuleOutcome } from '../../tools/klayout-rules.ts';
import type { KLayoutOutcome } from '../../tools/klayout.ts';
import type { StepContext } from '../step.ts';

type Context = StepContext<'check.foreign' | 'kit.name'>;

const NETS = 'KLayout reads the GDS and finds no short, no open';
const RULES = 'KLayout finds no violation of the routing rules';
const DRAWN = 'KLayout draws the DEF as the GDS is';

const NETLIST = 'KLayout extracts from the GDS the netlist that the Verilog has';
const MATCHED = 'Netgen matches what KLayout extracted with the Verilog';

interface Judged {
  readonly kit: Kit;
  readonly top: string;
  readonly lyp: string;
  readonly gds: Uint8Array;
  readonly def: string;
  readonly pins: PinLocations;
  readonly rules: RoutingRules;
}

/**
 * In two lines side by side: KLayout's nets and rules, one after the other, and its netlist with what Netgen makes of it;
 * without the latter, nets beside rules. Each takes one processor.
 */
export async function foreignJudges(context: Context, judged: Judged): Promise<void> {
  const { gds, def, pins, rules, lyp } = judged;
  const choice = context.settings['check.foreign'];
  const version = choice === 'none' ? null : await toolVersion('klayout');
  const skip = (names: readonly string[], detail: string): void =>
    names.forEach((name) => context.proof({ name, judge: 'KLayout', result: 'skipped', detail }));
  if (version === null)
    return skip(
      [NETS, RULES, DRAWN, NETLIST, MATCHED],
      choice === 'none' ? 'check.foreign is none' : 'klayout is not on the PATH',
    );
  context.progress(0.5, 'KLayout: nets, rules, netlist');
  const { runKLayout } = await import('../../tools/klayout.ts');
  const { runKLayoutRules } = await import('../../tools/klayout-rules.ts');
  const drawn = choice === 'all' ? { drawn: await drawnWith(context, def) } : {};
  const folder = (name: string): string => join(context.workDir, name);
  const comparison = choice === 'all' ? compareNetlists(context, version, judged) : null;
  // Its failure counts where it is awaited, not as one that nobody heard.
  comparison?.catch(() => undefined);
  const readNets = () => runKLayout({ gds, pins }, folder('nets'), context.signal);
  const checkRules = () => runKLayoutRules({ gds, rules, ...drawn }, folder('rules'), context.signal);
  const [nets, geometry] = comparison
    ? [await readNets(), await checkRules()]
    : await Promise.all([readNets(), checkRules()]);
  if (nets.status === 'skipped') return skip([NETS, RULES, DRAWN], nets.reason);
  if (geometry.status === 'skipped') return skip([NETS, RULES, DRAWN], geometry.reason);
  proveNets(context, version, nets);
  proveRules(context, version, geometry);
  if (choice === 'all') proveDrawn(context, version, geometry);
  else skip([DRAWN], `check.foreign is ${choice}`);
  const { drawWithKLayout } = await import('../../tools/klayout-picture.ts');
  const picture = await drawWithKLayout({ gds, lyp }, folder('picture'), context.signal);
  if (picture !== null) context.writeArtefact('klayout.png', picture);
  if (comparison) (await comparison)();
  else skip([NETLIST, MATCHED], `check.foreign is ${choice}`);
}

/**
 * Layout versus schematic: KLayout's own comparison, then Netgen's. Gives what records the findings: those of the other
 * line come first, whichever is done first.
 */
async function compareNetlists(context: Context, judge: string, judged: Judged): Promise<() => void> {
  const { kit, top, gds, pins } = judged;
  const { compareNetlist } = await import('../../tools/klayout-netlist.ts');
  const { referenceSpice, suppliesOf } = await import('../../tools/reference-spice.ts');
  const { readNetlist } = await import('../../stages/netlist/index.ts');
  const reference = referenceSpice(readNetlist(context.readText('netlist.v'), kit, top).value, kit);
  const folder = (name: string): string => join(context.workDir, name);
  const { stack } = pins;
  const supplies = suppliesOf(kit.masters);
  const outcome = await compareNetlist(
    { gds, stack, supplies, reference },
    folder('netlist'),
    context.signal,
  );
  if (outcome.status === 'skipped') return () => undefined;
  const { result: r, extracted } = outcome;
  const recordMatched = await matchByNetgen(context, extracted, reference);
  return () => {
    for (const [kind, ours, theirs] of r.differences)
      context.log({
        code: 'CHECK-014',
        severity: 'error',
        message: `${kind}: ${ours ?? 'nothing'} in the layout, ${theirs ?? 'nothing'} in the netlist`,
      });
    context.proof({
      name: NETLIST,
      judge,
      result: r.isSame ? 'pass' : 'fail',
      detail: `from shapes and labels alone: ${r.instances} cells and ${r.nets} nets matched, ${r.ports} ports and supplies by name, ${r.differenceCount} differences`,
    });
    recordMatched();
  };
}

async function matchByNetgen(context: Context, layout: string, reference: string): Promise<() => void> {
  const version = await toolVersion('netgen');
  if (version === null)
    return () =>
      context.proof({ name: MATCHED, judge: 'Netgen', result: 'skipped', detail: 'netgen not found' });
  const { runNetgen } = await import('../../tools/netgen.ts');
  const n = await runNetgen({ layout, reference }, join(context.workDir, 'netgen'), context.signal);
  return () =>
    context.proof({
      name: MATCHED,
      judge: version,
      result: n.isSame ? 'pass' : 'fail',
      detail: `${n.instances} cells, ${n.nets} nets, ports by name: ${n.answer}`,
    });
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
