/** Damaged files must give a Model that verifies, or an IngotError with code and remedy; never anything else. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { ModelSchema } from '../../src-main/stages/model/generated/onnx_pb.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, verifyModel } from '../../src-main/stages/model/index.ts';
import { quantize, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { readCase, skipCorpus } from '../support/corpus.ts';
import { exampleBytes } from '../support/digits.ts';
import { aten, pt2File, zipOf } from './pt2-builder.ts';

const RUNS = Number(process.env['INGOT_FUZZ_RUNS'] ?? 300);
/** A hang is anything longer than this; the machine may be busy. */
const HANG_MS = 5000;

type Rng = () => number;
const below = (rng: Rng, n: number): number => Math.floor(rng() * n);

/** Bytes flipped, cut off, cut out or doubled; mostly in the last half kilobyte, where the graph's ends are. */
function mutateBytes(original: Uint8Array, rng: Rng): Uint8Array {
  const at = (): number =>
    rng() < 0.5 ? below(rng, original.length) : original.length - 1 - below(rng, 512);
  const kind = below(rng, 4);
  if (kind === 0) return original.slice(0, at());
  const a = at();
  const b = Math.min(original.length, a + 1 + below(rng, 64));
  if (kind === 1) return Uint8Array.from(Buffer.concat([original.slice(0, a), original.slice(b)]));
  if (kind === 2) return Uint8Array.from(Buffer.concat([original.slice(0, b), original.slice(a)]));
  const bytes = original.slice();
  for (let i = 1 + below(rng, 8); i > 0; i--) bytes[at()] = below(rng, 256);
  return bytes;
}

const INTEGERS = [0n, 1n, -1n, 2n, 3n, 7n, 8n, 64n, 1n << 20n, 1n << 31n, -(1n << 31n), (1n << 63n) - 1n];
const TEXTS = [
  '',
  'x',
  'y',
  'Relu',
  'Conv',
  'Add',
  'Gemm',
  'Constant',
  'f.weight',
  '/Relu_output_0',
  'axis',
  'as_int',
  'torch.ops.aten.view.default',
  'weight_0',
  'c1.weight',
];

/** One value somewhere in a decoded file replaced by a nasty one: gets past the decoder, into the readers. */
function mutateValue(root: unknown, rng: Rng): void {
  let target = root as Record<string, unknown>;
  for (let depth = 0; depth < 24; depth++) {
    const keys = Object.keys(target).filter((k) => !k.startsWith('$'));
    const key = keys[below(rng, keys.length)];
    if (key === undefined) break;
    const value = target[key];
    if (typeof value === 'bigint') target[key] = INTEGERS[below(rng, INTEGERS.length)];
    else if (typeof value === 'boolean') target[key] = !value;
    else if (typeof value === 'string') target[key] = TEXTS[below(rng, TEXTS.length)];
    else if (typeof value === 'number') target[key] = NUMBERS[below(rng, NUMBERS.length)];
    else if (value instanceof Uint8Array) target[key] = value.slice(0, below(rng, value.length + 1));
    else if (Array.isArray(value) && rng() < 0.2) value.splice(below(rng, value.length), 1 + below(rng, 2));
    else if (value !== null && typeof value === 'object') {
      target = value as Record<string, unknown>;
      continue;
    }
    break;
  }
}

const NUMBERS = [0, 1, 2, 3, 6, 7, 8, 11, -1, 0.5, 2 ** 20, 2 ** 31, 2 ** 63, 1e30, NaN];

function mutateFields(original: Uint8Array, rng: Rng): Uint8Array {
  const model = fromBinary(ModelSchema, original);
  for (let i = 1 + below(rng, 2); i > 0; i--) mutateValue(model, rng);
  try {
    return toBinary(ModelSchema, model);
  } catch {
    return original; // the writer refuses a number out of its field's range
  }
}

/** As mutateFields, in the JSON of a .pt2 archive, zipped again with right checksums. */
function mutateJson(original: Uint8Array, rng: Rng): Uint8Array {
  const files = Object.entries(unzipSync(original));
  const entries = files.map(([name, data]) => {
    if (!/(model|weights_config)\.json$/.test(name)) return { name, data };
    const json = JSON.parse(new TextDecoder().decode(data)) as { graph_module?: Record<string, unknown> };
    // What the importer reads, and not the much larger notes beside it.
    const { graph, signature } = json.graph_module ?? {};
    for (let i = below(rng, 3); i > 0; i--) mutateValue(json.graph_module ? { graph, signature } : json, rng);
    return { name, data: new TextEncoder().encode(JSON.stringify(json)) };
  });
  return zipOf(entries);
}

