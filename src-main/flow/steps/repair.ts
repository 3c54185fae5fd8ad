import { pack, unpack } from '../../base/pack.ts';
import type { Change, RepairState } from '../../stages/timing-repair/index.ts';
import { defineStep } from '../step.ts';
import { judged, packChip, readChip, readConstraints, readKitArtefact } from './chip-state.ts';

export const repairStep = defineStep({
  name: 'repair',
  title: 'Repair timing',
  version: 4,
  inputs: ['kit.bin', 'clocked.bin', 'padding.bin', 'constraints.bin'],
  outputs: ['repaired.bin', 'repair-journal.bin'],
  settings: ['timing.repair'],
  async run(context) {
    const { repairTiming, verifyTimingRepair } = await import('../../stages/timing-repair/index.ts');
    const { verifyBuffering, verifyPlacement } = await import('../../stages/placement/index.ts');
    const kit = readKitArtefact(context);
    const before = readChip(context, 'clocked.bin');
    const { floorplan } = before;
    if (!context.settings['timing.repair']) {
      context.writeArtefact('repaired.bin', packChip(before));
      context.writeArtefact('repair-journal.bin', pack([]));
      context.log({ code: 'REPAIR-011', severity: 'info', message: 'timing repair is switched off' });
      return;
    }
    const paddingSites = new Uint8Array(before.netlist.instMaster.length);
    paddingSites.set(unpack<Uint8Array>(context.readArtefact('padding.bin')));
    const constraints = readConstraints(context);
    const done = repairTiming(before.netlist, kit, floorplan, before.placement, constraints, {
      paddingSites,
      observe: (p) =>
        context.progress(
          { limits: 0.1, setup: 0.2, hold: 0.8 }[p.phase],
          `${p.phase}, round ${p.round + 1}: setup ${p.worstSetupPs.toFixed(0)} ps, hold ${p.worstHoldPs.toFixed(0)} ps, ${p.violations} over limits`,
        ),
    });
    const { netlist, placement, journal } = done;
    context.writeArtefact('repaired.bin', packChip({ netlist, floorplan, placement, routing: null }));
    context.writeArtefact('repair-journal.bin', pack(journal));
    const buffers = (why: string): number =>
      journal.filter((c: Change) => c.kind === 'buffer' && c.why === why).length;
    context.metric('repairResized', journal.filter((c) => c.kind === 'resize').length);
    context.metric('repairBuffers', buffers('limit') + buffers('setup'));
    context.metric('holdBuffers', buffers('hold'));
    context.metric('estimatedWnsPs', done.after.worstSetupPs, 'ps');
    context.metric('estimatedTnsPs', done.after.totalSetupPs, 'ps');
    context.metric('estimatedHoldWnsPs', done.after.worstHoldPs, 'ps');
    // Their sum is not kept; where none is missed, it is known.
    if (done.after.worstHoldPs >= 0) context.metric('estimatedHoldTnsPs', 0, 'ps');
    warnOfRest(context, done.after);
    context.proof({
      name: 'timing repair changes no function',
      judge: 'verifyBuffering and the journal replayed',
      result: judged(context, [
        ...verifyBuffering(before.netlist, netlist, kit),
        ...verifyTimingRepair(before.netlist, netlist, journal),
      ]),
      detail: `${journal.length} changes after ${done.analyses} analyses; every sink still sees its source`,
    });
    const legal = verifyPlacement(netlist, kit, floorplan, placement, { before: before.placement });
    context.proof({
      name: 'the repaired placement is legal',
      judge: 'verifyPlacement',
      result: judged(context, legal.problems),
      detail: `${legal.instances} cells`,
    });
  },
});

/** Of what is left on estimated wires; the timing step judges the routed ones. */
function warnOfRest(
  context: { log(d: { code: string; severity: 'warning'; message: string; remedy: string }): void },
  left: RepairState,
): void {
  const overLimit = left.slewViolations + left.loadViolations + left.fanoutViolations;
  const trouble = [
    left.worstSetupPs < 0 && `setup misses by ${(-left.worstSetupPs).toFixed(0)} ps`,
    left.worstHoldPs < 0 && `hold misses by ${(-left.worstHoldPs).toFixed(0)} ps`,
    overLimit > 0 && `${overLimit} pins or nets exceed a limit`,
  ].filter((text) => text !== false);
  if (trouble.length > 0)
    context.log({
      code: 'REPAIR-010',
      severity: 'warning',
      message: `after repair, on estimated wires: ${trouble.join('; ')}`,
      remedy: 'raise clock.periodPs or lower floorplan.utilization',
    });
}
