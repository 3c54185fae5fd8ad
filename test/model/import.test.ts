import { describe, expect, it, test } from 'vitest';
import { pack, unpack } from '../../src-main/base/pack.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, runFloat, verifyModel } from '../../src-main/stages/model/index.ts';
import { argmax } from '../../src-main/flow/steps/test-set.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { exampleLabels, exampleModel, exampleSamples } from '../support/digits.ts';
import type { FileInit } from './onnx-builder.ts';
import { floats, ints, node, onnxFile } from './onnx-builder.ts';

const read = (file: FileInit): Model => {
  const { value, diagnostics } = importModel(onnxFile(file), 'test');
  expect(diagnostics).toEqual([]);
  expect(verifyModel(value)).toEqual([]);
  return value;
};
const run = (model: Model, ...inputs: number[][]): number[] =>
  Array.from(
    runFloat(
      model,
      inputs.map((v) => Float32Array.from(v)),
    )[0]!,
  );
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('the digits example', () => {
  const model = exampleModel();
  it('imports to the expected operators', () => {
    expect(verifyModel(model)).toEqual([]);
    expect(model.nodes.map((n) => n.op).join(' ')).toBe('Conv Relu MaxPool Conv Relu MaxPool Reshape Gemm');
    expect(model.nodes[0]!.name).toBe('/c1/Conv');
    expect(model.inputs.map((t) => model.tensors[t])).toEqual([
      { name: 'x', dtype: 'float32', shape: [1, 1, 8, 8] },
    ]);
    expect(model.outputs.map((t) => model.tensors[t]!.name)).toEqual(['y']);
  });
  it('gives the logits of PyTorch within 1e-4 and 346 of 360 right answers', () => {
    const labels = exampleLabels();
    const expected = exampleSamples('test-expected');
    let right = 0;
    let worst = 0;
    exampleSamples('test-images').forEach((x, i) => {
      const y = runFloat(model, [x])[0]!;
      y.forEach((v, k) => (worst = Math.max(worst, Math.abs(v - expected[i]![k]!))));
      if (argmax(y) === labels[i]) right++;
    });
    expect(worst).toBeLessThan(1e-4);
    expect(right).toBe(346);
  });
  it('survives packing, also through a Buffer', () => {
    expect(unpack<Model>(pack(model))).toEqual(model);
    expect(unpack<Model>(Buffer.from(pack(model)))).toEqual(model);
  });
});

describe('the corpus, by the float reference', () => {
  // onnx-*: relative (the corpus README's rule F); digits-*: absolute. Values near 0 are held to 1e-4 either way.
  const cases = [
    'digits-mlp', 'digits-cnn', 'digits-res', 'digits-lstm', 'onnx-mnist8-cntk', 'onnx-mnist-mlp-maxpool',
    'onnx-alibaba-ad', 'onnx-alibaba-kws', 'onnx-alibaba-ic', 'onnx-ppocr-cls', 'onnx-silero-vad-sequence',
    'onnx-espcn-x2-resize',
  ]; // prettier-ignore
  test.skipIf(skipCorpus).for(cases)(`%s${corpusNote}`, { timeout: 60_000 }, (name) => {
    const c = readCase(name);
    const isOnnx = name.startsWith('onnx-');
    const model = importModel(c.model, name, isOnnx ? { shapes: c.inputShapes } : {}).value;
    expect(verifyModel(model)).toEqual([]);
    let worst = 0;
    c.inputs.forEach((_, i) => {
      const outputs = runFloat(model, c.allInputs.map((input) => input[i]!)); // prettier-ignore
      c.allExpected.forEach((expected, o) => {
        expect(outputs[o]!.length).toBe(expected[i]!.length);
        expected[i]!.forEach((wanted, k) => {
          const unit = isOnnx ? Math.max(1, Math.abs(wanted)) : 1;
          worst = Math.max(worst, Math.abs(outputs[o]![k]! - wanted) / unit);
        });
      });
    });
    expect(worst).toBeLessThan(1e-4);
  });

  // Rule Q: argmax equal (the lowest on a tie), logits within one output quantum.
  const quanta = [['digits-mlp-qdq', 0.1925], ['digits-cnn-qdq', 0.1371], ['digits-res-qdq', 0.1007], ['digits-lstm-qdq', 0.0862]] as const; // prettier-ignore
  test.skipIf(skipCorpus).for(quanta)(`%s: same answer, within %f${corpusNote}`, ([name, quantum]) => {
    const c = readCase(name);
    const model = importModel(c.model, name).value;
    expect(verifyModel(model)).toEqual([]);
    c.inputs.forEach((x, i) => {
      const y = runFloat(model, [x])[0]!;
      expect(argmax(y)).toBe(argmax(c.expected[i]!));
      y.forEach((v, k) => expect(Math.abs(v - c.expected[i]![k]!)).toBeLessThan(quantum + 1e-4));
    });
  });
});

