/** The small passes: each does its one thing, leaves the bytes as they are, and can be switched off. */
import { describe, expect, it, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { PASS_NAMES, runPasses } from '../../src-main/stages/passes/index.ts';
import type { QuantGraph, QuantOp, QuantTensor } from '../../src-main/stages/quantize/index.ts';
import { runInteger, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { randomBytes, randomNet } from './random-nets.ts';

type Shape = [number, number, number];
const tensor = (name: string, [h, w, c]: Shape, zeroPoint = 3, data?: Int8Array): QuantTensor => ({
  name, dtype: 'int8', shape: [h, w, c], modelShape: [1, h, w, c], scale: 0.5, zeroPoint, ...(data ? { data } : {}),
}); // prettier-ignore
const graphOf = (tensors: QuantTensor[], ops: QuantOp[], output = tensors.length - 1): QuantGraph => ({
  name: 'small', tensors, ops, inputs: [0], outputs: [output],
}); // prettier-ignore
const base = (name: string, input: number, output: number) => ({ name, input, output });
const random = makeRng(9);
const bytes = (n: number): Int8Array => Int8Array.from({ length: n }, () => Math.floor(random() * 255) - 127);
const pixel = {
  kernelH: 1,
  kernelW: 1,
  strideH: 1,
  strideW: 1,
  padTop: 0,
  padLeft: 0,
  padBottom: 0,
  padRight: 0,
};

/** 3×3 convolution of c to c channels. */
const conv = (name: string, input: number, output: number, c: number, pad: number): QuantOp => ({
  ...base(name, input, output), ...pixel, kind: 'conv', kernelH: 3, kernelW: 3, padTop: pad, padLeft: pad, padBottom: pad,
  padRight: pad, weights: bytes(9 * c * c), bias: new Int32Array(c).fill(100),
  requantize: { multiplierQ31: new Int32Array(c).fill(2 ** 30), shift: new Int32Array(c).fill(-6), clampMin: -128, clampMax: 127 },
}); // prettier-ignore
const lut = (name: string, input: number, output: number, f: (v: number) => number): QuantOp => ({
  ...base(name, input, output), kind: 'lut', table: Int8Array.from({ length: 256 }, (_, i) => f(i - 128)),
}); // prettier-ignore

/** Runs all passes; the graph stays sound and gives the same bytes. Returns the operators' kinds and names. */
function simplified(graph: QuantGraph): string {
  expect(verifyQuantGraph(graph)).toEqual([]);
  const result = runPasses(graph);
  expect(verifyQuantGraph(result.graph)).toEqual([]);
  for (let i = 0; i < 4; i++) {
    const x = randomBytes(graph, i);
    expect(runInteger(result.graph, [x])).toEqual(runInteger(graph, [x]));
  }
  return result.graph.ops.map((op) => `${op.kind} ${op.name}`).join(', ');
}

const MAP: Shape = [4, 5, 2];
const inMap = (...names: string[]): QuantTensor[] => names.map((n) => tensor(n, MAP));
const add = { input1: { multiplierQ31: 2 ** 30, shift: 0 }, input2: { multiplierQ31: 2 ** 30, shift: 0 }, outputScale: { multiplierQ31: 2 ** 30, shift: -18 }, clampMin: -128, clampMax: 127 }; // prettier-ignore

describe('passes', () => {
  it('dead code: operators and tensors that reach no output', () => {
    const ops = [conv('a', 0, 1, 2, 1), conv('b', 0, 2, 2, 1), lut('c', 2, 3, (v) => -v - 1)];
    expect(simplified(graphOf(inMap('x', 'y', 'u', 'v'), ops, 1))).toBe('conv a');
  });
  it('reshapes: chains, and before a fully connected layer', () => {
    const flat: Shape = [1, 1, 40];
    const fc: QuantOp = {
      ...base('fc', 3, 4), kind: 'fullyConnected', weights: bytes(120), bias: new Int32Array(3),
      requantize: { multiplierQ31: new Int32Array(3).fill(2 ** 30), shift: new Int32Array(3).fill(-8), clampMin: -128, clampMax: 127 },
    }; // prettier-ignore
    const tensors = [...inMap('x', 'a'), tensor('r', [2, 10, 2]), tensor('f', flat), tensor('y', [1, 1, 3])];
    const ops: QuantOp[] = [
      conv('conv', 0, 1, 2, 1),
      { ...base('one', 1, 2), kind: 'reshape' },
      { ...base('two', 2, 3), kind: 'reshape' },
      fc,
    ];
    expect(simplified(graphOf(tensors, ops))).toBe('conv conv, fullyConnected fc');
    // The model's output keeps its shape.
    expect(simplified(graphOf(tensors.slice(0, 4), ops.slice(0, 3)))).toBe('conv conv, reshape two');
  });
  it('pads: a border of zero points is the padding of the convolutions that read it, another value is not', () => {
    const tensors = [tensor('x', MAP), tensor('p', [6, 7, 2]), tensor('y', MAP)];
    const pad = (value: number): QuantOp => ({
      ...base('pad', 0, 1), kind: 'pad', dims: [1, 4, 5, 2], before: [0, 1, 1, 0], after: [0, 1, 1, 0], value,
    }); // prettier-ignore
    expect(simplified(graphOf(tensors, [pad(3), conv('conv', 1, 2, 2, 0)]))).toBe('conv conv');
    expect(simplified(graphOf(tensors, [pad(4), conv('conv', 1, 2, 2, 0)]))).toBe('pad pad, conv conv');
  });
  it('tables: two in a row are one; one that changes nothing goes', () => {
    const ops = [conv('conv', 0, 1, 2, 1), lut('neg', 1, 2, (v) => -v - 1), lut('half', 2, 3, (v) => v >> 1), lut('same', 3, 4, (v) => v), conv('last', 4, 5, 2, 1)]; // prettier-ignore
    expect(simplified(graphOf(inMap('x', 'a', 'b', 'c', 'd', 'y'), ops))).toBe(
      'conv conv, lut half, conv last',
    );
  });
  it('clamps: a table or window of one moves into what was before, unless that has another reader', () => {
    const clamp: QuantOp = { ...base('relu', 1, 2), ...pixel, kind: 'maxPool', clampMin: 3, clampMax: 90 };
    expect(simplified(graphOf(inMap('x', 'a', 'y'), [conv('conv', 0, 1, 2, 1), clamp]))).toBe('conv conv');
    const table = lut('six', 1, 2, (v) => Math.min(60, Math.max(3, v)));
    expect(simplified(graphOf(inMap('x', 'a', 'y'), [conv('conv', 0, 1, 2, 1), table]))).toBe('conv conv');
    const both: QuantOp = { name: 'add', kind: 'add', inputs: [1, 2], output: 3, ...add };
    expect(simplified(graphOf(inMap('x', 'a', 'b', 'y'), [conv('conv', 0, 1, 2, 1), clamp, both]))).toBe(
      'conv conv, maxPool relu, add add',
    );
  });
  it('a product or sum with one constant value is a table; operators on constants are computed', () => {
    const one = (name: string, v: number): QuantTensor => ({ ...tensor(name, [1, 1, 1], 3, Int8Array.of(v)), modelShape: [1, 1] }); // prettier-ignore
    const shapes = [[1, 4, 5, 2], [1, 1, 1, 1]] as const; // prettier-ignore
    const tensors = [tensor('x', MAP), one('k', 9), { ...one('j', 0), data: undefined } as unknown as QuantTensor, ...inMap('a', 'y')]; // prettier-ignore
    delete (tensors[2] as { data?: unknown }).data;
    const ops: QuantOp[] = [
      lut('fold', 1, 2, (v) => v + 7),
      { name: 'mul', kind: 'mul', inputs: [0, 2], shapes, output: 3, outputScale: { multiplierQ31: 2 ** 30, shift: 0 }, clampMin: -128, clampMax: 127 },
      { name: 'sub', kind: 'sub', inputs: [3, 1], shapes, output: 4, ...add },
    ]; // prettier-ignore
    expect(simplified(graphOf(tensors, ops))).toBe('lut sub');
  });
  test.for(PASS_NAMES)('%s can be switched off', (pass) => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = randomNet(seed);
      const off = runPasses(graph, { off: [pass] });
      const report = off.reports.find((r) => r.pass === pass)!;
      expect([report.isOn, report.changes, report.saved.ops, report.saved.macs]).toEqual([false, [], 0, 0]);
      expect(off.elimination === undefined).toBe(pass === 'constantChannels');
      const x = randomBytes(graph, seed);
      expect(runInteger(off.graph, [x])).toEqual(runInteger(graph, [x]));
    }
    const net = randomNet(1);
    const none = runPasses(net, { off: PASS_NAMES });
    expect(none.graph).toBe(net);
    expect(none.after).toEqual(none.before);
  });
});
