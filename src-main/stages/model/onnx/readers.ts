/** The operators of ONNX that are read, each with its reader and what it becomes in the Model. */
import { commutative, difference, prelu, product, quotient, sum } from '../build/arithmetic.ts';
import type { GraphBuilder, Value } from '../build/builder.ts';
import { isConstant } from '../build/builder.ts';
import { reduceMean } from '../build/layers.ts';
import type { Operators, OpName } from '../types.ts';
import * as layers from './layers.ts';
import type { NodeReader } from './node-reader.ts';
import * as quantised from './quantised.ts';
import * as recurrent from './recurrent.ts';
import * as shapes from './shapes.ts';

export type Reader = (node: NodeReader) => void;
/** Reader, and operators of the Model that it writes; none where only shapes or constants result. */
export type Entry = readonly [read: Reader, becomes: string];

type Plain = { [K in OpName]: Operators[K]['attributes'] extends Record<string, never> ? K : never }[OpName];

/** One operand, no attributes, the same name. */
const unary = (op: Plain): Entry => [(node) => node.bind(node.b.add(op, [node.input(0)], {})), op];

const two = (f: (b: GraphBuilder, x: Value, y: Value) => Value, becomes: string): Entry => [
  (node) => node.bind(f(node.b, node.input(0), node.input(1))),
  becomes,
];
const binary = (op: Plain): Entry => two((b, x, y) => b.add(op, [x, y], {}), op);

/** Any number of operands, combined from the left. */
const chain = (f: (b: GraphBuilder, x: Value, y: Value) => Value, becomes: string): Entry => [
  (node) => {
    const [first, ...rest] = node.inputs();
    if (!first) return node.refuse('has no input', 'check the model', 'MODEL-010');
    node.bind(rest.reduce((x, y) => f(node.b, x, y), first));
  },
  becomes,
];

const alpha = (op: 'LeakyRelu' | 'Elu', missing: number): Entry => [
  (node) => node.bind(node.b.add(op, [node.input(0)], { alpha: node.float('alpha', missing) })),
  op,
];

const one = (f: (b: GraphBuilder, x: Value, node: NodeReader) => Value, becomes: string): Entry => [
  (node) => node.bind(f(node.b, node.input(0), node)),
  becomes,
];

/** alpha · Elu(x / alpha) */
function celu(b: GraphBuilder, x: Value, node: NodeReader): Value {
  const a = node.float('alpha', 1);
  const inner = b.add('Elu', [product(b, x, b.scalar(1 / a))], { alpha: 1 });
  return product(b, inner, b.scalar(a));
}

function thresholded(b: GraphBuilder, x: Value, node: NodeReader): Value {
  const above = b.add('Greater', [x, b.scalar(node.float('alpha', 1))], {});
  return b.add('Where', [above, x, b.scalar(0)], {});
}

/** ln of the sum of exponentials, shifted by the largest value. */
function logSumExp(node: NodeReader): void {
  const { b } = node;
  const shift = (x: Value): Value => {
    const all = x.shape.map((_, i) => i);
    return b.add('ReduceMax', [x], { axes: all, keepDims: false });
  };
  const x = node.input(0);
  const max = shift(x);
  const before = (): Value => b.add('Exp', [b.add('Sub', [x, max], {})], {});
  layers.reduceSumOf(before, (_, y) => b.add('Add', [b.add('Log', [y], {}), max], {}))(node);
}

/** Mean 0 and variance 1 over axes, without parameters. */
function meanVariance(node: NodeReader): void {
  const { b } = node;
  const x = node.input(0);
  const axes = node.ints('axes') ?? [0, 2, 3];
  const sorted = [...axes].sort((p, q) => p - q);
  const centred = b.add('Sub', [x, reduceMean(b, x, sorted, true)], {});
  const variance = reduceMean(b, b.add('Mul', [centred, centred], {}), sorted, true);
  const deviation = b.add('Add', [b.add('Sqrt', [variance], {}), b.scalar(1e-9)], {});
  node.bind(b.add('Div', [centred, deviation], {}));
}

