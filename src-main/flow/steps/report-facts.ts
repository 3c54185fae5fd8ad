/** Gathers what the report shows from the run's artefacts and from what the engine recorded. */
import { unpack } from '../../base/pack.ts';
import type { Program } from '../../stages/compiler/index.ts';
import type { Kit, Master } from '../../stages/kit/index.ts';
import type { ImportedModel } from '../../stages/model/index.ts';
import type { PowerReport } from '../../stages/power/index.ts';
import type { LayerFact, PathFact, ReportData } from '../../stages/report/index.ts';
import type { RouteStats } from '../../stages/routing/index.ts';
import type { Simulation } from '../../stages/simulator/index.ts';
import type { TimingPath, TimingReport } from '../../stages/timing/index.ts';
import type { RunFacts, StepContext } from '../step.ts';
import { readChip, type ChipState } from './chip-state.ts';
import { shapeOf } from './chip-settings.ts';

export const REPORT_INPUTS = [
  'model.bin',
  'program.bin',
  'simulation.bin',
  'kit.bin',
  'filled.bin',
  'route-stats.bin',
  'timing.bin',
  'power.bin',
  'check.json',
] as const;

const parametersOf = (tensors: readonly { readonly data?: { readonly length: number } }[]): number =>
  tensors.reduce((sum, t) => sum + (t.data?.length ?? 0), 0);

const PHYSICAL = new Set(['filler', 'tap']);

export function reportFacts(context: Pick<StepContext, 'readArtefact'>, run: RunFacts, kit: Kit): ReportData {
  const read = <T>(name: (typeof REPORT_INPUTS)[number]): T => unpack<T>(context.readArtefact(name));
  const { model } = read<ImportedModel>('model.bin');
  const program = read<Program>('program.bin');
  const simulation = read<Simulation>('simulation.bin');
  const stats = read<RouteStats>('route-stats.bin');
  const timing = read<TimingReport>('timing.bin');
  const power = read<PowerReport>('power.bin');
  const chip = readChip(context, 'filled.bin');
  const { die } = chip.floorplan;
  const um = kit.tech.dbuPerUm;
  const metric = (name: string): number | null =>
    run.steps.flatMap((s) => s.metrics).findLast((m) => m.name === name)?.value ?? null;
  const cycles = simulation.cycles[0]!;
  const area = areaFacts(chip, kit);
  const cycleNs = run.settings['clock.periodPs'] / 1000;
  return {
    project: run.projectName,
    model: {
      name: program.name,
      macs: program.layers.reduce((sum, l) => sum + l.macs, 0),
      parameters: parametersOf(model.tensors),
    },
    chip: {
      shape: shapeOf(program.chip),
      lanes: program.chip.lanes,
      baked: program.chip.bake,
      kit: kit.name,
    },
    cycles,
    clockMhz: timing.clockMhz,
    latencyUs: cycles / timing.clockMhz,
    accuracy: metric('accuracy'),
    accuracyFloat: metric('accuracyFloat'),
    testImages: metric('samples') ?? 0,
    layers: layerFacts(program, simulation),
    ...area,
    dieUm: { width: (die.x2 - die.x1) / um, height: (die.y2 - die.y1) / um },
    utilization: metric('utilization') ?? 0,
    wirelengthUm: stats.wirelengthUm,
    vias: stats.vias,
    wirelengthByLayerUm: kit.tech.layers
      .map((l, i) => ({ layer: l.name, lengthUm: stats.wirelengthByLayerUm[i] ?? 0 }))
      .filter((l) => l.lengthUm > 0),
    clockPeriodPs: timing.periodPs,
    wnsPs: timing.setup.worstSlackPs,
    tnsPs: timing.setup.tnsPs,
    holdWnsPs: timing.hold.worstSlackPs,
    holdTnsPs: timing.hold.tnsPs,
    clockSkewPs: timing.clock.skewPs,
    worstPaths: timing.setupPaths.map(pathFact),
    slackHistogram: Array.from(timing.setupHistogram.counts, (endpoints, i) => ({
      fromPs: timing.setupHistogram.firstPs + i * timing.setupHistogram.stepPs,
      toPs: timing.setupHistogram.firstPs + (i + 1) * timing.setupHistogram.stepPs,
      endpoints,
    })),
    powerMw: power.totalMw,
    powerGroups: power.groups.map((g) => ({
      group: g.name,
      internalMw: g.internalMw,
      switchingMw: g.switchingMw,
      leakageMw: g.leakageMw,
    })),
    // mW * ns = pJ
    energyPerInferenceNj: (power.totalMw * cycles * cycleNs) / 1000,
    steps: run.steps.map(({ name, status, wallS, cpuS, peakMiB }) => ({
      name,
      status,
      wallS,
      cpuS,
      peakMiB,
    })),
    proof: run.steps.flatMap((s) => s.proofs),
    caveats: [
      'NanGate45 is a predictive library that cannot be manufactured; one corner, typical, 1.1 V, 25 °C.',
      'Wire capacitance is modelled: a table per layer, split into ground and coupling by the spacing of neighbours (Sakurai and Tamaru), without a field solver and without crosstalk delay.',
      `Power is that of the whole chip at the set clock period of ${timing.periodPs} ps; the figure for energy uses the same period.`,
      ...power.modelled,
      ...(stats.antennaViolations > 0
        ? [
            `${stats.antennaViolations} nets exceed the antenna ratio (metal to gate area of one layer); neither a hop nor a diode helped; they are listed in the log.`,
          ]
        : []),
    ],
    settings: run.settings,
    tools: Object.entries(run.toolVersions).map(([name, version]) => ({ name, version })),
  };
}

