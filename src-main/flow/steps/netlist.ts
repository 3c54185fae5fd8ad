import { pack } from '../../base/pack.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { Netlist } from '../../stages/netlist/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { judged, readKitArtefact } from './chip-state.ts';

type Context = Pick<StepContext, 'writeArtefact' | 'metric' | 'proof' | 'log'>;

/** In place of synthesis: a mapped netlist and its constraints as they are given. */
export const netlistStep = defineStep({
  name: 'netlist',
  title: 'Read netlist and constraints',
  version: 2,
  inputs: ['kit.bin'],
  files: ['netlist', 'constraints'],
  outputs: ['netlist.bin', 'constraints.bin'],
  settings: ['netlist.top'],
  async run(context) {
    const stage = await import('../../stages/netlist/index.ts');
    const kit = readKitArtefact(context);
    const text = (role: string): string => new TextDecoder().decode(context.readFile(role).bytes);
    const top = context.settings['netlist.top'];
    const read = stage.readNetlist(text('netlist'), kit, top === '' ? undefined : top);
    read.diagnostics.forEach(context.log);
    await keepNetlist(context, kit, read.value, text('constraints'));
  },
});

/** Writes, counts and judges a mapped netlist. */
export async function keepMapped(context: Context, kit: Kit, netlist: Netlist): Promise<void> {
  const { netlistStatistics, verifyNetlist } = await import('../../stages/netlist/index.ts');
  context.writeArtefact('netlist.bin', pack(netlist));
  const statistics = netlistStatistics(netlist, kit);
  context.metric('cellsMapped', statistics.cells);
  context.metric('flops', statistics.flops);
  context.metric('cellAreaUm2', statistics.areaUm2, 'um2');
  context.proof({
    name: 'every cell is of the library and every net has one driver',
    judge: 'verifyNetlist',
    result: judged(context, verifyNetlist(netlist, kit)),
    detail: `${statistics.cells} cells, ${statistics.flops} flip-flops, ${statistics.nets} nets: no unmapped cell, no open input`,
  });
}

/** Writes and judges netlist and constraints, however they were come by. */
export async function keepNetlist(context: Context, kit: Kit, read: Netlist, sdc: string): Promise<void> {
  const { markClocks } = await import('../../stages/netlist/index.ts');
  const { analyzeTiming, portNames, readSdc, withPropagatedClocks } =
    await import('../../stages/timing/index.ts');
  const netlist = markClocks(read, kit);
  const constraints = readSdc(sdc, portNames(netlist, kit));
  await keepMapped(context, kit, netlist);
  context.writeArtefact('constraints.bin', pack(constraints));
  // Constraints that name what is not there are refused here and not an hour later.
  const ideal = withPropagatedClocks(constraints, false);
  const report = analyzeTiming(netlist, kit, null, ideal, { pathCount: 0 });
  context.metric('mappedWnsPs', report.setup.worstSlackPs, 'ps');
}
