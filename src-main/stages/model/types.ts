/**
 * The model after import: static shapes, a dynamic batch bound to 1, a closed set of operators in execution
 * order. Images are NCHW. Plain data (base/pack.ts carries it), so infinities, maps and BigInts do not appear.
 *
 * Invariants, held by verifyModel: ids are in range; every tensor has one producer (a node, the graph's
 * inputs, or its own data); a node reads only what came before it; shapes and types fit the operators.
 */

/**
 * How values of a type are held. int64 is held in doubles: exact up to 2^53, beyond which it saturates at
 * import (files write 2^63 - 1 for "to the end"). bool is 0 or 1. float16, bfloat16 and float64 files become
 * float32.
 */
export interface DataOf {
  float32: Float32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  int64: Float64Array;
  bool: Uint8Array;
}
export type DType = keyof DataOf;
export type TensorData = DataOf[DType];

interface TensorBase<D extends DType> {
  /** The name in the file; unique. */
  readonly name: string;
  readonly dtype: D;
  /** Row major, [] a scalar, no dimension 0; batch bound to 1 where the file leaves it open. */
  readonly shape: readonly number[];
  /** Values of an initialiser; absent for what is computed. */
  readonly data?: DataOf[D];
}
export type ModelTensor = { [D in DType]: TensorBase<D> }[DType];

/** Index into Model.tensors. */
export type TensorId = number;

export interface PoolAttributes {
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly padBottom: number;
  readonly padRight: number;
}

export interface ConvAttributes extends PoolAttributes {
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
}

/** direction: of the one or, for bidirectional, two passes over the sequence. hidden: units per pass. */
export interface RecurrentAttributes {
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly hidden: number;
}

export interface ReduceAttributes {
  /** Ascending, not negative. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

type None = Record<string, never>;
type One = readonly [TensorId];
type Two = readonly [TensorId, TensorId];
type Three = readonly [TensorId, TensorId, TensorId];

interface Form<I extends readonly TensorId[], A = None> {
  inputs: I;
  attributes: A;
}

/** Every operator of a Model with its inputs and attributes; one line each in operators/*.ts and the README. */
export interface Operators {
  /** x [n, c, h, w]; weights [outC, c / groups, kernelH, kernelW]; bias [outC] if present. */
  Conv: Form<Two | Three, ConvAttributes>;
  /**
   * x [n, c, h, w]; weights [c, outC / groups, kernelH, kernelW]; bias [outC] if present. Pads are cut off the
   * full result; outPad is added at its bottom and right.
   */
  ConvTranspose: Form<Two | Three, ConvAttributes & { readonly outPadH: number; readonly outPadW: number }>;
  /** y = x · weightsᵀ + bias. x [rows, inC]; weights [outC, inC]; bias [outC] if present. */
  Gemm: Form<Two | Three>;
  /** Matrix product over the last two axes, the others broadcast (as NumPy's matmul, both of rank 2 or more). */
  MatMul: Form<Two>;

  /** Of any type of number: in quantised files also right on the integers. */
  MaxPool: Form<One, PoolAttributes>;
  /** countIncludePad: the divisor is the whole window even where it hangs over the edge. */
  AveragePool: Form<One, PoolAttributes & { readonly countIncludePad: boolean }>;

  /** Element by element, float32. */
  Relu: Form<One>;
  LeakyRelu: Form<One, { readonly alpha: number }>;
  Elu: Form<One, { readonly alpha: number }>;
  Selu: Form<One, { readonly alpha: number; readonly gamma: number }>;
  /** null: no bound on that side. */
  Clip: Form<One, { readonly min: number | null; readonly max: number | null }>;
  Sigmoid: Form<One>;
  /** max(0, min(1, alpha · x + beta)) */
  HardSigmoid: Form<One, { readonly alpha: number; readonly beta: number }>;
  /** x · max(0, min(1, x / 6 + 0.5)) */
  HardSwish: Form<One>;
  Tanh: Form<One>;
  Gelu: Form<One, { readonly approximate: 'none' | 'tanh' }>;
  Erf: Form<One>;
  Softplus: Form<One>;
  Softsign: Form<One>;
  Exp: Form<One>;
  Log: Form<One>;
  Sqrt: Form<One>;
  Reciprocal: Form<One>;
  Neg: Form<One>;
  Abs: Form<One>;
  Sign: Form<One>;
  Floor: Form<One>;
  Ceil: Form<One>;
  /** Halves to even. */
  Round: Form<One>;
  Sin: Form<One>;
  Cos: Form<One>;
  Not: Form<One>;

  /** Two operands of one type, shapes broadcast as in NumPy. A constant operand of Add and Mul comes second. */
  Add: Form<Two>;
  Sub: Form<Two>;
  Mul: Form<Two>;
  /** Integers are divided towards zero. */
  Div: Form<Two>;
  Pow: Form<Two>;
  Min: Form<Two>;
  Max: Form<Two>;
  /** Sign of the divisor, as Python's %. */
  Mod: Form<Two>;
  /** x where x ≥ 0, else slope · x. */
  PRelu: Form<Two>;
  Equal: Form<Two>;
  Less: Form<Two>;
  LessOrEqual: Form<Two>;
  Greater: Form<Two>;
  GreaterOrEqual: Form<Two>;
  And: Form<Two>;
  Or: Form<Two>;
  /** condition (bool), then, else; all three broadcast. */
  Where: Form<Three>;
  Cast: Form<One, { readonly to: DType }>;

