import { defineStep } from '../step.ts';
import { judged, readChip, readKitArtefact } from './chip-state.ts';

export const layoutStep = defineStep({
  name: 'layout',
  title: 'Write GDS and DEF',
  version: 1,
  inputs: ['kit.bin', 'kit.gds', 'filled.bin'],
  outputs: ['chip.gds', 'chip.def', 'netlist.v'],
  exports: ['chip.gds', 'chip.def', 'netlist.v'],
  settings: [],
  async run(context) {
    const { verifyLayoutFiles, writeDef, writeGds } = await import('../../stages/layout/index.ts');
    const { writeVerilog } = await import('../../stages/netlist/index.ts');
    const kit = readKitArtefact(context);
    const design = { ...readChip(context, 'filled.bin'), kit };
    const { netlist, floorplan, placement, routing } = design;
    const def = writeDef(netlist, floorplan, placement, routing, kit);
    context.writeArtefact('chip.def', def);
    context.progress(0.3, 'GDS');
    const gds = writeGds(design, context.readArtefact('kit.gds'));
    context.writeArtefact('chip.gds', gds);
    context.writeArtefact('netlist.v', writeVerilog(netlist, kit, { physicalCells: false }));
    context.progress(0.6, 'reading both back');
    const report = verifyLayoutFiles(design, def, gds);
    context.metric('gdsBytes', gds.length, 'bytes');
    context.proof({
      name: 'GDS and DEF hold the chip',
      judge: 'verifyLayoutFiles, from the files',
      result: judged(context, report.diagnostics),
      detail: `${report.instances} instances, ${report.nets} nets, ${report.wires} wires, ${report.vias} vias, metal area of ${report.layerAreasUm2.length} layers`,
    });
  },
});
