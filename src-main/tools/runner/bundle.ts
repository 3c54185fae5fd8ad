/**
 * Reproduction bundle of a job: its inputs as they were given, the command as a script, the environment, the
 * versions, the log. Runs on another machine that has the tool.
 */
import { chmod, copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { basename, join } from 'node:path';
import { layInput } from './folder.ts';
import type { Job, JobUsage, Verdict } from './types.ts';

/** Bigger inputs are named, not copied. */
const INPUT_MAX_BYTES = 512 * 2 ** 20;
/** Variables that can change what a tool does; of all others the bundle has only the names: they may be secret. */
const TELLING =
  /^(PATH|HOME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TEMP|TMP|DISPLAY|LD_LIBRARY_PATH|DYLD_\w+|QT_\w+|TCL\w*|OMP_\w+|PYTHON\w+|YOSYS\w*|VERILATOR\w*|KLAYOUT\w*|OPENROAD\w*|STA_\w+|PDK\w*|CAD_ROOT|NETGEN\w*)$/;

export async function writeBundle(
  job: Job,
  env: NodeJS.ProcessEnv,
  end: { readonly verdict: Verdict; readonly usage: JobUsage; readonly logPath: string },
): Promise<string | null> {
  const folder = job.bundle === undefined ? `${job.folder}.repro` : job.bundle;
  if (folder === null) return null;
  try {
    await emptyFolder(folder);
    const left = await layInputs(job, join(folder, 'work'));
    await writeFile(join(folder, 'run.sh'), runScript(job, env));
    await chmod(join(folder, 'run.sh'), 0o755);
    await writeFile(join(folder, 'environment.txt'), environmentText(env));
    await writeFile(join(folder, 'job.json'), `${JSON.stringify(facts(job, end, left), null, 2)}\n`);
    await copyFile(end.logPath, join(folder, basename(end.logPath)));
    return folder;
  } catch {
    // Nothing more can be done on a disk that is full.
    return null;
  }
}

async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  if (names.length > 0 && !names.includes('job.json')) throw new Error(`${folder} is not a bundle`);
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
}

/** Names of those left out, for their size. */
async function layInputs(job: Job, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const left: string[] = [];
  for (const input of job.inputs ?? []) {
    const size = 'from' in input ? (await stat(input.from)).size : 0;
    if (size > INPUT_MAX_BYTES) left.push(input.name);
    else await layInput(folder, input, false);
  }
  for (const name of job.outputs ?? []) await mkdir(join(folder, name, '..'), { recursive: true });
  return left;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function runScript(job: Job, env: NodeJS.ProcessEnv): string {
  const given = Object.entries(job.env ?? {}).map(([name, value]) =>
    value === undefined ? `unset ${name}` : `export ${name}=${quoted(value)}`,
  );
  const tool = job.command ?? job.tool;
  return [
    '#!/bin/sh',
    `# Runs the job again. TOOL=/path/to/${job.tool} takes another program; environment.txt has the environment it had.`,
    `cd "$(dirname "$0")/work" || exit 1`,
    ...(env.LC_ALL === undefined ? [] : [`export LC_ALL=${quoted(env.LC_ALL)}`]),
    ...given,
    `exec "\${TOOL:-${tool.replace(/["\\$`]/g, '\\$&')}}" ${job.args.map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

const environmentText = (env: NodeJS.ProcessEnv): string =>
  Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (TELLING.test(name) ? `${name}=${value}` : `# ${name} was set`))
    .join('\n') + '\n';

const facts = (
  job: Job,
  { verdict, usage }: { readonly verdict: Verdict; readonly usage: JobUsage },
  leftOut: readonly string[],
): unknown => ({
  tool: job.tool,
  command: job.command,
  args: job.args,
  version: job.version ?? null,
  capabilities: job.capabilities ?? [],
  verdict,
  usage,
  limits: job.limits ?? {},
  inputs: (job.inputs ?? []).map((input) => input.name),
  inputsLeftOut: leftOut,
  outputs: job.outputs ?? [],
  system: { platform: platform(), release: release(), arch: arch(), node: process.version },
});
