import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where kits and other downloads are kept for all projects of a user: `$INGOT_CACHE`, else by system. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.INGOT_CACHE) return env.INGOT_CACHE;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ingot');
  if (process.platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'ingot', 'cache');
  }
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ingot');
}

/**
 * Where Node keeps compiled modules between processes (a step's process starts three times faster). Not in
 * the system's temporary folder: what others can write there would be run.
 */
export const compileCacheDir = (): string => join(cacheDir(), 'compiled');
