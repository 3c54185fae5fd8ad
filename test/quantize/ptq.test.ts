/** Post-training quantisation of float models of every kind: what becomes int8, what stays float, what it costs. */
import { describe, expect, it, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importAnyModel, importModel, runFloat } from '../../src-main/stages/model/index.ts';
import { runPasses, verifyElimination } from '../../src-main/stages/passes/index.ts';
import type { QuantGraph } from '../../src-main/stages/quantize/index.ts';
import {
  measureLosses,
  quantize,
  runInteger,
  verifyQuantGraph,
} from '../../src-main/stages/quantize/index.ts';
import { argmax } from '../../src-main/flow/steps/test-set.ts';
import type { FileInit, TensorInit } from '../model/onnx-builder.ts';
import { floats, ints, node, onnxFile } from '../model/onnx-builder.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { exampleLabels, exampleModel, exampleSamples } from '../support/digits.ts';

const calibration = exampleSamples('calibration-images').slice(0, 128);
const images = exampleSamples('test-images');
const labels = exampleLabels();

const read = (file: FileInit): Model => importModel(onnxFile(file), 'test').value;
const kinds = (graph: QuantGraph): string => graph.ops.map((op) => op.kind).join(' ');
function random(seed: number, count: number): Float32Array {
  const rng = makeRng(seed);
  return Float32Array.from({ length: count }, () => rng() * 2 - 1);
}
const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const weights = (name: string, ...dims: number[]): TensorInit =>
  floats(name, dims, [...random(name.length + dims.length, sizeOf(dims))]);

/** Power of the outputs over power of the error on the samples, in dB. */
function snrDb(model: Model, graph: QuantGraph, samples: readonly (readonly Float32Array[])[]): number {
  let [signal, noise] = [0, 0];
  for (const x of samples) {
    const wanted = runFloat(model, x) as Float32Array[];
    runInteger(graph, x).forEach((got, o) => {
      wanted[o]!.forEach((v, i) => {
        signal += v * v;
        noise += (v - got[i]!) ** 2;
      });
    });
  }
  return 10 * Math.log10(signal / noise);
}

/** Quantises on 16 random samples; sound, and at least this close to float on them. */
function close(file: FileInit, db: number): QuantGraph {
  const model = read(file);
  const samples = Array.from({ length: 16 }, (_, i) =>
    model.inputs.map((id, k) => random(100 * k + i + 1, sizeOf(model.tensors[id]!.shape))),
  );
  const graph = quantize(model, samples).value;
  expect(verifyQuantGraph(graph)).toEqual([]);
  expect(snrDb(model, graph, samples)).toBeGreaterThan(db);
  const passes = runPasses(graph);
  expect(verifyQuantGraph(passes.graph)).toEqual([]);
  expect(verifyElimination(passes.elimination!)).toEqual([]);
  for (const x of samples.slice(0, 4)) expect(runInteger(passes.graph, x)).toEqual(runInteger(graph, x));
  return graph;
}

describe(`every float digits net within 0.5 points on 360 images${corpusNote}`, () => {
  test.skipIf(skipCorpus).for([
    ['digits-mlp', 348],
    ['digits-cnn', 346],
    ['digits-res', 356],
    ['digits-lstm', 348],
    ['pt2-digits-mlp', 348],
    ['pt2-digits-cnn', 346],
  ] as const)('%s', ([name, right]) => {
    const imported = importAnyModel(readCase(name).model, name).value;
    if (imported.kind !== 'float') throw new Error('a float model');
    const graph = quantize(imported.model, calibration).value;
    expect(verifyQuantGraph(graph)).toEqual([]);
    let [float, int8] = [0, 0];
    images.forEach((x, i) => {
      if (argmax(runFloat(imported.model, [x])[0]!) === labels[i]) float++;
      if (argmax(runInteger(graph, [x])[0]!) === labels[i]) int8++;
    });
    expect(float).toBe(right);
    expect((float - int8) / 3.6).toBeLessThanOrEqual(0.5);
  });
});

