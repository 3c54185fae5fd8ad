import { defineStep } from '../step.ts';
import { judged, packChip, readChip, readKitArtefact } from './chip-state.ts';

export const fillStep = defineStep({
  name: 'fill',
  title: 'Fill the rows',
  version: 1,
  inputs: ['kit.bin', 'routed.bin'],
  outputs: ['filled.bin'],
  settings: [],
  async run(context) {
    const { insertFillers } = await import('../../stages/fill/index.ts');
    const { verifyPlacement } = await import('../../stages/placement/index.ts');
    const kit = readKitArtefact(context);
    const before = readChip(context, 'routed.bin');
    const { floorplan, routing } = before;
    const { netlist, placement } = insertFillers(before.netlist, kit, floorplan, before.placement);
    context.writeArtefact('filled.bin', packChip({ netlist, floorplan, placement, routing }));
    const fillers = netlist.instNames.length - before.netlist.instNames.length;
    context.metric('fillers', fillers);
    const report = verifyPlacement(netlist, kit, floorplan, placement, {
      before: before.placement,
      full: true,
    });
    context.proof({
      name: 'the rows are full and legal',
      judge: 'verifyPlacement',
      result: judged(context, report.problems),
      detail: `${report.instances} instances, ${fillers} fillers, ${report.gapDbu} DBU of gaps`,
    });
  },
});
