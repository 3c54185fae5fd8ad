import { pack, unpack } from '../../base/pack.ts';
import type { Parasitics } from '../../stages/extraction/index.ts';
import type { TimingReport } from '../../stages/timing/index.ts';
import { defineStep } from '../step.ts';
import { judged, readChip, readKitArtefact } from './chip-state.ts';
import { compareReplay, type Stimulus } from './stimulus.ts';

/** Part of the supply that may be lost without a warning. */
const IR_SHARE_MAX = 0.05;

export const powerStep = defineStep({
  name: 'power',
  title: 'Replay the gates, estimate power',
  version: 2,
  inputs: ['kit.bin', 'filled.bin', 'stimulus.bin', 'parasitics.bin', 'timing.bin'],
  outputs: ['power.bin', 'ir-drop.bin'],
  settings: ['clock.periodPs'],
  async run(context) {
    const { OUTPUT_LOAD_FF, replayInference } = await import('../../stages/netlist/index.ts');
    const { analyzeIrDrop, analyzePower, verifyIrDrop, verifyPower } =
      await import('../../stages/power/index.ts');
    const kit = readKitArtefact(context);
    const { netlist, floorplan, placement } = readChip(context, 'filled.bin');
    const stimulus = unpack<Stimulus>(context.readArtefact('stimulus.bin'));
    const parasitics = unpack<Parasitics>(context.readArtefact('parasitics.bin'));
    const timing = unpack<TimingReport>(context.readArtefact('timing.bin'));
    const expected = Math.max(...stimulus.cycles);
    const replay = replayInference(netlist, kit, stimulus.inputs, {
      maxCycles: 4 * expected + 1000,
      onProgress: (cycles) => {
        context.progress(
          Math.min(0.9, (0.9 * cycles) / expected),
          `${cycles} cycles of ${stimulus.inputs.length} inferences`,
        );
        return !context.signal.aborted;
      },
    });
    const { isSame, detail } = compareReplay(stimulus, replay, stimulus.inputs.length);
    context.proof({
      name: 'the routed gates compute what the simulator promised',
      judge: 'gate-level replay of whole inferences',
      result: isSame ? 'pass' : 'fail',
      detail,
    });
    const samples = replay.cyclesSimulated * stimulus.inputs.length;
    const input = {
      togglesPerCycle: replay.toggles.map((t) => t / samples),
      probabilityOne: replay.probabilities,
      clockPeriodPs: context.settings['clock.periodPs'],
      pinSlewPs: timing.pinSlewPs,
      outputLoadFf: OUTPUT_LOAD_FF,
    };
    const report = analyzePower(netlist, kit, parasitics, input);
    context.writeArtefact('power.bin', pack(report));
    context.metric('powerMw', report.totalMw, 'mW');
    context.proof({
      name: 'power adds up',
      judge: 'verifyPower, recomputed from the tables',
      result: judged(context, verifyPower(netlist, kit, parasitics, input, report)),
      detail: `${netlist.instNames.length} instances, toggles of ${stimulus.inputs.length} inferences, ${replay.cyclesSimulated} cycles`,
    });
    const drop = analyzeIrDrop(netlist, kit, floorplan, placement, report);
    context.writeArtefact('ir-drop.bin', pack(drop));
    context.metric('irDropMv', drop.worstMv, 'mV');
    if (drop.worstMv > IR_SHARE_MAX * 1000 * kit.voltageV)
      context.log({
        code: 'POWER-020',
        severity: 'warning',
        message: `the supply drops by ${drop.worstMv.toFixed(0)} mV; timing is analysed at ${kit.voltageV} V`,
        place: netlist.instNames[drop.worstInst]!,
        remedy: 'lower floorplan.utilization or raise clock.periodPs',
      });
    context.proof({
      name: 'supply currents add up',
      judge: "verifyIrDrop: Kirchhoff's law at every node",
      result: judged(context, verifyIrDrop(drop, report)),
      detail: `${drop.supply.mesh.isPad.length + drop.ground.mesh.isPad.length} nodes, worst drop ${drop.worstMv.toFixed(2)} mV, residuals ${drop.supply.residual.toExponential(1)} and ${drop.ground.residual.toExponential(1)}; pads modelled`,
    });
  },
});
