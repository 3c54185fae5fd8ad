/** The ATen operators that are read, by name without overload, each with what it becomes in the Model. */
import { clip, commutative, difference, prelu, product, quotient, silu, sum } from '../build/arithmetic.ts';
import type { GraphBuilder, Value } from '../build/builder.ts';
import { axisIn } from '../build/shapes.ts';
import type { Operators, OpName } from '../types.ts';
import * as layers from './aten-layers.ts';
import type { AtenNode } from './aten-node.ts';
import { promoted } from './aten-node.ts';
import * as recurrent from './aten-recurrent.ts';
import * as shapes from './aten-shapes.ts';

export type AtenReader = (node: AtenNode) => void;
export type AtenEntry = readonly [read: AtenReader, becomes: string];

type Plain = { [K in OpName]: Operators[K]['attributes'] extends Record<string, never> ? K : never }[OpName];

const floats = (b: GraphBuilder, x: Value): Value =>
  x.dtype === 'float32' ? x : b.add('Cast', [x], { to: 'float32' });

/** One float operand, no attributes. */
const unary = (op: Plain): AtenEntry => [
  (node) => node.bind(node.b.add(op, [floats(node.b, node.tensor('self'))], {})),
  op,
];
const keep = (op: 'Relu' | 'Neg' | 'Abs' | 'Sign'): AtenEntry => [
  (node) => node.bind(node.b.add(op, [node.tensor('self')], {})),
  op,
];
const one = (f: (b: GraphBuilder, x: Value, node: AtenNode) => Value, becomes: string): AtenEntry => [
  (node) => node.bind(f(node.b, node.tensor('self'), node)),
  becomes,
];

const two = (f: (b: GraphBuilder, x: Value, y: Value) => Value, becomes: string): AtenEntry => [
  (node) => {
    const x = node.tensor('self');
    node.bind(f(node.b, ...promoted(node.b, x, node.operand('other', x))));
  },
  becomes,
];
const compare = (op: 'Equal' | 'Less' | 'LessOrEqual' | 'Greater' | 'GreaterOrEqual'): AtenEntry =>
  two((b, x, y) => b.add(op, [x, y], {}), op);

/** self ± alpha · other; reversed: other - alpha · self. */
const sumOf = (
  f: (b: GraphBuilder, x: Value, y: Value) => Value,
  becomes: string,
  isReversed = false,
): AtenEntry => [
  (node) => {
    const { b } = node;
    const self = node.tensor('self');
    const [x, other] = promoted(b, self, node.operand('other', self));
    const alpha = node.number('alpha', 1);
    const scaled = (v: Value): Value => (alpha === 1 ? v : product(b, v, b.scalar(alpha, v.dtype)));
    node.bind(isReversed ? f(b, other, scaled(x)) : f(b, x, scaled(other)));
  },
  becomes,
];

function divided(node: AtenNode): void {
  const { b } = node;
  const self = node.tensor('self');
  const [x, y] = promoted(b, floats(b, self), node.operand('other', floats(b, self)));
  const q = quotient(b, x, y);
  const mode = node.string('rounding_mode', '');
  if (mode !== '' && mode !== 'floor') node.refuse(`rounding_mode ${mode}`, 'use floor');
  node.bind(mode === 'floor' ? b.add('Floor', [q], {}) : q);
}

function power(node: AtenNode): void {
  const { b } = node;
  const self = node.operand('self');
  const [x, y] = promoted(b, self, node.operand('exponent', self));
  const exponent = 'data' in y && y.shape.length === 0 && x.dtype === 'float32' ? y.data[0] : undefined;
  if (exponent === 2) return node.bind(b.add('Mul', [x, x], {}));
  if (exponent === 0.5) return node.bind(b.add('Sqrt', [x], {}));
  node.bind(b.add('Pow', [x, y], {}));
}

function clamp(node: AtenNode): void {
  const bound = (name: string): number | null => (node.has(name) ? node.number(name) : null);
  const [low, high] = node.has('min_val') || node.has('max_val') ? ['min_val', 'max_val'] : ['min', 'max'];
  node.bind(clip(node.b, node.tensor('self'), bound(low), bound(high)));
}

