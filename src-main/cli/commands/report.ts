import { openProject, readRunDetail, type RunDetail } from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { formatMiB, formatSeconds, table } from '../format.ts';
import { parseRunId } from '../parse.ts';

export const reportCommand: Command = {
  name: 'report',
  usage: '[--run N] [--project DIR] [--json]',
  summary: 'what a run measured and proved; `ingot export` gives the page to share',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    run: { type: 'string', value: 'N', help: 'number of the run (default: the latest)' },
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const project = openProject(given.text('project') ?? '.');
    try {
      const run = readRunDetail(project, parseRunId(given.text('run')));
      if (given.flag('json')) shell.print(JSON.stringify(run));
      else printReport(run, shell.print);
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};

export function printReport(run: RunDetail, print: (line: string) => void): void {
  print(`run ${run.id}: ${run.status}`);
  print(stepTable(run));
  const metrics = run.steps.flatMap((s) => s.metrics.map((m) => [s.name, m.name, String(m.value), m.unit]));
  if (metrics.length > 0) print(`metrics\n${table(metrics, [2])}`);
  const proofs = run.steps.flatMap((s) => s.proofs.map((p) => [p.result, p.name, p.judge, p.detail]));
  if (proofs.length > 0) print(`proofs\n${table(proofs)}`);
}

export function stepTable(run: RunDetail): string {
  const show = (value: number | null, format: (n: number) => string): string =>
    value === null ? '' : format(value);
  const rows = run.steps.map((s) => [
    s.name,
    s.status === 'running' ? `running, ${Math.floor(s.fraction * 100)} %` : s.status,
    show(s.wallS, formatSeconds),
    show(s.cpuS, formatSeconds),
    show(s.peakMiB, formatMiB),
  ]);
  return table([['step', 'status', 'wall', 'cpu', 'peak'], ...rows], [2, 3, 4]);
}
