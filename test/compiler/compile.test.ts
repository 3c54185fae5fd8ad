import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { DEMO_CHIP, assemble, decode, disassemble, encode } from '../../src-main/stages/chip/index.ts';
import { compile, verifyProgram, type Program } from '../../src-main/stages/compiler/index.ts';
import type { ConvOp, QuantGraph, QuantOp } from '../../src-main/stages/quantize/types.ts';
import { quantize, quantizeInput, runCore } from '../../src-main/stages/quantize/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { codeOf } from '../support/code-of.ts';
import { chipOf } from '../support/chips.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { exampleSamples, loadDigits } from '../support/digits.ts';
import { importModel } from '../../src-main/stages/model/index.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';

/** A graph of one operator on [4, 4, 2]. */
function single(
  op: (g: { input: number; output: number }) => QuantOp,
  out: [number, number, number],
): QuantGraph {
  const tensor = (name: string, shape: [number, number, number]) => ({
    name,
    dtype: 'int8' as const,
    shape,
    modelShape: [1, ...shape],
    scale: 0.1,
    zeroPoint: 3,
  });
  return {
    name: 'single',
    tensors: [tensor('in', [4, 4, 2]), tensor('out', out)],
    ops: [op({ input: 0, output: 1 })],
    inputs: [0],
    outputs: [1],
  };
}

const conv = (change: Partial<ConvOp>): ((g: { input: number; output: number }) => QuantOp) => {
  return ({ input, output }) => ({
    kind: 'conv',
    name: 'the-conv',
    input,
    output,
    kernelH: 1,
    kernelW: 1,
    strideH: 1,
    strideW: 1,
    padTop: 0,
    padLeft: 0,
    padBottom: 0,
    padRight: 0,
    weights: new Int8Array(4).fill(3),
    bias: new Int32Array(2),
    requantize: {
      multiplierQ31: new Int32Array(2).fill(2 ** 30),
      shift: new Int32Array(2).fill(-3),
      clampMin: -128,
      clampMax: 127,
    },
    ...change,
  });
};

describe('compile', () => {
  it('is deterministic', () => {
    const chip = chipOf(2, 4);
    expect(compile(randomGraph(5), chip)).toEqual(compile(randomGraph(5), chip));
  });

  it('gives legal programs that survive disassembly', () => {
    for (const [rows, columns] of [
      [1, 2],
      [1, 4],
      [2, 8],
      [4, 16],
    ] as const)
      for (let seed = 0; seed < 15; seed++) {
        const chip = chipOf(rows, columns);
        const program = compile(randomGraph(seed), chip).value;
        expect(verifyProgram(program, chip).diagnostics, `seed ${seed}, ${rows}x${columns}`).toEqual([]);
        expect(assemble(disassemble(program.words))).toEqual(program.words);
      }
  });

  it('names what it refuses', () => {
    const chip = chipOf(1, 4);
    const add = single(
      ({ output }) => ({
        kind: 'add',
        name: 'the-add',
        inputs: [0, 0],
        output,
        input1: { multiplierQ31: 0, shift: 0 },
        input2: { multiplierQ31: 0, shift: 0 },
        outputScale: { multiplierQ31: 0, shift: 0 },
        clampMin: -128,
        clampMax: 127,
      }),
      [4, 4, 2],
    );
    expect(codeOf(() => compile(add, chip)).code).toBe('COMPILE-010');
    const up = {
      multiplierQ31: new Int32Array(2).fill(2 ** 30),
      shift: Int32Array.of(-1, 2),
      clampMin: -128,
      clampMax: 127,
    };
    expect(codeOf(() => compile(single(conv({ requantize: up }), [4, 4, 2]), chip)).code).toBe('COMPILE-012');
    const huge = single(conv({ bias: Int32Array.of(0, 2 ** 30) }), [4, 4, 2]);
    expect(codeOf(() => compile(huge, chip)).code).toBe('COMPILE-021');
    expect(codeOf(() => compile(huge, chipOf(1, 4, { accumulatorBits: 32 }))).code).toBe('none');
    const plain = single(conv({}), [4, 4, 2]);
    expect(codeOf(() => compile(plain, chipOf(1, 4, { activationBytes: 40 }))).code).toBe('COMPILE-020');
    expect(codeOf(() => compile(randomGraph(1), chipOf(1, 4, { weightWords: 3 }))).code).toBe('COMPILE-022');
    const padded = single(
      ({ input, output }) => ({
        ...{
          kind: 'averagePool',
          name: 'avg',
          input,
          output,
          kernelH: 3,
          kernelW: 3,
          strideH: 1,
          strideW: 1,
        },
        ...{ padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, clampMin: -128, clampMax: 127 },
      }),
      [4, 4, 2],
    );
    expect(codeOf(() => compile(padded, chip)).code).toBe('COMPILE-014');
  });
});

