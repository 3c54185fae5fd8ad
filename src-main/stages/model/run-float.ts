/**
 * The judge of import and the ruler of quantisation: a float interpreter written for obviousness.
 * Plain loops over NCHW, sums in double, each result rounded to float32. Shares nothing with the importer
 * but the Model's types.
 */
import { BugError, IngotError } from '../../base/diagnostic.ts';
import type { AddNode, AveragePoolNode, ConvNode, GemmNode, MaxPoolNode, Model, ModelNode } from './types.ts';

/** Values of every tensor, indexed by TensorId. */
export type FloatTrace = readonly Float32Array[];

/**
 * Runs the model. inputs: one array per model input, row major. Returns one array per model output.
 * Throws MODEL-020 where the inputs do not fit. Cost: the multiply-accumulates, about 10^8 a second.
 */
export function runFloat(model: Model, inputs: readonly Float32Array[]): Float32Array[] {
  const trace = runFloatTrace(model, inputs);
  return model.outputs.map((id) => trace[id]!);
}

/** As runFloat, but every tensor's values, initialisers included. */
export function runFloatTrace(model: Model, inputs: readonly Float32Array[]): FloatTrace {
  const trace: Float32Array[] = model.tensors.map((t) => t.data ?? new Float32Array(0));
  model.inputs.forEach((id, i) => {
    const tensor = model.tensors[id]!;
    const expected = tensor.shape.reduce((a, b) => a * b, 1);
    if (inputs[i]?.length !== expected) {
      throw new IngotError('MODEL-020', `${inputs[i]?.length ?? 0} values given, ${expected} expected`, {
        place: tensor.name,
        remedy: `give one sample of shape [${tensor.shape.join(', ')}]`,
      });
    }
    trace[id] = inputs[i];
  });
  for (const node of model.nodes) trace[node.output] = evaluate(model, node, trace);
  return trace;
}

function evaluate(model: Model, node: ModelNode, trace: FloatTrace): Float32Array {
  const x = trace[node.inputs[0]]!;
  switch (node.op) {
    case 'Conv':
      return conv(model, node, trace);
    case 'Gemm':
      return gemm(model, node, trace);
    case 'MaxPool':
    case 'AveragePool':
      return pool(model, node, x);
    case 'Relu':
      return x.map((v) => Math.max(v, 0));
    case 'Clip':
      return x.map((v) =>
        Math.min(Math.max(v, node.attributes.min ?? -Infinity), node.attributes.max ?? Infinity),
      );
    case 'Add':
      return add(model, node, trace);
    case 'Reshape':
      return x;
    case 'Softmax': {
      const max = x.reduce((a, b) => Math.max(a, b), -Infinity);
      const sum = x.reduce((a, b) => a + Math.exp(b - max), 0);
      return x.map((v) => Math.exp(v - max) / sum);
    }
    default:
      throw new BugError(`no such operator: ${(node satisfies never as ModelNode).op}`);
  }
}

type Image = readonly [number, number, number, number];

function conv(model: Model, node: ConvNode, trace: FloatTrace): Float32Array {
  const a = node.attributes;
  const [, inC, inH, inW] = model.tensors[node.inputs[0]]!.shape as Image;
  const [, outC, outH, outW] = model.tensors[node.output]!.shape as Image;
  const x = trace[node.inputs[0]]!;
  const weights = trace[node.inputs[1]]!;
  const bias = node.inputs[2] === undefined ? undefined : trace[node.inputs[2]];
  const groupInC = inC / a.groups;
  const groupOutC = outC / a.groups;
  const out = new Float32Array(outC * outH * outW);
  for (let o = 0; o < outC; o++) {
    const firstC = Math.floor(o / groupOutC) * groupInC;
    for (let oy = 0; oy < outH; oy++) {
      for (let ox = 0; ox < outW; ox++) {
        let sum = bias ? bias[o]! : 0;
        for (let c = 0; c < groupInC; c++) {
          for (let ky = 0; ky < a.kernelH; ky++) {
            const y = oy * a.strideH - a.padTop + ky * a.dilationH;
            if (y < 0 || y >= inH) continue;
            for (let kx = 0; kx < a.kernelW; kx++) {
              const px = ox * a.strideW - a.padLeft + kx * a.dilationW;
              if (px < 0 || px >= inW) continue;
              const weight = weights[((o * groupInC + c) * a.kernelH + ky) * a.kernelW + kx]!;
              sum += x[((firstC + c) * inH + y) * inW + px]! * weight;
            }
          }
        }
        out[(o * outH + oy) * outW + ox] = sum;
      }
    }
  }
  return out;
}

function gemm(model: Model, node: GemmNode, trace: FloatTrace): Float32Array {
  const [outC, inC] = model.tensors[node.inputs[1]]!.shape as [number, number];
  const x = trace[node.inputs[0]]!;
  const weights = trace[node.inputs[1]]!;
  const bias = node.inputs[2] === undefined ? undefined : trace[node.inputs[2]];
  const out = new Float32Array(outC);
  for (let o = 0; o < outC; o++) {
    let sum = bias ? bias[o]! : 0;
    for (let i = 0; i < inC; i++) sum += x[i]! * weights[o * inC + i]!;
    out[o] = sum;
  }
  return out;
}

function pool(model: Model, node: MaxPoolNode | AveragePoolNode, x: Float32Array): Float32Array {
  const a = node.attributes;
  const [, channels, inH, inW] = model.tensors[node.inputs[0]]!.shape as Image;
  const [, , outH, outW] = model.tensors[node.output]!.shape as Image;
  const out = new Float32Array(channels * outH * outW);
  for (let c = 0; c < channels; c++) {
    for (let oy = 0; oy < outH; oy++) {
      for (let ox = 0; ox < outW; ox++) {
        let max = -Infinity;
        let sum = 0;
        let count = 0;
        for (let ky = 0; ky < a.kernelH; ky++) {
          for (let kx = 0; kx < a.kernelW; kx++) {
            const y = oy * a.strideH - a.padTop + ky;
            const px = ox * a.strideW - a.padLeft + kx;
            if (y < 0 || y >= inH || px < 0 || px >= inW) continue;
            const v = x[(c * inH + y) * inW + px]!;
            max = Math.max(max, v);
            sum += v;
            count++;
          }
        }
        const isWhole = node.op === 'AveragePool' && node.attributes.countIncludePad;
        const divisor = isWhole ? a.kernelH * a.kernelW : count;
        out[(c * outH + oy) * outW + ox] = node.op === 'MaxPool' ? max : sum / divisor;
      }
    }
  }
  return out;
}

/** The second operand may be an initialiser that repeats along axes where it has size 1. */
function add(model: Model, node: AddNode, trace: FloatTrace): Float32Array {
  const shape = model.tensors[node.output]!.shape;
  const [x, y] = node.inputs.map((id) => trace[id]!) as [Float32Array, Float32Array];
  const small = model.tensors[node.inputs[1]]!.shape;
  const out = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    let rest = i;
    let stride = 1;
    let j = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = small[axis - (shape.length - small.length)] ?? 1;
      const position = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      if (size !== 1) j += position * stride;
      stride *= size;
    }
    out[i] = x[i]! + y[j]!;
  }
  return out;
}
