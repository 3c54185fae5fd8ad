/** The int8 operator of one node between DequantizeLinear and QuantizeLinear. */
import type { ConvNode, Model, ModelNode, TensorId } from '../model/index.ts';
import { runFloat } from '../model/index.ts';
import type { Target } from './adopt-qdq.ts';
import type { Hwc } from './layout.ts';
import { convWeightsToOhwi, depthwiseWeights, hwcOf, modelOrder } from './layout.ts';
import { requantizeTable } from './luts.ts';
import { toMultiplier } from './multiplier.ts';
import type { QdqGraph } from './qdq-graph.ts';
import { quantizeValues } from './run-host.ts';
import { clamps } from './scales.ts';
import type { Requantize, Window } from './types.ts';

/** Element by element, so that 256 values say all. */
const UNARY: ReadonlySet<string> = new Set([
  'Relu', 'Clip', 'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Gelu', 'Erf',
  'Softplus', 'Softsign', 'Exp', 'Sqrt', 'Neg', 'Abs',
]); // prettier-ignore

/** Emits the operator and says so, or finds that there is none and changes nothing. */
export function emitQdq(g: QdqGraph, node: ModelNode, target: Target): boolean {
  const x = g.quantisedOf.get(node.inputs[0]!);
  if (x === undefined) return false;
  switch (node.op) {
    case 'Conv':
      return conv(g, node, x, target);
    case 'Gemm':
      return fullyConnected(g, node, x, weightsOf(g, node.inputs[1], 0), node.inputs[2], target);
    case 'MatMul':
      return fullyConnected(g, node, x, transposed(weightsOf(g, node.inputs[1], 1)), undefined, target);
    case 'MaxPool':
    case 'AveragePool':
      return pool(g, node, x, target);
    case 'Add':
    case 'Sub':
    case 'Mul':
      return pair(g, node, x, target);
    case 'Concat':
      return concat(g, node, target);
    case 'Pad':
      return pad(g, node, x, target);
    default:
      return UNARY.has(node.op) && unary(g, node, x, target);
  }
}

interface Weights {
  readonly shape: readonly number[];
  readonly data: Int8Array;
  /** One, or one per output channel. */
  readonly scales: ArrayLike<number>;
}

/** Constant 8-bit weights without zero point (128 in uint8), with scales along `axis` only. */
function weightsOf(g: QdqGraph, id: TensorId, axis: number): Weights | undefined {
  const node = g.producer.get(id);
  if (node?.op !== 'DequantizeLinear') return undefined;
  const [w, scale, zero] = node.inputs.map((t) => g.model.tensors[t!]!);
  const middle = w!.dtype === 'uint8' ? 128 : 0;
  if (!w!.data || !(w!.dtype === 'int8' || w!.dtype === 'uint8') || !scale!.data) return undefined;
  const zeros = zero!.data;
  if (!zeros || !Array.from(zeros).every((z) => z === middle)) return undefined;
  if (scale!.data.length > 1 && node.attributes.axis !== axis) return undefined;
  return { shape: w!.shape, data: Int8Array.from(w!.data, (v) => v - middle), scales: scale!.data };
}

/** [inC, outC] to [outC, inC]. */
function transposed(w: Weights | undefined): Weights | undefined {
  if (w?.shape.length !== 2) return undefined;
  const [rows, columns] = w.shape as [number, number];
  const data = w.data.map((_, i) => w.data[(i % rows) * columns + Math.floor(i / rows)]!);
  return { ...w, shape: [columns, rows], data };
}

/** Bias in steps of input scale · weight scale; the file's own integers where it holds such. */
function biasOf(g: QdqGraph, id: TensorId | undefined, steps: readonly number[]): Int32Array | undefined {
  if (id === undefined) return new Int32Array(steps.length);
  const node = g.producer.get(id);
  const held = g.model.tensors[node?.op === 'DequantizeLinear' ? node.inputs[0] : id]!;
  if (held.data?.length !== steps.length) return undefined;
  const real = (i: number): number => {
    if (node?.op !== 'DequantizeLinear') return held.data![i]!;
    const [scale, zero] = [node.inputs[1], node.inputs[2]].map((t) => g.model.tensors[t]!.data!);
    const at = scale!.length === 1 ? 0 : i;
    return (held.data![i]! - zero![at]!) * scale![at]!;
  };
  const bias = steps.map((step, i) => Math.round(real(i) / step));
  return bias.every((b) => Math.abs(b) < 2 ** 31) ? Int32Array.from(bias) : undefined;
}

