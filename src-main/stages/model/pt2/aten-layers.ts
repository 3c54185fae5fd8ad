/** Readers of ATen's layers: convolution, linear, pooling, normalisation, softmax, reductions, attention. */
import type { Value } from '../build/builder.ts';
import { countOf, isConstant } from '../build/builder.ts';
import { product, sum } from '../build/arithmetic.ts';
import * as layer from '../build/layers.ts';
import { reshape, squeeze, transpose, unsqueeze } from '../build/shapes.ts';
import { sizeOf } from '../tensor.ts';
import type { AtenNode } from './aten-node.ts';

/** Pads as numbers, or "same" and "valid". */
function padding(
  node: AtenNode,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
) {
  const rank = kernel.length;
  const zero = new Array<number>(rank).fill(0);
  if (!node.overload.endsWith('.padding')) {
    const both = node.spatial('padding', rank, 0);
    return { before: both, after: both };
  }
  const mode = node.string('padding', 'valid');
  if (mode === 'valid') return { before: zero, after: zero };
  if (mode !== 'same' || strides.some((s) => s !== 1)) {
    node.refuse(`padding ${mode} with stride ${strides.join(', ')}`, 'use explicit padding');
  }
  const total = kernel.map((k, i) => (k - 1) * dilations[i]!);
  return { before: total.map((t) => Math.floor(t / 2)), after: total.map((t) => Math.ceil(t / 2)) };
}

/** An input without batch gets one, which is taken off again. */
function batched(node: AtenNode, x: Value, rank: number, f: (x: Value) => Value): Value {
  if (x.shape.length === rank + 2) return f(x);
  if (x.shape.length !== rank + 1) {
    node.refuse(
      `input [${x.shape.join(', ')}] of a ${rank}-D layer`,
      'only 1-D and 2-D layers are read',
      'MODEL-013',
    );
  }
  return squeeze(node.b, f(unsqueeze(node.b, x, [0])), [0]);
}

export function conv(node: AtenNode): void {
  const { b } = node;
  const w = node.tensor('weight');
  const kernel = w.shape.slice(2);
  const rank = kernel.length;
  if (rank < 1 || rank > 2) node.refuse(`a kernel of ${rank} axes`, 'only 1-D and 2-D layers are read');
  const strides = node.spatial('stride', rank, 1);
  const dilations = node.spatial('dilation', rank, 1);
  const groups = node.int('groups', 1);
  const isTransposed = node.overload.startsWith('conv_transpose') || node.bool('transposed');
  const outPad = node.spatial('output_padding', rank, 0);
  const bias = node.optional('bias');
  node.bind(
    batched(node, node.tensor('input'), rank, (x) => {
      const s = { kernel, strides, dilations, ...padding(node, kernel, strides, dilations) };
      return isTransposed
        ? layer.convTranspose(b, x, w, bias, s, groups, outPad)
        : layer.conv(b, x, w, bias, s, groups);
    }),
  );
}

export function linear(node: AtenNode): void {
  const w = node.tensor('weight');
  const bias = node.optional('bias');
  const x = node.tensor('input');
  if (layer.isWeight(node.b, w) && w.shape.length === 2) {
    return node.bind(layer.linear(node.b, x, w, bias));
  }
  const y = layer.matMul(node.b, x, transpose(node.b, w, [1, 0]));
  node.bind(bias ? sum(node.b, y, bias) : y);
}

/** beta · self + alpha · mat1 · mat2 */
export function addmm(node: AtenNode): void {
  const { b } = node;
  const bias = node.tensor('self');
  const x = node.tensor('mat1');
  const w = node.tensor('mat2');
  const alpha = node.number('alpha', 1);
  const beta = node.number('beta', 1);
  const isLayer = alpha === 1 && beta === 1 && !isConstant(x) && layer.isWeight(b, w) && w.shape.length === 2;
  if (isLayer && bias.shape.length === 1 && bias.shape[0] === w.shape[1]) {
    return node.bind(layer.linear(b, x, layer.transposedWeight(b, w), bias));
  }
  const y = product(b, layer.matMul(b, x, w), b.scalar(alpha));
  node.bind(sum(b, y, product(b, bias, b.scalar(beta))));
}

export const matMul =
  (second: string) =>
  (node: AtenNode): void => {
    node.bind(layer.matMul(node.b, node.tensor('self'), node.tensor(second)));
  };

