/** Weight and parameter memory: the program's images, and what LDW and LDP put over them from the stream. */
import type { Chip, ParameterImages } from '../chip/index.ts';
import type { Program } from '../compiler/index.ts';
import type { Step } from './machine.ts';

type StreamLoad = Extract<Step, { kind: 'weights' | 'parameters' }>;

export class ImageStore {
  readonly #stream: ParameterImages;
  readonly #columns: number;
  readonly images: ParameterImages;
  /** Words, and blocks, taken from the stream. */
  #words = 0;
  #blocks = 0;

  constructor(program: Program, chip: Chip) {
    const { stream } = program;
    this.#stream = stream;
    this.#columns = chip.columns;
    const isStreamed = stream.weights.length + stream.biases.length > 0;
    const K = chip.columns;
    this.images = isStreamed
      ? {
          weights: padded(program.weights, Int8Array, chip.weightWords * K),
          biases: padded(program.biases, Int32Array, chip.parameterBlocks * K),
          multipliers: padded(program.multipliers, Int32Array, chip.parameterBlocks * K),
          shifts: padded(program.shifts, Uint8Array, chip.parameterBlocks * K),
        }
      : program;
  }

  /** To the start of the stream, which every inference brings anew; the memories keep what they hold. */
  rewind(): void {
    this.#words = 0;
    this.#blocks = 0;
  }

  load(s: StreamLoad): void {
    const K = this.#columns;
    const at = s.first * K;
    const count = s.count * K;
    if (s.kind === 'weights') {
      const from = this.#words * K;
      this.images.weights.set(this.#stream.weights.subarray(from, from + count), at);
      this.#words += s.count;
      return;
    }
    const from = this.#blocks * K;
    this.images.biases.set(this.#stream.biases.subarray(from, from + count), at);
    this.images.multipliers.set(this.#stream.multipliers.subarray(from, from + count), at);
    this.images.shifts.set(this.#stream.shifts.subarray(from, from + count), at);
    this.#blocks += s.count;
  }
}

function padded<T extends Int8Array | Int32Array | Uint8Array>(
  image: T,
  make: new (length: number) => T,
  length: number,
): T {
  const all = new make(Math.max(length, image.length));
  all.set(image);
  return all;
}