/** Bias and requantisation of a layer of outC channels; undefined where the file's numbers do not fit. */
function scaled(
  g: QdqGraph,
  x: TensorId,
  weights: Weights,
  outC: number,
  biasId: TensorId | undefined,
  target: Target,
): { bias: Int32Array; requantize: Requantize } | undefined {
  const { scales } = weights;
  if (scales.length !== 1 && scales.length !== outC) return undefined;
  const from = g.grids.get(x)!.scale;
  const steps = Array.from({ length: outC }, (_, o) => from * scales[scales.length === 1 ? 0 : o]!);
  const multipliers = steps.map((step) => toMultiplier(step / target.grid.scale));
  const bias = biasOf(g, biasId, steps);
  if (!bias || multipliers.some((m) => m.shift > 30)) return undefined;
  const multiplierQ31 = Int32Array.from(multipliers, (m) => m.multiplierQ31);
  const shift = Int32Array.from(multipliers, (m) => m.shift);
  return { bias, requantize: { multiplierQ31, shift, ...clamps(target.bounds, target.grid) } };
}

const windowOf = ({
  kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight,
}: Window): Window => ({ kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight }); // prettier-ignore

const isImage = (shape: readonly number[]): boolean => shape.length === 4 && shape[0] === 1;
const shapeOf = (g: QdqGraph, id: TensorId): readonly number[] => g.model.tensors[id]!.shape;

function conv(g: QdqGraph, node: ConvNode, x: TensorId, target: Target): boolean {
  const a = node.attributes;
  const weights = weightsOf(g, node.inputs[1], 0);
  const [xShape, yShape] = [shapeOf(g, node.inputs[0]), shapeOf(g, node.output)];
  if (!weights || !isImage(xShape) || !isImage(yShape)) return false;
  const [outC, groupC, kernelH, kernelW] = weights.shape as [number, number, number, number];
  const inC = xShape[1]!;
  const rest = scaled(g, x, weights, outC, node.inputs[2], target);
  if (!rest) return false;
  // One input channel each: as many dense kernels of one channel, in depthwise order.
  const isDepthwise = groupC === 1 && a.groups === inC && inC > 1;
  const size = { outC, inC: isDepthwise ? 1 : inC, kernelH, kernelW };
  const floats = Float32Array.from(weights.data);
  const dense = convWeightsToOhwi(floats, size, isDepthwise ? 1 : a.groups, a.dilationH, a.dilationW);
  const values = Int8Array.from(dense.weights);
  const window = { ...windowOf(a), kernelH: dense.kernelH, kernelW: dense.kernelW };
  const input = g.int8(x, hwcOf(xShape));
  const output = g.makeInt8(target.q, hwcOf(yShape));
  const base = { name: node.name, input, output, ...window, ...rest };
  if (isDepthwise) {
    const kernel = depthwiseWeights(values, outC);
    g.push({ kind: 'depthwise', ...base, weights: kernel, depthMultiplier: outC / inC });
    return true;
  }
  if (a.groups > 1)
    g.remark('QUANT-101', node.name, `${a.groups} groups are computed as one dense convolution`);
  g.push({ kind: 'conv', ...base, weights: values });
  return true;
}

function fullyConnected(
  g: QdqGraph,
  node: ModelNode,
  x: TensorId,
  weights: Weights | undefined,
  biasId: TensorId | undefined,
  target: Target,
): boolean {
  if (!weights) return false;
  const [outC, inC] = weights.shape as [number, number];
  const count = shapeOf(g, node.inputs[0]!).reduce((a, b) => a * b, 1);
  const rest = count === inC ? scaled(g, x, weights, outC, biasId, target) : undefined;
  if (!rest) return false;
  const input = g.int8(x);
  const order = modelOrder(g.tensor(input).shape);
  const permuted = weights.data.map((_, i) => {
    const column = i % inC;
    return weights.data[i - column + order[column]!]!;
  });
  const output = g.makeInt8(target.q, [1, 1, outC]);
  g.push({ kind: 'fullyConnected', name: node.name, input, output, weights: permuted, ...rest });
  return true;
}

type Pool = Extract<ModelNode, { op: 'MaxPool' | 'AveragePool' }>;

/**
 * A pool that keeps its scale is one. An average to another scale, or over padding that counts, is a depthwise
 * layer of ones, its divisor in the multiplier.
 */
