/**
 * Artefacts: files named by the SHA-256 of their bytes in `<project>/artefacts`. A file appears under its
 * digest only when it is whole (written aside, synced, renamed), so a kill at any moment leaves at most a
 * temporary file, which the next run removes. Needs no database: step processes use it too.
 */
import { hash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { IngotError } from '../base/diagnostic.ts';
import { fault } from './faults.ts';
import { identify, isAlive } from './process-identity.ts';
import { worldError } from './world.ts';

export interface StoredBytes {
  readonly digest: string;
  readonly sizeBytes: number;
}

export const digestOf = (content: Uint8Array | string): string => hash('sha256', content);

export const artefactPath = (projectDir: string, digest: string): string =>
  join(projectDir, 'artefacts', digest);

/** True when the artefact is there with its size; the digest is checked when it is read. */
export function hasArtefact(projectDir: string, stored: StoredBytes): boolean {
  return fileSize(artefactPath(projectDir, stored.digest)) === stored.sizeBytes;
}

/** Size of a file, -1 when there is none. */
function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}

let temporaries = 0;

/** Stores bytes under their digest. `name` is for messages (and for simulated faults). */
export function storeArtefact(projectDir: string, name: string, content: Uint8Array | string): StoredBytes {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const stored = { digest: digestOf(bytes), sizeBytes: bytes.length };
  const folder = join(projectDir, 'artefacts');
  const { pid, start } = identify(process.pid);
  const temporary = join(folder, `.tmp-${pid}-${start.split(':')[1] ?? ''}-${temporaries++}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeWhole(temporary, name, bytes);
    renameSync(temporary, artefactPath(projectDir, stored.digest));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw worldError(error, `artefact ${name}`) ?? error;
  }
  return stored;
}

function writeWhole(path: string, name: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx');
  try {
    const half = bytes.length >> 1;
    for (let at = 0; at < half;) at += writeSync(file, bytes, at, half - at);
    fault(name);
    for (let at = half; at < bytes.length;) at += writeSync(file, bytes, at);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Reads an artefact and checks its digest. A missing or damaged one is FLOW-008; a damaged file is
 * removed, so that the next run makes it again.
 */
export function readArtefact(projectDir: string, name: string, digest: string): Uint8Array {
  const path = artefactPath(projectDir, digest);
  const lost = (what: string): IngotError =>
    new IngotError('FLOW-008', `artefact ${name} is ${what}`, {
      place: path,
      remedy: 'run again: the step that makes it will be redone (imported files: import them again)',
    });
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw lost('missing');
    throw worldError(error, path) ?? error;
  }
  if (digestOf(bytes) === digest) return bytes;
  rmSync(path, { force: true });
  throw lost('damaged');
}

/** Removes what dead processes left half-written. */
export function removeTemporaries(projectDir: string): void {
  const folder = join(projectDir, 'artefacts');
  // Somebody may have removed it: what it held counts as missing then.
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const match = /^\.tmp-(\d+)-(\d*)-\d+$/.exec(name);
    if (!match) continue;
    const pid = Number(match[1]);
    const start = identify(pid).start;
    const isOurs = match[2] === '' || start.split(':')[1] === match[2];
    if (isOurs && isAlive({ pid, start })) continue;
    rmSync(join(folder, name), { force: true });
  }
}
