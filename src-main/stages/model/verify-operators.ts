/** Whether a node's tensors fit its operator, from the definitions in types.ts alone. */
import type { ConvAttributes, Model, ModelNode, ModelTensor, PoolAttributes } from './types.ts';

type Shape = readonly number[];

const product = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** y is what the shapes broadcast to. */
function broadcasts(y: Shape, ...shapes: readonly Shape[]): boolean {
  return (
    y.every((d, i) => {
      const sizes = shapes.map((s) => s[s.length - (y.length - i)] ?? 1);
      return sizes.every((s) => s === 1 || s === d) && (d === 1 || sizes.includes(d));
    }) && shapes.every((s) => s.length <= y.length)
  );
}

/** Windows along one axis: the last begins at or before the last place where it fits into the padded input. */
function isWindowed(
  size: number,
  before: number,
  after: number,
  reach: number,
  stride: number,
  out: number,
): boolean {
  const spare = size + before + after - reach - (out - 1) * stride;
  return spare >= 0 && spare < stride;
}

function fitsWindow(a: PoolAttributes, dilationH: number, dilationW: number, x: Shape, y: Shape): boolean {
  const h = isWindowed(x[2]!, a.padTop, a.padBottom, (a.kernelH - 1) * dilationH + 1, a.strideH, y[2]!);
  const w = isWindowed(x[3]!, a.padLeft, a.padRight, (a.kernelW - 1) * dilationW + 1, a.strideW, y[3]!);
  return x.length === 4 && y.length === 4 && x[0] === y[0] && h && w;
}

const fitsBias = (b: Shape | undefined, count: number): boolean => b === undefined || same(b, [count]);

function fitsConv(a: ConvAttributes, x: Shape, w: Shape, b: Shape | undefined, y: Shape): boolean {
  const isKernel = w.length === 4 && w[2] === a.kernelH && w[3] === a.kernelW;
  const isGroups = w[1]! * a.groups === x[1] && w[0]! % a.groups === 0;
  return (
    isKernel &&
    isGroups &&
    fitsBias(b, w[0]!) &&
    w[0] === y[1] &&
    fitsWindow(a, a.dilationH, a.dilationW, x, y)
  );
}

/** The window read from the output, whose extra rows belong to no window. */
function fitsTranspose(
  a: ConvAttributes & { outPadH: number; outPadW: number },
  x: Shape,
  w: Shape,
  b: Shape | undefined,
  y: Shape,
): boolean {
  const isKernel = w.length === 4 && w[2] === a.kernelH && w[3] === a.kernelW;
  const isGroups = w[0] === x[1] && x[1]! % a.groups === 0 && w[1]! * a.groups === y[1];
  const high = (x[2]! - 1) * a.strideH + (a.kernelH - 1) * a.dilationH + 1 + a.outPadH;
  const wide = (x[3]! - 1) * a.strideW + (a.kernelW - 1) * a.dilationW + 1 + a.outPadW;
  const isSize = y[2]! + a.padTop + a.padBottom === high && y[3]! + a.padLeft + a.padRight === wide;
  return (
    x.length === 4 && y.length === 4 && x[0] === y[0] && isKernel && isGroups && fitsBias(b, y[1]!) && isSize
  );
}

function fitsMatMul(a: Shape, b: Shape, y: Shape): boolean {
  if (a.length < 2 || b.length < 2 || y.length < 2) return false;
  const isProduct = a.at(-1) === b.at(-2) && a.at(-2) === y.at(-2) && b.at(-1) === y.at(-1);
  return isProduct && broadcasts(y.slice(0, -2), a.slice(0, -2), b.slice(0, -2));
}

function fitsReduce(axes: Shape, keepDims: boolean, x: Shape, y: Shape): boolean {
  const kept = x.map((d, i) => (axes.includes(i) ? 1 : d)).filter((_, i) => keepDims || !axes.includes(i));
  return axes.every((axis) => axis >= 0 && axis < x.length) && same(kept, y);
}

function fitsSlice(a: { starts: Shape; steps: Shape; sizes: Shape }, x: Shape, y: Shape): boolean {
  return (
    same(a.sizes, y) &&
    x.length === y.length &&
    x.every((d, i) =>
      [a.starts[i]!, a.starts[i]! + a.steps[i]! * (y[i]! - 1)].every((at) => at >= 0 && at < d),
    )
  );
}

function fitsConcat(axis: number, parts: readonly Shape[], y: Shape): boolean {
  const isTotal = parts.reduce((n, p) => n + p[axis]!, 0) === y[axis];
  return isTotal && parts.every((p) => p.length === y.length && p.every((d, i) => i === axis || d === y[i]));
}

