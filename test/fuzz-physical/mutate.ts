/** Damage to texts and bytes, as editors, disks and foul play do it. */
import { makeRng } from '../../src-main/base/rng.ts';

/** Numbers that break careless readers. */
const NUMBERS = [
  '0', '-1', '-0', '1e999', '-1e999', 'NaN', '99999999999', '2147483648', '-2147483649', '1e-320', '0.1', '1e7',
  '16777216', '0x10', '1_0', '', '+', '-', '.', '1e', '9'.repeat(400),
]; // prettier-ignore
const CHARACTERS = [
  '\0', '\n', '\r', '"', "'", '\\', '{', '}', '(', ')', '[', ']', ';', '#', '/*', '*/', '//', '(*', '*', '-', '+',
  ':', ',', '.', '$', '\u00e9', '\uffff', '\ud800', '__proto__', 'constructor', 'toString',
]; // prettier-ignore
/** How often the heaviest damage repeats something. */
const MANY = 20_000;

type Random = () => number;
const below = (random: Random, n: number): number => Math.floor(random() * n);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;

/** Ends of a random word of the text. */
function someWord(text: string, random: Random): [number, number] {
  let from = below(random, text.length);
  while (from > 0 && text.charCodeAt(from - 1) > 32) from--;
  while (from < text.length && text.charCodeAt(from) <= 32) from++;
  let to = from;
  while (to < text.length && text.charCodeAt(to) > 32) to++;
  return [from, to];
}

/** Ends of a random line, newline included. */
function someLine(text: string, random: Random): [number, number] {
  const at = below(random, text.length);
  const from = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  return [from, end < 0 ? text.length : end + 1];
}

const splice = (text: string, from: number, to: number, put: string): string =>
  text.slice(0, from) + put + text.slice(to);

const DAMAGES: readonly ((text: string, random: Random) => string)[] = [
  // A character is lost, or another stands in its place.
  (t, r) => {
    const at = below(r, t.length);
    return splice(t, at, at + below(r, 2), pick(r, CHARACTERS));
  },
  (t, r) => {
    const at = below(r, t.length);
    return splice(t, at, at + 1, String.fromCharCode(below(r, 128)));
  },
  // A word is lost, doubled, swapped with another or becomes a number.
  (t, r) => splice(t, ...someWord(t, r), ''),
  (t, r) => {
    const [a, b] = someWord(t, r);
    return splice(t, b, b, ` ${t.slice(a, b)}`);
  },
  (t, r) => {
    const [a, b] = someWord(t, r);
    return splice(t, ...someWord(t, r), t.slice(a, b));
  },
  (t, r) => splice(t, ...someWord(t, r), pick(r, NUMBERS)),
  (t, r) => t.replace(numberFrom(t, r), pick(r, NUMBERS)),
  // A line is lost, doubled or stands elsewhere.
  (t, r) => splice(t, ...someLine(t, r), ''),
  (t, r) => {
    const [a, b] = someLine(t, r);
    return splice(t, b, b, t.slice(a, b));
  },
  (t, r) => {
    const [a, b] = someLine(t, r);
    const at = someLine(t, r)[0];
    return splice(t, at, at, t.slice(a, b));
  },
  // The file ends early, or a piece is missing.
  (t, r) => t.slice(0, below(r, t.length)),
  (t, r) => {
    const at = below(r, t.length);
    return splice(t, at, at + below(r, 2000), '');
  },
];

const HEAVY: readonly ((text: string, random: Random) => string)[] = [
  (t, r) => {
    const [a, b] = someWord(t, r);
    return splice(t, b, b, ` ${t.slice(a, b)}`.repeat(MANY));
  },
  (t, r) => {
    const [a, b] = someLine(t, r);
    return splice(t, b, b, t.slice(a, b).repeat(MANY / 10));
  },
  (t, r) => {
    const at = below(r, t.length);
    return splice(t, at, at, pick(r, ['(', '{', '[', '"', '/*', 'a(){', '!', '((', '\\', '- ']).repeat(MANY));
  },
];

/** The first number at or behind a random place, as a pattern for one replacement. */
function numberFrom(text: string, random: Random): RegExp | string {
  const at = below(random, text.length);
  const found = /\d+(\.\d+)?/.exec(text.slice(at, at + 500));
  return found ? found[0] : /\d+/;
}

const HEAVY_SHARE = 0.03;

export function damageText(text: string, seed: number): string {
  const random = makeRng(seed);
  if (random() < HEAVY_SHARE) return pick(random, HEAVY)(text, random);
  let damaged = text;
  for (let k = 1 + below(random, 3); k > 0 && damaged.length > 0; k--)
    damaged = pick(random, DAMAGES)(damaged, random);
  return damaged;
}

/** Bits, bytes, lengths and pieces of a binary file. */
export function damageBytes(bytes: Uint8Array, seed: number): Uint8Array {
  const random = makeRng(seed);
  let out = bytes.slice();
  for (let k = 1 + below(random, 4); k > 0 && out.length > 4; k--) {
    // Half of all damage near the head, where the short records are.
    const at = below(random, random() < 0.5 ? Math.min(out.length, 3000) : out.length);
    const kind = below(random, 6);
    if (kind === 0) out[at]! ^= 1 << below(random, 8);
    else if (kind === 1) out[at] = below(random, 256);
    else if (kind === 2) out.fill(pick(random, [0, 0x7f, 0x80, 0xff]), at, at + 1 + below(random, 8));
    else if (kind === 3) out = out.slice(0, at);
    else {
      const size = 1 + below(random, 64);
      const piece = kind === 4 ? new Uint8Array() : out.slice(at, at + size);
      const joined = new Uint8Array(
        Math.max(0, at) + piece.length + Math.max(0, out.length - at - (kind === 4 ? size : 0)),
      );
      joined.set(out.subarray(0, at));
      joined.set(piece, at);
      joined.set(out.subarray(at + (kind === 4 ? size : 0)), at + piece.length);
      out = joined;
    }
  }
  return out;
}
