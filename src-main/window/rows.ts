/** What the database holds of a run, as the contract says it. */
import { estimateSteps, stepRemainingS, type Project } from '../flow/index.ts';
import type { RunDetail as Recorded, RunRow, StepDetail } from '../flow/index.ts';
import type { RunDetail, RunSummary, SettingValues, StepRow, StepStatus } from '../ipc/contract.ts';
import { reportUrl } from './addresses.ts';
import type { LiveStep } from './jobs.ts';

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

/** `live` holds what the database cannot know yet; null for runs of other processes. */
export function runDetail(
  project: Project,
  run: Recorded,
  live: LiveStep | null,
  exported: ReadonlySet<string>,
  nowMs: number,
): RunDetail {
  const artefacts = run.steps.flatMap((step) => step.artefacts);
  const at = run.steps.findIndex((step) => step.status === 'running');
  const estimates = estimateSteps(
    project.db,
    run.steps.map((step) => step.name),
  );
  const remaining = run.steps.map((step, i) =>
    i === at ? (stepRemainingS(estimates[i]!.expectedS, step.fraction, elapsedS(step, nowMs)) ?? null) : null,
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

function stepRow(step: StepDetail, remainingS: number | null, live: LiveStep | null, nowMs: number): StepRow {
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
    memoryMiB: isRunning && live?.step === step.name ? live.memoryMiB || null : step.peakMiB,
    remainingS,
    error: step.error,
    metrics: step.metrics,
  };
}
