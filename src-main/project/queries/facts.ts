/** What an execution of a step left: artefacts, log, metrics, proofs. Always asked by its `sourceId`. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { ReadDb, WriteDb } from '../database.ts';

export interface ArtefactRow {
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
}
export interface LogRow extends Diagnostic {
  readonly atMs: number;
}
export interface MetricRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}
export interface ProofRow {
  readonly name: string;
  readonly judge: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly detail: string;
}

export interface StepResults {
  readonly artefacts: readonly ArtefactRow[];
  readonly log: readonly LogRow[];
  readonly metrics: readonly MetricRow[];
  readonly proofs: readonly ProofRow[];
}

export function listArtefacts(db: ReadDb, stepId: number): ArtefactRow[] {
  return db
    .prepare('SELECT name, digest, sizeBytes FROM artefacts WHERE stepId = ? ORDER BY name')
    .all(stepId) as ArtefactRow[];
}

function listLog(db: ReadDb, stepId: number): LogRow[] {
  const rows = db
    .prepare('SELECT code, severity, message, place, remedy, atMs FROM log WHERE stepId = ? ORDER BY id')
    .all(stepId) as (Omit<LogRow, 'place' | 'remedy'> & { place: string | null; remedy: string | null })[];
  return rows.map(({ place, remedy, ...row }) => ({
    ...row,
    ...(place === null ? {} : { place }),
    ...(remedy === null ? {} : { remedy }),
  }));
}

function listMetrics(db: ReadDb, stepId: number): MetricRow[] {
  return db
    .prepare('SELECT name, value, unit FROM metrics WHERE stepId = ? ORDER BY id')
    .all(stepId) as MetricRow[];
}

function listProofs(db: ReadDb, stepId: number): ProofRow[] {
  return db
    .prepare('SELECT name, judge, result, detail FROM proofs WHERE stepId = ? ORDER BY id')
    .all(stepId) as ProofRow[];
}

export function readResults(db: ReadDb, stepId: number): StepResults {
  return {
    artefacts: listArtefacts(db, stepId),
    log: listLog(db, stepId),
    metrics: listMetrics(db, stepId),
    proofs: listProofs(db, stepId),
  };
}

export function insertResults(db: WriteDb, stepId: number, results: StepResults): void {
  const artefact = db.prepare('INSERT INTO artefacts (stepId, name, digest, sizeBytes) VALUES (?, ?, ?, ?)');
  for (const a of results.artefacts) artefact.run(stepId, a.name, a.digest, a.sizeBytes);
  const log = db.prepare(
    'INSERT INTO log (stepId, code, severity, message, place, remedy, atMs) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const l of results.log)
    log.run(stepId, l.code, l.severity, l.message, l.place ?? null, l.remedy ?? null, l.atMs);
  const metric = db.prepare(
    `INSERT INTO metrics (stepId, name, value, unit) VALUES (?, ?, ?, ?)
     ON CONFLICT (stepId, name) DO UPDATE SET value = excluded.value, unit = excluded.unit`,
  );
  for (const m of results.metrics) metric.run(stepId, m.name, m.value, m.unit);
  const proof = db.prepare('INSERT INTO proofs (stepId, name, judge, result, detail) VALUES (?, ?, ?, ?, ?)');
  for (const p of results.proofs) proof.run(stepId, p.name, p.judge, p.result, p.detail);
}
