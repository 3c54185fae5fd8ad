/**
 * Runs one foreign program to its end, whatever that is. No shell; a process group of its own; output read line by
 * line into a log that has a bound; memory and CPU watched; nothing of it left running afterwards.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isWslProgram, launchOf, type Launch } from '../wsl.ts';
import { tellCommand } from '../commands.ts';
import { writeBundle } from './bundle.ts';
import { logPathOf, lookForOutputs, prepareFolder } from './folder.ts';
import { guardJob } from './guard.ts';
import { memoryBytes, oomKills } from './memory.ts';
import { jobOutput, type JobOutput } from './output.ts';
import { endTree, MARK, processTree, type ProcessTree } from './processes.ts';
import type { Job, JobEnd, JobOptions, JobUsage, Verdict } from './types.ts';
import { errorOf, judge } from './verdict.ts';
import { watchJob, type Watch } from './watch.ts';

const GRACE_MS = 3000;
/** After the last process: for what is still in the pipes. */
const DRAIN_MS = 5000;

/**
 * Never throws: how it ended is in the verdict, and `error` says it to the user. Resolves when the program and all
 * that it started are gone.
 */
export async function runJob(given: Job, options: JobOptions = {}): Promise<JobEnd> {
  const job = { ...given, command: fullPath(given.command), folder: resolve(given.folder) };
  const unfit = findUnfit(job);
  if (unfit) return unstarted(job, unfit);
  if (options.signal?.aborted) return unstarted(job, { kind: 'cancelled' });
  let output: JobOutput;
  try {
    await prepareFolder(job);
    output = jobOutput(job, options);
  } catch (error) {
    return unstarted(job, worldVerdict(error));
  }
  return new RunningJob(job, options, output).toEnd();
}

/** The end itself when it is `ok`; throws its error otherwise. */
export function requireOk(end: JobEnd): JobEnd {
  if (end.error) throw end.error;
  return end;
}

/** The program has another current folder than we. */
const fullPath = (command: string | null): string | null =>
  command === null || isWslProgram(command) ? command : resolve(command);

function findUnfit(job: Job): Verdict | null {
  try {
    if (job.command === null) return { kind: 'not-found' };
    if (!isWslProgram(job.command)) accessSync(job.command, constants.X_OK);
  } catch {
    return { kind: 'not-found' };
  }
  const lacks = (job.needs ?? []).filter((need) => !(job.capabilities ?? []).includes(need));
  return lacks.length > 0 ? { kind: 'wrong-version', lacks } : null;
}

function worldVerdict(error: unknown): Verdict {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return { kind: 'disk-full', evidence: message };
  return { kind: 'not-started', reason: message };
}

