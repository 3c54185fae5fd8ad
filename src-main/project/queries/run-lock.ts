import type { ReadDb, WriteDb } from '../database.ts';
import type { ProcessIdentity } from '../process-identity.ts';

export interface RunLock {
  readonly runId: number;
  readonly holder: ProcessIdentity;
  /** The step process at work. */
  readonly child: ProcessIdentity | undefined;
  readonly isCancelRequested: boolean;
}

interface RawLock {
  runId: number;
  pid: number;
  processStart: string;
  childPid: number | null;
  childStart: string | null;
  isCancelRequested: number;
}

export function readRunLock(db: ReadDb): RunLock | undefined {
  const raw = db
    .prepare('SELECT runId, pid, processStart, childPid, childStart, isCancelRequested FROM runLock')
    .get() as RawLock | undefined;
  if (!raw) return undefined;
  return {
    runId: raw.runId,
    holder: { pid: raw.pid, start: raw.processStart },
    child: raw.childPid === null ? undefined : { pid: raw.childPid, start: raw.childStart ?? '' },
    isCancelRequested: raw.isCancelRequested === 1,
  };
}

export function insertRunLock(db: WriteDb, runId: number, holder: ProcessIdentity): void {
  db.prepare('INSERT INTO runLock (id, runId, pid, processStart) VALUES (1, ?, ?, ?)').run(
    runId,
    holder.pid,
    holder.start,
  );
}

export function setRunLockChild(db: WriteDb, child: ProcessIdentity | undefined): void {
  db.prepare('UPDATE runLock SET childPid = ?, childStart = ?').run(child?.pid ?? null, child?.start ?? null);
}

/** Asks the run to stop; false when it is not the one that is going on. */
export function requestCancel(db: WriteDb, runId: number): boolean {
  return db.prepare('UPDATE runLock SET isCancelRequested = 1 WHERE runId = ?').run(runId).changes > 0;
}

export function deleteRunLock(db: WriteDb): void {
  db.prepare('DELETE FROM runLock').run();
}

/** Ends the run whose process died: what was running is interrupted, what was planned skipped. */
export function markInterrupted(db: WriteDb, runId: number, atMs: number): void {
  db.prepare(
    `UPDATE runs SET status = 'interrupted', finishedAtMs = ? WHERE id = ? AND status = 'running'`,
  ).run(atMs, runId);
  db.prepare(
    `UPDATE steps SET status = iif(status = 'running', 'interrupted', 'skipped'), activity = ''
     WHERE runId = ? AND status IN ('running', 'planned')`,
  ).run(runId);
}
