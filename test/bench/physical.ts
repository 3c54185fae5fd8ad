/**
 * `npm run bench:physical [-- --cells small|10k|15k|30k|45k|118k|all ... | NAME ... | FILE.v ...] [--sdc F] [--utilization U]
 * [--seed S] [--threads N] [--update] [--mixed] [--alone] [--resume]`: netlists through `ingot pnr`'s flow, what came of it
 * as tables, compared with physical-baseline.json (quality with a small margin, time and memory with a large one). Leaves
 * with 1 if one falls short. With OpenROAD on the PATH the same goes through it, for a table of both (not with --alone);
 * with --mixed also placed by one and routed by the other. --resume goes on with projects of an earlier bench.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createProject,
  importFiles,
  openProject,
  pnrFlow,
  readArtefact,
  readRunDetail,
  runFlow,
  type RunDetail,
} from '../../src-main/flow/index.ts';
import { formatDiagnostic } from '../../src-main/base/diagnostic.ts';
import { findProgram } from '../../src-main/tools/find-program.ts';
import { exampleFolder } from '../../src-main/tools/own-files.ts';
import { synthesize } from '../../src-main/tools/synthesize.ts';
import { kitText, nangate45 } from '../support/kit.ts';
import { gcdRtl } from '../openroad/gcd.ts';
import { controlRtl, systolicRtl, type Rtl } from '../support/physical-designs.ts';
import { compareWith, type Measured, type Baseline } from './physical-baseline.ts';
import { meshVerilog } from './mesh.ts';
import {
  INGOT,
  MIXED,
  OPENROAD,
  printEngines,
  type EngineChoice,
  type EngineRun,
} from './physical-engines.ts';
import { printTable, short, type Row } from './table.ts';

interface Design {
  readonly name: string;
  readonly group: string;
  readonly utilization: number;
  readonly periodPs: number;
  /** Mapped Verilog. */
  netlist(): Promise<string>;
}

const FOLDER = join(tmpdir(), 'ingot-bench-physical');
const BASELINE = join(import.meta.dirname, 'physical-baseline.json');

const mapped = (rtl: () => Rtl, flatten: boolean) => async (): Promise<string> => {
  const design = rtl();
  const key = createHash('sha256')
    .update(JSON.stringify([design, flatten]))
    .digest('hex')
    .slice(0, 16);
  const path = join(FOLDER, `${key}.v`);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const kit = nangate45();
  const { verilog } = await synthesize({
    design,
    kit,
    liberty: kitText('liberty'),
    clockPeriodPs: 4000,
    flatten,
    tool: 'auto',
  });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path, verilog);
  return verilog;
};

const systolic = (side: number, group: string): Design => ({
  name: `systolic${side}`,
  group,
  utilization: 0.6,
  periodPs: 4000,
  netlist: mapped(() => systolicRtl(side), false),
});

const control = (name: string, utilization: number): Design => ({
  name,
  group: '10k',
  utilization,
  periodPs: 6000,
  netlist: mapped(controlRtl, true),
});

const DESIGNS: readonly Design[] = [
  {
    name: 'mesh4',
    group: 'small',
    utilization: 0.5,
    periodPs: 2000,
    netlist: () => Promise.resolve(meshVerilog(4)),
  },
  {
    name: 'gcd',
    group: 'small',
    utilization: 0.5,
    periodPs: 1000,
    netlist: mapped(gcdRtl, true),
  },
  systolic(2, 'small'),
  { name: 'demo', group: 'small', utilization: 0.45, periodPs: 4000, netlist: demoNetlist },
  systolic(4, '10k'),
  control('control', 0.6),
  control('control-dense', 0.7),
  systolic(6, '15k'),
  systolic(8, '30k'),
  systolic(10, '45k'),
  systolic(16, '118k'),
];

