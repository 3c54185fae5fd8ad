/**
 * The int8 graph: what the compiler, the integer reference and the simulator agree on.
 * Activations are asymmetric int8, weights symmetric int8 with zero point 0. Arithmetic is TensorFlow Lite
 * Micro's reference kernels, double rounding. Some operators run on the engine (ENGINE_KINDS), the others in
 * exact host routines; floats come in, go out and are worked on only through the boundary operators.
 */
import type { Model, PoolAttributes } from '../model/types.ts';

export interface QuantTensor {
  readonly name: string;
  readonly dtype: 'int8' | 'float32';
  /** int8: [h, w, c], NHWC with batch 1; a vector is [1, 1, c]. float32: [1, 1, n], row major as modelShape. */
  readonly shape: readonly [number, number, number];
  /** As in the model, batch included: [1, c, h, w] in ONNX, [1, h, w, c] in TFLite. */
  readonly modelShape: readonly number[];
  /** real = (q - zeroPoint) * scale; 1 and 0 for float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Values of a tensor, by its dtype. */
export type TensorData = Int8Array | Float32Array;

/** Requantisation of an int32 accumulator, one entry per output channel: real = q / 2^31 * 2^shift. */
export interface Requantize {
  /** [c], 0 <= q < 2^31 */
  readonly multiplierQ31: Int32Array;
  /** [c], TFLM's shift: positive is left, negative is right */
  readonly shift: Int32Array;
  readonly clampMin: number;
  readonly clampMax: number;
}

interface Named {
  /** Unique; the name of the model node it came from, kept up to the reports. */
  readonly name: string;
}

interface OpBase extends Named {
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

/** Output channel o reads input channel floor(o / depthMultiplier) only. */
export interface DepthwiseOp extends OpBase, Window {
  readonly kind: 'depthwise';
  readonly input: number;
  /** [kernelH][kernelW][outC], outC = inC · depthMultiplier */
  readonly weights: Int8Array;
  readonly depthMultiplier: number;
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

/** Order of a float32 tensor's values beside the int8 tensor's [h][w][c]: [c][h][w] (ONNX), or the same (TFLite). */
export type FloatOrder = 'chw' | 'hwc';

/** float32 to int8 by the output's scale and zero point, halves away from zero, saturating. */
export interface QuantizeOp extends OpBase {
  readonly kind: 'quantize';
  readonly input: number;
  readonly floatOrder: FloatOrder;
}

/** int8 to float32 by the input's scale and zero point. */
export interface DequantizeOp extends OpBase {
  readonly kind: 'dequantize';
  readonly input: number;
  readonly floatOrder: FloatOrder;
}

/** A part of the model that stays float: runFloat over float32 tensors, in the order of the model's own. */
export interface FloatOp extends Named {
  readonly kind: 'float';
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly model: Model;
}

/** What the engine is built for. */
export type EngineOp = ConvOp | DepthwiseOp | FullyConnectedOp | PoolOp | AddOp | ReshapeOp;
/** What runs on the host, exactly (run-host.ts). */
export type HostOp = QuantizeOp | DequantizeOp | FloatOp;
export type QuantOp = EngineOp | HostOp;

export interface QuantGraph {
  readonly name: string;
  readonly tensors: readonly QuantTensor[];
  /** In execution order. */
  readonly ops: readonly QuantOp[];
  /** Indices of the model's own inputs and outputs, in its order: float32 for float models, int8 for TFLite's. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
