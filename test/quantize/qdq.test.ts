/** Quantised ONNX models: the corpus by its rule, and forms that it lacks against the float reference. */
import { describe, expect, it, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { importModel, runFloat } from '../../src-main/stages/model/index.ts';
import type { QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { adoptQdq, isQuantised, runInteger, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { argmax } from '../../src-main/flow/steps/test-set.ts';
import { exampleModel } from '../support/digits.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import type { NodeInit, TensorInit } from '../model/onnx-builder.ts';
import { floats, ints, node, onnxFile } from '../model/onnx-builder.ts';

const kinds = (graph: QuantGraph): string => graph.ops.map((op) => op.kind).join(' ');

describe(`rule Q: same answer, logits within one step${corpusNote}`, () => {
  // The share of logits equal to ONNX Runtime's, which rounds once and in float.
  test.skipIf(skipCorpus).for([
    ['digits-mlp-qdq', 0.1925, 0.99, 'quantize fullyConnected fullyConnected fullyConnected dequantize'],
    ['digits-cnn-qdq', 0.1371, 0.99, 'quantize conv maxPool conv maxPool fullyConnected dequantize'],
    ['digits-res-qdq', 0.1007, 0.8, 'quantize conv conv conv add averagePool fullyConnected dequantize'],
    ['digits-lstm-qdq', 0.0862, 0.99, 'float quantize fullyConnected dequantize'],
  ] as const)('%s', ([name, quantum, share, ops]) => {
    const c = readCase(name);
    const graph = adoptQdq(importModel(c.model, name).value).value;
    expect(verifyQuantGraph(graph)).toEqual([]);
    expect(kinds(graph)).toBe(ops);
    let [same, equal, worst] = [0, 0, 0];
    c.inputs.forEach((x, i) => {
      const [y] = runInteger(graph, [x as Float32Array]) as [Float32Array];
      if (argmax(y) === argmax(c.expected[i]!)) same++;
      y.forEach((v, k) => {
        const steps = Math.abs(v - c.expected[i]![k]!) / quantum;
        worst = Math.max(worst, steps);
        if (steps < 0.01) equal++;
      });
    });
    expect(same).toBe(360);
    expect(worst).toBeLessThan(1.01);
    expect(equal / 3600).toBeGreaterThan(share);
  });
});

describe(`damaged files${corpusNote}`, () => {
  test.skipIf(skipCorpus).for(['digits-cnn-qdq', 'digits-res-qdq', 'digits-lstm-qdq'] as const)(
    '%s, 100',
    (name) => {
      const { model } = readCase(name);
      for (let seed = 0; seed < 100; seed++) {
        const rng = makeRng(seed);
        const bytes = new Uint8Array(model);
        for (let n = 1 + Math.floor(rng() * 5); n > 0; n--)
          bytes[Math.floor(rng() * bytes.length)] = rng() * 256;
        try {
          const found = verifyQuantGraph(adoptQdq(importModel(bytes, name).value).value);
          expect(
            found.filter((d) => d.code !== 'QUANT-205'),
            `seed ${seed}`,
          ).toEqual([]);
        } catch (error) {
          expect(error, `seed ${seed}`).toBeInstanceOf(IngotError);
        }
      }
    },
  );
});

/** A file under construction: every tensor between its quantisation has a name. */
class Chain {
  readonly nodes: NodeInit[] = [];
  readonly initialisers: TensorInit[] = [];
  readonly rng = makeRng(7);
  readonly isUnsigned: boolean;

  constructor(isUnsigned = false) {
    this.isUnsigned = isUnsigned;
  }
  /** QuantizeLinear and DequantizeLinear of x; returns the float behind. */
  qdq(x: string, scale: number, zeroPoint: number): string {
    const [s, z] = [`${x}.s`, `${x}.z`];
    this.initialisers.push(floats(s, [], [scale]), this.byte(z, [], [zeroPoint]));
    this.nodes.push(
      node('QuantizeLinear', [x, s, z], `${x}.q`),
      node('DequantizeLinear', [`${x}.q`, s, z], `${x}.d`),
    );
    return `${x}.d`;
  }
  byte(name: string, dims: number[], values: number[]): TensorInit {
    const unsigned = this.isUnsigned;
    return {
      name,
      dims: dims.map(BigInt),
      dataType: unsigned ? 2 : 3,
      int32Data: unsigned ? values.map((v) => v + 128) : values,
    };
  }
  /** Random int8 weights with a scale per index of the axis, dequantised. */
  weights(name: string, dims: number[], axis: number): string {
    const count = dims.reduce((a, b) => a * b, 1);
    const channels = dims[axis]!;
    this.initialisers.push(
      this.byte(
        `${name}.q`,
        dims,
        Array.from({ length: count }, () => Math.floor(this.rng() * 255) - 127),
      ),
      floats(
        `${name}.s`,
        [channels],
        Array.from({ length: channels }, () => 0.002 + this.rng() * 0.004),
      ),
      this.byte(`${name}.z`, [channels], new Array<number>(channels).fill(0)),
    );
    this.nodes.push(node('DequantizeLinear', [`${name}.q`, `${name}.s`, `${name}.z`], name, { axis }));
    return name;
  }
  bias(name: string, count: number): string {
    this.initialisers.push(
      floats(
        name,
        [count],
        Array.from({ length: count }, () => this.rng() - 0.5),
      ),
    );
    return name;
  }
  add(...args: Parameters<typeof node>): string {
    this.nodes.push(node(...args));
    return args[2] as string;
  }

  /** Ends with y: int8 must stay within `steps` of the float reference on 20 random inputs. Returns the graph. */
  check(input: number[], output: string, scale: number, steps: number): QuantGraph {
    this.add('Identity', [output], 'y');
    const file = onnxFile({ inputs: { x: input }, nodes: this.nodes, initialisers: this.initialisers });
    const model = importModel(file, 'test').value;
    expect(isQuantised(model)).toBe(true);
    const graph = adoptQdq(model).value;
    expect(verifyQuantGraph(graph)).toEqual([]);
    const count = input.reduce((a, b) => a * b, 1);
    let [worst, differing, total] = [0, 0, 0];
    for (let i = 0; i < 20; i++) {
      const x = Float32Array.from({ length: count }, () => this.rng() * 4 - 2);
      const want = runFloat(model, [x])[0]!;
      const [got] = runInteger(graph, [x]) as [Float32Array];
      expect(got.length).toBe(want.length);
      got.forEach((v, k) => {
        const distance = Math.abs(v - want[k]!) / scale;
        worst = Math.max(worst, distance);
        if (distance > 0.01) differing++;
        total++;
      });
    }
    expect(worst).toBeLessThan(steps + 0.01);
    expect(differing / total).toBeLessThan(0.2);
    return graph;
  }
}

describe.each([
  ['int8', false],
  ['uint8', true],
])('forms, %s', (_, isUnsigned) => {
  it('Conv with stride, padding, dilation and Relu; NCHW in and out', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const attributes = { pads: [2, 1, 2, 0], strides: [1, 2], dilations: [2, 1] };
    const y = c.add('Conv', [x, c.weights('w', [5, 3, 3, 2], 0), c.bias('b', 5)], 'a', attributes);
    const graph = c.check([1, 3, 6, 7], c.qdq(c.add('Relu', [y], 'r'), 0.02, -128), 0.02, 1);
    expect(kinds(graph)).toBe('quantize conv dequantize');
  });
  it('depthwise Conv with multiplier 2 and Clip', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, -9);
    const y = c.add('Conv', [x, c.weights('w', [6, 1, 3, 3], 0)], 'a', { group: 3 });
    c.initialisers.push(floats('low', [], [0]), floats('high', [], [1]));
    const clip = c.add('Clip', [y, 'low', 'high'], 'r');
    const graph = c.check([1, 3, 6, 5], c.qdq(clip, 0.01, -100), 0.01, 1);
    expect(kinds(graph)).toBe('quantize depthwise dequantize');
    expect(graph.ops[1]).toMatchObject({ depthMultiplier: 2, requantize: { clampMin: -100, clampMax: 0 } });
  });
  it('Flatten of a map, MatMul with weights by column', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const pooled = c.qdq(c.add('MaxPool', [x], 'p', { kernel_shape: [2, 2], strides: [2, 2] }), 0.016, 3);
    const flat = c.add('Flatten', [pooled], 'f');
    const y = c.qdq(c.add('MatMul', [flat, c.weights('w', [18, 4], 1)], 'm'), 0.05, 0);
    expect(kinds(c.check([1, 2, 6, 6], y, 0.05, 1))).toBe('quantize maxPool fullyConnected dequantize');
  });
  it('a pool to another scale; an average to another is a depthwise layer of ones', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const max = c.qdq(c.add('MaxPool', [x], 'p', { kernel_shape: [2, 2] }), 0.013, -20);
    const y = c.qdq(c.add('AveragePool', [max], 'a', { kernel_shape: [3, 3], strides: [2, 2] }), 0.009, 5);
    // The table rounds once more.
    expect(kinds(c.check([1, 2, 6, 6], y, 0.009, 2))).toBe('quantize maxPool lut depthwise dequantize');
  });
  it('Add, Mul and Sub, the last broadcast; mean over the image', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const sum = c.qdq(c.add('Add', [x, c.qdq(c.add('Tanh', [x], 't'), 0.008, 0)], 's'), 0.025, 7);
    const product = c.qdq(c.add('Mul', [sum, x], 'm'), 0.04, -60);
    c.initialisers.push(ints('axes', [2], [2, 3]));
    const mean = c.qdq(c.add('ReduceMean', [product], 'e', { axes: [2, 3], keepdims: 1 }), 0.01, -40);
    const y = c.qdq(c.add('Sub', [product, mean], 'd'), 0.05, 0);
    expect(kinds(c.check([1, 3, 4, 5], y, 0.05, 1))).toBe('quantize lut add mul depthwise sub dequantize');
  });
  it('a mean over the image that drops its dimensions', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const mean = c.qdq(c.add('ReduceMean', [x], 'e', { axes: [2, 3], keepdims: 0 }), 0.004, -4);
    const y = c.qdq(c.add('Gemm', [mean, c.weights('w', [5, 3], 0)], 'g', { transB: 1 }), 0.01, 0);
    expect(kinds(c.check([1, 3, 4, 5], y, 0.01, 2))).toBe('quantize depthwise fullyConnected dequantize');
  });
  it('Concat of maps of several scales, Pad', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const a = c.qdq(c.add('Sigmoid', [x], 't'), 1 / 256, -128);
    const joined = c.qdq(c.add('Concat', [x, a], 'j', { axis: 1 }), 0.016, 3);
    c.initialisers.push(ints('pads', [8], [0, 0, 1, 2, 0, 0, 0, 1]));
    const y = c.qdq(c.add('Pad', [joined, 'pads'], 'p'), 0.016, 3);
    expect(kinds(c.check([1, 2, 3, 4], y, 0.016, 1))).toBe('quantize lut lut concat pad dequantize');
  });
  it('what has no int8 form stays float between boundary operators', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    const soft = c.qdq(c.add('Softmax', [x], 's', { axis: 1 }), 1 / 256, -128);
    const y = c.qdq(c.add('Gemm', [soft, c.weights('w', [4, 10], 0)], 'g', { transB: 1 }), 0.003, 0);
    const graph = c.check([1, 10], y, 0.003, 1);
    expect(kinds(graph)).toBe('quantize dequantize float quantize fullyConnected dequantize');
  });
  it('a reshape that moves bytes goes through floats and comes back the same', () => {
    const c = new Chain(isUnsigned);
    const x = c.qdq('x', 0.016, 3);
    c.initialisers.push(ints('shape', [4], [1, 3, 4, 2]));
    const reshaped = c.add('Reshape', [x, 'shape'], 'r');
    const y = c.qdq(c.add('Conv', [reshaped, c.weights('w', [2, 3, 1, 1], 0)], 'a'), 0.02, 0);
    const graph = c.check([1, 2, 3, 4], y, 0.02, 1);
    expect(kinds(graph)).toBe('quantize dequantize quantize conv dequantize');
  });
});

