/**
 * The engine's side of a step process: starts it in a process group of its own, collects what it says,
 * samples its memory, and kills the whole group (tools included) on cancel.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { Diagnostic } from '../base/diagnostic.ts';
import type { Measured } from '../project/queries/steps.ts';
import type { ArtefactRow, LogRow, MetricRow, ProofRow, StepResults } from '../project/queries/facts.ts';
import { compileCacheDir } from '../tools/cache-dir.ts';
import { COMMAND_CODE, commandLine } from '../tools/commands.ts';
import { ownProgram } from '../tools/own-files.ts';
import { ENGINE_PID, type FromStep, type StartMessage } from './process-protocol.ts';
import { treeMiB } from './usage.ts';

/** Time that a cancelled step has to end by itself. */
const GRACE_MS = 300;
const SAMPLE_PERIOD_MS = 200;
const STDERR_CHARS_MAX = 8192;

export interface ChildWatcher {
  started(pid: number): void;
  progress(fraction: number, message: string): void;
  log(diagnostic: Diagnostic): void;
  memory(nowMiB: number): void;
}

export interface ChildOutcome {
  readonly status: 'done' | 'failed' | 'cancelled';
  readonly results: StepResults;
  readonly measured: Measured;
  readonly error: Diagnostic | undefined;
  readonly stack: string | undefined;
}

/** Runs one step to its end. Never throws for what happens in the step. */
export async function runChild(
  start: StartMessage,
  signal: AbortSignal,
  watch: ChildWatcher,
): Promise<ChildOutcome> {
  const startMs = performance.now();
  const collected = new Collector(watch);
  const args = [...process.execArgv.filter(isInherited), ownProgram('step-process')];
  const asNode = process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {};
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
    env: {
      NODE_COMPILE_CACHE: compileCacheDir(),
      ...process.env,
      [ENGINE_PID]: String(process.pid),
      ...asNode,
    },
  });
  collected.take({
    type: 'log',
    diagnostic: {
      code: COMMAND_CODE,
      severity: 'info',
      message: commandLine(process.execPath, args, { env: asNode }),
    },
    atMs: Date.now(),
  });
  child.on('message', (message: FromStep) => collected.take(message));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => collected.takeStderr(text));

  const cancel = (): void => {
    if (child.connected) child.send({ type: 'cancel' }, () => undefined);
    setTimeout(() => killGroup(child), GRACE_MS).unref();
  };
  signal.addEventListener('abort', cancel, { once: true });
  const sampler = setInterval(() => {
    if (child.pid) void treeMiB(child.pid).then((nowMiB) => collected.sample(nowMiB));
  }, SAMPLE_PERIOD_MS);
  const ended = endOf(child);
  if (child.pid) {
    try {
      watch.started(child.pid);
    } catch (error) {
      clearInterval(sampler);
      killGroup(child);
      throw error;
    }
    child.send(start, () => undefined);
  }
  if (signal.aborted) cancel();
  const end = await ended;
  clearInterval(sampler);
  signal.removeEventListener('abort', cancel);
  return collected.outcome(start.step, end, signal.aborted, (performance.now() - startMs) / 1000);
}

interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startError: Error | undefined;
}

function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once('error', (startError) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, startError });
    });
    // Tools that outlived their step would keep its files and pipes: they go with it.
    child.once('exit', () => killGroup(child));
    child.once('close', (code, signal) => resolve({ code, signal, startError: undefined }));
  });
}

function killGroup(child: { readonly pid?: number | undefined }): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody is left
  }
}

/** Options of Node that a step inherits; debugger ports and test runners' loaders are not among them. */
const isInherited = (arg: string): boolean => /^--(max-old-space-size|disable-warning|no-warnings)/.test(arg);

class Collector {
  readonly #artefacts: ArtefactRow[] = [];
  readonly #log: LogRow[] = [];
  readonly #metrics: MetricRow[] = [];
  readonly #proofs: ProofRow[] = [];
  readonly #watch: ChildWatcher;
  #end: Extract<FromStep, { type: 'end' }> | undefined;
  #sampledPeakMiB = 0;
  #stderr = '';

  constructor(watch: ChildWatcher) {
    this.#watch = watch;
  }

  take(message: FromStep): void {
    switch (message.type) {
      case 'progress':
        this.#watch.progress(message.fraction, message.message);
        break;
      case 'log':
        this.#log.push({ ...message.diagnostic, atMs: message.atMs });
        this.#watch.log(message.diagnostic);
        break;
      case 'metric':
        this.#metrics.push(message.metric);
        break;
      case 'proof':
        this.#proofs.push(message.proof);
        break;
      case 'artefact':
        this.#artefacts.push(message.artefact);
        break;
      case 'end':
        this.#end = message;
    }
  }

  takeStderr(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX);
  }

  sample(nowMiB: number): void {
    this.#sampledPeakMiB = Math.max(this.#sampledPeakMiB, nowMiB);
    this.#watch.memory(nowMiB);
  }

  outcome(step: string, end: ChildEnd, isCancelled: boolean, wallS: number): ChildOutcome {
    const told = this.#end;
    const error = told ? told.error : this.#death(step, end);
    // A step that was done before the cancel reached it is done: its work is kept.
    const status = !error ? 'done' : isCancelled ? 'cancelled' : 'failed';
    return {
      status,
      results: {
        artefacts: this.#artefacts,
        log: this.#log,
        metrics: this.#metrics,
        proofs: this.#proofs,
      },
      measured: {
        wallS,
        cpuS: told?.cpuS ?? 0,
        peakMiB: Math.max(this.#sampledPeakMiB, told?.peakMiB ?? 0),
      },
      error,
      stack: told ? told.stack : this.#stderr || undefined,
    };
  }

  /** The diagnostic of a process that ended without a word. */
  #death(step: string, end: ChildEnd): Diagnostic {
    const make = (code: string, message: string, remedy: string): Diagnostic => ({
      code,
      severity: 'error',
      message,
      place: step,
      remedy,
    });
    if (end.startError) {
      const why = end.startError.message;
      return make('FLOW-011', `the step's process could not be started: ${why}`, 'close other programs');
    }
    const peak = `${Math.round(this.#sampledPeakMiB)} MiB were in use`;
    if (/heap out of memory|Array buffer allocation failed/.test(this.#stderr)) {
      return make('FLOW-007', `out of memory (${peak})`, 'use a smaller chip or model');
    }
    const how = end.signal ? `was killed by ${end.signal}` : `ended with code ${end.code}`;
    return make(
      'FLOW-006',
      `the step's process ${how} (${peak})`,
      end.signal === 'SIGKILL'
        ? 'if nobody killed it, the system was out of memory: free some, then run again'
        : 'run again; finished steps are kept',
    );
  }
}
