import { IngotError } from '../../base/diagnostic.ts';

const NEWLINE = 10;
const BLANK = 32;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;

/**
 * Tokens of a DEF file: words between blanks. `#` at the start of a word comments out the rest of the line;
 * a quoted string is one token without its quotes. Positions are only worked out when something is wrong.
 */
export class DefTokens {
  readonly #text: string;
  #at = 0;
  /** Offset of the token last given out. */
  #tokenAt = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Next token, or null at the end of the file. */
  tryNext(): string | null {
    const text = this.#text;
    const end = text.length;
    let at = this.#at;
    for (;;) {
      while (at < end && text.charCodeAt(at) <= BLANK) at++;
      if (at >= end) {
        this.#at = this.#tokenAt = end;
        return null;
      }
      if (text.charCodeAt(at) !== HASH) break;
      while (at < end && text.charCodeAt(at) !== NEWLINE) at++;
    }
    this.#tokenAt = at;
    if (text.charCodeAt(at) === QUOTE) return this.#quoted(at + 1);
    const start = at;
    while (at < end && text.charCodeAt(at) > BLANK) at++;
    this.#at = at;
    return text.slice(start, at);
  }

  #quoted(start: number): string {
    let at = start;
    while (at < this.#text.length && this.#text.charCodeAt(at) !== QUOTE) {
      if (this.#text.charCodeAt(at) === BACKSLASH) at++;
      at++;
    }
    if (at >= this.#text.length) throw this.error('LAYOUT-002', 'a quoted string does not end');
    this.#at = at + 1;
    return this.#text.slice(start, at);
  }

  next(): string {
    const token = this.tryNext();
    if (token === null) throw this.error('LAYOUT-001', 'the file ends within a statement');
    return token;
  }

  peek(): string {
    const at = this.#at;
    const tokenAt = this.#tokenAt;
    const token = this.tryNext() ?? '';
    this.#at = at;
    this.#tokenAt = tokenAt;
    return token;
  }

  /** A name: backslash escapes are resolved. */
  name(): string {
    const token = this.next();
    return token.includes('\\') ? token.replace(/\\(.)/g, '$1') : token;
  }

  integer(): number {
    const token = this.next();
    const value = Number(token);
    if (token === '' || !Number.isFinite(value))
      throw this.error('LAYOUT-003', `expected a number, found '${token}'`);
    if (!Number.isInteger(value) || Math.abs(value) > 0x7fffffff)
      throw this.error('LAYOUT-004', `expected a 32-bit integer, found '${token}'`);
    return value;
  }

  expect(word: string): void {
    const token = this.next();
    if (token !== word) throw this.error('LAYOUT-002', `expected '${word}', found '${token}'`);
  }

  skipStatement(): void {
    while (this.next() !== ';');
  }

  /** An error at the token last read. */
  error(code: string, message: string): IngotError {
    const before = this.#text.slice(0, this.#tokenAt);
    const line = before.split('\n').length;
    const column = this.#tokenAt - before.lastIndexOf('\n');
    return new IngotError(code, message, {
      place: `DEF ${line}:${column}`,
      remedy: 'write the file with Ingot or OpenROAD, or leave out the statement',
    });
  }
}
