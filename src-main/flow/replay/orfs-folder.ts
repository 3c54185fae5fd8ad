/**
 * A run's results where users of OpenROAD-flow-scripts look for them: `results|reports|logs|objects/<platform>/<design>/<variant>/`.
 */
import { formatDiagnostic } from '../../base/diagnostic.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { ImportRecord } from '../foreign/index.ts';
import type { ChipState } from '../steps/chip-state.ts';
import { layerProperties } from '../../tools/klayout-layers.ts';
import type { OutFile, RunFiles } from './run-files.ts';

/** Artefact -> its name there. */
const RESULTS: readonly (readonly [string, string])[] = [
  ['synthesis.v', '1_synth.v'],
  ['netlist.v', '6_final.v'],
  ['chip.def', '6_final.def'],
  ['chip.gds', '6_final.gds'],
  ['chip.sdc', '6_final.sdc'],
  ['chip.spef', '6_final.spef'],
  ['chip.sdf', '6_final.sdf'],
];

/** Step -> name of its log; others go by their position and own name. */
const LOGS: Readonly<Record<string, string>> = {
  synthesise: '1_2_yosys',
  'synthesise-rtl': '1_2_yosys',
  netlist: '1_synth',
  floorplan: '2_1_floorplan',
  'floorplan-of-def': '2_1_floorplan',
  place: '3_3_place_gp',
  clock: '4_1_cts',
  repair: '4_2_repair',
  route: '5_2_route',
  fill: '5_3_fillcell',
  timing: '6_report',
  layout: '6_1_merge',
  check: '6_2_check',
};

export function orfsFiles(files: RunFiles, metrics: Readonly<Record<string, number>>): readonly OutFile[] {
  const kit = files.unpacked<Kit>('kit.bin');
  const design = files.unpacked<ChipState>('filled.bin').netlist.top;
  const record = files.has('import.json')
    ? (JSON.parse(files.text('import.json')) as Partial<ImportRecord>)
    : {};
  const below = `${kit.name}/${design}/${record.variant ?? 'base'}`;
  const reports: OutFile[] = [
    { path: `reports/${below}/metadata.json`, content: metadata(files, metrics, kit, design) },
    { path: `reports/${below}/6_finish.rpt`, content: finishReport(files) },
    ...(files.has('drc.lyrdb')
      ? [{ path: `reports/${below}/6_drc.lyrdb`, content: files.bytes('drc.lyrdb') }]
      : []),
    ...(record.keys ? [{ path: `reports/${below}/import.json`, content: files.text('import.json') }] : []),
  ];
  return [
    ...RESULTS.filter(([name]) => files.has(name)).map(([name, there]) => ({
      path: `results/${below}/${there}`,
      content: files.bytes(name),
    })),
    ...reports,
    ...logFiles(files, below),
    { path: `objects/${below}/klayout.lyp`, content: layerProperties(kit) },
  ];
}

function metadata(
  files: RunFiles,
  metrics: Readonly<Record<string, number>>,
  kit: Kit,
  design: string,
): string {
  const { id, toolVersions } = files.run;
  const named = Object.entries(metrics).filter(([name]) => name.includes('__'));
  const all = {
    run__flow__metrics_version: 'Metrics_2.1.2',
    run__flow__design: design,
    run__flow__platform: kit.name,
    run__flow__id: id,
    ...Object.fromEntries(
      Object.entries(toolVersions).map(([tool, version]) => [`run__flow__${tool}_version`, version]),
    ),
    ...Object.fromEntries(named),
  };
  return `${JSON.stringify(all, null, 2)}\n`;
}

function finishReport({ run }: RunFiles): string {
  const lines = [`run ${run.id}: ${run.status}`, ''];
  for (const step of run.steps) {
    lines.push(`${step.name}: ${step.status}, ${(step.wallS ?? 0).toFixed(2)} s`);
    for (const { name, value, unit } of step.metrics) lines.push(`  ${name} ${value} ${unit}`.trimEnd());
    for (const { name, judge, result, detail } of step.proofs)
      lines.push(`  ${result}: ${name} (${judge}): ${detail}`);
  }
  return `${lines.join('\n')}\n`;
}

function logFiles({ run }: RunFiles, below: string): OutFile[] {
  return run.steps.map((step, i) => {
    const name = LOGS[step.name] ?? `0_${i + 1}_${step.name}`;
    const [wallS, cpuS, peakMiB] = [step.wallS ?? 0, step.cpuS ?? 0, step.peakMiB ?? 0];
    const lines = [
      ...step.log.map(formatDiagnostic),
      `Elapsed time: ${wallS.toFixed(2)} s, CPU time: ${cpuS.toFixed(2)} s, peak memory: ${Math.round(peakMiB * 1024)} KB`,
    ];
    return { path: `logs/${below}/${name}.log`, content: `${lines.join('\n')}\n` };
  });
}
