/** Tensors in files: raw little-endian bytes in C order, .npy, or .npz with one array. Pure. */
import { IngotError } from '../../base/diagnostic.ts';
import { readNpy, unzip, type DType, type TensorData } from '../../stages/model/index.ts';

/** What a file must hold: any number of samples of this. */
export interface TensorSlot {
  readonly name: string;
  readonly dtype: DType;
  /** One sample, batch included. */
  readonly shape: readonly number[];
}

const ARRAYS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  // As the model holds it: whole numbers in doubles.
  int64: Float64Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** Bytes of a value in a raw file. */
const RAW_BYTES: Readonly<Record<DType, number>> = {
  ...{ float32: 4, int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, int64: 8, bool: 1 },
};

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * The samples of a file. The format is told by the first bytes, all else is raw. INFER-001: no whole number of
 * samples; INFER-002: values of another type.
 */
export function readTensors(bytes: Uint8Array, file: string, slot: TensorSlot): TensorData[] {
  const values = valuesOf(bytes, file, slot);
  const size = sizeOf(slot.shape);
  const count = values.length / size;
  if (count < 1 || !Number.isInteger(count))
    throw new IngotError('INFER-001', `${values.length} values are no whole number of samples`, {
      place: file,
      remedy: `${slot.name} takes ${size} ${slot.dtype} values a sample, shape [${slot.shape.join(', ')}]`,
    });
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function valuesOf(bytes: Uint8Array, file: string, slot: TensorSlot): TensorData {
  const starts = (magic: string): boolean => [...magic].every((c, i) => bytes[i] === c.charCodeAt(0));
  if (starts('\x93NUMPY')) return converted(bytes, file, slot);
  if (starts('PK\x03\x04')) {
    const arrays = [...unzip(bytes, file, (name) => /\.npy$/i.test(name))];
    const named = arrays.find(([name]) => name.replace(/\.npy$/i, '') === slot.name);
    const only = named ?? (arrays.length === 1 ? arrays[0] : undefined);
    if (only) return converted(only[1], `${file}/${only[0]}`, slot);
    throw new IngotError('INFER-002', `${arrays.length} arrays, none named ${slot.name}`, {
      place: file,
      remedy: 'give one array, or name it as the input of the model',
    });
  }
  return raw(bytes, file, slot);
}

/** Numbers of a wider type are taken where each fits exactly what the model reads. */
function converted(bytes: Uint8Array, file: string, slot: TensorSlot): TensorData {
  const npy = readNpy(bytes, file);
  const values = ARRAYS[slot.dtype].from(npy.data);
  const isFloat = slot.dtype === 'float32';
  const fits = isFloat || npy.data.every((v, i) => v === values[i]);
  if (fits) return values;
  throw new IngotError('INFER-002', `${npy.dtype} values that are no ${slot.dtype}`, {
    place: file,
    remedy: `${slot.name} takes ${slot.dtype}`,
  });
}

function raw(bytes: Uint8Array, file: string, slot: TensorSlot): TensorData {
  if (bytes.length % RAW_BYTES[slot.dtype] !== 0)
    throw new IngotError('INFER-001', `${bytes.length} bytes are no whole number of ${slot.dtype} values`, {
      place: file,
      remedy: `give raw little-endian ${slot.dtype}, .npy or .npz`,
    });
  const own = new Uint8Array(bytes).buffer;
  if (slot.dtype !== 'int64') return new ARRAYS[slot.dtype](own);
  return Float64Array.from(new BigInt64Array(own), Number);
}

/** Samples one after the other, raw. */
export function rawBytes(samples: readonly TensorData[], dtype: DType): Uint8Array {
  const parts = samples.map((s) => (dtype === 'int64' ? BigInt64Array.from(s as Float64Array, BigInt) : s));
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.byteLength, 0));
  let at = 0;
  for (const p of parts) {
    out.set(new Uint8Array(p.buffer, p.byteOffset, p.byteLength), at);
    at += p.byteLength;
  }
  return out;
}
