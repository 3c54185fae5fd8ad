/** Operators of an integer model that run on the host (and ADD, which the engine has too). */
import type {
  ArithmeticNode,
  IntegerNode,
  LayoutNode,
  IntegerSoftmaxNode,
  StridedSliceNode,
  UnaryNode,
} from '../model/index.ts';
import { type Adoption, belowOne, clampsOf, refuse, refuseUnless, requireSameScale } from './adoption.ts';
import { hardSwishTable, logisticTable, relu6Table, reluTable, requantizeTable, tanhTable } from './luts.ts';
import { toMeanMultiplier, toMultiplier } from './multiplier.ts';
import type { Multiplier, QuantTensor } from './types.ts';

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

export function adoptArithmetic(a: Adoption, node: ArithmeticNode): void {
  const inputs = [a.input(node, 0, 'any'), a.input(node, 1, 'any')] as const;
  const output = a.output(node);
  const [x, y] = inputs.map((t) => a.tensors[t]!) as [QuantTensor, QuantTensor];
  const out = a.tensors[output]!;
  const rank = Math.max(x.modelShape.length, y.modelShape.length);
  const padded = [x, y].map((t) => [...Array<number>(rank - t.modelShape.length).fill(1), ...t.modelShape]);
  const shapes = padded as [number[], number[]];
  const fits = shapes[0].every((d, i) => d === shapes[1][i] || d === 1 || shapes[1][i] === 1);
  const joint = shapes[0].map((d, i) => Math.max(d, shapes[1][i]!));
  const isOutput =
    joint.join() ===
    [...Array<number>(Math.max(0, rank - out.modelShape.length)).fill(1), ...out.modelShape].join();
  refuseUnless(
    fits && isOutput,
    'QUANT-030',
    node,
    `[${x.modelShape}] and [${y.modelShape}] to [${out.modelShape}]`,
  );
  const clamps = clampsOf(node.activation, out, node);
  const base = { name: node.name, inputs, output, ...clamps };
  if (node.op === 'MUL') {
    const outputScale = factor(node, (x.scale * y.scale) / out.scale);
    a.ops.push({ kind: 'mul', ...base, shapes, outputScale });
    return;
  }
  // SUB computes its factors in float32, ADD in double.
  const round = node.op === 'SUB' ? Math.fround : (v: number): number => v;
  const twiceMax = 2 * Math.max(x.scale, y.scale);
  const factors = {
    input1: belowOne(round(x.scale / twiceMax), node),
    input2: belowOne(round(y.scale / twiceMax), node),
    outputScale: belowOne(round(twiceMax / (2 ** 20 * out.scale)), node),
  };
  if (node.op === 'SUB') a.ops.push({ kind: 'sub', ...base, shapes, ...factors });
  else if (x.data || y.data || x.modelShape.join() !== y.modelShape.join()) {
    a.ops.push({ kind: 'broadcastAdd', ...base, shapes, ...factors });
  } else a.ops.push({ kind: 'add', ...base, ...factors });
}

/** A factor that may be of any size up to what an int32 can take. */
function factor(node: IntegerNode, real: number): Multiplier {
  const m = toMultiplier(real);
  refuseUnless(Number.isFinite(real) && m.shift <= 30, 'QUANT-032', node, `scales up by ${real}`);
  return m;
}

function requireEqualCount(a: Adoption, node: IntegerNode, input: number, output: number): void {
  const [from, to] = [a.tensors[input]!.modelShape, a.tensors[output]!.modelShape];
  refuseUnless(product(from) === product(to), 'QUANT-030', node, `[${from}] to [${to}]`);
}

export function adoptUnary(a: Adoption, node: UnaryNode): void {
  const input = a.input(node, 0);
  const output = a.output(node);
  const [x, y] = [a.tensors[input]!, a.tensors[output]!];
  requireEqualCount(a, node, input, output);
  const base = { name: node.name, input, output };
  if (node.op === 'QUANTIZE' && x.dtype === 'float32') {
    a.ops.push({ kind: 'quantize', ...base, floatOrder: 'hwc' });
  } else if (node.op === 'DEQUANTIZE') {
    a.ops.push({ kind: 'dequantize', ...base, floatOrder: 'hwc' });
  } else a.ops.push({ kind: 'lut', ...base, table: tableOf(node, x, y) });
}

