import { describe, expect, it, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, runFloat, verifyModel } from '../../src-main/stages/model/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { exampleBytes, exampleModel } from '../support/digits.ts';
import type { FileInit } from './onnx-builder.ts';
import { floats, ints, node, onnxFile } from './onnx-builder.ts';

/** Code and place of the refusal; every refusal must also say what to do. */
function refusal(act: () => unknown): [string, string | undefined] {
  try {
    act();
  } catch (e) {
    if (!(e instanceof IngotError)) throw e;
    expect(e.diagnostic.remedy).toBeTruthy();
    return [e.diagnostic.code, e.diagnostic.place];
  }
  throw new Error('nothing was refused');
}

const relu = node('Relu', ['x'], 'y');
const conv = node('Conv', ['x', 'w'], 'y');
const bn = ['c', 'p', 'p', 'p', 'p'];

const FILES: [what: string, code: string, place: string, file: FileInit][] = [
  ['no nodes', 'MODEL-002', 'test', { nodes: [] }],
  ['an output that is constant', 'MODEL-002', 'y', {
    nodes: [node('Identity', ['k'], 'y')], initialisers: [floats('k', [1], [1])],
  }],
  ['an unsupported operator', 'MODEL-003', 'nonzero-of-x', { nodes: [node('NonZero', ['x'], 'y')] }],
  ['an operator of another domain', 'MODEL-003', 'relu-of-x', { nodes: [{ ...relu, domain: 'com.example' }] }],
  ['pooling with dilation', 'MODEL-004', 'maxpool-of-x', {
    nodes: [node('MaxPool', ['x'], 'y', { kernel_shape: [2, 2], dilations: [2, 2] })],
  }],
  ['an LSTM with peepholes', 'MODEL-004', 'lstm-of-x', {
    inputs: { x: [1, 1, 1] }, nodes: [node('LSTM', ['x', 'w', 'w', '', '', '', '', 'p'], 'y', { hidden_size: 1 })],
    initialisers: [floats('w', [1, 4, 1], [1, 2, 3, 4]), floats('p', [1, 3], [1, 2, 3])],
  }],
  ['an output that is not computed', 'MODEL-004', 'maxpool-of-x', {
    nodes: [node('MaxPool', ['x'], ['y', 'indices'], { kernel_shape: [2, 2] })], outputs: { y: [], indices: [] },
  }],
  ['a dynamic height', 'MODEL-005', 'x', { inputs: { x: [1, 1, 'height', 4] }, nodes: [relu] }],
  ['an input without shape', 'MODEL-005', 'x', { inputs: { x: [] }, nodes: [relu] }],
  ['weights of another type', 'MODEL-006', 'conv-of-x', {
    nodes: [conv], initialisers: [{ name: 'w', dims: [1n, 1n, 1n, 1n], dataType: 3, int32Data: [1] }],
  }],
  ['a tensor of strings', 'MODEL-006', 'w', {
    nodes: [conv], initialisers: [{ name: 'w', dims: [1n], dataType: 8 }],
  }],
  ['an absurd size', 'MODEL-007', 'w', {
    nodes: [conv], initialisers: [{ name: 'w', dims: [1n << 40n, 1n << 40n], dataType: 1 }],
  }],
  ['a size that is no integer of ours', 'MODEL-007', 'w', {
    nodes: [conv], initialisers: [{ name: 'w', dims: [1n << 62n], dataType: 1 }],
  }],
  ['a negative size', 'MODEL-007', 'w', { nodes: [conv], initialisers: [{ name: 'w', dims: [-1n], dataType: 1 }] }],
  ['an absurd input', 'MODEL-007', 'x', { inputs: { x: [1, 70000, 70000] }, nodes: [relu] }],
  ['absurd padding', 'MODEL-007', 'conv-of-x', {
    nodes: [node('Conv', ['x', 'w'], 'y', { pads: [0, 0, 1e9, 1e9] })],
    initialisers: [floats('w', [1, 1, 1, 1], [1])],
  }],
  ['fewer values than declared', 'MODEL-008', 'w', {
    nodes: [conv], initialisers: [floats('w', [1, 1, 3, 3], [1, 2])],
  }],
  ['external data', 'MODEL-009', 'w', {
    nodes: [conv], initialisers: [{ name: 'w', dims: [1n], dataType: 1, dataLocation: 1 }],
  }],
  ['a missing input', 'MODEL-010', 'conv-of-x', { nodes: [conv] }],
  ['an input left out', 'MODEL-010', 'conv-of-x', { nodes: [node('Conv', ['x'], 'y')] }],
  ['a cycle', 'MODEL-011', 'relu-of-a', {
    nodes: [node('Add', ['x', 'b'], 'a'), node('Relu', ['a'], 'b'), node('Relu', ['b'], 'y')],
  }],
  ['a tensor defined twice', 'MODEL-012', 'relu-of-x', { nodes: [node('Identity', ['x'], 'y'), relu] }],
  ['a kernel larger than the image', 'MODEL-013', 'conv-of-x', {
    nodes: [conv], initialisers: [floats('w', [1, 1, 5, 1], [1, 2, 3, 4, 5])],
  }],
  ['channels that do not fit', 'MODEL-013', 'conv-of-x', {
    nodes: [conv], initialisers: [floats('w', [1, 2, 1, 1], [1, 2])],
  }],
  ['a reshape that does not fit', 'MODEL-013', 'reshape-of-x', {
    nodes: [node('Reshape', ['x', 's'], 'y')], initialisers: [ints('s', [2], [3, -1])],
  }],
  ['a shape that is computed', 'MODEL-014', 'reshape-of-x', {
    inputs: { x: [1, 1, 4, 4], s: [2] }, inputTypes: { s: 7 }, nodes: [node('Reshape', ['x', 's'], 'y')],
  }],
  ['weights that are not numbers', 'MODEL-016', 'w', {
    nodes: [conv], initialisers: [floats('w', [1, 1, 1, 1], [NaN])],
  }],
  ['weights that overflow by alpha (found by the fuzzer)', 'MODEL-016', 'w', {
    inputs: { x: [1, 1] }, nodes: [node('Gemm', ['x', 'w'], 'y', { alpha: 1.5 })],
    initialisers: [floats('w', [1, 1], [3e38])],
  }],
  ['a variance below zero', 'MODEL-016', 'conv-of-x', {
    nodes: [node('Conv', ['x', 'w'], 'c'), node('BatchNormalization', bn, 'y')],
    initialisers: [floats('p', [1], [-1]), floats('w', [1, 1, 1, 1], [1])],
  }],
  ['an old operator set', 'MODEL-017', 'test', { nodes: [relu], opset: 6 }],
  ['a scale that is not positive', 'MODEL-016', 'quantizelinear-of-x', {
    nodes: [node('QuantizeLinear', ['x', 's'], 'y')], initialisers: [floats('s', [], [0])],
  }],
]; // prettier-ignore

