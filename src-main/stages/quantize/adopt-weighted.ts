/** CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and the pools of an integer model as operators of the graph. */
import type {
  Conv2dNode,
  DepthwiseConv2dNode,
  FullyConnectedNode,
  IntegerNode,
  IntegerTensor,
  Pool2dNode,
} from '../model/index.ts';
import { type Adoption, clampsOf, refuse, refuseUnless, requireSameScale } from './adoption.ts';
import { toMultiplier } from './multiplier.ts';
import type { QuantTensor, Requantize, Window } from './types.ts';

type Image = readonly [number, number, number, number];

/** Kernels beyond this, after dilation is spelled out, are no working model. */
const KERNEL_VALUES_MAX = 2 ** 24;

function image(tensor: IntegerTensor, node: IntegerNode): Image {
  refuseUnless(
    tensor.shape.length === 4 && tensor.shape[0] === 1,
    'QUANT-030',
    node,
    `shape [${tensor.shape}] is no image [1, h, w, c]`,
  );
  return tensor.shape as unknown as Image;
}

interface Strided {
  readonly padding: 'same' | 'valid';
  readonly strideH: number;
  readonly strideW: number;
}

/** Explicit padding of SAME and VALID (tensorflow/lite/kernels/padding.h); checks the output's size. */
function windowOf(node: IntegerNode & Strided, kernelH: number, kernelW: number, x: Image, y: Image): Window {
  const along = (size: number, out: number, kernel: number, stride: number): [number, number] => {
    const isSame = node.padding === 'same';
    const fits = isSame ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;
    refuseUnless(out === fits, 'QUANT-030', node, `gives ${out} places where ${fits} windows fit`);
    const total = isSame ? Math.max(0, (out - 1) * stride + kernel - size) : 0;
    const before = Math.floor(total / 2);
    return [before, total - before];
  };
  const [padTop, padBottom] = along(x[1], y[1], kernelH, node.strideH);
  const [padLeft, padRight] = along(x[2], y[2], kernelW, node.strideW);
  const { strideH, strideW } = node;
  return { kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight };
}

export function adoptConv(a: Adoption, node: Conv2dNode): void {
  const x = image(a.source(node, 0), node);
  const y = image(a.model.tensors[node.outputs[0]!]!, node);
  const weights = a.constant(node, 1, 'int8');
  refuseUnless(weights.shape.length === 4, 'QUANT-030', node, `weights of shape [${weights.shape}]`);
  const [outC, kh, kw, groupC] = weights.shape as Image;
  const groups = x[3] / groupC;
  const isFit = Number.isInteger(groups) && outC % groups === 0 && y[3] === outC;
  refuseUnless(isFit, 'QUANT-030', node, `weights [${weights.shape}] do not fit ${x[3]} to ${y[3]} channels`);
  const [kernelH, kernelW] = [(kh - 1) * node.dilationH + 1, (kw - 1) * node.dilationW + 1];
  const size = outC * kernelH * kernelW * x[3];
  refuseUnless(
    size <= KERNEL_VALUES_MAX,
    'QUANT-030',
    node,
    `the kernel has ${size} values, dilation included`,
  );
  if (groups > 1) {
    a.remark('QUANT-101', node, `${groups} groups are computed as one dense convolution`);
  }
  remarkDilation(a, node);
  const dense = new Int8Array(size);
  let from = 0;
  for (let o = 0; o < outC; o++) {
    const firstC = Math.floor(o / (outC / groups)) * groupC;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        const tap = (o * kernelH + ky * node.dilationH) * kernelW + kx * node.dilationW;
        dense.set(weights.data.subarray(from, from + groupC), tap * x[3] + firstC);
        from += groupC;
      }
    }
  }
  const window = windowOf(node, kernelH, kernelW, x, y);
  const input = a.input(node, 0);
  const output = a.output(node);
  const scaled = scaledBy(a, node, weights, outC, 0, node.activation);
  a.ops.push({ kind: 'conv', name: node.name, input, output, ...window, weights: dense, ...scaled });
}

export function adoptDepthwise(a: Adoption, node: DepthwiseConv2dNode): void {
  const x = image(a.source(node, 0), node);
  const y = image(a.model.tensors[node.outputs[0]!]!, node);
  const weights = a.constant(node, 1, 'int8');
  const [one, kh, kw, outC] = image(weights, node);
  const depthMultiplier = outC / x[3];
  const isFit = one === 1 && Number.isInteger(depthMultiplier) && y[3] === outC;
  refuseUnless(isFit, 'QUANT-030', node, `weights [${weights.shape}] do not fit ${x[3]} to ${y[3]} channels`);
  const [kernelH, kernelW] = [(kh - 1) * node.dilationH + 1, (kw - 1) * node.dilationW + 1];
  const size = kernelH * kernelW * outC;
  refuseUnless(
    size <= KERNEL_VALUES_MAX,
    'QUANT-030',
    node,
    `the kernel has ${size} values, dilation included`,
  );
  remarkDilation(a, node);
  const spread = new Int8Array(size);
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const from = (ky * kw + kx) * outC;
      const to = (ky * node.dilationH * kernelW + kx * node.dilationW) * outC;
      spread.set(weights.data.subarray(from, from + outC), to);
    }
  }
  const window = windowOf(node, kernelH, kernelW, x, y);
  const input = a.input(node, 0);
  const output = a.output(node);
  const scaled = scaledBy(a, node, weights, outC, 3, node.activation);
  const base = { kind: 'depthwise', name: node.name, input, output, depthMultiplier } as const;
  a.ops.push({ ...base, ...window, weights: spread, ...scaled });
}

