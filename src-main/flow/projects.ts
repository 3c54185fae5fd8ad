/** Projects with validated settings: what the shells (CLI, app) call. */
import { importFiles, makeProject, type Project } from '../project/project.ts';
import { readProjectFile, type FileToImport } from '../project/project-file.ts';
import type { FileRow } from '../project/queries/files.ts';
import { readProject, updateProjectSettings } from '../project/queries/project.ts';
import { inWorld } from '../project/world.ts';
import { changedSettings, resolveSettings } from './check-settings.ts';
import type { ForeignProject } from './foreign/index.ts';

export interface CreateOptions {
  /** Default: the name in the project file, else the folder's. */
  readonly name?: string | undefined;
  /** An `ingot.json` or its folder: its files are imported and its settings kept. */
  readonly from?: string | undefined;
  /** In its place: a project of another flow. */
  readonly foreign?: ForeignProject | undefined;
  /** Files and settings over those of `from`. */
  readonly files?: readonly FileToImport[] | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/** Makes a project in a folder that is not one yet; PROJECT-003 when it is. */
export function createProject(dir: string, options: CreateOptions = {}): Project {
  const start = options.foreign ?? (options.from === undefined ? undefined : readProjectFile(options.from));
  const settings = changedSettings(resolveSettings(start?.settings ?? {}, options.settings ?? {}));
  const files = [...(start?.files ?? []), ...(options.files ?? [])];
  return makeProject(dir, { name: options.name ?? start?.name, files, settings });
}

/** Imports everything a project file names, and takes over its settings. */
export function importProjectFile(project: Project, path: string): readonly FileRow[] {
  const start = readProjectFile(path);
  const settings = changedSettings(resolveSettings(start.settings));
  const rows = importFiles(project, start.files);
  inWorld(project.dir, () => updateProjectSettings(project.db, settings));
  return rows;
}

/** Takes a project of another flow into an existing one; its settings go over those kept. */
export function importForeignProject(project: Project, foreign: ForeignProject): readonly FileRow[] {
  const kept = readProject(project.db)?.settings ?? {};
  const settings = changedSettings(resolveSettings(kept, foreign.settings));
  const rows = importFiles(project, foreign.files);
  inWorld(project.dir, () => updateProjectSettings(project.db, settings));
  return rows;
}

/** Keeps settings in the project: the given values over those kept before. Validated; throws SETTING-*. */
export function setProjectSettings(project: Project, values: Readonly<Record<string, unknown>>): void {
  const kept = readProject(project.db)?.settings ?? {};
  const settings = changedSettings(resolveSettings(kept, values));
  inWorld(project.dir, () => updateProjectSettings(project.db, settings));
}