/** The digits example as Yosys maps it in the product's flow. */
async function demoNetlist(): Promise<string> {
  const dir = join(FOLDER, 'demo');
  rmSync(dir, { recursive: true, force: true });
  const project = createProject(dir, { from: exampleFolder('digits') });
  try {
    const { error } = await runFlow(project, { to: 'synthesise' });
    if (error) throw new Error(formatDiagnostic(error));
    const found = readRunDetail(project)
      .steps.flatMap((s) => s.artefacts)
      .find((a) => a.name === 'synthesis.v')!;
    return new TextDecoder().decode(readArtefact(dir, found.name, found.digest));
  } finally {
    project.close();
  }
}

const sdcOf = (periodPs: number): string => `create_clock -name clk -period ${periodPs / 1000} [get_ports clk]
set_input_delay ${periodPs / 5000} -clock clk [all_inputs -no_clocks]
set_output_delay ${periodPs / 5000} -clock clk [all_outputs]
set_input_transition 0.02 [all_inputs]
set_load 3 [all_outputs]
`;

interface Options {
  readonly sdc: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly isResumed: boolean;
}

/** Runs a design from its netlist in a new project, or in that of an earlier bench. */
async function run(design: Design, options: Options, engine: EngineChoice): Promise<RunDetail> {
  const dir = join(FOLDER, engine === INGOT ? design.name : `${design.name}-${engine.label}`);
  if (!options.isResumed) rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const [netlist, constraints] = [join(dir, 'netlist.v'), join(dir, 'constraints.sdc')];
  writeFileSync(netlist, await design.netlist());
  writeFileSync(constraints, options.sdc ?? sdcOf(design.periodPs));
  const folder = join(dir, 'project');
  const project = existsSync(folder) ? openProject(folder) : createProject(folder, { name: design.name });
  try {
    importFiles(project, [
      { role: 'netlist', path: netlist },
      { role: 'constraints', path: constraints },
    ]);
    const settings = {
      'floorplan.utilization': String(design.utilization),
      ...options.settings,
      ...engine.settings,
    };
    const result = await runFlow(project, { flow: { steps: pnrFlow('size') }, settings });
    if (result.error) console.log(`${design.name}: ${formatDiagnostic(result.error)}`);
    return readRunDetail(project);
  } finally {
    project.close();
  }
}

function measure(design: Design, detail: RunDetail): Measured {
  const all = detail.steps.flatMap((s) => s.metrics);
  const of = (name: string): number | null => all.find((m) => m.name === name)?.value ?? null;
  const sum = (key: 'cpuS' | 'wallS'): number => detail.steps.reduce((s, step) => s + (step[key] ?? 0), 0);
  return {
    status: detail.status,
    periodPs: design.periodPs,
    cells: of('cells') ?? of('cellsMapped'),
    hpwlUm: of('hpwlUm'),
    wirelengthUm: of('wirelengthUm'),
    vias: of('vias'),
    viasPerPin: of('viasPerPin'),
    drvs: of('ruleViolations'),
    klayoutDrvs: of('klayoutViolations'),
    wnsPs: of('wnsPs'),
    tnsPs: of('tnsPs'),
    holdWnsPs: of('holdWnsPs'),
    skewPs: of('clockSkewPs'),
    wallS: sum('wallS'),
    cpuS: sum('cpuS'),
    peakMiB: Math.max(...detail.steps.map((s) => s.peakMiB ?? 0)),
  };
}

const show = (value: number | null, scale = 1): string => (value === null ? '-' : short(value * scale));

const rowOf = (name: string, m: Measured): Row => [
  name,
  m.status,
  m.cells ?? '-',
  show(m.hpwlUm, 1e-3),
  show(m.wirelengthUm, 1e-3),
  m.wirelengthUm === null || m.hpwlUm === null ? '-' : short(m.wirelengthUm / m.hpwlUm),
  m.vias ?? '-',
  show(m.viasPerPin),
  `${m.drvs ?? '-'}/${m.klayoutDrvs ?? '-'}`,
  show(m.wnsPs),
  show(m.tnsPs),
  show(m.holdWnsPs),
  show(m.skewPs),
  show(m.wallS),
  show(m.cpuS),
  show(m.peakMiB),
];
const HEAD: Row = [
  'design',
  'status',
  'cells',
  'HPWL mm',
  'routed mm',
  'routed/HPWL',
  'vias',
  'vias/pin',
  'DRVs own/KLayout',
  'WNS ps',
  'TNS ps',
  'hold WNS ps',
  'skew ps',
  'wall s',
  'CPU s',
  'peak MiB',
];

