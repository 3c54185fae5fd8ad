/** What the page keeps of runs that were looked at and closed: nothing that grows. `npm run build` comes first. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject, runFlow } from '../../src-main/flow/index.ts';
import { demoRun, DEMO_TIMEOUT_MS } from '../support/demo-run.ts';
import { displayNote, openDesk, skipsDesk, type DeskWindow } from '../support/desk.ts';

const RUNS = 10;
/** Code, texts and caches that come with the first look at each view are there before the counting begins. */
const WARM_UP = 2;
const GROWTH_MAX = 0.2;

const HEAVY: readonly (readonly [string, string])[] = [
  ['Model', '[data-node="/c2/Conv"]'],
  ['Performance', '[data-testid=performance]'],
  ['Layout', '[data-testid=layout]'],
  ['Timing', '[data-path]'],
  ['Proof', '[data-testid=proof]'],
  ['Report', 'iframe'],
];

/** Opens a run, every heavy view of it, and closes the project. */
async function visit({ page }: DeskWindow, run: number): Promise<void> {
  await page
    .getByTestId('sidebar')
    .getByRole('button', { name: /digits/ })
    .first()
    .click();
  await page
    .getByTestId('runs')
    .getByRole('button', { name: new RegExp(`Run ${run}\\b`) })
    .click();
  await page.getByTestId('run-facts').getByText(`Run ${run}`, { exact: true }).waitFor();
  for (const [name, shown] of HEAVY) {
    await page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
    await page.locator(shown).first().waitFor();
    if (name !== 'Layout') continue;
    await page.waitForFunction(() => performance.getEntriesByName('layout.painted').length > 0);
    await page.evaluate(() => performance.clearMarks('layout.painted'));
  }
  await page.locator('.home').click();
  await page.getByTestId('start').waitFor();
}

describe.skipIf(skipsDesk)(`memory of the page${displayNote}`, () => {
  const parent = mkdtempSync(join(tmpdir(), 'ingot-memory-'));
  const dir = join(parent, 'digits');
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  /** The finished example; further runs take all its results over. */
  beforeAll(async () => {
    cpSync((await demoRun()).project, dir, { recursive: true });
    const project = openProject(dir);
    for (let run = 2; run <= RUNS; run++) await runFlow(project);
    project.close();
  }, DEMO_TIMEOUT_MS);

  test(
    `${RUNS} finished runs opened and closed leave no more than a fifth`,
    { timeout: 600_000 },
    async () => {
      const desk = await openDesk({ recent: [dir] });
      const { page, app } = desk;
      const devtools = await page.context().newCDPSession(page);
      /** Objects, and what lies outside the heap for them: buffers, DOM. */
      const usedBytes = async (): Promise<number> => {
        for (let i = 0; i < 3; i++) {
          await devtools.send('HeapProfiler.collectGarbage');
          await page.waitForTimeout(200);
        }
        const usage: Record<string, number> = { ...(await devtools.send('Runtime.getHeapUsage')) };
        return ['usedSize', 'embedderHeapUsedSize', 'backingStorageSize'].reduce(
          (s, k) => s + (usage[k] ?? 0),
          0,
        );
      };
      const privateMiB = (): Promise<number> =>
        app.evaluate(({ app: own }) => {
          const page = own.getAppMetrics().find(({ type }) => type === 'Tab');
          return Math.round((page?.memory.workingSetSize ?? 0) / 1024);
        });
      for (let i = 0; i < WARM_UP; i++) await visit(desk, RUNS - i);
      const [startBytes, startMiB] = [await usedBytes(), await privateMiB()];
      const history: number[] = [];
      for (let run = 1; run <= RUNS; run++) {
        await visit(desk, run);
        history.push(await usedBytes());
      }
      const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
      console.log(
        `page after ${RUNS} runs: ${mib(startBytes)} MiB -> ${history.map(mib).join(' ')} MiB in use; ` +
          `process ${startMiB} -> ${await privateMiB()} MiB resident`,
      );
      expect(history.at(-1)! / startBytes).toBeLessThan(1 + GROWTH_MAX);
      expect(desk.stderr()).not.toMatch(/\n\s+at /);
    },
  );
});
