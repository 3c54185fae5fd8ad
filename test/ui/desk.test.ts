/** The desktop window, as a user and as an intruder meet it. `npm run build` comes first. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createProject,
  openProject,
  readRunDetail,
  runFlow,
  setProjectSettings,
  type RunDetail,
} from '../../src-main/flow/index.ts';
import {
  answerFolder,
  answerQuestion,
  ask,
  DESK_FLOW,
  deskFlowPath,
  displayNote,
  openDesk,
  paint,
  shoot,
  skipsDesk,
} from '../support/desk.ts';
import { endOfCli, eventually, startCli, temporaryFolder } from '../support/toy-project.ts';

const TOY = { INGOT_FLOW: deskFlowPath };

function newProject(name = 'bar'): string {
  const dir = join(temporaryFolder(), name);
  createProject(dir).close();
  return dir;
}

async function finishedProject(): Promise<string> {
  const dir = newProject();
  const project = openProject(dir);
  await runFlow(project, { flow: DESK_FLOW });
  project.close();
  return dir;
}

function recorded(dir: string): RunDetail {
  const project = openProject(dir);
  try {
    return readRunDetail(project);
  } finally {
    project.close();
  }
}

describe.skipIf(skipsDesk)(`the window${displayNote}`, () => {
  test('greets without a project and makes one from the example, runs it, keeps what a cancel leaves', async () => {
    const desk = await openDesk();
    const { page } = desk;
    await page.getByText('From a model to a chip').waitFor();
    for (const path of await shoot(desk, 'empty')) expect(statSync(path).size).toBeGreaterThan(5000);

    await answerFolder(desk, null);
    await page.getByRole('button', { name: 'New example…' }).last().click();
    await page.getByText('From a model to a chip').waitFor();

    const parent = temporaryFolder();
    writeFileSync(join(parent, 'something.txt'), 'a folder in use gets a new one inside');
    await answerFolder(desk, parent);
    await page.getByRole('button', { name: 'New example…' }).last().click();
    await page.getByRole('heading', { name: 'Not run yet' }).waitFor();
    const dir = join(parent, 'digits');
    expect(existsSync(join(dir, 'ingot.db'))).toBe(true);
    expect(await page.title()).toBe('digits – Ingot');

    await page.getByTestId('run').click();
    await page.locator('[data-step=quantize]').getByText('int8 accuracy').waitFor({ timeout: 60_000 });
    await page.getByTestId('cancel').click();
    await page.getByTestId('run').waitFor({ timeout: 20_000 });
    await page.getByTestId('run-facts').getByText('cancelled').waitFor();
    await shoot(desk, 'cancelled');
    const run = recorded(dir);
    expect(run.status).toBe('cancelled');
    expect(run.steps.slice(0, 2).map((s) => [s.name, s.status])).toEqual([
      ['import', 'done'],
      ['quantize', 'done'],
    ]);

    // Again: what was done is kept, and the figures are there at once.
    await page.getByTestId('run').click();
    await page.locator('[data-step=quantize]').getByTitle('kept').waitFor();
    await page.getByTestId('figures').getByText('accuracy').waitFor();
    await page.getByTestId('cancel').click();
    await page.getByTestId('run').waitFor({ timeout: 20_000 });
    expect(await page.getByTestId('runs').getByRole('button').count()).toBe(2);
  });

  test('shows progress, log, proof sheet and report of a run, and exports its files', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: { ...TOY, DESK_TICK_MS: '700' } });
    const { page } = desk;
    // By keyboard alone: to the button, Enter.
    await page.getByTestId('run').waitFor();
    for (let i = 0; i < 10; i++) {
      if (await page.getByTestId('run').evaluate((b) => b === document.activeElement)) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    const melt = page.locator('[data-step=melt]');
    await melt.getByText(/[2-9]00 degrees/).waitFor();
    expect(await page.getByTestId('cancel').evaluate((b) => b === document.activeElement)).toBe(true);
    const percent = Number(await melt.getByRole('progressbar').getAttribute('aria-valuenow'));
    expect(percent).toBeGreaterThanOrEqual(20);
    expect(percent).toBeLessThan(100);
    expect(await melt.textContent()).toMatch(/about \d+ s left.*\d+\.\d\d s.*\d+ MiB/s);
    await shoot(desk, 'running');

    // Lines of the step at work are there before the database has them.
    await page.getByRole('button', { name: 'Console' }).click();
    await page.getByTestId('log').getByText('line 2 of the melt').waitFor();
    expect(recorded(dir).steps[0]).toMatchObject({ status: 'running', log: [] });
    await page.getByTestId('log').getByText('crucible:1: it is hot').waitFor();
    await page.getByTestId('log').getByText('Write the report').waitFor();
    await page.getByTestId('run').waitFor();
    await shoot(desk, 'log');

    // Arrows move between tabs.
    await page.getByRole('button', { name: 'Console' }).click();
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.getByRole('tab', { name: 'Report' }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.getByTestId('proof').getByText('the bar is whole').waitFor();
    expect(await page.getByTestId('proof').getByText('no assayer here').count()).toBe(1);
    await shoot(desk, 'proof');

    const out = temporaryFolder();
    await answerFolder(desk, out);
    await page.getByTestId('export').click();
    await page.getByTestId('exported').getByText('2 files').waitFor();
    expect(readFileSync(join(out, 'bar.txt'), 'utf8')).toBe('bar of molten');
    expect(existsSync(join(out, 'report.html'))).toBe(true);

    await page.getByRole('tab', { name: 'Report' }).click();
    const frame = page.frameLocator('iframe');
    await frame.getByText('bar of molten').waitFor();
    await shoot(desk, 'report');
  });

  test('lets a report show its inline style and pictures, and nothing else', async () => {
    const dir = await finishedProject();
    const desk = await openDesk({ recent: [dir], env: TOY });
    const { page, app } = desk;
    await page.getByRole('tab', { name: 'Report' }).click();
    const frame = page.frameLocator('iframe');
    await frame.getByText('bar of molten').waitFor();
    const look = await frame.locator('html').evaluate((html) => ({
      colour: getComputedStyle(html.querySelector('h1')!).color,
      inline: html.querySelector<HTMLImageElement>('#inline')!.naturalWidth,
      outside: html.querySelector<HTMLImageElement>('#outside')!.naturalWidth,
      origin: self.origin,
      hasBridge: 'ingot' in self,
    }));
    expect(look).toEqual({ colour: 'rgb(1, 2, 3)', inline: 1, outside: 0, origin: 'null', hasBridge: false });
    await frame.locator('#link').click();
    await page.waitForTimeout(300);
    // The policy of the page around it refuses: at worst the frame says so.
    expect(page.frames()[0]!.url()).toBe('ingot://desk/index.html');
    expect(page.frames()[1]!.url()).toMatch(/^(ingot-report:\/\/run\/1|chrome-error:)/);
    const urls = [
      `ingot-report://run/1?${new URLSearchParams({ directory: temporaryFolder() })}`,
      `ingot-report://run/9?${new URLSearchParams({ directory: dir })}`,
      `ingot-report://run/../1x?${new URLSearchParams({ directory: dir })}`,
      'ingot://desk/../../package.json',
      'ingot://desk/..%2f..%2fpackage.json',
      'ingot://elsewhere/index.html',
    ];
    const answers = await app.evaluate(
      ({ session }, all) =>
        Promise.all(all.map((u) => session.defaultSession.fetch(u).then((r) => r.status))),
      urls,
    );
    expect(answers.filter((status) => status < 400)).toEqual([]);
  });

  test('is confined: no Node, no eval, no network, no other page, no permission', async () => {
    const desk = await openDesk({ recent: [newProject()], env: TOY });
    const { page, app } = desk;
    const home = page.url();
    expect(
      await page.evaluate(() => ({
        node: ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in window),
        bridge: Object.keys(window.ingot),
        isFrozen: Object.isFrozen(window.ingot),
      })),
    ).toEqual({ node: [], bridge: ['request', 'onChange', 'onCommand', 'offer'], isFrozen: true });
    expect(
      await app.evaluate(({ BrowserWindow }) => {
        // Not in Electron's types.
        const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
          getLastWebPreferences(): Record<string, unknown>;
        };
        const { contextIsolation, sandbox, nodeIntegration, webviewTag, webSecurity } =
          contents.getLastWebPreferences();
        return { contextIsolation, sandbox, nodeIntegration, webviewTag, webSecurity };
      }),
    ).toEqual({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
    });
    const policy = await app.evaluate(
      async ({ session }, url) =>
        (await session.defaultSession.fetch(url)).headers.get('content-security-policy'),
      home,
    );
    expect(policy).toMatch(/default-src 'none'; script-src 'self';/);

    const tries = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.isInjected = true';
      document.head.append(script);
      const failed = async (action: () => unknown): Promise<boolean> => {
        try {
          await action();
          return false;
        } catch {
          return true;
        }
      };
      const notify = await Notification.requestPermission();
      const place = await navigator.permissions.query({ name: 'geolocation' });
      return {
        inline: 'isInjected' in window,
        fetch: await failed(() => fetch('https://example.org/')),
        file: await failed(() => fetch('file:///etc/passwd')),
        popup: window.open('https://example.org/') === null,
        permissions: [notify, place.state],
      };
    });
    expect(tries).toEqual({
      inline: false,
      fetch: true,
      file: true,
      popup: true,
      permissions: ['denied', 'denied'],
    });
    // Playwright's own evaluate is exempt from the policy, a timer's string is not.
    await page.evaluate(() => void setTimeout('window.isEvaluated = true', 0));
    for (const url of ['https://example.org/', 'file:///etc/passwd', 'data:text/html,hello']) {
      await page.evaluate((to) => void (location.href = to), url);
      await page.waitForTimeout(200);
      expect(page.url()).toBe(home);
    }
    expect(await page.evaluate(() => 'isEvaluated' in window)).toBe(false);
    expect(app.windows()).toHaveLength(1);
    // Playwright's locators would wait for the refused navigations to end.
    expect(await page.evaluate(() => document.querySelector('[data-testid=run]') !== null)).toBe(true);
  });

  test('answers bad requests with a code, and only its own page', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: TOY });
    const elsewhere = newProject('elsewhere');
    const code = async (name: string, args: unknown): Promise<unknown> => {
      const answer = (await ask(desk, name, args)) as { ok: boolean; trouble?: { code: string } };
      return answer.ok ? 'ok' : answer.trouble?.code;
    };
    expect(await code('projects.list', {})).toBe('ok');
    const wrong: [string, unknown, string][] = [
      ['project.delete', {}, 'DESK-005'],
      ['__proto__', {}, 'DESK-005'],
      ['constructor', {}, 'DESK-005'],
      ['projects.list', null, 'DESK-004'],
      ['projects.list', { directory: dir }, 'DESK-004'],
      ['project.state', { directory: dir }, 'DESK-004'],
      ['project.state', { directory: 7, run: 1 }, 'DESK-004'],
      ['project.state', { directory: '', run: 1 }, 'DESK-004'],
      ['project.state', { directory: 'x'.repeat(5000), run: 1 }, 'DESK-004'],
      ['project.state', { directory: dir, run: -1 }, 'DESK-004'],
      ['project.state', { directory: dir, run: 1.5 }, 'DESK-004'],
      ['project.log', { directory: dir, run: 1, from: '0' }, 'DESK-004'],
      ['run.start', [dir], 'DESK-004'],
      ['project.state', { directory: elsewhere, run: null }, 'DESK-002'],
      ['run.start', { directory: elsewhere }, 'DESK-002'],
      ['run.cancel', { directory: elsewhere }, 'DESK-002'],
      ['run.export', { directory: elsewhere, run: 1 }, 'DESK-002'],
      ['run.viewers', { directory: elsewhere, run: 1 }, 'DESK-002'],
      ['run.openIn', { directory: elsewhere, run: 1, viewer: 'klayout' }, 'DESK-002'],
      ['run.openIn', { directory: dir, run: 1, viewer: 'sh' }, 'DESK-004'],
      ['projects.forget', { directory: elsewhere }, 'DESK-002'],
      ['project.log', { directory: dir, run: 9, from: 0 }, 'FLOW-013'],
    ];
    for (const [name, args, expected] of wrong)
      expect([name, args, await code(name, args)]).toEqual([name, args, expected]);

    // Another page in a window with the same preload has the bridge, but nobody answers it.
    const foreign = await desk.app.evaluate(async ({ BrowserWindow, app }) => {
      const preload = `${app.getAppPath()}/out/preload/preload.cjs`;
      const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
      await window.loadURL('data:text/html,hello');
      const answer: unknown = await window.webContents.executeJavaScript(
        "ingot.request('projects.list', {})",
      );
      window.destroy();
      return answer;
    });
    expect(foreign).toMatchObject({ ok: false, trouble: { code: 'DESK-003' } });
  });

  test('says what is wrong with a project, and what to do', async () => {
    const damaged = newProject('damaged');
    writeFileSync(join(damaged, 'ingot.db'), 'not a database, '.repeat(600));
    const broken = newProject('broken');
    const project = openProject(broken);
    setProjectSettings(project, { 'chip.bake': false });
    await runFlow(project, { flow: DESK_FLOW });
    project.close();
    const desk = await openDesk({ recent: [broken, damaged], env: TOY });
    const { page } = desk;
    const trouble = page.getByTestId('trouble');

    await trouble.getByText('FLOW-005').waitFor();
    await page.getByRole('tab', { name: /1 failed/ }).click();
    expect(await page.getByTestId('proof').locator('tbody tr').first().textContent()).toContain('fail');
    await shoot(desk, 'failed');

    await page
      .getByTestId('sidebar')
      .getByRole('button', { name: /damaged/ })
      .click();
    await trouble.getByText('This project cannot be read').waitFor();
    expect(await trouble.textContent()).toMatch(
      /PROJECT-005.*damaged.*ingot\.db.*What to do:.*restore ingot\.db/s,
    );
    expect(await page.getByTestId('run').isDisabled()).toBe(true);
    await shoot(desk, 'damaged');
    await page.getByRole('button', { name: 'Remove from list' }).click();
    await page.getByTestId('sidebar').getByText('damaged').first().waitFor({ state: 'detached' });
    expect(existsSync(join(damaged, 'ingot.db'))).toBe(true);

    for (const [folder, expected] of [
      [damaged, 'PROJECT-005'],
      [temporaryFolder(), 'PROJECT-002'],
      [join(damaged, 'none'), 'PROJECT-001'],
    ] as const) {
      await answerFolder(desk, folder);
      await page.getByRole('button', { name: 'Open…' }).click();
      await page.getByRole('alert').filter({ hasText: expected }).waitFor();
      await page.getByRole('button', { name: 'Dismiss' }).click();
    }
    expect(desk.stderr()).not.toMatch(/\n\s+at /);
  });

  test('follows a run of the command line, and cancels it', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: TOY });
    const { page } = desk;
    await page.getByRole('heading', { name: 'Not run yet' }).waitFor();
    const env = { ...TOY, DESK_TICK_MS: '400' };
    const first = endOfCli(startCli(['run', '--project', dir], env));
    await page
      .locator('[data-step=melt]')
      .getByText(/[3-9]00 degrees/)
      .waitFor();
    await page.getByTestId('run-facts').getByText('running').waitFor();
    expect((await first).code).toBe(0);
    await page.getByTestId('run-facts').getByText('done').waitFor();

    const second = endOfCli(startCli(['run', '--project', dir, '--force'], env));
    await page.getByText('step 1 of 3').waitFor();
    await page.getByTestId('cancel').click();
    expect((await second).code).toBe(130);
    await page.getByTestId('run-facts').getByText('cancelled').waitFor();
    // The older run is one click away.
    await page.getByTestId('runs').getByRole('button', { name: /Run 1/ }).click();
    await page.getByTestId('run-facts').getByText('3 of 3 steps').waitFor();
  });

  test('asks before it closes on a run, and records the end', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: { ...TOY, DESK_TICK_MS: '1000' } });
    const { page, app } = desk;
    await page.getByTestId('run').click();
    await page
      .locator('[data-step=melt]')
      .getByText(/\d00 degrees/)
      .waitFor();
    const close = (): Promise<void> =>
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    await answerQuestion(desk, 1);
    await close();
    await page.waitForTimeout(300);
    expect(app.windows()).toHaveLength(1);
    expect(recorded(dir).status).toBe('running');
    await answerQuestion(desk, 0);
    const closed = app.waitForEvent('close');
    await close();
    await closed;
    await eventually(() => recorded(dir).status === 'cancelled');
    expect(recorded(dir).steps.map((s) => s.status)).toEqual(['cancelled', 'skipped', 'skipped']);
  });

  test('can be read in light and dark', async () => {
    const desk = await openDesk({ recent: [newProject()], env: TOY });
    for (const theme of ['light', 'dark'] as const) {
      await paint(desk, theme);
      const weak = await desk.page.evaluate(() => {
        const canvas = new OffscreenCanvas(1, 1).getContext('2d')!;
        const style = getComputedStyle(document.documentElement);
        /** Relative luminance, WCAG 2.2. */
        const luminance = (token: string): number => {
          canvas.fillStyle = style.getPropertyValue(`--${token}`);
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
            const share = byte / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
        };
        const contrast = (a: string, b: string): number => {
          const [high, low] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
          return (high! + 0.05) / (low! + 0.05);
        };
        const pairs: [string, string][] = [['accent-ink', 'accent']];
        for (const text of ['ink', 'muted', 'good', 'bad', 'warn', 'accent'])
          for (const ground of ['surface', 'bg', 'sunken']) pairs.push([text, ground]);
        for (const text of ['ink', 'muted', 'bad']) pairs.push([text, 'bad-soft']);
        for (const text of ['ink', 'muted']) pairs.push([text, 'accent-soft']);
        return pairs
          .map(([a, b]) => ({ pair: `${a} on ${b}`, ratio: contrast(a, b) }))
          .filter((p) => p.ratio < 4.5);
      });
      expect([theme, weak]).toEqual([theme, []]);
    }
  });
});