function where(node: AtenNode): void {
  const [x, y] = promoted(node.b, node.operand('self'), node.operand('other'));
  node.bind(node.b.add('Where', [node.tensor('condition'), x, y], {}));
}

function maskedFill(node: AtenNode): void {
  const x = node.tensor('self');
  const [kept, value] = promoted(node.b, x, node.operand('value', x));
  node.bind(node.b.add('Where', [node.tensor('mask'), value, kept], {}));
}

/** A slope per channel, or one. */
function preluOf(node: AtenNode): void {
  const x = node.tensor('self');
  const slope = node.tensor('weight');
  const isWide = slope.shape.length === 1 && x.shape.length > 1 && slope.shape[0] !== 1;
  const wide = isWide ? { ...slope, shape: [slope.shape[0]!, ...x.shape.slice(2).map(() => 1)] } : slope;
  const isComputed = isWide && !('data' in slope);
  node.bind(prelu(node.b, x, isComputed ? node.b.add('Reshape', [slope], { shape: wide.shape }) : wide));
}

/** The tensor unchanged: copies, views and dropout in inference. */
const same = (name = 'self'): AtenEntry => [(node) => node.bind(node.tensor(name)), ''];

function dropout(node: AtenNode): void {
  if (node.bool('train')) node.refuse('is in training mode', 'export in inference mode (model.eval())');
  node.bind(node.tensor('input'));
}

const rsqrt = (b: GraphBuilder, x: Value): Value => b.add('Reciprocal', [b.add('Sqrt', [x], {})], {});
const mish = (b: GraphBuilder, x: Value): Value =>
  b.add('Mul', [x, b.add('Tanh', [b.add('Softplus', [x], {})], {})], {});
const sixth = { alpha: 1 / 6, beta: 0.5 };

/** alpha, scale and input_scale of ELU; PyTorch's SELU and CELU are of this form. */
function elu(b: GraphBuilder, x: Value, node: AtenNode): Value {
  if (node.number('input_scale', 1) !== 1) node.refuse('input_scale', 'use the plain ELU');
  return product(b, b.add('Elu', [x], { alpha: node.number('alpha', 1) }), b.scalar(node.number('scale', 1)));
}

function softplus(b: GraphBuilder, x: Value, node: AtenNode): Value {
  const beta = node.number('beta', 1);
  const y = b.add('Softplus', [product(b, x, b.scalar(beta))], {});
  return product(b, y, b.scalar(1 / beta));
}

const SELU = { alpha: 1.6732632423543772, gamma: 1.0507009873554805 };

