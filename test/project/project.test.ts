import { chmodSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createProject,
  importFiles,
  importProjectFile,
  listFiles,
  openProject,
  readProject,
  setProjectSettings,
} from '../../src-main/flow/index.ts';
import { digestOf, hasArtefact, readArtefact, storeArtefact } from '../../src-main/project/artefact-store.ts';
import { identify, isAlive } from '../../src-main/project/process-identity.ts';
import { readRunLock } from '../../src-main/project/queries/run-lock.ts';
import { codeOf } from '../support/code-of.ts';
import { runToy, setEnvironment, temporaryFolder, toyProject } from '../support/toy-project.ts';

/** Writes a project file with its inputs. */
function projectFile(content: unknown): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'm.onnx'), 'model');
  writeFileSync(join(folder, 'data', 'labels.npy'), 'labels');
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(folder, 'ingot.json'), text);
  return join(folder, 'ingot.json');
}

describe('creating', () => {
  test('from a project file takes its files, name and settings', () => {
    const from = projectFile({
      name: 'mine',
      model: 'm.onnx',
      test: { labels: 'data/labels.npy', expectedAccuracy: 0.9 },
      settings: { 'place.seed': 7, 'route.seed': 1 },
    });
    const project = createProject(join(temporaryFolder(), 'p'), { from });
    expect(readProject(project.db)).toMatchObject({ name: 'mine', settings: { 'place.seed': 7 } });
    expect(listFiles(project.db).map((f) => [f.role, f.name, f.digest])).toEqual([
      ['model', 'm.onnx', digestOf('model')],
      ['project', 'ingot.json', digestOf(readFileSync(from))],
      ['test.labels', 'labels.npy', digestOf('labels')],
    ]);
    project.close();
    expect(codeOf(() => createProject(project.dir)).code).toBe('PROJECT-003');
    openProject(project.dir).close();
  });

  test.each([
    ['not JSON', '{"model": ', 'PROJECT-008'],
    ['not an object', '[1]', 'PROJECT-008'],
    ['wrong type', { model: 4 }, 'PROJECT-008'],
    ['file that is not there', { model: 'gone.onnx' }, 'FILE-001'],
    ['folder instead of a file', { model: 'data' }, 'FILE-002'],
    ['unknown setting', { settings: { 'chip.row': 3 } }, 'SETTING-001'],
    ['impossible setting', { settings: { 'chip.rows': 300 } }, 'SETTING-003'],
  ])('%s is refused, and the folder can still become a project', (_name, content, code) => {
    const dir = join(temporaryFolder(), 'p');
    expect(codeOf(() => createProject(dir, { from: projectFile(content) })).code).toBe(code);
    if (existsSync(join(dir, 'ingot.db'))) expect(codeOf(() => openProject(dir)).code).toBe('PROJECT-002');
    createProject(dir).close();
    openProject(dir).close();
  });

  test('a full disk is told, and the folder can still become a project', () => {
    const clear = setEnvironment('INGOT_FAULT', 'enospc:model');
    const from = projectFile({ model: 'm.onnx' });
    const dir = join(temporaryFolder(), 'p');
    expect(codeOf(() => createProject(dir, { from })).code).toBe('WORLD-001');
    clear();
    createProject(dir, { from }).close();
  });

  test('a place that cannot hold a project', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(codeOf(() => createProject(join(folder, 'file', 'p'))).code).toBe('FILE-003');
    expect(codeOf(() => openProject(join(folder, 'none'))).code).toBe('PROJECT-001');
    expect(codeOf(() => openProject(folder)).code).toBe('PROJECT-002');
    expect(codeOf(() => openProject(join(folder, 'file'))).code).toBe('PROJECT-002');
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(isRoot)(
    `folder without permission${isRoot ? ' (skipped: root may write anywhere)' : ''}`,
    () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o500);
      expect(codeOf(() => createProject(folder)).code).toBe('WORLD-002');
    },
  );
});

