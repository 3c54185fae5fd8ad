import type { ReadDb, WriteDb } from '../database.ts';

export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface RunRow {
  readonly id: number;
  readonly status: RunStatus;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly toolVersions: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  /** What the user calls it; empty for none. */
  readonly name: string;
  readonly isPinned: boolean;
  /** When it was moved to the trash, else null. Steps of later runs may still reuse what it made. */
  readonly trashedAtMs: number | null;
}

interface RawRun extends Omit<RunRow, 'settings' | 'toolVersions' | 'isPinned'> {
  readonly settings: string;
  readonly toolVersions: string;
  readonly isPinned: number;
}

const COLUMNS = 'id, status, settings, toolVersions, startedAtMs, finishedAtMs, name, isPinned, trashedAtMs';

const parse = (raw: RawRun): RunRow => ({
  ...raw,
  settings: JSON.parse(raw.settings) as Record<string, unknown>,
  toolVersions: JSON.parse(raw.toolVersions) as Record<string, string>,
  isPinned: raw.isPinned === 1,
});

/** Newest first, without those in the trash. */
export function listRuns(db: ReadDb, limit = 100): RunRow[] {
  const sql = `SELECT ${COLUMNS} FROM runs WHERE trashedAtMs IS NULL ORDER BY id DESC LIMIT ?`;
  return (db.prepare(sql).all(limit) as RawRun[]).map(parse);
}

/** Last thrown away first. */
export function listTrash(db: ReadDb, limit = 100): RunRow[] {
  const sql = `SELECT ${COLUMNS} FROM runs WHERE trashedAtMs IS NOT NULL ORDER BY trashedAtMs DESC, id DESC LIMIT ?`;
  return (db.prepare(sql).all(limit) as RawRun[]).map(parse);
}

export function readRun(db: ReadDb, id: number): RunRow | undefined {
  const row = db.prepare(`SELECT ${COLUMNS} FROM runs WHERE id = ?`).get(id) as RawRun | undefined;
  return row && parse(row);
}

export function latestRun(db: ReadDb): RunRow | undefined {
  return listRuns(db, 1)[0];
}

export function insertRun(
  db: WriteDb,
  run: { settings: unknown; toolVersions: unknown; startedAtMs: number },
): number {
  const result = db
    .prepare(`INSERT INTO runs (status, settings, toolVersions, startedAtMs) VALUES ('running', ?, ?, ?)`)
    .run(JSON.stringify(run.settings), JSON.stringify(run.toolVersions), run.startedAtMs);
  return Number(result.lastInsertRowid);
}

/** Ends a run: its steps that never started become skipped. */
export function finishRun(db: WriteDb, id: number, status: RunStatus, finishedAtMs: number): void {
  db.prepare('UPDATE runs SET status = ?, finishedAtMs = ? WHERE id = ?').run(status, finishedAtMs, id);
  db.prepare(`UPDATE steps SET status = 'skipped' WHERE runId = ? AND status = 'planned'`).run(id);
}

export function nameRun(db: WriteDb, id: number, name: string): void {
  db.prepare('UPDATE runs SET name = ? WHERE id = ?').run(name, id);
}

export function pinRun(db: WriteDb, id: number, isPinned: boolean): void {
  db.prepare('UPDATE runs SET isPinned = ? WHERE id = ?').run(isPinned ? 1 : 0, id);
}

/** Null takes it out of the trash. */
export function trashRun(db: WriteDb, id: number, trashedAtMs: number | null): void {
  db.prepare('UPDATE runs SET trashedAtMs = ? WHERE id = ?').run(trashedAtMs, id);
}
