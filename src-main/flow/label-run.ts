/** What the user says of a run: its name, that it is kept in sight, that it is thrown away. */
import { IngotError } from '../base/diagnostic.ts';
import type { Project } from '../project/project.ts';
import { nameRun, pinRun, readRun, trashRun } from '../project/queries/runs.ts';
import { inWorld } from '../project/world.ts';

export interface RunLabel {
  /** Empty takes the name away. */
  readonly name?: string | undefined;
  readonly isPinned?: boolean | undefined;
  /** Nothing is deleted: later runs may reuse its steps. */
  readonly isTrashed?: boolean | undefined;
}

/** Changes what is given. FLOW-013 when there is no such run; FLOW-015 for throwing away one that is going on. */
export function labelRun(project: Project, runId: number, label: RunLabel, nowMs: number): void {
  const { db, dir } = project;
  const run = readRun(db, runId);
  if (!run)
    throw new IngotError('FLOW-013', `there is no run ${runId}`, {
      place: dir,
      remedy: 'choose one of the list',
    });
  if (label.isTrashed && run.status === 'running')
    throw new IngotError('FLOW-015', `run ${runId} is going on`, { place: dir, remedy: 'cancel it first' });
  inWorld(dir, () =>
    db
      .transaction(() => {
        if (label.name !== undefined) nameRun(db, runId, label.name.trim());
        if (label.isPinned !== undefined) pinRun(db, runId, label.isPinned);
        if (label.isTrashed !== undefined) trashRun(db, runId, label.isTrashed ? nowMs : null);
      })
      .immediate(),
  );
}
