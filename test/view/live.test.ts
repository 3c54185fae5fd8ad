/** What the steps show while they work. Real placement and routing are watched in test/ui/live.test.ts. */
import { describe, expect, test } from 'vitest';
import { Curves } from '../../src-main/flow/steps/live.ts';
import { readLivePicture, removeLivePicture, writeLivePicture } from '../../src-main/project/live-picture.ts';
import { temporaryFolder } from '../support/toy-project.ts';

describe('pictures of a step at work', () => {
  test('curves keep their shape and their phases when they are thinned', () => {
    const curves = new Curves(['HPWL', 'um'], ['Overflow', '%']);
    for (let i = 0; i < 9000; i++) curves.add(i < 3000 ? 'rough' : 'global', i, 9000 - i);
    const [hpwl, overflow] = curves.curves;
    expect(hpwl!.values.length).toBeGreaterThan(900);
    expect(hpwl!.values.length).toBeLessThanOrEqual(2001);
    expect(overflow!.values.length).toBe(hpwl!.values.length);
    for (let k = 1; k < hpwl!.values.length; k++) {
      expect(hpwl!.values[k]).toBeGreaterThan(hpwl!.values[k - 1]!);
      expect(hpwl!.values[k]! + overflow!.values[k]!).toBe(9000);
    }
    expect(curves.marks.map((m) => m.name)).toEqual(['rough', 'global']);
    // The second phase begins a third of the way.
    expect(hpwl!.values[curves.marks[1]!.at]).toBeGreaterThanOrEqual(2990);
    expect(hpwl!.values[curves.marks[1]!.at]).toBeLessThan(3020);
  });

  test('the newest is read whole, an old one is not given again, and a lost one is no trouble', () => {
    const dir = temporaryFolder();
    expect(readLivePicture(dir, 'place', 0)).toBeNull();
    writeLivePicture(dir, 'place', Uint8Array.of(1, 2, 3));
    const first = readLivePicture(dir, 'place', 0)!;
    expect([...first.bytes]).toEqual([1, 2, 3]);
    expect(readLivePicture(dir, 'place', first.madeAtMs)).toBeNull();
    removeLivePicture(dir, 'place');
    expect(readLivePicture(dir, 'place', 0)).toBeNull();
    // A folder that cannot be written to.
    expect(() => writeLivePicture('/dev/null/no', 'place', Uint8Array.of(1))).not.toThrow();
  });
});
