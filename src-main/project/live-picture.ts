/** The last picture that a step at work gave: one file per step, replaced as a whole. Not a result: it may go at any time. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folderOf = (projectDir: string): string => join(projectDir, 'live');
const fileOf = (projectDir: string, step: string): string => join(folderOf(projectDir), step);

/** A full disk or a folder that cannot be written to must not end a run: then there is no picture. */
export function writeLivePicture(projectDir: string, step: string, bytes: Uint8Array): void {
  try {
    mkdirSync(folderOf(projectDir), { recursive: true });
    writeFileSync(`${fileOf(projectDir, step)}.part`, bytes);
    renameSync(`${fileOf(projectDir, step)}.part`, fileOf(projectDir, step));
  } catch {
    removeLivePicture(projectDir, step);
  }
}

export function removeLivePicture(projectDir: string, step: string): void {
  try {
    rmSync(fileOf(projectDir, step), { force: true });
  } catch {
    // it stays; the next one replaces it
  }
}

/** The picture of a step and when it was made, when it is newer than `afterMs`; null when there is none. */
export function readLivePicture(
  projectDir: string,
  step: string,
  afterMs: number,
): { readonly bytes: Uint8Array; readonly madeAtMs: number } | null {
  try {
    const { mtimeMs } = statSync(fileOf(projectDir, step));
    return mtimeMs > afterMs ? { bytes: readFileSync(fileOf(projectDir, step)), madeAtMs: mtimeMs } : null;
  } catch {
    return null;
  }
}
