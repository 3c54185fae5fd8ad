/**
 * The steps of a run, each as soon as its inputs are there and a place is free: an earlier execution taken over, or a
 * process, and what it left recorded. What a step makes does not depend on what runs beside it.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../base/diagnostic.ts';
import { removeTemporaries } from '../project/artefact-store.ts';
import { fault } from '../project/faults.ts';
import type { Project } from '../project/project.ts';
import type { FileRow } from '../project/queries/files.ts';
import { insertResults, listArtefacts } from '../project/queries/facts.ts';
import { setRunLockChild } from '../project/queries/run-lock.ts';
import * as steps from '../project/queries/steps.ts';
import { inWorld } from '../project/world.ts';
import { cacheDir } from '../tools/cache-dir.ts';
import { estimateSteps, type Estimate } from './estimate.ts';
import type { FlowObserver } from './events.ts';
import type { PlannedStep } from './plan-run.ts';
import type { StartMessage } from './process-protocol.ts';
import { reusable } from './reusable.ts';
import { runFacts } from './run-facts.ts';
import type { Settings } from './settings.ts';
import type { ChildOutcome } from './step-child.ts';
import { readSettings, stepKey } from './step-key.ts';
import type { AnyStep, ArtefactRef } from './step.ts';
import { watchStep } from './watch-step.ts';

/** One run: what it was asked for. */
export interface Run {
  readonly project: Project;
  readonly runId: number;
  readonly settings: Settings;
  readonly toolVersions: Readonly<Record<string, string>>;
  readonly files: readonly FileRow[];
  readonly observe: FlowObserver | undefined;
  /** URL of the module with another flow than the product's. */
  readonly flowModule: string | undefined;
  readonly abort: AbortController;
  /** How many steps may run at the same time. */
  readonly jobs: number;
}

export interface RunEnd {
  readonly status: 'done' | 'failed' | 'cancelled';
  /** What ended it, unless `done`. */
  readonly error: Diagnostic | undefined;
}

/** `ids` and `fingerprints`: of each planned step. */
export const runSteps = (
  run: Run,
  plan: readonly PlannedStep[],
  ids: readonly number[],
  fingerprints: readonly Readonly<Record<string, string>>[],
): Promise<RunEnd> => new Steps(run, plan, ids, fingerprints).toEnd();

/** The steps of one run, and what they have made so far. */
class Steps {
  readonly #run: Run;
  readonly #plan: readonly PlannedStep[];
  readonly #ids: readonly number[];
  readonly #fingerprints: readonly Readonly<Record<string, string>>[];
  readonly #made = new Map<string, ArtefactRef>();
  /** By position: the execution whose results count, once there is one. */
  readonly #executions: number[] = [];

  constructor(
    run: Run,
    plan: readonly PlannedStep[],
    ids: readonly number[],
    fingerprints: readonly Readonly<Record<string, string>>[],
  ) {
    this.#run = run;
    this.#plan = plan;
    this.#ids = ids;
    this.#fingerprints = fingerprints;
  }

  async toEnd(): Promise<RunEnd> {
    const { db, dir } = this.#run.project;
    const plan = this.#plan;
    const labels = plan.map(({ step }) => ({ name: step.name, title: step.title }));
    const estimates = estimateSteps(
      db,
      labels.map((label) => label.name),
    );
    this.#run.observe?.({ type: 'run-started', runId: this.#run.runId, steps: labels });
    inWorld(dir, () => {
      // Retried: a step of a run that was killed a moment ago may still be dying in there.
      rmSync(join(dir, 'work'), { recursive: true, force: true, maxRetries: 5 });
      removeTemporaries(dir);
    });
    const waiting = new Set(plan.keys());
    const running = new Map<number, Promise<void>>();
    const ends: (RunEnd | undefined)[] = [];
    const hasEnded = (): boolean => ends.some((end) => end !== undefined);
    while (waiting.size > 0 || running.size > 0) {
      // The first in the order of the flow goes first. After a failure what runs is let finish: it is kept.
      for (const position of waiting) {
        if (hasEnded() || running.size >= this.#run.jobs) break;
        if (!this.#isReady(position)) continue;
        waiting.delete(position);
        const { step, mustRun } = plan[position]!;
        if (this.#run.abort.signal.aborted) {
          ends[position] = cancelled(step.name);
          break;
        }
        const key = this.#keyOf(position);
        if (!mustRun && this.#reuse(position, key)) continue;
        const execution = this.#execute(position, key, estimates[position]!).then((end) => {
          ends[position] = end;
          running.delete(position);
        });
        running.set(position, execution);
      }
      if (running.size === 0 && hasEnded()) break;
      try {
        if (running.size > 0) await Promise.race(running.values());
      } catch (error) {
        // A full disk, a lost database: nothing may go on writing behind the end of the run.
        this.#run.abort.abort();
        await Promise.allSettled(running.values());
        throw error;
      }
    }
    return ends.find((end) => end !== undefined) ?? { status: 'done', error: undefined };
  }

  #isReady(position: number): boolean {
    const { step } = this.#plan[position]!;
    if (step.readsRun) {
      for (let p = 0; p < position; p++) if (this.#executions[p] === undefined) return false;
      return true;
    }
    return step.inputs.every((name) => this.#made.has(name));
  }

  #keyOf(position: number): string {
    const { step } = this.#plan[position]!;
    return stepKey({
      step,
      inputs: this.#inputsOf(step),
      files: this.#filesOf(step),
      settings: this.#run.settings,
      fingerprint: this.#fingerprints[position]!,
      executions: step.readsRun ? this.#executions.slice(0, position) : [],
    });
  }

  #inputsOf(step: AnyStep): ArtefactRef[] {
    return step.inputs.map((name) => this.#made.get(name)!);
  }

  #filesOf(step: AnyStep): FileRow[] {
    const roles = new Set([...(step.files ?? []), ...(step.optionalFiles ?? [])]);
    return this.#run.files.filter((file) => roles.has(file.role));
  }

