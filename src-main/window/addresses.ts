/** The addresses that the window knows: its own page and the reports. Nothing else is ever loaded. */
import { app } from 'electron';

export const DESK_SCHEME = 'ingot';
export const DESK_HOST = 'desk';
export const DESK_ORIGIN = `${DESK_SCHEME}://${DESK_HOST}`;
export const REPORT_SCHEME = 'ingot-report';

/** Origin of electron-vite's development server; undefined when the built window is shown. */
export function devOrigin(): string | undefined {
  const url = process.env.ELECTRON_RENDERER_URL;
  return !app.isPackaged && url ? new URL(url).origin : undefined;
}

/** Origin of the page that may ask the engine. */
export const deskOrigin = (): string => devOrigin() ?? DESK_ORIGIN;

export const reportUrl = (directory: string, run: number): string =>
  `${REPORT_SCHEME}://run/${run}?${new URLSearchParams({ directory })}`;

/** The other way round; null for an address that names no report. */
export function parseReportUrl(url: string): { directory: string; run: number } | null {
  const { host, pathname, searchParams } = new URL(url);
  const directory = searchParams.get('directory');
  if (host !== 'run' || !/^\/[1-9]\d{0,8}$/.test(pathname) || !directory) return null;
  return { directory, run: Number(pathname.slice(1)) };
}
