/**
 * Runs a flow in a project: plans, reuses, starts a process per step, records. This function only
 * coordinates: the caller's thread is never busy for longer than a database write.
 *
 * What a kill at any moment leaves: artefacts that no row names (harmless), temporary files and a lock of
 * a dead process (removed by the next run), and a step that is redone. A step's rows are written in one
 * transaction when it ends.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../base/diagnostic.ts';
import { hasArtefact, removeTemporaries } from '../project/artefact-store.ts';
import { fault } from '../project/faults.ts';
import { identify } from '../project/process-identity.ts';
import type { Project } from '../project/project.ts';
import { listFiles, type FileRow } from '../project/queries/files.ts';
import { insertResults, listArtefacts, readResults } from '../project/queries/facts.ts';
import { readProject } from '../project/queries/project.ts';
import { readRunLock, requestCancel, setRunLockChild } from '../project/queries/run-lock.ts';
import { finishRun, insertRun, type RunStatus } from '../project/queries/runs.ts';
import * as steps from '../project/queries/steps.ts';
import { lockRun, unlockRun } from '../project/run-lock.ts';
import { inWorld, worldError } from '../project/world.ts';
import { cacheDir } from '../tools/cache-dir.ts';
import { resolveSettings } from './check-settings.ts';
import { estimateSteps, stepRemainingS, type Estimate } from './estimate.ts';
import type { FlowObserver } from './events.ts';
import { FLOW } from './flow.ts';
import { checkFiles, checkFlow, planRun, type PlannedStep, type RunRange } from './plan-run.ts';
import { runChild, type ChildOutcome } from './step-child.ts';
import { readSettings, stepKey } from './step-key.ts';
import type { Settings } from './settings.ts';
import type { AnyStep, ArtefactRef, Flow, RunFacts, StepFacts } from './step.ts';

export interface RunOptions extends RunRange {
  /** Over the project's settings; as text or as JSON values. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Abort cancels: finished steps are kept. */
  readonly signal?: AbortSignal;
  readonly observe?: FlowObserver;
  /** Another flow than the product's, with the URL of the module that exports it as FLOW. */
  readonly flow?: { readonly steps: Flow; readonly module: string };
}

export interface RunResult {
  readonly runId: number;
  readonly status: 'done' | 'failed' | 'cancelled';
  /** What ended it, unless `done`. */
  readonly error: Diagnostic | undefined;
  readonly steps: readonly steps.StepRow[];
}

/** How often progress, memory and the wish to cancel go from and to other processes. */
const TICK_MS = 500;

/**
 * Runs the steps of a project. Throws typed errors for what is wrong before anything runs (settings, step
 * names, missing files, another run going on: FLOW-004); what goes wrong in a step is in the result.
 */
export async function runFlow(project: Project, options: RunOptions = {}): Promise<RunResult> {
  const flow = options.flow?.steps ?? FLOW;
  checkFlow(flow);
  const settings = resolveSettings(readProject(project.db)?.settings ?? {}, options.settings ?? {});
  const plan = planRun(flow, options);
  const files = listFiles(project.db);
  checkFiles(plan, new Set(files.map((file) => file.role)));
  const fingerprints = await Promise.all(plan.map(({ step }) => step.fingerprint?.(settings) ?? {}));
  const toolVersions = Object.assign({}, ...fingerprints) as Record<string, string>;

  const { ids, runId } = startRun(project, plan, settings, toolVersions);
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  options.signal?.addEventListener('abort', cancel, { once: true });
  if (options.signal?.aborted) cancel();
  const run = new Run(project, runId, settings, toolVersions, files, options, abort);
  let end: RunEnd = { status: 'failed', error: undefined };
  try {
    end = await run.runSteps(plan, ids, fingerprints);
  } catch (error) {
    const typed = worldError(error);
    if (!typed) throw error;
    end = { status: 'failed', error: typed.diagnostic };
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    endRun(project, runId, end.status);
  }
  options.observe?.({
    type: 'run-finished',
    runId,
    status: end.status,
    ...(end.error && { error: end.error }),
  });
  return { runId, ...end, steps: steps.listSteps(project.db, runId) };
}

