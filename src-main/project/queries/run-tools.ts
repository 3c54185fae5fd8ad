import type { ReadDb, WriteDb } from '../database.ts';

/** A foreign program that a run used. */
export interface RunTool {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /** What it was found to be able to do. */
  readonly capabilities: readonly string[];
}

export function insertRunTools(db: WriteDb, runId: number, tools: readonly RunTool[]): void {
  const insert = db.prepare(
    'INSERT INTO runTools (runId, name, path, version, capabilities) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { name, path, version, capabilities } of tools)
    insert.run(runId, name, path, version, JSON.stringify(capabilities));
}

export function listRunTools(db: ReadDb, runId: number): RunTool[] {
  const rows = db
    .prepare('SELECT name, path, version, capabilities FROM runTools WHERE runId = ? ORDER BY name')
    .all(runId) as (Omit<RunTool, 'capabilities'> & { capabilities: string })[];
  return rows.map((row) => ({ ...row, capabilities: JSON.parse(row.capabilities) as string[] }));
}
