import { describe, expect, test } from 'vitest';
import { kitFiles, kitGds, kitNote, kitText, nangate45 } from '../support/kit.ts';
import { formats, readDamaged } from './damaged-files.ts';

const COUNT = 300;

describe.skipIf(!kitFiles)(`damaged files${kitNote}`, () => {
  test(`${COUNT} are read or refused with line and column`, { timeout: 300_000 }, () => {
    const texts = { techLef: kitText('techLef'), cellLef: kitText('cellLef'), liberty: kitText('liberty') };
    const all = formats(nangate45(), kitGds(), texts);
    const ends = Array.from({ length: COUNT }, (_, seed) => readDamaged(all[seed % all.length]!, seed));
    expect(ends.filter((e) => e.end === 'broken')).toEqual([]);
    for (const { name } of all) expect(ends.some((e) => e.format === name && e.end === 'refused')).toBe(true);
  });
});
