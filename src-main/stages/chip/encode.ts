import { IngotError, assert } from '../../base/diagnostic.ts';
import { COMMON, OP_BY_CODE, OP_BY_NAME, TOKENS, WORD_PARTS, type Field } from './isa.ts';

/** One instruction in the open: field values as plain numbers, signed fields negative where they are. */
export interface Instruction {
  readonly op: string;
  readonly wait: number;
  readonly signal: number;
  readonly tag: number;
  readonly fields: Readonly<Record<string, number>>;
}

function put(words: Uint32Array, at: number, field: Field, value: number): void {
  const low = field.signed ? -(2 ** (field.width - 1)) : 0;
  const high = field.signed ? 2 ** (field.width - 1) - 1 : 2 ** field.width - 1;
  assert(
    Number.isInteger(value) && value >= low && value <= high,
    `${field.name} = ${value} does not fit its field`,
  );
  for (let bit = 0; bit < field.width; bit++) {
    if (((value >> bit) & 1) === 0) continue;
    const position = field.lsb + bit;
    const part = at + (position >> 5);
    words[part] = (words[part]! | (1 << (position & 31))) >>> 0;
  }
}

/** Value of a field of the word that starts at part `at`. */
function readField(words: Uint32Array, at: number, field: Field): number {
  let value = 0;
  for (let bit = 0; bit < field.width; bit++) {
    const position = field.lsb + bit;
    value |= ((words[at + (position >> 5)]! >>> (position & 31)) & 1) << bit;
  }
  return field.signed && value >= 2 ** (field.width - 1) ? value - 2 ** field.width : value;
}

export function encode(instructions: readonly Instruction[]): Uint32Array {
  const words = new Uint32Array(instructions.length * WORD_PARTS);
  instructions.forEach((instruction, i) => {
    const op = OP_BY_NAME.get(instruction.op);
    assert(op, `no operation ${instruction.op}`);
    const common: Record<string, number> = { ...instruction, op: op.code, fields: 0 };
    for (const field of COMMON) put(words, i * WORD_PARTS, field, common[field.name]!);
    for (const field of op.fields) put(words, i * WORD_PARTS, field, instruction.fields[field.name] ?? 0);
  });
  return words;
}

/** Inverse of encode; an unknown operation or a set bit outside every field is CHIP-020. */
export function decode(words: Uint32Array): Instruction[] {
  const instructions: Instruction[] = [];
  for (let at = 0; at < words.length; at += WORD_PARTS) {
    const [opField, waitField, signalField, tagField] = COMMON as [Field, Field, Field, Field];
    const code = readField(words, at, opField);
    const op = OP_BY_CODE.get(code);
    if (!op)
      throw new IngotError('CHIP-020', `instruction ${at / WORD_PARTS} has unknown operation ${code}`, {
        place: `word ${at / WORD_PARTS}`,
        remedy: 'compile the program again for this chip',
      });
    const fields: Record<string, number> = {};
    for (const field of op.fields) fields[field.name] = readField(words, at, field);
    instructions.push({
      op: op.name,
      wait: readField(words, at, waitField),
      signal: readField(words, at, signalField),
      tag: readField(words, at, tagField),
      fields,
    });
  }
  const again = encode(instructions);
  for (let i = 0; i < words.length; i++)
    if (again[i] !== words[i])
      throw new IngotError('CHIP-020', `instruction ${i >> 2} has bits set outside its fields`, {
        place: `word ${i >> 2}`,
        remedy: 'compile the program again for this chip',
      });
  return instructions;
}

const maskText = (mask: number): string => TOKENS.filter((_, i) => (mask >> i) & 1).join('+') || '-';

/** Readable text, one instruction a line: `EXEC wait=loadToExec signal=- tag=0 source=128 ...`. */
export function disassemble(words: Uint32Array): string {
  return decode(words)
    .map((i) => {
      const fields = Object.entries(i.fields).map(([name, value]) => `${name}=${value}`);
      return [
        i.op,
        `wait=${maskText(i.wait)}`,
        `signal=${maskText(i.signal)}`,
        `tag=${i.tag}`,
        ...fields,
      ].join(' ');
    })
    .map((line) => `${line}\n`)
    .join('');
}

function parseMask(text: string, line: number): number {
  if (text === '-') return 0;
  let mask = 0;
  for (const name of text.split('+')) {
    const i = (TOKENS as readonly string[]).indexOf(name);
    if (i < 0) throw assemblyError(line, `unknown token ${name}`);
    mask |= 1 << i;
  }
  return mask;
}

function assemblyError(line: number, message: string): IngotError {
  return new IngotError('CHIP-021', message, {
    place: `line ${line}`,
    remedy: 'see the instruction set reference',
  });
}

/** Inverse of disassemble. Blank lines and text after `#` are skipped; CHIP-021 names the line at fault. */
export function assemble(text: string): Uint32Array {
  const instructions: Instruction[] = [];
  text.split('\n').forEach((raw, index) => {
    const words = raw.replace(/#.*/, '').trim().split(/\s+/);
    if (words[0] === '') return;
    const op = OP_BY_NAME.get(words[0]!);
    if (!op) throw assemblyError(index + 1, `unknown operation ${words[0]}`);
    const given: Record<string, string> = {};
    for (const word of words.slice(1)) {
      const cut = word.indexOf('=');
      if (cut < 1) throw assemblyError(index + 1, `${word} is not name=value`);
      given[word.slice(0, cut)] = word.slice(cut + 1);
    }
    const { wait, signal, tag, ...rest } = given;
    const fields: Record<string, number> = {};
    for (const [name, value] of Object.entries(rest)) {
      const field = op.fields.find((f) => f.name === name);
      if (!field) throw assemblyError(index + 1, `${op.name} has no field ${name}`);
      fields[name] = fieldValue(field, value, index + 1);
    }
    instructions.push({
      op: op.name,
      wait: parseMask(wait ?? '-', index + 1),
      signal: parseMask(signal ?? '-', index + 1),
      tag: fieldValue(COMMON[3]!, tag ?? '0', index + 1),
      fields,
    });
  });
  return encode(instructions);
}

function fieldValue(field: Field, text: string, line: number): number {
  const value = Number(text);
  const low = field.signed ? -(2 ** (field.width - 1)) : 0;
  const high = field.signed ? 2 ** (field.width - 1) - 1 : 2 ** field.width - 1;
  if (!Number.isInteger(value) || value < low || value > high)
    throw assemblyError(line, `${field.name} must be a whole number from ${low} to ${high}`);
  return value;
}
