import { formatDiagnostic, IngotError } from '../../base/diagnostic.ts';
import { openProject, parseAssignments, runFlow, type Project, type RunOptions } from '../../flow/index.ts';
import { JSON_OPTION, PROJECT_OPTION, type Command, type OptionSpec, type Shell } from '../command.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { formatSeconds } from '../format.ts';
import { showProgress } from '../progress.ts';
import { CI_OPTIONS, gatesOf, judgeRun } from './ci.ts';

export const SET_OPTION = {
  set: {
    type: 'string',
    multiple: true,
    value: 'key=value',
    help: 'a setting for this run; `ingot settings` lists them',
  },
} as const satisfies Record<string, OptionSpec>;

export const runCommand: Command = {
  name: 'run',
  usage:
    '[--from STEP] [--to STEP] [--set key=value ...] [--bake] [--force] [--jobs N] [--gate FILE ...] [--junit FILE] [--project DIR] [--json]',
  summary: 'run the flow; steps whose inputs and settings did not change are kept',
  positionalsMin: 0,
  positionalsMax: 0,
  options: {
    from: { type: 'string', value: 'STEP', help: 'redo this step and all after it' },
    to: { type: 'string', value: 'STEP', help: 'stop after this step' },
    force: { type: 'boolean', help: 'redo all steps of the run' },
    jobs: {
      type: 'string',
      value: 'N',
      help: 'steps that may run at the same time, 1 to 16 (default: by the machine)',
    },
    bake: { type: 'boolean', help: 'short for --set chip.bake=true: program and weights in the logic' },
    ...SET_OPTION,
    ...CI_OPTIONS,
    ...PROJECT_OPTION,
    ...JSON_OPTION,
  },
  async run(given, shell) {
    const settings = {
      ...parseAssignments(given.texts('set')),
      ...(given.flag('bake') ? { 'chip.bake': 'true' } : {}),
    };
    const gates = gatesOf(given);
    const jobs = jobsOf(given.text('jobs'));
    const project = openProject(given.text('project') ?? '.');
    try {
      const code = await runAndShow(project, shell, given.flag('json'), {
        from: given.text('from'),
        to: given.text('to'),
        force: given.flag('force'),
        settings,
        ...(jobs !== undefined && { jobs }),
      });
      return judgeRun(project, gates, code, given, shell);
    } finally {
      project.close();
    }
  },
};

const JOBS_MAX = 16;

function jobsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= JOBS_MAX) return jobs;
  throw new IngotError('CLI-003', `--jobs ${text} is no number from 1 to ${JOBS_MAX}`, {
    place: '--jobs',
    remedy: `usage: ingot run ${runCommand.usage}`,
  });
}

/** Runs with progress on stderr, or as one JSON event per line on stdout; returns the exit code. */
export async function runAndShow(
  project: Project,
  shell: Shell,
  isJson: boolean,
  options: RunOptions,
): Promise<number> {
  const startMs = performance.now();
  const result = await runFlow(project, {
    ...options,
    signal: shell.signal,
    observe: isJson ? (event) => shell.print(JSON.stringify(event)) : showProgress(shell),
    ...(shell.flow && { flow: shell.flow }),
  });
  const took = formatSeconds((performance.now() - startMs) / 1000);
  if (result.error) shell.say(formatDiagnostic(result.error));
  if (!isJson) shell.print(`run ${result.runId} ${result.status} after ${took}`);
  return result.error ? exitCodeOf(result.error) : EXIT.ok;
}
