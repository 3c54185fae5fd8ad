import { unpack } from '../../base/pack.ts';
import type { Netlist } from '../../stages/netlist/index.ts';
import { defineStep } from '../step.ts';
import { judged, packChip, readKitArtefact } from './chip-state.ts';

export const floorplanStep = defineStep({
  name: 'floorplan',
  title: 'Floorplan, power grid, taps',
  version: 2,
  inputs: ['kit.bin', 'netlist.bin'],
  outputs: ['floorplan.bin'],
  settings: ['floorplan.utilization', 'floorplan.aspectRatio'],
  async run(context) {
    const { makeFloorplan, verifyPowerGrid } = await import('../../stages/floorplan/index.ts');
    const kit = readKitArtefact(context);
    const mapped = unpack<Netlist>(context.readArtefact('netlist.bin'));
    const { floorplan, netlist, placement } = makeFloorplan(mapped, kit, {
      utilization: context.settings['floorplan.utilization'],
      aspectRatio: context.settings['floorplan.aspectRatio'],
    });
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
  },
});
