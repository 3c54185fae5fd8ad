/** The native menus. What belongs to the page is sent to it as a command; its own keys are shown, and handled there. */
import { app, BrowserWindow, Menu, type MenuItemConstructorOptions } from 'electron';
import { COMMAND_CHANNEL, type MenuCommand } from '../ipc/contract.ts';
import { restartSafely } from './session.ts';
import { say } from './texts.ts';
import { zoomBy, zoomTo } from './zoom.ts';

type Item = MenuItemConstructorOptions;

/** In the locale of the preferences; called again when that changes. */
export function setMenu(): void {
  const line: Item = { type: 'separator' };
  const developer: Item[] = app.isPackaged ? [] : [line, { role: 'reload' }, { role: 'toggleDevTools' }];
  const template: Item[] = [
    {
      label: say('menu.file'),
      submenu: [
        command('new', say('menu.new'), 'CmdOrCtrl+N'),
        command('example', say('menu.example')),
        command('open', say('menu.open'), 'CmdOrCtrl+O'),
        line,
        command('export', say('menu.export')),
        line,
        { role: 'quit', label: say('menu.quit') },
      ],
    },
    {
      label: say('menu.edit'),
      submenu: [
        { role: 'undo', label: say('menu.undo') },
        { role: 'redo', label: say('menu.redo') },
        line,
        { role: 'cut', label: say('menu.cut') },
        { role: 'copy', label: say('menu.copy') },
        { role: 'paste', label: say('menu.paste') },
        { role: 'selectAll', label: say('menu.selectAll') },
      ],
    },
    {
      label: say('menu.run'),
      submenu: [
        command('run', say('menu.start'), 'CmdOrCtrl+Enter'),
        command('queue', say('menu.queue'), 'CmdOrCtrl+Shift+Enter'),
        command('cancel', say('menu.cancel')),
      ],
    },
    {
      label: say('menu.view'),
      submenu: [
        command('palette', say('menu.palette'), 'CmdOrCtrl+K'),
        command('console', say('menu.console'), 'CmdOrCtrl+J'),
        command('settings', say('menu.settings'), 'CmdOrCtrl+,'),
        line,
        zoom(say('menu.zoomIn'), 'CmdOrCtrl+Plus', (window) => zoomBy(window, 1)),
        // The key without Shift.
        { ...zoom('', 'CmdOrCtrl+=', (window) => zoomBy(window, 1)), visible: false },
        zoom(say('menu.zoomOut'), 'CmdOrCtrl+-', (window) => zoomBy(window, -1)),
        zoom(say('menu.zoomReset'), 'CmdOrCtrl+0', (window) => zoomTo(window, 100)),
        line,
        { role: 'togglefullscreen', label: say('menu.fullscreen') },
        ...developer,
      ],
    },
    {
      label: say('menu.help'),
      submenu: [
        command('kit', say('menu.kit')),
        { label: say('menu.safe'), click: restartSafely },
        { role: 'about', label: say('menu.about') },
      ],
    },
  ];
  if (process.platform === 'darwin') template.unshift({ role: 'appMenu' });
  app.setAboutPanelOptions({ applicationName: 'Ingot', applicationVersion: app.getVersion() });
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

function command(name: MenuCommand, label: string, accelerator?: string): Item {
  return {
    id: name,
    label,
    ...(accelerator !== undefined && { accelerator, registerAccelerator: name === 'open' }),
    click: (_item, window) =>
      (window instanceof BrowserWindow ? window : BrowserWindow.getAllWindows()[0])?.webContents.send(
        COMMAND_CHANNEL,
        name,
      ),
  };
}

const zoom = (label: string, accelerator: string, act: (window: BrowserWindow) => void): Item => ({
  label,
  accelerator,
  click: (_item, window) => window instanceof BrowserWindow && act(window),
});
