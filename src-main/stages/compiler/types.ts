import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Chip } from '../chip/index.ts';
import type { QuantGraph, QuantOp } from '../quantize/index.ts';
import type { ProgramCycles } from './clock.ts';
import type { TensorForm } from './forms.ts';

export type LayerKind = 'conv' | 'depthwise' | 'fullyConnected' | 'maxPool' | 'averagePool' | 'add';

/** What the compiler knows and promises about one EXEC. */
export interface LayerRecord {
  /** Name of the graph's operator; fused operators are joined with `+`, parts of a split layer numbered `#1`. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Multiply-accumulates the model asks for (pools and additions: 0). */
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

/** Activation memory over time. */
export interface MemoryRecord {
  /** Highest byte in use, plus 1. */
  readonly peakBytes: number;
  /** Most bytes alive at once: no plan can have a lower peak. */
  readonly lowerBoundBytes: number;
  /** The peak is proven lowest. */
  readonly isOptimal: boolean;
  /** Bytes alive during [input transfer, each layer ..., output transfer]. */
  readonly occupancyBytes: readonly number[];
}

/** One way to compute a group of operators, with its exact cost. */
export interface CandidateRecord {
  readonly name: string;
  readonly cycles: number;
  readonly weightWords: number;
}

export interface GroupRecord {
  readonly ops: readonly string[];
  readonly candidates: readonly CandidateRecord[];
  /** Index into candidates. */
  readonly chosen: number;
}

/** A whole schedule: a way for maps to lie in memory and the best candidate of every group under it. */
export interface VariantRecord {
  readonly name: string;
  /** What the candidates of its groups were chosen by. */
  readonly by: 'cycles' | 'weightWords';
  /** Exact cycles; null where the variant is not legal. */
  readonly cycles: ProgramCycles | null;
  /** Why it is not. */
  readonly reason: string | null;
}

/** The certificate of optimality: everything that was compared. */
export interface ScheduleRecord {
  /** What was minimised: latency, transfers included, or the cycles of the EXEC engine alone. */
  readonly objective: 'latency' | 'core';
  readonly variants: readonly VariantRecord[];
  /** Index into variants. */
  readonly chosen: number;
  /** Groups of the chosen variant. */
  readonly groups: readonly GroupRecord[];
  /** Core cycles that packing the input saves, and the bytes it costs on the stream; null if it is not packed. */
  readonly packing: { readonly cyclesSaved: number; readonly bytesAdded: number } | null;
}

export interface Program {
  readonly name: string;
  readonly chip: Chip;
  /** Four little-endian 32-bit parts per instruction. */
  readonly words: Uint32Array;
  /** Words in weight memory from the start: [word][column], in the order the engine reads them. */
  readonly weights: Int8Array;
  /** Blocks in parameter memory from the start: [block][column], zero point folded in */
  readonly biases: Int32Array;
  /** [block][column], 0 <= q < 2^31 */
  readonly multipliers: Int32Array;
  /** [block][column], right shift after the multiplication, 0..31 */
  readonly shifts: Uint8Array;
  /** What LDW and LDP take from the weight stream, each in the order in which they take it. */
  readonly stream: WeightStream;
  /** Bytes of an inference on the input and on the output stream. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** How the host lays out what it sends and finds what it receives, in the order of the streams. */
  readonly inputs: readonly TensorForm[];
  readonly outputs: readonly TensorForm[];
  readonly layers: readonly LayerRecord[];
  readonly memoryMap: readonly MemoryRegion[];
  readonly memory: MemoryRecord;
  readonly schedule: ScheduleRecord;
  /** Exact, for streams that never wait. */
  readonly cycles: ProgramCycles;
}

export interface WeightStream {
  /** [word][column] */
  readonly weights: Int8Array;
  /** [block][column] */
  readonly biases: Int32Array;
  readonly multipliers: Int32Array;
  readonly shifts: Uint8Array;
}

export interface CompileOptions {
  /** Fuse a max pool into the convolution before it where that is legal (default true). */
  readonly fusePooling?: boolean;
  /** Fold kernel columns of a thin input into channels where that is cheaper; the host packs (default true). */
  readonly kxPacking?: boolean;
  /** Hold maps column by column where that is cheaper; the host transposes (default true). */
  readonly transpose?: boolean;
  /** Use one rounding in requantisation instead of TensorFlow Lite Micro's two (default false). */
  readonly singleRounding?: boolean;
  /** What to minimise (default latency). */
  readonly objective?: 'latency' | 'core';
}

export interface HostSegment {
  readonly kind: 'host';
  readonly ops: readonly QuantOp[];
}

export interface EngineSegment {
  readonly kind: 'engine';
  readonly ops: readonly QuantOp[];
  readonly program: Program;
  /** Tensors of the graph, in the order of program.inputs and program.outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Where an operator runs that the engine might have taken. */
export interface HostReason {
  readonly op: string;
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

export interface Plan {
  readonly name: string;
  readonly chip: Chip;
  /** The graph that the segments speak of. */
  readonly graph: QuantGraph;
  /** In execution order. */
  readonly segments: readonly (HostSegment | EngineSegment)[];
  /** Operators of the engine's kinds that run on the host. */
  readonly reasons: readonly HostReason[];
  /** The same for people. */
  readonly diagnostics: readonly Diagnostic[];
}
