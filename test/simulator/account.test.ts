/** Every cycle is in one account, and the accounts say what they mean. */
import { describe, expect, it } from 'vitest';
import { chipOfShape } from '../../src-main/stages/chip/index.ts';
import { compile, compilePlan } from '../../src-main/stages/compiler/index.ts';
import { importTflite } from '../../src-main/stages/model/index.ts';
import { adopt } from '../../src-main/stages/quantize/index.ts';
import { simulate, timeProgram, type LayerAccount } from '../../src-main/stages/simulator/index.ts';
import { chipOf } from '../support/chips.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { randomCases } from '../support/random-cases.ts';
import { RANDOM_CHIPS } from '../support/random-chips.ts';
import { randomGraph } from '../support/random-graphs.ts';

const sum = (account: LayerAccount): number =>
  Object.values(account).reduce((a: number, b: number) => a + b, 0);

describe('accounts', () => {
  it('of random programs add up to the cycles, none below 0', () => {
    for (const chip of RANDOM_CHIPS)
      for (const { program, inputs, gaps } of randomCases(chip, 25, 500)) {
        const timing = timeProgram(program, chip, { gaps });
        for (const l of timing.layers) {
          expect(sum(l.account)).toBe(l.cycles);
          expect(Math.min(...Object.values(l.account))).toBeGreaterThanOrEqual(0);
        }
        expect(sum(timing.account)).toBe(timing.cycles);
        expect(simulate(program, chip, inputs.slice(0, 1), { gaps }).cycles).toEqual([timing.cycles]);
      }
  });

  it('name the requantiser where one lane serves many columns', () => {
    const wide = { activationBytes: 8192, parameterBlocks: 512 };
    const graph = randomGraph(7, { maxChannels: 8, layers: 1 });
    const lost = (lanes: number): number => {
      const chip = chipOf(4, 16, { ...wide, lanes, requantizeCycles: 16 });
      return timeProgram(compile(graph, chip).value, chip).account.requantise;
    };
    expect(lost(1)).toBeGreaterThan(2 * lost(16));
  });

  it.skipIf(skipCorpus)(`person-detect on 4x16 pays for depthwise in operands${corpusNote}`, () => {
    const chip = chipOfShape(4, 16);
    const graph = adopt(importTflite(readCase('tflite-person-detect').model, 'm').value).value;
    const plan = compilePlan(graph, chip);
    const segment = plan.segments.find((s) => s.kind === 'engine')!;
    if (segment.kind !== 'engine') throw new Error('no program');
    const { program } = segment;
    const timing = timeProgram(program, chip);
    expect(sum(timing.account)).toBe(timing.cycles);
    const of = (kind: string): number =>
      timing.layers.reduce((n, l, i) => n + (program.layers[i]!.kind === kind ? l.account.operands : 0), 0);
    expect(of('depthwise') / timing.account.operands).toBeGreaterThan(0.9);
    expect(timing.account.weights).toBe(0);
  });
});