function unstarted(job: Job, verdict: Verdict): JobEnd {
  const log = { path: logPathOf(job), lines: 0, bytes: 0, isCut: false, tail: [] };
  return {
    verdict,
    error: errorOf(verdict, job, undefined, log, null),
    exitCode: null,
    log,
    messages: [],
    messageCounts: new Map(),
    errorCount: 0,
    warningCount: 0,
    outputs: new Map(),
    usage: { wallS: 0, cpuS: null, peakBytes: null, processes: 0 },
    orphansEnded: 0,
    bundle: null,
  };
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

class RunningJob {
  readonly #job: Job;
  readonly #options: JobOptions;
  readonly #output: JobOutput;
  readonly #mark = randomUUID();
  readonly #launch: Launch;
  readonly #env: NodeJS.ProcessEnv;
  readonly #oomBefore = oomKills();
  readonly #startedAtMs = performance.now();
  #endedByUs: Verdict | null = null;
  #hasExited = false;
  #tree: ProcessTree | null = null;
  #ending: Promise<number> | null = null;

  constructor(job: Job, options: JobOptions, output: JobOutput) {
    this.#job = job;
    this.#options = options;
    this.#output = output;
    this.#launch = launchOf(job.command!, job.args, job.folder, job.env);
    this.#env = { ...process.env, ...this.#launch.env, [MARK]: this.#mark };
  }

  async toEnd(): Promise<JobEnd> {
    const started = await this.#start();
    if ('kind' in started) {
      this.#output.close();
      return unstarted(this.#job, started);
    }
    const { child, exited, closed } = started;
    const pid = child.pid!;
    const tree = processTree(pid, this.#mark);
    this.#tree = tree;
    const release = guardJob(pid, this.#mark);
    const watch = watchJob(this.#job.limits ?? {}, tree, this.#output, this.#options, (v) =>
      this.#endWith(v),
    );
    const cancel = (): void => this.#endWith({ kind: 'cancelled' });
    const { signal } = this.#options;
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    const exit = await exited;
    this.#hasExited = true;
    signal?.removeEventListener('abort', cancel);
    const orphansEnded = await this.#endOrphans(tree);
    await drained(child, closed);
    release();
    return this.#conclude(exit, watch, orphansEnded);
  }

  /** The running child, or why there is none. */
  #start(): Promise<{ child: ChildProcess; exited: Promise<Exit>; closed: Promise<void> } | Verdict> {
    const { command, args } = this.#launch;
    // The mark is of this run alone: a copied line must not carry it.
    tellCommand(command, args, { cwd: this.#job.folder, env: withoutMark(this.#env) });
    return new Promise((resolve) => {
      let child: ChildProcess;
      try {
        child = spawn(command, args, {
          shell: false,
          detached: process.platform !== 'win32',
          windowsHide: true,
          cwd: this.#job.folder,
          env: this.#env,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
      } catch (error) {
        resolve(worldVerdict(error));
        return;
      }
      const exited = new Promise<Exit>((done) =>
        child.once('exit', (code, signal) => done({ code, signal })),
      );
      const closed = new Promise<void>((done) => child.once('close', () => done()));
      child.once('error', (error) => resolve(worldVerdict(error)));
      child.once('spawn', () => resolve({ child, exited, closed }));
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream]!.on('error', () => undefined).on('data', (chunk: Buffer) => this.#take(chunk, stream));
    });
  }

  #take(chunk: Buffer, stream: 'stdout' | 'stderr'): void {
    try {
      this.#output.take(chunk, stream);
    } catch (error) {
      this.#endWith(worldVerdict(error));
    }
  }

  /** The first reason counts. */
  #endWith(verdict: Verdict): void {
    if (this.#hasExited || this.#endedByUs) return;
    this.#endedByUs = verdict;
    if (this.#tree) this.#ending = endTree(this.#tree, this.#graceMs());
  }

  async #endOrphans(tree: ProcessTree): Promise<number> {
    if (this.#ending) {
      await this.#ending;
      return 0;
    }
    return endTree(tree, this.#graceMs());
  }

  readonly #graceMs = (): number => this.#job.limits?.graceMs ?? GRACE_MS;

  async #conclude(exit: Exit, watch: Watch, orphansEnded: number): Promise<JobEnd> {
    const job = this.#job;
    const usage: JobUsage = { ...watch.stop(), wallS: (performance.now() - this.#startedAtMs) / 1000 };
    try {
      this.#output.flush();
    } catch (error) {
      this.#endedByUs ??= worldVerdict(error);
    }
    const log = this.#output.close();
    const { messages, messageCounts, errorCount, warningCount } = this.#output;
    const { found, missing } = await lookForOutputs(job);
    const errors = messages.filter((m) => m.severity === 'error');
    const verdict = judge({
      exitCode: exit.code,
      signal: exit.signal,
      endedByUs: this.#endedByUs,
      declaredCount: job.outputs?.length ?? 0,
      missing,
      errorsFail: job.errorsFail ?? false,
      errorCount,
      said: [...log.tail, ...errors.map((m) => m.text)],
      oomKills: oomKills() - this.#oomBefore,
      peakBytes: usage.peakBytes,
      memoryBytes: memoryBytes(),
      diskFreeBytes: await freeBytes(job.folder),
    });
    const isReproducible = verdict.kind !== 'ok' && verdict.kind !== 'cancelled';
    const bundle = isReproducible
      ? await writeBundle(job, withoutMark(this.#env), { verdict, usage, logPath: log.path })
      : null;
    return {
      verdict,
      error: errorOf(verdict, job, errors[0], log, bundle),
      exitCode: exit.code,
      log,
      messages,
      messageCounts,
      errorCount,
      warningCount,
      outputs: found,
      usage,
      orphansEnded,
      bundle,
    };
  }
}

/** Until the pipes are read empty; one that somebody still holds open is let go. */
async function drained(child: ChildProcess, closed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_MS)));
  await Promise.race([closed, late]);
  clearTimeout(timer);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function withoutMark(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== MARK));
}

const freeBytes = (folder: string): Promise<number | null> =>
  statfs(folder).then(
    (s) => s.bavail * s.bsize,
    () => null,
  );
