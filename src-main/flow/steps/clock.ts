import { unpack } from '../../base/pack.ts';
import { defineStep } from '../step.ts';
import { judged, packChip, readChip, readKitArtefact } from './chip-state.ts';

export const clockStep = defineStep({
  name: 'clock',
  title: 'Build the clock tree',
  version: 2,
  inputs: ['kit.bin', 'placed.bin', 'padding.bin'],
  outputs: ['clocked.bin'],
  settings: [],
  async run(context) {
    const { DEFAULT_CLOCK_TREE, buildClockTree, verifyClockTree } =
      await import('../../stages/clock/index.ts');
    const { verifyPlacement } = await import('../../stages/placement/index.ts');
    const kit = readKitArtefact(context);
    const before = readChip(context, 'placed.bin');
    const paddingSites = unpack<Uint8Array>(context.readArtefact('padding.bin'));
    const { floorplan } = before;
    const tree = buildClockTree(before.netlist, kit, floorplan, before.placement, { paddingSites });
    const { netlist, placement } = tree;
    context.writeArtefact('clocked.bin', packChip({ netlist, floorplan, placement, routing: null }));
    context.metric('clockBuffers', tree.buffers);
    context.metric('clockLevels', Math.max(0, ...tree.trees.map((t) => t.levels)));
    const maxFanout = Math.max(DEFAULT_CLOCK_TREE.maxSinks, DEFAULT_CLOCK_TREE.maxBranches);
    const report = verifyClockTree(before.netlist, netlist, kit, placement, { maxFanout });
    context.proof({
      name: 'the clock reaches every flip-flop through as many buffers',
      judge: 'verifyClockTree',
      result: judged(context, report.problems),
      detail: `${report.sinks} sinks, ${report.buffers} buffers in ${report.levels.max} levels, largest fan-out ${report.worstFanout}`,
    });
    const legal = verifyPlacement(netlist, kit, floorplan, placement, { before: before.placement });
    context.proof({
      name: 'the placement with the clock tree is legal',
      judge: 'verifyPlacement',
      result: judged(context, legal.problems),
      detail: `${legal.instances} cells`,
    });
  },
});