function pool(g: QdqGraph, node: Pool, x: TensorId, target: Target): boolean {
  const [xShape, yShape] = [shapeOf(g, node.inputs[0]), shapeOf(g, node.output)];
  if (!isImage(xShape) || !isImage(yShape)) return false;
  const window = windowOf(node.attributes);
  const grid = g.grids.get(x)!;
  const isSame = grid.scale === target.grid.scale && grid.zeroPoint === target.grid.zeroPoint;
  const isPadded = window.padTop + window.padLeft + window.padBottom + window.padRight > 0;
  if (isPadded && !everyWindowInside(window, xShape, yShape)) return false;
  const counts = node.op === 'AveragePool' && node.attributes.countIncludePad && isPadded;
  const area = window.kernelH * window.kernelW;
  const channels = xShape[1]!;
  if (node.op === 'AveragePool' && (!isSame || counts)) {
    const m = toMultiplier(grid.scale / (target.grid.scale * area));
    if ((isPadded && !counts) || m.shift > 30) return false;
    const input = g.int8(x, hwcOf(xShape));
    const output = g.makeInt8(target.q, hwcOf(yShape));
    g.push({
      kind: 'depthwise', name: node.name, input, output, ...window, depthMultiplier: 1,
      weights: new Int8Array(area * channels).fill(1), bias: new Int32Array(channels),
      requantize: {
        multiplierQ31: new Int32Array(channels).fill(m.multiplierQ31),
        shift: new Int32Array(channels).fill(m.shift),
        ...clamps(target.bounds, target.grid),
      },
    }); // prettier-ignore
    return true;
  }
  const kind = node.op === 'MaxPool' ? 'maxPool' : 'averagePool';
  const input = g.int8(x, hwcOf(xShape));
  const own = isSame
    ? g.makeInt8(target.q, hwcOf(yShape))
    : g.makeInner(`${node.name}.pool`, hwcOf(yShape), grid);
  const bounds = clamps(target.bounds, grid);
  g.push({ kind, name: node.name, input, output: own, ...window, ...bounds });
  if (!isSame) rescale(g, node, own, g.makeInt8(target.q, hwcOf(yShape)));
  return true;
}

function everyWindowInside(w: Window, x: readonly number[], y: readonly number[]): boolean {
  const lastY = (y[2]! - 1) * w.strideH - w.padTop;
  const lastX = (y[3]! - 1) * w.strideW - w.padLeft;
  return w.padTop < w.kernelH && w.padLeft < w.kernelW && lastY < x[2]! && lastX < x[3]!;
}

function rescale(g: QdqGraph, node: ModelNode, input: number, output: number): void {
  const table = requantizeTable(g.tensor(input), g.tensor(output));
  g.push({ kind: 'lut', name: `${node.name}.scale`, input, output, table });
}

/** Two quantised operands; of unequal shapes only images, which broadcast in NHWC as in NCHW. */
function pair(
  g: QdqGraph,
  node: Extract<ModelNode, { op: 'Add' | 'Sub' | 'Mul' }>,
  x: TensorId,
  target: Target,
): boolean {
  const y = g.quantisedOf.get(node.inputs[1]);
  if (y === undefined) return false;
  const [a, b, out] = [node.inputs[0], node.inputs[1], node.output].map((t) => shapeOf(g, t));
  const isEqual = a!.join() === b!.join();
  if (!isEqual && !(isImage(a!) && isImage(b!))) return false;
  const scales = [x, y].map((q) => g.grids.get(q)!.scale) as [number, number];
  const twiceMax = 2 * Math.max(...scales);
  const factors = {
    input1: toMultiplier(scales[0] / twiceMax),
    input2: toMultiplier(scales[1] / twiceMax),
    outputScale: toMultiplier(
      node.op === 'Mul'
        ? (scales[0] * scales[1]) / target.grid.scale
        : twiceMax / (2 ** 20 * target.grid.scale),
    ),
  };
  if (factors.outputScale.shift > 30) return false;
  const inputs = [g.int8(x, hwcOf(a!)), g.int8(y, hwcOf(b!))] as const;
  const output = g.makeInt8(target.q, hwcOf(out!));
  const base = { name: node.name, inputs, output, ...clamps(target.bounds, target.grid) };
  const shapes = [[...hwcOf(a!)], [...hwcOf(b!)]] as const;
  if (node.op === 'Mul') g.push({ kind: 'mul', ...base, shapes, outputScale: factors.outputScale });
  else if (node.op === 'Sub') g.push({ kind: 'sub', ...base, shapes, ...factors });
  else if (isEqual) g.push({ kind: 'add', ...base, ...factors });
  else g.push({ kind: 'broadcastAdd', ...base, shapes, ...factors });
  return true;
}

