/** Readers of layers: convolution, matrix products, pooling, normalisation, softmax, reductions. */
import type { Value } from '../build/builder.ts';
import { countOf, isConstant } from '../build/builder.ts';
import { product, sum } from '../build/arithmetic.ts';
import * as layer from '../build/layers.ts';
import { axesIn, describe, reshape, transpose } from '../build/shapes.ts';
import { sizeOf } from '../tensor.ts';
import type { NodeReader } from './node-reader.ts';
import { resolveWindow, transposeWindow } from './windows.ts';

function kernelOf(node: NodeReader, w: Value): readonly number[] {
  const kernel = w.shape.slice(2);
  const declared = node.ints('kernel_shape');
  if (w.shape.length < 3 || countOf(w) === 0) {
    node.refuse(
      `the weights have shape ${describe(w.shape)}`,
      'only 1-D and 2-D convolution is read',
      'MODEL-013',
    );
  }
  if (declared && `${declared}` !== `${kernel}`) {
    node.refuse(
      'kernel_shape contradicts the weights',
      'the file is not valid ONNX; export it again',
      'MODEL-013',
    );
  }
  return kernel;
}

function groupsOf(node: NodeReader): number {
  const groups = node.int('group', 1);
  if (groups < 1) node.refuse(`${groups} groups`, 'the file is not valid ONNX; export it again', 'MODEL-013');
  return groups;
}

/** A bias may come as [outC], or as one that broadcasts to it. */
export function conv(node: NodeReader): void {
  node.bind(convOf(node, node.input(0), node.input(1), node.optional(2)));
}

export function convOf(node: NodeReader, x: Value, w: Value, bias: Value | undefined): Value {
  const window = resolveWindow(node, x.shape, kernelOf(node, w), false);
  return layer.conv(node.b, x, w, bias, window, groupsOf(node));
}

export function convTranspose(node: NodeReader): void {
  const x = node.input(0);
  const w = node.input(1);
  const { outPad, ...window } = transposeWindow(node, x.shape, kernelOf(node, w));
  node.bind(layer.convTranspose(node.b, x, w, node.optional(2), window, groupsOf(node), outPad));
}

function scaled(node: NodeReader, x: Value, factor: number): Value {
  return factor === 1 ? x : product(node.b, x, node.b.scalar(factor));
}

/** alpha · A · B + beta · C; with constant weights and a bias per output one fully connected layer. */
export function gemm(node: NodeReader): void {
  node.bind(gemmOf(node, node.input(0), node.input(1), node.optional(2)));
}

export function gemmOf(node: NodeReader, a: Value, w: Value, c: Value | undefined): Value {
  const { b } = node;
  const alpha = node.float('alpha', 1);
  const beta = node.float('beta', 1);
  if (a.shape.length !== 2 || w.shape.length !== 2) {
    node.refuse('operands are not matrices', 'flatten the input before Gemm', 'MODEL-013');
  }
  const x = node.flag('transA') ? transpose(b, a, [1, 0]) : a;
  const isTransposed = node.flag('transB');
  if (isConstant(x) || !layer.isWeight(b, w) || (alpha !== 1 && !isConstant(w))) {
    const y = b.add('MatMul', [x, isTransposed ? transpose(b, w, [1, 0]) : w], {});
    const product = scaled(node, y, alpha);
    return c ? sum(b, product, scaled(node, c, beta)) : product;
  }
  const weights = scaled(node, isTransposed ? w : layer.transposedWeight(b, w), alpha);
  const outC = weights.shape[0]!;
  if (weights.shape[1] !== x.shape[1] || outC === 0) {
    const message = `weights read ${weights.shape[1]} values where the input has ${x.shape[1]}`;
    node.refuse(message, 'check the model', 'MODEL-013');
  }
  const bias = c && biasOf(node, c, outC, beta);
  const y = layer.linear(b, x, weights, bias);
  return c && !bias ? sum(b, y, scaled(node, c, beta)) : y;
}

/** C as a bias [outC], where it is one value per output or one for all. */
function biasOf(node: NodeReader, c: Value, outC: number, beta: number): Value | undefined {
  const { b } = node;
  if (!isConstant(c)) {
    const isBias = beta === 1 && layer.isWeight(b, c) && c.shape.length === 1 && c.shape[0] === outC;
    return isBias ? c : undefined;
  }
  const size = countOf(c);
  if (size === 1)
    return scaled(node, b.constant('float32', [outC], new Float32Array(outC).fill(c.data[0]!)), beta);
  const isPerOutput = size === outC && c.shape.at(-1) === outC;
  return isPerOutput ? scaled(node, reshape(b, c, [outC]), beta) : undefined;
}

export function matMul(node: NodeReader): void {
  node.bind(layer.matMul(node.b, node.input(0), node.input(1)));
}

function poolKernel(node: NodeReader): number[] {
  const kernel = node.ints('kernel_shape') ?? [];
  if (kernel.length === 0 || kernel.some((k) => k < 1)) {
    node.refuse(`kernel_shape ${describe(kernel)}`, 'check the model', 'MODEL-013');
  }
  return kernel;
}

export function maxPool(node: NodeReader): void {
  const x = node.input(0);
  const { beyond, ...s } = resolveWindow(node, x.shape, poolKernel(node), true);
  requireDense(node, s.dilations);
  node.bind(layer.maxPool(node.b, x, { ...s, after: s.after.map((p, i) => p + beyond[i]!) }));
}