describe('operators', () => {
  const image = { x: [1, 4, 6, 6] as const };
  it('one group a channel is depthwise, with and without multiplier', () => {
    for (const outC of [4, 8]) {
      const file = {
        inputs: image,
        initialisers: [weights('w', outC, 1, 3, 3), weights('b', outC)],
        nodes: [node('Conv', ['x', 'w', 'b'], 'y', { group: 4, pads: [1, 1, 1, 1] })],
      };
      expect(kinds(close(file, 35))).toBe('quantize depthwise dequantize');
    }
  });
  it('tables for Sigmoid and its kind, products and differences on the host', () => {
    const conv = (out: string, w: string): ReturnType<typeof node> => node('Conv', ['x', w], out);
    const file = {
      inputs: image,
      initialisers: [weights('w', 4, 4, 1, 1), weights('ww', 4, 4, 1, 1)],
      nodes: [
        conv('a', 'w'),
        conv('b', 'ww'),
        node('Sigmoid', ['a'], 's'),
        node('Tanh', ['b'], 't'),
        node('Mul', ['s', 't'], 'm'),
        node('Sub', ['m', 'a'], 'y'),
      ],
    };
    expect(kinds(close(file, 28))).toBe('quantize conv conv lut lut mul sub dequantize');
  });
  it('squeeze and excite: a product that broadcasts over the image', () => {
    const file = {
      inputs: image,
      initialisers: [weights('w', 4, 4, 3, 3), weights('k', 4, 4, 1, 1)],
      nodes: [
        node('Conv', ['x', 'w'], 'a', { pads: [1, 1, 1, 1] }),
        node('GlobalAveragePool', ['a'], 'g'),
        node('Conv', ['g', 'k'], 'e'),
        node('Sigmoid', ['e'], 's'),
        node('Mul', ['a', 's'], 'y'),
      ],
    };
    expect(kinds(close(file, 28))).toBe('quantize conv averagePool conv lut mul dequantize');
  });
  it('Concat of images along channels', () => {
    const file = {
      inputs: image,
      initialisers: [weights('w', 3, 4, 1, 1), weights('ww', 5, 4, 1, 1), weights('k', 2, 8, 3, 3)],
      nodes: [
        node('Conv', ['x', 'w'], 'a'),
        node('Conv', ['x', 'ww'], 'b'),
        node('Concat', ['a', 'b'], 'c', { axis: 1 }),
        node('Conv', ['c', 'k'], 'y'),
      ],
    };
    expect(kinds(close(file, 28))).toBe('quantize conv conv concat conv dequantize');
  });
  it('Pad before Conv', () => {
    const file = {
      inputs: image,
      initialisers: [
        ints('p', [8], [0, 0, 1, 2, 0, 0, 0, 1]),
        weights('w', 4, 4, 1, 1),
        weights('k', 2, 4, 3, 3),
      ],
      nodes: [node('Conv', ['x', 'w'], 'a'), node('Pad', ['a', 'p'], 'b'), node('Conv', ['b', 'k'], 'y')],
    };
    // The importer may fold it already.
    expect(kinds(close(file, 28))).toMatch(/^quantize conv (pad )?conv dequantize$/);
  });
  it('a constant for each channel is a depthwise layer of one tap', () => {
    const file = {
      inputs: image,
      initialisers: [weights('k', 1, 4, 1, 1), weights('kk', 4, 1, 1)],
      nodes: [node('MaxPool', ['x'], 'a', { kernel_shape: [2, 2] }), node('Mul', ['a', 'k'], 'b'), node('Add', ['b', 'kk'], 'y')], // prettier-ignore
    };
    expect(kinds(close(file, 35))).toMatch(/^quantize maxPool depthwise (depthwise )?dequantize$/);
  });
  it('two inputs and two outputs', () => {
    const file = {
      inputs: { x: [1, 4, 6, 6], z: [1, 4, 6, 6] },
      outputs: { y: [], s: [] },
      initialisers: [weights('w', 4, 4, 3, 3)],
      nodes: [
        node('Conv', ['x', 'w'], 'a', { pads: [1, 1, 1, 1] }),
        node('Add', ['a', 'z'], 's'),
        node('MaxPool', ['s'], 'y', { kernel_shape: [2, 2], strides: [2, 2] }),
      ],
    };
    const graph = close(file, 30);
    expect([graph.inputs.length, graph.outputs.length]).toEqual([2, 2]);
  });
});

describe('what stays float', () => {
  it('operators without int8 form stand between conversions, each part once', () => {
    const file: FileInit = {
      inputs: { x: [1, 8] },
      initialisers: [weights('w', 8, 8), weights('ww', 8, 3)],
      nodes: [
        node('Gemm', ['x', 'w'], 'a'),
        node('Softmax', ['a'], 's'),
        node('Exp', ['s'], 'e'),
        node('Gemm', ['e', 'ww'], 'y'),
      ],
    };
    const graph = close(file, 30);
    expect(kinds(graph)).toBe('quantize fullyConnected dequantize float quantize fullyConnected dequantize');
    const part = graph.ops[3]!;
    expect(part.kind === 'float' && part.model.nodes.map((n) => n.op)).toEqual(['Softmax', 'Exp']);
    const found = quantize(read(file), [random(1, 8)]).diagnostics;
    expect(found.map((d) => [d.code, d.place])).toEqual([['QUANT-103', 'softmax-of-a']]);
  });
  it('a light operator between float ones stays float', () => {
    const file: FileInit = {
      inputs: { x: [1, 8] },
      initialisers: [weights('w', 8, 4)],
      nodes: [
        node('Exp', ['x'], 'e'),
        node('Relu', ['e'], 'r'),
        node('Log', ['r'], 'l'),
        node('Gemm', ['l', 'w'], 'y'),
      ],
    };
    expect(kinds(close(file, 30))).toBe('float quantize fullyConnected dequantize');
  });
  it('a reshape that moves data in memory goes through floats', () => {
    const file: FileInit = {
      inputs: { x: [1, 2, 2, 3] },
      initialisers: [ints('s', [4], [1, 3, 2, 2]), weights('w', 2, 2, 1, 1), weights('k', 1, 3, 1, 1)],
      nodes: [node('Conv', ['x', 'w'], 'a'), node('Reshape', ['a', 's'], 'r'), node('Conv', ['r', 'k'], 'y')],
    };
    expect(kinds(close(file, 30))).toBe('quantize conv dequantize quantize conv dequantize');
  });
});