function fileDesign(path: string, utilization: number): Design {
  const text = readFileSync(path, 'utf8');
  return {
    name: basename(path, '.v'),
    group: '',
    utilization,
    periodPs: 4000,
    netlist: () => Promise.resolve(text),
  };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cells: { type: 'string', multiple: true },
      sdc: { type: 'string' },
      utilization: { type: 'string' },
      seed: { type: 'string' },
      threads: { type: 'string' },
      update: { type: 'boolean' },
      mixed: { type: 'boolean' },
      alone: { type: 'boolean' },
      resume: { type: 'boolean' },
    },
  });
  const words = [...(values.cells ?? []), ...positionals];
  if (words.length === 0) words.push('small');
  const files = words
    .filter((w) => w.endsWith('.v'))
    .map((f) => fileDesign(f, Number(values.utilization ?? 0.5)));
  const named = DESIGNS.filter((d) => words.some((w) => w === 'all' || w === d.group || w === d.name));
  const unknown = words.filter(
    (w) => !w.endsWith('.v') && w !== 'all' && !DESIGNS.some((d) => [d.group, d.name].includes(w)),
  );
  if (unknown.length > 0) {
    console.log(
      `there is no ${unknown.join(', ')}; designs: ${DESIGNS.map((d) => `${d.name} (${d.group})`).join(', ')}`,
    );
    return 2;
  }
  const settings: Record<string, string> = {};
  if (values.utilization !== undefined) settings['floorplan.utilization'] = values.utilization;
  if (values.threads !== undefined) settings['route.threads'] = values.threads;
  if (values.seed !== undefined) settings['place.seed'] = settings['route.seed'] = values.seed;
  const sdc = values.sdc === undefined ? undefined : readFileSync(values.sdc, 'utf8');
  // Another size or seed is another experiment.
  const isStandard = Object.keys(settings).every((key) => key === 'route.threads') && sdc === undefined;
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  const complaints: string[] = [];
  const rows: Row[] = [];
  const both: EngineRun[] = [];
  const hasOpenRoad = findProgram('openroad') !== null && values.alone !== true;
  const others = hasOpenRoad ? [OPENROAD, ...(values.mixed ? MIXED : [])] : [];
  for (const design of [...named, ...files]) {
    const options = { sdc, settings, isResumed: values.resume === true };
    const detail = await run(design, options, INGOT);
    const measured = measure(design, detail);
    rows.push(rowOf(design.name, measured));
    both.push({ design: design.name, engine: INGOT.label, measured, detail });
    for (const engine of others) {
      const theirs = await run(design, options, engine);
      both.push({
        design: design.name,
        engine: engine.label,
        measured: measure(design, theirs),
        detail: theirs,
      });
    }
    printTable(
      `${design.name}: steps`,
      ['step', 'status', 'wall s', 'CPU s', 'peak MiB'],
      detail.steps.map((s) => [s.name, s.status, show(s.wallS), show(s.cpuS), show(s.peakMiB)]),
    );
    for (const proof of detail.steps.flatMap((s) => s.proofs).filter((p) => p.result !== 'pass'))
      console.log(`${proof.result}: ${proof.name} (${proof.judge}): ${proof.detail}`);
    if (values.update && isStandard && detail.status === 'done') {
      baseline[design.name] = measured;
      writeFileSync(BASELINE, JSON.stringify(baseline, null, 2) + '\n');
    }
    complaints.push(
      ...compareWith(isStandard ? baseline[design.name] : undefined, measured).map(
        (c) => `${design.name}: ${c}`,
      ),
    );
  }
  printTable('Placing and routing', HEAD, rows);
  if (hasOpenRoad) printEngines(both);
  else if (values.alone !== true)
    console.log('OpenROAD: openroad not found on the PATH, nothing to compare with');
  for (const complaint of complaints) console.log(complaint);
  return complaints.length > 0 ? 1 : 0;
}

process.exitCode = await main();
