/**
 * Runs that wait for their turn, in the project's database. Whoever holds the project open for long (the app) takes them
 * one by one; what waits survives the app.
 */
import { IngotError } from '../base/diagnostic.ts';
import type { Project } from '../project/project.ts';
import { readProject } from '../project/queries/project.ts';
import { deleteQueued, insertQueued, listQueue, refuseQueued } from '../project/queries/queue.ts';
import { inWorld, worldError } from '../project/world.ts';
import { resolveSettings } from './check-settings.ts';
import { runFlow, type RunOptions, type RunResult } from './run-flow.ts';

/** More wait by mistake only. */
const QUEUE_MAX = 100;

/** Puts a run with the project's settings of now at the end. Throws SETTING-* and FLOW-016 for a full queue. */
export function queueRun(project: Project, nowMs: number): number {
  const { db, dir } = project;
  const settings = resolveSettings(readProject(db)?.settings ?? {});
  return inWorld(dir, () =>
    db
      .transaction(() => {
        if (listQueue(db).length >= QUEUE_MAX)
          throw new IngotError('FLOW-016', `${QUEUE_MAX} runs are waiting already`, {
            place: dir,
            remedy: 'take some of them out of the queue',
          });
        return insertQueued(db, settings, nowMs);
      })
      .immediate(),
  );
}

/** Takes one out. Nothing happens when its turn came first. */
export function unqueueRun(project: Project, id: number): void {
  inWorld(project.dir, () => deleteQueued(project.db, id));
}

/**
 * Runs the one whose turn it is; null when none waits. It leaves the queue once it runs, so a crash before that loses
 * nothing. One that is refused stays, with the reason, and is passed over. Throws FLOW-004 while another run is going on.
 */
export async function runNext(
  project: Project,
  options: Pick<RunOptions, 'signal' | 'observe' | 'flow'> = {},
): Promise<RunResult | null> {
  const { db, dir } = project;
  for (;;) {
    const next = listQueue(db).find(({ error }) => error === null);
    if (!next) return null;
    let hasStarted = false;
    try {
      return await runFlow(project, {
        ...options,
        settings: next.settings,
        observe: (event) => {
          if (event.type === 'run-started') {
            hasStarted = true;
            inWorld(dir, () => deleteQueued(db, next.id));
          }
          options.observe?.(event);
        },
      });
    } catch (error) {
      const known = error instanceof IngotError ? error : worldError(error);
      if (hasStarted || !known || known.diagnostic.code === 'FLOW-004') throw error;
      inWorld(dir, () => refuseQueued(db, next.id, known.diagnostic));
    }
  }
}
