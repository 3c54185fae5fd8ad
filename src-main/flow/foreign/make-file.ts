/**
 * The part of GNU make's language that designs of OpenROAD-flow-scripts are written in: variables in their two
 * flavours, `+=`, `?=`, `export`, line continuation, comments, conditionals, `include` and the functions of text and
 * file names (GNU make manual, chapters 3, 6, 7, 8). Rules, `define` and `$(shell ...)` are refused: a project file
 * is read here, not run.
 */
import { basename, dirname, resolve } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import { callFunction, isFunction, splitArguments } from './make-functions.ts';
import type { ForeignDisk } from './types.ts';

export interface MakeVariable {
  readonly name: string;
  /** Unexpanded for a recursive variable. */
  text: string;
  readonly isRecursive: boolean;
  /** `file:line` of its last assignment. */
  readonly place: string;
}

const DEPTH_MAX = 40;

export const makeFail = (place: string, message: string, remedy: string): IngotError =>
  new IngotError('FOREIGN-002', message, { place, remedy });

/** Variables that the file sets; those that are given are known to it and not among the result. */
export class MakeFile {
  readonly variables = new Map<string, MakeVariable>();
  /** Names that other values or conditions read. */
  readonly used = new Set<string>();
  private readonly given: ReadonlyMap<string, string>;
  private readonly disk: ForeignDisk;

  constructor(given: ReadonlyMap<string, string>, disk: ForeignDisk) {
    this.given = given;
    this.disk = disk;
  }

  /** Throws FOREIGN-002 with file and line for what is not of the subset. */
  read(path: string, text: string, depth = 0): void {
    const file = basename(path);
    /** Of each open conditional: whether its lines count, and whether a branch was taken. */
    const branches: { active: boolean; taken: boolean; place: string; seenElse: boolean }[] = [];
    const isActive = (): boolean => branches.every((b) => b.active);
    for (const { line, number } of logicalLines(text)) {
      const place = `${file}:${number}`;
      const words = line.trim();
      if (words === '') continue;
      const head = /^\S+/.exec(words)![0];
      if (/^(ifeq|ifneq|ifdef|ifndef)$/.test(head)) {
        const active = isActive() && this.condition(words, place);
        branches.push({ active, taken: active, place, seenElse: false });
      } else if (head === 'else') this.otherwise(branches, words, place);
      else if (head === 'endif') {
        if (!branches.pop()) throw makeFail(place, 'endif without a conditional', 'remove it');
      } else if (isActive()) this.statement(path, line, place, depth);
    }
    const open = branches.at(-1);
    if (open) throw makeFail(open.place, 'the conditional is not closed', 'add endif');
  }

  /** Value of a variable, expanded; undefined when nobody set it. */
  value(name: string): string | undefined {
    const own = this.variables.get(name);
    if (own) return own.isRecursive ? this.expand(own.text, own.place) : own.text;
    return this.given.get(name);
  }

  expand(text: string, place: string, depth = 0): string {
    if (depth > DEPTH_MAX)
      throw makeFail(place, 'a variable is defined by itself', 'use := where a variable extends itself');
    let out = '';
    for (let i = 0; i < text.length; i++) {
      if (text[i] !== '$') {
        out += text[i];
        continue;
      }
      const next = text[++i];
      if (next === '$') out += '$';
      else if (next === '(' || next === '{') {
        const end = closing(text, i);
        if (end < 0) throw makeFail(place, `$${next} is not closed`, 'close the bracket');
        out += this.reference(text.slice(i + 1, end), place, depth);
        i = end;
      } else if (next === undefined) throw makeFail(place, 'a lone $ at the end of the line', 'write $$');
      else out += this.lookUp(next, place, depth);
    }
    return out;
  }

  private reference(inner: string, place: string, depth: number): string {
    const call = /^([a-z-]+)\s+([^]*)$/.exec(inner);
    if (call && isFunction(call[1]!)) {
      const [, name, rest] = call;
      const expand = (text: string): string => this.expand(text, place, depth + 1);
      return callFunction(name!, splitArguments(rest!), expand, this.disk, place);
    }
    if (call)
      throw makeFail(
        place,
        `$(${call[1]} ...) is not understood`,
        'write the value that it has: project files are read here, not run',
      );
    const substitution = /^([^:\s]+):(\S*)=(\S*)$/.exec(inner);
    if (substitution) {
      const [, name, from, to] = substitution;
      const pattern = from!.includes('%') ? [from!, to!] : [`%${from}`, `%${to}`];
      const value = this.lookUp(name!, place, depth);
      return callFunction('patsubst', [...pattern, value], (text) => text, this.disk, place);
    }
    return this.lookUp(this.expand(inner, place, depth + 1).trim(), place, depth);
  }

  private lookUp(name: string, place: string, depth: number): string {
    this.used.add(name);
    const own = this.variables.get(name);
    if (!own) return this.given.get(name) ?? '';
    return own.isRecursive ? this.expand(own.text, place, depth + 1) : own.text;
  }

