import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { operatorPage } from '../../src-main/stages/model/index.ts';
import { operatorSupport } from '../../src-main/stages/quantize/index.ts';

test('resources/docs/operators.md is what the tables say (npm run generate:operators)', () => {
  const page = readFileSync(new URL('../../resources/docs/operators.md', import.meta.url), 'utf8');
  expect(page).toBe(operatorPage(operatorSupport()));
});

test('columns of later stages are filled from a map', () => {
  const page = operatorPage(new Map([['Conv', { engine: 'convolution', host: 'none needed' }]]));
  expect(page).toMatch(/\| Conv +\| .* \| yes +\| convolution \| none needed \|/);
});
