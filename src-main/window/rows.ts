/** What the database holds of a run, as the contract says it. */
import { estimateSteps, stepRemainingS, type Project, type QueuedRun as Waiting } from '../flow/index.ts';
import type { RunDetail as Recorded, RunRow, StepDetail } from '../flow/index.ts';
import type {
  QueuedRun,
  RunDetail,
  RunSummary,
  SettingValue,
  SettingValues,
  StepRow,
  StepStatus,
} from '../ipc/contract.ts';
import { reportUrl } from './addresses.ts';
import type { LiveRun } from './jobs.ts';

export const runSummary = ({
  id,
  status,
  startedAtMs,
  finishedAtMs,
  name,
  isPinned,
}: RunRow): RunSummary => ({
  id,
  status,
  startedAtMs,
  finishedAtMs,
  name,
  isPinned,
});

/** `newest`: settings of the newest run; without one all that a run has. */
export const queuedRun = (waiting: Waiting, newest: SettingValues): QueuedRun => ({
  id: waiting.id,
  queuedAtMs: waiting.queuedAtMs,
  differs: Object.fromEntries(
    Object.entries(waiting.settings as SettingValues).filter(
      ([key, value]: [string, SettingValue]) => newest[key] !== value,
    ),
  ),
  trouble: waiting.error,
});

/** `live` holds what the database cannot know yet; null for runs of other processes. */
export function runDetail(
  project: Project,
  run: Recorded,
  live: LiveRun | null,
  exported: ReadonlySet<string>,
  nowMs: number,
): RunDetail {
  const artefacts = run.steps.flatMap((step) => step.artefacts);
  const at = run.steps.findLastIndex((step) => step.status === 'running');
  const estimates = estimateSteps(
    project.db,
    run.steps.map((step) => step.name),
  );
  const remaining = run.steps.map((step, i) =>
    step.status === 'running'
      ? (stepRemainingS(estimates[i]!.expectedS, step.fraction, elapsedS(step, nowMs)) ?? null)
      : null,
  );
  const laterS = at < 0 ? undefined : estimates[at]!.laterS;
  const stepS = remaining[at] ?? null;
  return {
    run: runSummary(run),
    steps: run.steps.map((step, i) =>
      stepRow(step, remaining[i]!, live?.run === run.id ? live : null, nowMs),
    ),
    proofs: run.steps.flatMap((step) => step.proofs.map((proof) => ({ step: step.name, ...proof }))),
    remainingS: stepS === null || laterS === undefined ? null : stepS + laterS,
    reportUrl: artefacts.some(({ name }) => name === 'report.html') ? reportUrl(project.dir, run.id) : null,
    hasExports: artefacts.some(({ name }) => exported.has(name)),
    artefacts: run.steps.flatMap((step) =>
      step.artefacts.map(({ name, sizeBytes }) => ({ step: step.name, name, sizeBytes })),
    ),
    settings: run.settings as SettingValues,
  };
}

const elapsedS = (step: StepDetail, nowMs: number): number =>
  Math.max(0, nowMs - (step.startedAtMs ?? nowMs)) / 1000;

function stepRow(step: StepDetail, remainingS: number | null, live: LiveRun | null, nowMs: number): StepRow {
  const isRunning = step.status === 'running';
  const status: StepStatus = step.status === 'planned' ? 'waiting' : step.status;
  return {
    name: step.name,
    title: step.title,
    status,
    fraction: step.fraction,
    activity: step.activity,
    wallS: isRunning ? elapsedS(step, nowMs) : step.wallS,
    cpuS: step.cpuS,
    memoryMiB: (isRunning && live?.steps.get(step.name)?.memoryMiB) || step.peakMiB,
    remainingS,
    error: step.error,
    metrics: step.metrics,
  };
}
