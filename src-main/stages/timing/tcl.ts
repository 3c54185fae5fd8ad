/**
 * The part of Tcl that constraint files are written in: commands of words, braces, quotes, `[command]`, `$variable`,
 * `set`, `expr` with + - * / and brackets, comments, `;` and line continuation. No control flow, no procedures.
 * Differs from Tcl: a `[` inside a word or quotes is a plain character, so that `a[0]` needs no escape.
 */

export interface Place {
  readonly line: number;
  readonly column: number;
}

type Part =
  string | { readonly variable: string; readonly at: Place } | { readonly command: readonly TclWord[] };

export interface TclWord extends Place {
  readonly parts: readonly Part[];
}

/** Makes the error of the caller's kind. */
export type Fail = (at: Place, message: string) => Error;

const VARIABLE = /\$(?:\{([^}]*)\}|((?:::)?\w+))/g;

class Parser {
  private at = 0;
  private line = 1;
  private lineStart = 0;
  private readonly text: string;
  private readonly fail: Fail;

  constructor(text: string, fail: Fail) {
    this.text = text;
    this.fail = fail;
  }

  commands(): TclWord[][] {
    const commands: TclWord[][] = [];
    while (this.at < this.text.length) {
      const words = this.words(false);
      if (words.length > 0) commands.push(words);
    }
    return commands;
  }

  private place(): Place {
    return { line: this.line, column: this.at - this.lineStart + 1 };
  }

  private step(): string {
    const c = this.text[this.at++]!;
    if (c === '\n') {
      this.line++;
      this.lineStart = this.at;
    }
    return c;
  }

  /** Words up to the end of the line or, in brackets, up to `]`, which is taken too. */
  private words(isBracketed: boolean): TclWord[] {
    const { text } = this;
    const words: TclWord[] = [];
    for (;;) {
      while (/[ \t\r]/.test(text[this.at] ?? '')) this.at++;
      if (text[this.at] === '\\' && (text[this.at + 1] === '\n' || text.startsWith('\r\n', this.at + 1))) {
        this.step();
        while (text[this.at] === '\r' || text[this.at] === '\n') this.step();
        continue;
      }
      if (this.at >= text.length) {
        if (isBracketed) throw this.fail(this.place(), '[ without ]');
        return words;
      }
      const c = text[this.at]!;
      if (isBracketed ? c === ']' : c === '\n' || c === ';') {
        this.step();
        return words;
      }
      if (isBracketed && c === '\n') this.step();
      else if (c === '#' && words.length === 0 && !isBracketed) {
        while (this.at < text.length && text[this.at] !== '\n') this.at++;
      } else words.push(this.word(isBracketed));
    }
  }

  private word(isBracketed: boolean): TclWord {
    const here = this.place();
    const c = this.text[this.at];
    if (c === '{') return { parts: [this.enclosed('{', '}')], ...here };
    if (c === '"') return { parts: this.substituted(this.enclosed('"', '"'), here), ...here };
    if (c === '[') {
      this.at++;
      return { parts: [{ command: this.words(true) }], ...here };
    }
    return { parts: this.substituted(this.bare(isBracketed), here), ...here };
  }

  private enclosed(open: string, close: string): string {
    const start = this.place();
    this.step();
    let depth = 1;
    let out = '';
    for (;;) {
      if (this.at >= this.text.length) throw this.fail(start, `${open} without ${close}`);
      const c = this.step();
      if (c === close && --depth === 0) return out;
      if (c === open && open !== close) depth++;
      out += c;
    }
  }

  private bare(isBracketed: boolean): string {
    const { text } = this;
    const here = this.place();
    let word = '';
    let depth = 0;
    while (this.at < text.length && !/[\s;]/.test(text[this.at]!)) {
      const c = text[this.at]!;
      if (isBracketed && c === ']' && depth === 0) break;
      if (c === '[') depth++;
      if (c === ']') depth--;
      if (c === '\\' && /[[\]\\]/.test(text[this.at + 1] ?? '')) this.at++;
      word += text[this.at++];
    }
    if (word === '') throw this.fail(here, 'this character cannot stand here');
    return word;
  }

