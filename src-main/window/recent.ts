/** The folders the window lists, newest first: one small JSON file in the user's data folder. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const RECENT_MAX = 30;
const Recent = z.array(z.string());

/** A missing or damaged list is an empty one: it holds nothing that cannot be opened again. */
export function readRecent(file: string): readonly string[] {
  try {
    return Recent.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}

/** Puts it on top if it is new; one that is there keeps its place. */
export function addRecent(file: string, directory: string): void {
  const list = readRecent(file);
  if (!list.includes(directory)) write(file, [directory, ...list].slice(0, RECENT_MAX));
}

export function removeRecent(file: string, directory: string): void {
  write(
    file,
    readRecent(file).filter((d) => d !== directory),
  );
}

function write(file: string, list: readonly string[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(list, null, 2));
  renameSync(`${file}.tmp`, file);
}