describe('operators, by hand-computed values', () => {
  it('Conv: padding, stride, bias', () => {
    const model = read({
      initialisers: [floats('w', [1, 1, 3, 3], [0, 0, 0, 0, 1, 0, 0, 0, 2]), floats('b', [1], [0.5])],
      nodes: [node('Conv', ['x', 'w', 'b'], 'y', { pads: [1, 1, 1, 1], strides: [2, 2] })],
    });
    // Centre tap 1, lower right tap 2, at rows and columns 0 and 2 of 1 … 16.
    expect(run(model, count(16))).toEqual([1 + 12.5, 3 + 16.5, 9 + 28.5, 11 + 32.5]);
  });
  it('Conv: SAME_UPPER pads the end, SAME_LOWER the beginning', () => {
    const file = (autoPad: string): FileInit => ({
      initialisers: [floats('w', [1, 1, 2, 2], [1, 0, 0, 10])],
      nodes: [node('Conv', ['x', 'w'], 'y', { auto_pad: autoPad })],
      inputs: { x: [1, 1, 2, 2] },
    });
    expect(run(read(file('SAME_UPPER')), [1, 2, 3, 4])).toEqual([41, 2, 3, 4]);
    expect(run(read(file('SAME_LOWER')), [1, 2, 3, 4])).toEqual([10, 20, 30, 41]);
    expect(run(read(file('VALID')), [1, 2, 3, 4])).toEqual([41]);
  });
  it('Conv: groups and dilation', () => {
    const model = read({
      inputs: { x: [1, 2, 1, 3] },
      initialisers: [floats('w', [2, 1, 1, 2], [1, 10, 100, 1000])],
      nodes: [node('Conv', ['x', 'w'], 'y', { group: 2, dilations: [1, 2] })],
    });
    expect(run(model, [1, 2, 3, 4, 5, 6])).toEqual([31, 6400]);
  });
  it('Gemm: alpha, beta, transposed or not, scalar bias', () => {
    const x = { x: [1, 2] };
    const plain = read({
      inputs: x,
      initialisers: [floats('w', [2, 3], count(6)), floats('c', [1, 3], [1, 2, 3])],
      nodes: [node('Gemm', ['x', 'w', 'c'], 'y', { alpha: 0.5, beta: 2.5 })],
    });
    expect(run(plain, [1, 10])).toEqual([20.5 + 2.5, 26 + 5, 31.5 + 7.5]);
    const turned = read({
      inputs: x,
      initialisers: [floats('w', [3, 2], count(6)), floats('c', [], [1])],
      nodes: [node('Gemm', ['x', 'w', 'c'], 'y', { transB: 1 })],
    });
    expect(run(turned, [1, 10])).toEqual([22, 44, 66]);
  });
  it('MatMul and Add become one Gemm with bias', () => {
    const model = read({
      inputs: { x: [1, 2] },
      initialisers: [floats('w', [2, 2], [1, 2, 3, 4]), floats('b', [2], [100, 200])],
      nodes: [node('MatMul', ['x', 'w'], 'm'), node('Add', ['b', 'm'], 'y')],
    });
    expect(model.nodes.map((n) => n.op)).toEqual(['Gemm']);
    expect(run(model, [1, 10])).toEqual([131, 242]);
  });
  it('BatchNormalization is folded into Conv', () => {
    const model = read({
      inputs: { x: [1, 1, 1, 2] },
      initialisers: [
        floats('w', [2, 1, 1, 1], [1, 2]),
        floats('gamma', [2], [3, 4]),
        floats('beta', [2], [10, 20]),
        floats('mean', [2], [1, 1]),
        floats('var', [2], [3.75, 15.75]),
      ],
      nodes: [
        node('Conv', ['x', 'w'], 'c'),
        node('BatchNormalization', ['c', 'gamma', 'beta', 'mean', 'var'], 'y', { epsilon: 0.25 }),
      ],
    });
    expect(model.nodes.map((n) => [n.op, n.name])).toEqual([['Conv', 'conv-of-x']]);
    // (x·w - 1) · gamma / sqrt(var + 0.25) + beta, the square roots being 2 and 4
    expect(run(model, [5, 7])).toEqual([16, 19, 29, 33]);
  });
  it('MaxPool: padding and ceil_mode', () => {
    const file = (ceil: number): FileInit => ({
      inputs: { x: [1, 1, 1, 4] },
      nodes: [node('MaxPool', ['x'], 'y', { kernel_shape: [1, 3], strides: [1, 2], ceil_mode: ceil })],
    });
    expect(run(read(file(0)), [-4, -3, -2, -1])).toEqual([-2]);
    expect(run(read(file(1)), [-4, -3, -2, -1])).toEqual([-2, -1]);
  });
  it('AveragePool leaves padding out unless told', () => {
    const file = (include: number): FileInit => ({
      inputs: { x: [1, 1, 1, 2] },
      nodes: [
        node('AveragePool', ['x'], 'y', {
          kernel_shape: [1, 2], pads: [0, 1, 0, 1], count_include_pad: include,
        }),
      ],
    }); // prettier-ignore
    expect(run(read(file(0)), [2, 6])).toEqual([2, 4, 6]);
    expect(run(read(file(1)), [2, 6])).toEqual([1, 4, 3]);
  });
  it('GlobalAveragePool, Relu, Clip, Softmax', () => {
    const model = read({
      inputs: { x: [1, 3, 1, 2] },
      initialisers: [floats('low', [], [-1]), floats('high', [], [1])],
      nodes: [
        node('GlobalAveragePool', ['x'], 'g'),
        node('Clip', ['g', 'low', 'high'], 'c'),
        node('Relu', ['c'], 'r'),
        node('Flatten', ['r'], 'f'),
        node('Softmax', ['f'], 'y'),
      ],
    });
    const [a, b, c] = run(model, [-5, -7, 8, 2, 0, 0.5]);
    const e = [1, Math.E, Math.exp(0.25)];
    const sum = e[0]! + e[1]! + e[2]!;
    expect([a, b, c].map((v, i) => Math.abs(v! - e[i]! / sum) < 1e-7)).toEqual([true, true, true]);
  });
  it('Add of two branches and of a constant image', () => {
    const model = read({
      inputs: { x: [1, 1, 1, 2] },
      initialisers: [floats('k', [1, 2], [100, 200])],
      nodes: [node('Relu', ['x'], 'r'), node('Add', ['r', 'x'], 's'), node('Add', ['s', 'k'], 'y')],
    });
    expect(run(model, [-1, 3])).toEqual([99, 206]);
  });
});

