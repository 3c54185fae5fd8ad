import { join } from 'node:path';
import { BrowserWindow, nativeTheme } from 'electron';
import { DESK_ORIGIN, devOrigin } from './addresses.ts';
import { surviveCrashes } from './session.ts';
import { applyTheme, keepWindowState, windowBounds } from './preferences.ts';

/** The window's background before its first paint; the page's own (styles/tokens.css). */
const BACKGROUND = { light: '#f5f6f8', dark: '#12161c' };

export async function openWindow(): Promise<void> {
  applyTheme();
  const window = new BrowserWindow({
    width: 1280,
    height: 820,
    ...windowBounds(),
    minWidth: 860,
    minHeight: 520,
    show: false,
    title: 'Ingot',
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload: join(import.meta.dirname, '..', 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      // Its dictionaries would come from the network.
      spellcheck: false,
    },
  });
  keepWindowState(window);
  surviveCrashes(window);
  window.once('ready-to-show', () => window.show());
  await window.loadURL(devOrigin() ?? `${DESK_ORIGIN}/index.html`);
}
