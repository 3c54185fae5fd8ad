/**
 * The model after import: float32, static shapes, batch 1, NCHW, a closed set of operators in execution
 * order. Plain data (base/pack.ts carries it), so infinities and maps do not appear.
 *
 * Invariants, held by verifyModel: ids are in range; every tensor has one producer (a node, the graph's
 * inputs, or its own data); a node reads only what came before it; shapes fit the operators.
 */
export interface ModelTensor {
  /** The name in the file; unique. */
  readonly name: string;
  readonly dtype: 'float32';
  /** As in the file, row major, batch bound to 1: [1, c, h, w], [1, c] or an initialiser's own shape. */
  readonly shape: readonly number[];
  /** Values of an initialiser; absent for what is computed. */
  readonly data?: Float32Array;
}

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

/** Index into Model.tensors. */
export type TensorId = number;

interface NodeBase {
  /** Unique; the name in the file, or `Op_index` where the file has none. */
  readonly name: string;
  readonly output: TensorId;
}

/** inputs: x [1, c, h, w]; weights [outC, c / groups, kernelH, kernelW]; bias [outC] if present. */
export interface ConvNode extends NodeBase {
  readonly op: 'Conv';
  readonly inputs: readonly [TensorId, TensorId] | readonly [TensorId, TensorId, TensorId];
  readonly attributes: ConvAttributes;
}

/** y = x · weightsᵀ + bias. inputs: x of inC elements; weights [outC, inC]; bias [outC] if present. */
export interface GemmNode extends NodeBase {
  readonly op: 'Gemm';
  readonly inputs: readonly [TensorId, TensorId] | readonly [TensorId, TensorId, TensorId];
  readonly attributes: Record<string, never>;
}

export interface MaxPoolNode extends NodeBase {
  readonly op: 'MaxPool';
  readonly inputs: readonly [TensorId];
  readonly attributes: PoolAttributes;
}

export interface AveragePoolNode extends NodeBase {
  readonly op: 'AveragePool';
  readonly inputs: readonly [TensorId];
  /** countIncludePad: the divisor is the whole window even where it hangs over the edge. */
  readonly attributes: PoolAttributes & { readonly countIncludePad: boolean };
}

export interface ReluNode extends NodeBase {
  readonly op: 'Relu';
  readonly inputs: readonly [TensorId];
  readonly attributes: Record<string, never>;
}

export interface ClipNode extends NodeBase {
  readonly op: 'Clip';
  readonly inputs: readonly [TensorId];
  /** null: no bound on that side. */
  readonly attributes: { readonly min: number | null; readonly max: number | null };
}

/** Equal shapes, or one operand an initialiser that broadcasts to the other's shape. */
export interface AddNode extends NodeBase {
  readonly op: 'Add';
  readonly inputs: readonly [TensorId, TensorId];
  readonly attributes: Record<string, never>;
}

/** Same elements in the same (row major) order, other shape: the shape of the output tensor. */
export interface ReshapeNode extends NodeBase {
  readonly op: 'Reshape';
  readonly inputs: readonly [TensorId];
  readonly attributes: Record<string, never>;
}

/** Over all elements of the tensor. */
export interface SoftmaxNode extends NodeBase {
  readonly op: 'Softmax';
  readonly inputs: readonly [TensorId];
  readonly attributes: Record<string, never>;
}

export type ModelNode =
  | ConvNode
  | GemmNode
  | MaxPoolNode
  | AveragePoolNode
  | ReluNode
  | ClipNode
  | AddNode
  | ReshapeNode
  | SoftmaxNode;

export interface Model {
  readonly name: string;
  readonly tensors: readonly ModelTensor[];
  /** In execution order. */
  readonly nodes: readonly ModelNode[];
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
}
