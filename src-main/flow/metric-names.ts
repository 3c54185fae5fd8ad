/**
 * What the steps of a run measured under the names of METRICS2.1 (stage__group__name) as OpenROAD's flow writes them,
 * where there is one; times in ns as there, lengths in um, areas in um2, power in W, runtime and CPU in s, memory in MiB.
 */
import type { StepFacts } from './step.ts';

/** Metric of a step -> name here, and what one unit of it is there. */
type Names = readonly (readonly [metric: string, name: string, scale?: number])[];

const MAPPED: Names = [
  ['cellsMapped', 'synth__design__instance__count__stdcell'],
  ['cellAreaUm2', 'synth__design__instance__area__stdcell'],
  ['mappedWnsPs', 'synth__timing__setup__ws', 1e-3],
];

/** Of OpenROAD's steps; its own timing beside ours, which has the stage's plain names. */
const OPENROAD: Readonly<Record<string, Names>> = {
  'placement-of-openroad': [
    ['hpwlUm', 'detailedplace__route__wirelength__estimated'],
    ['utilization', 'detailedplace__design__instance__utilization'],
  ],
  'openroad-repair-timing': [
    ['openroadWnsPs', 'cts__timing__setup__ws', 1e-3],
    ['openroadHoldWnsPs', 'cts__timing__hold__ws', 1e-3],
  ],
  'openroad-detailed-route': [['openroadDrvs', 'detailedroute__openroad__route__drc_errors']],
  'routing-of-openroad': [
    ['wirelengthUm', 'detailedroute__route__wirelength'],
    ['wirelengthPerHpwl', 'detailedroute__route__wirelength__per_hpwl'],
    ['vias', 'detailedroute__route__vias'],
    ['viasPerPin', 'detailedroute__route__vias__per_pin'],
    ['antennaDiodes', 'detailedroute__antenna_diodes_count'],
    ['antennaDiodes', 'globalroute__antenna_diodes_count'],
  ],
  'openroad-extraction': [
    ['openroadWnsPs', 'finish__openroad__timing__setup__ws', 1e-3],
    ['openroadTnsPs', 'finish__openroad__timing__setup__tns', 1e-3],
    ['openroadHoldWnsPs', 'finish__openroad__timing__hold__ws', 1e-3],
    ['openroadHoldTnsPs', 'finish__openroad__timing__hold__tns', 1e-3],
    ['openroadSkewPs', 'finish__openroad__clock__skew__setup', 1e-3],
  ],
};

const NAMES: Readonly<Record<string, Names>> = {
  ...OPENROAD,
  netlist: MAPPED,
  synthesise: MAPPED,
  'synthesise-rtl': MAPPED,
  place: [
    ['hpwlUm', 'detailedplace__route__wirelength__estimated'],
    ['utilization', 'detailedplace__design__instance__utilization'],
    ['buffersAdded', 'placeopt__design__instance__count__buffers_added'],
    ['placedAreaUm2', 'placeopt__design__instance__area'],
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
    ['estimatedTnsPs', 'cts__timing__setup__tns', 1e-3],
    ['estimatedHoldWnsPs', 'cts__timing__hold__ws', 1e-3],
    ['estimatedHoldTnsPs', 'cts__timing__hold__tns', 1e-3],
  ],
  route: [
    ['wirelengthUm', 'detailedroute__route__wirelength'],
    ['wirelengthPerHpwl', 'detailedroute__route__wirelength__per_hpwl'],
    ['vias', 'detailedroute__route__vias'],
    ['viasPerPin', 'detailedroute__route__vias__per_pin'],
    ['antennaViolations', 'detailedroute__antenna__violating__nets'],
    ['antennaDiodes', 'detailedroute__antenna_diodes_count'],
    // One step routes; diodes count where ORFS's gates look for them, too.
    ['antennaDiodes', 'globalroute__antenna_diodes_count'],
  ],
  timing: [
    ['wnsPs', 'finish__timing__setup__ws', 1e-3],
    ['tnsPs', 'finish__timing__setup__tns', 1e-3],
    ['holdWnsPs', 'finish__timing__hold__ws', 1e-3],
    ['holdTnsPs', 'finish__timing__hold__tns', 1e-3],
    ['clocks', 'constraints__clocks__count'],
    ['setupViolations', 'finish__timing__drv__setup_violation_count'],
    ['holdViolations', 'finish__timing__drv__hold_violation_count'],
    ['slewViolations', 'finish__timing__drv__max_slew'],
    ['loadViolations', 'finish__timing__drv__max_cap'],
    ['clockSkewPs', 'finish__clock__skew__setup', 1e-3],
    ['clockMhz', 'finish__timing__fmax', 1e6],
  ],
  check: [
    ['ruleViolations', 'finish__route__drc_errors'],
    ['ruleViolations', 'detailedroute__route__drc_errors'],
    ['opens', 'finish__route__opens'],
    ['klayoutViolations', 'finish__klayout__drc_error__count'],
  ],
  power: [
    ['powerMw', 'finish__power__total', 1e-3],
    ['irDropMv', 'finish__design_powergrid__drop__worst', 1e-3],
  ],
  report: [
    ['cells', 'finish__design__instance__count__stdcell'],
    ['areaUm2', 'finish__design__instance__area__stdcell'],
    ['areaUm2', 'finish__design__instance__area'],
  ],
};