  private substituted(text: string, at: Place): Part[] {
    const parts: Part[] = [];
    let end = 0;
    for (const match of text.matchAll(VARIABLE)) {
      if (match.index > end) parts.push(text.slice(end, match.index));
      parts.push({ variable: match[1] ?? match[2]!, at });
      end = match.index + match[0].length;
    }
    if (end < text.length || parts.length === 0) parts.push(text.slice(end));
    return parts;
  }
}

export const parseTcl = (text: string, fail: Fail): TclWord[][] => new Parser(text, fail).commands();

/** The text of a word that substitutes nothing; null otherwise. */
export function literalOf(word: TclWord | undefined): string | null {
  const [part] = word?.parts ?? [];
  return word?.parts.length === 1 && typeof part === 'string' ? part : null;
}

/** What is needed to give a word its value: variables, and what a bracketed command gives. */
export interface TclEnvironment<V extends { readonly text: string }> {
  readonly variables: Map<string, V>;
  run(words: readonly TclWord[], at: Place): V;
  plain(text: string, at: Place): V;
}

export function evaluateWord<V extends { readonly text: string }>(
  word: TclWord,
  environment: TclEnvironment<V>,
  fail: Fail,
): V {
  const values = word.parts.map((part): V => {
    if (typeof part === 'string') return environment.plain(part, word);
    if ('command' in part) return environment.run(part.command, word);
    const value = environment.variables.get(part.variable);
    if (!value) throw fail(part.at, `there is no variable ${part.variable}`);
    return value;
  });
  if (values.length === 1) return values[0]!;
  return environment.plain(values.map((v) => v.text).join(''), word);
}

/** `expr`: numbers, + - * / and brackets; of two whole numbers the quotient is whole, as Tcl has it. */
export function evaluateExpression(text: string, at: Place, fail: Fail): number {
  const tokens = text.match(/\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|[-+*/()]|\S/g) ?? [];
  let next = 0;
  interface Term {
    readonly value: number;
    readonly isWhole: boolean;
  }
  const join = (op: string, a: Term, b: Term): Term => {
    const isWhole = a.isWhole && b.isWhole;
    if (op === '+') return { value: a.value + b.value, isWhole };
    if (op === '-') return { value: a.value - b.value, isWhole };
    if (op === '*') return { value: a.value * b.value, isWhole };
    if (b.value === 0) throw fail(at, 'division by zero');
    return { value: isWhole ? Math.floor(a.value / b.value) : a.value / b.value, isWhole };
  };
  function chain(operators: string, operand: () => Term): Term {
    let left = operand();
    while (next < tokens.length && operators.includes(tokens[next]!))
      left = join(tokens[next++]!, left, operand());
    return left;
  }
  function factor(): Term {
    const token = tokens[next++];
    if (token === '-') {
      const term = factor();
      return { ...term, value: -term.value };
    }
    if (token === '(') {
      const term = sum();
      if (tokens[next++] !== ')') throw fail(at, '( without )');
      return term;
    }
    if (token === undefined || !/^[\d.]/.test(token) || !Number.isFinite(Number(token)))
      throw fail(at, `cannot compute "${text}"`);
    return { value: Number(token), isWhole: /^\d+$/.test(token) };
  }
  const product = (): Term => chain('*/', factor);
  const sum = (): Term => chain('+-', product);
  const { value } = sum();
  if (next < tokens.length) throw fail(at, `cannot compute "${text}"`);
  return value;
}

/** Variables of a braced `expr` argument put in. */
export function substituteVariables(
  text: string,
  lookUp: (name: string) => string | undefined,
  at: Place,
  fail: Fail,
): string {
  return text.replace(VARIABLE, (_, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare!;
    const value = lookUp(name);
    if (value === undefined) throw fail(at, `there is no variable ${name}`);
    return value;
  });
}
