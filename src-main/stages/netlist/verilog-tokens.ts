/**
 * Tokens of structural Verilog (IEEE 1364-2005, clause 3): identifiers, escaped identifiers (backslash up to
 * the next blank), sized constants, punctuation. Comments and `(* attributes *)` are skipped.
 */
import { IngotError } from '../../base/diagnostic.ts';

export type TokenKind = 'name' | 'escaped' | 'number' | 'sign' | 'end';

const isNameStart = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;

export class VerilogTokens {
  readonly #text: string;
  #at = 0;
  /** Of the current token. Escaped names come without backslash; `value` is also the sign itself. */
  kind: TokenKind = 'sign';
  value = '';
  offset = 0;

  constructor(text: string) {
    this.#text = text;
    this.advance();
  }

  advance(): void {
    const text = this.#text;
    this.#skipBlanks();
    let at = this.#at;
    this.offset = at;
    const c = text.charCodeAt(at);
    if (at >= text.length) {
      this.kind = 'end';
      this.value = 'end of file';
      return;
    }
    const start = at;
    if (isNameStart(c)) {
      for (let d = text.charCodeAt(++at); isNameStart(d) || isDigit(d) || d === 36;)
        d = text.charCodeAt(++at);
      this.kind = 'name';
      this.value = text.slice(start, at);
    } else if (c === 92) {
      while (text.charCodeAt(at) > 32) at++;
      this.kind = 'escaped';
      this.value = text.slice(start + 1, at);
    } else if (isDigit(c) || c === 39) {
      for (let d = text.charCodeAt(at); isNameStart(d) || isDigit(d) || d === 39 || d === 63;)
        d = text.charCodeAt(++at);
      this.kind = 'number';
      this.value = text.slice(start, at);
    } else {
      at++;
      this.kind = 'sign';
      this.value = text[start]!;
    }
    this.#at = at;
  }

  #skipBlanks(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      while (text.charCodeAt(at) <= 32) at++;
      const c = text.charCodeAt(at);
      const next = text.charCodeAt(at + 1);
      let close: string;
      if (c === 47 && next === 47) close = '\n';
      else if (c === 47 && next === 42) close = '*/';
      else if (c === 40 && next === 42) close = '*)';
      else break;
      const end = text.indexOf(close, at + 2);
      at = end === -1 ? text.length : end + close.length;
    }
    this.#at = at;
  }

  is(sign: string): boolean {
    return this.kind !== 'escaped' && this.value === sign;
  }

  /** Steps over `sign` if it stands here. */
  take(sign: string): boolean {
    if (!this.is(sign)) return false;
    this.advance();
    return true;
  }

  expect(sign: string): void {
    if (!this.take(sign)) this.refuse('NETLIST-001', `expected "${sign}", found "${this.value}"`);
  }

  identifier(): string {
    if (this.kind !== 'name' && this.kind !== 'escaped')
      this.refuse('NETLIST-001', `expected a name, found "${this.value}"`);
    const name = this.value;
    this.advance();
    return name;
  }

  integer(): number {
    const value = Number(this.value);
    if (this.kind !== 'number' || !Number.isInteger(value))
      this.refuse('NETLIST-001', `expected an integer, found "${this.value}"`);
    this.advance();
    return value;
  }

  place(offset: number = this.offset): string {
    const before = this.#text.slice(0, offset);
    const line = before.split('\n').length;
    return `netlist:${line}:${offset - before.lastIndexOf('\n')}`;
  }

  refuse(code: string, message: string, offset?: number): never {
    throw new IngotError(code, message, {
      place: this.place(offset),
      remedy: 'give a flat netlist mapped to the kit, as Yosys writes it with write_verilog -noattr -noexpr',
    });
  }
}
