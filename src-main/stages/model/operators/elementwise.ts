/** One element in, one element out; two and three operands broadcast as in NumPy. */
import type { OpName, TensorData } from '../types.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { INTEGER_RANGE, allocate, broadcastIndices, broadcastShape, sameShape } from '../tensor.ts';
import type { Operator, OperatorsOf } from './operator.ts';
import { fit, fitFloats, text } from './operator.ts';

type Unary = (x: number) => number;

function mapped(x: Tensor, to: TensorType, f: Unary): TensorData {
  const out = allocate(to.dtype, x.data.length);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = f(data[i]!);
  return out;
}

/** Of floats, and where `isAnyNumber`, of integers too. */
function unary<K extends OpName>(does: string, f: Unary, isAnyNumber = false): Operator<K> {
  return {
    does,
    infer(inputs) {
      const [x] = inputs as [TensorType];
      if (!isAnyNumber) fitFloats(x);
      fit(x.dtype !== 'bool', 'the operand is bool');
      return [x];
    },
    run: ([x], _, [y]) => [mapped(x!, y!, f)],
  };
}

/**
 * erf by its Maclaurin series below 3 and its continued fraction above, both to double precision
 * (Abramowitz and Stegun, 7.1.5 and 7.1.14).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? NaN : Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
      if (term === 0) break;
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}

export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

const sigmoid: Unary = (x) => 1 / (1 + Math.exp(-x));
const clamp01 = (x: number): number => Math.min(Math.max(x, 0), 1);
const TANH_GELU = Math.sqrt(2 / Math.PI);

export const UNARY: OperatorsOf<
  | 'Relu'
  | 'LeakyRelu'
  | 'Elu'
  | 'Selu'
  | 'Clip'
  | 'Sigmoid'
  | 'HardSigmoid'
  | 'HardSwish'
  | 'Tanh'
  | 'Gelu'
  | 'Erf'
  | 'Softplus'
  | 'Softsign'
  | 'Exp'
  | 'Log'
  | 'Sqrt'
  | 'Reciprocal'
  | 'Neg'
  | 'Abs'
  | 'Sign'
  | 'Floor'
  | 'Ceil'
  | 'Round'
  | 'Sin'
  | 'Cos'
  | 'Not'
  | 'Cast'
> = {
  Relu: unary('max(x, 0)', (x) => Math.max(x, 0), true),
  LeakyRelu: {
    ...unary<'LeakyRelu'>('x where x ≥ 0, else alpha · x', (x) => x),
    run: ([x], { alpha }, [y]) => [mapped(x!, y!, (v) => (v >= 0 ? v : alpha * v))],
  },
  Elu: {
    ...unary<'Elu'>('x where x > 0, else alpha · (eˣ - 1)', (x) => x),
    run: ([x], { alpha }, [y]) => [mapped(x!, y!, (v) => (v > 0 ? v : alpha * Math.expm1(v)))],
  },
  Selu: {
    ...unary<'Selu'>('gamma · Elu(x)', (x) => x),
    run: ([x], { alpha, gamma }, [y]) => [mapped(x!, y!, (v) => gamma * (v > 0 ? v : alpha * Math.expm1(v)))],
  },
  Clip: {
    ...unary<'Clip'>('x held between min and max', (x) => x, true),
    run: ([x], { min, max }, [y]) => {
      const low = min ?? -Infinity;
      const high = max ?? Infinity;
      return [mapped(x!, y!, (v) => Math.min(Math.max(v, low), high))];
    },
  },
  Sigmoid: unary('1 / (1 + e⁻ˣ)', sigmoid),
  HardSigmoid: {
    ...unary<'HardSigmoid'>('alpha · x + beta held between 0 and 1', (x) => x),
    run: ([x], { alpha, beta }, [y]) => [mapped(x!, y!, (v) => clamp01(alpha * v + beta))],
  },
  HardSwish: unary('x · HardSigmoid(x) with alpha 1/6, beta 0.5', (x) => x * clamp01(x / 6 + 0.5)),
  Tanh: unary('hyperbolic tangent', Math.tanh),
  Gelu: {
    ...unary<'Gelu'>('x · Φ(x), exact or by tanh', (x) => x),
    run: ([x], { approximate }, [y]) => {
      const exact: Unary = (v) => 0.5 * v * (1 + erf(v / Math.SQRT2));
      const tanh: Unary = (v) => 0.5 * v * (1 + Math.tanh(TANH_GELU * (v + 0.044715 * v * v * v)));
      return [mapped(x!, y!, approximate === 'none' ? exact : tanh)];
    },
  },
  Erf: unary('error function', erf),
  Softplus: unary('ln(1 + eˣ)', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Softsign: unary('x / (1 + |x|)', (x) => x / (1 + Math.abs(x))),
  Exp: unary('eˣ', Math.exp),
  Log: unary('natural logarithm', Math.log),
  Sqrt: unary('square root', Math.sqrt),
  Reciprocal: unary('1 / x', (x) => 1 / x),
  Neg: unary('-x', (x) => -x, true),
  Abs: unary('|x|', Math.abs, true),
  Sign: unary('-1, 0 or 1', Math.sign, true),
  Floor: unary('down to an integer', Math.floor),
  Ceil: unary('up to an integer', Math.ceil),
  Round: unary('to the nearest integer, halves to even', roundHalfEven),
  Sin: unary('sine', Math.sin),
  Cos: unary('cosine', Math.cos),
  Not: {
    does: 'logical not',
    infer: ([x]) => {
      fit(x!.dtype === 'bool', `the operand is ${x!.dtype}, not bool`);
      return [x!];
    },
    run: ([x], _, [y]) => [mapped(x!, y!, (v) => (v === 0 ? 1 : 0))],
  },
  Cast: {
    does: 'another element type; floats are cut towards zero, integers wrap',
    infer: ([x], { to }) => [{ dtype: to, shape: x!.shape }],
    run: ([x], { to }, [y]) => {
      if (to === 'bool') return [mapped(x!, y!, (v) => (v !== 0 ? 1 : 0))];
      if (to === 'float32') return [mapped(x!, y!, (v) => v)];
      if (to !== 'int64') return [mapped(x!, y!, (v) => Math.trunc(v))];
      const [min, max] = INTEGER_RANGE.int64!;
      return [mapped(x!, y!, (v) => (Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), min), max)))];
    },
  },
};

type Binary = (a: number, b: number) => number;

/** Two operands of one type. `isInteger`: what differs for integers; result: bool for comparisons. */
function binary<K extends OpName>(
  does: string,
  f: Binary,
  details: { integers?: Binary; result?: 'bool'; of?: 'numbers' | 'bools' | 'all' } = {},
): Operator<K> {
  return {
    does,
    infer(inputs) {
      const [a, b] = inputs as [TensorType, TensorType];
      fit(a.dtype === b.dtype, `operands are ${a.dtype} and ${b.dtype}`);
      const wanted = details.of ?? 'numbers';
      fit(wanted === 'all' || (a.dtype === 'bool') === (wanted === 'bools'), `operands are ${a.dtype}`);
      const shape = broadcastShape(a.shape, b.shape);
      fit(shape, `shapes ${text(a.shape)} and ${text(b.shape)} do not broadcast`);
      return [{ dtype: details.result ?? a.dtype, shape }];
    },
    run([a, b], _, [y]) {
      const isInteger = a!.dtype !== 'float32' && details.integers !== undefined;
      return [combined(a!, b!, y!, isInteger ? details.integers! : f)];
    },
  };
}

