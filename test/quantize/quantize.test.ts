import { describe, expect, it, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, runFloat } from '../../src-main/stages/model/index.ts';
import type { QuantGraph, QuantTensor } from '../../src-main/stages/quantize/index.ts';
import {
  dequantizeOutput,
  engineCore,
  quantize,
  quantizeInput,
  runCore,
  runInteger,
  runIntegerTrace,
  verifyQuantGraph,
} from '../../src-main/stages/quantize/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { exampleModel, exampleSamples } from '../support/digits.ts';
import type { FileInit, TensorInit } from '../model/onnx-builder.ts';
import { floats, ints, node, onnxFile } from '../model/onnx-builder.ts';

const read = (file: FileInit): Model => importModel(onnxFile(file), 'test').value;

function random(seed: number, count: number): number[] {
  const rng = makeRng(seed);
  return Array.from({ length: count }, () => rng() * 2 - 1);
}
const weights = (name: string, ...dims: number[]): TensorInit =>
  floats(
    name,
    dims,
    random(
      name.length + dims.length,
      dims.reduce((a, b) => a * b, 1),
    ),
  );

/** Quantises on 8 random samples; int8 must stay within `quanta` output steps of float on each of them. */
function agree(file: FileInit, quanta: number): QuantGraph {
  const model = read(file);
  const size = model.tensors[model.inputs[0]!]!.shape.reduce((a, b) => a * b, 1);
  const samples = Array.from({ length: 8 }, (_, i) => Float32Array.from(random(100 + i, size)));
  const graph = quantize(model, samples).value;
  expect(verifyQuantGraph(graph)).toEqual([]);
  let worst = 0;
  for (const x of samples) {
    const wanted = runFloat(model, [x])[0]!;
    const got = dequantizeOutput(graph, runCore(graph, quantizeInput(graph, x)));
    expect(got.length).toBe(wanted.length);
    got.forEach((v, i) => (worst = Math.max(worst, Math.abs(v - wanted[i]!))));
  }
  expect(worst / outputOf(graph).scale).toBeLessThan(quanta);
  return graph;
}
const int8Of = (graph: QuantGraph): QuantTensor[] => graph.tensors.filter((t) => t.dtype === 'int8');
/** All but the quantisation of the input and, where it is last, the dequantisation of the output. */
const kinds = (graph: QuantGraph): string =>
  graph.ops
    .map((op) => op.kind)
    .join(' ')
    .replace(/^quantize | dequantize$/g, '');
const outputOf = (graph: QuantGraph): QuantTensor => graph.tensors[engineCore(graph).output]!;

describe('layout: NCHW in, NHWC inside, NCHW out', () => {
  it('an image of unlike sides through Conv and out', () => {
    const graph = agree(
      {
        inputs: { x: [1, 3, 4, 5] },
        initialisers: [weights('w', 2, 3, 3, 2), weights('b', 2)],
        nodes: [node('Conv', ['x', 'w', 'b'], 'y', { pads: [1, 0, 1, 1], strides: [2, 1] })],
      },
      2,
    );
    expect(int8Of(graph).map((t) => t.shape)).toEqual([
      [4, 5, 3],
      [2, 5, 2],
    ]);
  });
  it('Flatten before Gemm permutes its columns', () => {
    const graph = agree(
      {
        inputs: { x: [1, 3, 4, 5] },
        initialisers: [weights('w', 7, 60)],
        nodes: [node('Flatten', ['x'], 'f'), node('Gemm', ['f', 'w'], 'y', { transB: 1 })],
      },
      2.5,
    );
    expect(kinds(graph)).toBe('fullyConnected');
    expect(int8Of(graph)[0]!.shape).toEqual([4, 5, 3]);
  });
  it("a reshape of the input is the host's", () => {
    const graph = agree(
      {
        inputs: { x: [1, 4, 5, 1] },
        initialisers: [ints('s', [4], [1, 1, 4, 5]), weights('w', 2, 1, 2, 2)],
        nodes: [node('Reshape', ['x', 's'], 'r'), node('Conv', ['r', 'w'], 'y')],
      },
      2,
    );
    expect(int8Of(graph)[0]!.shape).toEqual([4, 5, 1]);
  });
  it('a vector read as an image of one pixel or one channel is a reshape of bytes', () => {
    const graph = agree(
      {
        inputs: { x: [1, 6] },
        initialisers: [weights('w', 6, 8), ints('s', [4], [1, 1, 4, 2]), weights('k', 2, 1, 2, 2)],
        nodes: [
          node('Gemm', ['x', 'w'], 'g'),
          node('Reshape', ['g', 's'], 'r'),
          node('Conv', ['r', 'k'], 'y'),
        ],
      },
      3,
    );
    expect(kinds(graph)).toBe('fullyConnected reshape conv');
  });
});