/** Step -> stage of METRICS2.1; others go by their own name. */
const STAGES: Readonly<Record<string, string>> = {
  netlist: 'synth',
  synthesise: 'synth',
  'synthesise-rtl': 'synth',
  'floorplan-of-def': 'floorplan',
  'grid-of-def': 'floorplan',
  'placement-of-def': 'detailedplace',
  place: 'detailedplace',
  clock: 'cts',
  repair: 'repair',
  route: 'detailedroute',
  timing: 'finish',
  'openroad-floorplan': 'floorplan',
  'openroad-place': 'globalplace',
  'openroad-legalize': 'detailedplace',
  'openroad-clock': 'cts',
  'openroad-global-route': 'globalroute',
  'openroad-detailed-route': 'detailedroute',
};

const GLOBAL_ROUTE = 'timing is analysed before and after routing, not between its global and detailed part';
const OPENROADS_OWN = "a hash of OpenROAD's own form of the netlist";

/** Names that rules-base.json of ORFS holds and nothing here measures, and why. */
export const NOT_MEASURED: Readonly<Record<string, string>> = {
  synth__netlist__hash: OPENROADS_OWN,
  synth__canonical_netlist__hash: OPENROADS_OWN,
  globalroute__timing__setup__ws: GLOBAL_ROUTE,
  globalroute__timing__setup__tns: GLOBAL_ROUTE,
  globalroute__timing__hold__ws: GLOBAL_ROUTE,
  globalroute__timing__hold__tns: GLOBAL_ROUTE,
  cts__timing__hold__tns: 'hold slacks after the clock tree are summed up only where none is negative',
  finish__timing__wns_percent_delay: 'slack is not set against the delay of its path',
};

type Measured = Pick<StepFacts, 'name' | 'metrics' | 'proofs' | 'log'> & {
  /** Null until the step ends. */
  readonly wallS: number | null;
  readonly cpuS: number | null;
  readonly peakMiB: number | null;
};

/** Of a failed or unfinished step what it measured until then. */
export function measured(steps: readonly Measured[]): Record<string, number> {
  const found: Record<string, number> = {};
  const metric = (step: Measured, name: string): number | undefined =>
    step.metrics.find((m) => m.name === name)?.value;
  let mapped: number | undefined;
  for (const step of steps) {
    for (const [name, there, scale = 1] of NAMES[step.name] ?? []) {
      const value = metric(step, name);
      if (value !== undefined) found[there] = scale === 1 ? value : value * scale;
    }
    mapped = metric(step, 'cellsMapped') ?? mapped;
    const legal = step.proofs.filter((p) => p.name === 'the placement is legal');
    if (STAGES[step.name] === 'detailedplace' && legal.length > 0)
      found.detailedplace__design__violations = legal.filter((p) => p.result !== 'pass').length;
    const buffers = metric(step, 'buffersAdded');
    if (mapped !== undefined && buffers !== undefined)
      found.placeopt__design__instance__count__stdcell = mapped + buffers;
    const stage = STAGES[step.name] ?? step.name;
    if (step.wallS !== null) found[`${stage}__runtime__total`] = step.wallS;
    if (step.cpuS !== null) found[`${stage}__cpu__total`] = step.cpuS;
    if (step.peakMiB !== null) found[`${stage}__mem__peak`] = step.peakMiB;
    const of = (severity: string): number => step.log.filter((d) => d.severity === severity).length;
    found[`${stage}__flow__warnings__count`] = of('warning');
    found[`${stage}__flow__errors__count`] = of('error');
  }
  return found;
}
