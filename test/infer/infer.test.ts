/** `ingot infer` on the built-in example and on the corpus, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { InferResult } from '../../src-main/flow/index.ts';
import { readNpy, samplesOf } from '../../src-main/stages/model/index.ts';
import { caseNames, enginesOf, judgeCase, ruleOf } from '../check-corpus/cases.ts';
import { corpusNote, skipCorpus } from '../support/corpus.ts';
import { errorOf, ingot } from '../support/ingot.ts';
import { testTool } from '../support/tools.ts';

const example = (name: string): string =>
  resolve(import.meta.dirname, '../../resources/examples/digits', name);
const model = example('digits-cnn.onnx');
const images = example('test-images.npy');
const calibration = example('calibration-images.npy');
const folder = mkdtempSync(join(tmpdir(), 'ingot-infer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let runs = 0;
interface Inferred {
  readonly result: InferResult;
  readonly logits: Float32Array;
}

async function infer(...args: string[]): Promise<Inferred> {
  const out = join(folder, `run${runs++}`);
  const end = await ingot(['infer', model, '--out', out, '--json', ...args]);
  expect(end.code, end.err).toBe(0);
  const result = JSON.parse(end.out) as InferResult;
  expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual(result);
  const bytes = new Uint8Array(readFileSync(join(out, result.outputs[0]!.file)));
  return { result, logits: new Float32Array(bytes.buffer) };
}

describe('on the digits example', () => {
  test('float outputs are those expected; raw and .npy inputs give the same', async () => {
    const npy = await infer('--input', images);
    const raw = join(folder, 'images.bin');
    const floats = Float32Array.from(readNpy(new Uint8Array(readFileSync(images))).data);
    writeFileSync(raw, new Uint8Array(floats.buffer));
    const bin = await infer('--input', raw);
    expect(npy.result).toMatchObject({ engine: 'float', samples: 360, chip: null, cycles: null });
    expect(npy.result.outputs).toEqual([
      { name: npy.result.outputs[0]!.name, dtype: 'float32', shape: [1, 10], file: 'output.0.bin' },
    ]);
    expect(bin.logits).toEqual(npy.logits);
    const expected = samplesOf(readNpy(new Uint8Array(readFileSync(example('test-expected.npy')))));
    let worst = 0;
    expected.forEach((want, s) =>
      want.forEach((v, k) => (worst = Math.max(worst, Math.abs(v - npy.logits[s * 10 + k]!)))),
    );
    expect(worst).toBeLessThan(1e-4);
  });

  test('int8, the simulator on two chips: the same bytes, other cycles', async () => {
    const int8 = await infer('--input', images, '--calibration', calibration, '--engine', 'int8');
    const wide = await infer('--input', images, '--calibration', calibration);
    const small = await infer(
      '--input',
      images,
      '--calibration',
      calibration,
      '--chip',
      '1x4',
      '--lanes',
      '1',
    );
    expect(wide.result).toMatchObject({ engine: 'simulator', chip: { rows: 4, columns: 16, lanes: 16 } });
    expect(wide.logits).toEqual(int8.logits);
    expect(small.logits).toEqual(int8.logits);
    expect(small.result.cycles![0]).toBeGreaterThan(4 * wide.result.cycles![0]!);
    expect(new Set(wide.result.cycles).size).toBe(1);
    expect(wide.result.segments.map((s) => s.on)).toEqual(['host', 'engine', 'host']);
  });

  const verilator = testTool('verilator');
  test.skipIf(!verilator.path)(`the RTL in Verilator agrees${verilator.note}`, async () => {
    const one = join(folder, 'one.bin');
    const floats = Float32Array.from(readNpy(new Uint8Array(readFileSync(images))).data.subarray(0, 3 * 64));
    writeFileSync(one, new Uint8Array(floats.buffer));
    const args = ['--input', one, '--calibration', calibration, '--chip', '2x4'];
    const rtl = await infer(...args, '--engine', 'rtl');
    const simulator = await infer(...args);
    expect(rtl.result.engine).toBe('rtl');
    expect(rtl.logits).toEqual(simulator.logits);
    expect(rtl.result.cycles).toEqual(simulator.result.cycles);
  });
});

describe('refuses', () => {
  const refusals: readonly [name: string, code: string, exit: number, args: readonly string[]][] = [
    ['half a sample', 'INFER-001', 3, ['--input', model]],
    ['the wrong type in .npz or .npy', 'MODEL-031', 3, ['--input', 'COMPLEX']],
    ['an integer engine without calibration', 'INFER-004', 3, ['--input', images, '--engine', 'int8']],
    ['too few inputs', 'INFER-006', 3, []],
    ['an unknown engine', 'INFER-007', 2, ['--input', images, '--engine', 'gpu']],
    ['a chip without shape', 'INFER-008', 2, ['--input', images, '--chip', 'big']],
    ['an impossible chip', 'CHIP-003', 3, ['--input', images, '--chip', '4x5']],
    ['a tensor without shape', 'INFER-008', 2, ['--input', images, '--shape', '1xx8']],
    ['a file that is not there', 'FILE-001', 3, ['--input', join(folder, 'none.bin')]],
  ];
  test.each(refusals)('%s', async (_name, code, exit, args) => {
    const odd = join(folder, 'complex.npy');
    const header = "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }".padEnd(117) + '\n';
    writeFileSync(
      odd,
      Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(header), Buffer.alloc(8)]),
    );
    const given = args.map((a) => (a === 'COMPLEX' ? odd : a));
    const end = await ingot(['infer', model, '--out', join(folder, 'refused'), '--json', ...given]);
    const error = errorOf(end);
    expect(error?.code, end.err).toBe(code);
    expect(error?.place && error.remedy).toBeTruthy();
    expect(end.code).toBe(exit);
  });
});

describe.skipIf(skipCorpus)(`the corpus${corpusNote}`, () => {
  const pairs = skipCorpus
    ? []
    : caseNames().flatMap((name) => enginesOf(ruleOf(name)).map((e) => [name, e] as const));
  test.each(pairs)('%s by %s keeps its rule on every sample', async (name, engine) => {
    const { passed, samples, worst } = await judgeCase(name, engine);
    expect([passed, worst]).toEqual([samples, expect.any(Number)]);
  });
});
