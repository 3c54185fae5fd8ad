/** The disk as the readers of foreign projects see it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { inWorld } from '../../project/world.ts';
import type { ForeignDisk } from './types.ts';

const FILES_MAX = 100_000;

export const DISK: ForeignDisk = {
  readText: (path) => (isFile(path) ? inWorld(path, () => readFileSync(path, 'utf8')) : null),
  exists: isFile,
  glob(pattern) {
    const parts = resolve(pattern).split(sep);
    // The folders before the first part with a wildcard are taken as they are.
    const first = parts.findIndex((part) => /[*?[]/.test(part));
    if (first < 0) return statSync(pattern, { throwIfNoEntry: false }) ? [resolve(pattern)] : [];
    const found: string[] = [];
    walk(parts.slice(0, first).join(sep) || sep, parts.slice(first), found);
    return [...new Set(found)].sort();
  },
};

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

function walk(folder: string, parts: readonly string[], found: string[]): void {
  const [part, ...rest] = parts;
  if (part === undefined || found.length >= FILES_MAX) return;
  if (part === '**') walk(folder, rest, found);
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  const expression = wildcard(part);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (part === '**') {
      if (entry.isDirectory() && !entry.name.startsWith('.')) walk(path, parts, found);
    } else if (expression.test(entry.name) && (!entry.name.startsWith('.') || part.startsWith('.'))) {
      if (rest.length === 0) found.push(path);
      else if (entry.isDirectory()) walk(path, rest, found);
    }
  }
}

/** A name with *, ? and [abc]. */
export function wildcard(part: string): RegExp {
  const source = part
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return new RegExp(`^${part.replace(/[.+^${}()|\\[\]*?]/g, '\\$&')}$`);
  }
}