describe('forms that exporters write', () => {
  it('a dynamic batch is 1; shape arithmetic, Identity and Dropout are folded away', () => {
    const model = read({
      inputs: { x: ['batch', 1, 2, 2] },
      outputs: { y: ['batch', 4] },
      initialisers: [ints('zero', [], [0]), ints('axes', [1], [0]), ints('rest', [1], [-1])],
      nodes: [
        node('Shape', ['x'], 's'),
        node('Gather', ['s', 'zero'], 'n', { axis: 0 }),
        node('Unsqueeze', ['n', 'axes'], 'n1'),
        node('Concat', ['n1', 'rest'], 'shape', { axis: 0 }),
        node('Identity', ['x'], 'x2'),
        node('Reshape', ['x2', 'shape'], 'flat'),
        node('Dropout', ['flat'], 'd'),
        node('Relu', ['d'], 'y'),
      ],
    });
    expect(model.nodes.map((n) => n.op)).toEqual(['Reshape', 'Relu']);
    expect(model.tensors.map((t) => t.shape)).toEqual([
      [1, 1, 2, 2],
      [1, 4],
      [1, 4],
    ]);
  });
  it('constants as Constant nodes, initialisers also listed as inputs, nodes out of order', () => {
    const model = read({
      inputs: { x: [1, 2], c: [1, 1] },
      initialisers: [floats('c', [1, 1], [5])],
      nodes: [
        node('Gemm', ['x', 'w', 'c'], 'y'),
        node('Constant', [], 'w', { value: floats('', [2, 1], [2, 3]) }),
      ],
    });
    expect(model.inputs.length).toBe(1);
    expect(run(model, [1, 1])).toEqual([10]);
  });
  it('raw_data and float_data are the same', () => {
    const raw = new Uint8Array(Float32Array.from([2, -3]).buffer);
    const model = read({
      inputs: { x: [1, 2] },
      initialisers: [{ name: 'w', dims: [2n, 1n], dataType: 1, rawData: raw }],
      nodes: [node('MatMul', ['x', 'w'], 'y')],
    });
    expect(run(model, [10, 1])).toEqual([17]);
  });
  it('Squeeze, Unsqueeze and a Transpose that moves nothing are reshapes', () => {
    const model = read({
      inputs: { x: [1, 2, 3, 1] },
      initialisers: [ints('a', [1], [1]), ints('b', [1], [3])],
      nodes: [
        node('Transpose', ['x'], 't', { perm: [0, 3, 1, 2] }),
        node('Squeeze', ['t', 'a'], 'q'),
        node('Unsqueeze', ['q', 'b'], 'u'),
        node('Relu', ['u'], 'y'),
      ],
    });
    expect(model.tensors.at(-1)!.shape).toEqual([1, 2, 3, 1]);
    expect(run(model, count(6))).toEqual(count(6));
  });
  it('nodes that no output needs are dropped, whatever they are', () => {
    const model = read({ nodes: [node('Relu', ['x'], 'y'), node('LSTM', ['x'], 'z')] });
    expect(model.nodes.length).toBe(1);
  });
  it('a declared output shape that is wrong is a warning', () => {
    const bytes = onnxFile({ nodes: [node('Relu', ['x'], 'y')], outputs: { y: [1, 7] } });
    expect(importModel(bytes, 'test').diagnostics.map((d) => [d.code, d.place])).toEqual([
      ['MODEL-101', 'y'],
    ]);
  });
});
