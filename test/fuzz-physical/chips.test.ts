import { describe, expect, test } from 'vitest';
import { kitFiles, kitGds, kitNote, nangate45 } from '../support/kit.ts';
import { randomChip } from './random-chip.ts';
import { runChip } from './run-chip.ts';

const FIRST = 1;
const COUNT = 10;

describe.skipIf(!kitFiles)(`random chips to GDS${kitNote}`, () => {
  test(`${COUNT} are legal by every checker, or refused with a code`, { timeout: 300_000 }, () => {
    const [kit, gds] = [nangate45(), kitGds()];
    const ends = Array.from({ length: COUNT }, (_, k) => runChip(randomChip(FIRST + k, kit), kit, gds));
    for (const e of ends) {
      expect(e.end, `seed ${e.seed}, ${e.stage}: ${e.detail}`).not.toBe('broken');
      if (e.end === 'refused') expect(e.code).toMatch(/^[A-Z]+-\d{3}$/);
    }
    expect(ends.filter((e) => e.end === 'legal').length).toBeGreaterThan(COUNT / 2);
  });

  // Rows so full that no buffer fits; a plain gate in the clock's way.
  test.each([1031, 2085, 30265])('seed %i, which was once broken, is legal', { timeout: 300_000 }, (seed) => {
    const kit = nangate45();
    const { end, stage, detail } = runChip(randomChip(seed, kit), kit, kitGds());
    expect({ end, stage, detail }).toEqual({ end: 'legal', stage: 'check', detail: '' });
  });
});
