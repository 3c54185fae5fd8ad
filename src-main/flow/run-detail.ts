/** Everything recorded of a run, for status, report and the app's run view. */
import { IngotError } from '../base/diagnostic.ts';
import type { Project } from '../project/project.ts';
import { readResults, type StepResults } from '../project/queries/facts.ts';
import { listRunTools, type RunTool } from '../project/queries/run-tools.ts';
import { latestRun, readRun, type RunRow } from '../project/queries/runs.ts';
import { listSteps, type StepRow } from '../project/queries/steps.ts';

export interface StepDetail extends StepRow, StepResults {}

export interface RunDetail extends RunRow {
  readonly steps: readonly StepDetail[];
  /** Foreign programs that it used. */
  readonly tools: readonly RunTool[];
}

/** A run by number, the latest without one; FLOW-013 when there is none. */
export function readRunDetail(project: Project, runId?: number): RunDetail {
  const run = runId === undefined ? latestRun(project.db) : readRun(project.db, runId);
  if (!run) {
    const what = runId === undefined ? 'nothing was run yet' : `there is no run ${runId}`;
    throw new IngotError('FLOW-013', what, { place: project.dir, remedy: 'start one with: ingot run' });
  }
  const steps = listSteps(project.db, run.id).map((step) => ({
    ...step,
    ...readResults(project.db, step.sourceId),
  }));
  return { ...run, steps, tools: listRunTools(project.db, run.id) };
}
