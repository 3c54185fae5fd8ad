/**
 * Where the user says that tools are: `INGOT_TOOLS` (folders, as in PATH) and a small file of the user's, for all
 * projects. A damaged file is an empty one.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';

const Kept = z.object({
  /** Looked into before the PATH. */
  folders: z.array(z.string()).catch([]),
  /** Tool -> program, before everything else. */
  programs: z.record(z.string(), z.string()).catch({}),
});

export type ToolPreferences = z.infer<typeof Kept>;

/** `$INGOT_CONFIG/tools.json`, else by system. */
export function toolPreferencesFile(env: NodeJS.ProcessEnv = process.env): string {
  if (env.INGOT_CONFIG) return join(env.INGOT_CONFIG, 'tools.json');
  if (process.platform === 'darwin')
    return join(homedir(), 'Library', 'Application Support', 'ingot', 'tools.json');
  if (process.platform === 'win32')
    return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'ingot', 'tools.json');
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'ingot', 'tools.json');
}

export function toolPreferences(): ToolPreferences {
  try {
    return Kept.parse(JSON.parse(readFileSync(toolPreferencesFile(), 'utf8')));
  } catch {
    return Kept.parse({});
  }
}

export function keepToolPreferences(change: Partial<ToolPreferences>): ToolPreferences {
  const kept = { ...toolPreferences(), ...change };
  const file = toolPreferencesFile();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, `${JSON.stringify(kept, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  return kept;
}

/** From the environment first, then from the file. */
export const toolFolders = (): string[] => [
  ...(process.env.INGOT_TOOLS ?? '').split(delimiter).filter((folder) => folder !== ''),
  ...toolPreferences().folders,
];
