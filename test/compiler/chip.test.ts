import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import {
  COMMON,
  DEMO_CHIP,
  OPS,
  PRESETS,
  assemble,
  chipOfShape,
  decode,
  disassemble,
  encode,
  isaReference,
  validateChip,
  type Chip,
} from '../../src-main/stages/chip/index.ts';
import { codeOf } from '../support/code-of.ts';

describe('chip parameters', () => {
  const bad: readonly [string, Partial<Record<keyof Chip, unknown>>][] = [
    ['CHIP-001', { name: '1x' }],
    ['CHIP-002', { rows: 0 }],
    ['CHIP-003', { columns: 6 }],
    ['CHIP-004', { lanes: 8 }],
    ['CHIP-005', { requantizeCycles: 5 }],
    ['CHIP-006', { accumulatorBits: 40 }],
    ['CHIP-007', { activationBytes: 65540 }],
    ['CHIP-007', { activationBytes: 190 }],
    ['CHIP-008', { weightWords: 0 }],
    ['CHIP-009', { parameterBlocks: 1.5 }],
    ['CHIP-010', { programWords: 7 }],
    ['CHIP-011', { memory: 'ram' }],
    ['CHIP-012', { bake: 1 }],
    ['CHIP-013', { depthwise: 'yes' }],
    ['CHIP-014', { add: undefined }],
    ['CHIP-015', { lut: 0 }],
    ['CHIP-016', { streamBytes: 3 }],
    ['CHIP-016', { streamBytes: 8 }],
    ['CHIP-017', { queueDepth: 5 }],
    ['CHIP-017', { queueDepth: 1 }],
    ['CHIP-018', { activationBanks: 0 }],
    ['CHIP-018', { activationBanks: 16 }],
    ['CHIP-019', { host: 'usb' }],
  ];
  it.each(bad)('%s for %j', (code, change) => {
    expect(codeOf(() => validateChip({ ...DEMO_CHIP, ...change } as Chip)).code).toBe(code);
  });
  it('accepts the demo chip', () => expect(codeOf(() => validateChip(DEMO_CHIP)).code).toBe('none'));
  it.each(Object.entries<Chip>(PRESETS))('accepts the preset %s', (_, chip) => {
    expect(codeOf(() => validateChip(chip)).code).toBe('none');
  });
  it.each([
    [1, 4],
    [16, 64],
    [3, 2],
  ])('makes a chip of %d x %d', (rows, columns) => {
    expect(codeOf(() => validateChip(chipOfShape(rows, columns))).code).toBe('none');
    expect(chipOfShape(rows, columns)).toMatchObject({ rows, columns, lanes: columns });
  });
});

describe('instruction set', () => {
  it('keeps fields apart and inside 128 bits', () => {
    for (const op of OPS) {
      const taken = new Set<number>();
      for (const f of [...COMMON, ...op.fields])
        for (let bit = f.lsb; bit < f.lsb + f.width; bit++) {
          expect(taken.has(bit) || bit > 127, `${op.name}.${f.name} bit ${bit}`).toBe(false);
          taken.add(bit);
        }
    }
  });

  it('encodes, decodes, disassembles and assembles random instructions without loss', () => {
    const random = makeRng(3);
    const pick = (width: number, signed: boolean): number =>
      Math.floor(random() * 2 ** width) - (signed ? 2 ** (width - 1) : 0);
    const instructions = Array.from({ length: 300 }, () => {
      const op = OPS[Math.floor(random() * OPS.length)]!;
      const fields = Object.fromEntries(op.fields.map((f) => [f.name, pick(f.width, f.signed)]));
      return { op: op.name, wait: pick(4, false), signal: pick(4, false), tag: pick(8, false), fields };
    });
    const words = encode(instructions);
    expect(decode(words)).toEqual(instructions);
    expect(assemble(disassemble(words))).toEqual(words);
  });

  it('refuses unknown operations and stray bits', () => {
    expect(codeOf(() => decode(Uint32Array.of(15, 0, 0, 0))).code).toBe('CHIP-020');
    expect(codeOf(() => decode(Uint32Array.of(0, 0, 0, 1))).code).toBe('CHIP-020');
    expect(codeOf(() => assemble('JUMP to=3')).code).toBe('CHIP-021');
    expect(codeOf(() => assemble('END to=3')).code).toBe('CHIP-021');
    expect(codeOf(() => assemble('LDA run=70000')).code).toBe('CHIP-021');
  });

  it('documents every field', () => {
    const text = isaReference();
    for (const op of OPS)
      for (const f of op.fields) expect(text).toContain(`| ${f.name} | ${f.lsb + f.width - 1}:${f.lsb} |`);
  });
});
