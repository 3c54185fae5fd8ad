/** For tools whose output is the result, and whose exit code is the caller's to judge. */
import { readFile } from 'node:fs/promises';
import { runJob } from './run-job.ts';
import type { Job, JobEnd, JobOptions, VerdictKind } from './types.ts';

/** Output that is a result is kept whole, within reason. */
const LOG_PART_BYTES = 2 ** 28;

const OWN_ENDS: readonly VerdictKind[] = ['ok', 'failed', 'failed-with-results', 'missing-output'];

export interface OwnEnd {
  /** null only for a crash, where those are asked for. */
  readonly exitCode: number | null;
  /** All it said. */
  readonly log: string;
  readonly end: JobEnd;
}

/**
 * Throws the signal's reason when cancelled, and the job's error when it did not end by itself (not started, out of
 * memory, a limit ...) or, unless `crashes` asks for those too, crashed.
 */
export async function runToExit(
  job: Job,
  options: JobOptions & { readonly crashes?: boolean } = {},
): Promise<OwnEnd> {
  const limits = { logPartBytes: LOG_PART_BYTES, ...job.limits };
  const end = await runJob({ ...job, limits }, options);
  if (end.verdict.kind === 'cancelled') options.signal?.throwIfAborted();
  const isOwn = OWN_ENDS.includes(end.verdict.kind) || (options.crashes && end.verdict.kind === 'crashed');
  if (!isOwn && end.error) throw end.error;
  return { exitCode: end.exitCode, log: await readFile(end.log.path, 'utf8'), end };
}
