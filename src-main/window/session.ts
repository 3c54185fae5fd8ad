/**
 * Whether the last session ended as it should. A file stands in the user's folder while the app runs; one that is found at
 * the start was left by a crash, a kill or a power cut, and nothing is opened by itself then. Safe mode besides draws
 * without the graphics card.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { app, BrowserWindow, dialog } from 'electron';
import type { SessionStart } from '../ipc/contract.ts';
import { say } from './texts.ts';

const SAFE_MODE = '--safe-mode';
/** A page that crashes more often than this within a minute is not loaded again. */
const CRASHES_MAX = 3;
const CRASHES_WITHIN_MS = 60_000;

const file = (): string => join(app.getPath('userData'), 'session.lock');
const isSafe = process.argv.includes(SAFE_MODE);

let isAfterCrash = false;
let pageCrash: string | null = null;
let crashedAtMs: readonly number[] = [];

/** Before the app is ready: the graphics card is chosen then. */
export function chooseGraphics(): void {
  if (isSafe) app.disableHardwareAcceleration();
}

export function beginSession(): void {
  isAfterCrash = existsSync(file());
  try {
    mkdirSync(dirname(file()), { recursive: true });
    writeFileSync(file(), String(process.pid));
  } catch (error) {
    // A full disk costs the next start its warning, no more.
    console.error(error);
  }
  app.on('will-quit', () => rmSync(file(), { force: true }));
}

/** What the page shows of it. Of a crash of the page it is told once. */
export function sessionStart(): SessionStart {
  const start = { isSafe, isAfterCrash, pageCrash };
  pageCrash = null;
  return start;
}

/** The user saw it and goes on: a reload opens projects again. */
export function dismissCrash(): void {
  isAfterCrash = false;
}

/** A page that crashed is shown anew, all it knew is in the databases; unless it keeps crashing. */
export function surviveCrashes(window: BrowserWindow): void {
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    console.error(`the page ended: ${reason}`);
    pageCrash = reason;
    const nowMs = Date.now();
    crashedAtMs = [...crashedAtMs.filter((atMs) => nowMs - atMs < CRASHES_WITHIN_MS), nowMs];
    // Electron dies of a reload within this event: the old page must be gone first.
    setImmediate(() => {
      if (window.isDestroyed()) return;
      if (crashedAtMs.length <= CRASHES_MAX) window.webContents.reload();
      else void offerSafeMode(window);
    });
  });
}

async function offerSafeMode(window: BrowserWindow): Promise<void> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    message: say('crash.message'),
    detail: say('crash.detail'),
    buttons: [say('crash.safe'), say('crash.quit')],
    defaultId: 0,
    cancelId: 1,
  });
  if (response === 0) restartSafely();
  else app.quit();
}

/** Through the ordinary quit, which asks about runs. */
export function restartSafely(): void {
  const args = process.argv.slice(1).filter((arg) => arg !== SAFE_MODE);
  app.relaunch({ args: [...args, SAFE_MODE] });
  app.quit();
}
