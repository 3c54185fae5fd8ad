/** Files that come with Ingot: from a checkout (src-main) or from the bundle (out/main). */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BugError } from '../base/diagnostic.ts';

const HERE = fileURLToPath(import.meta.url);

/** The path, in the first folder upwards from here that has it; undefined when none does. */
export function findOwnFile(...parts: readonly string[]): string | undefined {
  for (let folder = dirname(HERE); ; folder = dirname(folder)) {
    const path = join(folder, ...parts);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

/** The program for a child process, by its name without ending: beside the sources or beside the bundled entries. */
export function ownProgram(name: string): string {
  const file = HERE.endsWith('.ts') ? `${name}.ts` : `${name}.js`;
  const path = findOwnFile(file);
  if (path === undefined) throw new BugError(`${file} is not beside the program`);
  return path;
}

/** Folder of an example that comes with Ingot, by its name; undefined when there is none. */
export function exampleFolder(name: string): string | undefined {
  if (!/^[\w-]+$/.test(name)) return undefined;
  const file = findOwnFile('resources', 'examples', name, 'ingot.json');
  return file && dirname(file);
}