const fmod: Reader = (node) => {
  if (node.flag('fmod')) node.refuse('fmod', 'use the remainder with the sign of the divisor');
  node.bind(node.b.add('Mod', [node.input(0), node.input(1)], {}));
};

/** Powers that are a product or a root are computed as such; the exponent may be of another type. */
function pow(b: GraphBuilder, x: Value, y: Value): Value {
  if (isConstant(y) && y.shape.length === 0 && x.dtype === 'float32') {
    if (y.data[0] === 2) return b.add('Mul', [x, x], {});
    if (y.data[0] === 0.5) return b.add('Sqrt', [x], {});
  }
  return b.add('Pow', [x, x.dtype === y.dtype ? y : b.add('Cast', [y], { to: x.dtype })], {});
}

const squared = (node: NodeReader, x: Value): Value => node.b.add('Mul', [x, x], {});
const absolute = (node: NodeReader, x: Value): Value => node.b.add('Abs', [x], {});
const same = (_: NodeReader, x: Value): Value => x;
const rooted = (node: NodeReader, x: Value): Value => node.b.add('Sqrt', [x], {});

/** Operators of the default domain. */
export const ONNX: Readonly<Record<string, Entry>> = {
  Abs: unary('Abs'),
  Add: two(sum, 'Add'),
  And: binary('And'),
  ArgMax: [layers.argOf('ArgMax'), 'ArgMax'],
  ArgMin: [layers.argOf('ArgMin'), 'ArgMin'],
  AveragePool: [layers.averagePool, 'AveragePool, Pad'],
  BatchNormalization: [layers.batchNormalization, 'Mul, Add, or folded into Conv and Gemm'],
  Cast: [shapes.cast, 'Cast'],
  CastLike: [shapes.castLike, 'Cast'],
  Ceil: unary('Ceil'),
  Celu: one(celu, 'Mul, Elu'),
  Clip: [shapes.clipReader, 'Clip, Relu'],
  Concat: [shapes.concat, 'Concat'],
  Constant: [shapes.constant, ''],
  ConstantOfShape: [shapes.constantOfShape, ''],
  Conv: [layers.conv, 'Conv'],
  ConvInteger: [quantised.convInteger, 'DequantizeLinear, Conv, Cast'],
  ConvTranspose: [layers.convTranspose, 'ConvTranspose'],
  Cos: unary('Cos'),
  DepthToSpace: [shapes.depthToSpace, 'DepthToSpace'],
  DequantizeLinear: [quantised.dequantizeLinear, 'DequantizeLinear'],
  Div: two(quotient, 'Div, Mul'),
  Dropout: [shapes.dropout, ''],
  Elu: alpha('Elu', 1),
  Equal: binary('Equal'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Expand: [shapes.expand, 'Expand'],
  Flatten: [shapes.flatten, 'Reshape'],
  Floor: unary('Floor'),
  GRU: [recurrent.gru, 'GRU'],
  Gather: [shapes.gather, 'Gather, Slice'],
  Gelu: one(
    (b, x, n) => b.add('Gelu', [x], { approximate: n.choice('approximate', ['none', 'tanh']) }),
    'Gelu',
  ),
  Gemm: [layers.gemm, 'Gemm, MatMul'],
  GlobalAveragePool: [layers.globalAveragePool, 'AveragePool'],
  GlobalMaxPool: [layers.globalMaxPool, 'MaxPool'],
  Greater: binary('Greater'),
  GreaterOrEqual: binary('GreaterOrEqual'),
  GroupNormalization: [layers.groupNormalization, 'Reshape, LayerNormalization, Mul, Add'],
  HardSigmoid: one(
    (b, x, n) => b.add('HardSigmoid', [x], { alpha: n.float('alpha', 0.2), beta: n.float('beta', 0.5) }),
    'HardSigmoid',
  ),
  HardSwish: unary('HardSwish'),
  Identity: [shapes.identity, ''],
  InstanceNormalization: [layers.instanceNormalization, 'Reshape, LayerNormalization, Mul, Add'],
  LSTM: [recurrent.lstm, 'LSTM'],
  LayerNormalization: [layers.layerNormalization, 'LayerNormalization'],
  LeakyRelu: alpha('LeakyRelu', 0.01),
  Less: binary('Less'),
  LessOrEqual: binary('LessOrEqual'),
  Log: unary('Log'),
  LogSoftmax: [layers.softmaxOf('LogSoftmax'), 'LogSoftmax'],
  MatMul: [layers.matMul, 'Gemm, MatMul'],
  MatMulInteger: [quantised.matMulInteger, 'DequantizeLinear, Gemm, Cast'],
  Max: chain((b, x, y) => commutative(b, 'Max', x, y), 'Max'),
  MaxPool: [layers.maxPool, 'MaxPool'],
  Mean: [
    (node) => {
      const [first, ...rest] = node.inputs();
      if (!first) return node.refuse('has no input', 'check the model', 'MODEL-010');
      const total = rest.reduce((x, y) => sum(node.b, x, y), first);
      node.bind(quotient(node.b, total, node.b.scalar(rest.length + 1)));
    },
    'Add, Div',
  ],
  MeanVarianceNormalization: [meanVariance, 'ReduceMean, Sub, Mul, Sqrt, Div'],
  Min: chain((b, x, y) => commutative(b, 'Min', x, y), 'Min'),
  Mish: one(
    (b, x) => b.add('Mul', [x, b.add('Tanh', [b.add('Softplus', [x], {})], {})], {}),
    'Softplus, Tanh, Mul',
  ),
  Mod: [fmod, 'Mod'],
  Mul: two(product, 'Mul'),
  Neg: unary('Neg'),
  Not: unary('Not'),
  Or: binary('Or'),
  PRelu: two(prelu, 'PRelu, LeakyRelu'),
  Pad: [shapes.pad, 'Pad, or folded into Conv and pooling'],
  Pow: two(pow, 'Pow, Mul, Sqrt'),
  QLinearConv: [quantised.qLinearConv, 'DequantizeLinear, Conv, QuantizeLinear'],
  QLinearMatMul: [quantised.qLinearMatMul, 'DequantizeLinear, Gemm, QuantizeLinear'],
  QuantizeLinear: [quantised.quantizeLinear, 'QuantizeLinear'],
  RNN: [recurrent.rnn, 'RNN'],
  Range: [shapes.range, ''],
  Reciprocal: unary('Reciprocal'),
  ReduceL1: [layers.reduceSumOf(absolute, same), 'Abs, ReduceSum'],
  ReduceL2: [layers.reduceSumOf(squared, rooted), 'Mul, ReduceSum, Sqrt'],
  ReduceLogSum: [layers.reduceSumOf(same, (n, y) => n.b.add('Log', [y], {})), 'ReduceSum, Log'],
  ReduceLogSumExp: [logSumExp, 'ReduceMax, Sub, Exp, ReduceSum, Log, Add'],
  ReduceMax: [layers.reduce('ReduceMax'), 'ReduceMax, MaxPool'],
  ReduceMean: [layers.reduce('ReduceMean'), 'ReduceMean, AveragePool'],
  ReduceMin: [layers.reduce('ReduceMin'), 'ReduceMin'],
  ReduceProd: [layers.reduce('ReduceProd'), 'ReduceProd'],
  ReduceSum: [layers.reduce('ReduceSum'), 'ReduceSum'],
  ReduceSumSquare: [layers.reduceSumOf(squared, same), 'Mul, ReduceSum'],
  Relu: unary('Relu'),
  Reshape: [shapes.reshape, 'Reshape'],
  Resize: [shapes.resize, 'Resize'],
  Round: unary('Round'),
  Selu: one(
    (b, x, n) =>
      b.add('Selu', [x], {
        alpha: n.float('alpha', 1.6732632423543772),
        gamma: n.float('gamma', 1.0507009873554805),
      }),
    'Selu',
  ),
  Shape: [shapes.shapeOf, ''],
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Size: [layers.size, ''],
  Slice: [shapes.slice, 'Slice'],
  Softmax: [layers.softmaxOf('Softmax'), 'Softmax'],
  Softplus: unary('Softplus'),
  Softsign: unary('Softsign'),
  SpaceToDepth: [shapes.spaceToDepth, 'SpaceToDepth'],
  Split: [shapes.split, 'Slice'],
  Sqrt: unary('Sqrt'),
  Squeeze: [shapes.squeeze, 'Reshape'],
  Sub: two(difference, 'Sub, Add'),
  Sum: chain(sum, 'Add'),
  Tanh: unary('Tanh'),
  ThresholdedRelu: one(thresholded, 'Greater, Where'),
  Tile: [shapes.tile, 'Reshape, Expand'],
  Transpose: [shapes.transpose, 'Transpose, Reshape'],
  Unsqueeze: [shapes.unsqueeze, 'Reshape'],
  Upsample: [shapes.upsample, 'Resize'],
  Where: [(n) => n.bind(n.b.add('Where', [n.input(0), n.input(1), n.input(2)], {})), 'Where'],
  Xor: two((b, x, y) => b.add('Not', [b.add('Equal', [x, y], {})], {}), 'Equal, Not'),
};

const leaky: Entry = [
  quantised.qLinearUnary((b, x, n) => b.add('LeakyRelu', [x], { alpha: n.float('alpha', 0.01) })),
  'DequantizeLinear, LeakyRelu, QuantizeLinear',
];

/** Operators of ONNX Runtime's own domain, com.microsoft. */
export const MICROSOFT: Readonly<Record<string, Entry>> = {
  DequantizeLinear: ONNX.DequantizeLinear!,
  FusedConv: [
    (node) => {
      const activation = node.choice('activation', ['', 'Relu', 'Sigmoid', 'Tanh']);
      const y = layers.convOf(node, node.input(0), node.input(1), node.optional(2));
      node.bind(activation === '' ? y : node.b.add(activation, [y], {}));
    },
    'Conv, Relu, Sigmoid, Tanh',
  ],
  Gelu: one((b, x) => b.add('Gelu', [x], { approximate: 'none' }), 'Gelu'),
  QGemm: [quantised.qGemm, 'DequantizeLinear, Gemm, QuantizeLinear'],
  QLinearAdd: [quantised.qLinearBinary('Add'), 'DequantizeLinear, Add, QuantizeLinear'],
  QLinearConcat: [quantised.qLinearConcat, 'DequantizeLinear, Concat, QuantizeLinear'],
  QLinearGlobalAveragePool: [
    quantised.qLinearUnary((b, x, n) => {
      if (n.flag('channels_last')) n.refuse('channels last', 'export in NCHW layout');
      return reduceMean(
        b,
        x,
        x.shape.slice(2).map((_, i) => i + 2),
        true,
      );
    }),
    'DequantizeLinear, AveragePool, QuantizeLinear',
  ],
  QLinearLeakyRelu: leaky,
  QLinearMul: [quantised.qLinearBinary('Mul'), 'DequantizeLinear, Mul, QuantizeLinear'],
  QLinearSigmoid: [
    quantised.qLinearUnary((b, x) => b.add('Sigmoid', [x], {})),
    'DequantizeLinear, Sigmoid, QuantizeLinear',
  ],
  QuantizeLinear: ONNX.QuantizeLinear!,
  QuickGelu: one((b, x, n) => {
    const gate = b.add('Sigmoid', [product(b, x, b.scalar(n.float('alpha', 1.702)))], {});
    return b.add('Mul', [x, gate], {});
  }, 'Mul, Sigmoid'),
};

/** By domain; '' and ai.onnx are one. */
export function readerOf(domain: string, operator: string): Reader | undefined {
  const table = domain === '' || domain === 'ai.onnx' ? ONNX : domain === 'com.microsoft' ? MICROSOFT : {};
  return Object.hasOwn(table, operator) ? (table as Record<string, Entry>)[operator]![0] : undefined;
}
