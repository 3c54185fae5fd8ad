/**
 * The judge of everything after quantisation: an integer interpreter written for obviousness, TFLM's
 * portable reference kernels with double rounding. It shares nothing with quantize.ts and adopt.ts but the
 * types; host operators are in run-host.ts. Every sum is an exact integer in a double.
 */
import { BugError, assert } from '../../base/diagnostic.ts';
import { isEngineOp, outputsOf } from './graph.ts';
import { requantize } from './requantize.ts';
import { runHostOp } from './run-host.ts';
import type {
  AddOp,
  ConvOp,
  DepthwiseOp,
  EngineOp,
  FullyConnectedOp,
  PoolOp,
  QuantGraph,
  TensorData,
} from './types.ts';

/** inputs: one array per graph input, int8 as [h][w][c], float32 row major as in the model. Returns the outputs. */
export function runInteger(graph: QuantGraph, inputs: readonly TensorData[]): TensorData[] {
  const trace = runIntegerTrace(graph, inputs);
  return graph.outputs.map((t) => trace[t]!);
}

/** As runInteger, but the values of every tensor, indexed as graph.tensors. */
export function runIntegerTrace(graph: QuantGraph, inputs: readonly TensorData[]): TensorData[] {
  const trace: TensorData[] = graph.tensors.map((t) => t.data ?? new Int8Array(0));
  assert(inputs.length === graph.inputs.length, `${inputs.length} inputs, ${graph.inputs.length} expected`);
  graph.inputs.forEach((t, i) => {
    const { shape, dtype, name } = graph.tensors[t]!;
    const [data, size] = [inputs[i]!, shape[0] * shape[1] * shape[2]];
    const isType = dtype === 'int8' ? data instanceof Int8Array : data instanceof Float32Array;
    assert(isType && data.length === size, `input ${name}: ${size} values of ${dtype} expected`);
    trace[t] = data;
  });
  for (const op of graph.ops) {
    if (isEngineOp(op)) trace[op.output] = runEngineOp(op, graph, trace as Int8Array[]);
    else {
      const results = runHostOp(op, graph, trace);
      outputsOf(op).forEach((t, i) => (trace[t] = results[i]!));
    }
  }
  return trace;
}

/** One operator of the engine; trace: as runIntegerTrace's, filled where op reads. Returns its output's bytes. */
export function runEngineOp(op: EngineOp, graph: QuantGraph, trace: readonly Int8Array[]): Int8Array {
  switch (op.kind) {
    case 'conv':
      return conv(graph, op, trace[op.input]!);
    case 'depthwise':
      return depthwise(graph, op, trace[op.input]!);
    case 'fullyConnected':
      return fullyConnected(graph, op, trace[op.input]!);
    case 'maxPool':
    case 'averagePool':
      return pool(graph, op, trace[op.input]!);
    case 'add':
      return add(graph, op, trace);
    case 'reshape':
      return trace[op.input]!;
    default:
      throw new BugError(`no such operator: ${(op satisfies never as EngineOp).kind}`);
  }
}

const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));

/** Outside the image the value is the zero point, that is a real 0: those taps are left out. */
function conv(graph: QuantGraph, op: ConvOp, x: Int8Array): Int8Array {
  const [inH, inW, inC] = graph.tensors[op.input]!.shape;
  const [outH, outW, outC] = graph.tensors[op.output]!.shape;
  const inZero = graph.tensors[op.input]!.zeroPoint;
  const outZero = graph.tensors[op.output]!.zeroPoint;
  const { multiplierQ31, shift, clampMin, clampMax } = op.requantize;
  const out = new Int8Array(outH * outW * outC);
  for (let oy = 0; oy < outH; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      for (let o = 0; o < outC; o++) {
        let acc = op.bias[o]!;
        for (let ky = 0; ky < op.kernelH; ky++) {
          for (let kx = 0; kx < op.kernelW; kx++) {
            const y = oy * op.strideH - op.padTop + ky;
            const px = ox * op.strideW - op.padLeft + kx;
            if (y < 0 || y >= inH || px < 0 || px >= inW) continue;
            const from = (y * inW + px) * inC;
            const weight = ((o * op.kernelH + ky) * op.kernelW + kx) * inC;
            for (let c = 0; c < inC; c++) acc += (x[from + c]! - inZero) * op.weights[weight + c]!;
          }
        }
        const value = requantize(acc, multiplierQ31[o]!, shift[o]!) + outZero;
        out[(oy * outW + ox) * outC + o] = clamp(value, clampMin, clampMax);
      }
    }
  }
  return out;
}

