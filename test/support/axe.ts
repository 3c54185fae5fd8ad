/** axe-core on what the window shows. It is put in by Playwright's evaluate, which the page's policy does not bind. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical faults, a line each: rule, element, what is wrong. */
export async function accessFaults(page: Page): Promise<readonly string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(source);
  const { violations } = await page.evaluate(
    (options) => (window as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(options),
    // A report's frame is another origin's; style sheets are in the page already.
    { iframes: false, preload: false, resultTypes: ['violations'] } satisfies RunOptions,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((n) => `${id}: ${n.target.join(' ')}: ${(n.failureSummary ?? '').replaceAll(/\s+/g, ' ')}`),
    );
}