function poolSpatial(node: AtenNode, rank: number) {
  const kernel = node.spatial('kernel_size', rank, 1);
  const given = node.ints('stride', []);
  const strides = given.length === 0 ? kernel : node.spatial('stride', rank, 1);
  const both = node.spatial('padding', rank, 0);
  const dilations = node.spatial('dilation', rank, 1);
  if (dilations.some((d) => d !== 1)) node.refuse('pooling with dilation', 'pool without dilation');
  return { kernel, strides, dilations, before: both, after: both };
}

/** What ceil_mode adds at the end of each axis: windows may begin in the input or its left border only. */
function beyond(node: AtenNode, x: Value, s: ReturnType<typeof poolSpatial>): number[] {
  return s.kernel.map((k, i) => {
    if (!node.bool('ceil_mode')) return 0;
    const size = x.shape[i + 2]!;
    const stride = s.strides[i]!;
    const pad = s.before[i]!;
    let out = Math.ceil((size + 2 * pad - k) / stride) + 1;
    if ((out - 1) * stride >= size + pad) out--;
    return Math.max(0, (out - 1) * stride + k - size - 2 * pad);
  });
}

export const maxPool =
  (rank: number) =>
  (node: AtenNode): void => {
    node.bind(
      batched(node, node.tensor('self'), rank, (x) => {
        const s = poolSpatial(node, rank);
        const more = beyond(node, x, s);
        return layer.maxPool(node.b, x, { ...s, after: s.after.map((p, i) => p + more[i]!) });
      }),
    );
  };

export const averagePool =
  (rank: number) =>
  (node: AtenNode): void => {
    if (node.has('divisor_override')) node.refuse('divisor_override', 'use the plain average');
    node.bind(
      batched(node, node.tensor('self'), rank, (x) => {
        const s = poolSpatial(node, rank);
        return layer.averagePool(node.b, x, s, beyond(node, x, s), node.bool('count_include_pad', true));
      }),
    );
  };

/** Windows of one size that tile the input; to one value, a mean over all. */
export const adaptivePool =
  (rank: number, kind: 'max' | 'average') =>
  (node: AtenNode): void => {
    node.bind(
      batched(node, node.tensor('self'), rank, (x) => {
        const out = node.spatial('output_size', rank, 1);
        const kernel = out.map((o, i) => x.shape[i + 2]! / o);
        if (kernel.some((k) => !Number.isInteger(k) || k < 1)) {
          node.refuse(
            `[${x.shape.slice(2).join(', ')}] to [${out.join(', ')}]`,
            'use sizes that divide the input',
          );
        }
        const zero = out.map(() => 0);
        const s = { kernel, strides: kernel, dilations: out.map(() => 1), before: zero, after: zero };
        return kind === 'max' ? layer.maxPool(node.b, x, s) : layer.averagePool(node.b, x, s, zero, false);
      }),
    );
  };

export function batchNorm(node: AtenNode): void {
  const isTraining = node.bool('training') || node.bool('use_input_stats');
  if (isTraining || !node.has('running_mean')) {
    node.refuse('is in training mode', 'export the model in inference mode (model.eval())');
  }
  const gamma = node.optionalConstant('weight');
  const beta = node.optionalConstant('bias');
  const parameters = {
    ...(gamma ? { gamma } : {}),
    ...(beta ? { beta } : {}),
    mean: node.constant('running_mean'),
    variance: node.constant('running_var'),
  };
  node.bind(layer.batchNorm(node.b, node.tensor('input'), parameters, node.number('eps', 1e-5)));
}

export function instanceNorm(node: AtenNode): void {
  if (node.bool('use_input_stats', true)) {
    const x = node.tensor('input');
    const [w, bias] = [node.optional('weight'), node.optional('bias')];
    return node.bind(layer.groupNorm(node.b, x, x.shape[1] ?? 0, w, bias, node.number('eps', 1e-5)));
  }
  batchNorm(node);
}

export function layerNorm(node: AtenNode): void {
  const { b } = node;
  const x = node.tensor('input');
  const shape = node.ints('normalized_shape');
  const axis = x.shape.length - shape.length;
  if (axis < 0 || `${x.shape.slice(axis)}` !== `${shape}`) {
    node.refuse(`normalized_shape [${shape.join(', ')}]`, 'check the model', 'MODEL-013');
  }
  const scale = node.optional('weight') ?? b.filled(shape, 1);
  const bias = node.optional('bias') ?? b.filled(shape, 0);
  node.bind(b.add('LayerNormalization', [x, scale, bias], { axis, epsilon: node.number('eps', 1e-5) }));
}

