/** Matrix products. */
import type { Tensor, TensorType } from '../tensor.ts';
import { broadcastIndices, broadcastShape, sizeOf } from '../tensor.ts';
import type { OperatorsOf } from './operator.ts';
import { fit, fitFloats, text } from './operator.ts';

/** rows × inner times inner × columns, at offsets p and q, added to out at r. Sums in double. */
function product(
  a: Float32Array,
  b: Float32Array,
  [rows, inner, columns]: readonly [number, number, number],
  [p, q, r]: readonly [number, number, number],
  out: Float32Array,
): void {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const v = a[p + i * inner + k]!;
      const row = q + k * columns;
      for (let j = 0; j < columns; j++) sums[j] = sums[j]! + v * b[row + j]!;
    }
    out.set(sums, r + i * columns);
  }
}

function gemm([x, weights, bias]: readonly Tensor[]): Float32Array {
  const [rows, inC] = x!.shape as [number, number];
  const outC = weights!.shape[0]!;
  const out = new Float32Array(rows * outC);
  const a = x!.data as Float32Array;
  const w = weights!.data as Float32Array;
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outC; o++) {
      let sum = bias ? bias.data[o]! : 0;
      for (let i = 0; i < inC; i++) sum += a[r * inC + i]! * w[o * inC + i]!;
      out[r * outC + o] = sum;
    }
  }
  return out;
}

const rowsOf = (s: readonly number[]): number => s[s.length - 2]!;
const columnsOf = (s: readonly number[]): number => s[s.length - 1]!;

export const MATRIX: OperatorsOf<'Gemm' | 'MatMul'> = {
  Gemm: {
    does: 'fully connected layer: x · weightsᵀ + bias',
    infer([x, w, bias]) {
      fitFloats(x, w, bias);
      const isFit = x!.shape.length === 2 && w!.shape.length === 2 && x!.shape[1] === w!.shape[1];
      fit(isFit && w!.shape[0]! > 0, `data ${text(x!.shape)} and weights ${text(w!.shape)} do not multiply`);
      const outC = w!.shape[0]!;
      const isBias = !bias || (bias.shape.length === 1 && bias.shape[0] === outC);
      fit(isBias, `bias ${text(bias?.shape ?? [])} for ${outC} outputs`);
      return [{ dtype: 'float32', shape: [x!.shape[0]!, outC] }];
    },
    run: (inputs) => [gemm(inputs)],
    macs: ([x, w]) => x!.shape[0]! * sizeOf(w!.shape),
  },
  MatMul: {
    does: 'matrix product over the last two axes',
    infer(inputs) {
      const [a, b] = inputs as [TensorType, TensorType];
      fitFloats(a, b);
      const isFit = a.shape.length >= 2 && b.shape.length >= 2 && columnsOf(a.shape) === rowsOf(b.shape);
      const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
      fit(isFit && batch, `shapes ${text(a.shape)} and ${text(b.shape)} do not multiply`);
      return [{ dtype: 'float32', shape: [...batch, rowsOf(a.shape), columnsOf(b.shape)] }];
    },
    run(inputs, _, [y]) {
      const [a, b] = inputs as [Tensor, Tensor];
      const size = [rowsOf(a.shape), columnsOf(a.shape), columnsOf(b.shape)] as const;
      const batch = y!.shape.slice(0, -2);
      const left = broadcastIndices(a.shape.slice(0, -2), batch);
      const right = broadcastIndices(b.shape.slice(0, -2), batch);
      const out = new Float32Array(sizeOf(y!.shape));
      for (let i = 0; i < left.length; i++) {
        const at = [
          left[i]! * size[0] * size[1],
          right[i]! * size[1] * size[2],
          i * size[0] * size[2],
        ] as const;
        product(a.data as Float32Array, b.data as Float32Array, size, at, out);
      }
      return [out];
    },
    macs: ([a], y) => sizeOf(y.shape) * columnsOf(a!.shape),
  },
};