  private statement(path: string, line: string, place: string, depth: number): void {
    const include = /^\s*([-s]?include)\s+(.*)$/.exec(line);
    if (include) return this.include(path, include[1]!, include[2]!, place, depth);
    const words = line.trim().replace(/^(export|override)\s+(?![:+?]?=)/, '');
    if (/^(unexport\b|export\s*$|\.PHONY\b)/.test(words)) return;
    const assignment = /^([^\s:+?!=#]+)\s*(:{0,3}=|\+=|\?=|!=)\s?([^]*)$/.exec(words);
    if (assignment) {
      const [, name, operator, rest] = assignment;
      return this.assign(this.expand(name!, place), operator!, rest!.trimStart(), place);
    }
    // `export NAME`, which hands on a variable that is set elsewhere.
    if (/^\s*export\s/.test(line) && /^[\w\s]+$/.test(words)) return;
    const what = /^(define|endef|vpath|undefine)\b/.exec(words)?.[1];
    throw makeFail(
      place,
      what === undefined ? `"${words.slice(0, 60)}" is no assignment` : `${what} is not understood`,
      'keep to assignments, conditionals and include; write out what rules and macros would make',
    );
  }

  private assign(name: string, operator: string, text: string, place: string): void {
    const before = this.variables.get(name);
    if (operator === '!=')
      throw makeFail(
        place,
        `${name} runs a command`,
        'write the value: project files are read here, not run',
      );
    if (operator === '?=') {
      if (before || this.given.has(name)) return;
      this.variables.set(name, { name, text, isRecursive: true, place });
    } else if (operator === '+=') {
      const old = before ?? { text: this.given.get(name) ?? '', isRecursive: true };
      const more = old.isRecursive ? text : this.expand(text, place);
      const joined = old.text === '' ? more : `${old.text} ${more}`;
      this.variables.set(name, { name, text: joined, isRecursive: old.isRecursive, place });
    } else {
      const isRecursive = operator === '=';
      const value = isRecursive ? text : this.expand(text, place);
      this.variables.set(name, { name, text: value, isRecursive, place });
    }
  }

  private include(path: string, word: string, names: string, place: string, depth: number): void {
    if (depth > DEPTH_MAX) throw makeFail(place, 'includes itself', 'break the circle');
    for (const name of this.expand(names, place).split(/\s+/).filter(Boolean)) {
      const found = [resolve(dirname(path), name), resolve(this.given.get('FLOW_HOME') ?? '.', name)].find(
        (p) => this.disk.exists(p),
      );
      const text = found === undefined ? null : this.disk.readText(found);
      if (text !== null) this.read(found!, text, depth + 1);
      else if (word === 'include')
        throw makeFail(place, `${name} is not there`, 'bring the file along, or remove the line');
    }
  }

  private condition(words: string, place: string): boolean {
    const [, head, rest] = /^(\S+)\s*([^]*)$/.exec(words)!;
    if (head === 'ifdef' || head === 'ifndef') {
      const name = this.expand(rest!, place).trim();
      this.used.add(name);
      const text = this.variables.get(name)?.text ?? this.given.get(name) ?? '';
      return (text !== '') === (head === 'ifdef');
    }
    const sides = conditionSides(rest!.trim());
    if (!sides) throw makeFail(place, `${head} needs two values`, 'write ifeq (A,B) or ifeq "A" "B"');
    const [a, b] = sides.map((side) => this.expand(side, place).trim());
    return (a === b) === (head === 'ifeq');
  }

  private otherwise(
    branches: { active: boolean; taken: boolean; seenElse: boolean }[],
    words: string,
    place: string,
  ): void {
    const branch = branches.at(-1);
    if (!branch || branch.seenElse) throw makeFail(place, 'else without a conditional', 'remove it');
    const rest = words.slice(4).trim();
    const outer = branches.slice(0, -1).every((b) => b.active);
    branch.active = outer && !branch.taken && (rest === '' || this.condition(rest, place));
    branch.taken ||= branch.active;
    branch.seenElse = rest === '';
  }
}

function conditionSides(text: string): [string, string] | null {
  if (text.startsWith('(') && text.endsWith(')')) {
    const sides = splitArguments(text.slice(1, -1));
    return sides.length === 2 ? [sides[0]!, sides[1]!] : null;
  }
  const quoted = /^(["'])([^]*?)\1\s+(["'])([^]*?)\3$/.exec(text);
  return quoted ? [quoted[2]!, quoted[4]!] : null;
}

/** Lines joined over backslashes and without comments; `number` is that of the first. */
function* logicalLines(text: string): Generator<{ line: string; number: number }> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const number = i + 1;
    let line = lines[i]!;
    while (/(^|[^\\])(\\\\)*\\$/.test(line) && i + 1 < lines.length)
      line = `${line.slice(0, -1).trimEnd()} ${lines[++i]!.trim()}`;
    if (line.endsWith('\\')) line = line.slice(0, -1);
    const comment = /(^|[^\\])#/.exec(line);
    if (comment) line = line.slice(0, comment.index + comment[1]!.length);
    yield { line: line.replaceAll('\\#', '#'), number };
  }
}

/** Index of the bracket that closes the one at `open`; -1 when there is none. */
function closing(text: string, open: number): number {
  const [up, down] = text[open] === '(' ? ['(', ')'] : ['{', '}'];
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === up) depth++;
    else if (text[i] === down && --depth === 0) return i;
  }
  return -1;
}
