/** Runs sandboxed in the window: exposes the contract and nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import { EVENT_CHANNEL, REQUESTS, type IngotApi, type JobEvent } from './ipc/contract.ts';

const api: IngotApi = {
  request: (channel, args) => {
    if (!(REQUESTS as readonly string[]).includes(channel)) throw new Error(`unknown request ${channel}`);
    return ipcRenderer.invoke(channel, args);
  },
  onJob: (listener) => {
    const forward = (_: unknown, event: JobEvent): void => listener(event);
    ipcRenderer.on(EVENT_CHANNEL, forward);
    return () => ipcRenderer.removeListener(EVENT_CHANNEL, forward);
  },
};

contextBridge.exposeInMainWorld('ingot', api);
