/** What the run measured, under the names of METRICS2.1 (metric-names.ts). */
import { assert } from '../../base/diagnostic.ts';
import { measured } from '../metric-names.ts';
import { defineStep } from '../step.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

/** Kinds of masters that no netlist has before the floorplan. */
const PHYSICAL: ReadonlySet<string> = new Set(['filler', 'tap']);

export const metricsStep = defineStep({
  name: 'metrics',
  title: 'Write the metrics',
  version: 3,
  inputs: ['kit.bin', 'filled.bin'],
  outputs: ['metrics.json'],
  exports: ['metrics.json'],
  settings: [],
  readsRun: true,
  run(context) {
    assert(context.run, 'the metrics read the run');
    const kit = readKitArtefact(context);
    const { netlist, floorplan } = readChip(context, 'filled.bin');
    const um = kit.tech.dbuPerUm;
    const area = (r: { x1: number; y1: number; x2: number; y2: number }): number =>
      ((r.x2 - r.x1) * (r.y2 - r.y1)) / um ** 2;
    const logic = netlist.instMaster.filter((m) => !PHYSICAL.has(kit.masters[m]!.kind));
    const cells = logic.length;
    const areaUm2 = logic.reduce((sum, m) => sum + kit.masters[m]!.areaUm2, 0);
    context.metric('cells', cells);
    const metrics = {
      run__flow__metrics_version: 'Metrics_2.1.2',
      run__flow__design: netlist.top,
      run__flow__platform: kit.name,
      finish__design__io: netlist.ports.length,
      finish__design__nets: netlist.netNames.length,
      finish__design__rows: floorplan.rows.length,
      finish__design__die__area: area(floorplan.die),
      finish__design__core__area: area(floorplan.core),
      finish__design__instance__count__stdcell: cells,
      finish__design__instance__area__stdcell: areaUm2,
      finish__design__instance__area: areaUm2,
      finish__design__instance__utilization: areaUm2 / area(floorplan.core),
      ...measured(context.run.steps),
    };
    context.writeArtefact('metrics.json', JSON.stringify(metrics, null, 2) + '\n');
    return Promise.resolve();
  },
});
