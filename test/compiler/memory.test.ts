/** Activation memory plans: legal, at the lower bound or proven lowest, banks kept apart, refusals that name the need. */
import { describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { planMemory, type MemoryNeeds, type Region } from '../../src-main/stages/compiler/memory.ts';
import { codeOf } from '../support/code-of.ts';

const needsOf = (regions: readonly Region[], more: Partial<MemoryNeeds> = {}): MemoryNeeds => ({
  regions,
  capacity: 4096,
  bankBytes: 4096,
  apart: [],
  layers: Array.from({ length: 30 }, (_, i) => `layer${i}`),
  ...more,
});

function randomRegions(seed: number, count: number): Region[] {
  const random = makeRng(seed);
  return Array.from({ length: count }, (_, i) => {
    const birth = Math.floor(random() * 8);
    const death = birth + 1 + Math.floor(random() * 4);
    return { name: `r${i}`, bytes: 4 * (1 + Math.floor(random() * 40)), birth, death };
  });
}

/** The least peak over every order of first fit, by trying them all. */
function leastPeak(regions: readonly Region[]): number {
  const place = (order: readonly number[]): number => {
    const at: number[] = [];
    let peak = 0;
    order.forEach((i, n) => {
      const r = regions[i]!;
      const rivals = order
        .slice(0, n)
        .filter((j) => regions[j]!.birth <= r.death && r.birth <= regions[j]!.death)
        .sort((a, b) => at[a]! - at[b]!);
      let low = 0;
      for (const j of rivals) if (low + r.bytes > at[j]!) low = Math.max(low, at[j]! + regions[j]!.bytes);
      at[i] = low;
      peak = Math.max(peak, low + r.bytes);
    });
    return peak;
  };
  const orders = (left: readonly number[]): number[][] =>
    left.length === 0 ? [[]] : left.flatMap((i) => orders(left.filter((j) => j !== i)).map((o) => [i, ...o]));
  return Math.min(...orders(regions.map((_, i) => i)).map(place));
}

describe('memory plans', () => {
  test('keep apart what lives together, and are as low as the best of all orders', () => {
    for (let seed = 0; seed < 60; seed++) {
      const regions = randomRegions(seed, 6);
      const plan = planMemory(needsOf(regions));
      regions.forEach((a, i) =>
        regions.forEach((b, j) => {
          if (i >= j || a.birth > b.death || b.birth > a.death) return;
          const [x, y] = [plan.addresses[i]!, plan.addresses[j]!];
          expect(x + a.bytes <= y || y + b.bytes <= x).toBe(true);
        }),
      );
      expect(plan.peak).toBe(leastPeak(regions));
      expect(plan.isOptimal).toBe(true);
      expect(plan.peak).toBeGreaterThanOrEqual(plan.lowerBound);
    }
  });

  test('twelve tensors are settled; larger sets say how far from the bound they are', () => {
    let optimal = 0;
    for (let seed = 0; seed < 40; seed++)
      if (planMemory(needsOf(randomRegions(seed, 12))).isOptimal) optimal++;
    expect(optimal).toBe(40);
    const large = planMemory(needsOf(randomRegions(3, 60), { capacity: 65536, bankBytes: 65536 }));
    expect(large.isOptimal || large.peak > large.lowerBound).toBe(true);
  });

  test('a layer of macros never reads and writes one bank', () => {
    for (let seed = 0; seed < 40; seed++) {
      const regions = randomRegions(seed, 8).map((r, i) => ({ ...r, birth: i, death: i + 1 }));
      const apart = regions.slice(1).map((_, i) => [i, i + 1] as const);
      const plan = planMemory(needsOf(regions, { capacity: 1024, bankBytes: 128, apart }));
      for (const [a, b] of apart) {
        const banks = (i: number): number[] => {
          const first = Math.floor(plan.addresses[i]! / 128);
          const last = Math.floor((plan.addresses[i]! + regions[i]!.bytes - 1) / 128);
          return Array.from({ length: last - first + 1 }, (_, n) => first + n);
        };
        expect(banks(a).filter((x) => banks(b).includes(x))).toEqual([]);
      }
    }
  });

  test('refuses by the layer and its need', () => {
    const regions: Region[] = [
      { name: 'in', bytes: 600, birth: 0, death: 1 },
      { name: 'out', bytes: 500, birth: 1, death: 2 },
    ];
    const tight = codeOf(() => planMemory(needsOf(regions, { capacity: 1000, bankBytes: 1000 })));
    expect(tight.code).toBe('COMPILE-020');
    expect(tight.place).toBe('chip.activationBytes');
    const one = needsOf(regions, { capacity: 2048, bankBytes: 2048, apart: [[0, 1]] });
    expect(codeOf(() => planMemory(one)).code).toBe('COMPILE-020');
    expect(codeOf(() => planMemory({ ...one, bankBytes: 1024 })).code).toBe('none');
  });
});
