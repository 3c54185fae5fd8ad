/**
 * One deterministic binary form for plain values with typed arrays, used for artefacts between steps.
 * Layout: magic, JSON length (u32), JSON with `{"$": [type, offset, length]}` for each typed array, padding
 * to 8, then the arrays' bytes, each aligned to 8, little-endian. Same value, same bytes.
 */
import { IngotError, assert } from './diagnostic.ts';

const MAGIC = 0x31474e49; // "ING1"
const TYPES = {
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
} as const;
type TypedArray = InstanceType<(typeof TYPES)[keyof typeof TYPES]>;

const align8 = (n: number): number => (n + 7) & ~7;

export function pack(value: unknown): Uint8Array {
  const arrays: TypedArray[] = [];
  let offset = 0;
  // `this[key]` and not the value given: Buffer has a toJSON that would run first.
  const json = JSON.stringify(value, function (this: Record<string, unknown>, key: string, given: unknown) {
    const v = this[key];
    if (typeof v === 'number') assert(Number.isFinite(v), `cannot pack ${v} at ${key}`);
    if (!ArrayBuffer.isView(v)) return given;
    const type = v.constructor.name === 'Buffer' ? 'Uint8Array' : v.constructor.name;
    assert(type in TYPES, `cannot pack a ${type}`);
    const array = v as TypedArray;
    arrays.push(array);
    const at = offset;
    offset += align8(array.byteLength);
    return { $: [type, at, array.length] };
  });
  const text = new TextEncoder().encode(json);
  const start = align8(8 + text.length);
  const bytes = new Uint8Array(start + offset);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, text.length, true);
  bytes.set(text, 8);
  let at = start;
  for (const a of arrays) {
    bytes.set(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), at);
    at += align8(a.byteLength);
  }
  return bytes;
}

/** Reads what pack wrote; a damaged artefact is a typed error (`PACK-001`), never a crash. */
export function unpack<T>(bytes: Uint8Array): T {
  const damaged = (): IngotError =>
    new IngotError('PACK-001', 'artefact is damaged', {
      remedy: 'run the flow again; the step will be redone',
    });
  if (bytes.length < 8) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw damaged();
  const length = view.getUint32(4, true);
  if (8 + length > bytes.length) throw damaged();
  const start = align8(8 + length);
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)), (_key, v: unknown) => {
      if (v === null || typeof v !== 'object' || !('$' in v) || !Array.isArray(v.$)) return v;
      const [type, at, count] = v.$ as [keyof typeof TYPES, number, number];
      const Type = TYPES[type];
      const size = count * Type.BYTES_PER_ELEMENT;
      if (start + at + size > bytes.length) throw damaged();
      // Copied to be aligned; not by slice(), which for Node's Buffer is a view of the whole file.
      return new Type(new Uint8Array(bytes.subarray(start + at, start + at + size)).buffer);
    }) as T;
  } catch (e) {
    throw e instanceof IngotError ? e : damaged();
  }
}
