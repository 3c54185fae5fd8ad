import { expect, test } from 'vitest';
import { compareWith, type Measured } from './physical-baseline.ts';

const good: Measured = {
  status: 'done',
  periodPs: 1000,
  cells: 100,
  hpwlUm: 1000,
  wirelengthUm: 1200,
  vias: 500,
  viasPerPin: 1.8,
  drvs: 0,
  klayoutDrvs: 0,
  wnsPs: 10,
  tnsPs: 0,
  holdWnsPs: 50,
  skewPs: 5,
  wallS: 10,
  cpuS: 8,
  peakMiB: 300,
};

test('what is no worse than the margins passes', () => {
  expect(compareWith(good, { ...good, hpwlUm: 1049, wnsPs: -29, skewPs: 19, cpuS: 19 })).toEqual([]);
  expect(compareWith(undefined, good)).toEqual([]);
});

test.each<[Partial<Measured>]>([
  [{ hpwlUm: 1051 }],
  [{ wirelengthUm: 1300 }],
  [{ vias: null }],
  [{ wnsPs: -31 }],
  [{ holdWnsPs: -31 }],
  [{ skewPs: 21 }],
  [{ cpuS: 21 }],
  [{ peakMiB: 500 }],
  [{ drvs: 1 }],
  [{ klayoutDrvs: 2 }],
  [{ status: 'failed' }],
])('%o is complained of', (change) => {
  expect(compareWith(good, { ...good, ...change })).toHaveLength(1);
});
