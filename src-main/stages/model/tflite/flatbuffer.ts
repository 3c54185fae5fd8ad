/**
 * Reads FlatBuffers tables, bounds checked: whatever the bytes are, every access ends in a value or in a
 * `DamagedFile`. Format: "FlatBuffers internals", <https://flatbuffers.dev/internals/>. Tables may share
 * vectors, so a small file could describe an enormous one; what is read in total is limited too.
 */

/** Says where in the file the contradiction is; importTflite turns it into MODEL-060. */
export class DamagedFile extends Error {}

/** What vectors may hold in all, in multiples of the file's own size. */
const READ_FACTOR = 16;

interface Source {
  readonly view: DataView;
  /** Bytes that vectors may still take. */
  budget: number;
}

/** A table: fields by their number in the schema; a field that is absent has its default. */
export class Table {
  readonly #source: Source;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  private constructor(source: Source, at: number) {
    this.#source = source;
    this.#at = at;
    this.#vtable = at - this.#read(at, 4, (v) => v.getInt32(at, true));
    this.#vtableBytes = this.#read(this.#vtable, 2, (v) => v.getUint16(this.#vtable, true));
  }

  /** The root table of a file. */
  static root(bytes: Uint8Array): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.byteLength < 8) throw new DamagedFile('it is too short');
    return new Table({ view, budget: bytes.byteLength * READ_FACTOR }, view.getUint32(0, true));
  }

  int8(field: number, missing = 0): number {
    return this.#scalar(field, 1, missing, (v, at) => v.getInt8(at));
  }
  uint8(field: number, missing = 0): number {
    return this.#scalar(field, 1, missing, (v, at) => v.getUint8(at));
  }
  int32(field: number, missing = 0): number {
    return this.#scalar(field, 4, missing, (v, at) => v.getInt32(at, true));
  }
  uint32(field: number, missing = 0): number {
    return this.#scalar(field, 4, missing, (v, at) => v.getUint32(at, true));
  }
  uint64(field: number, missing = 0): number {
    return this.#scalar(field, 8, missing, (v, at) => Number(v.getBigUint64(at, true)));
  }
  float32(field: number, missing = 0): number {
    return this.#scalar(field, 4, missing, (v, at) => v.getFloat32(at, true));
  }

  table(field: number): Table | undefined {
    const at = this.#field(field);
    return at === undefined ? undefined : new Table(this.#source, this.#target(at));
  }

  tables(field: number): Table[] {
    const { start, count } = this.#vector(field, 4);
    return Array.from({ length: count }, (_, i) => new Table(this.#source, this.#target(start + 4 * i)));
  }

  int32s(field: number): number[] {
    const { start, count } = this.#vector(field, 4);
    return Array.from({ length: count }, (_, i) => this.#source.view.getInt32(start + 4 * i, true));
  }

  float32s(field: number): number[] {
    const { start, count } = this.#vector(field, 4);
    return Array.from({ length: count }, (_, i) => this.#source.view.getFloat32(start + 4 * i, true));
  }

  int64s(field: number): number[] {
    const { start, count } = this.#vector(field, 8);
    return Array.from({ length: count }, (_, i) =>
      Number(this.#source.view.getBigInt64(start + 8 * i, true)),
    );
  }

  /** A copy, so that it is aligned. */
  bytes(field: number): Uint8Array {
    const { start, count } = this.#vector(field, 1);
    const { buffer, byteOffset } = this.#source.view;
    return new Uint8Array(new Uint8Array(buffer, byteOffset + start, count));
  }

  string(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  has(field: number): boolean {
    return this.#field(field) !== undefined;
  }

  #read<T>(at: number, size: number, get: (view: DataView) => T): T {
    if (at < 0 || at + size > this.#source.view.byteLength) {
      throw new DamagedFile(`byte ${at} is outside the file`);
    }
    return get(this.#source.view);
  }

  /** Where a field's value stands; undefined where it is absent. */
  #field(field: number): number | undefined {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#vtableBytes) return undefined;
    const offset = this.#read(this.#vtable + slot, 2, (v) => v.getUint16(this.#vtable + slot, true));
    return offset === 0 ? undefined : this.#at + offset;
  }

  #scalar(field: number, size: number, missing: number, get: (v: DataView, at: number) => number): number {
    const at = this.#field(field);
    return at === undefined ? missing : this.#read(at, size, (v) => get(v, at));
  }

  #target(at: number): number {
    return at + this.#read(at, 4, (v) => v.getUint32(at, true));
  }

  #vector(field: number, elementBytes: number): { start: number; count: number } {
    const at = this.#field(field);
    if (at === undefined) return { start: 0, count: 0 };
    const target = this.#target(at);
    const count = this.#read(target, 4, (v) => v.getUint32(target, true));
    const bytes = count * elementBytes;
    this.#read(target + 4, bytes, () => undefined);
    this.#source.budget -= bytes + 8;
    if (this.#source.budget < 0) throw new DamagedFile('its tables share too much');
    return { start: target + 4, count };
  }
}
