/** Damaged and unsuitable .tflite files: always a typed refusal with place and remedy, or a graph that holds. */
import { describe, expect, it, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { importAnyModel, importTflite } from '../../src-main/stages/model/index.ts';
import { adopt, runInteger, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { type LiteFile, option, tfliteFile } from './tflite-builder.ts';
import { CASES } from './tflite-cases.ts';

/** Byte flips, whole words set to edge values, cuts and copies. */
function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const rng = makeRng(seed);
  const at = (): number => Math.floor(rng() * bytes.length);
  const out = bytes.slice();
  const words = [0, 1, -1, 2, 127, 255, 256, 65535, 0x7fffffff, -0x80000000, out.length];
  for (let n = 1 + Math.floor(rng() * 4); n > 0; n--) {
    const kind = rng();
    // Structure stands at the ends of a file, weights in the middle.
    const place =
      rng() < 0.5 ? at() : rng() < 0.5 ? Math.floor(rng() * 1500) : out.length - 1 - Math.floor(rng() * 4000);
    const i = Math.min(out.length - 4, Math.max(8, place));
    if (kind < 0.5) out[i] = Math.floor(rng() * 256);
    else if (kind < 0.9)
      new DataView(out.buffer).setInt32(i & ~3, words[Math.floor(rng() * words.length)]!, true);
    else out.copyWithin(i, at(), at());
  }
  return rng() < 0.05 ? out.slice(0, at()) : out;
}

/** True where the file was read; throws where trouble is not typed. */
function read(bytes: Uint8Array, note: string): boolean {
  try {
    const graph = adopt(importTflite(bytes, 'damaged').value).value;
    // A bias that can overflow is the verifier's to find, not a fault of the reader.
    const found = verifyQuantGraph(graph).filter((d) => d.code !== 'QUANT-205');
    expect(found, note).toEqual([]);
    const sizes = graph.tensors.map((t) => t.shape.reduce((a, b) => a * b, 1));
    if (Math.max(...sizes) < 20_000) {
      runInteger(
        graph,
        graph.inputs.map(
          (t) => new (graph.tensors[t]!.dtype === 'int8' ? Int8Array : Float32Array)(sizes[t]!),
        ),
      );
    }
    return true;
  } catch (error) {
    if (!(error instanceof IngotError)) throw new Error(`${note}: ${String(error)}`, { cause: error });
    expect(error.diagnostic.code, note).toMatch(/^(MODEL|QUANT)-\d{3}$/);
    expect(error.diagnostic.place && error.diagnostic.remedy, note).toBeTruthy();
    return false;
  }
}

describe('mutated files', () => {
  it('of every operator: 40 of each', () => {
    let readable = 0;
    for (const [name, make] of Object.entries(CASES)) {
      const { file } = make();
      for (let seed = 0; seed < 40; seed++) if (read(mutate(file, seed), `${name}, seed ${seed}`)) readable++;
    }
    expect(readable).toBeGreaterThan(500);
  });
  test.skipIf(skipCorpus).for(['tflite-hello-world', 'tflite-micro-speech', 'tflite-mnist-lstm'] as const)(
    `of %s: 150${corpusNote}`,
    (name) => {
      const { model } = readCase(name);
      for (let seed = 0; seed < 150; seed++)
        read(mutate(new Uint8Array(model), seed), `${name}, seed ${seed}`);
    },
  );
  it('cut at every length', () => {
    const { file } = CASES['conv SAME']!();
    for (let n = 0; n < file.length; n += 7) expect(read(file.slice(0, n), `${n} bytes`)).toBe(false);
  });
});

const act = (shape: readonly number[]) => ({ shape, scales: [0.1], zeroPoint: 3 });
const relu: LiteFile = {
  tensors: [act([1, 4]), act([1, 4])],
  ops: [{ code: 19, inputs: [0], outputs: [1] }],
  inputs: [0],
  outputs: [1],
};
const op = (code: number): LiteFile => ({ ...relu, ops: [{ code, inputs: [0], outputs: [1] }] });
const first = (tensor: object): LiteFile => ({
  ...relu,
  tensors: [{ ...relu.tensors[0]!, ...tensor }, relu.tensors[1]!],
});

describe('refusals name code and place', () => {
  test.for<[string, string, string, LiteFile]>([
    ['an operator that is not read', 'MODEL-061', 'operator 0', op(5)],
    ['a custom operator', 'MODEL-061', 'operator 0', op(32)],
    ['uint8', 'MODEL-062', 't0', first({ type: 'uint8' })],
    ['a tensor of nothing', 'MODEL-063', 't0', first({ shape: [1, 0] })],
    ['an absurd shape', 'MODEL-007', 't0', first({ shape: [1, 2 ** 30] })],
    ['a negative scale', 'MODEL-064', 't0', first({ scales: [-1] })],
    [
      'a float operator',
      'MODEL-065',
      'relu_0',
      { ...relu, tensors: relu.tensors.map((t) => ({ ...t, type: 'float32' as const })) },
    ],
    [
      'an operator without its input',
      'MODEL-010',
      'relu_0',
      { ...relu, ops: [{ code: 19, inputs: [], outputs: [1] }] },
    ],
    ['an input nobody computes', 'MODEL-010', 'relu_0', { ...relu, inputs: [1] }],
    ['a tensor computed twice', 'MODEL-012', 'relu_1', { ...relu, ops: [...relu.ops, ...relu.ops] }],
    ['too few values', 'MODEL-008', 't0', first({ data: new Int8Array(3) })],
    [
      'a stride of 0',
      'MODEL-063',
      'max_pool_2d_0',
      { ...relu, ops: [{ code: 17, inputs: [0], outputs: [1], options: [5, [option.i8(0)]] }] },
    ],
    ['no scale', 'QUANT-032', 't0', first({ scales: [] })],
    ['a zero point beyond int8', 'QUANT-032', 't0', first({ zeroPoint: 300 })],
    ['a Relu that changes the number of values', 'QUANT-030', 'relu_0', first({ shape: [1, 5] })],
    ['Relu6 to another scale', 'QUANT-032', 'relu6_0', { ...first({ scales: [0.2] }), ops: op(21).ops }],
    [
      'a pool over a vector',
      'QUANT-030',
      'max_pool_2d_0',
      {
        ...relu,
        ops: [
          {
            code: 17,
            inputs: [0],
            outputs: [1],
            options: [5, [1, 1, 1, 1, 1].map((v, i) => (i === 0 ? option.i8(v) : option.i32(v)))],
          },
        ],
      },
    ],
    [
      'a softmax of another scale',
      'QUANT-032',
      'softmax_0',
      { ...relu, ops: [{ code: 25, inputs: [0], outputs: [1], options: [9, [option.f32(1)]] }] },
    ],
    [
      'a float operand beside an int8 one (found by the fuzzer)',
      'QUANT-031',
      'add_0',
      {
        tensors: [act([1, 4]), { ...act([1, 4]), type: 'float32' }, act([1, 4])],
        ops: [{ code: 0, inputs: [0, 1], outputs: [2] }],
        inputs: [0, 1],
        outputs: [2],
      },
    ],
    ['a constant as data', 'QUANT-006', 'relu_0', first({ data: new Int8Array(4) })],
  ])('%s: %s at %s', ([, code, place, file]) => {
    let found: unknown;
    try {
      adopt(
        importTflite(
          tfliteFile(
            file.inputs[0] === 0 && file.tensors[0]!.data
              ? { ...file, inputs: [2], tensors: [...file.tensors, act([1])] }
              : file,
          ),
          'file',
        ).value,
      );
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(IngotError);
    const { diagnostic } = found as IngotError;
    expect([diagnostic.code, diagnostic.place]).toEqual([code, place]);
    expect(diagnostic.remedy).toBeTruthy();
  });
  it('a file that is none', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(9), new TextEncoder().encode('    TFL3')]) {
      expect(() => importTflite(bytes, 'f')).toThrow(IngotError);
    }
  });
  it('formats are told apart by their first bytes', () => {
    expect(importAnyModel(CASES['relu6']!().file, 'm').value.kind).toBe('integer');
  });
});
