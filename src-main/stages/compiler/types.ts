import type { Chip } from '../chip/index.ts';

export type LayerKind = 'conv' | 'fullyConnected' | 'maxPool' | 'averagePool';

/** What the compiler knows and promises about one EXEC. */
export interface LayerRecord {
  /** Name of the graph's operator; fused operators are joined with `+`. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Multiply-accumulates the model asks for (pools: 0). */
  readonly macs: number;
  /** From the cycle in which EXEC issues to the cycle of its last write, both included. */
  readonly cyclesPredicted: number;
  /** macs / (cyclesPredicted * P * K) */
  readonly utilisation: number;
  /** Proven bounds of every partial sum over all inputs and channels. */
  readonly accumulatorMin: number;
  readonly accumulatorMax: number;
}

/** A tensor's place in activation memory, alive from the layer that writes it to the last that reads it. */
export interface MemoryRegion {
  readonly tensor: string;
  readonly address: number;
  readonly bytes: number;
  /** -1: the input transfer; layers.length: the output transfer. */
  readonly firstLayer: number;
  readonly lastLayer: number;
}

export interface Program {
  readonly name: string;
  readonly chip: Chip;
  /** Four little-endian 32-bit parts per instruction. */
  readonly words: Uint32Array;
  /** [word][column], in the order the engine reads them */
  readonly weights: Int8Array;
  /** [block][column], zero point folded in */
  readonly biases: Int32Array;
  /** [block][column], 0 <= q < 2^31 */
  readonly multipliers: Int32Array;
  /** [block][column], right shift after the multiplication, 0..31 */
  readonly shifts: Uint8Array;
  /** Logical sizes, NHWC bytes without padding. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly layers: readonly LayerRecord[];
  readonly memoryMap: readonly MemoryRegion[];
}

export interface CompileOptions {
  /** Fuse a max pool into the convolution before it where that is legal (default true). */
  readonly fusePooling?: boolean;
}
