import { decode, parameterStream, weightStream } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import type { RtlCase } from './driver.ts';

/** A compiled program on some inputs, given up after `limit` cycles. inputs: bytes of the input stream. */
export const rtlCase = (program: Program, inputs: readonly Int8Array[], limit: number): RtlCase => ({
  program,
  inputs,
  weightStream: streamBytes(program),
  limit,
});

/** Bytes of the weight stream in one pass: what every LDW and LDP takes. */
function streamBytes({ chip, stream, words }: Program): Int8Array {
  const parts: Int8Array[] = [];
  let word = 0;
  let block = 0;
  for (const { op, fields } of decode(words)) {
    if (op === 'LDW') {
      const count = fields.words! + 1;
      parts.push(weightStream(chip, stream, word, count));
      word += count;
    } else if (op === 'LDP') {
      const count = fields.blocks! + 1;
      parts.push(parameterStream(chip, stream, block, count));
      block += count;
    }
  }
  const all = new Int8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
