import { listFiles, listRuns, openProject, readProject, readRunDetail } from '../../flow/index.ts';
import { formatDiagnostic } from '../../base/diagnostic.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes, formatTime, table } from '../format.ts';
import { parseRunId } from '../parse.ts';
import { stepTable } from './report.ts';

const RUNS_SHOWN = 10;

export const statusCommand: Command = {
  name: 'status',
  usage: '[--run N] [--project DIR] [--json]',
  summary: 'files, settings and runs of the project; the steps of the latest run',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    run: { type: 'string', value: 'N', help: 'show the steps of this run instead' },
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const project = openProject(given.text('project') ?? '.');
    try {
      const about = readProject(project.db)!;
      const files = listFiles(project.db);
      const runs = listRuns(project.db, RUNS_SHOWN);
      const wanted = parseRunId(given.text('run'));
      const run = wanted !== undefined || runs.length > 0 ? readRunDetail(project, wanted) : null;
      if (given.flag('json')) {
        shell.print(JSON.stringify({ project: project.dir, ...about, files, runs, run }));
        return EXIT.ok;
      }
      shell.print(`${about.name}  (${project.dir})`);
      for (const [key, value] of Object.entries(about.settings)) shell.print(`  ${key} = ${String(value)}`);
      if (files.length > 0) {
        shell.print('files');
        shell.print(table(files.map((f) => [f.role, f.name, formatBytes(f.sizeBytes)])));
      }
      if (!run) shell.print('no run yet');
      else {
        shell.print('runs');
        shell.print(table(runs.map((r) => [`${r.id}`, r.status, formatTime(r.startedAtMs)])));
        shell.print(`steps of run ${run.id}`);
        shell.print(stepTable(run));
        for (const step of run.steps) if (step.error) shell.print(formatDiagnostic(step.error));
      }
    } finally {
      project.close();
    }
    return EXIT.ok;
  },
};
