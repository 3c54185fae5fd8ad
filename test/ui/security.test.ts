/**
 * Electron's security checklist (electronjs.org/docs/latest/tutorial/security, numbered as there) on the app as it runs.
 * More of how the window is confined is in desk.test.ts. `npm run build` comes first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProject } from '../../src-main/flow/index.ts';
import { ask, displayNote, openDesk, skipsDesk } from '../support/desk.ts';
import { temporaryFolder } from '../support/toy-project.ts';

const root = resolve(import.meta.dirname, '../..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const sources = ['src-main/window', 'src-main/ipc', 'src-renderer']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|svelte|html)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  .concat(join(root, 'src-main/main.ts'), join(root, 'src-main/preload.ts'));

/** Names of all requests, from the contract's own text. */
const requests = [...text('src-main/ipc/contract.ts').matchAll(/^ {2}'([a-z]+\.[A-Za-z]+)': \{/gm)].map(
  ([, name]) => name!,
);

describe('the sources', () => {
  test('2, 8, 9, 10, 15, 18: nothing that the checklist warns of is asked for', () => {
    const bad =
      /openExternal|loadFile\(|nodeIntegration\w*: true|webSecurity: false|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|webviewTag: true|sandbox: false|contextIsolation: false|executeJavaScript|\beval\(|new Function\(|<webview|\{@html|@electron\/remote|disable-web-security|ignore-certificate-errors/;
    const found = sources.flatMap((path) => {
      const line = readFileSync(path, 'utf8')
        .split('\n')
        .findIndex((l) => bad.test(l));
      return line < 0 ? [] : [`${path}:${line + 1}`];
    });
    expect(sources.length).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });

  test('20: the page gets functions of the contract, nothing of Electron', () => {
    const preload = text('src-main/preload.ts');
    expect([...preload.matchAll(/exposeInMainWorld\(([^)]*)\)/g)].map(([, args]) => args)).toEqual([
      "'ingot', api",
    ]);
    // A channel's name never comes from the page.
    expect(preload).not.toMatch(/ipcRenderer\.\w+\((?![A-Z_]+_CHANNEL\b)/);
  });

  test('19: fuses are set where the app is packed', async () => {
    const path = join(root, 'resources/packaging/builder.mjs');
    const { default: builder } = (await import(path)) as {
      default: { electronFuses: object; asar: boolean };
    };
    expect(builder.asar).toBe(true);
    expect(builder.electronFuses).toMatchObject({
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });
});

describe.skipIf(skipsDesk)(`the window${displayNote}`, () => {
  test('1 to 7, 11 to 14, 16, 18: isolated, at home, without the network', async () => {
    const desk = await openDesk();
    const { app, page } = desk;
    expect(page.url()).toBe('ingot://desk/index.html');
    const inside = await app.evaluate(async ({ app: own, BrowserWindow, session }) => {
      const [window] = BrowserWindow.getAllWindows();
      // Not in Electron's types.
      const contents = window!.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
        getURL(): string;
      };
      const fetched = await session.defaultSession.fetch(contents.getURL());
      return {
        preferences: contents.getLastWebPreferences(),
        policy: fetched.headers.get('content-security-policy') ?? '',
        electron: process.versions.electron,
        isPackaged: own.isPackaged,
      };
    });
    expect(inside.preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
    for (const key of [
      'nodeIntegrationInWorker',
      'nodeIntegrationInSubFrames',
      'allowRunningInsecureContent',
    ])
      expect([key, inside.preferences[key] ?? false]).toEqual([key, false]);
    for (const key of ['experimentalFeatures', 'enableBlinkFeatures'])
      expect([key, inside.preferences[key] || false]).toEqual([key, false]);
    const policy = Object.fromEntries(
      inside.policy.split('; ').map((d) => [d.split(' ')[0]!, d.split(' ').slice(1).join(' ')]),
    );
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'frame-src': 'ingot-report:',
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(inside.policy).not.toMatch(/https?:|unsafe-eval|\*/);
    // 16: what runs is what is pinned.
    const pinned = JSON.parse(text('package.json')) as { devDependencies: Record<string, string> };
    expect(inside.electron).toBe(pinned.devDependencies['electron']);

    const tries = await page.evaluate(async () => {
      const view = document.createElement('webview');
      view.setAttribute('src', 'https://example.org/');
      document.body.append(view);
      const frame = document.createElement('iframe');
      frame.src = 'https://example.org/';
      document.body.append(frame);
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'clipboard-read'];
      const states = await Promise.all(
        names.map((name) =>
          navigator.permissions.query({ name: name as PermissionName }).then(
            ({ state }) => state,
            () => 'denied',
          ),
        ),
      );
      const worked: string[] = [];
      const attempt = async (name: string, act: () => unknown): Promise<void> => {
        try {
          await act();
          worked.push(name);
        } catch {
          // refused, as it should be
        }
      };
      await attempt('camera', () => navigator.mediaDevices.getUserMedia({ video: true }));
      await attempt(
        'socket',
        () =>
          new Promise((open, no) => {
            const socket = new WebSocket('wss://example.org/');
            socket.onopen = open;
            socket.onerror = no;
          }),
      );
      await attempt(
        'worker',
        () =>
          new Promise((open, no) => {
            const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
            worker.onmessage = open;
            worker.onerror = no;
          }),
      );
      await attempt('function', () => Function('return 1')() as unknown);
      const popup = window.open('ingot://desk/index.html') !== null;
      return { states, worked, popup, hasView: 'getWebContentsId' in view };
    });
    // Playwright's own evaluate is exempt from the rule on eval, and what it calls with it.
    expect({ ...tries, worked: tries.worked.filter((name) => name !== 'function') }).toEqual({
      states: tries.states.map(() => 'denied'),
      worked: [],
      popup: false,
      hasView: false,
    });
    expect(await app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(1);
    for (const frame of page.frames().slice(1)) expect(frame.url()).not.toMatch(/^https:/);
  });

  test('17: every request refuses what is not of its shape, by a code', { timeout: 120_000 }, async () => {
    const dir = join(temporaryFolder(), 'own');
    createProject(dir).close();
    const desk = await openDesk({ recent: [dir] });
    expect(requests.length).toBeGreaterThan(30);
    const deep = JSON.parse('['.repeat(60) + ']'.repeat(60)) as unknown;
    const garbage: unknown[] = [
      null,
      0,
      'directory',
      [],
      [dir],
      true,
      deep,
      { nothing: 'of the kind' },
      { directory: null },
      { directory: dir, run: '1' },
      { directory: dir, run: 1e300, values: { a: { b: 1 } } },
      { directory: { toString: 1 }, run: [1] },
      { directory: dir, __proto__x: 1, constructor: 1 },
      { what: '../../etc/passwd' },
      { index: 'file:///etc/passwd' },
      { text: 7 },
      { theme: '<script>' },
      { directory: '/etc/passwd\0', run: 1, view: 'layout/../x' },
    ];
    const wrong = await desk.page.evaluate(
      async ([names, all]) => {
        const accepted: string[] = [];
        for (const name of names)
          for (const [i, args] of [...all, undefined].entries()) {
            const answer = await window.ingot.request(name as never, args as never);
            if (answer.ok || !/^DESK-00[245]$/.test(answer.trouble.code))
              accepted.push(`${name} on garbage ${i}: ${JSON.stringify(answer).slice(0, 120)}`);
          }
        return accepted;
      },
      [requests, garbage] as const,
    );
    expect(wrong).toEqual([]);
    expect(await ask(desk, 'projects.list', {})).toMatchObject({ ok: true });
    expect(desk.stderr()).not.toMatch(/\n\s+at /);
  });
});
