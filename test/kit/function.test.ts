import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import {
  evaluateFunction,
  functionVariables,
  parseFunction,
  truthTable,
  unateness,
} from '../../src-main/stages/kit/index.ts';
import { codeOf } from '../support/code-of.ts';

/** Value of `text` with the named variables true. */
const value = (text: string, ...ones: string[]): number =>
  evaluateFunction(parseFunction(text), (name) => (ones.includes(name) ? -1 : 0));

describe('boolean functions of Liberty', () => {
  it('binds NOT, then XOR, then AND, then OR', () => {
    expect(value('A | B & C', 'A')).toBe(-1);
    expect(value('A & B ^ C', 'B')).toBe(0); // A & (B ^ C), not (A & B) ^ C
    expect(value('A & B ^ C', 'A', 'C')).toBe(-1);
    expect(value('!A & B', 'B')).toBe(-1);
    expect(value('!A ^ B', 'A', 'B')).toBe(-1);
  });

  it('reads the other spellings: postfix quote, *, +, a blank for AND, constants', () => {
    expect(value("(A B)' + C", 'A')).toBe(-1);
    expect(value("(A B)' + C", 'A', 'B')).toBe(0);
    expect(value('A*B', 'A', 'B')).toBe(-1);
    expect(value('A !B', 'A')).toBe(-1);
    expect([value('1'), value('0')]).toEqual([-1, 0]);
  });

  it.each(['', 'A &', '(A', 'A)', 'A $ B', '& A'])('refuses "%s"', (text) => {
    expect(codeOf(() => parseFunction(text)).code).toBe('KIT-014');
  });

  it('knows unateness', () => {
    const mux = parseFunction('(S & B) | (A & !S)');
    expect(['A', 'B', 'S', 'X'].map((name) => unateness(mux, name))).toEqual([
      'positive_unate',
      'positive_unate',
      'non_unate',
      'independent',
    ]);
    expect(unateness(parseFunction('!(A1 & A2)'), 'A2')).toBe('negative_unate');
  });

  it('gives the same values one by one and sixteen at once', () => {
    const rng = makeRng(7);
    const names = ['A', 'B', 'C', 'D'];
    const random = (depth: number): string => {
      if (depth === 0 || rng() < 0.2) return rng() < 0.1 ? '1' : names[Math.floor(rng() * 4)]!;
      if (rng() < 0.25) return `!${random(depth - 1)}`;
      const sign = ['&', '|', '^'][Math.floor(rng() * 3)]!;
      return `(${random(depth - 1)} ${sign} ${random(depth - 1)})`;
    };
    for (let n = 0; n < 50; n++) {
      const expression = parseFunction(random(4));
      // Sixteen assignments in sixteen bits.
      const bits = [0xaaaa, 0xcccc, 0xf0f0, 0xff00];
      const want = evaluateFunction(expression, (name) => bits[names.indexOf(name)]!);
      const table = truthTable(expression, names);
      expect(table.reduce((sum, bit, a) => sum + bit * 2 ** a, 0)).toBe(want & 0xffff);
      expect(functionVariables(expression).every((name) => names.includes(name))).toBe(true);
    }
  });
});
