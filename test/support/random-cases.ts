/** Random programs with inputs and elastic streams: what a seed and a chip stand for, everywhere. */
import { makeRng } from '../../src-main/base/rng.ts';
import type { Chip } from '../../src-main/stages/chip/index.ts';
import type { Program } from '../../src-main/stages/compiler/index.ts';
import type { StreamGaps } from '../../src-main/stages/simulator/index.ts';
import { programOf } from './random-programs.ts';
import { intOf, randomRecipe, type Recipe } from './random-recipes.ts';

export interface RandomCase {
  readonly seed: number;
  readonly recipe: Recipe;
  readonly program: Program;
  readonly inputs: readonly Int8Array[];
  readonly gaps: StreamGaps;
  /** Only maps whose padding is known are stored with it. */
  readonly everyByte: true;
}

/** The recipe's case: two passes with random bytes, half of them with streams that wait. */
export function caseOf(recipe: Recipe, seed: number): RandomCase | undefined {
  const program = programOf(recipe);
  if (!program) return undefined;
  const random = makeRng(seed + 1);
  const int = intOf(random);
  const waits = random() < 0.5;
  const gaps = {
    input: waits ? int(0, 3) : 0,
    output: waits ? int(0, 3) : 0,
    weights: waits ? int(0, 2) : 0,
  };
  const inputs = [0, 1].map(() => Int8Array.from({ length: program.inputBytes }, () => int(-128, 127)));
  return { seed, recipe, program, inputs, gaps, everyByte: true };
}

/** The first `count` cases from `seed` on; seeds without a program are passed over. */
export function randomCases(chip: Chip, count: number, seed: number): RandomCase[] {
  const cases: RandomCase[] = [];
  for (let s = seed; cases.length < count; s++) {
    const made = caseOf(randomRecipe(s, chip), s);
    if (made) cases.push(made);
  }
  return cases;
}
