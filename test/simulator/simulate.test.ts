import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { DEMO_CHIP } from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { requantizeValue } from '../../src-main/stages/simulator/requantize.ts';
import { chipOf } from '../support/chips.ts';
import { loadDigits } from '../support/digits.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';

describe('requantiser lane', () => {
  it('agrees with exact big integers', () => {
    const random = makeRng(1);
    for (let i = 0; i < 50_000; i++) {
      const bits = 1 + Math.floor(random() * 31);
      const acc = Math.floor(random() * 2 ** bits) - 2 ** (bits - 1);
      const q = random() < 0.1 ? 2 ** 30 : Math.floor(random() * 2 ** 31);
      const shift = Math.floor(random() * 32);
      expect(requantizeValue(acc, q, shift, false, 0, -(2 ** 31), 2 ** 31), `${acc} ${q} ${shift}`).toBe(
        exact(acc, q, shift),
      );
    }
  });
});

/** gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT, as published, on big integers. */
function exact(acc: number, q: number, shift: number): number {
  const product = BigInt(acc) * BigInt(q);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  const high = (product + nudge) / (1n << 31n);
  const mask = (1n << BigInt(shift)) - 1n;
  const threshold = (mask >> 1n) + (high < 0n ? 1n : 0n);
  return Number((high >> BigInt(shift)) + ((high & mask) > threshold ? 1n : 0n));
}

describe('simulate', () => {
  const shapes = [
    [1, 4, 1, 8],
    [2, 4, 1, 4],
    [4, 4, 2, 8],
    [4, 16, 8, 4],
    [3, 8, 8, 16],
    [1, 2, 1, 4],
  ] as const;
  it.each(shapes)(
    '%d x %d, %d lanes of %d cycles: values as the integer reference, cycles as predicted',
    (rows, columns, lanes, requantizeCycles) => {
      const chip = chipOf(rows, columns, { lanes, requantizeCycles });
      for (let seed = 0; seed < 25; seed++) {
        const graph = randomGraph(seed);
        const program = compile(graph, chip).value;
        const inputs = randomInputs(graph, 3, seed);
        const result = simulate(program, chip, inputs);
        expect(result.outputs, `seed ${seed}`).toEqual(inputs.map((x) => runCore(graph, x)));
        expect(
          result.layers.map((l) => l.cycles),
          `seed ${seed}`,
        ).toEqual(program.layers.map((l) => l.cyclesPredicted));
        expect(new Set(result.cycles).size).toBe(1);
      }
    },
  );

  it('counts stream gaps', () => {
    const chip = chipOf(1, 4);
    const graph = randomGraph(2);
    const program = compile(graph, chip).value;
    const inputs = randomInputs(graph, 2, 1);
    const free = simulate(program, chip, inputs);
    const slow = simulate(program, chip, inputs, { gaps: { input: 2, output: 1 } });
    expect(slow.cycles[0]! - free.cycles[0]!).toBe(2 * (program.inputBytes - 1) + (program.outputBytes - 1));
    expect(slow.outputs).toEqual(free.outputs);
  });

  it('refuses an input of the wrong size', () => {
    const chip = chipOf(1, 4);
    const program = compile(randomGraph(2), chip).value;
    expect(() => simulate(program, chip, [new Int8Array(1)])).toThrow(/has 1 bytes/);
  });
});

describe('digits CNN', () => {
  it('360 digits: 0 bits off the integer reference, at least 95.6 % right, under 2 s', () => {
    const { graph, inputs, labels } = loadDigits();
    const program = compile(graph, DEMO_CHIP).value;
    const start = performance.now();
    const result = simulate(program, DEMO_CHIP, inputs);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(result.outputs).toEqual(inputs.map((x) => runCore(graph, x)));
    const right = result.outputs.filter((o, i) => o.indexOf(Math.max(...o)) === labels[i]).length;
    expect(right / inputs.length).toBeGreaterThanOrEqual(0.956);
  });
});
