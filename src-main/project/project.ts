/**
 * A project is a folder: `ingot.db` (facts), `artefacts/` (bytes by digest), `work/` (scratch of steps).
 * App and CLI may have it open at the same time.
 */
import { accessSync, constants, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { storeArtefact } from './artefact-store.ts';
import { openDatabase, type WriteDb } from './database.ts';
import type { FileToImport } from './project-file.ts';
import { putFile, type FileRow } from './queries/files.ts';
import { insertProject, readProject } from './queries/project.ts';
import { recoverRun } from './run-lock.ts';
import { inWorld, worldError } from './world.ts';
import { zipFolder } from './zip-folder.ts';

export interface Project {
  /** Absolute. */
  readonly dir: string;
  readonly db: WriteDb;
  close(): void;
}

/** A file larger than this is refused (FILE-005): it cannot be a model or a test set of this tool. */
const FILE_BYTES_MAX = 2 ** 31 - 1;

const databasePath = (dir: string): string => join(dir, 'ingot.db');

export function openProject(dir: string): Project {
  const folder = resolve(dir);
  const remedy = `make one with: ingot new ${dir}`;
  const isFolder = inWorld(folder, () => statSync(folder, { throwIfNoEntry: false }))?.isDirectory();
  if (isFolder === undefined) {
    throw new IngotError('PROJECT-001', 'there is no such folder', { place: folder, remedy });
  }
  if (!isFolder || !statSync(databasePath(folder), { throwIfNoEntry: false })?.isFile()) {
    throw new IngotError('PROJECT-002', 'this is not an Ingot project', { place: folder, remedy });
  }
  // SQLite would open a read-only file and fail at the first write, far from the cause.
  inWorld(folder, () => {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    accessSync(databasePath(folder), constants.R_OK | constants.W_OK);
  });
  const db = openDatabase(databasePath(folder));
  if (!readProject(db)) {
    db.close();
    throw new IngotError('PROJECT-002', 'this project was never finished', { place: folder, remedy });
  }
  inWorld(folder, () => recoverRun(db, folder));
  return { dir: folder, db, close: () => db.close() };
}

export interface NewProject {
  readonly name?: string | undefined;
  readonly files?: readonly FileToImport[] | undefined;
  /** Kept as they are: whoever calls has validated them (flow/projects.ts). */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/** Makes a project in a folder that is not one yet; PROJECT-003 when it is. Nothing half-made is a project. */
export function makeProject(dir: string, start: NewProject): Project {
  const folder = resolve(dir);
  inWorld(folder, () => {
    mkdirSync(join(folder, 'artefacts'), { recursive: true });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  });
  const db = openDatabase(databasePath(folder));
  try {
    if (readProject(db)) {
      throw new IngotError('PROJECT-003', 'there is a project already', {
        place: folder,
        remedy: 'open it, or choose another folder',
      });
    }
    const files = storeFiles(folder, start.files ?? []);
    db.transaction(() => {
      const name = start.name ?? basename(folder);
      insertProject(db, { name, settings: start.settings ?? {}, createdAtMs: Date.now() });
      for (const file of files) putFile(db, file);
    }).immediate();
  } catch (error) {
    db.close();
    throw worldError(error, folder) ?? error;
  }
  return { dir: folder, db, close: () => db.close() };
}

/** Imports files by role (`model`, `calibration`, `test.images` ...), replacing earlier ones. All or none. */
export function importFiles(project: Project, files: readonly FileToImport[]): readonly FileRow[] {
  const rows = storeFiles(project.dir, files);
  inWorld(project.dir, () =>
    project.db.transaction(() => rows.forEach((row) => putFile(project.db, row))).immediate(),
  );
  return rows;
}

function storeFiles(dir: string, files: readonly FileToImport[]): FileRow[] {
  return files.map(({ role, path, bytes: made }) => {
    const bytes = made ?? readInput(resolve(path), FOLDER_ROLES.includes(role));
    const stored = storeArtefact(dir, role, bytes);
    return { role, name: basename(path), ...stored, importedAtMs: Date.now() };
  });
}

/** Data sets may be folders of images. */
const FOLDER_ROLES: readonly string[] = ['calibration', 'test.images'];

function readInput(path: string, mayBeFolder: boolean): Uint8Array {
  return inWorld(path, () => {
    const stat = statSync(path);
    if (stat.isDirectory() && mayBeFolder) return zipFolder(path, FILE_BYTES_MAX);
    if (stat.isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' });
    const refuse = (code: string, message: string): never => {
      throw new IngotError(code, message, { place: path, remedy: 'check that this is the right file' });
    };
    if (!stat.isFile()) refuse('FILE-004', 'this is not an ordinary file');
    if (stat.size > FILE_BYTES_MAX) refuse('FILE-005', `the file is too large (${stat.size} bytes)`);
    if (stat.size === 0) refuse('FILE-006', 'the file is empty');
    return readFileSync(path);
  });
}
