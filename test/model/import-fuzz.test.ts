/** Damaged files must give a Model that verifies, or an IngotError with code and remedy; never anything else. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { makeRng } from '../../src-main/base/rng.ts';
import { ModelSchema } from '../../src-main/stages/model/generated/onnx_pb.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, verifyModel } from '../../src-main/stages/model/index.ts';
import { quantize, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { readCase, skipCorpus } from '../support/corpus.ts';
import { exampleBytes } from '../support/digits.ts';

const RUNS = 400;

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
const TEXTS = ['', 'x', 'y', 'Relu', 'Conv', 'Add', 'Gemm', 'Constant', 'f.weight', '/Relu_output_0', 'axis'];

/** One value somewhere in the decoded file replaced by a nasty one: gets past the decoder, into the readers. */
function mutateFields(original: Uint8Array, rng: Rng): Uint8Array {
  const model = fromBinary(ModelSchema, original);
  for (let i = 1 + below(rng, 2); i > 0; i--) {
    let target: Record<string, unknown> = model as unknown as Record<string, unknown>;
    for (let depth = 0; depth < 12; depth++) {
      const keys = Object.keys(target).filter((k) => !k.startsWith('$'));
      const key = keys[below(rng, keys.length)];
      if (key === undefined) break;
      const value = target[key];
      if (typeof value === 'bigint') target[key] = INTEGERS[below(rng, INTEGERS.length)];
      else if (typeof value === 'string') target[key] = TEXTS[below(rng, TEXTS.length)];
      else if (typeof value === 'number') target[key] = [0, 1, 3, 6, 7, 8, 11, -1, 1e30, NaN][below(rng, 10)];
      else if (value instanceof Uint8Array) target[key] = value.slice(0, below(rng, value.length + 1));
      else if (Array.isArray(value) && rng() < 0.2) value.splice(below(rng, value.length), 1 + below(rng, 2));
      else if (value !== null && typeof value === 'object') {
        target = value as Record<string, unknown>;
        continue;
      }
      break;
    }
  }
  try {
    return toBinary(ModelSchema, model);
  } catch {
    return original; // the writer refuses a number out of its field's range
  }
}

const files: [string, () => Uint8Array][] = [['example digits-cnn', exampleBytes]];
if (!skipCorpus) {
  for (const name of ['digits-mlp', 'digits-res', 'onnx-alibaba-ad'])
    files.push([name, () => readCase(name).model]);
}

describe.for(files)('%s', ([, load]) => {
  const original = Uint8Array.from(load());
  test.for([
    ['bytes', mutateBytes],
    ['fields', mutateFields],
  ] as const)(`${RUNS} mutations of %s, seeds 1 to ${RUNS}`, ([, mutate]) => {
    const outcomes = new Map<string, number>();
    for (let seed = 1; seed <= RUNS; seed++) {
      const outcome = attempt(mutate(original, makeRng(seed)), seed);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // A generator that only ever breaks the decoder, or nothing at all, would prove little.
    expect(outcomes.size).toBeGreaterThanOrEqual(4);
  });
});

function attempt(bytes: Uint8Array, seed: number): string {
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
