/**
 * Liberty text to a tree of groups. Liberty User Guide, volume 1, chapter "Library group description":
 * a statement is `name : value ;`, `name (arguments) ;` or `name (arguments) { statements }`.
 * Number lists (values, index_n) are read straight to Float64Array: they are nine tenths of the text.
 */
import { FRESH_KIT, SourceText } from './source-place.ts';

export interface LibertyAttribute {
  readonly name: string;
  /** `name : value`, or the arguments joined by commas. */
  readonly value: string;
  readonly offset: number;
}

export interface LibertyGroup {
  readonly name: string;
  readonly args: readonly string[];
  /** Of its first character and behind its closing brace. */
  readonly offset: number;
  end: number;
  readonly attributes: LibertyAttribute[];
  readonly groups: LibertyGroup[];
  index1: Float64Array | null;
  index2: Float64Array | null;
  values: Float64Array | null;
}

const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Reads the one `library` group of the text. Throws KIT-010 where the text is no Liberty. */
export function parseLiberty(source: SourceText): LibertyGroup {
  const text = source.text;
  const length = text.length;
  const scratch = new Float64Array(4096);
  const indexes = new Map<string, Float64Array>();
  let at = 0;

  const fail = (message: string): never => source.refuse('KIT-010', message, at, FRESH_KIT);

  function skipBlanks(): void {
    for (;;) {
      let c = text.charCodeAt(at);
      while (c <= 32 || c === 92) c = text.charCodeAt(++at);
      if (c !== 47) return;
      const next = text.charCodeAt(at + 1);
      const end = next === 42 ? text.indexOf('*/', at + 2) : next === 47 ? text.indexOf('\n', at) : -2;
      if (end === -2) return;
      if (end === -1) fail('a comment does not end');
      at = end + 2 - (next === 47 ? 1 : 0);
    }
  }

  const isWord = (c: number): boolean =>
    (c >= 97 && c <= 122) ||
    (c >= 65 && c <= 90) ||
    (c >= 48 && c <= 57) ||
    c === 95 ||
    c === 46 ||
    c === 45 ||
    c === 43 ||
    c === 91 ||
    c === 93;

  function word(): string {
    const start = at;
    if (text.charCodeAt(at) === 34) {
      const end = text.indexOf('"', at + 1);
      if (end === -1) fail('a quoted string does not end');
      at = end + 1;
      return text.slice(start + 1, end).replace(/\\\s*\n/g, '\n');
    }
    while (isWord(text.charCodeAt(at))) at++;
    if (at === start)
      fail(at >= length ? 'the file ends too early' : `unexpected ${JSON.stringify(text[at])}`);
    return text.slice(start, at);
  }

  /** All numbers up to the closing parenthesis, quotes and commas between them. */
  function numbers(): Float64Array {
    let count = 0;
    for (;;) {
      const c = text.charCodeAt(at);
      if ((c >= 48 && c <= 57) || c === 45 || c === 46 || c === 43) {
        if (count === scratch.length) fail('a table has too many values');
        scratch[count++] = number();
      } else if (c === 41) {
        at++;
        return scratch.slice(0, count);
      } else if (c <= 32 || c === 34 || c === 44 || c === 92) at++;
      else fail('expected a number');
    }
  }

  /** Digits as one integer divided by a power of ten: correctly rounded up to 15 digits; else Number(). */
  function number(): number {
    const start = at;
    let c = text.charCodeAt(at);
    const negative = c === 45;
    if (c === 45 || c === 43) c = text.charCodeAt(++at);
    let [mantissa, digits, decimals] = [0, 0, 0];
    for (; c >= 48 && c <= 57; c = text.charCodeAt(++at), digits++) mantissa = mantissa * 10 + (c - 48);
    if (c === 46)
      for (c = text.charCodeAt(++at); c >= 48 && c <= 57; c = text.charCodeAt(++at), digits++, decimals++)
        mantissa = mantissa * 10 + (c - 48);
    if (c === 101 || c === 69 || digits > 15) {
      while (isWord(text.charCodeAt(at))) at++;
      const value = Number(text.slice(start, at));
      if (!Number.isFinite(value)) fail('expected a number');
      return value;
    }
    if (digits === 0 || isWord(c)) fail('expected a number');
    const value = mantissa / POWERS[decimals]!;
    return negative ? -value : value;
  }

  /** The same axis stands in nearly every table: one array for all. */
  function index(): Float64Array {
    const end = text.indexOf(')', at);
    const key = text.slice(at, end);
    const known = indexes.get(key);
    if (known) {
      at = end + 1;
      return known;
    }
    const read = numbers();
    indexes.set(key, read);
    return read;
  }

  function args(): string[] {
    const list: string[] = [];
    for (;;) {
      skipBlanks();
      const c = text.charCodeAt(at);
      if (c === 41) {
        at++;
        return list;
      }
      if (c === 44) at++;
      else list.push(word());
    }
  }

  function simpleValue(): string {
    skipBlanks();
    if (text.charCodeAt(at) === 34) return word();
    const start = at;
    // Unquoted values are single words, but expressions such as `VDD * 0.5` occur: up to ; or the line's end.
    let c = text.charCodeAt(at);
    while (c !== 59 && c !== 10 && c !== 125 && at < length) c = text.charCodeAt(++at);
    const value = text.slice(start, at).trim();
    if (value === '') fail('a value is missing');
    return value;
  }

  function statement(parent: LibertyGroup): void {
    const offset = at;
    const name = word();
    skipBlanks();
    const c = text.charCodeAt(at);
    if (c === 58) {
      at++;
      parent.attributes.push({ name, value: simpleValue(), offset });
    } else if (c === 40) {
      at++;
      if (name === 'values') parent.values = numbers();
      else if (name === 'index_1') parent.index1 = index();
      else if (name === 'index_2') parent.index2 = index();
      else {
        const list = args();
        skipBlanks();
        if (text.charCodeAt(at) === 123) {
          at++;
          parent.groups.push(group(name, list, offset));
        } else parent.attributes.push({ name, value: list.join(','), offset });
      }
    } else fail(`expected ":" or "(" after ${name}`);
  }

  function group(name: string, list: readonly string[], offset: number): LibertyGroup {
    const result: LibertyGroup = {
      name,
      args: list,
      offset,
      end: offset,
      attributes: [],
      groups: [],
      index1: null,
      index2: null,
      values: null,
    };
    for (;;) {
      skipBlanks();
      if (at >= length) fail(`group ${name} does not end`);
      const c = text.charCodeAt(at);
      if (c === 125) {
        result.end = ++at;
        return result;
      }
      if (c === 59) at++;
      else statement(result);
    }
  }

  skipBlanks();
  const offset = at;
  const name = at < length ? word() : '';
  if (name !== 'library') fail('expected a library group');
  skipBlanks();
  if (text.charCodeAt(at) !== 40) fail('expected "(" after library');
  at++;
  const list = args();
  skipBlanks();
  if (text.charCodeAt(at) !== 123) fail('expected "{" after library (...)');
  at++;
  const library = group(name, list, offset);
  skipBlanks();
  if (at < length) fail('text after the end of the library');
  return library;
}
