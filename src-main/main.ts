/** Entry of the desktop app: one window on the engine that the command line uses too. */
import { app, BrowserWindow } from 'electron';
import { setMenu } from './window/menu.ts';
import { openWindow } from './window/open-window.ts';
import { confineSession, confineContents } from './window/confine.ts';
import { stopBeforeQuit } from './window/jobs.ts';
import { registerSchemes, serveSchemes } from './window/schemes.ts';
import { serveRequests } from './window/serve.ts';
import { beginSession, chooseGraphics } from './window/session.ts';

registerSchemes();
chooseGraphics();
app.on('web-contents-created', (_event, contents) => confineContents(contents));
app.on('window-all-closed', () => app.quit());
stopBeforeQuit();

// One window per user: two would overwrite each other's list of projects.
if (!app.requestSingleInstanceLock()) app.quit();
else {
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows();
    window?.restore();
    window?.focus();
  });
  void app.whenReady().then(() => {
    beginSession();
    confineSession();
    serveSchemes();
    serveRequests();
    setMenu();
    return openWindow();
  });
}
