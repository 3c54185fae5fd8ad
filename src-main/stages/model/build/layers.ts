/** Layers with weights, pooling and normalisation in their canonical form; for the readers of every format. */
import { OPERATORS } from '../operators/index.ts';
import { allocate, sameShape, sizeOf } from '../tensor.ts';
import type { ConvAttributes, PoolAttributes } from '../types.ts';
import type { Constant, GraphBuilder, Value } from './builder.ts';
import { countOf, isConstant } from './builder.ts';
import { describe, pad, reshape, transpose } from './shapes.ts';

/** True of a constant and of a dequantised one. */
export function isWeight(b: GraphBuilder, v: Value): boolean {
  const node = b.producer(v);
  return isConstant(v) || (node?.op === 'DequantizeLinear' && isConstant(b.valueOf(node.inputs[0])));
}

/** A weight matrix the other way round; a quantised one is turned before it is dequantised. */
export function transposedWeight(b: GraphBuilder, w: Value): Value {
  const node = b.producer(w);
  if (node?.op === 'DequantizeLinear') {
    const [x, scale, zeroPoint] = node.inputs.map((id) => b.valueOf(id)) as [Value, Value, Value];
    if (!isConstant(x)) return transpose(b, w, [1, 0]);
    const turned = turn(x);
    return b.add('DequantizeLinear', [turned, scale, zeroPoint], { axis: 1 - node.attributes.axis });
  }
  return isConstant(w) ? turn(w) : transpose(b, w, [1, 0]);
}

/** Done here and not by folding: weights may be larger than what folding is allowed. */
function turn(x: Constant): Constant {
  const attributes = { perm: [1, 0] };
  const types = OPERATORS.Transpose.infer([x], attributes);
  const data = OPERATORS.Transpose.run([x], attributes, types)[0]!;
  return { ...x, shape: types[0]!.shape, data };
}

/** Fully connected over the last axis: x [..., inC], weights [outC, inC], bias [outC]. */
export function linear(b: GraphBuilder, x: Value, w: Value, bias: Value | undefined): Value {
  if (w.shape.length !== 2 || x.shape.length === 0) {
    b.refuse(`${describe(x.shape)} times weights ${describe(w.shape)}`, 'check the model', 'MODEL-013');
  }
  const leading = x.shape.slice(0, -1);
  const rows = reshape(b, x, [sizeOf(leading), x.shape.at(-1)!]);
  const y = b.add('Gemm', bias ? [rows, w, bias] : [rows, w], {});
  return reshape(b, y, [...leading, w.shape[0]!]);
}

/** NumPy's matmul; data times a constant matrix becomes a Gemm. */
export function matMul(b: GraphBuilder, x: Value, y: Value): Value {
  if (x.shape.length === 0 || y.shape.length === 0) {
    b.refuse('an operand is a scalar', 'check the model', 'MODEL-013');
  }
  if (x.shape.length === 1) {
    const out = matMul(b, reshape(b, x, [1, ...x.shape]), y);
    return reshape(b, out, y.shape.length === 1 ? [] : [...out.shape.slice(0, -2), ...out.shape.slice(-1)]);
  }
  if (y.shape.length === 1) {
    const out = matMul(b, x, reshape(b, y, [...y.shape, 1]));
    return reshape(b, out, out.shape.slice(0, -1));
  }
  if (y.shape.length === 2 && !isConstant(x) && isWeight(b, y)) {
    if (x.shape.at(-1) !== y.shape[0]) {
      const shapes = `${describe(x.shape)} and ${describe(y.shape)}`;
      b.refuse(`shapes ${shapes} do not multiply`, 'check the model', 'MODEL-013');
    }
    return linear(b, x, transposedWeight(b, y), undefined);
  }
  return b.add('MatMul', [x, y], {});
}