/** Asks the run that is going on to stop, in whatever process it is; false when there is none. */
export function cancelRun(project: Project): boolean {
  const lock = readRunLock(project.db);
  return lock !== undefined && requestCancel(project.db, lock.runId);
}

interface RunEnd {
  readonly status: 'done' | 'failed' | 'cancelled';
  readonly error: Diagnostic | undefined;
}

function startRun(
  project: Project,
  plan: readonly PlannedStep[],
  settings: Settings,
  toolVersions: Readonly<Record<string, string>>,
): { runId: number; ids: readonly number[] } {
  const { db, dir } = project;
  const ids: number[] = [];
  const runId = inWorld(dir, () =>
    lockRun(db, dir, () => {
      const id = insertRun(db, { settings, toolVersions, startedAtMs: Date.now() });
      plan.forEach(({ step: { name, title } }, position) => {
        ids.push(steps.insertPlannedStep(db, { runId: id, position, name, title }));
      });
      return id;
    }),
  );
  return { runId, ids };
}

/** Records the end. On a full disk even that may fail: the lock then counts as stale (see run-lock.ts). */
function endRun(project: Project, runId: number, status: RunStatus): void {
  try {
    unlockRun(project.db, project.dir, () => finishRun(project.db, runId, status, Date.now()));
  } catch (error) {
    if (!worldError(error)) throw error;
  }
}

/** One run at work: what its steps have made so far. */
class Run {
  readonly #project: Project;
  readonly #runId: number;
  readonly #settings: Settings;
  readonly #toolVersions: Readonly<Record<string, string>>;
  readonly #files: readonly FileRow[];
  readonly #options: RunOptions;
  readonly #abort: AbortController;
  readonly #made = new Map<string, ArtefactRef>();
  /** Of the steps so far: the executions whose results count. */
  readonly #executions: number[] = [];

  constructor(
    project: Project,
    runId: number,
    settings: Settings,
    toolVersions: Readonly<Record<string, string>>,
    files: readonly FileRow[],
    options: RunOptions,
    abort: AbortController,
  ) {
    this.#project = project;
    this.#runId = runId;
    this.#settings = settings;
    this.#toolVersions = toolVersions;
    this.#files = files;
    this.#options = options;
    this.#abort = abort;
  }

  async runSteps(
    plan: readonly PlannedStep[],
    ids: readonly number[],
    fingerprints: readonly Readonly<Record<string, string>>[],
  ): Promise<RunEnd> {
    const { db, dir } = this.#project;
    const labels = plan.map(({ step }) => ({ name: step.name, title: step.title }));
    const estimates = estimateSteps(
      db,
      labels.map((label) => label.name),
    );
    this.#options.observe?.({ type: 'run-started', runId: this.#runId, steps: labels });
    inWorld(dir, () => {
      // Retried: a step of a run that was killed a moment ago may still be dying in there.
      rmSync(join(dir, 'work'), { recursive: true, force: true, maxRetries: 5 });
      removeTemporaries(dir);
    });
    for (const [position, { step, mustRun }] of plan.entries()) {
      if (this.#abort.signal.aborted) return cancelled(step.name);
      const id = ids[position]!;
      const key = this.#keyOf(step, fingerprints[position]!);
      const end =
        !mustRun && this.#reuse(step, id, key)
          ? undefined
          : await this.#execute(step, id, key, position, plan.length, estimates[position]!);
      if (end) return end;
    }
    return { status: 'done', error: undefined };
  }

  #keyOf(step: AnyStep, fingerprint: Readonly<Record<string, string>>): string {
    return stepKey({
      step,
      inputs: this.#inputsOf(step),
      files: this.#filesOf(step),
      settings: this.#settings,
      fingerprint,
      executions: this.#executions,
    });
  }

  #inputsOf(step: AnyStep): ArtefactRef[] {
    return step.inputs.map((name) => this.#made.get(name)!);
  }

