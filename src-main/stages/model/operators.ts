/** Operators that compute, one reader each: check the form, infer the shape, emit a node of the Model. */
import type { Computed } from './draft.ts';
import { isConstant } from './draft.ts';
import { elementCount } from './limits.ts';
import type { NodeReader } from './node-reader.ts';
import type { PoolAttributes } from './types.ts';
import { foldIntegers } from './shape-operators.ts';
import { resolveWindow } from './windows.ts';

/** The image of a 2-D operator, [1, c, h, w]. */
function image(node: NodeReader): Computed & { c: number; h: number; w: number } {
  const x = node.computed(0);
  const [n, c, h, w] = x.shape;
  if (x.shape.length !== 4) {
    node.refuse(
      `the input has shape [${x.shape.join(', ')}]`,
      'only 2-D images [1, c, h, w] are read',
      'MODEL-013',
    );
  }
  requireBatch1(node, n!);
  return { ...x, c: c!, h: h!, w: w! };
}

function requireBatch1(node: NodeReader, batch: number): void {
  if (batch !== 1) {
    node.refuse(`the batch is ${batch}`, 'export with a batch of 1 or a dynamic batch', 'MODEL-019');
  }
}

function biasOf(node: NodeReader, index: number, count: number): number | undefined {
  if (!node.has(index)) return undefined;
  const b = node.floats32(index);
  if (b.data.length !== count) {
    node.refuse(
      `the bias has ${b.data.length} values for ${count} channels`,
      'the file is damaged',
      'MODEL-013',
    );
  }
  return node.initialiser(node.inputName(index), [count], b.data);
}

export function conv(node: NodeReader): void {
  const x = image(node);
  const weights = node.floats32(1);
  const [outC, groupC, kernelH, kernelW] = weights.shape;
  const groups = node.int('group', 1);
  if (weights.shape.length !== 4 || weights.data.length === 0) {
    node.refuse(
      `the weights have shape [${weights.shape.join(', ')}]`,
      'only 2-D convolution is read',
      'MODEL-013',
    );
  }
  if (groups < 1 || outC! % groups !== 0 || groupC! * groups !== x.c) {
    node.refuse(
      `${groups} groups of ${groupC} channels do not fit ${x.c} inputs and ${outC} outputs`,
      'the file is not valid ONNX; export it again',
      'MODEL-013',
    );
  }
  const declared = node.ints('kernel_shape');
  if (declared && (declared.length !== 2 || declared[0] !== kernelH || declared[1] !== kernelW)) {
    node.refuse(
      'kernel_shape contradicts the weights',
      'the file is not valid ONNX; export it again',
      'MODEL-013',
    );
  }
  const r = resolveWindow(node, x.h, x.w, [kernelH!, kernelW!], false);
  const w = node.initialiser(node.inputName(1), weights.shape, weights.data);
  const b = biasOf(node, 2, outC!);
  node.emit([1, outC!, r.outH, r.outW], (base) => ({
    ...base,
    op: 'Conv',
    inputs: b === undefined ? [x.id, w] : [x.id, w, b],
    attributes: { ...r.window, dilationH: r.dilationH, dilationW: r.dilationW, groups },
  }));
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!;
  return out;
}

function scaled(data: Float32Array, factor: number): Float32Array {
  return factor === 1 ? data : data.map((v) => v * factor);
}

export function gemm(node: NodeReader): void {
  const x = node.computed(0);
  const weights = node.floats32(1);
  if (node.flag('transA')) node.refuse('transA is set', 'export with the data as the untransposed operand');
  const [rows, columns] = weights.shape;
  if (weights.shape.length !== 2 || x.shape.length !== 2) {
    node.refuse('operands are not matrices', 'flatten the input before Gemm', 'MODEL-013');
  }
  requireBatch1(node, x.shape[0]!);
  const isTransposed = node.flag('transB');
  const [outC, inC] = isTransposed ? [rows!, columns!] : [columns!, rows!];
  if (inC !== x.shape[1] || outC === 0) {
    node.refuse(
      `weights read ${inC} values where the input has ${x.shape[1]}`,
      'check the model',
      'MODEL-013',
    );
  }
  const outIn = isTransposed ? weights.data : transposed(weights.data, inC, outC);
  const w = node.initialiser(node.inputName(1), [outC, inC], scaled(outIn, node.float('alpha', 1)));
  let b: number | undefined;
  const beta = node.float('beta', 1);
  if (node.has(2)) {
    const c = node.floats32(2);
    const isScalar = c.data.length === 1;
    if (!isScalar && (c.data.length !== outC || c.shape.at(-1) !== outC)) {
      node.refuse(`C has shape [${c.shape.join(', ')}], not [${outC}]`, 'check the model', 'MODEL-013');
    }
    const bias = isScalar ? new Float32Array(outC).fill(c.data[0]!) : c.data;
    b = node.initialiser(node.inputName(2), [outC], scaled(bias, beta));
  }
  node.emit([1, outC], (base) => ({
    ...base,
    op: 'Gemm',
    inputs: b === undefined ? [x.id, w] : [x.id, w, b],
    attributes: {},
  }));
}

