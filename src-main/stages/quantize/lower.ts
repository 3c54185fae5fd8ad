/** Each form of model node as operators of the int8 graph. */
import type {
  AddNode,
  AveragePoolNode,
  ConvNode,
  GemmNode,
  MaxPoolNode,
  ModelNode,
  TensorId,
} from '../model/index.ts';
import { floatPart } from './float-part.ts';
import { concat, pad, pair, sumFactors, table } from './lower-host.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { Hwc } from './layout.ts';
import { convWeightsToOhwi, depthwiseWeights, hwcOf, permuteColumns } from './layout.ts';
import type { Step } from './partition.ts';
import type { Bounds } from './scales.ts';
import { NO_BOUNDS, clamp, clamps, quantizeWeights, requantizeTo } from './scales.ts';
import type { Window } from './types.ts';

export function lowerStep(b: GraphBuilder, { nodes, form }: Step): void {
  if (form === 'float') return floatPart(b, nodes);
  const [node, ...after] = nodes as [ModelNode, ...ModelNode[]];
  const bounds = nodes.map(boundsOf).reduce(compose, NO_BOUNDS);
  const output = (after.at(-1) ?? node).output;
  switch (node.op) {
    case 'Conv':
      return conv(b, node, output, bounds);
    case 'Gemm':
      return gemm(b, node, output, bounds);
    case 'MaxPool':
    case 'AveragePool':
      return pool(b, node, windowOf(node.attributes), output, bounds);
    case 'ReduceMean':
      return mean(b, node, output, bounds);
    case 'Relu':
    case 'Clip':
      return activation(b, node, output, bounds);
  }
  switch (form) {
    case 'add':
      return add(b, node as AddNode, output, bounds);
    case 'scale':
      return scaleShift(b, node, output, bounds);
    case 'pair':
      return pair(b, node, output, bounds);
    case 'join':
      return concat(b, node);
    case 'border':
      return pad(b, node);
    default:
      return table(b, node);
  }
}

function boundsOf(node: ModelNode): Bounds {
  if (node.op === 'Clip') return node.attributes;
  return node.op === 'Relu' ? { min: 0, max: null } : NO_BOUNDS;
}

/** Bounds of clamping by the first and then by the second. */
function compose(first: Bounds, second: Bounds): Bounds {
  const low = second.min ?? -Infinity;
  const high = second.max ?? Infinity;
  const min = clamp(first.min ?? -Infinity, low, high);
  const max = clamp(first.max ?? Infinity, low, high);
  return { min: min === -Infinity ? null : min, max: max === Infinity ? null : max };
}

const ONE_PIXEL: Window = {
  kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, padBottom: 0, padRight: 0,
}; // prettier-ignore

function windowOf(a: Window): Window {
  const { kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight } = a;
  return { kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight };
}

const shapeOf = (b: GraphBuilder, id: TensorId): Hwc => hwcOf(b.model.tensors[id]!.shape);

/** Values of a constant input; undefined where there is none. */
function constant(b: GraphBuilder, id: TensorId | undefined): Float32Array | undefined {
  return id === undefined ? undefined : (b.model.tensors[id]!.data as Float32Array);
}

/** One group is conv, one group a channel is depthwise; other groupings and dilation are spelled out as zeros. */
function conv(b: GraphBuilder, node: ConvNode, output: TensorId, bounds: Bounds): void {
  const a = node.attributes;
  const input = b.int8(node.inputs[0], shapeOf(b, node.inputs[0]));
  const inC = b.tensor(input).shape[2];
  const [outC, , kernelH, kernelW] = b.model.tensors[node.inputs[1]]!.shape as [
    number,
    number,
    number,
    number,
  ];
  const isDepthwise = a.groups === inC && inC > 1;
  if (a.groups > 1 && !isDepthwise) {
    const factor = `${a.groups} times the multiply-accumulates`;
    b.remark('QUANT-101', node, `${a.groups} groups are computed as one dense convolution, ${factor}`);
  }
  if (a.dilationH > 1 || a.dilationW > 1) {
    b.remark('QUANT-102', node, 'dilation is computed as a larger kernel with zeros');
  }
  const size = { outC, inC: isDepthwise ? 1 : inC, kernelH, kernelW };
  const groups = isDepthwise ? 1 : a.groups;
  const dense = convWeightsToOhwi(constant(b, node.inputs[1])!, size, groups, a.dilationH, a.dilationW);
  const window: Window = { ...windowOf(a), kernelH: dense.kernelH, kernelW: dense.kernelW };
  const q = weighted(b, input, dense.weights, constant(b, node.inputs[2]), outC, output, bounds);
  const base = { name: node.name, input, output: b.makeInt8(output, shapeOf(b, output), q.scale), ...window };
  if (!isDepthwise) return b.push({ kind: 'conv', ...base, ...q.op });
  const weights = depthwiseWeights(q.op.weights, outC);
  b.push({ kind: 'depthwise', ...base, ...q.op, weights, depthMultiplier: outC / inC });
}

