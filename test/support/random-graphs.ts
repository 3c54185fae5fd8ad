/** Seeded random int8 graphs and inputs, for comparing the engine with the integer reference. */
import { makeRng } from '../../src-main/base/rng.ts';
import { engineCore } from '../../src-main/stages/quantize/graph.ts';
import type {
  QuantGraph,
  QuantOp,
  QuantTensor,
  Requantize,
  Window,
} from '../../src-main/stages/quantize/types.ts';

type Shape = [number, number, number];

export interface RandomGraphOptions {
  readonly maxSide?: number;
  readonly maxChannels?: number;
  readonly layers?: number;
}

/** A chain of convolutions, pools and a final fully connected layer, with random geometry and scales. */
export function randomGraph(seed: number, options: RandomGraphOptions = {}): QuantGraph {
  const random = makeRng(seed * 7919 + 1);
  const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const maxSide = options.maxSide ?? 9;
  const maxChannels = options.maxChannels ?? 9;
  const tensors: QuantTensor[] = [];
  const ops: QuantOp[] = [];
  const addTensor = (shape: Shape, like?: number): number => {
    const scale = like === undefined ? 0.01 + random() : tensors[like]!.scale;
    const zeroPoint = like === undefined ? int(-128, 127) : tensors[like]!.zeroPoint;
    tensors.push({
      name: `t${tensors.length}`,
      dtype: 'int8',
      shape,
      modelShape: [1, ...shape],
      scale,
      zeroPoint,
    });
    return tensors.length - 1;
  };
  const requantize = (outC: number, taps: number): Requantize => {
    const q = new Int32Array(outC);
    const shift = new Int32Array(outC);
    for (let k = 0; k < outC; k++) {
      q[k] = random() < 0.05 ? 0 : int(2 ** 30, 2 ** 31 - 1);
      shift[k] = -Math.min(31, Math.max(0, Math.round(5 + Math.log2(taps) / 2) + int(-2, 3)));
    }
    return { multiplierQ31: q, shift, clampMin: int(-128, -100), clampMax: int(100, 127) };
  };
  const bytes = (n: number): Int8Array => Int8Array.from({ length: n }, () => int(-127, 127));
  const biases = (n: number): Int32Array => Int32Array.from({ length: n }, () => int(-4000, 4000));

  let current = addTensor([int(2, maxSide), int(2, maxSide), int(1, maxChannels)]);
  const input = current;
  const layers = options.layers ?? 3;
  for (let i = 0; i < layers; i++) {
    const [h, w, c] = tensors[current]!.shape;
    const kind = random();
    if (kind < 0.6 || i === 0) {
      const window = randomWindow(int, h, w, 3, true);
      const outC = int(1, maxChannels);
      const taps = window.kernelH * window.kernelW * c;
      const output = addTensor([...outputSize(h, w, window), outC]);
      ops.push({
        kind: 'conv',
        name: `conv${i}`,
        input: current,
        output,
        ...window,
        weights: bytes(outC * taps),
        bias: biases(outC),
        requantize: requantize(outC, taps),
      });
      current = output;
    } else {
      const average = kind > 0.85;
      const window = randomWindow(int, h, w, 3, !average && kind > 0.75);
      const output = addTensor([...outputSize(h, w, window), c], current);
      ops.push({
        kind: average ? 'averagePool' : 'maxPool',
        name: `pool${i}`,
        input: current,
        output,
        ...window,
        clampMin: -128,
        clampMax: 127,
      });
      current = output;
    }
  }
  const size = tensors[current]!.shape.reduce((a, b) => a * b, 1);
  const flat = addTensor([1, 1, size], current);
  ops.push({ kind: 'reshape', name: 'flatten', input: current, output: flat });
  const outC = int(1, 11);
  const output = addTensor([1, 1, outC]);
  ops.push({
    kind: 'fullyConnected',
    name: 'fc',
    input: flat,
    output,
    weights: bytes(outC * size),
    bias: biases(outC),
    requantize: requantize(outC, size),
  });
  return { name: `random${seed}`, tensors, ops, inputs: [input], outputs: [output] };
}

function outputSize(h: number, w: number, k: Window): [number, number] {
  return [
    Math.floor((h + k.padTop + k.padBottom - k.kernelH) / k.strideH) + 1,
    Math.floor((w + k.padLeft + k.padRight - k.kernelW) / k.strideW) + 1,
  ];
}

function randomWindow(
  int: (a: number, b: number) => number,
  h: number,
  w: number,
  most: number,
  pad: boolean,
): Window {
  const kernelH = int(1, Math.min(most, h));
  const kernelW = int(1, Math.min(most, w));
  return {
    kernelH,
    kernelW,
    strideH: int(1, Math.min(2, h)),
    strideW: int(1, Math.min(2, w)),
    padTop: pad ? int(0, kernelH - 1) : 0,
    padLeft: pad ? int(0, kernelW - 1) : 0,
    padBottom: pad ? int(0, kernelH - 1) : 0,
    padRight: pad ? int(0, kernelW - 1) : 0,
  };
}

export function randomInputs(graph: QuantGraph, count: number, seed: number): Int8Array[] {
  const random = makeRng(seed);
  const size = graph.tensors[engineCore(graph).input]!.shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, () =>
    Int8Array.from({ length: size }, () => Math.floor(random() * 256) - 128),
  );
}