export function matMul(node: NodeReader): void {
  const x = node.computed(0);
  const weights = node.floats32(1);
  const [inC, outC] = weights.shape;
  const leading = x.shape.slice(0, -1);
  if (weights.shape.length !== 2 || x.shape.length < 2 || x.shape.at(-1) !== inC || outC === 0) {
    node.refuse(
      `shapes [${x.shape.join(', ')}] and [${weights.shape.join(', ')}] do not multiply`,
      'only data times a constant matrix is read',
      'MODEL-013',
    );
  }
  requireBatch1(node, elementCount(leading, node.name));
  const w = node.initialiser(node.inputName(1), [outC!, inC!], transposed(weights.data, inC!, outC!));
  node.emit([...leading, outC!], (base) => ({ ...base, op: 'Gemm', inputs: [x.id, w], attributes: {} }));
}

function pool(node: NodeReader, op: 'MaxPool' | 'AveragePool'): void {
  const x = image(node);
  const kernel = node.sizes('kernel_shape', 2, 1, 0);
  const r = resolveWindow(node, x.h, x.w, kernel, true);
  if (r.dilationH !== 1 || r.dilationW !== 1) node.refuse('dilation is not read', 'use dilations of 1');
  if ((node.outputs[1] ?? '') !== '') node.refuse('Indices are not computed', 'use the first output only');
  const w = r.window;
  const isPadded = w.padTop + w.padLeft + w.padBottom + w.padRight > 0;
  const countIncludePad = op === 'AveragePool' && isPadded && node.flag('count_include_pad');
  if (countIncludePad && node.flag('ceil_mode')) {
    node.refuse('ceil_mode with count_include_pad is not read', 'set one of them to 0');
  }
  emitPool(node, x, op, w, countIncludePad, r.outH, r.outW);
}

function emitPool(
  node: NodeReader,
  x: Computed,
  op: 'MaxPool' | 'AveragePool',
  window: PoolAttributes,
  countIncludePad: boolean,
  outH: number,
  outW: number,
): void {
  node.emit([1, x.shape[1]!, outH, outW], (base) =>
    op === 'MaxPool'
      ? { ...base, op, inputs: [x.id], attributes: window }
      : { ...base, op, inputs: [x.id], attributes: { ...window, countIncludePad } },
  );
}

export const maxPool = (node: NodeReader): void => pool(node, 'MaxPool');
export const averagePool = (node: NodeReader): void => pool(node, 'AveragePool');

function globalPool(node: NodeReader, op: 'MaxPool' | 'AveragePool'): void {
  const x = image(node);
  const window = { kernelH: x.h, kernelW: x.w, strideH: 1, strideW: 1 };
  const noPads = { padTop: 0, padLeft: 0, padBottom: 0, padRight: 0 };
  emitPool(node, x, op, { ...window, ...noPads }, false, 1, 1);
}

export const globalAveragePool = (node: NodeReader): void => globalPool(node, 'AveragePool');
export const globalMaxPool = (node: NodeReader): void => globalPool(node, 'MaxPool');

export function relu(node: NodeReader): void {
  const x = node.computed(0);
  node.emit(x.shape, (base) => ({ ...base, op: 'Relu', inputs: [x.id], attributes: {} }));
}

