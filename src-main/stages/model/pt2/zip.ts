/**
 * The entries of a ZIP archive, read with distrust (APPNOTE 6.3: 4.3.12 and 4.3.16; no encryption, no zip64, no
 * multiple disks). Sizes come from the central directory alone: PyTorch writes none in the local headers. Only
 * what is asked for is unpacked, in memory; nothing is ever written under a name of the archive.
 */
import { inflateSync } from 'fflate';
import { IngotError } from '../../../base/diagnostic.ts';

interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly headerAt: number;
}

export interface Archive {
  /** Names without the root folder. */
  readonly names: ReadonlySet<string>;
  /** Unpacked content, or undefined where there is no such entry. */
  read(name: string): Uint8Array | undefined;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** An archive comment is at most this long, so that the end record lies within. */
const COMMENT_MAX = 65_535;
const ENTRIES_MAX = 100_000;
/** Beyond its first MiB, no entry may unpack to more than this many times its packed size. */
const RATIO_MAX = 100;
const FREE_BYTES = 2 ** 20;
const TOTAL_MAX = 2 ** 31;

export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2]! <= 7 && bytes[3]! <= 8;

/**
 * MODEL-040: not a ZIP file, truncated or damaged. MODEL-041: names that lead outside, come twice or lie in
 * several root folders. MODEL-042: would unpack to too much.
 */
export function openZip(bytes: Uint8Array, place: string): Archive {
  const entries = new Map<string, Entry>();
  let totalPacked = 0;
  let total = 0;
  let root: string | undefined;
  for (const { name, entry } of directory(bytes, place)) {
    const [first, ...rest] = name.split('/');
    requireSafe(name, place);
    if (name.endsWith('/')) continue;
    root ??= first;
    if (rest.length === 0 || first !== root) refuseName('lies outside the one root folder', name, place);
    const inside = rest.join('/');
    if (entries.has(inside)) refuseName('comes twice', name, place);
    entries.set(inside, entry);
    totalPacked += entry.packedBytes;
    total += entry.sizeBytes;
    const allowed = Math.max(FREE_BYTES, RATIO_MAX * entry.packedBytes);
    if (entry.sizeBytes > allowed || total > TOTAL_MAX || totalPacked > bytes.length) {
      throw new IngotError('MODEL-042', `entry ${name} would unpack to ${entry.sizeBytes} bytes`, {
        place,
        remedy: 'the file is damaged or made to fill the memory; export the model again',
      });
    }
  }
  return {
    names: new Set(entries.keys()),
    read: (name) => {
      const entry = entries.get(name);
      return entry && unpack(bytes, entry, name, place);
    },
  };
}

function damaged(what: string, place: string): never {
  throw new IngotError('MODEL-040', `the archive is truncated or damaged: ${what}`, {
    place,
    remedy: 'copy or export the model again',
  });
}

function refuseName(what: string, name: string, place: string): never {
  throw new IngotError('MODEL-041', `entry ${JSON.stringify(name.slice(0, 100))} ${what}`, {
    place,
    remedy: 'the file was not written by torch.export.save; export the model again',
  });
}

function requireSafe(name: string, place: string): void {
  const parts = name.split('/');
  const isOutside =
    name.startsWith('/') || /^[A-Za-z]:/.test(name) || parts.some((p) => p === '..' || p === '.');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (isOutside || /[\\\u0000-\u001f]/.test(name)) refuseName('leads outside the archive', name, place);
}

/** The central directory. */
function directory(bytes: Uint8Array, place: string): { name: string; entry: Entry }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const earliest = Math.max(0, bytes.length - 22 - COMMENT_MAX);
  let end = bytes.length - 22;
  while (end >= earliest && view.getUint32(end, true) !== END) end--;
  if (end < earliest) damaged('it has no end record', place);
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  let at = view.getUint32(end + 16, true);
  if (count > ENTRIES_MAX || at + size > end) damaged('its directory is out of place', place);
  const decoder = new TextDecoder();
  const out: { name: string; entry: Entry }[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) damaged(`entry ${i} of its directory`, place);
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) damaged(`entry ${i} of its directory`, place);
    const entry: Entry = {
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      sizeBytes: view.getUint32(at + 24, true),
      headerAt: view.getUint32(at + 42, true),
    };
    out.push({ name: decoder.decode(bytes.subarray(at + 46, at + 46 + nameBytes)), entry });
    at = next;
  }
  return out;
}

function unpack(bytes: Uint8Array, entry: Entry, name: string, place: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { headerAt, packedBytes, sizeBytes } = entry;
  if (headerAt + 30 > bytes.length || view.getUint32(headerAt, true) !== LOCAL) damaged(name, place);
  const start = headerAt + 30 + view.getUint16(headerAt + 26, true) + view.getUint16(headerAt + 28, true);
  if (start + packedBytes > bytes.length) damaged(name, place);
  const packed = bytes.subarray(start, start + packedBytes);
  const data = entry.method === 0 ? packed.slice() : inflated(packed, entry, name, place);
  if (data.length !== sizeBytes || crc32(data) !== entry.crc)
    damaged(`${name} is not what was written`, place);
  return data;
}

function inflated(packed: Uint8Array, entry: Entry, name: string, place: string): Uint8Array {
  if (entry.method !== 8) damaged(`${name} is packed by method ${entry.method}`, place);
  try {
    // A buffer of the declared size: what would exceed it is cut off, and the length or checksum then differ.
    return inflateSync(packed, { out: new Uint8Array(entry.sizeBytes) });
  } catch {
    return damaged(name, place);
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 of ZIP and PNG. */
export function crc32(data: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < data.length; i++) c = CRC_TABLE[(c ^ data[i]!) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
