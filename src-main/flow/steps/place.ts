import { pack } from '../../base/pack.ts';
import { defineStep } from '../step.ts';
import { Curves, livePicture } from './live.ts';
import { judged, packChip, readChip, readConstraints, readKitArtefact } from './chip-state.ts';

const PHASES = ['rough', 'ports', 'repair', 'global', 'legal', 'detailed'] as const;

export const placeStep = defineStep({
  name: 'place',
  title: 'Place',
  version: 11,
  inputs: ['kit.bin', 'floorplan.bin', 'constraints.bin'],
  outputs: ['placed.bin', 'padding.bin'],
  settings: ['place.seed'],
  async run(context) {
    const { placeChip, verifyBuffering, verifyPlacement } = await import('../../stages/placement/index.ts');
    const { netlistStatistics } = await import('../../stages/netlist/index.ts');
    const { estimateParasitics } = await import('../../stages/extraction/index.ts');
    const { analyzeTiming, timingWeights, withPropagatedClocks } =
      await import('../../stages/timing/index.ts');
    const kit = readKitArtefact(context);
    const before = readChip(context, 'floorplan.bin');
    // There is no clock tree yet: the clock counts as ideal.
    const constraints = withPropagatedClocks(readConstraints(context), false);
    const curves = new Curves(['HPWL', 'µm'], ['Overflow', '%']);
    const placed = placeChip(before.netlist, kit, before.floorplan, before.placement, {
      seed: context.settings['place.seed'],
      reweigh: (netlist, floorplan, placement) => {
        const wires = estimateParasitics(netlist, placement, kit, floorplan);
        const report = analyzeTiming(netlist, kit, wires, constraints, { pathCount: 0 });
        return report.setup.worstSlackPs < 0 ? timingWeights(netlist, report) : null;
      },
      observe: (p) => {
        context.progress((PHASES.indexOf(p.phase) + p.fraction) / PHASES.length, `${p.phase} placement`);
        const { chip } = p;
        if (p.hpwlDbu !== undefined && p.overflow !== undefined)
          curves.add(p.phase, p.hpwlDbu / kit.tech.dbuPerUm, 100 * p.overflow);
        if (chip)
          context.picture(() =>
            livePicture({ step: 'place', phase: p.phase, kit, ...chip(), wires: new Int32Array(0), curves }),
          );
      },
    });
    const { netlist, floorplan, placement } = placed;
    context.writeArtefact('placed.bin', packChip({ netlist, floorplan, placement, routing: null }));
    context.writeArtefact('padding.bin', pack(placed.paddingSites));
    context.metric('hpwlUm', placed.report.hpwlUm.detailed, 'um');
    context.metric('placedAreaUm2', netlistStatistics(netlist, kit).areaUm2, 'um2');
    context.metric('congestionLoad', placed.report.congestionLoad);
    context.metric('buffersAdded', netlist.instNames.length - before.netlist.instNames.length);
    const report = verifyPlacement(netlist, kit, floorplan, placement, { before: before.placement });
    context.metric('utilization', report.utilization);
    context.proof({
      name: 'the placement is legal',
      judge: 'verifyPlacement',
      result: judged(context, report.problems),
      detail: `${report.instances} cells: rows, sites, orientation, overlaps, fixed cells`,
    });
    context.proof({
      name: 'buffers change no function',
      judge: 'verifyBuffering',
      result: judged(context, verifyBuffering(before.netlist, netlist, kit)),
      detail: `${netlist.instNames.length - before.netlist.instNames.length} cells added, every sink still sees its source`,
    });
  },
});
