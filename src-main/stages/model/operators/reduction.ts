/** Operators over whole axes: sums, maxima, softmax, normalisation. */
import type { OpName, ReduceAttributes } from '../types.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { allocate, sizeOf, stridesOf, viewIndices } from '../tensor.ts';
import type { Operator, OperatorsOf } from './operator.ts';
import { fit, fitFloats, text } from './operator.ts';

function reducedShape(shape: readonly number[], { axes, keepDims }: ReduceAttributes): number[] {
  const isFit = axes.every(
    (a, i) => Number.isInteger(a) && a >= 0 && a < shape.length && (i === 0 || a > axes[i - 1]!),
  );
  fit(isFit, `axes ${text(axes)} of shape ${text(shape)}`);
  fit(
    axes.every((a) => shape[a]! > 0),
    'an axis without elements',
  );
  return shape.map((d, i) => (axes.includes(i) ? 1 : d)).filter((_, i) => keepDims || !axes.includes(i));
}

/** f starts from `start` and takes every element of the reduced axes; `finish` takes the result and the count. */
function reduction<K extends OpName>(
  does: string,
  start: number,
  f: (sum: number, v: number) => number,
  isMean = false,
): Operator<K> {
  const operator: Operator<'ReduceSum'> = {
    does,
    infer([x], a) {
      fit(x!.dtype !== 'bool', 'the operand is bool');
      return [{ dtype: x!.dtype, shape: reducedShape(x!.shape, a) }];
    },
    run([x], { axes }, [y]) {
      const { shape, data, dtype } = x!;
      const strides = stridesOf(shape);
      const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
      const order = [...kept, ...axes];
      const from = viewIndices(
        order.map((i) => shape[i]!),
        order.map((i) => strides[i]!),
      );
      const count = sizeOf(axes.map((i) => shape[i]!));
      const out = allocate(dtype, sizeOf(y!.shape));
      for (let i = 0; i < out.length; i++) {
        let sum = start;
        for (let k = i * count; k < (i + 1) * count; k++) sum = f(sum, data[from[k]!]!);
        const mean = sum / count;
        out[i] = !isMean ? sum : dtype === 'float32' ? mean : Math.trunc(mean);
      }
      return [out];
    },
  };
  return operator as unknown as Operator<K>;
}

function lines(shape: readonly number[], axis: number): { outer: number; size: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis]!, inner: sizeOf(shape.slice(axis + 1)) };
}

function fitAxis(x: TensorType, axis: number): void {
  fit(Number.isInteger(axis) && axis >= 0 && axis < x.shape.length, `axis ${axis} of shape ${text(x.shape)}`);
}

/** Shifted by the maximum, so that no exponential overflows. */
function softmax<K extends 'Softmax' | 'LogSoftmax'>(does: string, isLog: boolean): Operator<K> {
  const operator: Operator<'Softmax'> = {
    does,
    infer([x], { axis }) {
      fitFloats(x);
      fitAxis(x!, axis);
      return [x!];
    },
    run([x], { axis }) {
      const { outer, size, inner } = lines(x!.shape, axis);
      const { data } = x!;
      const out = new Float32Array(data.length);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const first = o * size * inner + i;
          const end = first + size * inner;
          let max = -Infinity;
          for (let at = first; at < end; at += inner) max = Math.max(max, data[at]!);
          let sum = 0;
          for (let at = first; at < end; at += inner) sum += Math.exp(data[at]! - max);
          const log = Math.log(sum);
          for (let at = first; at < end; at += inner) {
            out[at] = isLog ? data[at]! - max - log : Math.exp(data[at]! - max) / sum;
          }
        }
      }
      return [out];
    },
  };
  return operator as unknown as Operator<K>;
}

function extremum<K extends 'ArgMax' | 'ArgMin'>(does: string, sign: 1 | -1): Operator<K> {
  const operator: Operator<'ArgMax'> = {
    does,
    infer([x], { axis, keepDims }) {
      fitAxis(x!, axis);
      fit(x!.shape[axis]! > 0, 'an axis without elements');
      return [{ dtype: 'int64', shape: reducedShape(x!.shape, { axes: [axis], keepDims }) }];
    },
    run([x], { axis, isLast }) {
      const { outer, size, inner } = lines(x!.shape, axis);
      const out = new Float64Array(outer * inner);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let best = 0;
          const value = (k: number): number => sign * x!.data[(o * size + k) * inner + i]!;
          for (let k = 1; k < size; k++) {
            if (value(k) > value(best) || (isLast && value(k) === value(best))) best = k;
          }
          out[o * inner + i] = best;
        }
      }
      return [out];
    },
  };
  return operator as unknown as Operator<K>;
}

/** Mean and variance in double (two passes), over the last axes. */
function layerNormalization(
  [x, scale, bias]: readonly Tensor[],
  size: number,
  epsilon: number,
): Float32Array {
  const out = new Float32Array(x!.data.length);
  for (let first = 0; first < out.length; first += size) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += x!.data[first + i]!;
    const mean = sum / size;
    let squares = 0;
    for (let i = 0; i < size; i++) squares += (x!.data[first + i]! - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / size + epsilon);
    for (let i = 0; i < size; i++) {
      out[first + i] = (x!.data[first + i]! - mean) * factor * scale!.data[i]! + bias!.data[i]!;
    }
  }
  return out;
}

export const REDUCTION: OperatorsOf<
  | 'ReduceMean'
  | 'ReduceSum'
  | 'ReduceMax'
  | 'ReduceMin'
  | 'ReduceProd'
  | 'ArgMax'
  | 'ArgMin'
  | 'Softmax'
  | 'LogSoftmax'
  | 'LayerNormalization'
> = {
  ReduceMean: reduction('mean over axes', 0, (a, b) => a + b, true),
  ReduceSum: reduction('sum over axes', 0, (a, b) => a + b),
  ReduceMax: reduction('largest over axes', -Infinity, Math.max),
  ReduceMin: reduction('smallest over axes', Infinity, Math.min),
  ReduceProd: reduction('product over axes', 1, (a, b) => a * b),
  ArgMax: extremum('index of the largest value', 1),
  ArgMin: extremum('index of the smallest value', -1),
  Softmax: softmax('exponentials over one axis, divided by their sum', false),
  LogSoftmax: softmax('logarithm of Softmax', true),
  LayerNormalization: {
    does: 'mean 0 and variance 1 over the last axes, then scale and bias',
    infer([x, scale, bias], { axis, epsilon }) {
      fitFloats(x, scale, bias);
      fitAxis(x!, axis);
      const size = sizeOf(x!.shape.slice(axis));
      const isFit = sizeOf(scale!.shape) === size && sizeOf(bias!.shape) === size && size > 0;
      fit(
        isFit && epsilon >= 0,
        `scale ${text(scale!.shape)} or bias ${text(bias!.shape)} for ${size} values`,
      );
      return [x!];
    },
    run: (inputs, { axis, epsilon }) => [
      layerNormalization(inputs, sizeOf(inputs[0]!.shape.slice(axis)), epsilon),
    ],
  },
};
