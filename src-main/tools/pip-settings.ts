/** What the user told pip: the address of the package index and extra certificates. pip itself need not be there. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface PipSettings {
  /** Null where nothing names one; Ingot has no address of its own. */
  readonly index: string | null;
  /** File of certificates to trust besides the system's. */
  readonly cert: string | null;
}

/** As pip: the environment first, then its files, the user's before the system's. */
export function readPipSettings(env: NodeJS.ProcessEnv = process.env): PipSettings {
  const files = configFiles(env).map(readConfig);
  const setting = (name: string): string | null => {
    const told = env[`PIP_${name.replaceAll('-', '_').toUpperCase()}`];
    if (told) return told;
    for (const file of files) {
      const value = file.get(`download.${name}`) ?? file.get(`global.${name}`);
      if (value) return value;
    }
    return null;
  };
  return { index: setting('index-url'), cert: setting('cert') };
}

/** Those that count most first (pip.pypa.io, "Configuration files"). */
function configFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const home = env.HOME ?? homedir();
  const named = env.PIP_CONFIG_FILE ? [env.PIP_CONFIG_FILE] : [];
  if (process.platform === 'win32') {
    const user = env.APPDATA ?? join(home, 'AppData', 'Roaming');
    const all = env.PROGRAMDATA ?? 'C:\\ProgramData';
    return [...named, ...[user, all].map((f) => join(f, 'pip', 'pip.ini')), join(home, 'pip', 'pip.ini')];
  }
  const user = env.XDG_CONFIG_HOME || join(home, '.config');
  const mac = join(home, 'Library', 'Application Support', 'pip', 'pip.conf');
  return [
    ...named,
    ...(process.platform === 'darwin' ? [mac] : []),
    join(user, 'pip', 'pip.conf'),
    join(home, '.pip', 'pip.conf'),
    '/etc/xdg/pip/pip.conf',
    '/etc/pip.conf',
  ];
}

/** `section.key` to value, of an INI file as Python's configparser reads it; empty when there is none. */
function readConfig(path: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return values;
  }
  let section = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line)) continue;
    const head = /^\[(.+)\]$/.exec(line);
    if (head) section = head[1]!.trim();
    const entry = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(line);
    if (!head && entry) values.set(`${section}.${entry[1]!.toLowerCase().replaceAll('_', '-')}`, entry[2]!);
  }
  return values;
}
