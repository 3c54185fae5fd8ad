/** Which float operators have an int8 form, seen by themselves. */
import type { ConvNode, Model, ModelNode, ModelTensor, PoolAttributes, TensorId } from '../model/index.ts';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Element by element on one tensor, in a range that 256 values can hold: a table. */
export const TABLES: ReadonlySet<ModelNode['op']> = new Set([
  'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Gelu', 'LeakyRelu', 'Elu', 'Selu', 'Softplus', 'Softsign', 'Erf',
  'Abs', 'Neg',
]); // prettier-ignore

/**
 * sum: conv, depthwise, fullyConnected; pool; add of two maps; scale: y = x · k[c] + b[c], a depthwise layer of
 * one tap; clamp: Relu or Clip; table: any of one operand; pair: Add, Sub, Mul of two that broadcast; join: Concat;
 * border: Pad with zeros; alias: other shape, nothing to do; float: no int8 form.
 */
export type Form =
  | 'sum'
  | 'pool'
  | 'mean'
  | 'add'
  | 'scale'
  | 'clamp'
  | 'table'
  | 'pair'
  | 'join'
  | 'border'
  | 'alias'
  | 'float';

/** Forms that make it worth to leave floats (add: of maps); the others follow where a neighbour is one of these. */
export const HEAVY: ReadonlySet<Form> = new Set(['sum', 'pool', 'mean', 'add']);

export function formOf(model: Model, node: ModelNode): Form {
  const tensor = (id: TensorId): ModelTensor => model.tensors[id]!;
  const all = [...node.inputs, node.output, ...(node.moreOutputs ?? [])];
  if (all.some((id) => tensor(id).dtype !== 'float32')) return 'float';
  const x = tensor(node.inputs[0]);
  if (x.data || !isHeldShape(tensor(node.output).shape) || !isHeldShape(x.shape)) {
    return !x.data && node.op === 'Reshape' ? 'alias' : 'float';
  }
  const rest = node.inputs.slice(1).map((id) => tensor(id!));
  switch (node.op) {
    case 'Conv':
      return isImage(x.shape) && rest.every((t) => t.data) && isConvSane(node) ? 'sum' : 'float';
    case 'Gemm':
      return rest.every((t) => t.data) && sizeOf(x.shape) === rest[0]!.shape[1] ? 'sum' : 'float';
    case 'MaxPool':
    case 'AveragePool': {
      const a = node.attributes;
      const isPadded = a.padTop + a.padLeft + a.padBottom + a.padRight > 0;
      if (node.op === 'AveragePool' && node.attributes.countIncludePad && isPadded) return 'float';
      return isImage(x.shape) && everyWindowInside(a, x.shape, tensor(node.output).shape) ? 'pool' : 'float';
    }
    case 'ReduceMean':
      return isImage(x.shape) && `${node.attributes.axes}` === '2,3' ? 'mean' : 'float';
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return pairForm(node, x, rest[0]!);
    case 'Concat':
      return all.every((id) => !tensor(id).data && tensor(id).shape.length === x.shape.length)
        ? 'join'
        : 'float';
    case 'Pad': {
      const { mode, value, before } = node.attributes;
      return mode === 'constant' && value === 0 && isImage(x.shape) && before[0] === 0 ? 'border' : 'float';
    }
    case 'Relu':
    case 'Clip':
      return 'clamp';
    case 'Reshape':
      return 'alias';
    default:
      return TABLES.has(node.op) ? 'table' : 'float';
  }
}

function pairForm(node: ModelNode, x: ModelTensor, y: ModelTensor): Form {
  if (y.data) return isPerChannel(y, x.shape) ? 'scale' : 'float';
  const isEqual = `${x.shape}` === `${y.shape}`;
  if (isEqual && node.op === 'Add') return 'add';
  const fits = isEqual || (isImage(x.shape) && isImage(y.shape));
  return fits && node.op !== 'Div' ? 'pair' : 'float';
}

export const isImage = (shape: readonly number[]): boolean => shape.length === 4 && shape[0] === 1;

/** Batch 1, so that the values are one map or one vector. */
const isHeldShape = (shape: readonly number[]): boolean => shape.length < 4 || shape[0] === 1;

/** The dense kernel with dilation spelled out must be worth holding. */
function isConvSane({ attributes: a }: ConvNode): boolean {
  const reach = ((a.kernelH - 1) * a.dilationH + 1) * ((a.kernelW - 1) * a.dilationW + 1);
  return reach <= 16 * a.kernelH * a.kernelW;
}

/** A constant that is one value a channel of an image [1, c, h, w] or of a vector [1, c]; or one value in all. */
export function isPerChannel(t: ModelTensor, shape: readonly number[]): boolean {
  if (!t.data || t.dtype !== 'float32') return false;
  if (t.data.length === 1) return true;
  const c = shape[1];
  if (isImage(shape)) {
    const full = [...Array<number>(4 - t.shape.length).fill(1), ...t.shape];
    return `${full}` === `${[1, c, 1, 1]}`;
  }
  return shape.length === 2 && shape[0] === 1 && t.data.length === c && t.shape.at(-1) === c;
}

function everyWindowInside(a: PoolAttributes, x: readonly number[], y: readonly number[]): boolean {
  const lastY = (y[2]! - 1) * a.strideH - a.padTop;
  const lastX = (y[3]! - 1) * a.strideW - a.padLeft;
  return a.padTop < a.kernelH && a.padLeft < a.kernelW && lastY < x[2]! && lastX < x[3]!;
}
