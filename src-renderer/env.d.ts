import type { IngotApi } from '../src-main/ipc/contract.ts';

declare global {
  interface Window {
    readonly ingot: IngotApi;
  }
}
