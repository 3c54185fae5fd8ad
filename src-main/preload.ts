/** Runs sandboxed in the window: exposes the contract and nothing else. Main judges what is asked. */
import { contextBridge, ipcRenderer } from 'electron';
import { CHANGE_CHANNEL, REQUEST_CHANNEL, type IngotApi } from './ipc/contract.ts';

const api: IngotApi = {
  request: (name, args) => ipcRenderer.invoke(REQUEST_CHANNEL, name, args),
  onChange: (listener) => {
    const forward = (_: unknown, directory: string): void => listener(directory);
    ipcRenderer.on(CHANGE_CHANNEL, forward);
    return () => ipcRenderer.removeListener(CHANGE_CHANNEL, forward);
  },
};

contextBridge.exposeInMainWorld('ingot', api);