  #filesOf(step: AnyStep): FileRow[] {
    const roles = new Set([...(step.files ?? []), ...(step.optionalFiles ?? [])]);
    return this.#files.filter((file) => roles.has(file.role));
  }

  /** Takes over an earlier execution with the same key, if the project still has all of its artefacts. */
  #reuse(step: AnyStep, id: number, key: string): boolean {
    const { db, dir } = this.#project;
    const source = steps.stepsWithKey(db, key).find((candidate) => {
      const stored = listArtefacts(db, candidate.id);
      return (
        step.outputs.every((name) => stored.some((a) => a.name === name)) &&
        stored.every((artefact) => hasArtefact(dir, artefact))
      );
    });
    if (!source) return false;
    steps.markCached(db, id, key, source.id, Date.now());
    this.#accept(source.id);
    this.#options.observe?.({
      type: 'step-finished',
      step: step.name,
      status: 'cached',
      wallS: source.wallS ?? 0,
      cpuS: source.cpuS ?? 0,
      peakMiB: source.peakMiB ?? 0,
    });
    return true;
  }

  #accept(executionId: number): void {
    this.#executions.push(executionId);
    for (const artefact of listArtefacts(this.#project.db, executionId)) {
      this.#made.set(artefact.name, artefact);
    }
  }

  /** Runs the step in its process and records it; tells how the run ends, if it does. */
  async #execute(
    step: AnyStep,
    id: number,
    key: string,
    position: number,
    count: number,
    estimate: Estimate,
  ): Promise<RunEnd | undefined> {
    const { db, dir } = this.#project;
    const { expectedS } = estimate;
    steps.markRunning(db, id, key, Date.now());
    this.#options.observe?.({
      type: 'step-started',
      step: step.name,
      title: step.title,
      number: position + 1,
      count,
      ...(expectedS !== undefined && { expectedS }),
    });
    fault(`start/${step.name}`);
    const workDir = join(dir, 'work', step.name);
    inWorld(workDir, () => mkdirSync(workDir, { recursive: true }));
    const outcome = await this.#watchChild(step, id, workDir, estimate);
    if (outcome.status === 'done') {
      inWorld(workDir, () => rmSync(workDir, { recursive: true, force: true, maxRetries: 5 }));
    }
    fault(`commit/${step.name}`);
    const error = this.#record(step, id, key, outcome);
    this.#options.observe?.({
      type: 'step-finished',
      step: step.name,
      status: outcome.status,
      ...outcome.measured,
      ...(error && { error }),
    });
    if (outcome.status === 'cancelled') return cancelled(step.name);
    return error ? { status: 'failed', error } : undefined;
  }

  async #watchChild(step: AnyStep, id: number, workDir: string, estimate: Estimate): Promise<ChildOutcome> {
    const { db, dir } = this.#project;
    const { observe } = this.#options;
    const startMs = performance.now();
    let fraction = 0;
    let message = '';
    let memoryMiB = 0;
    const report = (): void => {
      const elapsedS = (performance.now() - startMs) / 1000;
      const toGoS = stepRemainingS(estimate.expectedS, fraction, elapsedS);
      const runToGoS =
        toGoS === undefined || estimate.laterS === undefined ? undefined : toGoS + estimate.laterS;
      observe?.({
        type: 'step-progress',
        step: step.name,
        fraction,
        message,
        elapsedS,
        memoryMiB,
        ...(toGoS !== undefined && { stepRemainingS: toGoS }),
        ...(runToGoS !== undefined && { runRemainingS: runToGoS }),
      });
    };
    const ticker = setInterval(() => {
      report();
      if (!db.open) return this.#abort.abort();
      // Only for those who watch: a busy or full database must not end a run here.
      try {
        steps.updateProgress(db, id, fraction, message);
        if (readRunLock(db)?.isCancelRequested) this.#abort.abort();
      } catch (error) {
        if (!worldError(error)) throw error;
      }
    }, TICK_MS);
    const start = {
      type: 'start',
      step: step.name,
      flowModule: this.#options.flow?.module,
      projectDir: dir,
      workDir,
      cacheDir: cacheDir(),
      inputs: this.#inputsOf(step),
      files: this.#filesOf(step).map(({ role, name, digest }) => ({ role, name, digest })),
      settings: readSettings(step, this.#settings),
      run: step.readsRun ? this.#facts() : undefined,
    } as const;
    try {
      return await runChild(start, this.#abort.signal, {
        started: (pid) => setRunLockChild(db, identify(pid)),
        progress(nextFraction, nextMessage) {
          fraction = nextFraction;
          message = nextMessage;
          report();
        },
        log: (diagnostic) => observe?.({ type: 'step-log', step: step.name, diagnostic }),
        memory: (nowMiB) => (memoryMiB = nowMiB),
      });
    } finally {
      clearInterval(ticker);
    }
  }

  /** One transaction: the step's end, its results, its child gone. Returns the diagnostic it ended with. */
  #record(step: AnyStep, id: number, key: string, outcome: ChildOutcome): Diagnostic | undefined {
    const { db, dir } = this.#project;
    const atMs = Date.now();
    let { error } = outcome;
    if (error && outcome.stack !== undefined)
      error = { ...error, place: this.#saveStack(step, outcome.stack) };
    const log = [...outcome.results.log];
    const warning = outcome.status === 'done' ? this.#differs(step, key, outcome) : undefined;
    for (const entry of [warning, error]) if (entry) log.push({ ...entry, atMs });
    inWorld(dir, () =>
      db
        .transaction(() => {
          steps.markFinished(db, id, outcome.status, atMs, outcome.measured, error);
          insertResults(db, id, { ...outcome.results, log });
          setRunLockChild(db, undefined);
        })
        .immediate(),
    );
    if (warning) this.#options.observe?.({ type: 'step-log', step: step.name, diagnostic: warning });
    if (outcome.status === 'done') this.#accept(id);
    return error;
  }

  #saveStack(step: AnyStep, stack: string): string {
    const path = join(this.#project.dir, `crash-run${this.#runId}-${step.name}.txt`);
    try {
      writeFileSync(path, stack);
    } catch {
      return step.name;
    }
    return path;
  }

  /** FLOW-012 when the same key gave other bytes before: the step is not a function of what it declares. */
  #differs(step: AnyStep, key: string, outcome: ChildOutcome): Diagnostic | undefined {
    const { db } = this.#project;
    const [before] = steps.stepsWithKey(db, key);
    if (!before || step.readsRun) return undefined;
    const digests = new Map(listArtefacts(db, before.id).map((a) => [a.name, a.digest]));
    const changed = outcome.results.artefacts.filter((a) => digests.get(a.name) !== a.digest);
    if (changed.length === 0) return undefined;
    return {
      code: 'FLOW-012',
      severity: 'warning',
      message: `same inputs, other bytes than in run ${before.runId}: ${changed.map((a) => a.name).join(', ')}`,
      place: step.name,
      remedy: 'please report this: the step is not reproducible',
    };
  }

  #facts(): RunFacts {
    const { db } = this.#project;
    const rows = steps.listSteps(db, this.#runId).slice(0, this.#executions.length);
    return {
      projectName: readProject(db)?.name ?? '',
      settings: this.#settings,
      toolVersions: this.#toolVersions,
      steps: rows.map((row): StepFacts => {
        const { name, title, wallS, cpuS, peakMiB } = row;
        const results = readResults(db, row.sourceId);
        return {
          name,
          title,
          status: row.status === 'cached' ? 'cached' : 'done',
          wallS: wallS ?? 0,
          cpuS: cpuS ?? 0,
          peakMiB: peakMiB ?? 0,
          ...results,
          log: results.log.map(({ atMs: _, ...diagnostic }) => diagnostic),
        };
      }),
    };
  }
}

function cancelled(step: string): RunEnd {
  return {
    status: 'cancelled',
    error: {
      code: 'FLOW-010',
      severity: 'error',
      message: 'the run was cancelled; finished steps are kept',
      place: step,
      remedy: 'run again to go on from there',
    },
  };
}
