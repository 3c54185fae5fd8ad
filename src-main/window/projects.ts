/** The projects that the window lists, and the native dialogs that choose folders for it. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { app, BrowserWindow, dialog } from 'electron';
import { IngotError } from '../base/diagnostic.ts';
import { exampleFolder } from '../tools/own-files.ts';
import * as engine from '../flow/index.ts';
import type { ProjectSummary, SettingValues } from '../ipc/contract.ts';
import { chosenPath } from './chosen.ts';
import { addRecent, readRecent, removeRecent } from './recent.ts';
import { troubleOf } from './trouble.ts';

const EXAMPLE = 'digits';

const recentFile = (): string => join(app.getPath('userData'), 'recent-projects.json');

/** Only folders that the user opened or made may be named by the window. */
export function known(directory: string): string {
  if (readRecent(recentFile()).includes(directory)) return directory;
  throw new IngotError('DESK-002', 'this folder was not opened', {
    place: directory,
    remedy: 'open it first',
  });
}

export function withKnownProject<T>(directory: string, use: (project: engine.Project) => T): T {
  const project = engine.openProject(known(directory));
  try {
    return use(project);
  } finally {
    project.close();
  }
}

export const listProjects = (): readonly ProjectSummary[] => readRecent(recentFile()).map(summary);

export const forgetProject = (directory: string): void => removeRecent(recentFile(), known(directory));

/** Null when the user changes their mind. */
export async function openChosenProject(): Promise<ProjectSummary | null> {
  const directory = await chooseFolder({ title: 'Open a project', buttonLabel: 'Open' });
  if (directory === null) return null;
  engine.openProject(directory).close();
  addRecent(recentFile(), directory);
  return summary(directory);
}

/** In the chosen folder when that is empty, else in a new one in it. */
export async function createExample(): Promise<ProjectSummary | null> {
  const chosen = await chooseFolder({ title: 'Folder for the new project', buttonLabel: 'Create here' });
  if (chosen === null) return null;
  const directory = isEmpty(chosen) ? chosen : unusedFolder(chosen, EXAMPLE);
  engine.createProject(directory, { from: exampleFolder(EXAMPLE) }).close();
  addRecent(recentFile(), directory);
  return summary(directory);
}

/** A project of files that the user chose, in a new folder of the chosen one. Nothing is left when it fails. */
export function createNew(args: {
  readonly name: string;
  readonly model: string;
  readonly calibration: string | null;
  readonly folder: string;
  readonly settings: SettingValues;
}): ProjectSummary {
  const parent = chosenPath(args.folder);
  const files = [{ role: 'model', path: chosenPath(args.model) }];
  if (args.calibration !== null) files.push({ role: 'calibration', path: chosenPath(args.calibration) });
  const directory = unusedFolder(parent, args.name);
  try {
    engine.createProject(directory, { name: args.name, files, settings: args.settings }).close();
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  addRecent(recentFile(), directory);
  return summary(directory);
}

export async function chooseFolder(text: {
  readonly title: string;
  readonly buttonLabel: string;
}): Promise<string | null> {
  const options = { ...text, properties: ['openDirectory', 'createDirectory'] } as const;
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  const request = { ...options, properties: [...options.properties] };
  const answer = await (window ? dialog.showOpenDialog(window, request) : dialog.showOpenDialog(request));
  return answer.canceled ? null : (answer.filePaths[0] ?? null);
}

function summary(directory: string): ProjectSummary {
  try {
    return withKnownProject(directory, (project) => ({
      directory,
      name: engine.readProject(project.db)?.name ?? basename(directory),
      trouble: null,
    }));
  } catch (error) {
    return { directory, name: basename(directory), trouble: troubleOf(error) };
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    throw engine.worldError(error, folder) ?? error;
  }
}

/** Makes it. */
function unusedFolder(parent: string, name: string): string {
  for (let n = 1; ; n++) {
    const folder = join(parent, n === 1 ? name : `${name}-${n}`);
    if (existsSync(folder)) continue;
    try {
      mkdirSync(folder);
    } catch (error) {
      throw engine.worldError(error, folder) ?? error;
    }
    return folder;
  }
}