export const groupNorm =
  (input: string, groups: string) =>
  (node: AtenNode): void => {
    const [w, bias] = [node.optional('weight'), node.optional('bias')];
    const y = layer.groupNorm(
      node.b,
      node.tensor(input),
      node.int(groups),
      w,
      bias,
      node.number('eps', 1e-5),
    );
    node.bind(y);
  };

export const softmax =
  (op: 'Softmax' | 'LogSoftmax') =>
  (node: AtenNode): void => {
    const x = node.tensor('self');
    node.bind(layer.softmax(node.b, op, x, node.axis('dim', x.shape.length), false));
  };

/** Integers are summed as they are; everything else is float already. */
export const reduce =
  (op: 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd') =>
  (node: AtenNode): void => {
    const { b } = node;
    const x = node.tensor('self');
    const axes = node.axes('dim', x.shape.length);
    const keepDims = node.bool('keepdim');
    if (op === 'ReduceMean') return node.bind(layer.reduceMean(b, x, axes, keepDims));
    if (op === 'ReduceMax') return node.bind(layer.reduceMax(b, x, axes, keepDims));
    const input = x.dtype === 'bool' ? b.add('Cast', [x], { to: 'int64' }) : x;
    node.bind(b.add(op, [input], { axes, keepDims }));
  };

/** Values and indices along one axis; without an axis, one value. */
export const extremum =
  (values: 'ReduceMax' | 'ReduceMin', indices: 'ArgMax' | 'ArgMin') =>
  (node: AtenNode): void => {
    if (!node.has('dim')) return reduce(values)(node);
    const x = node.tensor('self');
    const axis = node.axis('dim', x.shape.length);
    const keepDims = node.bool('keepdim');
    const value = node.b.add(values, [x], { axes: [axis], keepDims });
    node.bind(value, node.b.add(indices, [x], { axis, keepDims, isLast: false }));
  };

export const argument =
  (op: 'ArgMax' | 'ArgMin') =>
  (node: AtenNode): void => {
    const x = node.tensor('self');
    if (node.has('dim')) {
      const axis = node.axis('dim', x.shape.length);
      return node.bind(node.b.add(op, [x], { axis, keepDims: node.bool('keepdim'), isLast: false }));
    }
    const flat = reshape(node.b, x, [countOf(x)]);
    node.bind(node.b.add(op, [flat], { axis: 0, keepDims: false, isLast: false }));
  };

/** Mean of the squared differences to the mean; correction: what is taken off the count. */
export function variance(node: AtenNode): void {
  const { b } = node;
  const x = node.tensor('self');
  const axes = node.axes('dim', x.shape.length);
  const count = sizeOf(axes.map((i) => x.shape[i]!));
  const correction = node.has('correction') ? node.number('correction') : node.bool('unbiased', true) ? 1 : 0;
  const centred = b.add('Sub', [x, b.add('ReduceMean', [x], { axes, keepDims: true })], {});
  const squares = b.add('Mul', [centred, centred], {});
  const total = b.add('ReduceSum', [squares], { axes, keepDims: node.bool('keepdim') });
  node.bind(b.add('Mul', [total, b.scalar(1 / (count - correction))], {}));
}

/** softmax(q · kᵀ · scale + mask) · v */
export function attention(node: AtenNode): void {
  const { b } = node;
  const [q, k, v] = [node.tensor('query'), node.tensor('key'), node.tensor('value')];
  if (node.number('dropout_p', 0) !== 0 || node.bool('is_causal')) {
    node.refuse('dropout or a causal mask', 'export in inference mode with an explicit mask');
  }
  const rank = k.shape.length;
  const perm = k.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  const scale = node.number('scale', 1 / Math.sqrt(q.shape.at(-1) ?? 1));
  let scores = product(b, b.add('MatMul', [q, transpose(b, k, perm)], {}), b.scalar(scale));
  const mask = node.optional('attn_mask');
  if (mask?.dtype === 'bool') scores = b.add('Where', [mask, scores, b.scalar(-3.4e38)], {});
  else if (mask) scores = sum(b, scores, mask);
  const weights = b.add('Softmax', [scores], { axis: scores.shape.length - 1 });
  node.bind(b.add('MatMul', [weights, v], {}));
}
