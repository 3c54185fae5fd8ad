/** Files and folders that the user chose or dropped: the page has a token of each, main alone the path. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { BrowserWindow, dialog, type OpenDialogOptions } from 'electron';
import { IngotError } from '../base/diagnostic.ts';
import type { Chosen } from '../ipc/contract.ts';

const paths = new Map<string, string>();
/** Older ones are forgotten. */
const KEPT_MAX = 200;

export function offer(path: string): Chosen | null {
  if (!isAbsolute(path) || !statSync(path, { throwIfNoEntry: false })) return null;
  const token = randomUUID();
  paths.set(token, path);
  const [oldest] = paths.keys();
  if (paths.size > KEPT_MAX && oldest !== undefined) paths.delete(oldest);
  return { token, name: basename(path) };
}

export function chosenPath(token: string): string {
  const path = paths.get(token);
  if (path === undefined)
    throw new IngotError('DESK-006', 'this file was not chosen', { remedy: 'choose it again' });
  return path;
}

const DIALOGS: Readonly<Record<'model' | 'data' | 'folder', OpenDialogOptions>> = {
  model: {
    title: 'Choose a model',
    properties: ['openFile'],
    filters: [
      { name: 'Models', extensions: ['onnx', 'pt2', 'tflite'] },
      { name: 'All files', extensions: ['*'] },
    ],
  },
  data: { title: 'Choose calibration data', properties: ['openFile'] },
  folder: { title: 'Folder for the new project', properties: ['openDirectory', 'createDirectory'] },
};

export async function choose(what: 'model' | 'data' | 'folder'): Promise<Chosen | null> {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  const options = DIALOGS[what];
  const answer = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  const path = answer.canceled ? undefined : answer.filePaths[0];
  return path === undefined ? null : offer(path);
}
