/**
 * An integer model as the file gives it: the operators of TensorFlow Lite's int8 specification, whose
 * arithmetic is fixed by TensorFlow Lite Micro's reference kernels. Shapes are static and as in the file
 * (NHWC, batch included). Plain data (base/pack.ts carries it). quantize/adopt.ts turns it into a QuantGraph.
 *
 * Invariants, held by importTflite: ids are in range; an operator reads constants, inputs, and what came
 * before it; constants have as many values as their shape says; scales are positive float32 values.
 */
export type IntegerDtype = 'float32' | 'int8' | 'int16' | 'int32' | 'int64';

export interface IntegerTensor {
  /** Unique. */
  readonly name: string;
  readonly dtype: IntegerDtype;
  readonly shape: readonly number[];
  /** One for the tensor, or one for each index of `axis`; empty where it is not quantised. */
  readonly scales: readonly number[];
  /** As many as scales. */
  readonly zeroPoints: readonly number[];
  readonly axis: number;
  /** Values of a constant, row major; int64 as exact doubles. */
  readonly data?: Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

export type Activation = 'none' | 'relu' | 'reluN1To1' | 'relu6' | 'tanh';
export type Padding = 'same' | 'valid';

interface NodeBase {
  /** Unique: the operator's name and its index in the file, e.g. `conv_2d_3`. */
  readonly name: string;
  /** Index into tensors; -1 where an optional input is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

interface Strided {
  readonly padding: Padding;
  readonly strideH: number;
  readonly strideW: number;
  readonly activation: Activation;
}

/** inputs: x, weights [outC, kernelH, kernelW, inC], bias */
export interface Conv2dNode extends NodeBase, Strided {
  readonly op: 'CONV_2D';
  readonly dilationH: number;
  readonly dilationW: number;
}

/** inputs: x, weights [1, kernelH, kernelW, outC], bias */
export interface DepthwiseConv2dNode extends NodeBase, Strided {
  readonly op: 'DEPTHWISE_CONV_2D';
  readonly dilationH: number;
  readonly dilationW: number;
}

/** inputs: x, weights [outC, inC], bias */
export interface FullyConnectedNode extends NodeBase {
  readonly op: 'FULLY_CONNECTED';
  readonly activation: Activation;
}

export interface Pool2dNode extends NodeBase, Strided {
  readonly op: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D';
  readonly kernelH: number;
  readonly kernelW: number;
}

/** inputs: two tensors that broadcast to the output */
export interface ArithmeticNode extends NodeBase {
  readonly op: 'ADD' | 'SUB' | 'MUL';
  readonly activation: Activation;
}

/** The other inputs of RESHAPE, SQUEEZE and EXPAND_DIMS say the output's shape again and are not read. */
export interface SameBytesNode extends NodeBase {
  readonly op: 'RESHAPE' | 'SQUEEZE' | 'EXPAND_DIMS';
}

/** Value by value. */
export interface UnaryNode extends NodeBase {
  readonly op: 'LOGISTIC' | 'TANH' | 'HARD_SWISH' | 'RELU' | 'RELU6' | 'QUANTIZE' | 'DEQUANTIZE';
}

/** Over the last dimension. */
export interface IntegerSoftmaxNode extends NodeBase {
  readonly op: 'SOFTMAX';
  readonly beta: number;
}

export interface ConcatenationNode extends NodeBase {
  readonly op: 'CONCATENATION' | 'PACK';
  readonly axis: number;
  readonly activation: Activation;
}

/** inputs: x; paddings [rank, 2], permutation [rank] resp. axes, int32 constants; PADV2: the value */
export interface LayoutNode extends NodeBase {
  readonly op: 'PAD' | 'PADV2' | 'TRANSPOSE' | 'MEAN';
}

/** inputs: x, begin, end, strides, each [rank]. Masks: bit i speaks of dimension i. */
export interface StridedSliceNode extends NodeBase {
  readonly op: 'STRIDED_SLICE';
  readonly beginMask: number;
  readonly endMask: number;
  readonly shrinkMask: number;
  /** Ellipsis and new axes, which are not read. */
  readonly otherMasks: number;
}

/** 24 inputs in the order of the schema: x, 4 input weights, 4 recurrent weights, …, 4 biases, …, states. */
export interface LstmNode extends NodeBase {
  readonly op: 'UNIDIRECTIONAL_SEQUENCE_LSTM';
  readonly activation: Activation;
  readonly cellClip: number;
  readonly timeMajor: boolean;
}

export type IntegerNode =
  | Conv2dNode
  | DepthwiseConv2dNode
  | FullyConnectedNode
  | Pool2dNode
  | ArithmeticNode
  | SameBytesNode
  | UnaryNode
  | IntegerSoftmaxNode
  | ConcatenationNode
  | LayoutNode
  | StridedSliceNode
  | LstmNode;

export interface IntegerModel {
  readonly name: string;
  readonly tensors: readonly IntegerTensor[];
  /** In execution order. */
  readonly nodes: readonly IntegerNode[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