describe('and the rest', () => {
  it('QOperator files come to the same graph', () => {
    const c = new Chain();
    const byte = (name: string, v: number): string => (c.initialisers.push(c.byte(name, [], [v])), name);
    const real = (name: string, v: number): string => (c.initialisers.push(floats(name, [], [v])), name);
    c.weights('w', [4, 3, 3, 3], 0);
    c.nodes.length = 0;
    c.add('QuantizeLinear', ['x', real('xs', 0.016), byte('xz', 3)], 'xq');
    c.add('QLinearConv', ['xq', 'xs', 'xz', 'w.q', 'w.s', 'w.z', real('ys', 0.03), byte('yz', -5)], 'yq');
    const y = c.add('DequantizeLinear', ['yq', 'ys', 'yz'], 'd');
    expect(kinds(c.check([1, 3, 6, 5], y, 0.03, 1))).toBe('quantize conv dequantize');
  });
  it('the input is rounded to even, as ONNX says', () => {
    const c = new Chain();
    const x = c.qdq('x', 1, 0);
    const graph = c.check([1, 4], c.qdq(c.add('Relu', [x], 'r'), 1, 0), 1, 0);
    expect(runInteger(graph, [Float32Array.of(0.5, 1.5, 2.5, -0.5)])).toEqual([Float32Array.of(0, 2, 2, 0)]);
  });
  it('a float model is not quantised; integer inputs are refused', () => {
    expect(isQuantised(exampleModel())).toBe(false);
    const c = new Chain();
    c.initialisers.push(floats('s', [], [1]), c.byte('z', [], [0]));
    c.nodes.push(node('DequantizeLinear', ['x', 's', 'z'], 'y'));
    const file = onnxFile({
      inputs: { x: [1, 4] },
      inputTypes: { x: 3 },
      nodes: c.nodes,
      initialisers: c.initialisers,
    });
    expect(() => adoptQdq(importModel(file, 'test').value)).toThrow(IngotError);
  });
});
