/** Seeded random int8 graphs with channels that died in training, for the passes. */
import { makeRng } from '../../src-main/base/rng.ts';
import type { QuantGraph, QuantOp, QuantTensor, Requantize } from '../../src-main/stages/quantize/index.ts';
import { toMultiplier } from '../../src-main/stages/quantize/multiplier.ts';

type Shape = [number, number, number];

/**
 * Four to eight operators: conv, depthwise (multiplier 1 or 2), pools, a residual add, reshape, fully
 * connected. About a third of the channels of sums are dead in one of the ways that real ones are: factor
 * flushed to 0, or a bias that pins the clamp; zero points and paddings vary.
 */
export function randomNet(seed: number): QuantGraph {
  const random = makeRng(seed * 7919 + 3);
  const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const tensors: QuantTensor[] = [];
  const ops: QuantOp[] = [];
  const tensor = ([h, w, c]: Shape, like?: number): number => {
    const zeroPoint =
      like === undefined ? (random() < 0.6 ? -128 : int(-128, 127)) : tensors[like]!.zeroPoint;
    const scale = like === undefined ? Math.fround(0.2 + random()) : tensors[like]!.scale;
    const modelShape = h * w === 1 ? [1, c] : [1, h, w, c];
    tensors.push({
      name: `t${tensors.length}`,
      dtype: 'int8',
      shape: [h, w, c],
      modelShape,
      scale,
      zeroPoint,
    });
    return tensors.length - 1;
  };
  const sums = (outC: number, terms: number): { bias: Int32Array; requantize: Requantize } => {
    const bias = new Int32Array(outC);
    const multiplierQ31 = new Int32Array(outC);
    const shift = new Int32Array(outC);
    for (let o = 0; o < outC; o++) {
      bias[o] = int(-4000, 4000);
      multiplierQ31[o] = int(2 ** 30, 2 ** 31 - 1);
      shift[o] = -Math.max(0, Math.round(5 + Math.log2(terms) / 2) + int(-2, 2));
      const fate = random();
      if (fate < 0.12) [multiplierQ31[o], shift[o]] = [0, 0];
      else if (fate < 0.24) [bias[o], shift[o]] = [-(2 ** 22), -6];
      else if (fate < 0.3) [bias[o], shift[o]] = [2 ** 22, -6];
      else if (fate < 0.36) [bias[o], shift[o]] = [int(0, 2 ** 20), -22];
    }
    const clampMin = random() < 0.5 ? -128 : int(-128, -90);
    return { bias, requantize: { multiplierQ31, shift, clampMin, clampMax: int(90, 127) } };
  };
  const bytes = (n: number): Int8Array =>
    Int8Array.from({ length: n }, () => (random() < 0.2 ? 0 : int(-127, 127)));
  const window = (h: number, w: number, pad: boolean) => {
    const [kernelH, kernelW] = [int(1, Math.min(3, h)), int(1, Math.min(3, w))];
    const k = {
      kernelH, kernelW, strideH: int(1, 2), strideW: int(1, 2),
      padTop: pad ? int(0, kernelH - 1) : 0, padLeft: pad ? int(0, kernelW - 1) : 0, padBottom: 0, padRight: 0,
    }; // prettier-ignore
    const out: [number, number] = [
      Math.floor((h + k.padTop - kernelH) / k.strideH) + 1,
      Math.floor((w + k.padLeft - kernelW) / k.strideW) + 1,
    ];
    return { k, out };
  };
  const conv = (input: number, outC: number, pad: boolean): number => {
    const [h, w, c] = tensors[input]!.shape;
    const { k, out } = window(h, w, pad);
    const terms = k.kernelH * k.kernelW * c;
    const output = tensor([...out, outC]);
    const weights = bytes(outC * terms);
    ops.push({ kind: 'conv', name: `conv${ops.length}`, input, output, ...k, weights, ...sums(outC, terms) });
    return output;
  };
  const depthwise = (input: number): number => {
    const [h, w, c] = tensors[input]!.shape;
    const depthMultiplier = random() < 0.3 ? 2 : 1;
    const { k, out } = window(h, w, random() < 0.6);
    const output = tensor([...out, c * depthMultiplier]);
    const weights = bytes(k.kernelH * k.kernelW * c * depthMultiplier);
    ops.push({
      kind: 'depthwise', name: `dw${ops.length}`, input, output, ...k, weights, depthMultiplier,
      ...sums(c * depthMultiplier, k.kernelH * k.kernelW),
    }); // prettier-ignore
    return output;
  };
  const pool = (input: number): number => {
    const [h, w, c] = tensors[input]!.shape;
    const { k, out } = window(h, w, false);
    const output = tensor([...out, c], input);
    const kind = random() < 0.5 ? 'maxPool' : 'averagePool';
    ops.push({
      kind,
      name: `pool${ops.length}`,
      input,
      output,
      ...k,
      clampMin: -128,
      clampMax: int(60, 127),
    });
    return output;
  };
  const residual = (input: number): number => {
    const [h, w, c] = tensors[input]!.shape;
    const other = tensor([h, w, c]);
    const one = { kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, padTop: 0, padLeft: 0, padBottom: 0, padRight: 0 }; // prettier-ignore
    const weights = bytes(c * c);
    ops.push({
      kind: 'conv',
      name: `conv${ops.length}`,
      input,
      output: other,
      ...one,
      weights,
      ...sums(c, c),
    });
    const output = tensor([h, w, c]);
    const scale = (t: number): number => tensors[t]!.scale;
    const twiceMax = 2 * Math.max(scale(input), scale(other));
    ops.push({
      kind: 'add', name: `add${ops.length}`, inputs: [input, other], output,
      input1: toMultiplier(scale(input) / twiceMax), input2: toMultiplier(scale(other) / twiceMax),
      outputScale: toMultiplier(twiceMax / (2 ** 20 * scale(output))), clampMin: -128, clampMax: 127,
    }); // prettier-ignore
    return output;
  };
  const input = tensor([int(2, 7), int(2, 7), int(1, 5)]);
  let current = conv(input, int(2, 9), true);
  for (let i = int(1, 4); i > 0; i--) {
    const kind = random();
    if (kind < 0.35) current = conv(current, int(2, 9), random() < 0.5);
    else if (kind < 0.65) current = depthwise(current);
    else if (kind < 0.8) current = pool(current);
    else current = residual(current);
  }
  const size = tensors[current]!.shape.reduce((a, b) => a * b, 1);
  if (random() < 0.6) {
    const flat = tensor([1, 1, size], current);
    ops.push({ kind: 'reshape', name: 'flatten', input: current, output: flat });
    current = flat;
  }
  const outC = int(2, 6);
  const output = tensor([1, 1, outC]);
  ops.push({
    kind: 'fullyConnected', name: 'fc', input: current, output, weights: bytes(outC * size), ...sums(outC, size),
  }); // prettier-ignore
  return { name: `random${seed}`, tensors, ops, inputs: [input], outputs: [output] };
}

export function randomBytes(graph: QuantGraph, seed: number): Int8Array {
  const random = makeRng(seed);
  const size = graph.tensors[graph.inputs[0]!]!.shape.reduce((a, b) => a * b, 1);
  return Int8Array.from({ length: size }, () => Math.floor(random() * 256) - 128);
}