export const ATEN: Readonly<Record<string, AtenEntry>> = {
  _adaptive_avg_pool2d: [layers.adaptivePool(2, 'average'), 'AveragePool'],
  _log_softmax: [layers.softmax('LogSoftmax'), 'LogSoftmax'],
  _native_batch_norm_legit_no_training: [layers.batchNorm, 'Mul, Add, or folded into Conv and Gemm'],
  _prelu_kernel: [preluOf, 'PRelu, LeakyRelu'],
  _softmax: [layers.softmax('Softmax'), 'Softmax'],
  _to_copy: [shapes.cast, 'Cast'],
  _unsafe_view: [shapes.view, 'Reshape'],
  abs: keep('Abs'),
  adaptive_avg_pool1d: [layers.adaptivePool(1, 'average'), 'AveragePool'],
  adaptive_avg_pool2d: [layers.adaptivePool(2, 'average'), 'AveragePool'],
  adaptive_max_pool2d: [layers.adaptivePool(2, 'max'), 'MaxPool'],
  add: sumOf(sum, 'Add'),
  addmm: [layers.addmm, 'Gemm, MatMul, Add'],
  alias: same(),
  amax: [layers.reduce('ReduceMax'), 'ReduceMax, MaxPool'],
  amin: [layers.reduce('ReduceMin'), 'ReduceMin'],
  arange: [shapes.arange, ''],
  argmax: [layers.argument('ArgMax'), 'ArgMax'],
  argmin: [layers.argument('ArgMin'), 'ArgMin'],
  avg_pool1d: [layers.averagePool(1), 'AveragePool, Pad'],
  avg_pool2d: [layers.averagePool(2), 'AveragePool, Pad'],
  batch_norm: [layers.batchNorm, 'Mul, Add, or folded into Conv and Gemm'],
  bmm: [layers.matMul('mat2'), 'MatMul, Gemm'],
  cat: [shapes.cat, 'Concat'],
  ceil: unary('Ceil'),
  chunk: [shapes.split, 'Slice'],
  clamp: [clamp, 'Clip, Relu'],
  clamp_max: [clamp, 'Clip'],
  clamp_min: [clamp, 'Clip, Relu'],
  clone: same(),
  constant_pad_nd: [shapes.pad, 'Pad, or folded into Conv and pooling'],
  contiguous: same(),
  conv1d: [layers.conv, 'Conv'],
  conv2d: [layers.conv, 'Conv'],
  conv_transpose1d: [layers.conv, 'ConvTranspose'],
  conv_transpose2d: [layers.conv, 'ConvTranspose'],
  convolution: [layers.conv, 'Conv, ConvTranspose'],
  cos: unary('Cos'),
  detach: same(),
  detach_: same(),
  div: [divided, 'Div, Mul, Floor'],
  dropout: [dropout, ''],
  elu: one(elu, 'Elu, Mul'),
  embedding: [shapes.embedding, 'Gather'],
  eq: compare('Equal'),
  erf: unary('Erf'),
  exp: unary('Exp'),
  expand: [shapes.expand, 'Expand'],
  feature_dropout: [dropout, ''],
  flatten: [shapes.flatten, 'Reshape'],
  floor: unary('Floor'),
  full: [shapes.filled(undefined), ''],
  full_like: [shapes.filled(undefined), ''],
  ge: compare('GreaterOrEqual'),
  gelu: one(
    (b, x, n) =>
      b.add('Gelu', [x], { approximate: n.string('approximate', 'none') === 'tanh' ? 'tanh' : 'none' }),
    'Gelu',
  ),
  group_norm: [layers.groupNorm('input', 'num_groups'), 'Reshape, LayerNormalization, Mul, Add'],
  gru: [recurrent.recurrent(recurrent.GRU), 'GRU, Transpose, Reshape'],
  gt: compare('Greater'),
  hardsigmoid: one((b, x) => b.add('HardSigmoid', [x], sixth), 'HardSigmoid'),
  hardswish: unary('HardSwish'),
  hardtanh: one((b, x, n) => clip(b, x, n.number('min_val', -1), n.number('max_val', 1)), 'Clip'),
  index_select: [shapes.indexSelect, 'Gather'],
  instance_norm: [layers.instanceNorm, 'Reshape, LayerNormalization, Mul, Add'],
  layer_norm: [layers.layerNorm, 'LayerNormalization'],
  le: compare('LessOrEqual'),
  leaky_relu: one(
    (b, x, n) => b.add('LeakyRelu', [x], { alpha: n.number('negative_slope', 0.01) }),
    'LeakyRelu',
  ),
  lift_fresh_copy: same(),
  linear: [layers.linear, 'Gemm, MatMul, Add'],
  log: unary('Log'),
  log_softmax: [layers.softmax('LogSoftmax'), 'LogSoftmax'],
  logical_and: two((b, x, y) => b.add('And', [x, y], {}), 'And'),
  logical_not: unaryBool(),
  logical_or: two((b, x, y) => b.add('Or', [x, y], {}), 'Or'),
  lstm: [recurrent.recurrent(recurrent.LSTM), 'LSTM, Transpose, Reshape'],
  lt: compare('Less'),
  masked_fill: [maskedFill, 'Where'],
  matmul: [layers.matMul('other'), 'MatMul, Gemm'],
  max: [layers.extremum('ReduceMax', 'ArgMax'), 'ReduceMax, ArgMax'],
  max_pool1d: [layers.maxPool(1), 'MaxPool'],
  max_pool2d: [layers.maxPool(2), 'MaxPool'],
  max_pool2d_with_indices: [layers.maxPool(2), 'MaxPool'],
  maximum: two((b, x, y) => commutative(b, 'Max', x, y), 'Max'),
  mean: [layers.reduce('ReduceMean'), 'ReduceMean, AveragePool'],
  min: [layers.extremum('ReduceMin', 'ArgMin'), 'ReduceMin, ArgMin'],
  minimum: two((b, x, y) => commutative(b, 'Min', x, y), 'Min'),
  mish: one(mish, 'Softplus, Tanh, Mul'),
  mm: [layers.matMul('mat2'), 'Gemm, MatMul'],
  mul: two(product, 'Mul'),
  narrow: [shapes.narrow, 'Slice'],
  native_dropout: [dropout, ''],
  native_group_norm: [layers.groupNorm('input', 'group'), 'Reshape, LayerNormalization, Mul, Add'],
  native_layer_norm: [layers.layerNorm, 'LayerNormalization'],
  ne: two((b, x, y) => b.add('Not', [b.add('Equal', [x, y], {})], {}), 'Equal, Not'),
  neg: keep('Neg'),
  ones: [shapes.filled(1), ''],
  ones_like: [shapes.filled(1), ''],
  pad: [shapes.pad, 'Pad, or folded into Conv and pooling'],
  permute: [shapes.permute, 'Transpose, Reshape'],
  pixel_shuffle: [shapes.pixelShuffle, 'DepthToSpace'],
  pow: [power, 'Pow, Mul, Sqrt'],
  prelu: [preluOf, 'PRelu, LeakyRelu'],
  reciprocal: unary('Reciprocal'),
  reflection_pad1d: [shapes.pad, 'Pad'],
  reflection_pad2d: [shapes.pad, 'Pad'],
  relu: keep('Relu'),
  relu6: one((b, x) => clip(b, x, 0, 6), 'Clip'),
  relu_: keep('Relu'),
  repeat: [shapes.repeat, 'Reshape, Expand'],
  replication_pad1d: [shapes.pad, 'Pad'],
  replication_pad2d: [shapes.pad, 'Pad'],
  reshape: [shapes.view, 'Reshape'],
  rnn_relu: [recurrent.recurrent(recurrent.RNN_RELU), 'RNN, Transpose, Reshape'],
  rnn_tanh: [recurrent.recurrent(recurrent.RNN_TANH), 'RNN, Transpose, Reshape'],
  round: unary('Round'),
  rsqrt: one(rsqrt, 'Sqrt, Reciprocal'),
  rsub: sumOf(difference, 'Sub, Add', true),
  scaled_dot_product_attention: [layers.attention, 'MatMul, Mul, Add, Where, Softmax'],
  select: [shapes.select, 'Slice, Reshape'],
  selu: one((b, x) => b.add('Selu', [x], SELU), 'Selu'),
  sigmoid: unary('Sigmoid'),
  sign: keep('Sign'),
  silu: one(silu, 'Sigmoid, Mul'),
  sin: unary('Sin'),
  slice: [shapes.slice, 'Slice'],
  softmax: [layers.softmax('Softmax'), 'Softmax'],
  softplus: one(softplus, 'Softplus, Mul'),
  split: [shapes.split, 'Slice'],
  split_with_sizes: [shapes.split, 'Slice'],
  sqrt: unary('Sqrt'),
  squeeze: [shapes.squeeze, 'Reshape'],
  stack: [shapes.stack, 'Reshape, Concat'],
  sub: sumOf(difference, 'Sub, Add'),
  sum: [layers.reduce('ReduceSum'), 'ReduceSum'],
  sym_size: [shapes.symSize, ''],
  t: [shapes.transpose, 'Transpose'],
  tanh: unary('Tanh'),
  tile: [shapes.repeat, 'Reshape, Expand'],
  to: [shapes.cast, 'Cast'],
  transpose: [shapes.transpose, 'Transpose, Reshape'],
  unbind: [shapes.unbind, 'Slice, Reshape'],
  unflatten: [shapes.unflatten, 'Reshape'],
  unsqueeze: [shapes.unsqueeze, 'Reshape'],
  upsample_bicubic2d: [shapes.upsample('cubic'), 'Resize'],
  upsample_bilinear2d: [shapes.upsample('linear'), 'Resize'],
  upsample_nearest1d: [shapes.upsample('nearest'), 'Resize'],
  upsample_nearest2d: [shapes.upsample('nearest'), 'Resize'],
  var: [layers.variance, 'ReduceMean, Sub, Mul, ReduceSum'],
  view: [shapes.view, 'Reshape'],
  where: [where, 'Where'],
  zeros: [shapes.filled(0), ''],
  zeros_like: [shapes.filled(0), ''],
};

