/**
 * Runs a flow in a project: plans, reuses, starts a process per step, records. This function only
 * coordinates: the caller's thread is never busy for longer than a database write.
 *
 * What a kill at any moment leaves: artefacts that no row names (harmless), temporary files and a lock of
 * a dead process (removed by the next run), and a step that is redone. A step's rows are written in one
 * transaction when it ends.
 */
import { availableParallelism, totalmem } from 'node:os';
import type { Project } from '../project/project.ts';
import { listFiles } from '../project/queries/files.ts';
import { readProject } from '../project/queries/project.ts';
import { readRunLock, requestCancel } from '../project/queries/run-lock.ts';
import { finishRun, insertRun, type RunStatus } from '../project/queries/runs.ts';
import { insertRunTools, type RunTool } from '../project/queries/run-tools.ts';
import * as steps from '../project/queries/steps.ts';
import { lockRun, unlockRun } from '../project/run-lock.ts';
import { inWorld, worldError } from '../project/world.ts';
import { resolveSettings } from './check-settings.ts';
import type { FlowObserver } from './events.ts';
import { pinTools } from './pin-tools.ts';
import { checkFiles, checkFlow, planRun, type PlannedStep, type RunRange } from './plan-run.ts';
import { flowOf } from './project-flow.ts';
import { runSteps, type RunEnd } from './run-steps.ts';
import type { Settings } from './settings.ts';
import type { Flow } from './step.ts';

export interface RunOptions extends RunRange {
  /** Over the project's settings; as text or as JSON values. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Abort cancels: finished steps are kept. */
  readonly signal?: AbortSignal;
  readonly observe?: FlowObserver;
  /** How many steps may run at the same time; by default two where the machine has the cores and the memory. */
  readonly jobs?: number;
  /** Another flow than the one that fits the project's files; unless its steps are the product's, with the URL of the module that exports it as FLOW. */
  readonly flow?: { readonly steps: Flow; readonly module?: string };
}

export interface RunResult extends RunEnd {
  readonly runId: number;
  readonly steps: readonly steps.StepRow[];
}

/**
 * Runs the steps of a project. Throws typed errors for what is wrong before anything runs (settings, step
 * names, missing files, another run going on: FLOW-004); what goes wrong in a step is in the result.
 */
export async function runFlow(project: Project, options: RunOptions = {}): Promise<RunResult> {
  const { flow, observe } = options;
  const files = listFiles(project.db);
  const settings = resolveSettings(readProject(project.db)?.settings ?? {}, options.settings ?? {});
  const list = flowOf(files, settings, flow?.steps);
  checkFlow(list);
  const plan = planRun(list, options);
  checkFiles(plan, new Set(files.map((file) => file.role)));
  const fingerprints = await Promise.all(plan.map(({ step }) => step.fingerprint?.(settings) ?? {}));
  const toolVersions = Object.assign({}, ...fingerprints) as Record<string, string>;

  const tools = await pinTools(toolVersions);
  const { ids, runId } = startRun(project, plan, settings, toolVersions, tools);
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  options.signal?.addEventListener('abort', cancel, { once: true });
  if (options.signal?.aborted) cancel();
  const run = {
    project,
    runId,
    settings,
    toolVersions,
    files,
    observe,
    flowModule: flow?.module,
    abort,
    jobs: options.jobs ?? defaultJobs(),
  };
  let end: RunEnd = { status: 'failed', error: undefined };
  try {
    end = await runSteps(run, plan, ids, fingerprints);
  } catch (error) {
    const typed = worldError(error);
    if (!typed) throw error;
    end = { status: 'failed', error: typed.diagnostic };
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    endRun(project, runId, end.status);
  }
  observe?.({
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

const TWO_JOBS_GIB = 6;

function defaultJobs(): number {
  return availableParallelism() >= 2 && totalmem() >= TWO_JOBS_GIB * 2 ** 30 ? 2 : 1;
}

function startRun(
  project: Project,
  plan: readonly PlannedStep[],
  settings: Settings,
  toolVersions: Readonly<Record<string, string>>,
  tools: readonly RunTool[],
): { runId: number; ids: readonly number[] } {
  const { db, dir } = project;
  const ids: number[] = [];
  const runId = inWorld(dir, () =>
    lockRun(db, dir, () => {
      const id = insertRun(db, { settings, toolVersions, startedAtMs: Date.now() });
      insertRunTools(db, id, tools);
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
