/** The vector kernels against the slow path, the integer reference and plain arithmetic. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { compile, unpackOutputs, verifyProgram } from '../../src-main/stages/compiler/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { kernelModule } from '../../src-main/stages/simulator/kernels/module.ts';
import { planLayer } from '../../src-main/stages/simulator/kernels/plan.ts';
import { decodeSteps } from '../../src-main/stages/simulator/machine.ts';
import { scaleValue } from '../../src-main/stages/simulator/requantize.ts';
import { chipOf } from '../support/chips.ts';
import { randomCases } from '../support/random-cases.ts';
import { chipName, RANDOM_CHIPS } from '../support/random-chips.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { describeRecipe, shrink } from '../support/random-shrink.ts';
import { caseOf, type RandomCase } from '../support/random-cases.ts';

const differs = ({ program, inputs }: RandomCase): boolean =>
  JSON.stringify(simulate(program, program.chip, inputs).outputs) !==
  JSON.stringify(simulate(program, program.chip, inputs, { slow: true }).outputs);

describe('random programs', () => {
  it.each(RANDOM_CHIPS.map((chip) => ({ chip, name: chipName(chip) })))(
    '$name: legal; kernels and slow path give the same bytes',
    async ({ chip }) => {
      for (const c of randomCases(chip, 40, 0)) {
        // VERIFY-116 is about the compiler's certificate, which these programs do not have.
        const found = verifyProgram(c.program, chip).diagnostics.filter((d) => d.code !== 'VERIFY-116');
        expect(found, describeRecipe(c.recipe)).toEqual([]);
        if (!differs(c)) continue;
        const small = await shrink(c.recipe, (r) => differs(caseOf(r, c.seed)!));
        expect.fail(`seed ${c.seed}\n${describeRecipe(small)}`);
      }
    },
  );

  it('run on the kernels, but for a few', () => {
    let [fast, slow] = [0, 0];
    for (const chip of RANDOM_CHIPS)
      for (const { program } of randomCases(chip, 20, 0))
        for (const s of decodeSteps(program.words)) {
          // Streamed images are not looked at here: only whether a layer's fields suit the kernels.
          if (s.kind !== 'exec' || program.stream.weights.length > 0) continue;
          if (planLayer(s.fields, program, chip)) fast++;
          else slow++;
        }
    expect(fast).toBeGreaterThan(300);
    expect(slow / fast).toBeLessThan(0.1);
  });

  it('find a kernel that is wrong, and cut the program down', async () => {
    // A stand-in for a fault: programs with an addition are said to fail.
    const chip = RANDOM_CHIPS[1]!;
    const c = randomCases(chip, 60, 0).find(
      (x) => x.recipe.steps.filter((s) => s.kind === 'add').length === 1 && x.recipe.steps.length > 6,
    )!;
    const small = await shrink(c.recipe, (r) => r.steps.some((s) => s.kind === 'add'));
    expect(small.steps.map((s) => s.kind)).toEqual(['load', 'load', 'add', 'store']);
    expect(describeRecipe(small)).toMatch(/^EXEC /m);
  });
});

describe('random networks', () => {
  it.each([
    [4, 16, 8],
    [3, 8, 8],
    [4, 32, 16],
    [1, 2, 1],
  ] as const)('%d x %d, %d lanes: the kernels are the integer reference', (rows, columns, lanes) => {
    const chip = chipOf(rows, columns, { lanes, weightWords: 65536, parameterBlocks: 512 });
    for (let seed = 100; seed < 130; seed++) {
      const graph = randomGraph(seed, { maxChannels: 40, maxSide: 7 });
      const program = compile(graph, chip).value;
      const inputs = randomInputs(graph, 2, seed);
      const { outputs } = simulate(program, chip, inputs);
      expect(
        outputs.map((o) => unpackOutputs(program.outputs, o)[0]),
        `seed ${seed}`,
      ).toEqual(inputs.map((x) => runCore(graph, x)));
    }
  });
});

describe('scaling', () => {
  it('with a single rounding agrees with exact big integers', () => {
    const random = makeRng(4);
    for (let i = 0; i < 20_000; i++) {
      const bits = 1 + Math.floor(random() * 31);
      const acc = Math.floor(random() * 2 ** bits) - 2 ** (bits - 1);
      const q = Math.floor(random() * 2 ** 31);
      const shift = Math.floor(random() * 32);
      const exact = (BigInt(acc) * BigInt(q) + (1n << BigInt(30 + shift))) >> BigInt(31 + shift);
      expect(scaleValue(acc, q, shift, true), `${acc} ${q} ${shift}`).toBe(Number(exact));
    }
  });
});

describe('the module', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('is valid WebAssembly, the same every time', () => {
    expect(WebAssembly.validate(kernelModule())).toBe(true);
    expect(kernelModule()).toEqual(kernelModule());
  });

  it.each([undefined, { validate: () => false }])(
    'can be missing: the same bytes without it',
    async (stub) => {
      const { program, inputs } = randomCases(RANDOM_CHIPS[1]!, 1, 3)[0]!;
      const wanted = simulate(program, program.chip, inputs).outputs;
      vi.stubGlobal('WebAssembly', stub);
      vi.resetModules();
      const again = await import('../../src-main/stages/simulator/index.ts');
      expect(again.simulate(program, program.chip, inputs).outputs).toEqual(wanted);
    },
  );
});