function layerFacts(program: Program, simulation: Simulation): LayerFact[] {
  return program.layers.map((layer, i) => ({
    name: layer.name,
    kind: layer.kind,
    macs: layer.macs,
    cycles: simulation.layers[i]!.cycles,
    utilization: simulation.layers[i]!.utilisation,
  }));
}

function kindOf(master: Master): string {
  if (master.kind !== 'core') return master.kind;
  if (master.sequential) return master.sequential.kind === 'flop' ? 'flip-flop' : master.sequential.kind;
  return /^(BUF|CLKBUF)/.test(master.name) ? 'buffer' : 'logic';
}

function areaFacts(
  chip: ChipState,
  kit: Kit,
): Pick<ReportData, 'cells' | 'physicalCells' | 'areaUm2' | 'cellKinds'> {
  const kinds = new Map<string, { count: number; areaUm2: number }>();
  for (const m of chip.netlist.instMaster) {
    const master = kit.masters[m]!;
    const kind = kindOf(master);
    const entry = kinds.get(kind) ?? { count: 0, areaUm2: 0 };
    kinds.set(kind, entry);
    entry.count++;
    entry.areaUm2 += master.areaUm2;
  }
  const rows = [...kinds].map(([kind, entry]) => ({ kind, ...entry })).sort((a, b) => b.areaUm2 - a.areaUm2);
  const sum = (physical: boolean, key: 'count' | 'areaUm2'): number =>
    rows.filter((r) => PHYSICAL.has(r.kind) === physical).reduce((s, r) => s + r[key], 0);
  return {
    cells: sum(false, 'count'),
    physicalCells: sum(true, 'count'),
    areaUm2: sum(false, 'areaUm2'),
    cellKinds: rows,
  };
}

function pathFact(path: TimingPath): PathFact {
  return {
    // The register that launches the path; a path from an input port has none.
    startpoint: (path.stages.find((s) => s.fromPin === 'CK') ?? path.stages[0])?.name ?? '',
    endpoint: path.endpoint,
    slackPs: path.slackPs,
    stages: path.stages.map((s) => {
      const cut = s.name.lastIndexOf('/');
      return {
        instance: cut < 0 ? s.name : s.name.slice(0, cut),
        pin: cut < 0 ? '' : s.name.slice(cut + 1),
        cell: s.master ?? s.kind,
        edge: s.edge,
        delayPs: s.delayPs,
        arrivalPs: s.arrivalPs,
        slewPs: s.slewPs,
        loadFf: s.loadFf,
      };
    }),
  };
}