/** Parts are brought to the result's scale first. Axis of the NHWC bytes by axis of NCHW. */
function concat(g: QdqGraph, node: Extract<ModelNode, { op: 'Concat' }>, target: Target): boolean {
  const sources = node.inputs.map((t) => g.quantisedOf.get(t));
  const shapes = node.inputs.map((t) => shapeOf(g, t));
  const isVector = shapes.every((s) => s.length === 2 && s[0] === 1) && node.attributes.axis === 1;
  const isMap = shapes.every(isImage) && node.attributes.axis >= 1;
  if (
    sources.includes(undefined) ||
    !(isVector || isMap) ||
    target.bounds.min !== null ||
    target.bounds.max !== null
  ) {
    return false;
  }
  const axis = isVector ? 2 : [2, 0, 1][node.attributes.axis - 1]!;
  const dims: Hwc[] = shapes.map((s) => hwcOf(s));
  const inputs = sources.map((q, i) => {
    const from = g.int8(q!, dims[i]!);
    const { scale, zeroPoint } = g.tensor(from);
    if (scale === target.grid.scale && zeroPoint === target.grid.zeroPoint) return from;
    const to = g.makeInner(`${node.name}.part`, dims[i]!, target.grid);
    rescale(g, node, from, to);
    return to;
  });
  const outer = dims[0]!.slice(0, axis).reduce((p, d) => p * d, 1);
  const chunks = dims.map((d) => d.slice(axis).reduce((p, v) => p * v, 1));
  const output = g.makeInt8(target.q, hwcOf(shapeOf(g, node.output)));
  g.push({ kind: 'concat', name: node.name, inputs, output, outer, chunks });
  return true;
}

function pad(g: QdqGraph, node: Extract<ModelNode, { op: 'Pad' }>, x: TensorId, target: Target): boolean {
  const { mode, value, before, after } = node.attributes;
  const shape = shapeOf(g, node.inputs[0]!);
  const grid = g.grids.get(x)!;
  const isPlain = mode === 'constant' && value === 0 && isImage(shape) && before[0] === 0 && after[0] === 0;
  const isSame = grid.scale === target.grid.scale && grid.zeroPoint === target.grid.zeroPoint;
  if (!isPlain || !isSame || target.bounds.min !== null || target.bounds.max !== null) return false;
  const nhwc = (v: readonly number[]): number[] => [v[2]!, v[3]!, v[1]!];
  const dims = hwcOf(shape);
  const input = g.int8(x, dims);
  const output = g.makeInt8(target.q, hwcOf(shapeOf(g, node.output)));
  const sides = { before: nhwc(before), after: nhwc(after) };
  g.push({ kind: 'pad', name: node.name, input, output, dims, ...sides, value: grid.zeroPoint });
  return true;
}

/** All 256 values through the float operator, then to the result's scale. */
function unary(g: QdqGraph, node: ModelNode, x: TensorId, target: Target): boolean {
  const grid = g.grids.get(x)!;
  const tensor = (name: string) => ({ name, dtype: 'float32', shape: [1, 256] }) as const;
  const one = { ...node, inputs: [0], output: 1 } as unknown as ModelNode;
  const model: Model = {
    name: node.name,
    tensors: [tensor('x'), tensor('y')],
    nodes: [one],
    inputs: [0],
    outputs: [1],
  };
  const reals = Float32Array.from({ length: 256 }, (_, i) => (i - 128 - grid.zeroPoint) * grid.scale);
  const [values] = runFloat(model, [reals]);
  const input = g.int8(x);
  const output = g.makeInt8(target.q, g.tensor(input).shape);
  const op = { kind: 'quantize', name: '', input, output, floatOrder: 'hwc', halfToEven: true } as const;
  const { clampMin, clampMax } = clamps(target.bounds, target.grid);
  const table = quantizeValues(op, g.tensor(output), values!).map((v) =>
    Math.min(clampMax, Math.max(clampMin, v)),
  );
  g.push({ kind: 'lut', name: node.name, input, output, table });
  return true;
}
