/**
 * The one parameter object of the accelerator: compiler, simulator, RTL generator, encoder and documentation
 * all read this and nothing else.
 */
export interface Chip {
  /** Top module's name; a Verilog identifier. */
  readonly name: string;
  /** P: output pixels computed at once, rows of processing elements. 1..64 */
  readonly rows: number;
  /** K: output channels computed at once, columns; also bytes in a memory word. A power of two, 2..64. */
  readonly columns: number;
  /** Requantiser lanes; a power of two that divides `columns`. */
  readonly lanes: number;
  /** Cycles one lane needs for one value: 4, 8 or 16 (multiplier slices of 8, 4 or 2 bits). */
  readonly requantizeCycles: number;
  /** Bits of an accumulator, 16..32; the compiler proves per layer that they suffice. */
  readonly accumulatorBits: number;
  /** Bytes of activation memory, a multiple of `columns`, at most 65536. */
  readonly activationBytes: number;
  /** Weight memory, in words of `columns` bytes, at most 2^20. A baked chip holds just what its program needs. */
  readonly weightWords: number;
  /** Blocks of `columns` channels in the bias and scale memories, at most 4096. */
  readonly parameterBlocks: number;
  /** Instruction words of 128 bits, at most 1024. */
  readonly programWords: number;
  /**
   * How memories are built. All read synchronously; a bank of `macro` has one port, one of the others a read and
   * a write port. A baked chip's program, weights and parameters are constants whatever this says.
   */
  readonly memory: (typeof MEMORIES)[number];
  /** Equal parts of activation memory with ports of their own, 1..16; their bytes are a power of two if there are several. */
  readonly activationBanks: number;
  /** Depthwise mode: a column multiplies its own byte of the row's word. */
  readonly depthwise: boolean;
  /** The drain adds two maps. */
  readonly add: boolean;
  /** A 256-byte table after the clamp. */
  readonly lut: boolean;
  /** Bytes in a beat of the input, output and weight streams: 1, 2, 4, 8 or 16, at most `columns`. */
  readonly streamBytes: number;
  /** 0: one instruction after the other is issued; n, up to 4: LOAD, EXEC and STORE have queues of n instructions. */
  readonly queueDepth: number;
  /** What stands around the core. `stream` is the bare core. */
  readonly host: (typeof HOSTS)[number];
  /** Program, weights and parameters as constants in the logic (a fixed-function chip of one model). */
  readonly bake: boolean;
}

export const MEMORIES = ['flops', 'latch', 'bram', 'macro'] as const;
export const HOSTS = ['stream', 'axi', 'spi'] as const;

/** The demo chip: smallest useful shape, for a baked 8x8 digit classifier. */
export const DEMO_CHIP: Chip = {
  name: 'ingot',
  rows: 1,
  columns: 4,
  lanes: 1,
  requantizeCycles: 8,
  accumulatorBits: 24,
  activationBytes: 192,
  weightWords: 1024,
  parameterBlocks: 64,
  programWords: 64,
  memory: 'flops',
  activationBanks: 1,
  depthwise: false,
  add: false,
  lut: false,
  streamBytes: 1,
  queueDepth: 0,
  host: 'stream',
  bake: true,
};
