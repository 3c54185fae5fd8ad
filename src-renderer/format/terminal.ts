/** Log rows as lines of a terminal: columns for time, step and code; long text wraps inside its column. */
import type { ITheme } from '@xterm/xterm';
import type { LogRow } from '../../src-main/ipc/contract.ts';
import { formatClock } from './time.ts';

const TIME_CHARS = 8;
const STEP_CHARS = 11;
const CODE_CHARS = 12;
const TEXT_AT = TIME_CHARS + STEP_CHARS + CODE_CHARS + 3;
const TEXT_CHARS_MIN = 24;

type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'grey';
const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90 };
const paint = (colour: Colour, text: string): string => `\x1b[${CODES[colour]}m${text}\x1b[0m`;
const bold = (text: string): string => `\x1b[1m${text}\x1b[0m`;

function colourOf(row: LogRow): Colour {
  if (row.severity === 'error') return 'red';
  if (row.severity === 'warning') return 'yellow';
  return row.kind === 'proof' ? 'green' : 'blue';
}

/** A message's code in a line of text. */
export const MESSAGE_CODE = /\b[A-Z][A-Z0-9]+-\d{3}\b/g;

/** Names of files, nets and tools come from elsewhere: nothing of them may steer the terminal. */
// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, ' ');

export function terminalLines(row: LogRow, columns: number): readonly string[] {
  const time = row.atMs === null ? '' : formatClock(row.atMs);
  const head = [
    paint('grey', time.padEnd(TIME_CHARS)),
    paint('grey', plain(row.step).padEnd(STEP_CHARS)),
    paint(colourOf(row), plain(row.code).padEnd(CODE_CHARS)),
  ].join(' ');
  const width = Math.max(TEXT_CHARS_MIN, columns - TEXT_AT - 1);
  const lines = plain(row.kind === 'command' ? `$ ${row.text}` : row.text)
    .split('\n')
    .flatMap((line) => wrap(line, width));
  const shown =
    row.kind === 'start'
      ? lines.map(bold)
      : row.kind === 'command'
        ? lines.map((l) => paint('grey', l))
        : lines;
  return shown.map((line, i) => (i === 0 ? `${head} ${line}` : ' '.repeat(TEXT_AT) + line));
}

/** Breaks at spaces; a word that is longer than a line is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const cut = space > 0 ? space : width;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

/** The page's own colours; `style` of an element of it, so that it follows light and dark. */
export function terminalTheme(style: CSSStyleDeclaration): ITheme {
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    background: token('surface'),
    foreground: token('ink'),
    cursor: token('surface'),
    selectionBackground: token('accent-soft'),
    red: token('bad'),
    green: token('good'),
    yellow: token('warn'),
    blue: token('accent'),
    brightBlack: token('muted'),
  };
}
