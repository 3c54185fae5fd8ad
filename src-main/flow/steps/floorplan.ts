import { unpack } from '../../base/pack.ts';
import type { FloorplanResult } from '../../stages/floorplan/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { Netlist } from '../../stages/netlist/index.ts';
import { defineStep, type StepContext } from '../step.ts';
import { judged, packChip, readKitArtefact } from './chip-state.ts';

export const floorplanStep = defineStep({
  name: 'floorplan',
  title: 'Floorplan, power grid, taps',
  version: 3,
  inputs: ['kit.bin', 'netlist.bin'],
  outputs: ['floorplan.bin'],
  settings: [
    'floorplan.utilization',
    'floorplan.aspectRatio',
    'floorplan.dieWidthUm',
    'floorplan.dieHeightUm',
  ],
  async run(context) {
    const { makeFloorplan } = await import('../../stages/floorplan/index.ts');
    const kit = readKitArtefact(context);
    const mapped = unpack<Netlist>(context.readArtefact('netlist.bin'));
    const [width, height] = [
      context.settings['floorplan.dieWidthUm'],
      context.settings['floorplan.dieHeightUm'],
    ];
    const made = makeFloorplan(mapped, kit, {
      utilization: context.settings['floorplan.utilization'],
      aspectRatio: context.settings['floorplan.aspectRatio'],
      dieUm: width > 0 ? { width, height } : null,
    });
    await keepFloorplan(context, kit, made);
  },
});

/** Writes and judges the floorplan, however it was come by. */
export async function keepFloorplan(
  context: Pick<StepContext, 'writeArtefact' | 'metric' | 'proof' | 'log'>,
  kit: Kit,
  { floorplan, netlist, placement }: FloorplanResult,
): Promise<void> {
  const { verifyPowerGrid } = await import('../../stages/floorplan/index.ts');
  context.writeArtefact('floorplan.bin', packChip({ netlist, floorplan, placement, routing: null }));
  const um = kit.tech.dbuPerUm;
  context.metric('dieWidthUm', (floorplan.die.x2 - floorplan.die.x1) / um, 'um');
  context.metric('dieHeightUm', (floorplan.die.y2 - floorplan.die.y1) / um, 'um');
  const report = verifyPowerGrid(floorplan, kit);
  context.proof({
    name: 'the power grid is whole',
    judge: 'verifyPowerGrid',
    result: judged(context, report.problems),
    detail: `${floorplan.rows.length} rows, ${floorplan.powerShapes.length} rails and straps, ${floorplan.powerVias.length} via arrays: one piece a net, widths, spacing, enclosure`,
  });
}
