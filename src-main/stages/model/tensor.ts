/** Tensors while a model is read and run: a type, or a type with values. */
import { elementCount } from './limits.ts';
import type { DType, TensorData } from './types.ts';

export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** data.length is the product of shape; of the array class that DataOf names for dtype. */
export interface Tensor extends TensorType {
  readonly data: TensorData;
}

const ARRAYS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  int64: Float64Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** Smallest and largest value; int64 as far as doubles are exact. */
export const INTEGER_RANGE: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

export function allocate(dtype: DType, count: number): TensorData {
  return new ARRAYS[dtype](count);
}

export const isArrayOf = (dtype: DType, data: TensorData): boolean => data instanceof ARRAYS[dtype];

export function tensorOf(dtype: DType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  const data = allocate(dtype, values.length);
  data.set(values);
  return { dtype, shape, data };
}

export const scalar = (dtype: DType, value: number): Tensor => tensorOf(dtype, [], [value]);

export const isFloat = (t: TensorType): boolean => t.dtype === 'float32';

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** Product of the sizes; of a shape that is known to be sane. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Elements from one index to the next along each axis, row major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/**
 * Positions in the source of a strided view, in the view's row-major order: Transpose, Slice, Expand and
 * broadcasting are all such views. strides: of the source, one per axis of the view, 0 where it repeats.
 */
export function viewIndices(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const count = elementCount(shape, 'view');
  const out = new Int32Array(count);
  const rank = shape.length;
  if (rank === 0) {
    out[0] = offset;
    return out;
  }
  const inner = shape[rank - 1]!;
  const step = strides[rank - 1]!;
  const position = new Int32Array(rank);
  let base = offset;
  for (let i = 0; i < count; i += inner) {
    for (let k = 0, at = base; k < inner; k++, at += step) out[i + k] = at;
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      base -= strides[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return out;
}

/** Positions in a tensor of shape `from` for each element of the shape `to` that it broadcasts to. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array {
  const skip = to.length - from.length;
  const strides = stridesOf(from);
  return viewIndices(
    to,
    to.map((_, i) => (i < skip || from[i - skip] === 1 ? 0 : strides[i - skip]!)),
  );
}

/** NumPy's broadcast shape of all, or undefined where they do not fit. */
export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      if (shape[i] === out[at] || shape[i] === 1) continue;
      if (out[at] !== 1) return undefined;
      out[at] = shape[i]!;
    }
  }
  return out;
}

/** The elements at these positions. */
export function pick(x: Tensor, indices: Int32Array): TensorData {
  const out = allocate(x.dtype, indices.length);
  const { data } = x;
  for (let i = 0; i < indices.length; i++) out[i] = data[indices[i]!]!;
  return out;
}
