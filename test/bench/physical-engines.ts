/** OpenROAD's columns of the physical bench: the same netlist, die and clock by both engines and by both mixes. */
import type { RunDetail } from '../../src-main/flow/index.ts';
import type { Measured } from './physical-baseline.ts';
import { printTable, short, type Row } from './table.ts';

export interface EngineChoice {
  readonly label: string;
  readonly settings: Readonly<Record<string, string>>;
}

const by = (label: string, place: string, route: string): EngineChoice => ({
  label,
  settings: { 'place.engine': place, 'route.engine': route },
});

export const INGOT = by('ingot', 'ingot', 'ingot');
export const OPENROAD = by('openroad', 'openroad', 'openroad');
export const MIXED: readonly EngineChoice[] = [
  by('ingot+openroad', 'ingot', 'openroad'),
  by('openroad+ingot', 'openroad', 'ingot'),
];

/** A design by one choice of engines. */
export interface EngineRun {
  readonly design: string;
  readonly engine: string;
  readonly measured: Measured;
  readonly detail: RunDetail;
}

/** Work that both engines do -> steps that do it. */
const WORK: readonly (readonly [work: string, steps: readonly string[]])[] = [
  [
    'floorplan, ports, taps, power grid',
    [
      'floorplan',
      'openroad-size',
      'openroad-floorplan',
      'openroad-pins',
      'openroad-macros',
      'openroad-taps',
      'openroad-power-grid',
    ],
  ],
  ['placement', ['place', 'openroad-place', 'openroad-repair-design', 'openroad-legalize']],
  ['clock tree', ['clock', 'openroad-clock']],
  ['timing repair', ['repair', 'openroad-repair-timing']],
  ['global routing, antennas', ['openroad-global-route', 'openroad-antennas']],
  ['routing', ['route', 'openroad-detailed-route']],
  ['fill', ['fill', 'openroad-fill']],
  ['hand-over', ['openroad-kit', 'openroad-load', 'placement-of-openroad', 'routing-of-openroad']],
  ['sign-off by OpenROAD', ['openroad-extraction', 'openroad-ir-drop', 'openroad-report']],
  ['timing, GDS, checks', ['timing', 'layout', 'check']],
];

const show = (value: number | null | undefined, scale = 1): string =>
  value === null || value === undefined ? '-' : short(value * scale);

/** The last value of a metric in a run, by the step's name if given. */
export function metricOf(detail: RunDetail, name: string, step?: string): number | null {
  const steps = detail.steps.filter((s) => step === undefined || s.name === step);
  return steps.flatMap((s) => s.metrics).findLast((m) => m.name === name)?.value ?? null;
}

export function printEngines(runs: readonly EngineRun[]): void {
  const rows = runs.map(({ design, engine, measured: m, detail }): Row => [
    design,
    engine,
    m.status,
    m.cells ?? '-',
    show(metricOf(detail, 'dieWidthUm')),
    show(m.hpwlUm, 1e-3),
    show(m.wirelengthUm, 1e-3),
    m.vias ?? '-',
    `${metricOf(detail, 'openroadDrvs') ?? '-'} / ${m.drvs ?? '-'} / ${m.klayoutDrvs ?? '-'}`,
    `${show(m.wnsPs)} / ${show(m.tnsPs)}`,
    `${show(metricOf(detail, 'openroadWnsPs', 'openroad-extraction'))} / ${show(metricOf(detail, 'openroadTnsPs', 'openroad-extraction'))}`,
    show(m.holdWnsPs),
    show(m.skewPs),
    show(m.wallS),
    show(m.cpuS),
    show(m.peakMiB),
  ]);
  printTable(
    'Both engines: same netlist, die, clock, checks and machine',
    [
      'design',
      'engine (place+route)',
      'status',
      'cells',
      'die um',
      'HPWL mm',
      'routed mm',
      'vias',
      'DRVs: TritonRoute / ours / KLayout',
      'WNS / TNS ps, ours',
      'WNS / TNS ps, OpenROAD',
      'hold WNS ps',
      'skew ps',
      'wall s',
      'CPU s',
      'peak MiB',
    ],
    rows,
  );
  for (const design of new Set(runs.map((r) => r.design))) {
    const own = runs.filter((r) => r.design === design);
    const cell = (run: EngineRun, steps: readonly string[]): string => {
      const found = run.detail.steps.filter((s) => steps.includes(s.name));
      if (found.length === 0) return '-';
      const sum = (key: 'wallS' | 'cpuS'): number => found.reduce((t, s) => t + (s[key] ?? 0), 0);
      return `${short(sum('wallS'))} / ${short(sum('cpuS'))} / ${show(Math.max(...found.map((s) => s.peakMiB ?? 0)))}`;
    };
    printTable(
      `${design}: time per step, wall s / CPU s / peak MiB`,
      ['step', ...own.map((r) => r.engine)],
      WORK.map(([work, steps]) => [work, ...own.map((run) => cell(run, steps))]),
    );
  }
}
