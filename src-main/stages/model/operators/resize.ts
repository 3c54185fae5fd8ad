/**
 * Resize as ONNX defines it (operator Resize, version 19): each output position maps to a coordinate of the
 * input, whose value is a weighted sum of the neighbours, axis by axis.
 */
import type { ResizeAttributes, TensorData } from '../types.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { allocate, sizeOf } from '../tensor.ts';
import type { OperatorsOf } from './operator.ts';
import { fit, fitFloats, text } from './operator.ts';

/** Neighbours of one output position along one axis. */
interface Taps {
  readonly at: readonly number[];
  readonly weight: readonly number[];
}

function coordinate(
  i: number,
  size: number,
  outSize: number,
  scale: number,
  mode: ResizeAttributes['coordinates'],
): number {
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = outSize / (scale * size);
      return (size / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return outSize > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return outSize === 1 ? 0 : (i * (size - 1)) / (outSize - 1);
    case 'asymmetric':
      return i / scale;
  }
}

function nearest(x: number, mode: ResizeAttributes['nearest']): number {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
  }
}

/** Weights of the four neighbours at fraction t (Keys 1981, coefficient a). */
function cubic(t: number, a: number): number[] {
  const inner = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const outer = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [outer(1 + t), inner(t), inner(1 - t), outer(2 - t)];
}

function tapsOf(x: number, size: number, a: ResizeAttributes): Taps {
  const inside = (i: number): number => Math.min(Math.max(i, 0), size - 1);
  if (a.mode === 'nearest') return { at: [inside(nearest(x, a.nearest))], weight: [1] };
  const floor = Math.floor(x);
  const t = x - floor;
  const first = a.mode === 'linear' ? floor : floor - 1;
  let weight = a.mode === 'linear' ? [1 - t, t] : cubic(t, a.cubicA);
  if (a.excludeOutside) {
    const kept = weight.map((w, k) => (first + k >= 0 && first + k < size ? w : 0));
    const sum = kept.reduce((p, q) => p + q, 0);
    weight = kept.map((w) => w / sum);
  }
  return { at: weight.map((_, k) => inside(first + k)), weight };
}

/** One axis after the other; the values between are kept in double. */
function resize(x: Tensor, a: ResizeAttributes): TensorData {
  let data: ArrayLike<number> = x.data;
  const shape = [...x.shape];
  a.shape.forEach((outSize, axis) => {
    const size = shape[axis]!;
    const scale = a.scales[axis]!;
    if (outSize === size && scale === 1) return;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const out = new Float64Array(outer * outSize * inner);
    for (let i = 0; i < outSize; i++) {
      const { at, weight } = tapsOf(coordinate(i, size, outSize, scale, a.coordinates), size, a);
      for (let o = 0; o < outer; o++) {
        const to = (o * outSize + i) * inner;
        for (let tap = 0; tap < at.length; tap++) {
          const from = (o * size + at[tap]!) * inner;
          const w = weight[tap]!;
          for (let k = 0; k < inner; k++) out[to + k] = out[to + k]! + w * data[from + k]!;
        }
      }
    }
    data = out;
    shape[axis] = outSize;
  });
  const out = allocate(x.dtype, data.length);
  out.set(data);
  return out;
}

export const RESIZE: OperatorsOf<'Resize'> = {
  Resize: {
    does: 'nearest, linear or cubic interpolation',
    infer([x], a) {
      if (a.mode !== 'nearest') fitFloats(x);
      const isFit = a.shape.length === x!.shape.length && a.scales.length === x!.shape.length;
      const isSane =
        isFit && a.scales.every((s) => s > 0 && Number.isFinite(s)) && x!.shape.every((d) => d > 0);
      fit(isSane, `from ${text(x!.shape)} to ${text(a.shape)} by ${text(a.scales)}`);
      return [{ dtype: x!.dtype, shape: a.shape } satisfies TensorType];
    },
    run: ([x], a) => [resize(x!, a)],
    macs: (_, y) => 16 * sizeOf(y.shape),
  },
};