function unaryBool(): AtenEntry {
  return [
    (node) => {
      const x = node.tensor('self');
      node.bind(node.b.add('Not', [x.dtype === 'bool' ? x : node.b.add('Cast', [x], { to: 'bool' })], {}));
    },
    'Not',
  ];
}

/** Scale and zero point of PT2E quantisation: numbers per tensor, tensors per channel. */
const quantised =
  (op: 'QuantizeLinear' | 'DequantizeLinear'): AtenReader =>
  (node) => {
    const { b } = node;
    const x = node.tensor('input');
    const dtype = node.dtype('dtype') ?? 'int8';
    const isPerChannel = node.has('scales');
    const scale = isPerChannel ? node.constant('scales') : b.scalar(node.number('scale'));
    const zeros = isPerChannel ? node.optionalConstant('zero_points')?.data : [node.int('zero_point')];
    const count = isPerChannel ? (scale.shape[0] ?? 1) : 1;
    const zeroPoint = b.constant(dtype, scale.shape, Array.from(zeros ?? new Array<number>(count).fill(0)));
    if (
      !scale.data.every((s) => s > 0 && Number.isFinite(s)) ||
      zeroPoint.data.length !== scale.data.length
    ) {
      node.refuse('a scale is not a positive number', 'quantise the model again', 'MODEL-016');
    }
    const full = { int8: 256, uint8: 256, int16: 65536, int32: 2 ** 32 } as Record<string, number>;
    const range = node.number('quant_max') - node.number('quant_min') + 1;
    if (op === 'QuantizeLinear' && 'data' in x === false && range !== full[dtype]) {
      node.refuse(`a range of ${range} values of ${dtype}`, 'quantise activations to the whole range');
    }
    node.bind(
      b.add(op, [x, scale, zeroPoint], {
        axis: isPerChannel ? axisIn(b, node.int('axis'), x.shape.length) : 0,
      }),
    );
  };

