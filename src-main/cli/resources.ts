import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of an example that comes with Ingot, by its name; undefined when there is none. */
export function exampleFolder(name: string): string | undefined {
  if (!/^[\w-]+$/.test(name)) return undefined;
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const folder = join(at, 'resources', 'examples', name);
    if (existsSync(join(folder, 'ingot.json'))) return folder;
    if (at === dirname(at)) return undefined;
  }
}
