import type { ReadDb, WriteDb } from '../database.ts';

export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface RunRow {
  readonly id: number;
  readonly status: RunStatus;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly toolVersions: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
}

interface RawRun extends Omit<RunRow, 'settings' | 'toolVersions'> {
  readonly settings: string;
  readonly toolVersions: string;
}

const COLUMNS = 'id, status, settings, toolVersions, startedAtMs, finishedAtMs';

const parse = (raw: RawRun): RunRow => ({
  ...raw,
  settings: JSON.parse(raw.settings) as Record<string, unknown>,
  toolVersions: JSON.parse(raw.toolVersions) as Record<string, string>,
});

/** Newest first. */
export function listRuns(db: ReadDb, limit = 100): RunRow[] {
  const rows = db.prepare(`SELECT ${COLUMNS} FROM runs ORDER BY id DESC LIMIT ?`).all(limit) as RawRun[];
  return rows.map(parse);
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
