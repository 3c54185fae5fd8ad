/** How the user likes the desk: one small JSON file, with the window's place. A damaged one is an empty one. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { app, nativeTheme, screen, type BrowserWindow, type Rectangle } from 'electron';
import { z } from 'zod';
import type { Preferences } from '../ipc/contract.ts';
import { ZOOM, zoomOf, zoomTo } from './zoom.ts';

const Kept = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  locale: z.enum(['en', 'zh']).catch('en'),
  bounds: z
    .object({ x: z.number(), y: z.number(), width: z.number().min(200), height: z.number().min(200) })
    .optional()
    .catch(undefined),
  isMaximized: z.boolean().optional().catch(undefined),
  zoomPercent: z.number().min(ZOOM.min).max(ZOOM.max).optional().catch(undefined),
  /** Address of the package index that the user gave for the cell library. */
  kitIndex: z.string().max(2048).optional().catch(undefined),
});
type Kept = z.infer<typeof Kept>;

const file = (): string => join(app.getPath('userData'), 'preferences.json');

function read(): Kept {
  try {
    return Kept.parse(JSON.parse(readFileSync(file(), 'utf8')));
  } catch {
    return Kept.parse({});
  }
}

function keep(change: Partial<Kept>): Kept {
  const kept = { ...read(), ...change };
  mkdirSync(dirname(file()), { recursive: true });
  writeFileSync(`${file()}.tmp`, JSON.stringify(kept, null, 2));
  renameSync(`${file()}.tmp`, file());
  return kept;
}

export function preferences(): Preferences {
  const { theme, locale } = read();
  return { theme, locale };
}

export function prefer(change: Partial<Preferences>): Preferences {
  const { theme, locale } = keep(change);
  nativeTheme.themeSource = theme;
  return { theme, locale };
}

export const kitIndex = (): string | null => read().kitIndex ?? null;
export const keepKitIndex = (address: string): void => void keep({ kitIndex: address });

export const applyTheme = (): void => void (nativeTheme.themeSource = read().theme);

/** Where the window stood, if that is still on a screen. */
export function windowBounds(): Partial<Rectangle> {
  const { bounds } = read();
  if (!bounds) return {};
  const { workArea } = screen.getDisplayMatching(bounds);
  const isSeen =
    bounds.x < workArea.x + workArea.width - 100 &&
    bounds.x + bounds.width > workArea.x + 100 &&
    bounds.y >= workArea.y - 20 &&
    bounds.y < workArea.y + workArea.height - 100;
  return isSeen ? bounds : { width: bounds.width, height: bounds.height };
}

export function keepWindowState(window: BrowserWindow): void {
  const kept = read();
  if (kept.isMaximized) window.maximize();
  window.webContents.on('did-finish-load', () => zoomTo(window, kept.zoomPercent ?? ZOOM.min));
  window.on('close', () => {
    if (window.isDestroyed()) return;
    try {
      keep({
        bounds: window.getNormalBounds(),
        isMaximized: window.isMaximized(),
        zoomPercent: Math.min(ZOOM.max, Math.max(ZOOM.min, zoomOf(window))),
      });
    } catch (error) {
      // A full disk must not keep the window open.
      console.error(error);
    }
  });
}
