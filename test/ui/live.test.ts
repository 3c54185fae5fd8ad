/** Placement and routing at work, watched in the window: a real run of a netlist. `npm run build` comes first. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProject, openProject, previewRun, readRunDetail } from '../../src-main/flow/index.ts';
import { displayNote, openDesk, shoot, skipsDesk } from '../support/desk.ts';
import { kitFiles, kitNote } from '../support/kit.ts';
import { randomVerilog } from '../support/netlists.ts';
import { temporaryFolder } from '../support/toy-project.ts';

const SDC = 'create_clock -name clk -period 4 [get_ports clk]\n';

const SLOW_MS = 400_000;

describe.skipIf(skipsDesk || !kitFiles)(`the layout while it is made${displayNote}${kitNote}`, () => {
  test(
    'cells move, measures are plotted, wires appear; stopped, the finished steps are kept',
    { timeout: SLOW_MS },
    async () => {
      const folder = temporaryFolder();
      mkdirSync(folder, { recursive: true });
      const [netlist, constraints] = [join(folder, 'netlist.v'), join(folder, 'chip.sdc')];
      writeFileSync(netlist, randomVerilog(7, 5000, 500));
      writeFileSync(constraints, SDC);
      const dir = join(folder, 'project');
      const files = [
        { role: 'netlist', path: netlist },
        { role: 'constraints', path: constraints },
      ];
      createProject(dir, { files }).close();
      const desk = await openDesk({ recent: [dir] });
      const { page } = desk;
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      // The steps come first; from there the user goes on.
      await page.getByTestId('cancel').waitFor();
      await page
        .getByTestId('flow')
        .getByRole('button', { name: /^place: / })
        .waitFor();
      await page.waitForTimeout(500);
      await page.getByRole('tab', { name: 'Layout', exact: true }).click();
      const live = page.getByTestId('live');
      await page.locator('[data-testid=live][data-step=place]').waitFor({ timeout: 90_000 });
      const points = async (): Promise<number> => Number(await live.getAttribute('data-points'));
      const seen: number[] = [];
      const pictures = new Set<string>();
      await expect
        .poll(
          async () => {
            seen.push(await points());
            const canvas = live.locator('canvas');
            pictures.add((await canvas.screenshot()).toString('base64'));
            return pictures.size;
          },
          { timeout: 60_000, interval: 300 },
        )
        .toBeGreaterThanOrEqual(3);
      expect(seen.at(-1)).toBeGreaterThan(seen[0]!);
      expect(await live.locator('polyline').count()).toBe(2);
      await shoot(desk, 'live-place');

      await page.locator('[data-testid=live][data-step=route]').waitFor({ timeout: 200_000 });
      await live.getByText(/[1-9][\d,]* wires/).waitFor();
      await shoot(desk, 'live-route');
      const stop = live.getByRole('button', { name: 'Stop and keep' });
      if (await stop.isVisible()) await stop.click();
      await live.getByText('Stopped here').waitFor({ timeout: 30_000 });
      const project = openProject(dir);
      const { status, steps } = readRunDetail(project);
      project.close();
      expect(status).toBe('cancelled');
      expect(steps.find((s) => s.name === 'place')?.status).toBe('done');
      // The step that was at work, unless it ended in that moment.
      expect(steps.some((s) => s.status === 'cancelled' || s.status === 'skipped')).toBe(true);
      // Another run goes on from there: nothing that is done is done again.
      const next = openProject(dir);
      const again = await previewRun(next, {});
      next.close();
      expect(again.find((s) => s.name === 'place')?.willRun).toBe(false);
      expect(again.find((s) => s.name === 'check')?.willRun).toBe(true);
    },
  );
});
