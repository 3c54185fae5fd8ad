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
  /** Values of a constant, [h][w][c]; only host operators read constants. */
  readonly data?: Int8Array;
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

/** A real factor: q / 2^31 * 2^shift. */
export interface Multiplier {
  /** 0 or 2^30 <= q < 2^31 */
  readonly multiplierQ31: number;
  /** positive is left, negative is right */
  readonly shift: number;
}

/** TFLM ADD and SUB: both inputs shifted left by 20, scaled, added or subtracted, scaled to the output. */
interface SumFactors {
  readonly input1: Multiplier;
  readonly input2: Multiplier;
  readonly outputScale: Multiplier;
  readonly clampMin: number;
  readonly clampMax: number;
}

/** Two computed tensors of equal shape. */
export interface AddOp extends OpBase, SumFactors {
  readonly kind: 'add';
  readonly inputs: readonly [number, number];
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
  /** ONNX's QuantizeLinear: halves to the even neighbour. */
  readonly halfToEven?: true;
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

/** Over the last `depth` values at a time. TFLM's int8 Softmax; its output has scale 1/256 and zero point -128. */
export interface SoftmaxOp extends OpBase {
  readonly kind: 'softmax';
  readonly input: number;
  readonly depth: number;
  /** (input - max) to Q5.26, in units of beta. */
  readonly inputBeta: Multiplier;
  /** Differences below this give 0. */
  readonly diffMin: number;
}

/** Value by value by a table: Logistic, Tanh, HardSwish, Relu, requantisation. */
export interface LutOp extends OpBase {
  readonly kind: 'lut';
  readonly input: number;
  /** [256], of the values -128 … 127 */
  readonly table: Int8Array;
}

/** Operands that broadcast to the output; shapes are of the model (NHWC), filled up with ones to one rank. */
interface Broadcast extends OpBase {
  readonly inputs: readonly [number, number];
  readonly shapes: readonly [readonly number[], readonly number[]];
}

/** As AddOp, with broadcasting or a constant; or the difference. */
export interface BroadcastSumOp extends Broadcast, SumFactors {
  readonly kind: 'broadcastAdd' | 'sub';
}

/** Product of the values beside their zero points, scaled. */
export interface MulOp extends Broadcast {
  readonly kind: 'mul';
  readonly outputScale: Multiplier;
  readonly clampMin: number;
  readonly clampMax: number;
}

/** [outer][chunks[0]] next to [outer][chunks[1]] …: equal scales. */
export interface ConcatOp extends OpBase {
  readonly kind: 'concat';
  readonly inputs: readonly number[];
  readonly outer: number;
  readonly chunks: readonly number[];
}

/** Any rank: dims of the input, row major, and what each grows by. */
export interface PadOp extends OpBase {
  readonly kind: 'pad';
  readonly input: number;
  readonly dims: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** Output dimension i is input dimension permutation[i]. */
export interface TransposeOp extends OpBase {
  readonly kind: 'transpose';
  readonly input: number;
  readonly dims: readonly number[];
  readonly permutation: readonly number[];
}

/** Every strides[i]-th from begin[i], sizes[i] of them. */
export interface SliceOp extends OpBase {
  readonly kind: 'slice';
  readonly input: number;
  readonly dims: readonly number[];
  readonly begin: readonly number[];
  readonly strides: readonly number[];
  readonly sizes: readonly number[];
}

/** TFLM MEAN: sums over the axes, the count folded into the multiplier. */
export interface MeanOp extends OpBase {
  readonly kind: 'mean';
  readonly input: number;
  readonly dims: readonly number[];
  readonly axes: readonly number[];
  readonly outputScale: Multiplier;
}

/** One gate: accumulators of input and recurrent part, each scaled to Q3.12, their sum saturated. */
export interface LstmGate {
  /** [units][inputs] */
  readonly inputWeights: Int8Array;
  /** [units][units] */
  readonly recurrentWeights: Int8Array;
  /** [units] */
  readonly bias: Int32Array;
  readonly inputScale: Multiplier;
  readonly recurrentScale: Multiplier;
}

/**
 * TFLM's UNIDIRECTIONAL_SEQUENCE_LSTM with int8 activations and an int16 cell state, both states zero at the
 * start of each sample. input [1, steps, inputs] or [steps, 1, inputs], output with units for inputs.
 */
export interface LstmOp extends OpBase {
  readonly kind: 'lstm';
  readonly input: number;
  readonly gates: {
    readonly input: LstmGate;
    readonly forget: LstmGate;
    readonly cell: LstmGate;
    readonly output: LstmGate;
  };
  /** The state begins at this value, a real 0. */
  readonly hiddenZeroPoint: number;
  /** forget · cell state, input · cell gate, output · tanh(cell state), each to its destination's scale */
  readonly forgetScale: Multiplier;
  readonly inputScale: Multiplier;
  readonly hiddenScale: Multiplier;
  /** The cell state's scale is 2^cellScalePower. */
  readonly cellScalePower: number;
  /** |cell state| <= cellClip; 0: no bound */
  readonly cellClip: number;
}

/** What the engine is built for. */
export type EngineOp = ConvOp | DepthwiseOp | FullyConnectedOp | PoolOp | AddOp | ReshapeOp;
/** What runs on the host, exactly (run-host.ts). */
export type HostOp =
  | SoftmaxOp
  | LutOp
  | BroadcastSumOp
  | MulOp
  | ConcatOp
  | PadOp
  | TransposeOp
  | SliceOp
  | MeanOp
  | LstmOp
  | QuantizeOp
  | DequantizeOp
  | FloatOp;
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
