/**
 * One run at a time per project, over all processes. The lock is a row that names its holder; a holder
 * that died (kill -9, power) is noticed by whoever opens the project next, who ends its run as interrupted
 * and kills the step that may have survived it.
 */
import { IngotError } from '../base/diagnostic.ts';
import type { WriteDb } from './database.ts';
import { identify, isAlive } from './process-identity.ts';
import { deleteRunLock, insertRunLock, markInterrupted, readRunLock } from './queries/run-lock.ts';

/**
 * Runs that this process holds, by project folder: with the same process id, a lock that is not among them
 * was left by a run that could not even record its end.
 */
const heldHere = new Set<string>();

/** Ends the run of a dead holder, if there is one; true when it did. */
export function recoverRun(db: WriteDb, projectDir: string): boolean {
  // Most opens find nothing: look before asking for the right to write.
  if (!readRunLock(db)) return false;
  return db
    .transaction(() => {
      const lock = readRunLock(db);
      if (!lock || isHeld(lock.holder.pid, lock.holder.start, projectDir)) return false;
      if (lock.child && isAlive(lock.child)) killGroupOf(lock.child.pid);
      markInterrupted(db, lock.runId, Date.now());
      deleteRunLock(db);
      return true;
    })
    .immediate();
}

function isHeld(pid: number, start: string, projectDir: string): boolean {
  if (pid === process.pid && isAlive({ pid, start })) return heldHere.has(projectDir);
  return isAlive({ pid, start });
}

function killGroupOf(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // it died by itself in the meantime
  }
}

/**
 * Takes the lock and, in the same transaction, makes the run by `insert`. FLOW-004 when another run is
 * going on. Returns the run's id.
 */
export function lockRun(db: WriteDb, projectDir: string, insert: () => number): number {
  recoverRun(db, projectDir);
  const runId = db
    .transaction(() => {
      const lock = readRunLock(db);
      if (lock) {
        throw new IngotError('FLOW-004', `run ${lock.runId} is going on in process ${lock.holder.pid}`, {
          place: projectDir,
          remedy: 'wait for it, or cancel it: ingot cancel',
        });
      }
      const id = insert();
      insertRunLock(db, id, identify(process.pid));
      return id;
    })
    .immediate();
  heldHere.add(projectDir);
  return runId;
}

/** Gives the lock back after `finish` has recorded the end, in one transaction. */
export function unlockRun(db: WriteDb, projectDir: string, finish: () => void): void {
  heldHere.delete(projectDir);
  db.transaction(() => {
    finish();
    deleteRunLock(db);
  }).immediate();
}
