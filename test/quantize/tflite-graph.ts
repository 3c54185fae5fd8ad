/**
 * Int8 .tflite files as QuantGraphs, for tests only: it lets the integer reference be judged by TensorFlow
 * Lite Micro's own outputs. Field numbers are those of TFLite's schema. Conv, depthwise (as a dense Conv with
 * zeros), fully connected, average pool, add, reshape; a final Softmax goes to hostTail.
 */
import type { QuantGraph, QuantOp, QuantTensor, Requantize } from '../../src-main/stages/quantize/index.ts';
import { toMultiplier } from '../../src-main/stages/quantize/multiplier.ts';

/** A FlatBuffers table: fields by number, absent ones as undefined. */
class Table {
  readonly view: DataView;
  readonly at: number;
  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }
  private field(n: number): number | undefined {
    const vtable = this.at - this.view.getInt32(this.at, true);
    if (4 + 2 * n >= this.view.getUint16(vtable, true)) return undefined;
    const offset = this.view.getUint16(vtable + 4 + 2 * n, true);
    return offset === 0 ? undefined : this.at + offset;
  }
  private target(at: number): number {
    return at + this.view.getUint32(at, true);
  }
  int8(n: number, missing = 0): number {
    const at = this.field(n);
    return at === undefined ? missing : this.view.getInt8(at);
  }
  int32(n: number, missing = 0): number {
    const at = this.field(n);
    return at === undefined ? missing : this.view.getInt32(at, true);
  }
  table(n: number): Table {
    return new Table(this.view, this.target(this.field(n)!));
  }
  /** Start and length of a vector; length 0 where it is absent. */
  private vector(n: number): [number, number] {
    const at = this.field(n);
    if (at === undefined) return [0, 0];
    const start = this.target(at);
    return [start + 4, this.view.getUint32(start, true)];
  }
  tables(n: number): Table[] {
    const [start, count] = this.vector(n);
    return Array.from({ length: count }, (_, i) => new Table(this.view, this.target(start + 4 * i)));
  }
  int32s(n: number): number[] {
    const [start, count] = this.vector(n);
    return Array.from({ length: count }, (_, i) => this.view.getInt32(start + 4 * i, true));
  }
  floats(n: number): number[] {
    const [start, count] = this.vector(n);
    return Array.from({ length: count }, (_, i) => this.view.getFloat32(start + 4 * i, true));
  }
  int64s(n: number): number[] {
    const [start, count] = this.vector(n);
    return Array.from({ length: count }, (_, i) => Number(this.view.getBigInt64(start + 8 * i, true)));
  }
  bytes(n: number): Int8Array {
    const [start, count] = this.vector(n);
    return new Int8Array(this.view.buffer.slice(start, start + count));
  }
}

const ADD = 0;
const AVERAGE_POOL_2D = 1;
const CONV_2D = 3;
const DEPTHWISE_CONV_2D = 4;
const FULLY_CONNECTED = 9;
const RESHAPE = 22;
const SOFTMAX = 25;

interface LiteTensor extends QuantTensor {
  readonly fullShape: readonly number[];
  readonly scales: readonly number[];
  readonly data: Int8Array;
}

export function readTflite(file: Uint8Array): { graph: QuantGraph; hostTail: string[] } {
  const view = new DataView(new Uint8Array(file).buffer);
  const model = new Table(view, view.getUint32(0, true));
  const codes = model.tables(1).map((c) => Math.max(c.int8(0), c.int32(3)));
  const graph = model.tables(2)[0]!;
  const buffers = model.tables(4);
  const tensors = graph.tables(0).map((t, i): LiteTensor => {
    const fullShape = t.int32s(0);
    const [h, w, c] =
      fullShape.length === 4 ? fullShape.slice(1) : [1, 1, fullShape.slice(1).reduce((a, b) => a * b, 1)];
    const q = t.table(4);
    const scales = q.floats(2);
    return {
      name: `t${i}`, dtype: 'int8', modelShape: fullShape, shape: [h!, w!, c!], fullShape, scales, scale: scales[0] ?? 1,
      zeroPoint: q.int64s(3)[0] ?? 0, data: buffers[t.int32(2)]!.bytes(0),
    }; // prettier-ignore
  });
  const ops: QuantOp[] = [];
  let output = graph.int32s(2)[0]!;
  const hostTail: string[] = [];
  for (const [i, operator] of graph.tables(3).entries()) {
    const code = codes[operator.int32(0)]!;
    const inputs = operator.int32s(1);
    if (code === SOFTMAX) {
      hostTail.push('Softmax');
      output = inputs[0]!;
    } else ops.push(readOp(code, `op${i}`, operator, inputs, operator.int32s(2)[0]!, tensors));
  }
  const plain = tensors.map(({ name, shape, modelShape, scale, zeroPoint }) => ({
    name, dtype: 'int8' as const, shape, modelShape, scale, zeroPoint,
  })); // prettier-ignore
  const value = { name: 'tflite', tensors: plain, ops, inputs: [graph.int32s(1)[0]!], outputs: [output] };
  return { graph: value, hostTail };
}