function fitsRecurrent(
  gates: number,
  node: Extract<ModelNode, { op: 'RNN' | 'GRU' | 'LSTM' }>,
  t: readonly ModelTensor[],
  outputs: readonly ModelTensor[],
): boolean {
  const { hidden, direction } = node.attributes;
  const passes = direction === 'bidirectional' ? 2 : 1;
  const [steps, batch, size] = t[0]!.shape;
  const state = [passes, batch!, hidden];
  const wanted: Shape[] = [
    [steps!, batch!, size!],
    [passes, gates * hidden, size!],
    [passes, gates * hidden, hidden],
    [passes, 2 * gates * hidden],
    state,
    state,
  ];
  const results: Shape[] = [[steps!, passes, batch!, hidden], state, state];
  const isFull = t.length === (gates === 4 ? 6 : 5) && outputs.length === (gates === 4 ? 3 : 2);
  return (
    isFull &&
    t.every((v, i) => same(v.shape, wanted[i]!)) &&
    outputs.every((v, i) => same(v.shape, results[i]!))
  );
}

/** Scale and zero point: constants, one for all or one per index of the axis. */
function fitsScale(axis: number, x: ModelTensor, scale: ModelTensor, zero: ModelTensor): boolean {
  const isShape = same(scale.shape, []) || same(scale.shape, [x.shape[axis] ?? -1]);
  return isShape && same(scale.shape, zero.shape) && !!scale.data && !!zero.data && scale.dtype === 'float32';
}

const isInteger = (t: ModelTensor): boolean =>
  t.dtype !== 'float32' && t.dtype !== 'bool' && t.dtype !== 'int64';