function tableOf(node: UnaryNode, x: QuantTensor, y: QuantTensor): Int8Array {
  switch (node.op) {
    case 'LOGISTIC':
      requireScale(node, y, 1 / 256, -128);
      requireReach(node, x);
      return logisticTable(x);
    case 'TANH':
      requireScale(node, y, 1 / 128, 0);
      requireReach(node, x);
      return tanhTable(x);
    case 'HARD_SWISH':
      return hardSwishTable(x, y) ?? refuse('QUANT-032', node, 'its scales are beyond the kernel');
    case 'RELU':
      factor(node, x.scale / y.scale);
      return reluTable(x, y);
    case 'RELU6':
      requireSameScale(node, x, y, 0);
      return relu6Table(x);
    default:
      factor(node, x.scale / y.scale);
      return requantizeTable(x, y);
  }
}

function requireScale(node: IntegerNode, t: QuantTensor, scale: number, zeroPoint: number): void {
  const isFixed = t.scale === scale && t.zeroPoint === zeroPoint;
  refuseUnless(
    isFixed,
    'QUANT-032',
    node,
    `its output has scale ${scale} and zero point ${zeroPoint} by definition`,
  );
}

/** The kernels shift by less than 31 bits. */
function requireReach(node: IntegerNode, x: QuantTensor): void {
  refuseUnless(
    x.scale >= 2 ** -50 && x.scale < 8,
    'QUANT-032',
    node,
    `an input scale of ${x.scale} is beyond the kernel`,
  );
}

export function adoptSoftmax(a: Adoption, node: IntegerSoftmaxNode): void {
  const input = a.input(node, 0);
  const output = a.output(node);
  const [x, y] = [a.tensors[input]!, a.tensors[output]!];
  requireEqualCount(a, node, input, output);
  requireScale(node, y, 1 / 256, -128);
  const depth = x.modelShape.at(-1) ?? 1;
  // 4096 times 1 leaves the sum's 12 integer bits.
  refuseUnless(depth < 4096, 'QUANT-030', node, `over ${depth} values, at most 4095 are read`);
  const real = Math.min(node.beta * x.scale * 2 ** 26, 2 ** 31 - 1);
  refuseUnless(real > 1, 'QUANT-032', node, `beta ${node.beta} and scale ${x.scale} are too small`);
  const inputBeta = toMultiplier(real);
  const diffMin = -Math.floor((31 * 2 ** 26) / 2 ** inputBeta.shift);
  a.ops.push({ kind: 'softmax', name: node.name, input, output, depth, inputBeta, diffMin });
}

/** Input, output and the constant of `count` int32 values that says what to do. */
function layout(a: Adoption, node: IntegerNode): { input: number; output: number; dims: readonly number[] } {
  const input = a.input(node, 0);
  const output = a.output(node);
  return { input, output, dims: a.tensors[input]!.modelShape };
}

function requireShape(a: Adoption, node: IntegerNode, output: number, wanted: readonly number[]): void {
  const found = a.tensors[output]!.modelShape;
  refuseUnless(
    found.join() === wanted.join(),
    'QUANT-030',
    node,
    `gives [${wanted}] where [${found}] is declared`,
  );
}

export function adoptPad(a: Adoption, node: LayoutNode): void {
  const { input, output, dims } = layout(a, node);
  const paddings = a.constant(node, 1, 'int32').data;
  const isSound = paddings.length === 2 * dims.length && paddings.every((p) => p >= 0);
  refuseUnless(isSound, 'QUANT-030', node, `paddings [${paddings}] of [${dims}]`);
  const before = dims.map((_, i) => paddings[2 * i]!);
  const after = dims.map((_, i) => paddings[2 * i + 1]!);
  requireShape(
    a,
    node,
    output,
    dims.map((d, i) => d + before[i]! + after[i]!),
  );
  const [x, y] = [a.tensors[input]!, a.tensors[output]!];
  requireSameScale(node, x, y, 0);
  let value = y.zeroPoint;
  if (node.op === 'PADV2') {
    const fill = a.tensors[a.input(node, 2, 'any')]!;
    requireSameScale(node, fill, y, 0);
    value = fill.data?.[0] ?? refuse('QUANT-031', node, 'its value is no constant');
  }
  a.ops.push({ kind: 'pad', name: node.name, input, output, dims, before, after, value });
}

