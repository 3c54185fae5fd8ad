/** Operators of ONNX beyond those of plain image classifiers, by values computed by hand from the specification. */
import { describe, expect, it, test } from 'vitest';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, runFloat, runModel, verifyModel } from '../../src-main/stages/model/index.ts';
import type { FileInit, NodeInit, TensorInit } from './onnx-builder.ts';
import { floats, ints, node, onnxFile } from './onnx-builder.ts';

function read(file: FileInit): Model {
  const { value } = importModel(onnxFile(file), 'test');
  expect(verifyModel(value)).toEqual([]);
  return value;
}
const kinds = (model: Model): string => model.nodes.map((n) => n.op).join(' ');
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

type Row = [
  what: string,
  shape: number[],
  x: number[],
  nodes: NodeInit[],
  initialisers: TensorInit[],
  want: number[],
  wantShape?: number[],
];

const ROWS: Row[] = [
  ['Sub, Mul, Div with constants', [2], [6, 8], [node('Sub', ['x', 'k'], 'a'), node('Mul', ['k', 'a'], 'b'), node('Div', ['b', 'two'], 'y')],
    [floats('k', [2], [1, 2]), floats('two', [], [2])], [2.5, 6]],
  ['broadcasting of two computed tensors', [2, 2], [1, 2, 3, 4], [node('ReduceSum', ['x', 'axis'], 's'), node('Add', ['x', 's'], 'y')],
    [ints('axis', [1], [1])], [4, 5, 10, 11]],
  ['Min, Max, Sum of several', [2], [1, 5], [node('Min', ['x', 'k', 'x'], 'a'), node('Max', ['a', 'k'], 'b'), node('Sum', ['b', 'x', 'x'], 'y')],
    [floats('k', [1], [3])], [5, 13]],
  ['Where of a comparison', [3], [-1, 0, 1], [node('Greater', ['x', 'k'], 'c'), node('Where', ['c', 'x', 'k'], 'y')], [floats('k', [], [0])], [0, 0, 1]],
  ['PRelu per channel', [1, 2, 1, 1], [-1, -1], [node('PRelu', ['x', 's'], 'y')], [floats('s', [2, 1, 1], [0.5, 0.25])], [-0.5, -0.25]],
  ['Elu, Selu at 0 and above', [2], [0, 2], [node('Elu', ['x'], 'y', { alpha: 2.5 })], [], [0, 2]],
  ['HardSigmoid', [3], [-10, 0, 10], [node('HardSigmoid', ['x'], 'y')], [], [0, 0.5, 1]],
  ['Gelu', [2], [0, 20], [node('Gelu', ['x'], 'y')], [], [0, 20]],
  ['Softmax of one axis', [2, 2], [0, 9, 0, 9], [node('Softmax', ['x'], 'y', { axis: 0 })], [], [0.5, 0.5, 0.5, 0.5]],
  ['LogSoftmax', [1, 2], [7, 7], [node('LogSoftmax', ['x'], 'y')], [], [-Math.LN2, -Math.LN2]],
  ['LayerNormalization', [1, 2], [1, 3], [node('LayerNormalization', ['x', 's'], 'y', { epsilon: 1e-9 })], [floats('s', [2], [1, 10])], [-1, 10]],
  ['Transpose that moves', [1, 2, 1, 3], count(6), [node('Transpose', ['x'], 'y', { perm: [0, 3, 2, 1] })], [], [1, 4, 2, 5, 3, 6], [1, 3, 1, 2]],
  ['Slice with step -1', [4], count(4), [node('Slice', ['x', 's', 'e', 'a', 't'], 'y')],
    [ints('s', [1], [-1]), ints('e', [1], [-(2 ** 62)]), ints('a', [1], [0]), ints('t', [1], [-1])], [4, 3, 2, 1]],
  ['Split, and Concat the other way round', [3], count(3), [node('Split', ['x', 's'], ['a', 'b']), node('Concat', ['b', 'a'], 'y', { axis: 0 })],
    [ints('s', [2], [1, 2])], [2, 3, 1]],
  ['Gather of several', [3], count(3), [node('Gather', ['x', 'i'], 'y')], [ints('i', [2], [-1, 0])], [3, 1]],
  ['Tile', [2], [1, 2], [node('Tile', ['x', 'r'], 'y')], [ints('r', [1], [2])], [1, 2, 1, 2]],
  ['Expand', [1, 2], [1, 2], [node('Expand', ['x', 's'], 'y')], [ints('s', [2], [2, 1])], [1, 2, 1, 2]],
  ['Pad reflect', [1, 3], [1, 2, 3], [node('Pad', ['x', 'p'], 'y', { mode: 'reflect' })], [ints('p', [4], [0, 2, 0, 0])], [3, 2, 1, 2, 3]],
  ['DepthToSpace CRD', [1, 4, 1, 1], count(4), [node('DepthToSpace', ['x'], 'y', { blocksize: 2, mode: 'CRD' })], [], count(4), [1, 1, 2, 2]],
  ['Resize nearest', [1, 1, 1, 2], [1, 2], [node('Resize', ['x', '', 's'], 'y', { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' })],
    [floats('s', [4], [1, 1, 2, 2])], [1, 1, 2, 2, 1, 1, 2, 2]],
  ['Resize linear', [1, 1, 1, 2], [0, 4], [node('Resize', ['x', '', 's'], 'y', { mode: 'linear' })], [floats('s', [4], [1, 1, 1, 2])], [0, 1, 3, 4]],
  ['ConvTranspose', [1, 1, 1, 2], [1, 10], [node('ConvTranspose', ['x', 'w'], 'y', { strides: [1, 2] })], [floats('w', [1, 1, 1, 3], [1, 2, 3])], [1, 2, 13, 20, 30]],
  ['1-D Conv', [1, 1, 4], count(4), [node('Conv', ['x', 'w'], 'y', { pads: [1, 0] })], [floats('w', [1, 1, 2], [1, 10])], [10, 21, 32, 43], [1, 1, 4]],
  ['AveragePool: ceil_mode counts no more than the padding', [1, 1, 1, 4], [2, 4, 6, 8],
    [node('AveragePool', ['x'], 'y', { kernel_shape: [1, 3], strides: [1, 2], pads: [0, 1, 0, 1], ceil_mode: 1, count_include_pad: 1 })], [], [2, 6, 4]],
  ['InstanceNormalization', [1, 2, 1, 2], [1, 3, 10, 30], [node('InstanceNormalization', ['x', 's', 'b'], 'y', { epsilon: 1e-9 })],
    [floats('s', [2], [1, 2]), floats('b', [2], [0, 5])], [-1, 1, 3, 7]],
  ['BatchNormalization where nothing is to fold it into', [1, 2, 1, 1], [-3, 4],
    [node('Relu', ['x'], 'r'), node('BatchNormalization', ['r', 'g', 'g', 'z', 'v'], 'y', { epsilon: 1e-9 })],
    [floats('g', [2], [2, 2]), floats('z', [2], [0, 0]), floats('v', [2], [4, 4])], [2, 6]],
  ['MatMul of a sequence', [1, 2, 2], count(4), [node('MatMul', ['x', 'w'], 'y')], [floats('w', [2, 1], [1, 10])], [21, 43], [1, 2, 1]],
  ['MatMul of two computed tensors', [2, 2], count(4), [node('MatMul', ['x', 'x'], 'y')], [], [7, 10, 15, 22]],
  ['Gemm with transA', [2, 1], [1, 2], [node('Gemm', ['x', 'w'], 'y', { transA: 1 })], [floats('w', [2, 2], count(4))], [7, 10]],
  ['a batch of 2', [2, 1, 1, 2], [1, 2, 3, 4], [node('MaxPool', ['x'], 'y', { kernel_shape: [1, 2] })], [], [2, 4]],
]; // prettier-ignore

describe('values', () => {
  test.for(ROWS)('%s', ([, shape, x, nodes, initialisers, want, wantShape]) => {
    const model = read({ inputs: { x: shape }, nodes, initialisers, opset: 20 });
    const y = Array.from(runFloat(model, [x])[0]!);
    expect(y.length).toBe(want.length);
    y.forEach((v, i) => expect(Math.abs(v - want[i]!)).toBeLessThan(1e-5));
    if (wantShape) expect(model.tensors[model.outputs[0]!]!.shape).toEqual(wantShape);
  });

  it('LSTM: gates in ONNX order, states given and returned', () => {
    // Only the cell gate has input: c = ½·c0 + ½·tanh(x), h = ½·tanh(c).
    const initialisers = [floats('w', [1, 4, 1], [0, 0, 0, 1]), floats('r', [1, 4, 1], [0, 0, 0, 0]), floats('c', [1, 1, 1], [1])];
    const lstm = node('LSTM', ['x', 'w', 'r', '', '', '', 'c'], ['y', 'h', 'last'], { hidden_size: 1 });
    const model = read({ inputs: { x: [1, 1, 1] }, nodes: [lstm], initialisers, outputs: { y: [], h: [], last: [] } });
    const c = 0.5 + 0.5 * Math.tanh(2);
    const got = runModel(model, [[2]]).map((y) => y[0]!);
    [0.5 * Math.tanh(c), 0.5 * Math.tanh(c), c].forEach((v, i) => expect(got[i]).toBeCloseTo(v, 6));
  }); // prettier-ignore

  it('GRU: both forms of the reset gate, reverse', () => {
    // z = ½ throughout; the reset gate is ½: n = tanh(x + ½·(r·h)) or tanh(x + r·(½·h)), the same with no bias.
    const initialisers = [floats('w', [1, 3, 1], [0, 0, 1]), floats('r', [1, 3, 1], [0, 0, 3]), floats('h', [1, 1, 1], [1])];
    const want = 0.5 * Math.tanh(2 + 1.5) + 0.5;
    for (const form of [0, 1]) {
      const gru = node('GRU', ['x', 'w', 'r', '', '', 'h'], 'y', { hidden_size: 1, linear_before_reset: form, direction: 'reverse' });
      const model = read({ inputs: { x: [1, 1, 1] }, nodes: [gru], initialisers });
      expect(runFloat(model, [[2]])[0]![0]).toBeCloseTo(want, 6);
    }
  }); // prettier-ignore

  it('several outputs and integer outputs', () => {
    const nodes = [node('Relu', ['x'], 'y'), node('ArgMax', ['x'], 'i', { axis: 1, keepdims: 0 })];
    const model = read({ inputs: { x: [1, 3] }, nodes, outputs: { y: [], i: [] } });
    expect(runFloat(model, [[-1, 7, 2]]).map((y) => Array.from(y))).toEqual([[0, 7, 2], [1]]);
    expect(model.tensors[model.outputs[1]!]!.dtype).toBe('int64');
  });
});

const uint8 = (name: string, values: number[], dims = values.length === 1 ? [] : [values.length]): TensorInit => ({
  name, dims: dims.map(BigInt), dataType: 2, int32Data: values,
}); // prettier-ignore

describe('quantised files', () => {
  it('QuantizeLinear rounds halves to even and saturates; DequantizeLinear undoes it', () => {
    const nodes = [
      node('QuantizeLinear', ['x', 's', 'z'], 'q'),
      node('DequantizeLinear', ['q', 's', 'z'], 'y'),
    ];
    const initialisers = [floats('s', [], [2]), uint8('z', [10])];
    const model = read({ inputs: { x: [4] }, nodes, initialisers });
    expect(kinds(model)).toBe('QuantizeLinear DequantizeLinear');
    expect(Array.from(runFloat(model, [[1, 3, -100, 1000]])[0]!)).toEqual([0, 4, -20, 490]);
  });

  it('quantised weights stay integers, per axis, and are turned for Gemm before they are dequantised', () => {
    const nodes = [node('DequantizeLinear', ['w', 's', 'z'], 'd', { axis: 1 }), node('Gemm', ['x', 'd'], 'y')];
    const w = { name: 'w', dims: [2n, 3n], dataType: 3, int32Data: [1, 2, 3, 4, 5, 6] };
    const z = { name: 'z', dims: [3n], dataType: 3, int32Data: [0, 0, 0] };
    const model = read({ inputs: { x: [1, 2] }, nodes, initialisers: [w, z, floats('s', [3], [1, 10, 100])] });
    const [first] = model.nodes;
    expect(first!.op === 'DequantizeLinear' && first.attributes.axis).toBe(0);
    expect(model.tensors[first!.inputs[0]]).toMatchObject({ dtype: 'int8', shape: [3, 2], data: Int8Array.of(1, 4, 2, 5, 3, 6) });
    expect(Array.from(runFloat(model, [[1, 10]])[0]!)).toEqual([41, 520, 6300]);
  }); // prettier-ignore

  it('QLinearConv is Conv between DequantizeLinear and QuantizeLinear', () => {
    const names = ['x', 's1', 'z', 'w', 's1', 'z', 's2', 'z', 'b'];
    const initialisers = [floats('s1', [], [1]), floats('s2', [], [2]), uint8('z', [0]), uint8('w', [1, 2], [1, 1, 1, 2]), { name: 'b', dims: [1n], dataType: 6, int32Data: [4] }];
    const model = read({ inputs: { x: [1, 1, 1, 3] }, inputTypes: { x: 2 }, nodes: [node('QLinearConv', names, 'y')], initialisers });
    expect(kinds(model)).toBe('DequantizeLinear DequantizeLinear DequantizeLinear Conv QuantizeLinear');
    expect(Array.from(runModel(model, [[1, 2, 3]])[0]!)).toEqual([4, 6]);
  }); // prettier-ignore
});

describe('passes', () => {
  const bn = (input: string, output: string): NodeInit =>
    node('BatchNormalization', [input, 'g', 'b', 'm', 'v'], output, { epsilon: 1e-9 });
  const statistics = [
    floats('g', [1], [3]),
    floats('b', [1], [5]),
    floats('m', [1], [1]),
    floats('v', [1], [4]),
  ];
  const w = floats('w', [1, 1, 1, 1], [2]);
  const image = { x: [1, 1, 2, 2] };
  const values = [1, 2, 3, 4];

  /** Imports with and without the pass: fewer nodes, the same values. */
  function compare(pass: string, file: FileInit, folded: string): void {
    const bytes = onnxFile(file);
    const plain = importModel(bytes, 'test', { skipPasses: [pass] }).value;
    const { value, passes } = importModel(bytes, 'test');
    expect(passes.find((p) => p.pass === pass)!.count).toBeGreaterThan(0);
    expect(kinds(value)).toBe(folded);
    expect(plain.nodes.length).toBeGreaterThan(value.nodes.length);
    expect(verifyModel(value)).toEqual([]);
    expect(Array.from(runFloat(value, [values])[0]!)).toEqual(Array.from(runFloat(plain, [values])[0]!));
  }

  it('BatchNormalization behind a Conv', () => {
    const nodes = [node('Conv', ['x', 'w'], 'c'), bn('c', 'y')];
    compare(
      'fold scales into the Conv or Gemm before',
      { inputs: image, nodes, initialisers: [w, ...statistics] },
      'Conv',
    );
  });
  it('BatchNormalization before a Conv without padding', () => {
    const nodes = [bn('x', 'n'), node('Conv', ['n', 'w'], 'y')];
    compare(
      'fold scale and shift into the Conv or Gemm behind',
      { inputs: image, nodes, initialisers: [w, ...statistics] },
      'Conv',
    );
  });
  it('a shift before a padded Conv stays: the border is not shifted', () => {
    const nodes = [bn('x', 'n'), node('Conv', ['n', 'w'], 'y', { pads: [1, 1, 1, 1] })];
    const model = read({ inputs: image, nodes, initialisers: [w, ...statistics] });
    expect(kinds(model)).toBe('Mul Add Conv');
  });
  it('a Conv that something else reads too is not touched', () => {
    const nodes = [node('Conv', ['x', 'w'], 'c'), bn('c', 'd'), node('Add', ['c', 'd'], 'y')];
    const model = read({ inputs: image, nodes, initialisers: [w, ...statistics] });
    expect(kinds(model)).toBe('Conv Mul Add Add');
  });
  it('BatchNormalization behind a ConvTranspose with groups', () => {
    const four = ['g', 'b', 'm', 'v'].map((name, i) => floats(name, [4], count(4).map((c) => c + i)));
    const kernel = floats('w', [2, 2, 1, 1], [1, 2, 3, 4]);
    const nodes = [node('ConvTranspose', ['x', 'w'], 'c', { group: 2 }), bn('c', 'y')];
    const bytes = onnxFile({ inputs: { x: [1, 2, 1, 1] }, nodes, initialisers: [kernel, ...four] });
    const plain = importModel(bytes, 'test', { skipPasses: ['fold scales into the Conv or Gemm before'] }).value;
    const { value } = importModel(bytes, 'test');
    expect(kinds(value)).toBe('ConvTranspose');
    const want = runFloat(plain, [[5, 7]])[0]!;
    runFloat(value, [[5, 7]])[0]!.forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 4));
  }); // prettier-ignore
  it('Pad before Conv, AveragePool and, after a Relu, MaxPool', () => {
    const pads = ints('p', [8], [0, 0, 1, 1, 0, 0, 1, 1]);
    const pass = 'fold padding into Conv and pooling';
    const kernel = { kernel_shape: [2, 2] };
    compare(pass, { inputs: image, nodes: [node('Pad', ['x', 'p'], 'q'), node('Conv', ['q', 'w'], 'y')], initialisers: [pads, w] }, 'Conv');
    compare(pass, { inputs: image, nodes: [node('Pad', ['x', 'p'], 'q'), node('AveragePool', ['q'], 'y', kernel)], initialisers: [pads] }, 'AveragePool');
    const relu = [node('Relu', ['x'], 'r'), node('Pad', ['r', 'p'], 'q'), node('MaxPool', ['q'], 'y', kernel)];
    compare(pass, { inputs: image, nodes: relu, initialisers: [pads] }, 'Relu MaxPool');
    const plain = read({ inputs: image, nodes: [node('Pad', ['x', 'p'], 'q'), node('MaxPool', ['q'], 'y', kernel)], initialisers: [pads] });
    expect(kinds(plain)).toBe('Pad MaxPool');
  }); // prettier-ignore
});
