/** Entry of the desktop app: one window on the engine that the command line uses too. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BrowserWindow, app, protocol } from 'electron';
import { REPORT_SCHEME, reportPath, serveRequests } from './window/serve.ts';

protocol.registerSchemesAsPrivileged([
  { scheme: REPORT_SCHEME, privileges: { standard: true, secure: true } },
]);

/** Where the built entries lie, for the window's own files. */
const out = join(import.meta.dirname, '..');

async function openWindow(): Promise<void> {
  const window = new BrowserWindow({
    width: 1280,
    height: 820,
    minWidth: 860,
    minHeight: 520,
    show: false,
    title: 'Ingot',
    webPreferences: {
      preload: join(out, 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  window.webContents.on('will-navigate', (event) => event.preventDefault());
  const devServer = process.env.ELECTRON_RENDERER_URL;
  if (!app.isPackaged && devServer) await window.loadURL(devServer);
  else await window.loadFile(join(out, 'renderer', 'index.html'));
}

app.on('web-contents-created', (_event, contents) => {
  contents.session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
});
app.on('window-all-closed', () => app.quit());

await app.whenReady();
protocol.handle(REPORT_SCHEME, async (request) => {
  const path = reportPath(request.url);
  if (path === null) return new Response('no such report', { status: 404 });
  return new Response(await readFile(path), { headers: { 'content-type': 'text/html; charset=utf-8' } });
});
serveRequests();
await openWindow();