/** Operators whose result has the first operand's shape and type, and which read floats alone. */
const FLOAT_MAPS = new Set<string>([
  'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Gelu', 'Erf', 'Softplus', 'Softsign',
  'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Floor', 'Ceil', 'Round', 'Sin', 'Cos', 'Softmax', 'LogSoftmax',
]); // prettier-ignore
const NUMBER_MAPS = new Set<string>(['Relu', 'Clip', 'Neg', 'Abs', 'Sign']);
const ARITHMETIC = new Set<string>(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Mod', 'PRelu']);
const COMPARISONS = new Set<string>([
  'Equal',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'And',
  'Or',
]);
/** All operands and results are float32. */
const ALL_FLOAT = new Set<string>([
  'Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'AveragePool', 'LayerNormalization', 'RNN', 'GRU', 'LSTM',
]); // prettier-ignore

function fitsFamily(op: string, t: readonly ModelTensor[], y: ModelTensor): boolean | undefined {
  const isSame = t.length > 0 && same(t[0]!.shape, y.shape) && t[0]!.dtype === y.dtype;
  if (FLOAT_MAPS.has(op)) return isSame && t.length === 1 && y.dtype === 'float32';
  if (NUMBER_MAPS.has(op)) return isSame && t.length === 1 && y.dtype !== 'bool';
  const isBroadcast =
    t.length === 2 && t[0]!.dtype === t[1]!.dtype && broadcasts(y.shape, t[0]!.shape, t[1]!.shape);
  if (ARITHMETIC.has(op)) return isBroadcast && t[0]!.dtype === y.dtype && y.dtype !== 'bool';
  if (COMPARISONS.has(op)) return isBroadcast && y.dtype === 'bool';
  return undefined;
}

export function fits(model: Model, node: ModelNode): boolean {
  const t = node.inputs.map((id) => model.tensors[id]!);
  const y = model.tensors[node.output]!;
  const outputs = [node.output, ...(node.moreOutputs ?? [])].map((id) => model.tensors[id]!);
  const family = fitsFamily(node.op, t, y);
  if (family !== undefined) return family && outputs.length === 1;
  if (ALL_FLOAT.has(node.op) && ![...t, ...outputs].every((v) => v.dtype === 'float32')) return false;
  const isRecurrent = node.op === 'RNN' || node.op === 'GRU' || node.op === 'LSTM';
  return (isRecurrent || outputs.length === 1) && fitsOne(node, t, y, outputs);
}

function fitsOne(
  node: ModelNode,
  t: readonly ModelTensor[],
  y: ModelTensor,
  outputs: readonly ModelTensor[],
): boolean {
  const [x, w, b] = t.map((v) => v.shape) as [Shape, Shape, Shape?];
  switch (node.op) {
    case 'Conv':
      return fitsConv(node.attributes, x, w, b, y.shape);
    case 'ConvTranspose':
      return fitsTranspose(node.attributes, x, w, b, y.shape);
    case 'Gemm':
      return w.length === 2 && same(x, [x[0]!, w[1]!]) && same(y.shape, [x[0]!, w[0]!]) && fitsBias(b, w[0]!);
    case 'MatMul':
      return fitsMatMul(x, w, y.shape);
    case 'MaxPool':
    case 'AveragePool':
      return t[0]!.dtype === y.dtype && x[1] === y.shape[1] && fitsWindow(node.attributes, 1, 1, x, y.shape);
    case 'LayerNormalization': {
      const size = product(x.slice(node.attributes.axis));
      return same(x, y.shape) && product(w) === size && product(b!) === size;
    }
    case 'ReduceMean':
    case 'ReduceSum':
    case 'ReduceMax':
    case 'ReduceMin':
    case 'ReduceProd':
      return (
        t[0]!.dtype === y.dtype && fitsReduce(node.attributes.axes, node.attributes.keepDims, x, y.shape)
      );
    case 'ArgMax':
    case 'ArgMin':
      return y.dtype === 'int64' && fitsReduce([node.attributes.axis], node.attributes.keepDims, x, y.shape);
    case 'RNN':
      return fitsRecurrent(1, node, t, outputs);
    case 'GRU':
      return fitsRecurrent(3, node, t, outputs);
    case 'LSTM':
      return fitsRecurrent(4, node, t, outputs);
    default:
      return fitsMoving(node, t, y);
  }
}

function fitsMoving(node: ModelNode, t: readonly ModelTensor[], y: ModelTensor): boolean {
  const [x, w] = t.map((v) => v.shape) as [Shape, Shape];
  const isKept = t[0]!.dtype === y.dtype;
  switch (node.op) {
    case 'Not':
      return isKept && same(x, y.shape) && y.dtype === 'bool';
    case 'Cast':
      return same(x, y.shape) && y.dtype === node.attributes.to;
    case 'Where':
      return (
        t[0]!.dtype === 'bool' &&
        t.slice(1).every((v) => v.dtype === y.dtype) &&
        broadcasts(y.shape, x, w, t[2]!.shape)
      );
    case 'Reshape':
      return isKept && same(node.attributes.shape, y.shape) && product(x) === product(y.shape);
    case 'Transpose':
      return (
        isKept &&
        same(
          y.shape,
          node.attributes.perm.map((p) => x[p]!),
        ) &&
        new Set(node.attributes.perm).size === x.length
      );
    case 'Concat':
      return (
        t.every((v) => v.dtype === y.dtype) &&
        fitsConcat(
          node.attributes.axis,
          t.map((v) => v.shape),
          y.shape,
        )
      );
    case 'Slice':
      return isKept && fitsSlice(node.attributes, x, y.shape);
    case 'Gather': {
      const { axis } = node.attributes;
      const isIndex = t[1]!.dtype === 'int64' || t[1]!.dtype === 'int32';
      return (
        isKept &&
        isIndex &&
        axis < x.length &&
        same(y.shape, [...x.slice(0, axis), ...w, ...x.slice(axis + 1)])
      );
    }
    case 'Expand':
      return isKept && same(node.attributes.shape, y.shape) && broadcasts(y.shape, x, y.shape);
    case 'Pad': {
      const { before, after } = node.attributes;
      return (
        isKept &&
        same(
          y.shape,
          x.map((d, i) => d + before[i]! + after[i]!),
        )
      );
    }
    case 'Resize':
      return isKept && same(node.attributes.shape, y.shape) && x.length === y.shape.length;
    case 'DepthToSpace':
    case 'SpaceToDepth': {
      const [wide, deep] = node.op === 'DepthToSpace' ? [y.shape, x] : [x, y.shape];
      const k = node.attributes.blockSize;
      return isKept && same(wide, [deep[0]!, deep[1]! / (k * k), deep[2]! * k, deep[3]! * k]);
    }
    case 'QuantizeLinear':
      return (
        t[0]!.dtype === 'float32' &&
        isInteger(y) &&
        t[2]!.dtype === y.dtype &&
        same(x, y.shape) &&
        fitsScale(node.attributes.axis, t[0]!, t[1]!, t[2]!)
      );
    case 'DequantizeLinear':
      return (
        y.dtype === 'float32' &&
        isInteger(t[0]!) &&
        t[2]!.dtype === t[0]!.dtype &&
        same(x, y.shape) &&
        fitsScale(node.attributes.axis, t[0]!, t[1]!, t[2]!)
      );
    default:
      return false;
  }
}
