import type { Diagnostic } from '../../base/diagnostic.ts';
import type { ReadDb, WriteDb } from '../database.ts';

/** A run that waits. */
export interface QueuedRun {
  readonly id: number;
  /** All of them, as they were when it was queued. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly queuedAtMs: number;
  /** Why it was refused when its turn came; null while it waits. */
  readonly error: Diagnostic | null;
}

interface Raw {
  readonly id: number;
  readonly settings: string;
  readonly queuedAtMs: number;
  readonly error: string | null;
}

/** First come, first served. */
export function listQueue(db: ReadDb): QueuedRun[] {
  const rows = db.prepare('SELECT id, settings, queuedAtMs, error FROM queue ORDER BY id').all() as Raw[];
  return rows.map((raw) => ({
    ...raw,
    settings: JSON.parse(raw.settings) as Record<string, unknown>,
    error: raw.error === null ? null : (JSON.parse(raw.error) as Diagnostic),
  }));
}

export function insertQueued(db: WriteDb, settings: unknown, queuedAtMs: number): number {
  const { lastInsertRowid } = db
    .prepare('INSERT INTO queue (settings, queuedAtMs) VALUES (?, ?)')
    .run(JSON.stringify(settings), queuedAtMs);
  return Number(lastInsertRowid);
}

/** False when it was not there any more. */
export function deleteQueued(db: WriteDb, id: number): boolean {
  return db.prepare('DELETE FROM queue WHERE id = ?').run(id).changes > 0;
}

export function refuseQueued(db: WriteDb, id: number, error: Diagnostic): void {
  db.prepare('UPDATE queue SET error = ? WHERE id = ?').run(JSON.stringify(error), id);
}
