/**
 * NumPy's array file (.npy, format versions 1 to 3), little-endian, C order, the types that data sets come in.
 * Format: numpy.lib.format in NumPy's documentation. A header is read by its three fields, not as Python.
 */
import { IngotError } from '../../base/diagnostic.ts';
import { elementCount } from './limits.ts';

const TYPES = {
  '|u1': { dtype: 'uint8', Array: Uint8Array },
  '|i1': { dtype: 'int8', Array: Int8Array },
  '<i4': { dtype: 'int32', Array: Int32Array },
  '<f4': { dtype: 'float32', Array: Float32Array },
  '<f8': { dtype: 'float64', Array: Float64Array },
} as const;

export type NpyData = Uint8Array | Int8Array | Int32Array | Float32Array | Float64Array;

export interface Npy {
  readonly shape: readonly number[];
  readonly dtype: (typeof TYPES)[keyof typeof TYPES]['dtype'];
  /** Row major, as many as the shape says. */
  readonly data: NpyData;
}

/** MODEL-030: not a .npy file; MODEL-031: a type or order that is not read; MODEL-032: size contradicts shape. */
export function readNpy(bytes: Uint8Array, name = 'array'): Npy {
  const refuse = (code: string, message: string, remedy: string): never => {
    throw new IngotError(code, message, { place: name, remedy });
  };
  const damaged = (): never =>
    refuse('MODEL-030', 'not a .npy file, or damaged', 'write the array with numpy.save');
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== '\x93NUMPY') damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  if (bytes[6]! < 1 || bytes[6]! > 3) damaged();
  const end = start + (start === 10 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) damaged();
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1] ?? damaged();
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1] ?? damaged();
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1] ?? damaged();
  if (!(descr in TYPES) || order === 'True') {
    const known = Object.values(TYPES).map((t) => t.dtype);
    refuse(
      'MODEL-031',
      `type ${descr}${order === 'True' ? ' in Fortran order' : ''} is not read`,
      `save a C-ordered array of ${known.join(', ')}`,
    );
  }
  const type = TYPES[descr as keyof typeof TYPES];
  const shape = sizes
    .split(',')
    .filter((s) => s.trim() !== '')
    .map(Number);
  const sizeBytes = elementCount(shape, name) * type.Array.BYTES_PER_ELEMENT;
  if (sizeBytes !== bytes.length - end) {
    refuse(
      'MODEL-032',
      `${bytes.length - end} bytes follow where shape [${shape.join(', ')}] needs ${sizeBytes}`,
      'the file is truncated; write it again',
    );
  }
  // Copied to be aligned; not slice(), which for Node's Buffer is a view.
  return { shape, dtype: type.dtype, data: new type.Array(new Uint8Array(bytes.subarray(end)).buffer) };
}

/** The inverse, for the types above; format version 1. */
export function writeNpy(shape: readonly number[], data: NpyData): Uint8Array {
  const descr = Object.entries(TYPES).find(([, t]) => data instanceof t.Array)![0];
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const headerBytes = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + headerBytes + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, headerBytes & 255, headerBytes >> 8]);
  bytes.set(new TextEncoder().encode(text.padEnd(headerBytes - 1) + '\n'), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + headerBytes);
  return bytes;
}

/** A data set of shape [samples, ...] as one float32 array per sample, values as stored. */
export function samplesOf(npy: Npy): Float32Array[] {
  const all = Float32Array.from(npy.data);
  const count = npy.shape[0] ?? 0;
  const size = count === 0 ? 0 : all.length / count;
  return Array.from({ length: count }, (_, i) => all.slice(i * size, (i + 1) * size));
}
