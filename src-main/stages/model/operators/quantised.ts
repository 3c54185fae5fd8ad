/** Between float and integer: a scale and a zero point for the tensor, or for each index of one axis. */
import type { OperatorsOf } from './operator.ts';
import { fit, text } from './operator.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { INTEGER_RANGE, allocate, sizeOf } from '../tensor.ts';
import { roundHalfEven } from './elementwise.ts';

function fitScale(x: TensorType, scale: TensorType, zeroPoint: TensorType, axis: number): void {
  fit(scale.dtype === 'float32', `the scale is ${scale.dtype}`);
  fit(text(scale.shape) === text(zeroPoint.shape), 'scale and zero point differ in shape');
  if (scale.shape.length === 0) return;
  const isAxis = Number.isInteger(axis) && axis >= 0 && axis < x.shape.length;
  const isFit = isAxis && scale.shape.length === 1 && scale.shape[0] === x.shape[axis];
  fit(isFit, `scale ${text(scale.shape)} along axis ${axis} of ${text(x.shape)}`);
}

/** Calls f with each element's position and that of its scale. */
function eachElement(
  x: TensorType,
  scale: TensorType,
  axis: number,
  f: (i: number, k: number) => void,
): void {
  const count = sizeOf(x.shape);
  const channels = sizeOf(scale.shape);
  const inner = channels === 1 ? 1 : sizeOf(x.shape.slice(axis + 1));
  for (let i = 0; i < count; i++) f(i, Math.floor(i / inner) % channels);
}

export const QUANTISED: OperatorsOf<'QuantizeLinear' | 'DequantizeLinear'> = {
  QuantizeLinear: {
    does: 'float to integer: x / scale rounded half to even, plus zero point, saturated',
    infer(inputs, { axis }) {
      const [x, scale, zeroPoint] = inputs as [TensorType, TensorType, TensorType];
      fit(x.dtype === 'float32', `the input is ${x.dtype}`);
      fitScale(x, scale, zeroPoint, axis);
      fit(
        ['int8', 'uint8', 'int16', 'uint16', 'int32'].includes(zeroPoint.dtype),
        `the zero point is ${zeroPoint.dtype}`,
      );
      return [{ dtype: zeroPoint.dtype, shape: x.shape }];
    },
    run(inputs, { axis }, [y]) {
      const [x, scale, zeroPoint] = inputs as [Tensor, Tensor, Tensor];
      const [min, max] = INTEGER_RANGE[y!.dtype]!;
      const out = allocate(y!.dtype, x.data.length);
      eachElement(x, scale, axis, (i, k) => {
        // The quotient is rounded to float32 first, as every runtime computes it.
        const q = roundHalfEven(Math.fround(x.data[i]! / scale.data[k]!)) + zeroPoint.data[k]!;
        out[i] = Math.min(Math.max(q, min), max);
      });
      return [out];
    },
  },
  DequantizeLinear: {
    does: 'integer to float: (x - zero point) · scale',
    infer(inputs, { axis }) {
      const [x, scale, zeroPoint] = inputs as [TensorType, TensorType, TensorType];
      fit(['int8', 'uint8', 'int16', 'uint16', 'int32'].includes(x.dtype), `the input is ${x.dtype}`);
      fit(zeroPoint.dtype === x.dtype, `the zero point is ${zeroPoint.dtype}, the input ${x.dtype}`);
      fitScale(x, scale, zeroPoint, axis);
      return [{ dtype: 'float32', shape: x.shape }];
    },
    run(inputs, { axis }) {
      const [x, scale, zeroPoint] = inputs as [Tensor, Tensor, Tensor];
      const out = new Float32Array(x.data.length);
      eachElement(x, scale, axis, (i, k) => (out[i] = (x.data[i]! - zeroPoint.data[k]!) * scale.data[k]!));
      return [out];
    },
  },
};
