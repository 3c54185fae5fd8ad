/** The judges' memory: which map each byte of activation memory belongs to, and what the other memories hold. */
import type { Chip } from '../chip/index.ts';
import type { Program } from './types.ts';
import { Illegal } from './verify-text.ts';

/** What one LDA, or the EXECs of one layer, wrote. */
export interface WrittenMap {
  readonly id: number;
  readonly isLoaded: boolean;
  readonly start: number;
  last: number;
  /** Bytes that were written, and those of them that nothing has overwritten. */
  written: number;
  bytes: number;
  /** Pixels and bytes from one to the next, of an EXEC's. */
  readonly pixels: number;
  readonly pitch: number;
  /** An EXEC's destination fields; a further part of the layer continues where it ended. */
  readonly shape: string;
  nextDest: number;
}

/** Where a word or block comes from: index into the program's images, or, from `streamed` on, into its stream. */
const EMPTY = -1;

export class Memory {
  readonly chip: Chip;
  readonly program: Program;
  /** Per byte the id of the map written last; 0 for none. */
  readonly owner: Int32Array;
  readonly maps: WrittenMap[] = [];
  readonly #weights: Int32Array;
  readonly #blocks: Int32Array;
  readonly #weightUse: Uint8Array;
  readonly #blockUse: Uint8Array;
  readonly #residentWords: number;
  readonly #residentBlocks: number;
  #streamedWords = 0;
  #streamedBlocks = 0;

  constructor(program: Program, chip: Chip) {
    const K = chip.columns;
    this.program = program;
    this.chip = chip;
    this.owner = new Int32Array(chip.activationBytes);
    this.#residentWords = program.weights.length / K;
    this.#residentBlocks = program.biases.length / K;
    const { stream } = program;
    this.#weights = new Int32Array(chip.weightWords).fill(EMPTY);
    this.#blocks = new Int32Array(chip.parameterBlocks).fill(EMPTY);
    for (let i = 0; i < Math.min(this.#residentWords, chip.weightWords); i++) this.#weights[i] = i;
    for (let i = 0; i < Math.min(this.#residentBlocks, chip.parameterBlocks); i++) this.#blocks[i] = i;
    this.#weightUse = new Uint8Array(this.#residentWords + stream.weights.length / K);
    this.#blockUse = new Uint8Array(this.#residentBlocks + stream.biases.length / K);
  }

  bound(at: number, what: string): void {
    if (at < 0 || at >= this.chip.activationBytes)
      throw new Illegal('VERIFY-105', `${what} byte ${at} of ${this.chip.activationBytes}`);
  }

  /** The map that a byte belongs to; it must be of one. */
  mapAt(at: number, what: string): WrittenMap {
    this.bound(at, what);
    const id = this.owner[at]!;
    if (id === 0) throw new Illegal('VERIFY-106', `${what} byte ${at}, which nothing has written`);
    return this.maps[id - 1]!;
  }

  newMap(
    made: Pick<WrittenMap, 'start' | 'isLoaded' | 'pixels' | 'pitch' | 'shape' | 'nextDest'>,
  ): WrittenMap {
    const map = { ...made, id: this.maps.length + 1, last: made.start, written: 0, bytes: 0 };
    this.maps.push(map);
    return map;
  }

  /** The map and those written beside it into the same pixels: together they are joined channels. [id] */
  family(map: WrittenMap): Set<number> {
    const isBeside = (m: WrittenMap): boolean =>
      m.bytes === m.written &&
      m.pitch === map.pitch &&
      m.pixels === map.pixels &&
      m.start > map.start &&
      m.start < map.start + map.pitch;
    return new Set([map.id, ...(map.isLoaded ? [] : this.maps.filter(isBeside).map((m) => m.id))]);
  }

  own(at: number, map: WrittenMap): void {
    if (this.owner[at] !== map.id) {
      const before = this.owner[at]!;
      if (before !== 0) this.maps[before - 1]!.bytes--;
      map.bytes++;
      map.written++;
    }
    this.owner[at] = map.id;
    map.last = Math.max(map.last, at);
  }

  loadWeights(word: number, words: number): void {
    if (word + words > this.chip.weightWords)
      throw new Illegal('VERIFY-111', `loads weight words to ${word + words} of ${this.chip.weightWords}`);
    for (let i = 0; i < words; i++) this.#weights[word + i] = this.#residentWords + this.#streamedWords++;
  }

  loadBlocks(block: number, blocks: number): void {
    if (block + blocks > this.chip.parameterBlocks)
      throw new Illegal(
        'VERIFY-111',
        `loads parameters to block ${block + blocks} of ${this.chip.parameterBlocks}`,
      );
    for (let i = 0; i < blocks; i++) this.#blocks[block + i] = this.#residentBlocks + this.#streamedBlocks++;
  }

  /** Marks words as a layer's; they must be there. */
  useWeights(from: number, count: number): void {
    for (let i = from; i < from + count; i++) {
      const at = i < this.#weights.length ? this.#weights[i]! : EMPTY;
      if (at === EMPTY || at >= this.#weightUse.length)
        throw new Illegal('VERIFY-111', `reads weight word ${i}, which nothing has loaded`);
      this.#weightUse[at]!++;
    }
  }

  useBlocks(from: number, count: number): void {
    for (let i = from; i < from + count; i++) {
      const at = i < this.#blocks.length ? this.#blocks[i]! : EMPTY;
      if (at === EMPTY || at >= this.#blockUse.length)
        throw new Illegal('VERIFY-111', `reads parameter block ${i}, which nothing has loaded`);
      this.#blockUse[at]!++;
    }
  }

  weight(word: number, column: number): number {
    const K = this.chip.columns;
    const at = this.#weights[word]!;
    const { weights, stream } = this.program;
    return at < this.#residentWords
      ? weights[at * K + column]!
      : stream.weights[(at - this.#residentWords) * K + column]!;
  }

  bias(block: number, column: number): number {
    return this.#parameter(block, column, 'biases');
  }

  /** Multiplier and shift as one real factor. */
  factor(block: number, column: number): number {
    const q = this.#parameter(block, column, 'multipliers');
    return (q / 2 ** 31) * 2 ** -this.#parameter(block, column, 'shifts');
  }

  #parameter(block: number, column: number, name: 'biases' | 'multipliers' | 'shifts'): number {
    const K = this.chip.columns;
    const at = this.#blocks[block]!;
    return at < this.#residentBlocks
      ? this.program[name][at * K + column]!
      : this.program.stream[name][(at - this.#residentBlocks) * K + column]!;
  }

  finish(): void {
    if (this.#weightUse.some((n) => n !== 1) || this.#blockUse.some((n) => n !== 1))
      throw new Illegal('VERIFY-115', 'a weight word or parameter block is used by no layer or by two');
    if (
      this.#streamedWords + this.#residentWords !== this.#weightUse.length ||
      this.#streamedBlocks + this.#residentBlocks !== this.#blockUse.length
    )
      throw new Illegal('VERIFY-107', 'loads another number of weights or parameters than the stream holds');
  }
}

/** A set of bytes, a bit each. */
export class ByteSet {
  readonly bits: Uint32Array;
  constructor(bytes: number) {
    this.bits = new Uint32Array(Math.ceil(bytes / 32));
  }
  add(at: number): void {
    this.bits[at >>> 5]! |= 1 << (at & 31);
  }
  has(at: number): boolean {
    return ((this.bits[at >>> 5]! >>> (at & 31)) & 1) === 1;
  }
}
