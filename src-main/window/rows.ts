/** What the database holds, as the contract says it. */
import type { FlowEvent, RunDetail as Recorded, RunRow, StepDetail } from '../flow/index.ts';
import type { LogRow, RunDetail, RunSummary, StepRow } from '../ipc/contract.ts';

export const runSummary = (run: RunRow): RunSummary => ({
  id: run.id,
  status: run.status,
  startedAtMs: run.startedAtMs,
  finishedAtMs: run.finishedAtMs,
});

const STATUS: Record<string, StepRow['status']> = { planned: 'waiting', skipped: 'waiting' };

function stepRow(step: StepDetail): StepRow {
  return {
    name: step.name,
    status: STATUS[step.status] ?? (step.status as StepRow['status']),
    fraction: step.status === 'done' || step.status === 'cached' ? 1 : 0,
    message: step.error ? `${step.error.code}: ${step.error.message}` : step.title,
    wallS: step.wallS ?? null,
    cpuS: step.cpuS ?? null,
    peakMiB: step.peakMiB ?? null,
  };
}

export function runDetail(run: Recorded, reportUrl: string | null): RunDetail {
  let id = 0;
  return {
    run: runSummary(run),
    steps: run.steps.map(stepRow),
    log: run.steps.flatMap((step) => step.log.map((row): LogRow => ({ ...row, id: id++, step: step.name }))),
    proofs: run.steps.flatMap((step) => step.proofs),
    metrics: run.steps.flatMap((step) => step.metrics.map((m) => ({ ...m, step: step.name }))),
    reportUrl,
  };
}

/** The row that a running step shows; null for events that change more than one step's progress. */
export function progressRow(event: FlowEvent): StepRow | null {
  if (event.type !== 'step-progress') return null;
  const left = event.stepRemainingS === undefined ? '' : `, about ${Math.ceil(event.stepRemainingS)} s left`;
  return {
    name: event.step,
    status: 'running',
    fraction: event.fraction,
    message: `${event.message}${left}`,
    wallS: event.elapsedS,
    cpuS: null,
    peakMiB: event.memoryMiB,
  };
}