/** What one spatial axis of a convolution or pooling asks for. */
export interface Spatial {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after each axis. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** [n, c, w] as [n, c, 1, w]: one-dimensional layers are computed as images of height 1. */
export function asImage(b: GraphBuilder, x: Value): Value {
  return x.shape.length === 3 ? reshape(b, x, [x.shape[0]!, x.shape[1]!, 1, x.shape[2]!]) : x;
}

export function asLine(b: GraphBuilder, y: Value, wasLine: boolean): Value {
  return wasLine ? reshape(b, y, [y.shape[0]!, y.shape[1]!, y.shape[3]!]) : y;
}

/** Both axes of a window; of a line, the height is 1. */
export function windowOf(s: Spatial): PoolAttributes & { dilationH: number; dilationW: number } {
  const isLine = s.kernel.length === 1;
  const at = (v: readonly number[], line: number): [number, number] =>
    isLine ? [line, v[0]!] : [v[0]!, v[1]!];
  const [kernelH, kernelW] = at(s.kernel, 1);
  const [strideH, strideW] = at(s.strides, 1);
  const [dilationH, dilationW] = at(s.dilations, 1);
  const [padTop, padLeft] = at(s.before, 0);
  const [padBottom, padRight] = at(s.after, 0);
  return { kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight, dilationH, dilationW };
}

/** The weights as [a, b, kh, kw]; a quantised weight is reshaped before it is dequantised. */
function imageWeight(b: GraphBuilder, w: Value): Value {
  if (w.shape.length !== 3) return w;
  const shape = [w.shape[0]!, w.shape[1]!, 1, w.shape[2]!];
  const node = b.producer(w);
  if (node?.op !== 'DequantizeLinear') return reshape(b, w, shape);
  const [x, scale, zeroPoint] = node.inputs.map((id) => b.valueOf(id)) as [Value, Value, Value];
  const { axis } = node.attributes;
  return b.add('DequantizeLinear', [reshape(b, x, shape), scale, zeroPoint], { axis: axis === 2 ? 3 : axis });
}

export function conv(
  b: GraphBuilder,
  x: Value,
  w: Value,
  bias: Value | undefined,
  s: Spatial,
  groups: number,
): Value {
  const isLine = x.shape.length === 3;
  const attributes: ConvAttributes = { ...windowOf(s), groups };
  const inputs = [asImage(b, x), imageWeight(b, w), ...(bias ? [bias] : [])];
  return asLine(b, b.add('Conv', inputs, attributes), isLine);
}

export function convTranspose(
  b: GraphBuilder,
  x: Value,
  w: Value,
  bias: Value | undefined,
  s: Spatial,
  groups: number,
  outPad: readonly number[],
): Value {
  const isLine = x.shape.length === 3;
  const [outPadH, outPadW] = isLine ? [0, outPad[0]!] : [outPad[0]!, outPad[1]!];
  const inputs = [asImage(b, x), imageWeight(b, w), ...(bias ? [bias] : [])];
  return asLine(b, b.add('ConvTranspose', inputs, { ...windowOf(s), groups, outPadH, outPadW }), isLine);
}

export function maxPool(b: GraphBuilder, x: Value, s: Spatial): Value {
  const { dilationH: _h, dilationW: _w, ...window } = windowOf(s);
  return asLine(b, b.add('MaxPool', [asImage(b, x)], window), x.shape.length === 3);
}

/**
 * beyond: what ceil_mode adds behind the declared padding, per axis; it never counts in the divisor, so that
 * with countIncludePad the declared padding is spelled out as a Pad.
 */
export function averagePool(
  b: GraphBuilder,
  x: Value,
  s: Spatial,
  beyond: readonly number[],
  countIncludePad: boolean,
): Value {
  const zero = s.kernel.map(() => 0);
  const isPadded = [...s.before, ...s.after].some((p) => p > 0);
  const isBeyond = beyond.some((p) => p > 0);
  const spelledOut = countIncludePad && isPadded && isBeyond;
  const input = spelledOut ? pad(b, x, [0, 0, ...s.before], [0, 0, ...s.after], 'constant', 0) : x;
  const after = s.after.map((p, i) => p + beyond[i]!);
  const {
    dilationH: _h,
    dilationW: _w,
    ...window
  } = windowOf(spelledOut ? { ...s, before: zero, after: beyond } : { ...s, after });
  const attributes = { ...window, countIncludePad: countIncludePad && isPadded && !isBeyond };
  return asLine(b, b.add('AveragePool', [asImage(b, input)], attributes), x.shape.length === 3);
}

/** Mean over axes; over the whole image a pooling, which the engine has. */
export function reduceMean(b: GraphBuilder, x: Value, axes: readonly number[], keepDims: boolean): Value {
  return reduceImage(b, x, axes, keepDims, 'ReduceMean');
}

export function reduceMax(b: GraphBuilder, x: Value, axes: readonly number[], keepDims: boolean): Value {
  return reduceImage(b, x, axes, keepDims, 'ReduceMax');
}

function reduceImage(
  b: GraphBuilder,
  x: Value,
  axes: readonly number[],
  keepDims: boolean,
  op: 'ReduceMean' | 'ReduceMax',
): Value {
  const isImage = x.shape.length === 4 && sameShape(axes, [2, 3]) && x.dtype === 'float32' && countOf(x) > 0;
  if (!isImage || isConstant(x)) return b.add(op, [x], { axes, keepDims });
  const [n, c, kernelH, kernelW] = x.shape as [number, number, number, number];
  const window = {
    kernelH,
    kernelW,
    strideH: 1,
    strideW: 1,
    padTop: 0,
    padLeft: 0,
    padBottom: 0,
    padRight: 0,
  };
  const y =
    op === 'ReduceMean'
      ? b.add('AveragePool', [x], { ...window, countIncludePad: false })
      : b.add('MaxPool', [x], window);
  return keepDims ? y : reshape(b, y, [n, c]);
}

/** A vector of one value per channel as it broadcasts over x [n, c, ...]. */
export function perChannel(b: GraphBuilder, v: Value, x: Value): Value {
  return reshape(b, v, [v.shape[0] ?? 1, ...x.shape.slice(2).map(() => 1)]);
}

/**
 * Inference form of batch normalisation as scale and shift per channel, in double until the end. Both are
 * later folded into the convolution before or behind, where there is one.
 */
export function batchNorm(
  b: GraphBuilder,
  x: Value,
  p: { gamma?: Constant; beta?: Constant; mean: Constant; variance: Constant },
  epsilon: number,
): Value {
  const channels = x.shape[1];
  const given = [p.gamma, p.beta, p.mean, p.variance].filter((t) => t !== undefined);
  if (channels === undefined || given.some((t) => t.data.length !== channels || t.dtype !== 'float32')) {
    b.refuse(`parameters do not fit ${channels} channels`, 'the file is damaged', 'MODEL-013');
  }
  const scale = allocate('float32', channels);
  const shift = allocate('float32', channels);
  for (let c = 0; c < channels; c++) {
    const factor = (p.gamma?.data[c] ?? 1) / Math.sqrt(p.variance.data[c]! + epsilon);
    scale[c] = factor;
    shift[c] = (p.beta?.data[c] ?? 0) - p.mean.data[c]! * factor;
  }
  const shape = [channels, ...x.shape.slice(2).map(() => 1)];
  const scaled = b.add('Mul', [x, b.constant('float32', shape, scale)], {});
  return b.add('Add', [scaled, b.constant('float32', shape, shift)], {});
}

/** Softmax over one axis or, in old files, over all axes from one on. */
export function softmax(
  b: GraphBuilder,
  op: 'Softmax' | 'LogSoftmax',
  x: Value,
  axis: number,
  isFlat: boolean,
): Value {
  const isOneAxis = !isFlat || x.shape.every((d, i) => i <= axis || d === 1);
  if (isOneAxis) return b.add(op, [x], { axis });
  const flat = reshape(b, x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
  return reshape(b, b.add(op, [flat], { axis: 1 }), x.shape);
}

/** Mean 0 and variance 1 within each group of channels, then scale and shift per channel. */
export function groupNorm(
  b: GraphBuilder,
  x: Value,
  groups: number,
  scale: Value | undefined,
  shift: Value | undefined,
  epsilon: number,
): Value {
  const [n, c] = x.shape as [number, number];
  const size = countOf(x) / (n * groups);
  if (x.shape.length < 2 || !(groups >= 1) || c % groups !== 0 || !(size >= 1)) {
    b.refuse(`${groups} groups of ${c} channels`, 'check the model', 'MODEL-013');
  }
  const flat = reshape(b, x, [n, groups, size]);
  const inputs = [flat, b.filled([size], 1), b.filled([size], 0)];
  let y = reshape(b, b.add('LayerNormalization', inputs, { axis: 2, epsilon }), x.shape);
  if (scale) y = b.add('Mul', [y, perChannel(b, scale, x)], {});
  return shift ? b.add('Add', [y, perChannel(b, shift, x)], {}) : y;
}
