/** A small menu of our own: Electron's default one links to web sites. */
import { app, Menu, type MenuItemConstructorOptions } from 'electron';

export function setMenu(): void {
  const view: MenuItemConstructorOptions[] = [
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'resetZoom' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ];
  if (!app.isPackaged) view.push({ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' });
  const template: MenuItemConstructorOptions[] = [
    { label: '&File', submenu: [{ role: 'quit' }] },
    { label: '&Edit', submenu: [{ role: 'copy' }, { role: 'selectAll' }] },
    { label: '&View', submenu: view },
  ];
  if (process.platform === 'darwin') template.unshift({ role: 'appMenu' });
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
