/** Operators that move or describe shapes, and the arithmetic on integer constants that feeds them. */
import type { Value } from './draft.ts';
import { isConstant } from './draft.ts';
import { elementCount } from './limits.ts';
import type { NodeReader } from './node-reader.ts';
import type { Constant } from './read-onnx.ts';

/** Same elements under another shape: of a constant at once, of computed data by a Reshape node. */
function reshaped(node: NodeReader, x: Value, shape: readonly number[]): void {
  const from = elementCount(x.shape, node.name);
  const to = elementCount(shape, node.name);
  if (from !== to) {
    node.refuse(
      `[${x.shape.join(', ')}] cannot become [${shape.join(', ')}]`,
      'check the model',
      'MODEL-013',
    );
  }
  if (isConstant(x)) return node.bind({ ...x, shape });
  if (x.shape.length === shape.length && x.shape.every((d, i) => d === shape[i])) return node.bind(x);
  node.emit(shape, (base) => ({ ...base, op: 'Reshape', inputs: [x.id], attributes: {} }));
}

/** Axis in 0 … rank-1 (or … rank with `end`), negative ones counted from the back. */
function axisOf(node: NodeReader, axis: number, rank: number, isEndAllowed = false): number {
  const a = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(a) && a >= 0 && (a < rank || (isEndAllowed && a === rank))) return a;
  return node.refuse(
    `axis ${axis} is out of range`,
    'the file is not valid ONNX; export it again',
    'MODEL-013',
  );
}

export function flatten(node: NodeReader): void {
  const x = node.input(0);
  const axis = axisOf(node, node.int('axis', 1), x.shape.length, true);
  const rows = elementCount(x.shape.slice(0, axis), node.name);
  reshaped(node, x, [rows, elementCount(x.shape.slice(axis), node.name)]);
}

export function reshape(node: NodeReader): void {
  const x = node.input(0);
  const wanted = node.integers(1);
  const isZeroLiteral = node.flag('allowzero');
  const shape = wanted.map((d, i) => (d === 0 && !isZeroLiteral ? (x.shape[i] ?? 0) : d));
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = elementCount(
      shape.filter((_, i) => i !== free),
      node.name,
    );
    shape[free] = rest > 0 ? Math.floor(elementCount(x.shape, node.name) / rest) : 0;
  }
  reshaped(node, x, shape);
}

function axesOf(node: NodeReader): number[] | undefined {
  return node.ints('axes') ?? (node.has(1) ? node.integers(1) : undefined);
}

export function squeeze(node: NodeReader): void {
  const x = node.input(0);
  const axes = axesOf(node)?.map((a) => axisOf(node, a, x.shape.length));
  const shape = x.shape.filter((d, i) => !(axes ? axes.includes(i) : d === 1));
  reshaped(node, x, shape);
}

export function unsqueeze(node: NodeReader): void {
  const x = node.input(0);
  const given = axesOf(node) ?? node.refuse('axes are missing', 'export again', 'MODEL-010');
  const rank = x.shape.length + given.length;
  const axes = given.map((a) => axisOf(node, a, rank));
  const shape = [...x.shape];
  for (const a of axes.sort((p, q) => p - q)) shape.splice(a, 0, 1);
  reshaped(node, x, shape);
}

/** Read where it moves no data (a Reshape) and for constant matrices. */
export function transpose(node: NodeReader): void {
  const x = node.input(0);
  const rank = x.shape.length;
  const perm = node.ints('perm') ?? x.shape.map((_, i) => rank - 1 - i);
  const isPermutation = perm.length === rank && x.shape.every((_, i) => perm.includes(i));
  if (!isPermutation) node.refuse(`perm [${perm.join(', ')}] is no permutation`, 'export again', 'MODEL-013');
  const moved = perm.filter((i) => x.shape[i] !== 1);
  const shape = perm.map((i) => x.shape[i]!);
  if (moved.every((v, i) => i === 0 || v > moved[i - 1]!)) return reshaped(node, x, shape);
  if (isConstant(x) && x.dtype === 'float32' && rank === 2) {
    const [rows, columns] = x.shape as [number, number];
    const data = x.data.map((_, i) => x.data[(i % rows) * columns + Math.floor(i / rows)]!);
    return node.bind({ ...x, shape, data });
  }
  node.refuse('moves data between axes', 'export the model in NCHW layout, without Transpose');
}

export function identity(node: NodeReader): void {
  node.bind(node.input(0));
}

export function constant(node: NodeReader): void {
  node.bind(node.literal());
}

const vector = (data: readonly number[]): Constant => ({
  dtype: 'int64',
  shape: [data.length],
  data: Float64Array.from(data),
});

export function shape(node: NodeReader): void {
  const s = node.input(0).shape;
  node.bind(vector(s.slice(node.int('start', 0), node.int('end', s.length))));
}

/** Along axis 0 of an integer vector: picking dimensions out of a Shape. */
export function gather(node: NodeReader): void {
  const data = node.integers(0);
  const index = node.constant(1);
  axisOf(node, node.int('axis', 0), 1);
  const picked = Array.from(index.data, (i) => data[axisOf(node, i, data.length)]!);
  node.bind({ ...vector(picked), shape: index.shape });
}

export function slice(node: NodeReader): void {
  const data = node.integers(0);
  const [starts, ends] =
    node.opset < 10 ? [node.ints('starts'), node.ints('ends')] : [node.integers(1), node.integers(2)];
  const steps = node.has(4) ? node.integers(4) : [1];
  if (starts?.length !== 1 || ends?.length !== 1 || steps[0] !== 1) {
    node.refuse('is not a plain part of a vector', 'only slices of shapes are read');
  }
  node.bind(vector(data.slice(starts![0], ends![0])));
}

export function concat(node: NodeReader): void {
  const parts: number[] = [];
  for (let i = 0; i < node.inputCount; i++) parts.push(...node.integers(i));
  node.bind(vector(parts));
}

export function cast(node: NodeReader): void {
  const x = node.input(0);
  const isSame = node.int('to', 0) === 1 ? x.dtype === 'float32' : x.dtype === 'int64';
  if (!isSame)
    node.refuse('changes between integers and floats', 'export the model in float32 throughout', 'MODEL-006');
  node.bind(x);
}

/** Element by element on integer constants, one of them a scalar or both of one length. */
export function foldIntegers(
  node: NodeReader,
  a: Constant,
  b: Constant,
  f: (x: number, y: number) => number,
): void {
  if (a.dtype !== 'int64' || b.dtype !== 'int64') {
    node.refuse(
      'both operands are constants',
      'simplify the model before export (constant folding)',
      'MODEL-014',
    );
  }
  const longer = a.data.length >= b.data.length ? a : b;
  const isFit = [a, b].every((v) => v.data.length === 1 || v.data.length === longer.data.length);
  if (!isFit) node.refuse('lengths differ', 'check the model', 'MODEL-013');
  const at = (v: Constant, i: number): number => v.data[v.data.length === 1 ? 0 : i]!;
  const data = Float64Array.from(longer.data, (_, i) => f(at(a, i), at(b, i)));
  node.bind({ dtype: 'int64', shape: longer.shape, data });
}

export function mul(node: NodeReader): void {
  const a = node.input(0);
  const b = node.input(1);
  if (isConstant(a) && isConstant(b)) return foldIntegers(node, a, b, (x, y) => x * y);
  node.refuse('multiplies data', 'only arithmetic on shapes is read', 'MODEL-003');
}