describe('verifyProgram', () => {
  const chip = chipOf(2, 4);
  const graph = randomGraph(8, { layers: 2 });
  const program = compile(graph, chip).value;

  const changed = (edit: (text: string) => string): Program => ({
    ...program,
    words: assemble(edit(disassemble(program.words))),
  });
  const codes = (p: Program): string[] => verifyProgram(p, chip).diagnostics.map((d) => d.code);

  it('finds deadlocks, port conflicts and lost bytes', () => {
    expect(codes(changed((t) => t.replace('LDA wait=- signal=loadToExec', 'LDA wait=- signal=-')))).toContain(
      'VERIFY-103',
    );
    expect(codes(changed((t) => t.replace('EXEC wait=loadToExec', 'EXEC wait=-')))).toContain('VERIFY-104');
    expect(codes(changed((t) => t.replace(/(LDA.* run=)\d+/, '$12')))).toContain('VERIFY-106');
    expect(codes(changed((t) => t.replace(/(ST .* run=)\d+/, '$1900')))).toContain('VERIFY-107');
    expect(codes(changed((t) => t.replace(/(EXEC .*dest=)\d+/, '$14095')))).toContain('VERIFY-105');
    expect(codes(changed((t) => t.replace(/(EXEC .*weight=)\d+/, '$18000')))).toContain('VERIFY-111');
    expect(codes({ ...program, biases: program.biases.map(() => 2 ** 23) })).toContain('VERIFY-113');
  });

  // A random change of one field must be found, or leave the program's meaning as it was.
  it('lets no random change of a field through that changes an answer', () => {
    const random = makeRng(11);
    const inputs = randomInputs(graph, 2, 4);
    const expected = inputs.map((x) => runCore(graph, x));
    let found = 0;
    // Fields that set the arithmetic of a legal program, not its legality.
    const free = new Set(['zeroPoint', 'clampLo', 'clampHi', 'padByte', 'tag', 'weight', 'param']);
    for (let i = 0; i < 150; i++) {
      const instructions = decode(program.words).map((x) => ({ ...x, fields: { ...x.fields } }));
      const target = instructions[Math.floor(random() * instructions.length)]!;
      const names = Object.keys(target.fields).filter((n) => !free.has(n));
      if (names.length === 0) continue;
      const name = names[Math.floor(random() * names.length)]!;
      target.fields[name] = target.fields[name]! + (random() < 0.5 ? 1 : -1);
      let mutant: Program;
      try {
        mutant = { ...program, words: encode(instructions) };
      } catch {
        continue; // does not fit the field
      }
      if (verifyProgram(mutant, chip).diagnostics.length > 0) {
        found++;
        continue;
      }
      expect(simulate(mutant, chip, inputs).outputs, `${target.op}.${name}`).toEqual(expected);
    }
    expect(found).toBeGreaterThan(60);
  });
});

describe('digits CNN', () => {
  it('fuses pooling and needs 192 bytes', () => {
    const { graph } = loadDigits();
    const program = compile(graph, DEMO_CHIP).value;
    expect(program.layers).toHaveLength(3);
    expect(Math.max(...program.memoryMap.map((r) => r.address + r.bytes))).toBe(192);
    expect(codeOf(() => compile(graph, { ...DEMO_CHIP, activationBytes: 188 })).code).toBe('COMPILE-020');
    expect(verifyProgram(program, DEMO_CHIP).diagnostics).toEqual([]);
    expect(program.cycles.latency).toBeLessThanOrEqual(6846);
  });

  it.skipIf(skipCorpus)(`with a residual connection runs on a chip with add${corpusNote}`, () => {
    const model = importModel(readCase('digits-res').model, 'digits-res').value;
    const graph = quantize(model, exampleSamples('calibration-images')).value;
    const chip = { ...DEMO_CHIP, add: true, activationBytes: 4096 };
    expect(codeOf(() => compile(graph, { ...chip, add: false })).code).toBe('COMPILE-010');
    const program = compile(graph, chip).value;
    expect(program.layers.some((l) => l.kind === 'add')).toBe(true);
    expect(verifyProgram(program, chip).diagnostics).toEqual([]);
    const [input] = exampleSamples('test-images').map((x) => quantizeInput(graph, x));
    expect(simulate(program, chip, [input!]).outputs[0]).toEqual(runCore(graph, input!));
  });
});