/** A program of many operators: what the corpus' two small nets leave out. */
const manyOperators = (): Uint8Array =>
  pt2File({
    inputs: { x: [1, 2, 4, 4] },
    weights: {
      w: { shape: [4, 2, 3], values: new Array<number>(24).fill(0.5) },
      b: { shape: [4], values: [1, 2, 3, 4] },
    },
    nodes: [
      aten('slice.Tensor', { self: 'x', dim: 2, start: 0, end: 3 }, 's'),
      aten('permute.default', { self: 's', dims: [0, 1, 3, 2] }, 'p'),
      aten('flatten.using_ints', { self: 'p', start_dim: 2 }, 'f'),
      aten('conv1d.default', { input: 'f', weight: 'w', bias: 'b', padding: [1] }, 'c'),
      aten('softmax.int', { self: 'c', dim: 1 }, 'm'),
      aten('split.Tensor', { self: 'm', split_size: 2, dim: 1 }, [['g', 'h']]),
      aten('cat.default', { tensors: ['h', 'g'], dim: 1 }, 'k'),
      aten('mean.dim', { self: 'k', dim: [2] }, 'a'),
      aten('add.Tensor', { self: 'a', other: 'b' }, 'y'),
    ],
    outputs: ['y'],
  });

type Mutation = (original: Uint8Array, rng: Rng) => Uint8Array;
const files: [string, () => Uint8Array, Mutation][] = [
  ['example digits-cnn', exampleBytes, mutateFields],
  ['many operators of .pt2', manyOperators, mutateJson],
];
if (!skipCorpus) {
  for (const name of ['digits-mlp', 'digits-res', 'onnx-alibaba-ad', 'digits-lstm', 'digits-cnn-qdq'])
    files.push([name, () => readCase(name).model, mutateFields]);
  files.push(['pt2-edge-bn-core-aten', () => readCase('pt2-edge-bn-core-aten').model, mutateJson]);
}

describe.for(files)('%s', ([, load, mutateInside]) => {
  const original = Uint8Array.from(load());
  test.for([
    ['bytes', mutateBytes],
    ['fields', mutateInside],
  ] as const)(`${RUNS} mutations of %s, seeds 1 to ${RUNS}`, ([, mutate]) => {
    const outcomes = new Map<string, number>();
    for (let seed = 1; seed <= RUNS; seed++) {
      const outcome = attempt(mutate(original, makeRng(seed)), seed);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // A generator that only ever breaks the decoder, or nothing at all, would prove little.
    expect(outcomes.size).toBeGreaterThanOrEqual(mutate === mutateInside ? 4 : 2);
  });
});

function attempt(bytes: Uint8Array, seed: number): string {
  const start = performance.now();
  const outcome = outcomeOf(bytes, seed);
  expect(performance.now() - start, `seed ${seed}`).toBeLessThan(HANG_MS);
  return outcome;
}

function outcomeOf(bytes: Uint8Array, seed: number): string {
  try {
    const { value } = importModel(bytes, 'fuzzed');
    expect(verifyModel(value), `seed ${seed}`).toEqual([]);
    quantizeToo(value, seed);
    return 'model';
  } catch (e) {
    if (!(e instanceof IngotError)) throw new Error(`seed ${seed}`, { cause: e });
    expect(e.diagnostic.code, `seed ${seed}`).toMatch(/^(MODEL|QUANT)-0\d\d$/);
    expect(e.diagnostic.remedy, `seed ${seed}`).toBeTruthy();
    return e.diagnostic.code;
  }
}

/** A damaged model that still imports must quantise to a graph that verifies, or be refused. */
function quantizeToo(model: Model, seed: number): void {
  const size = (t: number): number => model.tensors[t]!.shape.reduce((a, b) => a * b, 1);
  const isSmall = model.tensors.every((_, t) => size(t) < 20_000) && model.inputs.length === 1;
  if (!isSmall || seed % 4 !== 0) return;
  const sample = Float32Array.from({ length: size(model.inputs[0]!) }, (_, i) => (i % 16) / 16);
  expect(verifyQuantGraph(quantize(model, [sample]).value), `seed ${seed}`).toEqual([]);
}