export function adoptTranspose(a: Adoption, node: LayoutNode): void {
  const { input, output, dims } = layout(a, node);
  const permutation = Array.from(a.constant(node, 1, 'int32').data);
  const isSound = [...permutation].sort((p, q) => p - q).join() === dims.map((_, i) => i).join();
  refuseUnless(isSound, 'QUANT-030', node, `[${permutation}] is no order of ${dims.length} dimensions`);
  requireShape(
    a,
    node,
    output,
    permutation.map((p) => dims[p]!),
  );
  requireSameScale(node, a.tensors[input]!, a.tensors[output]!, 0);
  a.ops.push({ kind: 'transpose', name: node.name, input, output, dims, permutation });
}

/** The count is folded into the multiplier, in integers, as TFLM does it. */
export function adoptMean(a: Adoption, node: LayoutNode): void {
  const { input, output, dims } = layout(a, node);
  const axes = Array.from(a.constant(node, 1, 'int32').data, (x) => (x < 0 ? x + dims.length : x));
  const unique = [...new Set(axes)];
  const isSound = unique.length > 0 && unique.every((axis) => axis >= 0 && axis < dims.length);
  refuseUnless(isSound, 'QUANT-030', node, `axes [${axes}] of [${dims}]`);
  const count = unique.reduce((p, axis) => p * dims[axis]!, 1);
  refuseUnless(
    product(a.tensors[output]!.modelShape) === product(dims) / count,
    'QUANT-030',
    node,
    'the output has another size',
  );
  const real = a.tensors[input]!.scale / a.tensors[output]!.scale;
  const outputScale = toMeanMultiplier(real, count) ?? refuse('QUANT-032', node, `scales up by ${real}`);
  a.ops.push({ kind: 'mean', name: node.name, input, output, dims, axes: unique, outputScale });
}

/** Begin, end and strides per dimension; shrinking a dimension takes one index of it. */
export function adoptSlice(a: Adoption, node: StridedSliceNode): void {
  const { input, output, dims } = layout(a, node);
  refuseUnless(node.otherMasks === 0, 'QUANT-031', node, 'an ellipsis or a new axis is not read');
  const [begins, ends, strides] = [1, 2, 3].map((i) => Array.from(a.constant(node, i, 'int32').data));
  const isSound =
    [begins, ends, strides].every((list) => list!.length === dims.length) && !strides!.includes(0);
  refuseUnless(isSound, 'QUANT-030', node, 'begin, end and strides do not name every dimension');
  const has = (mask: number, i: number): boolean => (mask & (1 << i)) !== 0;
  const within = (v: number, i: number): number => {
    const [low, high] = strides![i]! > 0 ? [0, dims[i]!] : [-1, dims[i]! - 1];
    return Math.min(high, Math.max(low, v < 0 ? v + dims[i]! : v));
  };
  const begin = dims.map((d, i) =>
    has(node.beginMask, i) ? (strides![i]! > 0 ? 0 : d - 1) : within(begins![i]!, i),
  );
  const sizes = dims.map((d, i) => {
    if (has(node.shrinkMask, i)) return 1;
    const stop = has(node.endMask, i) ? (strides![i]! > 0 ? d : -1) : within(ends![i]!, i);
    return Math.max(0, Math.ceil((stop - begin[i]!) / strides![i]!));
  });
  const isInside = dims.every((d, i) => {
    const last = begin[i]! + (sizes[i]! - 1) * strides![i]!;
    return sizes[i]! >= 1 && begin[i]! >= 0 && begin[i]! < d && last >= 0 && last < d;
  });
  refuseUnless(isInside, 'QUANT-030', node, `takes nothing, or what is outside [${dims}]`);
  requireShape(
    a,
    node,
    output,
    sizes.filter((_, i) => !has(node.shrinkMask, i)),
  );
  requireSameScale(node, a.tensors[input]!, a.tensors[output]!, 0);
  a.ops.push({ kind: 'slice', name: node.name, input, output, dims, begin, strides: strides!, sizes });
}