describe('refusals name code, place and remedy', () => {
  test.for(FILES)('%s: %s at %s', ([, code, place, file]) => {
    expect(refusal(() => importModel(onnxFile(file), 'test'))).toEqual([code, place]);
  });
  it('text, nothing and halves are no ONNX files', () => {
    const whole = exampleBytes();
    const bad = [
      new TextEncoder().encode('{ "name": "no" }\n'),
      whole.subarray(0, 4000),
      whole.subarray(100),
    ];
    for (const bytes of bad) expect(refusal(() => importModel(bytes, 'file'))).toEqual(['MODEL-001', 'file']);
    expect(refusal(() => importModel(new Uint8Array(0), 'file'))).toEqual(['MODEL-002', 'file']);
  });
  it('an input of the wrong size', () => {
    expect(refusal(() => runFloat(exampleModel(), [new Float32Array(63)]))).toEqual(['MODEL-020', 'x']);
  });
  const FOREIGN: [string, string][] = [
    ['onnx-ppocr-cls', 'MODEL-005'],
    ['tflite-hello-world', 'MODEL-001'],
  ];
  test.skipIf(skipCorpus).for(FOREIGN)(`corpus: %s is refused with %s${corpusNote}`, ([name, code]) => {
    expect(refusal(() => importModel(readCase(name).model, name))[0]).toBe(code);
  });
});

describe('verifyModel finds what importModel never writes', () => {
  const model = exampleModel();
  const [first, ...others] = model.nodes;
  const weights = model.tensors[first!.inputs[1]!]!;
  test.for([
    ['MODEL-201', { ...model, nodes: [...others, first!] }],
    ['MODEL-201', { ...model, nodes: [first!, first!, ...others] }],
    ['MODEL-202', { ...model, tensors: model.tensors.map((t) => (t.name === 'x' ? { ...t, shape: [1, 1, 9, 8] } : t)) }],
    ['MODEL-203', { ...model, tensors: model.tensors.map((t) => (t === weights ? { ...t, data: new Float32Array(1) } : t)) }],
  ] as const)('%s', ([code, broken]) => {
    expect(verifyModel(broken as Model).map((d) => d.code)).toContain(code);
  }); // prettier-ignore
});
