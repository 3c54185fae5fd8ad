/** GNU make's functions of text and file names (manual, sections 8.2 to 8.5), without those that run something. */
import { basename, dirname, resolve } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import type { ForeignDisk } from './types.ts';

type Implementation = (args: readonly string[], disk: ForeignDisk) => string;

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** `%` stands for any text; the matched part, or null. */
function stem(pattern: string, word: string): string | null {
  const at = pattern.indexOf('%');
  if (at < 0) return pattern === word ? '' : null;
  const [head, tail] = [pattern.slice(0, at), pattern.slice(at + 1)];
  const fits = word.length >= head.length + tail.length && word.startsWith(head) && word.endsWith(tail);
  return fits ? word.slice(head.length, word.length - tail.length) : null;
}

const isMatch = (patterns: string, word: string): boolean =>
  words(patterns).some((p) => stem(p, word) !== null);
const each = (text: string, change: (word: string) => string): string => words(text).map(change).join(' ');

const FUNCTIONS: Readonly<Record<string, { readonly arity: number; readonly run: Implementation }>> = {
  sort: { arity: 1, run: ([list]) => [...new Set(words(list!))].sort().join(' ') },
  strip: { arity: 1, run: ([text]) => words(text!).join(' ') },
  wildcard: {
    arity: 1,
    run: ([list], disk) =>
      words(list!)
        .flatMap((p) => disk.glob(p))
        .join(' '),
  },
  dir: { arity: 1, run: ([list]) => each(list!, (w) => `${dirname(w)}/`) },
  notdir: { arity: 1, run: ([list]) => each(list!, (w) => basename(w)) },
  basename: { arity: 1, run: ([list]) => each(list!, (w) => w.replace(/\.[^./]*$/, '')) },
  suffix: { arity: 1, run: ([list]) => each(list!, (w) => /\.[^./]*$/.exec(w)?.[0] ?? '').trim() },
  abspath: { arity: 1, run: ([list]) => each(list!, (w) => resolve(w)) },
  realpath: { arity: 1, run: ([list]) => each(list!, (w) => resolve(w)) },
  firstword: { arity: 1, run: ([list]) => words(list!)[0] ?? '' },
  lastword: { arity: 1, run: ([list]) => words(list!).at(-1) ?? '' },
  words: { arity: 1, run: ([list]) => String(words(list!).length) },
  word: { arity: 2, run: ([n, list]) => words(list!)[Number(n) - 1] ?? '' },
  addprefix: { arity: 2, run: ([prefix, list]) => each(list!, (w) => prefix! + w) },
  addsuffix: { arity: 2, run: ([suffix, list]) => each(list!, (w) => w + suffix!) },
  filter: {
    arity: 2,
    run: ([p, list]) =>
      words(list!)
        .filter((w) => isMatch(p!, w))
        .join(' '),
  },
  'filter-out': {
    arity: 2,
    run: ([p, list]) =>
      words(list!)
        .filter((w) => !isMatch(p!, w))
        .join(' '),
  },
  findstring: { arity: 2, run: ([what, text]) => (text!.includes(what!) ? what! : '') },
  subst: { arity: 3, run: ([from, to, text]) => (from === '' ? text! : text!.replaceAll(from!, to!)) },
  patsubst: {
    arity: 3,
    run: ([from, to, list]) =>
      each(list!, (w) => {
        const found = stem(from!.trim(), w);
        return found === null ? w : to!.trim().replace('%', () => found);
      }),
  },
};

export const isFunction = (name: string): boolean => Object.hasOwn(FUNCTIONS, name) || name === 'if';

/** Arguments as they stand; commas inside brackets do not part them. */
export function splitArguments(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const c of text) {
    if (c === '(' || c === '{') depth++;
    if (c === ')' || c === '}') depth--;
    if (c === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts;
}

/** Throws FOREIGN-002 when there are too few arguments. */
export function callFunction(
  name: string,
  raw: readonly string[],
  expand: (text: string) => string,
  disk: ForeignDisk,
  place: string,
): string {
  if (name === 'if') return expand(expand(raw[0] ?? '').trim() === '' ? (raw[2] ?? '') : (raw[1] ?? ''));
  const { arity, run } = FUNCTIONS[name]!;
  // The last argument keeps its commas.
  const args = raw.length > arity ? [...raw.slice(0, arity - 1), raw.slice(arity - 1).join(',')] : raw;
  if (args.length < arity)
    throw new IngotError('FOREIGN-002', `$(${name} ...) needs ${arity} arguments`, {
      place,
      remedy: 'see the manual of GNU make for the function',
    });
  return run(args.map(expand), disk);
}
