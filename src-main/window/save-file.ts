/** Files that the page makes and the user keeps: the native dialog says where, main looks at what it writes. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { BrowserWindow, dialog, type SaveDialogOptions } from 'electron';
import { z } from 'zod';
import { IngotError } from '../base/diagnostic.ts';
import * as engine from '../flow/index.ts';
import type { Requests, SavedKind } from '../ipc/contract.ts';

const CHARS_MAX = 200_000_000;
const TITLES: Readonly<Record<SavedKind, string>> = {
  png: 'Picture',
  svg: 'Drawing',
  lyp: 'Layer properties of KLayout',
};

export const SaveFile = z.strictObject({
  kind: z.enum(['png', 'svg', 'lyp']),
  /** Proposed; a bare name. */
  name: z
    .string()
    .min(1)
    .max(120)
    .regex(/^[^/\\:*?"<>|\p{Cc}]+$/u),
  content: z.union([
    z.string().max(CHARS_MAX),
    z.instanceof(Uint8Array).refine((bytes) => bytes.length <= CHARS_MAX),
  ]),
});

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A page that went wrong shall not write programs or scripts: only what it says it is. */
function isOfKind(kind: SavedKind, content: string | Uint8Array): boolean {
  if (kind === 'png') return typeof content !== 'string' && PNG.every((byte, k) => content[k] === byte);
  const start = kind === 'svg' ? '<svg ' : '<?xml ';
  return typeof content === 'string' && content.startsWith(start) && !/<script/i.test(content);
}

/** Null when the user changes their mind; else the name of the file. */
export async function saveFile({
  kind,
  name,
  content,
}: Requests['files.save']['args']): Promise<{ readonly name: string } | null> {
  if (!isOfKind(kind, content)) throw new IngotError('DESK-007', `${name} is not a ${kind} file`);
  const options: SaveDialogOptions = {
    title: TITLES[kind],
    defaultPath: name,
    filters: [{ name: TITLES[kind], extensions: [kind] }],
    properties: ['createDirectory', 'showOverwriteConfirmation'],
  };
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  const answer = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options));
  if (answer.canceled || !answer.filePath) return null;
  const path =
    extname(answer.filePath).toLowerCase() === `.${kind}` ? answer.filePath : `${answer.filePath}.${kind}`;
  const temporary = `${path}.part`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw engine.worldError(error, path) ?? error;
  }
  return { name: basename(path) };
}
