/**
 * The int8 graph: what the compiler, the integer reference and the simulator agree on.
 * Tensors are NHWC with batch 1, shape [h, w, c]; a vector is [1, 1, c]. Activations are asymmetric int8,
 * weights symmetric int8 with zero point 0. Arithmetic is TensorFlow Lite Micro's reference kernels,
 * double rounding.
 */
import type { PoolAttributes } from '../model/types.ts';

export interface QuantTensor {
  readonly name: string;
  /** [h, w, c] */
  readonly shape: readonly [number, number, number];
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Requantisation of an int32 accumulator, one entry per output channel: real = q / 2^31 * 2^shift. */
export interface Requantize {
  /** [c], 0 <= q < 2^31 */
  readonly multiplierQ31: Int32Array;
  /** [c], TFLM's shift: positive is left, negative is right */
  readonly shift: Int32Array;
  readonly clampMin: number;
  readonly clampMax: number;
}

interface OpBase {
  /** Unique; the name of the model node it came from, kept up to the reports. */
  readonly name: string;
  /** Index into QuantGraph.tensors. */
  readonly output: number;
}

/** As the model's. */
export type Window = PoolAttributes;

export interface ConvOp extends OpBase, Window {
  readonly kind: 'conv';
  readonly input: number;
  /** [outC][kernelH][kernelW][inC] */
  readonly weights: Int8Array;
  /** [outC], without the zero point's share */
  readonly bias: Int32Array;
  readonly requantize: Requantize;
}

export interface FullyConnectedOp extends OpBase {
  readonly kind: 'fullyConnected';
  /** Read as a flat NHWC vector. */
  readonly input: number;
  /** [outC][inC], columns permuted to NHWC order */
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  readonly requantize: Requantize;
}

export interface PoolOp extends OpBase, Window {
  readonly kind: 'maxPool' | 'averagePool';
  readonly input: number;
  readonly clampMin: number;
  readonly clampMax: number;
}

export interface AddOp extends OpBase {
  readonly kind: 'add';
  readonly inputs: readonly [number, number];
  /** TFLM ADD: both inputs shifted left by 20, scaled, added, scaled to the output. */
  readonly input1: { readonly multiplierQ31: number; readonly shift: number };
  readonly input2: { readonly multiplierQ31: number; readonly shift: number };
  readonly outputScale: { readonly multiplierQ31: number; readonly shift: number };
  readonly clampMin: number;
  readonly clampMax: number;
}

/** Same bytes, other shape. */
export interface ReshapeOp extends OpBase {
  readonly kind: 'reshape';
  readonly input: number;
}

export type QuantOp = ConvOp | FullyConnectedOp | PoolOp | AddOp | ReshapeOp;

export interface QuantGraph {
  readonly name: string;
  readonly tensors: readonly QuantTensor[];
  /** In execution order. */
  readonly ops: readonly QuantOp[];
  /** Index of the one input tensor. */
  readonly input: number;
  /** Index of the one output tensor (logits; a final Softmax is left to the host and named below). */
  readonly output: number;
  /** Operators after `output` that the host runs, e.g. ['Softmax']; empty if none. */
  readonly hostTail: readonly string[];
}