export function clip(node: NodeReader): void {
  const x = node.computed(0);
  const bound = (index: number, attribute: string): number | null => {
    if (node.opset < 11) {
      const v = node.float(attribute, NaN);
      // Exporters write the largest float32 where they mean no bound.
      return Number.isNaN(v) || Math.abs(v) > 3.4e38 ? null : v;
    }
    if (!node.has(index)) return null;
    const v = node.floats32(index);
    if (v.data.length !== 1) node.refuse(`${attribute} is not a scalar`, 'check the model', 'MODEL-013');
    return Math.abs(v.data[0]!) > 3.4e38 ? null : v.data[0]!;
  };
  const min = bound(1, 'min');
  const max = bound(2, 'max');
  if (min !== null && max !== null && min > max) node.refuse('min is above max', 'check the model');
  if (min === 0 && max === null) return relu(node);
  node.emit(x.shape, (base) => ({ ...base, op: 'Clip', inputs: [x.id], attributes: { min, max } }));
}

/** True where `shape` broadcasts to `target` without changing target. */
function broadcastsTo(shape: readonly number[], target: readonly number[]): boolean {
  if (shape.length > target.length) return false;
  const skip = target.length - shape.length;
  return shape.every((d, i) => d === 1 || d === target[skip + i]);
}

export function add(node: NodeReader): void {
  const a = node.input(0);
  const b = node.input(1);
  if (isConstant(a) && isConstant(b)) return foldIntegers(node, a, b, (x, y) => x + y);
  const x = isConstant(a) ? b : a;
  const y = isConstant(a) ? a : b;
  const describe = `[${x.shape.join(', ')}] and [${y.shape.join(', ')}]`;
  if (!isConstant(x) && !isConstant(y)) {
    const isSame = x.shape.length === y.shape.length && broadcastsTo(y.shape, x.shape);
    if (!isSame || elementCount(x.shape, node.name) !== elementCount(y.shape, node.name)) {
      node.refuse(`shapes ${describe} differ`, 'broadcasting is read for constants only', 'MODEL-013');
    }
    return node.emit(x.shape, (base) => ({ ...base, op: 'Add', inputs: [x.id, y.id], attributes: {} }));
  }
  if (isConstant(x) || !isConstant(y)) return;
  if (y.dtype !== 'float32') node.refuse('operands have different types', 'export again', 'MODEL-006');
  if (!broadcastsTo(y.shape, x.shape)) {
    node.refuse(`shapes ${describe} do not broadcast`, 'check the model', 'MODEL-013');
  }
  const id = node.initialiser(node.inputName(isConstant(a) ? 0 : 1), y.shape, y.data as Float32Array);
  node.emit(x.shape, (base) => ({ ...base, op: 'Add', inputs: [x.id, id], attributes: {} }));
}

/** Inference form only: scale and shift per channel from the stored statistics. */
export function batchNormalization(node: NodeReader): void {
  const x = node.computed(0);
  if (
    node.flag('training_mode') ||
    (node.outputs.length > 1 && node.outputs.slice(1).some((o) => o !== ''))
  ) {
    node.refuse('is in training mode', 'export the model in inference mode (model.eval())');
  }
  const channels = x.shape[1];
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => node.floats32(i).data);
  if (channels === undefined || [gamma, beta, mean, variance].some((p) => p!.length !== channels)) {
    node.refuse(`parameters do not fit ${channels} channels`, 'the file is damaged', 'MODEL-013');
  }
  const epsilon = node.float('epsilon', 1e-5);
  const scale = new Float32Array(channels!);
  const shift = new Float32Array(channels!);
  for (let c = 0; c < channels!; c++) {
    scale[c] = gamma![c]! / Math.sqrt(variance![c]! + epsilon);
    shift[c] = beta![c]! - mean![c]! * scale[c]!;
  }
  node.emit(x.shape, (base) => ({ ...base, op: 'ScaleShift', inputs: [x.id], scale, shift }));
}

export function softmax(node: NodeReader): void {
  const x = node.computed(0);
  const rank = x.shape.length;
  const given = node.int('axis', node.opset < 13 ? 1 : -1);
  const axis = given < 0 ? given + rank : given;
  if (!(axis >= 0 && axis < rank))
    node.refuse(`axis ${given} is out of range`, 'check the model', 'MODEL-013');
  const group = node.opset < 13 ? elementCount(x.shape.slice(axis), node.name) : x.shape[axis]!;
  if (group !== elementCount(x.shape, node.name)) {
    node.refuse('is over a part of the tensor', 'only Softmax over one vector of classes is read');
  }
  node.emit(x.shape, (base) => ({ ...base, op: 'Softmax', inputs: [x.id], attributes: {} }));
}