function gemm(b: GraphBuilder, node: GemmNode, output: TensorId, bounds: Bounds): void {
  const outC = b.model.tensors[node.inputs[1]]!.shape[0]!;
  const input = b.int8(node.inputs[0]);
  const permuted = permuteColumns(constant(b, node.inputs[1])!, outC, b.tensor(input).shape);
  const q = weighted(b, input, permuted, constant(b, node.inputs[2]), outC, output, bounds);
  const out = b.makeInt8(output, [1, 1, outC], q.scale);
  b.push({ kind: 'fullyConnected', name: node.name, input, output: out, ...q.op });
}

/** y = x · factor[c] + shift[c]: a depthwise layer of one tap. */
function scaleShift(b: GraphBuilder, node: ModelNode, output: TensorId, bounds: Bounds): void {
  const input = b.int8(node.inputs[0], shapeOf(b, node.inputs[0]));
  const outC = b.tensor(input).shape[2];
  const values = constant(b, node.inputs[1])!;
  const at = (c: number): number => values[values.length === 1 ? 0 : c]!;
  const isSum = node.op === 'Add' || node.op === 'Sub';
  const factor = (c: number): number => (isSum ? 1 : node.op === 'Div' ? 1 / at(c) : at(c));
  const shift = (c: number): number => (isSum ? (node.op === 'Sub' ? -at(c) : at(c)) : 0);
  const weights = Float32Array.from({ length: outC }, (_, c) => factor(c));
  const bias = Float32Array.from({ length: outC }, (_, c) => shift(c));
  const q = weighted(b, input, weights, bias, outC, output, bounds);
  const out = b.makeInt8(output, b.tensor(input).shape, q.scale);
  b.push({
    kind: 'depthwise',
    name: node.name,
    input,
    output: out,
    ...ONE_PIXEL,
    ...q.op,
    depthMultiplier: 1,
  });
}

/**
 * Weights [outC][...], bias and requantisation of a sum. The output's scale is at least that of the accumulator,
 * so that no multiplier reaches 1 and no layer needs a left shift: finer would show nothing.
 */
function weighted(
  b: GraphBuilder,
  input: number,
  weights: Float32Array,
  bias: Float32Array | undefined,
  outC: number,
  output: TensorId,
  bounds: Bounds,
) {
  const inputScale = b.tensor(input).scale;
  const { scales, ...q } = quantizeWeights(weights, bias, outC, inputScale);
  const accumulatorScale = scales.reduce((a, s) => Math.max(a, inputScale * s), 0);
  const scale = b.scaleOf(output, accumulatorScale * (1 + 2 ** -20));
  return { scale, op: { ...q, requantize: requantizeTo(inputScale, scales, scale, bounds) } };
}

function add(b: GraphBuilder, node: AddNode, output: TensorId, bounds: Bounds): void {
  const first = b.int8(node.inputs[0]);
  const { shape } = b.tensor(first);
  const second = b.int8(node.inputs[1], shape);
  const { scale, factors } = sumFactors(b, first, second, output, bounds);
  const out = b.makeInt8(output, shape, scale);
  b.push({ kind: 'add', name: node.name, inputs: [first, second], output: out, ...factors });
}

/** Pooling keeps scale and zero point, as TFLM's kernels demand. */
function pool(
  b: GraphBuilder,
  node: MaxPoolNode | AveragePoolNode,
  window: Window,
  output: TensorId,
  bounds: Bounds,
): void {
  const input = b.int8(node.inputs[0], shapeOf(b, node.inputs[0]));
  const scale = b.tensor(input);
  const kind = node.op === 'MaxPool' ? 'maxPool' : 'averagePool';
  const out = b.makeInt8(output, shapeOf(b, output), scale);
  b.push({ kind, name: node.name, input, output: out, ...window, ...clamps(bounds, scale) });
}

/** Over height and width: one window. */
function mean(b: GraphBuilder, node: ModelNode, output: TensorId, bounds: Bounds): void {
  const input = b.int8(node.inputs[0], shapeOf(b, node.inputs[0]));
  const scale = b.tensor(input);
  const [kernelH, kernelW, c] = scale.shape;
  const out = b.makeInt8(output, [1, 1, c], scale);
  const window = { ...ONE_PIXEL, kernelH, kernelW };
  b.push({ kind: 'averagePool', name: node.name, input, output: out, ...window, ...clamps(bounds, scale) });
}

/** A Relu or Clip that could not be fused: a maximum over a window of one. */
function activation(b: GraphBuilder, node: ModelNode, output: TensorId, bounds: Bounds): void {
  const input = b.int8(node.inputs[0]);
  const scale = b.tensor(input);
  const out = b.makeInt8(output, scale.shape, scale);
  b.push({ kind: 'maxPool', name: node.name, input, output: out, ...ONE_PIXEL, ...clamps(bounds, scale) });
}
