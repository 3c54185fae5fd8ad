/**
 * Trouble with the world (disk, permissions, database file) as typed errors. The shell's functions let
 * errno and SQLite errors rise and translate them once, at the boundary.
 */
import { IngotError } from '../base/diagnostic.ts';

/** Error code of Node or SQLite: `ENOSPC`, `SQLITE_FULL`. */
function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

interface Trouble {
  readonly codes: RegExp;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const TROUBLES: readonly Trouble[] = [
  {
    // SHMSIZE: the file beside the database cannot grow, what a full disk does to whoever only reads.
    codes: /^(ENOSPC|EDQUOT|SQLITE_FULL|SQLITE_IOERR_SHMSIZE)/,
    code: 'WORLD-001',
    message: 'the disk is full',
    remedy: 'free some space and run again: finished steps are kept',
  },
  {
    codes: /^(EACCES|EPERM|SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH)/,
    code: 'WORLD-002',
    message: 'permission denied',
    remedy: 'give yourself the right to read and write there, or use another folder',
  },
  {
    codes: /^(EROFS|SQLITE_READONLY)/,
    code: 'WORLD-003',
    message: 'the place cannot be written to',
    remedy: 'use a folder on a writable disk',
  },
  {
    codes: /^(SQLITE_CORRUPT|SQLITE_NOTADB)/,
    code: 'PROJECT-005',
    message: 'the project database is damaged',
    remedy: 'restore ingot.db from a copy, or make a new project: artefacts are kept in artefacts/',
  },
  {
    codes: /^(SQLITE_BUSY|SQLITE_LOCKED)/,
    code: 'PROJECT-006',
    message: 'the project database is in use by another process',
    remedy: 'wait for the other process and try again',
  },
  { codes: /^ENOENT/, code: 'FILE-001', message: 'no such file or folder', remedy: 'check the path' },
  {
    codes: /^(ELOOP|ENAMETOOLONG)/,
    code: 'FILE-007',
    message: 'the path cannot be followed',
    remedy: 'use a shorter path, without links that lead in a circle',
  },
  {
    codes: /^(EEXIST|ENOTEMPTY)/,
    code: 'FILE-008',
    message: 'something else is there already',
    remedy: 'choose another place, or move it away',
  },
  { codes: /^EISDIR/, code: 'FILE-002', message: 'this is a folder, not a file', remedy: 'give a file' },
  {
    codes: /^ENOTDIR/,
    code: 'FILE-003',
    message: 'a part of the path is a file, not a folder',
    remedy: 'check the path',
  },
  {
    codes: /^(EIO|EMFILE|ENFILE|EBUSY|ENXIO|EFBIG|EINVAL|SQLITE_IOERR|SQLITE_PROTOCOL)/,
    code: 'WORLD-004',
    message: 'input or output failed',
    remedy: 'check the disk and try again',
  },
];

/** The typed error for an errno or SQLite error, or undefined when it is neither (a bug of ours). */
export function worldError(error: unknown, place?: string): IngotError | undefined {
  if (error instanceof IngotError) return error;
  const code = errorCode(error);
  const trouble = TROUBLES.find((t) => t.codes.test(code));
  if (!trouble) return undefined;
  const path = place ?? pathOf(error);
  return new IngotError(trouble.code, `${trouble.message} (${code})`, {
    ...(path === undefined ? {} : { place: path }),
    remedy: trouble.remedy,
    cause: error,
  });
}

function pathOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('path' in error)) return undefined;
  return typeof error.path === 'string' ? error.path : undefined;
}

/** Runs `action`; errno and SQLite errors come out typed, bugs as they are. */
export function inWorld<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw worldError(error, place) ?? error;
  }
}