  /** Takes over an earlier execution with the same key, if the project still has all of its artefacts. */
  #reuse(position: number, key: string): boolean {
    const { project } = this.#run;
    const { step } = this.#plan[position]!;
    const source = reusable(project, step, key);
    if (!source) return false;
    steps.markCached(project.db, this.#ids[position]!, key, source.id, Date.now());
    this.#accept(position, source.id);
    this.#run.observe?.({
      type: 'step-finished',
      step: step.name,
      status: 'cached',
      wallS: source.wallS ?? 0,
      cpuS: source.cpuS ?? 0,
      peakMiB: source.peakMiB ?? 0,
    });
    return true;
  }

  #accept(position: number, executionId: number): void {
    this.#executions[position] = executionId;
    for (const artefact of listArtefacts(this.#run.project.db, executionId)) {
      this.#made.set(artefact.name, artefact);
    }
  }

  /** Runs the step in its process and records it; tells how the run ends, if it does. */
  async #execute(position: number, key: string, estimate: Estimate): Promise<RunEnd | undefined> {
    const { db, dir } = this.#run.project;
    const { step } = this.#plan[position]!;
    const id = this.#ids[position]!;
    const { expectedS } = estimate;
    steps.markRunning(db, id, key, Date.now());
    this.#run.observe?.({
      type: 'step-started',
      step: step.name,
      title: step.title,
      number: position + 1,
      count: this.#plan.length,
      ...(expectedS !== undefined && { expectedS }),
    });
    fault(`start/${step.name}`);
    const workDir = join(dir, 'work', step.name);
    inWorld(workDir, () => mkdirSync(workDir, { recursive: true }));
    const outcome = await watchStep(this.#run, id, this.#startMessage(position, workDir), estimate);
    if (outcome.status === 'done') {
      inWorld(workDir, () => rmSync(workDir, { recursive: true, force: true, maxRetries: 5 }));
    }
    fault(`commit/${step.name}`);
    const error = this.#record(position, key, outcome);
    this.#run.observe?.({
      type: 'step-finished',
      step: step.name,
      status: outcome.status,
      ...outcome.measured,
      ...(error && { error }),
    });
    if (outcome.status === 'cancelled') return cancelled(step.name);
    return error ? { status: 'failed', error } : undefined;
  }

  #startMessage(position: number, workDir: string): StartMessage {
    const { step } = this.#plan[position]!;
    return {
      type: 'start',
      step: step.name,
      flowModule: this.#run.flowModule,
      projectDir: this.#run.project.dir,
      workDir,
      cacheDir: cacheDir(),
      inputs: this.#inputsOf(step),
      files: this.#filesOf(step).map(({ role, name, digest }) => ({ role, name, digest })),
      settings: readSettings(step, this.#run.settings),
      run: step.readsRun ? runFacts(this.#run, position) : undefined,
    };
  }

  /** One transaction: the step's end, its results, its child gone. Returns the diagnostic it ended with. */
  #record(position: number, key: string, outcome: ChildOutcome): Diagnostic | undefined {
    const { db, dir } = this.#run.project;
    const { step } = this.#plan[position]!;
    const id = this.#ids[position]!;
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
    if (warning) this.#run.observe?.({ type: 'step-log', step: step.name, diagnostic: warning });
    if (outcome.status === 'done') this.#accept(position, id);
    return error;
  }

  #saveStack(step: AnyStep, stack: string): string {
    const path = join(this.#run.project.dir, `crash-run${this.#run.runId}-${step.name}.txt`);
    try {
      writeFileSync(path, stack);
    } catch {
      return step.name;
    }
    return path;
  }

  /** FLOW-012 when the same key gave other bytes before: the step is not a function of what it declares. */
  #differs(step: AnyStep, key: string, outcome: ChildOutcome): Diagnostic | undefined {
    const { db } = this.#run.project;
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
