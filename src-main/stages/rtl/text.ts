/** Small helpers that keep the templates readable. */

/** `[n-1:0] ` */
export const range = (bits: number): string => `[${bits - 1}:0]`;

/** Bits needed to hold values 0..n-1, at least 1. */
export function bitsFor(n: number): number {
  let bits = 1;
  while (2 ** bits < n) bits++;
  return bits;
}

/** Sized decimal constant; negative values in two's complement. */
export function literal(bits: number, value: number): string {
  const v = value < 0 ? value + 2 ** bits : value;
  return `${bits}'d${v}`;
}

export function hexLiteral(bits: number, value: bigint): string {
  return `${bits}'h${BigInt.asUintN(bits, value).toString(16)}`;
}

export const lines = (n: number, f: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => f(i)).join('\n');

/** Removes the blank first line and ends with one newline. */
export const source = (text: string): string =>
  text
    .replace(/^\n/, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd() + '\n';

/** Bytes (lowest index lowest) as one hexadecimal constant. */
export function bytesLiteral(bytes: ArrayLike<number>): string {
  let hex = '';
  for (let i = bytes.length - 1; i >= 0; i--) hex += (bytes[i]! & 255).toString(16).padStart(2, '0');
  return `${bytes.length * 8}'h${hex}`;
}
