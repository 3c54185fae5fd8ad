/** What the passes are told and what they tell. */
import type { QuantGraph } from '../quantize/types.ts';

/** double: TFLM's two roundings, the contract. single: TFLITE_SINGLE_ROUNDING, as ONNX Runtime's kernels. */
export type Rounding = 'double' | 'single';

/** In the order they run. */
export const PASS_NAMES = [
  'deadCode',
  'constants',
  'reshapes',
  'pads',
  'tables',
  'constantChannels',
] as const;
export type PassName = (typeof PASS_NAMES)[number];

export interface PassesOptions {
  /** Passes that do not run; default none. */
  readonly off?: readonly PassName[];
  /** Rounding mode the graph will be run in; a proof holds for this one only. Default double. */
  readonly rounding?: Rounding;
}

/** What a graph costs on the engine and on the host. */
export interface GraphCost {
  readonly ops: number;
  /** Multiply-accumulates of conv, depthwise and fullyConnected, padding counted as in the usual formula. */
  readonly macs: number;
  readonly weightBytes: number;
  /** Bytes of all int8 tensors. */
  readonly activationBytes: number;
}

export interface PassReport {
  readonly pass: PassName;
  readonly isOn: boolean;
  /** Before minus after. */
  readonly saved: GraphCost;
  /** One line an operator or tensor that changed. */
  readonly changes: readonly string[];
}

/** What one pass makes of a graph; the graph itself where it finds nothing. */
export interface Rewritten {
  readonly graph: QuantGraph;
  /** One line for each change. */
  readonly changes: readonly string[];
}

export interface PassesResult {
  readonly graph: QuantGraph;
  readonly before: GraphCost;
  readonly after: GraphCost;
  readonly reports: readonly PassReport[];
  /** Absent when the pass is off. */
  readonly elimination?: Elimination;
}

/** Constant-channel elimination with its evidence; `verifyElimination` judges it. */
export interface Elimination {
  readonly before: QuantGraph;
  readonly after: QuantGraph;
  readonly proof: EliminationProof;
}

/**
 * Evidence that `after` gives the bytes of `before` for every input. Tensors and operators of both graphs have
 * the same ids; only channels are gone.
 */
export interface EliminationProof {
  readonly rounding: Rounding;
  /** By tensor id. */
  readonly tensors: readonly ChannelProof[];
  /** By operator id; empty arrays for operators that do not sum. */
  readonly sums: readonly SumProof[];
}

/** Of one tensor. */
export interface ChannelProof {
  /** [c of before], empty for float32: every value of channel c, anywhere, for every input, is in low[c] … high[c]. */
  readonly low: Int8Array;
  readonly high: Int8Array;
  /** Channels of `before` that `after` keeps, ascending; all of a float32 tensor. */
  readonly kept: Int32Array;
}

export interface SumProof {
  /** [outC of before]: the accumulator, bias included, lies in here at every position. */
  readonly accumulatorLow: Float64Array;
  readonly accumulatorHigh: Float64Array;
  /** [kept outputs]: what the removed channels add to the bias. 0 where `isConstant`. */
  readonly folded: Float64Array;
  /** [kept outputs]: 1 where the output is a proved constant: no weights, and a bias and factor that give it. */
  readonly isConstant: Uint8Array;
}
