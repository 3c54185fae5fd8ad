/**
 * What the run measured under the names of METRICS2.1 (stage__group__name) as OpenROAD's flow writes them, where
 * there is one; times in ns as there, lengths in um, areas in um2, runtime and CPU in s, memory in MiB.
 */
import { assert } from '../../base/diagnostic.ts';
import { defineStep, type RunFacts } from '../step.ts';
import { readChip, readKitArtefact } from './chip-state.ts';

/** Metric of a step -> name here, and what one unit of it is there. */
const NAMES: Readonly<Record<string, readonly (readonly [metric: string, name: string, scale?: number])[]>> =
  {
    netlist: [
      ['cellsMapped', 'synth__design__instance__count__stdcell'],
      ['cellAreaUm2', 'synth__design__instance__area__stdcell'],
      ['mappedWnsPs', 'synth__timing__setup__ws', 1e-3],
    ],
    place: [
      ['hpwlUm', 'detailedplace__route__wirelength__estimated'],
      ['utilization', 'detailedplace__design__instance__utilization'],
      ['buffersAdded', 'placeopt__design__instance__count__buffers_added'],
    ],
    'placement-of-def': [
      ['hpwlUm', 'detailedplace__route__wirelength__estimated'],
      ['utilization', 'detailedplace__design__instance__utilization'],
    ],
    clock: [['clockBuffers', 'cts__design__instance__count__clock_buffer']],
    repair: [
      ['repairBuffers', 'cts__design__instance__count__setup_buffer'],
      ['holdBuffers', 'cts__design__instance__count__hold_buffer'],
      ['estimatedWnsPs', 'cts__timing__setup__ws', 1e-3],
      ['estimatedHoldWnsPs', 'cts__timing__hold__ws', 1e-3],
    ],
    route: [
      ['wirelengthUm', 'detailedroute__route__wirelength'],
      ['wirelengthPerHpwl', 'detailedroute__route__wirelength__per_hpwl'],
      ['vias', 'detailedroute__route__vias'],
      ['viasPerPin', 'detailedroute__route__vias__per_pin'],
      ['antennaViolations', 'detailedroute__antenna__violating__nets'],
      ['antennaDiodes', 'detailedroute__antenna_diodes_count'],
    ],
    timing: [
      ['wnsPs', 'finish__timing__setup__ws', 1e-3],
      ['tnsPs', 'finish__timing__setup__tns', 1e-3],
      ['holdWnsPs', 'finish__timing__hold__ws', 1e-3],
      ['holdTnsPs', 'finish__timing__hold__tns', 1e-3],
      ['slewViolations', 'finish__timing__drv__max_slew'],
      ['loadViolations', 'finish__timing__drv__max_cap'],
      ['clockSkewPs', 'finish__clock__skew__setup', 1e-3],
      ['clockMhz', 'finish__timing__fmax', 1e6],
    ],
    check: [
      ['ruleViolations', 'finish__route__drc_errors'],
      ['opens', 'finish__route__opens'],
      ['klayoutViolations', 'finish__klayout__drc_error__count'],
    ],
  };

/** Step -> stage of METRICS2.1; others go by their own name. */
const STAGES: Readonly<Record<string, string>> = {
  netlist: 'synth',
  'floorplan-of-def': 'floorplan',
  'grid-of-def': 'floorplan',
  'placement-of-def': 'detailedplace',
  place: 'detailedplace',
  clock: 'cts',
  repair: 'repair',
  route: 'detailedroute',
  timing: 'finish',
};

/** Kinds of masters that no netlist has before the floorplan. */
const PHYSICAL: ReadonlySet<string> = new Set(['filler', 'tap']);

export const metricsStep = defineStep({
  name: 'metrics',
  title: 'Write the metrics',
  version: 1,
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
      ...measured(context.run),
    };
    context.writeArtefact('metrics.json', JSON.stringify(metrics, null, 2) + '\n');
    return Promise.resolve();
  },
});

function measured(run: RunFacts): Record<string, number> {
  const found: Record<string, number> = {};
  for (const step of run.steps) {
    for (const [metric, name, scale = 1] of NAMES[step.name] ?? []) {
      const value = step.metrics.find((m) => m.name === metric)?.value;
      if (value !== undefined) found[name] = scale === 1 ? value : value * scale;
    }
    const stage = STAGES[step.name] ?? step.name;
    found[`${stage}__runtime__total`] = step.wallS;
    found[`${stage}__cpu__total`] = step.cpuS;
    found[`${stage}__mem__peak`] = step.peakMiB;
    found[`${stage}__flow__warnings__count`] = step.log.filter((d) => d.severity === 'warning').length;
  }
  return found;
}