function depthwise(graph: QuantGraph, op: DepthwiseOp, x: Int8Array): Int8Array {
  const [inH, inW, inC] = graph.tensors[op.input]!.shape;
  const [outH, outW, outC] = graph.tensors[op.output]!.shape;
  const inZero = graph.tensors[op.input]!.zeroPoint;
  const outZero = graph.tensors[op.output]!.zeroPoint;
  const { multiplierQ31, shift, clampMin, clampMax } = op.requantize;
  const out = new Int8Array(outH * outW * outC);
  for (let oy = 0; oy < outH; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      for (let o = 0; o < outC; o++) {
        const c = Math.floor(o / op.depthMultiplier);
        let acc = op.bias[o]!;
        for (let ky = 0; ky < op.kernelH; ky++) {
          for (let kx = 0; kx < op.kernelW; kx++) {
            const y = oy * op.strideH - op.padTop + ky;
            const px = ox * op.strideW - op.padLeft + kx;
            if (y < 0 || y >= inH || px < 0 || px >= inW) continue;
            const weight = op.weights[(ky * op.kernelW + kx) * outC + o]!;
            acc += (x[(y * inW + px) * inC + c]! - inZero) * weight;
          }
        }
        const value = requantize(acc, multiplierQ31[o]!, shift[o]!) + outZero;
        out[(oy * outW + ox) * outC + o] = clamp(value, clampMin, clampMax);
      }
    }
  }
  return out;
}

function fullyConnected(graph: QuantGraph, op: FullyConnectedOp, x: Int8Array): Int8Array {
  const inZero = graph.tensors[op.input]!.zeroPoint;
  const outZero = graph.tensors[op.output]!.zeroPoint;
  const { multiplierQ31, shift, clampMin, clampMax } = op.requantize;
  const out = new Int8Array(op.bias.length);
  for (let o = 0; o < out.length; o++) {
    let acc = op.bias[o]!;
    for (let i = 0; i < x.length; i++) acc += (x[i]! - inZero) * op.weights[o * x.length + i]!;
    out[o] = clamp(requantize(acc, multiplierQ31[o]!, shift[o]!) + outZero, clampMin, clampMax);
  }
  return out;
}

/** Over the elements inside the image. The average is of the raw int8 values, halves away from zero. */
function pool(graph: QuantGraph, op: PoolOp, x: Int8Array): Int8Array {
  const [inH, inW, channels] = graph.tensors[op.input]!.shape;
  const [outH, outW] = graph.tensors[op.output]!.shape;
  const out = new Int8Array(outH * outW * channels);
  for (let oy = 0; oy < outH; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      for (let c = 0; c < channels; c++) {
        let max = -128;
        let sum = 0;
        let count = 0;
        for (let ky = 0; ky < op.kernelH; ky++) {
          for (let kx = 0; kx < op.kernelW; kx++) {
            const y = oy * op.strideH - op.padTop + ky;
            const px = ox * op.strideW - op.padLeft + kx;
            if (y < 0 || y >= inH || px < 0 || px >= inW) continue;
            const v = x[(y * inW + px) * channels + c]!;
            max = Math.max(max, v);
            sum += v;
            count++;
          }
        }
        const half = Math.floor(count / 2);
        const average = Math.trunc((sum > 0 ? sum + half : sum - half) / count);
        const value = op.kind === 'maxPool' ? max : average;
        out[(oy * outW + ox) * channels + c] = clamp(value, op.clampMin, op.clampMax);
      }
    }
  }
  return out;
}

function add(graph: QuantGraph, op: AddOp, trace: readonly Int8Array[]): Int8Array {
  const [first, second] = op.inputs;
  const outZero = graph.tensors[op.output]!.zeroPoint;
  const scaled = (tensor: number, i: number, m: AddOp['input1']): number => {
    const value = trace[tensor]![i]! - graph.tensors[tensor]!.zeroPoint;
    return requantize(value * 2 ** 20, m.multiplierQ31, m.shift);
  };
  return trace[first]!.map((_, i) => {
    const sum = scaled(first, i, op.input1) + scaled(second, i, op.input2);
    const value = requantize(sum, op.outputScale.multiplierQ31, op.outputScale.shift) + outZero;
    return clamp(value, op.clampMin, op.clampMax);
  });
}
