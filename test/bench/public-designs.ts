/**
 * `node test/bench/public-designs.ts FLOW_FOLDER [NAME ...] [--platform nangate45]`: designs of OpenROAD-flow-scripts as they
 * stand (FLOW_FOLDER is its `flow` folder), from config.mk to GDS, beside the limits that its own rules-base.json sets for
 * its own results. Leaves with 1 when a run does not end well; where a limit is not kept, the table shows it.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ingot, errorOf } from '../support/ingot.ts';
import { openProject, readRunDetail } from '../../src-main/flow/index.ts';
import { measured } from '../../src-main/flow/metric-names.ts';
import { printTable, short, type Row } from './table.ts';

const HOUR_MS = 3600_000;
const DESIGNS = ['gcd', 'aes', 'dynamic_node', 'ibex', 'jpeg'];
/** What both sides measure: name of the metric, heading. */
const COMPARED = [
  ['finish__timing__setup__ws', 'WNS ns'],
  ['finish__timing__setup__tns', 'TNS ns'],
  ['finish__timing__hold__ws', 'hold WNS ns'],
  ['detailedroute__route__wirelength', 'wire um'],
  ['finish__design__instance__area', 'area um2'],
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { platform: { type: 'string', default: 'nangate45' } },
});
const [flow, ...named] = positionals;
if (!flow) throw new Error('give the `flow` folder of OpenROAD-flow-scripts');

type Limits = Readonly<Record<string, { readonly value: number | string }>>;

async function runDesign(name: string): Promise<Row> {
  const folder = join(flow!, 'designs', values.platform, name);
  const rules = join(folder, 'rules-base.json');
  const limits = (existsSync(rules) ? JSON.parse(readFileSync(rules, 'utf8')) : {}) as Limits;
  const dir = mkdtempSync(join(tmpdir(), 'ingot-public-'));
  const project = join(dir, name);
  try {
    for (const args of [
      ['new', project, '--from', join(folder, 'config.mk')],
      ['run', '--project', project],
    ]) {
      const end = await ingot([...args, '--json'], { hangMs: HOUR_MS });
      if (end.code === 0) continue;
      process.exitCode = 1;
      const { code, message } = errorOf(end) ?? { code: `exit ${end.code}`, message: end.err };
      return [name, `${code}: ${message.slice(0, 160)}`];
    }
    const opened = openProject(project);
    const { steps } = readRunDetail(opened);
    opened.close();
    const own = measured(steps);
    const of = (step: string, metric: string): number =>
      steps.find((s) => s.name === step)?.metrics.find((m) => m.name === metric)?.value ?? Number.NaN;
    const checks = ['ruleViolations', 'opens', 'klayoutViolations'].map((metric) => of('check', metric));
    return [
      name,
      of('synthesise-rtl', 'cellsMapped'),
      checks.join(' / '),
      ...COMPARED.map(([metric]) => `${short(own[metric] ?? Number.NaN)} (${limits[metric]?.value ?? '-'})`),
      Math.round(steps.reduce((sum, s) => sum + (s.cpuS ?? 0), 0)),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const rows: Row[] = [];
for (const name of named.length > 0 ? named : DESIGNS) rows.push(await runDesign(name));
printTable(
  'Public designs; in brackets the limit of rules-base.json, which has a margin over what that flow reaches',
  ['design', 'cells', 'rules / opens / KLayout', ...COMPARED.map(([, heading]) => heading), 'CPU s'],
  rows,
);