  /** Along one axis. */
  Softmax: Form<One, { readonly axis: number }>;
  LogSoftmax: Form<One, { readonly axis: number }>;
  /** Over the last axes, from `axis` on: (x - mean) / sqrt(variance + epsilon) · scale + bias. */
  LayerNormalization: Form<Three, { readonly axis: number; readonly epsilon: number }>;
  ReduceMean: Form<One, ReduceAttributes>;
  ReduceSum: Form<One, ReduceAttributes>;
  ReduceMax: Form<One, ReduceAttributes>;
  ReduceMin: Form<One, ReduceAttributes>;
  ReduceProd: Form<One, ReduceAttributes>;
  /** int64 indices of the first (or last) largest value. */
  ArgMax: Form<One, { readonly axis: number; readonly keepDims: boolean; readonly isLast: boolean }>;
  ArgMin: Form<One, { readonly axis: number; readonly keepDims: boolean; readonly isLast: boolean }>;

  /** Same elements in the same (row major) order under another shape: the shape of the output tensor. */
  Reshape: Form<One, { readonly shape: readonly number[] }>;
  /** Axis i of the output is axis perm[i] of the input. */
  Transpose: Form<One, { readonly perm: readonly number[] }>;
  /** Any number of inputs, at least one. */
  Concat: Form<readonly [TensorId, ...TensorId[]], { readonly axis: number }>;
  /** One entry per axis: first index, step (not 0), and the size of the result. */
  Slice: Form<
    One,
    {
      readonly starts: readonly number[];
      readonly steps: readonly number[];
      readonly sizes: readonly number[];
    }
  >;
  /** x, indices (int32 or int64; negative ones count from the end): `axis` of x is replaced by indices' shape. */
  Gather: Form<Two, { readonly axis: number }>;
  /** Broadcast to the shape of the output tensor. */
  Expand: Form<One, { readonly shape: readonly number[] }>;
  /** before and after: one entry per axis, not negative. value: for mode constant. */
  Pad: Form<
    One,
    {
      readonly mode: 'constant' | 'reflect' | 'edge' | 'wrap';
      readonly before: readonly number[];
      readonly after: readonly number[];
      readonly value: number;
    }
  >;
  /**
   * To the output tensor's shape. scales: output size / input size as the file gives them, one per axis.
   * coordinates, nearest, cubicA, excludeOutside: ONNX Resize 19, section of the attribute of that name.
   */
  Resize: Form<One, ResizeAttributes>;
  DepthToSpace: Form<One, { readonly blockSize: number; readonly mode: 'DCR' | 'CRD' }>;
  SpaceToDepth: Form<One, { readonly blockSize: number }>;

  /**
   * x [steps, batch, in]; weights [passes, gates · hidden, in]; recurrence [passes, gates · hidden, hidden];
   * bias [passes, 2 · gates · hidden] (input, then recurrence); first hidden state [passes, batch, hidden].
   * Output [steps, passes, batch, hidden]; more outputs: last hidden state. Gates as in ONNX: RNN one, GRU
   * z r h, LSTM i o f c. LSTM also has the first cell state and, as third output, the last.
   */
  RNN: Form<
    readonly [TensorId, TensorId, TensorId, TensorId, TensorId],
    RecurrentAttributes & { readonly activation: 'Tanh' | 'Relu' | 'Sigmoid' }
  >;
  /** linearBeforeReset: the reset gate multiplies after the recurrence's product, as PyTorch and Keras do. */
  GRU: Form<
    readonly [TensorId, TensorId, TensorId, TensorId, TensorId],
    RecurrentAttributes & { readonly linearBeforeReset: boolean }
  >;
  LSTM: Form<readonly [TensorId, TensorId, TensorId, TensorId, TensorId, TensorId], RecurrentAttributes>;

  /**
   * y = saturate(roundHalfEven(x / scale) + zeroPoint). inputs: x float32; scale float32 and zeroPoint of
   * the output's type, both constants, both [] (per tensor) or both [x.shape[axis]] (per axis).
   */
  QuantizeLinear: Form<Three, { readonly axis: number }>;
  /**
   * y = (x - zeroPoint) · scale, the inverse of the above; x int8, uint8, int16, uint16 or int32, which may be
   * a constant (quantised weights and biases stay so and are not folded). scale and zeroPoint as above.
   */
  DequantizeLinear: Form<Three, { readonly axis: number }>;
}

export interface ResizeAttributes {
  readonly shape: readonly number[];
  readonly scales: readonly number[];
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates:
    'half_pixel' | 'half_pixel_symmetric' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
  readonly nearest: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';
  readonly cubicA: number;
  readonly excludeOutside: boolean;
}

export type OpName = keyof Operators;

export interface NodeOf<K extends OpName> {
  readonly op: K;
  /** Unique; the name in the file, or `Op_index` where the file has none. */
  readonly name: string;
  readonly inputs: Operators[K]['inputs'];
  readonly output: TensorId;
  /** Second and third output of RNN, GRU and LSTM; absent for all others. */
  readonly moreOutputs?: readonly TensorId[];
  readonly attributes: Operators[K]['attributes'];
}

export type ModelNode = { [K in OpName]: NodeOf<K> }[OpName];

export type ConvNode = NodeOf<'Conv'>;
export type GemmNode = NodeOf<'Gemm'>;
export type MaxPoolNode = NodeOf<'MaxPool'>;
export type AveragePoolNode = NodeOf<'AveragePool'>;
export type AddNode = NodeOf<'Add'>;
export type ReluNode = NodeOf<'Relu'>;
export type ClipNode = NodeOf<'Clip'>;
export type ReshapeNode = NodeOf<'Reshape'>;
export type SoftmaxNode = NodeOf<'Softmax'>;

export interface Model {
  readonly name: string;
  readonly tensors: readonly ModelTensor[];
  /** In execution order. */
  readonly nodes: readonly ModelNode[];
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
}

/** What one pass of the importer changed. */
export interface PassReport {
  readonly pass: string;
  /** How often it applied. */
  readonly count: number;
}