describe('operators', () => {
  const image = { x: [1, 4, 6, 6] as const };
  it('groups and dilation are spelled out, with a remark', () => {
    const file: FileInit = {
      inputs: image,
      initialisers: [weights('w', 8, 2, 3, 3)],
      nodes: [node('Conv', ['x', 'w'], 'y', { group: 2, dilations: [2, 1], pads: [2, 1, 2, 1] })],
    };
    const graph = agree(file, 2.5);
    expect(graph.ops[1]).toMatchObject({ kind: 'conv', kernelH: 5, kernelW: 3 });
    const sample = Float32Array.from(random(1, 144));
    expect(quantize(read(file), [sample]).diagnostics.map((d) => d.code)).toEqual(['QUANT-101', 'QUANT-102']);
  });
  it('Relu and Clip become clamps of the operator before', () => {
    const graph = agree(
      {
        inputs: image,
        initialisers: [weights('w', 3, 4, 1, 1), floats('zero', [], [0]), floats('six', [], [1])],
        nodes: [
          node('Conv', ['x', 'w'], 'c'),
          node('Relu', ['c'], 'r'),
          node('Clip', ['r', 'zero', 'six'], 'y'),
        ],
      },
      // Clipping leaves an output step finer than the input's, so the input's rounding shows.
      5,
    );
    expect(kinds(graph)).toBe('conv');
    const { scale, zeroPoint } = outputOf(graph);
    expect(scale).toBe(Math.fround(1 / 255));
    expect(graph.ops[1]).toMatchObject({ requantize: { clampMin: -128, clampMax: 127 } });
    expect(zeroPoint).toBe(-128);
  });
  it('a Relu whose input has another reader stays, as a window of one', () => {
    const graph = agree(
      {
        inputs: image,
        initialisers: [weights('w', 4, 4, 1, 1)],
        nodes: [node('Conv', ['x', 'w'], 'c'), node('Relu', ['c'], 'r'), node('Add', ['c', 'r'], 'y')],
      },
      3,
    );
    expect(kinds(graph)).toBe('conv maxPool add');
  });
  it('a residual block: Add has its three multipliers and Relu', () => {
    const graph = agree(
      {
        inputs: image,
        initialisers: [weights('w1', 4, 4, 3, 3), weights('w23', 4, 4, 3, 3)],
        nodes: [
          node('Conv', ['x', 'w1'], 'a', { pads: [1, 1, 1, 1] }),
          node('Conv', ['x', 'w23'], 'b', { pads: [1, 1, 1, 1] }),
          node('Add', ['a', 'b'], 's'),
          node('Relu', ['s'], 'y'),
        ],
      },
      // Three roundings (both branches and the sum) after 36 taps each.
      6,
    );
    expect(kinds(graph)).toBe('conv conv add');
  });
  it('pooling keeps scale and zero point, also with padding', () => {
    for (const op of ['MaxPool', 'AveragePool']) {
      const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
      const graph = agree({ inputs: image, nodes: [node(op, ['x'], 'y', attributes)] }, 1.1);
      expect(int8Of(graph)[1]).toMatchObject({ scale: int8Of(graph)[0]!.scale, shape: [3, 3, 4] });
    }
  });
  it('a last Softmax is left to the host', () => {
    const model = read({
      inputs: { x: [1, 4] },
      initialisers: [weights('w', 4, 3)],
      nodes: [node('Gemm', ['x', 'w'], 'g'), node('Softmax', ['g'], 'y')],
    });
    const graph = quantize(model, [Float32Array.of(1, 2, 3, 4)]).value;
    expect(kinds(graph)).toBe('fullyConnected dequantize float');
    expect(outputOf(graph).name).toBe('g');
    const x = Float32Array.of(1, 2, 3, 4);
    const [y] = runInteger(graph, [x]) as [Float32Array];
    runFloat(model, [x])[0]!.forEach((v, i) => expect(y[i]).toBeCloseTo(v, 1));
    expect(y.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  });
  it('dead channels and dead layers: no overflow, no left shift, the bias survives', () => {
    const model = read({
      inputs: { x: [1, 2] },
      initialisers: [floats('w', [3, 2], [0, 0, 1e-9, 1e-9, 1, -1]), floats('b', [3], [5, -3, 0.25])],
      nodes: [node('Gemm', ['x', 'w', 'b'], 'y', { transB: 1 })],
    });
    const graph = quantize(model, [Float32Array.of(1, 1), Float32Array.of(0, 1)]).value;
    expect(verifyQuantGraph(graph)).toEqual([]);
    const y = dequantizeOutput(graph, runCore(graph, quantizeInput(graph, Float32Array.of(1, 1))));
    const step = outputOf(graph).scale;
    [5, -3, 0.25].forEach((v, i) => expect(Math.abs(y[i]! - v)).toBeLessThan(step));
    const zeros = quantize(model, [new Float32Array(2)]).value;
    expect(verifyQuantGraph(zeros)).toEqual([]);
  });
  it('a percentile narrows ranges, to no less than the values it must keep', () => {
    const model = read({
      inputs: { x: [1, 1000] },
      initialisers: [weights('w', 1000, 2)],
      nodes: [node('Gemm', ['x', 'w'], 'y')],
    });
    const sample = Float32Array.from(random(3, 1000));
    sample[0] = 100;
    const scaleAt = (percentile: number): number =>
      int8Of(quantize(model, [sample], { percentile }).value)[0]!.scale;
    expect(scaleAt(100)).toBeCloseTo(101 / 255, 3);
    expect(scaleAt(99.5) * 255).toBeGreaterThan(1.9);
    expect(scaleAt(99.5) * 255).toBeLessThan(2.2);
  });
});

describe('models of the corpus', () => {
  // One sample each, calibrated on itself: a bound on rounding through the depth of the model, not accuracy.
  test.skipIf(skipCorpus).for([
    ['onnx-mnist8-cntk', 4],
    ['onnx-alibaba-ad', 4],
    ['onnx-alibaba-kws', 12],
    ['onnx-alibaba-ic', 24],
  ] as const)(`%s within %d output steps of float${corpusNote}`, ([name, quanta]) => {
    const c = readCase(name);
    const model = importModel(c.model, name).value;
    const x = c.inputs[0] as Float32Array;
    const graph = quantize(model, [x]).value;
    expect(verifyQuantGraph(graph)).toEqual([]);
    const got = dequantizeOutput(graph, runCore(graph, quantizeInput(graph, x)));
    const worst = got.reduce((a, v, i) => Math.max(a, Math.abs(v - c.expected[0]![i]!)), 0);
    expect(worst / outputOf(graph).scale).toBeLessThan(quanta);
  });
});

describe('refusals name code, place and remedy', () => {
  const gemm = node('Gemm', ['x', 'w'], 'y');
  const flat: FileInit = { inputs: { x: [1, 2] }, initialisers: [weights('w', 2, 2)], nodes: [gemm] };
  const sample = [Float32Array.of(1, 2)];
  const FILES: [string, string, string, FileInit, Float32Array[], number][] = [
    ['no calibration', 'QUANT-001', 'test', flat, [], 100],
    ['a percentile of 0', 'QUANT-002', 'percentile', flat, sample, 0],
    ['samples that are not numbers', 'QUANT-003', 'x', flat, [Float32Array.of(1, NaN)], 100],
    ['numbers beyond float32 (found by the fuzzer)', 'QUANT-003', 'x', {
      ...flat, initialisers: [floats('w', [2, 2], [1e38, -1e38, -1e38, 1e38])],
    }, [Float32Array.of(1e38, 1e38)], 100],
    ['samples of another size', 'MODEL-020', 'x', flat, [Float32Array.of(1)], 100],
    ['nothing to compute', 'QUANT-004', 'test', { ...flat, nodes: [node('Identity', ['x'], 'y')] }, sample, 100],
    ['only operators that stay float', 'QUANT-004', 'test', {
      ...flat, nodes: [node('Softmax', ['x'], 'y')],
    }, sample, 100],
    ['whole numbers as output', 'QUANT-011', 'y', { ...flat, nodes: [node('ArgMax', ['x'], 'y', { axis: 1 })] }, sample, 100],
  ]; // prettier-ignore
  test.for(FILES)('%s: %s at %s', ([, code, place, file, calibration, percentile]) => {
    let found: unknown;
    try {
      quantize(read(file), calibration, { percentile });
    } catch (e) {
      found = e;
    }
    expect(found).toBeInstanceOf(IngotError);
    const { diagnostic } = found as IngotError;
    expect([diagnostic.code, diagnostic.place]).toEqual([code, place]);
    expect(diagnostic.remedy).toBeTruthy();
  });
  it('an input of the wrong size', () => {
    const graph = quantize(read(flat), sample).value;
    expect(() => quantizeInput(graph, new Float32Array(3))).toThrow(IngotError);
  });
});

describe('verifyQuantGraph finds what quantize never writes', () => {
  const graph = quantize(exampleModel(), exampleSamples('calibration-images').slice(0, 4)).value;
  const change = (i: number, by: object): QuantGraph => ({
    ...graph,
    ops: graph.ops.map((op, k) => (k === i ? ({ ...op, ...by } as typeof op) : op)),
  });
  const tensor = (i: number, by: object): QuantGraph => ({
    ...graph,
    tensors: graph.tensors.map((t, k) => (k === i ? { ...t, ...by } : t)),
  });
  const conv = graph.ops[1]!;
  if (conv.kind !== 'conv') throw new Error('the example begins with a Conv');
  test.for<[string, string, QuantGraph]>([
    ['operators out of order', 'QUANT-201', { ...graph, ops: [...graph.ops].reverse() }],
    ['an output nobody writes', 'QUANT-201', { ...graph, ops: graph.ops.slice(0, -1) }],
    ['a tensor that is not there', 'QUANT-201', change(1, { output: 99 })],
    ['a window that does not fit', 'QUANT-202', change(1, { padTop: 3 })],
    ['a window in the padding', 'QUANT-202', change(2, { padTop: 2, padBottom: -2 })],
    ['a shape', 'QUANT-202', tensor(0, { shape: [8, 0, 1] })],
    ['weights too few', 'QUANT-203', change(1, { weights: conv.weights.slice(1) })],
    ['biases too few', 'QUANT-203', change(1, { bias: conv.bias.slice(1) })],
    [
      'a left shift',
      'QUANT-204',
      change(1, { requantize: { ...conv.requantize, shift: conv.requantize.shift.map(() => 31) } }),
    ],
    ['a float among the integers', 'QUANT-206', tensor(2, { dtype: 'float32', scale: 1, zeroPoint: 0 })],
    ['clamps crossed', 'QUANT-204', change(2, { clampMin: 5, clampMax: 4 })],
    ['a scale changed by pooling', 'QUANT-204', tensor(3, { scale: 1 })],
    ['a zero point', 'QUANT-204', tensor(6, { zeroPoint: 128 })],
    ['a bias near the end of int32', 'QUANT-205', change(1, { bias: conv.bias.map(() => 2 ** 31 - 1) })],
  ])('%s: %s', ([, code, broken]) => {
    expect(verifyQuantGraph(broken).map((d) => d.code)).toContain(code);
  });
  it('and nothing in the graph itself', () => expect(verifyQuantGraph(graph)).toEqual([]));
  it('the trace holds every tensor at its size', () => {
    const trace = runIntegerTrace(graph, [new Float32Array(64)]);
    expect(trace.map((t) => t.length)).toEqual(graph.tensors.map((t) => t.shape.reduce((a, b) => a * b, 1)));
  });
});