function remarkDilation(a: Adoption, node: Conv2dNode | DepthwiseConv2dNode): void {
  if (node.dilationH === 1 && node.dilationW === 1) return;
  a.remark('QUANT-102', node, 'dilation is computed as a larger kernel with zeros');
}

/** Several vectors one after the other are a convolution of 1×1 over a row of pixels. */
export function adoptFullyConnected(a: Adoption, node: FullyConnectedNode): void {
  const weights = a.constant(node, 1, 'int8');
  const [outC, inC] = weights.shape as [number, number];
  const input = a.input(node, 0);
  const output = a.output(node);
  const count = (id: number): number => a.tensors[id]!.shape.reduce((p, d) => p * d, 1);
  const rows = count(input) / inC;
  const isFit = weights.shape.length === 2 && Number.isInteger(rows) && count(output) === rows * outC;
  refuseUnless(isFit, 'QUANT-030', node, `weights [${weights.shape}] do not fit its input and output`);
  const scaled = scaledBy(a, node, weights, outC, 0, node.activation);
  if (rows === 1) {
    refuseUnless(a.tensors[output]!.shape[2] === outC, 'QUANT-030', node, 'the output is no vector');
    a.ops.push({ kind: 'fullyConnected', name: node.name, input, output, weights: weights.data, ...scaled });
    return;
  }
  const [x, y] = [a.tensors[input]!.shape, a.tensors[output]!.shape];
  const isRows = x[2] === inC && y[2] === outC && x[0] === y[0] && x[1] === y[1];
  refuseUnless(isRows, 'QUANT-030', node, `[${x}] to [${y}] is no list of vectors`);
  const window = {
    kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, padBottom: 0, padRight: 0,
  }; // prettier-ignore
  a.ops.push({ kind: 'conv', name: node.name, input, output, ...window, weights: weights.data, ...scaled });
}

/** Bias and requantisation. axis: the dimension of the weights that the scales may run along. */
function scaledBy(
  a: Adoption,
  node: Conv2dNode | DepthwiseConv2dNode | FullyConnectedNode,
  weights: IntegerTensor,
  outC: number,
  axis: number,
  activation: string,
): { bias: Int32Array; requantize: Requantize } {
  const { scales } = weights;
  const isScaled = scales.length === 1 || (scales.length === outC && weights.axis === axis);
  refuseUnless(isScaled, 'QUANT-032', node, `${scales.length} weight scales along dimension ${weights.axis}`);
  const isSymmetric = weights.zeroPoints.every((z) => z === 0);
  refuseUnless(isSymmetric, 'QUANT-032', node, 'its weights have a zero point other than 0');
  const x: QuantTensor = a.tensors[a.input(node, 0)]!;
  const y: QuantTensor = a.tensors[a.output(node)]!;
  // TFLM rounds the product to float32 where a fully connected layer has one scale, and nowhere else.
  const isRounded = node.op === 'FULLY_CONNECTED' && scales.length === 1;
  const multiplierQ31 = new Int32Array(outC);
  const shift = new Int32Array(outC);
  for (let o = 0; o < outC; o++) {
    const product = x.scale * scales[scales.length === 1 ? 0 : o]!;
    const m = toMultiplier((isRounded ? Math.fround(product) : product) / y.scale);
    // Beyond 2^30 every sum but 0 saturates: no working model.
    refuseUnless(m.shift <= 30, 'QUANT-032', node, `channel ${o} is scaled up by 2^${m.shift}`);
    multiplierQ31[o] = m.multiplierQ31;
    shift[o] = m.shift;
  }
  const hasBias = node.inputs[2] !== undefined && node.inputs[2] !== -1;
  const bias = hasBias ? a.constant(node, 2, 'int32').data : new Int32Array(outC);
  refuseUnless(bias.length === outC, 'QUANT-030', node, `${bias.length} biases for ${outC} channels`);
  return { bias, requantize: { multiplierQ31, shift, ...clampsOf(activation, y, node) } };
}

/** How far TFLM lets input and output scale of a pool differ; it ignores the difference. */
const POOL_TOLERANCE = 1e-6;

export function adoptPool(a: Adoption, node: Pool2dNode): void {
  const x = image(a.source(node, 0), node);
  const y = image(a.model.tensors[node.outputs[0]!]!, node);
  refuseUnless(x[3] === y[3], 'QUANT-030', node, `${x[3]} to ${y[3]} channels`);
  const input = a.input(node, 0);
  const output = a.output(node);
  requireSameScale(node, a.tensors[input]!, a.tensors[output]!, POOL_TOLERANCE);
  const window = windowOf(node, node.kernelH, node.kernelW, x, y);
  if (node.kernelH * node.kernelW > KERNEL_VALUES_MAX) refuse('QUANT-030', node, 'the window is too large');
  const clamps = clampsOf(node.activation, a.tensors[output]!, node);
  const kind = node.op === 'MAX_POOL_2D' ? 'maxPool' : 'averagePool';
  a.ops.push({ kind, name: node.name, input, output, ...window, ...clamps });
}
