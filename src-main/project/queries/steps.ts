import type { Diagnostic } from '../../base/diagnostic.ts';
import type { ReadDb, WriteDb } from '../database.ts';

export type StepStatus =
  'planned' | 'running' | 'done' | 'cached' | 'failed' | 'cancelled' | 'interrupted' | 'skipped';

export interface StepRow {
  readonly id: number;
  readonly runId: number;
  readonly position: number;
  readonly name: string;
  readonly title: string;
  readonly key: string | null;
  readonly status: StepStatus;
  /** The execution whose artefacts, log, metrics and proofs count: itself, or the reused one. */
  readonly sourceId: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Measured; of a cached step, those of the execution that is reused. Null until it ends. */
  readonly wallS: number | null;
  readonly cpuS: number | null;
  readonly peakMiB: number | null;
  readonly error: Diagnostic | null;
  /** 0..1, kept by the engine for those who watch from another process. */
  readonly fraction: number;
  readonly activity: string;
}

export interface Measured {
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMiB: number;
}

interface RawStep extends Omit<StepRow, 'error'> {
  readonly error: string | null;
}

const SELECT = `
  SELECT s.id, s.runId, s.position, s.name, s.title, s.key, s.status,
         coalesce(s.sourceId, s.id) AS sourceId, s.startedAtMs, s.finishedAtMs,
         coalesce(s.wallS, o.wallS) AS wallS, coalesce(s.cpuS, o.cpuS) AS cpuS,
         coalesce(s.peakMiB, o.peakMiB) AS peakMiB, s.error, s.fraction, s.activity
  FROM steps s LEFT JOIN steps o ON o.id = s.sourceId`;

const parse = (raw: RawStep): StepRow => ({
  ...raw,
  error: raw.error === null ? null : (JSON.parse(raw.error) as Diagnostic),
});

export function listSteps(db: ReadDb, runId: number): StepRow[] {
  const rows = db.prepare(`${SELECT} WHERE s.runId = ? ORDER BY s.position`).all(runId) as RawStep[];
  return rows.map(parse);
}

/** Successful executions with this key, newest first. */
export function stepsWithKey(db: ReadDb, key: string): StepRow[] {
  const rows = db
    .prepare(`${SELECT} WHERE s.key = ? AND s.status = 'done' ORDER BY s.id DESC`)
    .all(key) as RawStep[];
  return rows.map(parse);
}

/** Wall seconds of the newest successful execution of a step, whatever its key: for estimates. */
export function lastWallS(db: ReadDb, name: string): number | undefined {
  return db
    .prepare(`SELECT wallS FROM steps WHERE name = ? AND status = 'done' ORDER BY id DESC LIMIT 1`)
    .pluck()
    .get(name) as number | undefined;
}

export function insertPlannedStep(
  db: WriteDb,
  step: { runId: number; position: number; name: string; title: string },
): number {
  const result = db
    .prepare(
      `INSERT INTO steps (runId, position, name, title, status)
       VALUES (@runId, @position, @name, @title, 'planned')`,
    )
    .run(step);
  return Number(result.lastInsertRowid);
}

export function markCached(db: WriteDb, id: number, key: string, sourceId: number, atMs: number): void {
  db.prepare(
    `UPDATE steps SET status = 'cached', key = ?, sourceId = ?, startedAtMs = ?, finishedAtMs = ?, fraction = 1
     WHERE id = ?`,
  ).run(key, sourceId, atMs, atMs, id);
}

export function markRunning(db: WriteDb, id: number, key: string, atMs: number): void {
  db.prepare(`UPDATE steps SET status = 'running', key = ?, startedAtMs = ? WHERE id = ?`).run(key, atMs, id);
}

export function updateProgress(db: WriteDb, id: number, fraction: number, activity: string): void {
  db.prepare('UPDATE steps SET fraction = ?, activity = ? WHERE id = ?').run(fraction, activity, id);
}

export function markFinished(
  db: WriteDb,
  id: number,
  status: 'done' | 'failed' | 'cancelled',
  atMs: number,
  measured: Measured,
  error?: Diagnostic,
): void {
  db.prepare(
    `UPDATE steps SET status = ?, finishedAtMs = ?, wallS = ?, cpuS = ?, peakMiB = ?, error = ?,
       activity = '', fraction = iif(? = 'done', 1, fraction)
     WHERE id = ?`,
  ).run(
    status,
    atMs,
    measured.wallS,
    measured.cpuS,
    measured.peakMiB,
    error ? JSON.stringify(error) : null,
    status,
    id,
  );
}