describe('importing', () => {
  test('replaces by role; all or none', () => {
    const project = toyProject('one');
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'two.onnx'), 'two');
    const files = [
      { role: 'model', path: join(folder, 'two.onnx') },
      { role: 'calibration', path: join(folder, 'gone.npy') },
    ];
    expect(codeOf(() => importFiles(project, files)).code).toBe('FILE-001');
    expect(listFiles(project.db)).toMatchObject([{ role: 'model', digest: digestOf('one') }]);
    importFiles(project, files.slice(0, 1));
    expect(listFiles(project.db)).toMatchObject([
      { role: 'model', name: 'two.onnx', digest: digestOf('two') },
    ]);
  });

  test('empty, absurdly large and special files are refused', () => {
    const project = toyProject();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(join(folder, 'large'), '');
    truncateSync(join(folder, 'large'), 2 ** 32);
    const importing = (path: string) => codeOf(() => importFiles(project, [{ role: 'model', path }])).code;
    expect(importing(join(folder, 'empty'))).toBe('FILE-006');
    expect(importing(join(folder, 'large'))).toBe('FILE-005');
    expect(importing(folder)).toBe('FILE-002');
    expect(importing('/dev/null')).toBe('FILE-004');
  });

  test('a project file into an existing project', () => {
    const project = toyProject();
    importProjectFile(project, projectFile({ model: 'm.onnx', settings: { 'place.seed': 2 } }));
    expect(readProject(project.db)?.settings).toEqual({ 'place.seed': 2 });
    setProjectSettings(project, { 'route.seed': '8', 'place.seed': 1 });
    expect(readProject(project.db)?.settings).toEqual({ 'route.seed': 8 });
    expect(codeOf(() => setProjectSettings(project, { 'chip.rows': '80' })).code).toBe('SETTING-003');
  });
});

describe('artefacts', () => {
  test('come back as they were; a damaged one never does', () => {
    const dir = temporaryFolder();
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 7);
    const stored = storeArtefact(dir, 'x', bytes);
    expect(new Uint8Array(readArtefact(dir, 'x', stored.digest))).toEqual(bytes);
    expect(storeArtefact(dir, 'y', bytes)).toEqual(stored);
    expect(storeArtefact(dir, 'empty', '').sizeBytes).toBe(0);
    writeFileSync(join(dir, 'artefacts', stored.digest), new Uint8Array(1000));
    expect(hasArtefact(dir, stored)).toBe(true);
    expect(codeOf(() => readArtefact(dir, 'x', stored.digest)).code).toBe('FLOW-008');
    expect(hasArtefact(dir, stored)).toBe(false);
    expect(codeOf(() => readArtefact(dir, 'x', stored.digest)).code).toBe('FLOW-008');
  });
});

describe('the run lock', () => {
  test('tells a reused process id from the holder', () => {
    const own = identify(process.pid);
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ pid: 2 ** 22 + 1, start: '' })).toBe(false);
    if (process.platform === 'linux') expect(isAlive({ pid: own.pid, start: `${own.start}0` })).toBe(false);
  });

  test('of a dead process is removed at the next open and its run interrupted', async () => {
    const project = toyProject();
    await runToy(project, { to: 'repeat' });
    project.db.exec(`
      INSERT INTO runs (id, status, settings, toolVersions, startedAtMs)
         VALUES (7, 'running', '{}', '{}', 1);
      INSERT INTO steps (runId, position, name, title, status) VALUES
        (7, 0, 'a', 'A', 'running'), (7, 1, 'b', 'B', 'planned');
      INSERT INTO runLock (id, runId, pid, processStart) VALUES (1, 7, ${2 ** 22 + 1}, 'boot:1');`);
    openProject(project.dir).close();
    expect(readRunLock(project.db)).toBeUndefined();
    const rows = project.db.prepare('SELECT status FROM steps WHERE runId = 7').pluck().all();
    expect(rows).toEqual(['interrupted', 'skipped']);
    expect((await runToy(project, { to: 'repeat' })).status).toBe('done');
  });
});
