import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { IngotError } from '../base/diagnostic.ts';

const FILES_MAX = 100_000;

/**
 * A folder of data (images) as one ZIP file, stored without compression: same files, same bytes. Hidden files,
 * links and what is no file are left out. FILE-005 when it is too large, FILE-006 when nothing is in it.
 */
export function zipFolder(folder: string, bytesMax: number): Uint8Array {
  const paths = listFiles(folder, '').sort();
  const refuse = (code: string, message: string): never => {
    throw new IngotError(code, message, { place: folder, remedy: 'check that this is the right folder' });
  };
  if (paths.length === 0) refuse('FILE-006', 'the folder has no files');
  const total = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  if (paths.length > FILES_MAX || total > bytesMax)
    refuse('FILE-005', `the folder is too large (${paths.length} files, ${total} bytes)`);
  // The first moment that ZIP can say; the files' own times would change the bytes.
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path))]));
  return zipSync(files, { level: 0, mtime: new Date(1980, 0, 1) });
}

/** Paths relative to the folder, with slashes. */
function listFiles(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return listFiles(folder, path);
    return entry.isFile() ? [path] : [];
  });
}
