/** Writes small .tflite files (schema v3, FlatBuffers) from plain descriptions, for tests. */

type Field =
  | { readonly int8: number }
  | { readonly int32: number }
  | { readonly float32: number }
  | { readonly table: readonly (Field | undefined)[] }
  | { readonly tables: readonly (readonly (Field | undefined)[])[] }
  | { readonly vector: Uint8Array; readonly count: number };

const i8 = (v: number): Field => ({ int8: v });
const i32 = (v: number): Field => ({ int32: v });
const f32 = (v: number): Field => ({ float32: v });
const bytesOf = (a: {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
const bytes = (a: Uint8Array): Field => ({ vector: a, count: a.length });
const ints = (a: readonly number[]): Field => ({ vector: bytesOf(Int32Array.from(a)), count: a.length });
const text = (s: string): Field => bytes(new TextEncoder().encode(s));

class Writer {
  #bytes = new Uint8Array(1024);
  #end = 0;

  /** Room for `size` bytes such that `offset` bytes into it an address is a multiple of `align`. */
  take(size: number, align: number, offset = 0): number {
    while ((this.#end + offset) % align !== 0) this.#end++;
    const at = this.#end;
    this.#end += size;
    while (this.#end > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }
  get view(): DataView {
    return new DataView(this.#bytes.buffer);
  }
  put(at: number, data: Uint8Array): void {
    this.#bytes.set(data, at);
  }
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#end);
  }

  table(fields: readonly (Field | undefined)[]): number {
    const vtable = this.take(4 + 2 * fields.length, 2);
    this.view.setUint16(vtable, 4 + 2 * fields.length, true);
    this.view.setUint16(vtable + 2, 4 + 4 * fields.length, true);
    const table = this.take(4 + 4 * fields.length, 4);
    this.view.setInt32(table, table - vtable, true);
    fields.forEach((field, i) => {
      if (!field) return;
      const at = table + 4 + 4 * i;
      this.view.setUint16(vtable + 4 + 2 * i, at - table, true);
      if ('int8' in field) this.view.setInt8(at, field.int8);
      else if ('int32' in field) this.view.setInt32(at, field.int32, true);
      else if ('float32' in field) this.view.setFloat32(at, field.float32, true);
      else {
        const child = this.#child(field);
        this.view.setUint32(at, child - at, true);
      }
    });
    return table;
  }

  #child(field: Exclude<Field, { int8: number } | { int32: number } | { float32: number }>): number {
    if ('table' in field) return this.table(field.table);
    if ('tables' in field) {
      const at = this.take(4 + 4 * field.tables.length, 4);
      this.view.setUint32(at, field.tables.length, true);
      field.tables.forEach((fields, i) => {
        const place = at + 4 + 4 * i;
        const table = this.table(fields);
        this.view.setUint32(place, table - place, true);
      });
      return at;
    }
    const at = this.take(4 + field.vector.length + 1, 16, 4);
    this.view.setUint32(at, field.count, true);
    this.put(at + 4, field.vector);
    return at;
  }
}

export interface LiteTensor {
  readonly shape: readonly number[];
  /** Default int8. */
  readonly type?: 'int8' | 'int16' | 'int32' | 'float32' | 'uint8';
  readonly scales?: readonly number[];
  readonly zeroPoint?: number;
  readonly axis?: number;
  readonly data?: Int8Array | Int32Array | Float32Array;
  readonly isVariable?: boolean;
}

export interface LiteOp {
  readonly code: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Number of the union's member and its fields. */
  readonly options?: readonly [number, readonly (Field | undefined)[]];
}

export interface LiteFile {
  readonly tensors: readonly LiteTensor[];
  readonly ops: readonly LiteOp[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export const option = { i8, i32, f32 };

const TYPES = { float32: 0, int32: 2, uint8: 3, int16: 7, int8: 9 };

export function tfliteFile(file: LiteFile): Uint8Array {
  const codes = [...new Set(file.ops.map((op) => op.code))];
  const buffers: (Field | undefined)[][] = [[]];
  const tensors = file.tensors.map((t, i) => {
    let buffer = 0;
    if (t.data) buffer = buffers.push([bytes(bytesOf(t.data))]) - 1;
    const scales = t.scales;
    const zeros = BigInt64Array.from((scales ?? []).map(() => BigInt(t.zeroPoint ?? 0)));
    const quantisation = scales && {
      table: [
        undefined,
        undefined,
        { vector: bytesOf(Float32Array.from(scales)), count: scales.length },
        { vector: bytesOf(zeros), count: scales.length },
        undefined,
        undefined,
        i32(t.axis ?? 0),
      ],
    };
    return [
      ints(t.shape),
      i8(TYPES[t.type ?? 'int8']),
      i32(buffer),
      text(`t${i}`),
      quantisation,
      i8(t.isVariable ? 1 : 0),
    ];
  });
  const operators = file.ops.map((op) => [
    i32(codes.indexOf(op.code)),
    ints(op.inputs),
    ints(op.outputs),
    op.options && i8(op.options[0]),
    op.options && { table: op.options[1] },
  ]);
  const graph = [
    { tables: tensors },
    ints(file.inputs),
    ints(file.outputs),
    { tables: operators },
    text('main'),
  ];
  const writer = new Writer();
  writer.take(8, 4);
  writer.put(4, new TextEncoder().encode('TFL3'));
  const root = writer.table([
    i32(3),
    { tables: codes.map((code) => [i8(Math.min(code, 127)), undefined, i32(1), i32(code)]) },
    { tables: [graph] },
    text('made for a test'),
    { tables: buffers },
  ]);
  writer.view.setUint32(0, root, true);
  return writer.finish();
}
