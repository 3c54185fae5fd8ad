/** Words of a LEF text: separated by blanks, `;` a word of its own, `#` to the end of the line a comment. */
import { FRESH_KIT, SourceText } from './source-place.ts';

export class LefTokens {
  readonly source: SourceText;
  readonly #text: string;
  readonly dbuPerUm: () => number;
  #at = 0;
  /** Offset of the word last read. */
  offset = 0;

  constructor(source: SourceText, dbuPerUm: () => number) {
    this.source = source;
    this.#text = source.text;
    this.dbuPerUm = dbuPerUm;
  }

  /** The next word, or null at the end. */
  next(): string | null {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      while (text.charCodeAt(at) <= 32) at++;
      if (text.charCodeAt(at) !== 35) break;
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    }
    this.offset = at;
    if (at >= text.length) {
      this.#at = at;
      return null;
    }
    const first = text.charCodeAt(at);
    let end = at + 1;
    if (first === 34) {
      end = text.indexOf('"', end) + 1;
      if (end === 0) this.refuse('a quoted string does not end');
    } else if (first !== 59) {
      for (let c = text.charCodeAt(end); c > 32 && c !== 59; c = text.charCodeAt(++end));
    }
    this.#at = end;
    return text.slice(at, end);
  }

  word(): string {
    const word = this.next();
    if (word === null) this.refuse('the file ends too early');
    return word;
  }

  expect(wanted: string): void {
    const word = this.word();
    if (word !== wanted) this.refuse(`expected ${wanted}, found ${word}`);
  }

  number(): number {
    const word = this.word();
    const value = Number(word);
    if (!Number.isFinite(value)) this.refuse(`expected a number, found ${word}`);
    return value;
  }

  /** A length in microns, as database units. A length between two units is refused, not rounded. */
  length(): number {
    const exact = this.number() * this.dbuPerUm();
    const dbu = Math.round(exact);
    if (Math.abs(exact - dbu) > 1e-4) this.refuse(`a length is not a multiple of 1/${this.dbuPerUm()} um`);
    return dbu === 0 ? 0 : dbu;
  }

  /** Numbers up to the closing `;`. */
  lengthsToEnd(): number[] {
    const lengths: number[] = [];
    for (;;) {
      const before = this.#at;
      if (this.word() === ';') return lengths;
      this.#at = before;
      lengths.push(this.length());
    }
  }

  skipStatement(): void {
    while (this.word() !== ';');
  }

  /** Skips to the `END name` that closes a block. */
  skipBlock(name: string): void {
    for (;;) if (this.word() === 'END' && this.word() === name) return;
  }

  refuse(message: string, code = 'KIT-001'): never {
    this.source.refuse(code, message, this.offset, FRESH_KIT);
  }
}
