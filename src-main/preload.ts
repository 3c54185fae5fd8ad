/** Runs sandboxed in the window: exposes the contract and nothing else. Main judges what is asked. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  CHANGE_CHANNEL,
  COMMAND_CHANNEL,
  OFFER_CHANNEL,
  REQUEST_CHANNEL,
  type Chosen,
  type IngotApi,
  type MenuCommand,
} from './ipc/contract.ts';

const api: IngotApi = {
  request: (name, args) => ipcRenderer.invoke(REQUEST_CHANNEL, name, args),
  onChange: (listener) => {
    const forward = (_: unknown, directory: string): void => listener(directory);
    ipcRenderer.on(CHANGE_CHANNEL, forward);
    return () => ipcRenderer.removeListener(CHANGE_CHANNEL, forward);
  },
  onCommand: (listener) => {
    const forward = (_: unknown, command: MenuCommand): void => listener(command);
    ipcRenderer.on(COMMAND_CHANNEL, forward);
    return () => ipcRenderer.removeListener(COMMAND_CHANNEL, forward);
  },
  // A path is had only of a File that the user gave; the page cannot make one up.
  offer: async (file) => {
    const path = webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]);
    return path === '' ? null : ((await ipcRenderer.invoke(OFFER_CHANNEL, path)) as Chosen);
  },
};

contextBridge.exposeInMainWorld('ingot', api);
