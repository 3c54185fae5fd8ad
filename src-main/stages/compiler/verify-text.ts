/** What the judges read: the disassembled program, line by line. They share no code with the compiler. */
export type Fields = Readonly<Record<string, number>>;

export interface Line {
  readonly number: number;
  readonly op: string;
  readonly wait: readonly string[];
  readonly signal: readonly string[];
  readonly fields: Fields;
}

export class Illegal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function parseText(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .map((line, number) => {
      const [op, ...rest] = line.split(' ');
      const pairs = new Map(rest.map((r) => r.split('=') as [string, string]));
      const tokens = (name: string): string[] => (pairs.get(name) ?? '-').split('+').filter((t) => t !== '-');
      const fields = Object.fromEntries([...pairs].map(([k, v]) => [k, Number(v)]));
      return { number, op: op!, wait: tokens('wait'), signal: tokens('signal'), fields };
    });
}
