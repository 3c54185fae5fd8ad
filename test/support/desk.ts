/** The desktop window under Playwright, with a user folder of its own and without native dialogs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { _electron as electron, type ElectronApplication, type Page } from 'playwright';
import { onTestFinished } from 'vitest';
import type { Requests } from '../../src-main/ipc/contract.ts';
import { FLOW } from './desk-flow.ts';

const root = resolve(import.meta.dirname, '../..');
export const deskFlowPath = resolve(import.meta.dirname, 'desk-flow.ts');
export const DESK_FLOW = { steps: FLOW, module: pathToFileURL(deskFlowPath).href };

const isMissing = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
/** With INGOT_REQUIRE_TOOLS=1 a missing display fails the tests instead. */
export const skipsDesk = isMissing && process.env.INGOT_REQUIRE_TOOLS !== '1';
export const displayNote = skipsDesk ? ' (skipped: no display, and Xvfb was not found)' : '';

/** Pictures for the eye, not compared: `$INGOT_SHOTS`, else in the system's temporary folder. */
const shots = process.env.INGOT_SHOTS ?? join(tmpdir(), 'ingot-shots');

export interface DeskWindow {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly stderr: () => string;
}

export interface DeskOptions {
  /** Folders on the list of projects. */
  readonly recent?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The user's folder, where it is to outlive the window; default one of its own. */
  readonly user?: string;
  readonly args?: readonly string[];
}

/** Closed at the end of the test that opened it. */
export async function openDesk({
  recent = [],
  env = {},
  user: given,
  args: more = [],
}: DeskOptions = {}): Promise<DeskWindow> {
  const user = given ?? mkdtempSync(join(tmpdir(), 'ingot-desk-'));
  writeFileSync(join(user, 'recent-projects.json'), JSON.stringify(recent));
  // Nothing is drawn by the GPU here; starting its process without one costs time and can fail under load.
  const args = ['.', '--disable-gpu', `--user-data-dir=${user}`, ...more];
  // Chromium's sandbox refuses to start as root (containers, CI); the window's own stays on elsewhere.
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  // ELECTRON_RUN_AS_NODE may come from a test runner that runs in Electron.
  const { ELECTRON_RUN_AS_NODE: _, ...inherited } = process.env;
  const app = await electron.launch({
    cwd: root,
    args,
    env: { ...(inherited as Record<string, string>), ...env },
    colorScheme: null,
  });
  let stderr = '';
  app.process().stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  onTestFinished(async () => {
    await app.close().catch(() => undefined);
    if (given === undefined) rmSync(user, { recursive: true, force: true });
  });
  const page = await app.firstWindow();
  await page.getByTestId('sidebar').waitFor();
  return { app, page, stderr: () => stderr };
}

/** What the native folder dialog answers from now on; null is Cancel. */
export function answerFolder({ app }: DeskWindow, folder: string | null): Promise<void> {
  return app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () =>
      Promise.resolve({ canceled: chosen === null, filePaths: chosen === null ? [] : [chosen] });
  }, folder);
}

/** What the native question answers from now on: the number of the button. */
export function answerQuestion({ app }: DeskWindow, button: number): Promise<void> {
  return app.evaluate(({ dialog }, response) => {
    dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false });
  }, button);
}

/** A request as the page makes it, of any name and with any arguments. */
export function ask({ page }: DeskWindow, name: string, args: unknown): Promise<unknown> {
  return page.evaluate(([n, a]) => window.ingot.request(n as keyof Requests, a as never), [
    name,
    args,
  ] as const);
}

export async function paint({ app, page }: DeskWindow, theme: 'light' | 'dark'): Promise<void> {
  await app.evaluate(({ nativeTheme }, source) => void (nativeTheme.themeSource = source), theme);
  await page.waitForFunction((wanted) => matchMedia(`(prefers-color-scheme: ${wanted})`).matches, theme);
}

/** Takes the window in light and dark. */
export async function shoot(desk: DeskWindow, name: string): Promise<readonly string[]> {
  mkdirSync(shots, { recursive: true });
  const paths: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await paint(desk, theme);
    const path = join(shots, `${name}-${theme}.png`);
    await desk.page.screenshot({ path });
    paths.push(path);
  }
  return paths;
}