function requireDense(node: NodeReader, dilations: readonly number[]): void {
  if (dilations.some((d) => d !== 1)) node.refuse('pooling with dilation', 'pool without dilation');
}

export function averagePool(node: NodeReader): void {
  const x = node.input(0);
  const { beyond, ...s } = resolveWindow(node, x.shape, poolKernel(node), true);
  requireDense(node, s.dilations);
  node.bind(layer.averagePool(node.b, x, s, beyond, node.flag('count_include_pad')));
}

const spatialAxes = (x: Value): number[] => x.shape.slice(2).map((_, i) => i + 2);

export function globalAveragePool(node: NodeReader): void {
  const x = node.input(0);
  node.bind(layer.reduceMean(node.b, x, spatialAxes(x), true));
}

export function globalMaxPool(node: NodeReader): void {
  const x = node.input(0);
  node.bind(layer.reduceMax(node.b, x, spatialAxes(x), true));
}

/** Inference form only: scale and shift per channel from the stored statistics. */
export function batchNormalization(node: NodeReader): void {
  if (node.flag('training_mode')) {
    node.refuse('is in training mode', 'export the model in inference mode (model.eval())');
  }
  if (node.int('spatial', 1) !== 1) node.refuse('statistics per position', 'export with spatial = 1');
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => node.floats(i));
  const parameters = { gamma: gamma!, beta: beta!, mean: mean!, variance: variance! };
  node.bind(layer.batchNorm(node.b, node.input(0), parameters, node.float('epsilon', 1e-5)));
}

export function instanceNormalization(node: NodeReader): void {
  const x = node.input(0);
  const epsilon = node.float('epsilon', 1e-5);
  node.bind(layer.groupNorm(node.b, x, x.shape[1] ?? 0, node.input(1), node.input(2), epsilon));
}

/** Up to operator set 20 scale and bias are one per group, afterwards one per channel. */
export function groupNormalization(node: NodeReader): void {
  const x = node.input(0);
  const groups = node.int('num_groups', 0);
  const each = (x.shape[1] ?? 0) / groups;
  const perChannel = (v: Value): Value => {
    if (v.shape.length !== 1 || v.shape[0] !== groups || each === 1 || !Number.isInteger(each)) return v;
    const wide = node.b.add('Expand', [reshape(node.b, v, [groups, 1])], { shape: [groups, each] });
    return reshape(node.b, wide, [groups * each]);
  };
  const epsilon = node.float('epsilon', 1e-5);
  node.bind(
    layer.groupNorm(node.b, x, groups, perChannel(node.input(1)), perChannel(node.input(2)), epsilon),
  );
}

export function layerNormalization(node: NodeReader): void {
  const { b } = node;
  const x = node.input(0);
  const axis = node.axis(-1, x.shape.length);
  const shape = x.shape.slice(axis);
  const scale = node.input(1);
  const bias = node.optional(2) ?? b.filled(shape, 0);
  const epsilon = node.float('epsilon', 1e-5);
  node.bind(b.add('LayerNormalization', [x, scale, bias], { axis, epsilon }));
}

export const softmaxOf =
  (op: 'Softmax' | 'LogSoftmax') =>
  (node: NodeReader): void => {
    const x = node.input(0);
    const isFlat = node.opset < 13;
    node.bind(layer.softmax(node.b, op, x, node.axis(isFlat ? 1 : -1, x.shape.length), isFlat));
  };

type Reduce = 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd';

/** The axes of a reduction; undefined where it does nothing. */
function reduceAxes(node: NodeReader, rank: number): number[] | undefined {
  const given = node.list('axes', 1);
  if (given && given.length > 0) return axesIn(node.b, given, rank);
  return node.flag('noop_with_empty_axes') ? undefined : Array.from({ length: rank }, (_, i) => i);
}

function reduced(node: NodeReader, op: Reduce, x: Value, axes: readonly number[] | undefined): Value {
  const keepDims = node.int('keepdims', 1) !== 0;
  if (!axes) return x;
  if (op === 'ReduceMean') return layer.reduceMean(node.b, x, axes, keepDims);
  if (op === 'ReduceMax') return layer.reduceMax(node.b, x, axes, keepDims);
  return node.b.add(op, [x], { axes, keepDims });
}

export const reduce =
  (op: Reduce) =>
  (node: NodeReader): void => {
    const x = node.input(0);
    node.bind(reduced(node, op, x, reduceAxes(node, x.shape.length)));
  };

/** Reductions that are a sum with something before and behind. */
export const reduceSumOf =
  (before: (node: NodeReader, x: Value) => Value, behind: (node: NodeReader, y: Value) => Value) =>
  (node: NodeReader): void => {
    const x = node.input(0);
    const axes = reduceAxes(node, x.shape.length);
    node.bind(behind(node, reduced(node, 'ReduceSum', before(node, x), axes)));
  };

export const argOf =
  (op: 'ArgMax' | 'ArgMin') =>
  (node: NodeReader): void => {
    const x = node.input(0);
    const axis = node.axis(0, x.shape.length);
    const isLast = node.flag('select_last_index');
    node.bind(node.b.add(op, [x], { axis, keepDims: node.int('keepdims', 1) !== 0, isLast }));
  };

/** Local size of the whole: elements of a value, as a constant. */
export function size(node: NodeReader): void {
  node.bind(node.b.scalar(sizeOf(node.input(0).shape), 'int64'));
}