function combined(a: Tensor, b: Tensor, y: TensorType, f: Binary): TensorData {
  const p = a.data;
  const q = b.data;
  if (sameShape(a.shape, b.shape)) {
    const out = allocate(y.dtype, p.length);
    for (let i = 0; i < out.length; i++) out[i] = f(p[i]!, q[i]!);
    return out;
  }
  const left = broadcastIndices(a.shape, y.shape);
  const right = broadcastIndices(b.shape, y.shape);
  const out = allocate(y.dtype, left.length);
  for (let i = 0; i < out.length; i++) out[i] = f(p[left[i]!]!, q[right[i]!]!);
  return out;
}

/** Remainder with the divisor's sign. */
const modulo: Binary = (a, b) => a - Math.floor(a / b) * b;
const truth = (b: boolean): number => (b ? 1 : 0);

export const BINARY: OperatorsOf<
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Pow'
  | 'Min'
  | 'Max'
  | 'Mod'
  | 'PRelu'
  | 'Equal'
  | 'Less'
  | 'LessOrEqual'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'And'
  | 'Or'
  | 'Where'
> = {
  Add: binary('sum', (a, b) => a + b),
  Sub: binary('difference', (a, b) => a - b),
  Mul: binary('product', (a, b) => a * b),
  Div: binary('quotient; of integers towards zero', (a, b) => a / b, {
    integers: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  }),
  Pow: binary('aᵇ', (a, b) => a ** b),
  Min: binary('the smaller', Math.min),
  Max: binary('the larger', Math.max),
  Mod: binary('remainder with the sign of the divisor', modulo, {
    integers: (a, b) => (b === 0 ? 0 : modulo(a, b)),
  }),
  PRelu: binary('x where x ≥ 0, else slope · x', (x, slope) => (x >= 0 ? x : slope * x)),
  Equal: binary('a = b', (a, b) => truth(a === b), { result: 'bool', of: 'all' }),
  Less: binary('a < b', (a, b) => truth(a < b), { result: 'bool' }),
  LessOrEqual: binary('a ≤ b', (a, b) => truth(a <= b), { result: 'bool' }),
  Greater: binary('a > b', (a, b) => truth(a > b), { result: 'bool' }),
  GreaterOrEqual: binary('a ≥ b', (a, b) => truth(a >= b), { result: 'bool' }),
  And: binary('both', (a, b) => a & b, { of: 'bools' }),
  Or: binary('either', (a, b) => a | b, { of: 'bools' }),
  Where: {
    does: 'the second operand where the first is true, else the third',
    infer(inputs) {
      const [c, a, b] = inputs as [TensorType, TensorType, TensorType];
      fit(c.dtype === 'bool', `the condition is ${c.dtype}, not bool`);
      fit(a.dtype === b.dtype, `operands are ${a.dtype} and ${b.dtype}`);
      const shape = broadcastShape(c.shape, a.shape, b.shape);
      fit(shape, `shapes ${[c, a, b].map((t) => text(t.shape)).join(', ')} do not broadcast`);
      return [{ dtype: a.dtype, shape }];
    },
    run(inputs, _, [y]) {
      const [c, a, b] = inputs as [Tensor, Tensor, Tensor];
      const [at, left, right] = [c, a, b].map((t) => broadcastIndices(t.shape, y!.shape));
      const out = allocate(y!.dtype, at!.length);
      for (let i = 0; i < out.length; i++) {
        out[i] = c.data[at![i]!] !== 0 ? a.data[left![i]!]! : b.data[right![i]!]!;
      }
      return [out];
    },
  },
};