describe('ranges', () => {
  // Input 7 has no weight, so a freak there spoils only the range of the input.
  const quiet = [...random(1, 800)].map((w, i) => (Math.floor(i / 4) === 7 ? 0 : w));
  const model = read({
    inputs: { x: [1, 200] },
    initialisers: [floats('w', [200, 4], quiet)],
    nodes: [node('Gemm', ['x', 'w'], 'y')],
  });
  const typical = Array.from({ length: 32 }, (_, i) => random(i + 1, 200));
  const spoilt = typical.map((x, i) => x.map((v, k) => (i === 3 && k === 7 ? 40 : v)));
  it('one freak value ruins the whole range, not the cut one', () => {
    const db = (range: 'minmax' | 'percentile' | 'mse'): number =>
      snrDb(model, quantize(model, spoilt, { range, percentile: 99.9 }).value, typical.map((x) => [x])); // prettier-ignore
    expect(db('percentile')).toBeGreaterThan(db('minmax') + 2);
  });
  it('least squares cuts a long tail where that pays, and not elsewhere', () => {
    // At 8 bits a clipped value must be close, or the others many, to pay for it.
    const tailed = Array.from({ length: 200 }, (_, i) => {
      const x = random(i + 1, 200);
      if (i === 0) x[9] = 1.15;
      return x;
    });
    const scaleOf = (range: 'minmax' | 'mse', samples: Float32Array[]): number =>
      quantize(model, samples, { range }).value.tensors.find((t) => t.name === 'x.int8')!.scale;
    expect(scaleOf('mse', tailed)).toBeLessThan(0.95 * scaleOf('minmax', tailed));
    expect(scaleOf('mse', typical)).toBeGreaterThan(0.97 * scaleOf('minmax', typical));
    const reals = tailed.flatMap((x) => [...x]);
    const error = (range: 'minmax' | 'mse'): number => {
      const t = quantize(model, tailed, { range }).value.tensors.find((q) => q.name === 'x.int8')!;
      return reals.reduce((sum, v) => {
        const q = Math.min(127, Math.max(-128, Math.round(v / t.scale) + t.zeroPoint));
        return sum + (v - (q - t.zeroPoint) * t.scale) ** 2;
      }, 0);
    };
    expect(error('mse')).toBeLessThan(error('minmax'));
  });
  it('without freaks all three agree', () => {
    const dbs = (['minmax', 'percentile', 'mse'] as const).map(
      (range) =>
      snrDb(model, quantize(model, typical, { range }).value, typical.map((x) => [x])), // prettier-ignore
    );
    expect(Math.max(...dbs) - Math.min(...dbs)).toBeLessThan(1);
  });
});

describe('losses', () => {
  const model = exampleModel();
  const graph = quantize(model, calibration).value;
  const samples = calibration.slice(0, 16).map((x) => [x]);
  it('each layer has its noise, alone and with all before it, and its accuracy alone', () => {
    const answers = Int32Array.from(samples, (x) => argmax(runFloat(model, x)[0]!));
    const losses = measureLosses(model, graph, samples, { labels: answers });
    expect(losses.map((l) => l.op)).toEqual(['/c1/Conv', '/MaxPool', '/c2/Conv', '/MaxPool_1', '/f/Gemm']);
    for (const l of losses) {
      expect(l.signalToNoiseDb).toBeGreaterThan(30);
      expect(l.aloneDb).toBeGreaterThanOrEqual(l.signalToNoiseDb - 1);
      expect(l.aloneAccuracy).toBe(1);
    }
    // The last one is the noise of the output itself.
    expect(losses.at(-1)!.signalToNoiseDb).toBeCloseTo(snrDb(model, graph, samples), 6);
  });
  it('names the layer that was spoilt', () => {
    const ops = graph.ops.map((op) =>
      op.name === '/c2/Conv' && op.kind === 'conv' ? { ...op, weights: op.weights.map((w) => w & ~31) } : op,
    );
    const losses = measureLosses(model, { ...graph, ops }, samples);
    const worst = losses.reduce((a, b) => (b.aloneDb < a.aloneDb ? b : a));
    expect(worst.op).toBe('/c2/Conv');
  });
});