function readOp(
  code: number,
  name: string,
  operator: Table,
  inputs: readonly number[],
  output: number,
  tensors: readonly LiteTensor[],
): QuantOp {
  const [x, out] = [tensors[inputs[0]!]!, tensors[output]!];
  const base = { name, input: inputs[0]!, output };
  const [outC, kernelH, kernelW] = tensors[inputs[1] ?? 0]!.fullShape as [number, number, number];
  if (code === RESHAPE) return { ...base, kind: 'reshape' };
  const options = operator.table(4);
  switch (code) {
    case CONV_2D: {
      const window = windowOf(options, 0, kernelH, kernelW, x, out);
      const weights = tensors[inputs[1]!]!.data;
      return {
        ...base,
        kind: 'conv',
        ...window,
        weights,
        ...weighted(inputs, options.int8(3), out, tensors),
      };
    }
    case DEPTHWISE_CONV_2D: {
      const window = windowOf(options, 0, kernelH, kernelW, x, out);
      const weights = denseDepthwise(tensors[inputs[1]!]!.data, window, x.shape[2], out.shape[2]);
      return {
        ...base,
        kind: 'conv',
        ...window,
        weights,
        ...weighted(inputs, options.int8(4), out, tensors),
      };
    }
    case FULLY_CONNECTED: {
      const weights = tensors[inputs[1]!]!.data;
      if (weights.length !== outC * x.data.length && x.data.length > 0) throw new Error(`${name}: weights`);
      return {
        ...base,
        kind: 'fullyConnected',
        weights,
        ...weighted(inputs, options.int8(0), out, tensors, true),
      };
    }
    case AVERAGE_POOL_2D: {
      const window = windowOf(options, 0, options.int32(4), options.int32(3), x, out);
      return { ...base, kind: 'averagePool', ...window, ...clampsOf(options.int8(5), out) };
    }
    case ADD: {
      const y = tensors[inputs[1]!]!;
      const twiceMax = 2 * Math.max(x.scale, y.scale);
      return {
        name, output, kind: 'add', inputs: [inputs[0]!, inputs[1]!],
        input1: toMultiplier(x.scale / twiceMax), input2: toMultiplier(y.scale / twiceMax),
        outputScale: toMultiplier(twiceMax / (2 ** 20 * out.scale)), ...clampsOf(options.int8(0), out),
      }; // prettier-ignore
    }
    default:
      throw new Error(`operator ${code} is not read`);
  }
}

/** padding (0 SAME, 1 VALID), stride_w and stride_h stand first in the options of Conv, depthwise and pool. */
function windowOf(
  o: Table,
  first: number,
  kernelH: number,
  kernelW: number,
  x: QuantTensor,
  out: QuantTensor,
) {
  const [strideW, strideH] = [o.int32(first + 1), o.int32(first + 2)];
  const isSame = o.int8(first) === 0;
  const total = (size: number, stride: number, kernel: number, outSize: number): number =>
    isSame ? Math.max((outSize - 1) * stride + kernel - size, 0) : 0;
  const v = total(x.shape[0], strideH, kernelH, out.shape[0]);
  const h = total(x.shape[1], strideW, kernelW, out.shape[1]);
  const [padTop, padLeft] = [Math.floor(v / 2), Math.floor(h / 2)];
  return {
    kernelH,
    kernelW,
    strideH,
    strideW,
    padTop,
    padLeft,
    padBottom: v - padTop,
    padRight: h - padLeft,
  };
}

/** Fused activation: 0 none, 1 Relu, 3 Relu6. */
function clampsOf(activation: number, out: QuantTensor) {
  const six = out.zeroPoint + Math.round(Math.fround(6 / out.scale));
  return {
    clampMin: activation === 0 ? -128 : Math.max(-128, out.zeroPoint),
    clampMax: activation === 3 ? Math.min(127, six) : 127,
  };
}

/** One weight scale for a fully connected layer: then TFLM rounds its product with the input's to float32. */
function weighted(
  inputs: readonly number[],
  activation: number,
  out: LiteTensor,
  tensors: readonly LiteTensor[],
  isProductRounded = false,
): { bias: Int32Array; requantize: Requantize } {
  const [x, w] = [tensors[inputs[0]!]!, tensors[inputs[1]!]!];
  const outC = out.shape[2];
  const multipliers = Array.from({ length: outC }, (_, k) => {
    const product = x.scale * w.scales[w.scales.length === 1 ? 0 : k]!;
    return toMultiplier((isProductRounded ? Math.fround(product) : product) / out.scale);
  });
  const bias = inputs[2] === undefined || inputs[2] < 0 ? undefined : tensors[inputs[2]]!.data;
  return {
    bias: bias ? new Int32Array(bias.buffer) : new Int32Array(outC),
    requantize: {
      multiplierQ31: Int32Array.from(multipliers, (m) => m.multiplierQ31),
      shift: Int32Array.from(multipliers, (m) => m.shift),
      ...clampsOf(activation, out),
    },
  };
}

/** [1][kh][kw][outC], outC = inC · multiplier, to [outC][kh][kw][inC] with zeros. */
function denseDepthwise(data: Int8Array, k: { kernelH: number; kernelW: number }, inC: number, outC: number) {
  const taps = k.kernelH * k.kernelW;
  const out = new Int8Array(outC * taps * inC);
  for (let o = 0; o < outC; o++)
    for (let t = 0; t < taps; t++)
      out[(o * taps + t) * inC + Math.floor(o / (outC / inC))] = data[t * outC + o]!;
  return out;
}
