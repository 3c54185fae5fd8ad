import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../src-main/flow/index.ts';
import { openDatabase, type ReadDb } from '../../src-main/project/database.ts';
import { MIGRATIONS } from '../../src-main/project/migrations/index.ts';
import { listSteps, stepsWithKey } from '../../src-main/project/queries/steps.ts';
import { codeOf } from '../support/code-of.ts';
import { runToy, temporaryFolder, toyProject } from '../support/toy-project.ts';

const NEWEST = MIGRATIONS.length;
const pathOf = (): string => join(temporaryFolder(), 'ingot.db');

const schemaOf = (db: ReadDb): unknown =>
  db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();

describe('migrations', () => {
  test('are numbered from 1 without gaps', () => {
    expect(MIGRATIONS.map((m) => m.version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  test('0002 keeps the rows of version 1 and fills what it adds', () => {
    const path = pathOf();
    const old = openDatabase(path, MIGRATIONS.slice(0, 1));
    old.exec(`
      INSERT INTO project VALUES (1, 'old', '{}', 5);
      INSERT INTO runs VALUES (1, 'failed', '{}', '{}', 10, 20);
      INSERT INTO steps (id, runId, position, name, title, key, status) VALUES
        (1, 1, 0, 'a', 'A', 'k1', 'done'), (2, 1, 1, 'b', 'B', 'k2', 'failed');
      INSERT INTO artefacts VALUES (1, 'x', 'd', 3);`);
    old.close();
    const db = openDatabase(path);
    expect(db.pragma('user_version', { simple: true })).toBe(NEWEST);
    expect(listSteps(db, 1).map((s) => [s.name, s.status, s.fraction, s.activity])).toEqual([
      ['a', 'done', 1, ''],
      ['b', 'failed', 0, ''],
    ]);
    expect(db.prepare('SELECT name FROM artefacts').pluck().all()).toEqual(['x']);
    const fresh = openDatabase(pathOf());
    expect(schemaOf(db)).toEqual(schemaOf(fresh));
    db.close();
    fresh.close();
  });

  test('a migration that fails leaves the version before it', () => {
    const path = pathOf();
    openDatabase(path).close();
    const bad = {
      version: NEWEST + 1,
      purpose: 'bad',
      sql: 'CREATE TABLE half (x INTEGER); SELECT nonsense',
    };
    expect(() => openDatabase(path, [...MIGRATIONS, bad])).toThrow('nonsense');
    const db = openDatabase(path);
    expect(db.pragma('user_version', { simple: true })).toBe(NEWEST);
    expect(db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'half'`).pluck().get()).toBe(0);
    db.close();
  });
});

describe('the database file', () => {
  test('has WAL, foreign keys and STRICT tables', () => {
    const db = openDatabase(pathOf());
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    const tables = db.prepare(`SELECT sql FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[];
    expect(tables.filter((sql) => !sql.includes('STRICT'))).toEqual([]);
    expect(() => db.exec(`INSERT INTO artefacts VALUES (99, 'x', 'd', 1)`)).toThrow('FOREIGN KEY');
    db.close();
  });

  test('of a newer Ingot is refused and not changed', () => {
    const project = toyProject();
    const path = join(project.dir, 'ingot.db');
    project.db.pragma(`user_version = ${NEWEST + 1}`);
    project.close();
    const before = readFileSync(path);
    expect(codeOf(() => openProject(project.dir)).code).toBe('PROJECT-004');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('that is not one, or is damaged, or belongs to others gives a typed error', () => {
    const noise = pathOf();
    writeFileSync(noise, 'this is not a database, but long enough to be taken for one'.repeat(50));
    expect(codeOf(() => openDatabase(noise)).code).toBe('PROJECT-005');

    const damaged = pathOf();
    openDatabase(damaged).close();
    const bytes = readFileSync(damaged);
    bytes.fill(0xa5, 4096, bytes.length);
    writeFileSync(damaged, bytes);
    expect(codeOf(() => openDatabase(damaged)).code).toBe('PROJECT-005');

    const foreign = pathOf();
    const other = new Database(foreign);
    other.exec('CREATE TABLE t (x)');
    other.close();
    expect(codeOf(() => openDatabase(foreign)).code).toBe('PROJECT-007');

    expect(() => openDatabase(join(temporaryFolder(), 'no', 'ingot.db'))).toThrow();
  });

  test('that is truncated gives a typed error', () => {
    const path = pathOf();
    openDatabase(path).close();
    const bytes = readFileSync(path);
    for (const size of [50, 100, 4096, 9000, bytes.length - 4096]) {
      writeFileSync(path, bytes.subarray(0, size));
      expect(codeOf(() => openDatabase(path)).code, `${size} bytes`).toBe('PROJECT-005');
    }
  });
});

test('two processes may have a project open; one reads while the other is in a transaction', async () => {
  const project = toyProject();
  await runToy(project, { to: 'repeat' });
  const other = openProject(project.dir);
  project.db.exec("BEGIN IMMEDIATE; UPDATE project SET name = 'changed'");
  expect(other.db.prepare('SELECT name FROM project').pluck().get()).toBe('project');
  project.db.exec('COMMIT');
  expect(other.db.prepare('SELECT name FROM project').pluck().get()).toBe('changed');
  other.close();
});

test('the search for a key uses its index', () => {
  const db = openDatabase(pathOf());
  const asked: string[] = [];
  const spy = { prepare: (sql: string) => (asked.push(sql), db.prepare(sql)) } as unknown as ReadDb;
  stepsWithKey(spy, 'k');
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${asked[0]}`).all('k') as { detail: string }[];
  expect(plan[0]!.detail).toContain('USING INDEX stepsByKey');
  db.close();
});
