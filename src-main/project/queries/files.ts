import type { ReadDb, WriteDb } from '../database.ts';

export interface FileRow {
  readonly role: string;
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly importedAtMs: number;
}

export function listFiles(db: ReadDb): FileRow[] {
  return db
    .prepare('SELECT role, name, digest, sizeBytes, importedAtMs FROM files ORDER BY role')
    .all() as FileRow[];
}

export function putFile(db: WriteDb, file: FileRow): void {
  db.prepare(
    `INSERT INTO files (role, name, digest, sizeBytes, importedAtMs)
     VALUES (@role, @name, @digest, @sizeBytes, @importedAtMs)
     ON CONFLICT (role) DO UPDATE SET
       name = @name, digest = @digest, sizeBytes = @sizeBytes, importedAtMs = @importedAtMs`,
  ).run(file);
}
