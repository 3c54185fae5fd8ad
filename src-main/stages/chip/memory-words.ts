/** How weights, biases and scales lie in the chip's memories and on its weight stream. */
import type { Chip } from './types.ts';

/** The images a program brings. */
export interface ParameterImages {
  /** [word][column] */
  readonly weights: Int8Array;
  /** [block][column] */
  readonly biases: Int32Array;
  readonly multipliers: Int32Array;
  readonly shifts: Uint8Array;
}

export const biasBits = (chip: Chip): number => chip.columns * chip.accumulatorBits;
export const scaleBits = (chip: Chip): number => chip.lanes * 36;

/** Beats that a word of so many bits takes on the weight stream. */
const beatsOf = (chip: Chip, bits: number): number => Math.ceil(bits / (8 * chip.streamBytes));

/** Beats of one block of biases and scales. */
export const parameterBeats = (chip: Chip): number =>
  beatsOf(chip, biasBits(chip)) + (chip.columns / chip.lanes) * beatsOf(chip, scaleBits(chip));

/** A block's word in the bias memory: column 0 lowest. */
export function biasWord(chip: Chip, images: ParameterImages, block: number): bigint {
  const K = chip.columns;
  const width = BigInt(chip.accumulatorBits);
  let word = 0n;
  for (let k = K - 1; k >= 0; k--)
    word = (word << width) | BigInt.asUintN(chip.accumulatorBits, BigInt(images.biases[block * K + k]!));
  return word;
}

/** A word of the scale memory: per lane, lowest first, multiplier (31 bits) and shift (5 bits). */
export function scaleWord(chip: Chip, images: ParameterImages, block: number, group: number): bigint {
  const { lanes, columns } = chip;
  let word = 0n;
  for (let lane = lanes - 1; lane >= 0; lane--) {
    const k = block * columns + group * lanes + lane;
    const entry = (BigInt(images.shifts[k]!) << 31n) | BigInt(images.multipliers[k]!);
    word = (word << 36n) | entry;
  }
  return word;
}

/** Bytes of an LDW of `count` words from `first`, in the order of the stream. */
export const weightStream = (chip: Chip, images: ParameterImages, first: number, count: number): Int8Array =>
  images.weights.slice(first * chip.columns, (first + count) * chip.columns);

/** Bytes of an LDP of `count` blocks from `first`, in the order of the stream. */
export function parameterStream(
  chip: Chip,
  images: ParameterImages,
  first: number,
  count: number,
): Int8Array {
  const bytes = new Int8Array(count * parameterBeats(chip) * chip.streamBytes);
  let at = 0;
  const put = (value: bigint, bits: number): void => {
    const end = at + beatsOf(chip, bits) * chip.streamBytes;
    for (let rest = value; rest > 0n; rest >>= 8n) bytes[at++] = Number(rest & 255n);
    at = end;
  };
  for (let block = first; block < first + count; block++) {
    put(biasWord(chip, images, block), biasBits(chip));
    for (let group = 0; group < chip.columns / chip.lanes; group++)
      put(scaleWord(chip, images, block, group), scaleBits(chip));
  }
  return bytes;
}
