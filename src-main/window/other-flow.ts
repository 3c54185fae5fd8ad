import { pathToFileURL } from 'node:url';
import { app } from 'electron';
import type { Flow, RunOptions } from '../flow/index.ts';

/**
 * As in the command line: INGOT_FLOW names a module that exports another FLOW, to try out steps. An installed app loads
 * no code but its own.
 */
export async function otherFlow(): Promise<RunOptions['flow']> {
  const path = process.env.INGOT_FLOW;
  if (!path || app.isPackaged) return undefined;
  const module = pathToFileURL(path).href;
  const { FLOW } = (await import(/* @vite-ignore */ module)) as { FLOW: Flow };
  return { steps: FLOW, module };
}
