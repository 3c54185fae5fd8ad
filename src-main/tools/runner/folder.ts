/** A job's working folder: nothing in it but what was declared. */
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { assert } from '../../base/diagnostic.ts';
import type { Job, JobInput } from './types.ts';

/** In every folder that a job made, so that the next one may clear it. */
const MARKER = '.ingot-job';

export const logPathOf = (job: Job): string => join(job.folder, job.logName ?? `${job.tool}.log`);

/** Makes or clears the folder and lays the inputs into it. Throws what the system says. */
export async function prepareFolder(job: Job): Promise<void> {
  await mkdir(job.folder, { recursive: true });
  if (!job.isShared) await clear(job.folder);
  for (const input of job.inputs ?? []) await layInput(job.folder, input);
  // An old result must never stand for a run that failed.
  for (const name of job.outputs ?? []) {
    await rm(inside(job.folder, name), { force: true });
    await mkdir(dirname(join(job.folder, name)), { recursive: true });
  }
}

async function clear(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length > 0 && !names.includes(MARKER))
    throw new Error(`${folder} holds files that are not a job's`);
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  await writeFile(join(folder, MARKER), '');
}

/** Puts one input where it belongs; `isLinkAllowed` false copies what would be a link. */
export async function layInput(folder: string, input: JobInput, isLinkAllowed = true): Promise<void> {
  const path = inside(folder, input.name);
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  if ('contents' in input) await writeFile(path, input.contents);
  else if (input.link === true && isLinkAllowed) await symlink(resolve(input.from), path);
  else {
    await copyFile(input.from, path, constants.COPYFILE_FICLONE);
    await chmod(path, 0o444);
  }
}

function inside(folder: string, name: string): string {
  const clean = normalize(name);
  assert(!isAbsolute(clean) && !clean.startsWith('..'), `${name} is outside of the job's folder`);
  return join(folder, clean);
}

export interface Outputs {
  readonly found: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
}

/** Which of the declared outputs are there and hold something. */
export async function lookForOutputs(job: Job): Promise<Outputs> {
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const name of job.outputs ?? []) {
    const path = join(job.folder, name);
    const size = await stat(path).then(
      (s) => (s.isFile() ? s.size : 0),
      () => 0,
    );
    if (size > 0) found.set(name, path);
    else missing.push(name);
  }
  return { found, missing };
}