/** torch.ops.quantized_decomposed: what PT2E quantisation writes. */
export const DECOMPOSED: Readonly<Record<string, AtenEntry>> = {
  dequantize_per_channel: [quantised('DequantizeLinear'), 'DequantizeLinear'],
  dequantize_per_tensor: [quantised('DequantizeLinear'), 'DequantizeLinear'],
  quantize_per_channel: [quantised('QuantizeLinear'), 'QuantizeLinear'],
  quantize_per_tensor: [quantised('QuantizeLinear'), 'QuantizeLinear'],
};

/** Arithmetic on sizes. */
const onSizes = (f: (a: number, b: number) => number): AtenEntry => [
  (node) => node.bind(f(node.int('a'), node.int('b'))),
  '',
];
const PYTHON: Readonly<Record<string, AtenEntry>> = {
  getitem: [shapes.getItem, ''],
  add: onSizes((a, b) => a + b),
  sub: onSizes((a, b) => a - b),
  mul: onSizes((a, b) => a * b),
  floordiv: onSizes((a, b) => Math.floor(a / b)),
};

/** Reader and overload of a target such as torch.ops.aten.conv2d.default. */
export function atenReader(target: string): { read: AtenReader; overload: string } | undefined {
  const found = /^(torch\.ops\.aten|torch\.ops\.quantized_decomposed|_operator)\.(.+)$/.exec(target);
  if (!found) return undefined;
  const [, space, overload] = found as unknown as [string, string, string];
  const table = space === '_operator' ? PYTHON : space === 'torch.ops.aten' ? ATEN : DECOMPOSED;
  const name = overload.split('.')[0]!;
  return Object.hasOwn(table, name) ? { read: table[name]![0], overload } : undefined;
}
