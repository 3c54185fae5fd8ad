/** Random programs: simulator against Verilator; `npm run check:rtl` does 10,000 on more chips. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { caseOf, randomCases } from '../support/random-cases.ts';
import { chipName, RANDOM_CHIPS } from '../support/random-chips.ts';
import { describeRecipe, shrink } from '../support/random-shrink.ts';
import { testTool } from '../support/tools.ts';
import { buildChip, isEqual, judge } from './judge.ts';

const verilator = testTool('verilator');
const scratch = mkdtempSync(join(tmpdir(), 'ingot-random-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const PROGRAMS = 67;
const chips = RANDOM_CHIPS.slice(0, 3).map((chip, i) => ({ chip, i, name: chipName(chip) }));

describe.skipIf(!verilator.path)(`random programs in Verilator${verilator.note}`, () => {
  it.each(chips)('$name: 0 bits, 0 cycles', async ({ chip, i }) => {
    const model = await buildChip(chip, null, join(scratch, `chip${i}`));
    const cases = randomCases(chip, PROGRAMS, 50_000);
    const found = await judge(model, cases);
    const bad = cases[found.findIndex((d) => !isEqual(d))];
    if (!bad) return;
    const fails = async (r: typeof bad.recipe): Promise<boolean> =>
      !isEqual((await judge(model, [caseOf(r, bad.seed)!]))[0]!);
    expect.fail(describeRecipe(await shrink(bad.recipe, fails)));
  });
});
