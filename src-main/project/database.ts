/**
 * The project database: SQLite in WAL mode, so that readers (the app while the CLI runs) are never blocked.
 * It holds facts and digests; bytes are artefacts. Connections are branded: a function that takes ReadDb
 * cannot be handed to one that writes.
 */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { IngotError } from '../base/diagnostic.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import { inWorld } from './world.ts';

export type ReadDb = Database.Database & { readonly __mayRead: never };
export type WriteDb = ReadDb & { readonly __mayWrite: never };

/** "INGT" in the header of the file tells our databases from others. */
const APPLICATION_ID = 0x494e4754;
const BUSY_TIMEOUT_MS = 5000;

/** Opens or makes the database file and brings it to the newest version. */
export function openDatabase(path: string, migrations: readonly Migration[] = MIGRATIONS): WriteDb {
  return inWorld(path, () => {
    if (existsSync(path)) refuseStrangers(path, migrations.length);
    const db = new Database(path) as unknown as WriteDb;
    try {
      setUp(db);
      migrate(db, migrations);
    } catch (error) {
      db.close();
      throw error;
    }
    return db;
  });
}

/** Version of an existing database file; 0 when it was never finished. Changes nothing. */
function refuseStrangers(path: string, newest: number): void {
  const db = new Database(path, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const id = db.pragma('application_id', { simple: true }) as number;
    const version = db.pragma('user_version', { simple: true }) as number;
    const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
    if (tables > 0 && id !== APPLICATION_ID) {
      throw new IngotError('PROJECT-007', 'this database was not made by Ingot', {
        place: path,
        remedy: 'choose another folder',
      });
    }
    if (version > newest) {
      throw new IngotError(
        'PROJECT-004',
        `the project has database version ${version}; this Ingot knows up to ${newest}`,
        { place: path, remedy: 'install a newer Ingot; the project was not changed' },
      );
    }
    // Structure only (the schema and the b-trees), at most one complaint: milliseconds on a project.
    const health = db.pragma('quick_check(1)', { simple: true }) as string;
    if (health !== 'ok') throw Object.assign(new Error(health), { code: 'SQLITE_CORRUPT' });
  } finally {
    db.close();
  }
}

function setUp(db: WriteDb): void {
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('foreign_keys = ON');
}

/** Applies what is missing, each migration in a transaction of its own; two processes may try at once. */
function migrate(db: WriteDb, migrations: readonly Migration[]): void {
  const version = (): number => db.pragma('user_version', { simple: true }) as number;
  while (version() < migrations.length) {
    db.transaction(() => {
      const next = migrations[version()];
      if (!next) return;
      db.exec(next.sql);
      db.pragma(`user_version = ${next.version}`);
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }).immediate();
  }
}
