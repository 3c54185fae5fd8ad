import type { ReadDb, WriteDb } from '../database.ts';

export interface ProjectRow {
  readonly name: string;
  /** Values that differ from the defaults, as given; validated before each run. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
}

/** The project's row, undefined when `createProject` never finished. */
export function readProject(db: ReadDb): ProjectRow | undefined {
  const row = db.prepare('SELECT name, settings, createdAtMs FROM project').get() as
    { name: string; settings: string; createdAtMs: number } | undefined;
  return row && { ...row, settings: JSON.parse(row.settings) as Record<string, unknown> };
}

export function insertProject(db: WriteDb, row: ProjectRow): void {
  db.prepare('INSERT INTO project (id, name, settings, createdAtMs) VALUES (1, ?, ?, ?)').run(
    row.name,
    JSON.stringify(row.settings),
    row.createdAtMs,
  );
}

export function updateProjectSettings(db: WriteDb, settings: Readonly<Record<string, unknown>>): void {
  db.prepare('UPDATE project SET settings = ?').run(JSON.stringify(settings));
}
