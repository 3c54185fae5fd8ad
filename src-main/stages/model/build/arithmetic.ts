/** Element-wise operators in canonical form: constants second, differences as sums, one-sided clips as Relu. */
import type { GraphBuilder, Value } from './builder.ts';
import { isConstant } from './builder.ts';
import { sameShape, broadcastShape } from '../tensor.ts';

/** Beyond this a float32 bound means no bound. */
const FLOAT_MAX = 3.4e38;

export function commutative(b: GraphBuilder, op: 'Add' | 'Mul' | 'Min' | 'Max', x: Value, y: Value): Value {
  return isConstant(x) ? b.add(op, [y, x], {}) : b.add(op, [x, y], {});
}

const isAll = (v: Value, value: number): boolean => isConstant(v) && v.data.every((d) => d === value);

/** True where the result has x's shape, so that an operand without effect may be left out. */
const keepsShape = (x: Value, y: Value): boolean => {
  const shape = broadcastShape(x.shape, y.shape);
  return shape !== undefined && sameShape(shape, x.shape) && x.dtype === y.dtype;
};

export function sum(b: GraphBuilder, x: Value, y: Value): Value {
  if (isAll(y, 0) && keepsShape(x, y)) return x;
  if (isAll(x, 0) && keepsShape(y, x)) return y;
  return commutative(b, 'Add', x, y);
}

export function product(b: GraphBuilder, x: Value, y: Value): Value {
  if (isAll(y, 1) && keepsShape(x, y)) return x;
  if (isAll(x, 1) && keepsShape(y, x)) return y;
  return commutative(b, 'Mul', x, y);
}

/** x - y; with y constant the sum of x and -y, which is the same to the bit. */
export function difference(b: GraphBuilder, x: Value, y: Value): Value {
  return isConstant(y) && y.dtype === 'float32' ? sum(b, x, b.add('Neg', [y], {})) : b.add('Sub', [x, y], {});
}

const isPowerOfTwo = (v: number): boolean => {
  const log = Math.log2(Math.abs(v));
  return Number.isInteger(log) && Math.abs(log) < 100;
};

/** x / y; with y constant and a power of two the product with 1 / y, which is the same to the bit. */
export function quotient(b: GraphBuilder, x: Value, y: Value): Value {
  const isExact = isConstant(y) && y.dtype === 'float32' && y.data.every(isPowerOfTwo);
  return isExact ? product(b, x, b.add('Reciprocal', [y], {})) : b.add('Div', [x, y], {});
}

export function clip(b: GraphBuilder, x: Value, min: number | null, max: number | null): Value {
  const low = min === null || min < -FLOAT_MAX ? null : min;
  const high = max === null || max > FLOAT_MAX ? null : max;
  if ([low, high].some((v) => v !== null && !(Math.abs(v) <= FLOAT_MAX))) {
    b.refuse(`bounds ${min} and ${max}`, 'use finite bounds', 'MODEL-016');
  }
  if (low === null && high === null) return x;
  if (low === 0 && high === null && x.dtype === 'float32') return b.add('Relu', [x], {});
  // A bound above the other wins as ONNX and PyTorch say: first the lower, then the upper is applied.
  return b.add('Clip', [x], { min: low, max: high });
}

/** x where x ≥ 0, else slope · x; one slope for all is LeakyRelu. */
export function prelu(b: GraphBuilder, x: Value, slope: Value): Value {
  if (isConstant(slope) && slope.data.length > 0 && isAll(slope, slope.data[0]!) && keepsShape(x, slope)) {
    return b.add('LeakyRelu', [x], { alpha: slope.data[0]! });
  }
  return b.add('PRelu', [x, slope], {});
}

/** x · sigmoid(x) */
export function silu(b: GraphBuilder, x: Value): Value {
  return b.add('Mul', [x, b.add('Sigmoid', [x], {})], {});
}
