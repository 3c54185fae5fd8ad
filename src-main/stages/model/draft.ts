import type { ModelNode, ModelTensor, TensorId } from './types.ts';
import type { Constant } from './read-onnx.ts';
import { elementCount } from './limits.ts';

/** y[c] = x[c] · scale[c] + shift[c] along axis 1: what BatchNormalization is. Folded away before the Model. */
export interface ScaleShiftNode {
  readonly name: string;
  readonly op: 'ScaleShift';
  readonly inputs: readonly [TensorId];
  readonly output: TensorId;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export type DraftNode = ModelNode | ScaleShiftNode;

/** A tensor computed when the model runs. */
export interface Computed {
  readonly dtype: 'float32';
  readonly shape: readonly number[];
  readonly id: TensorId;
}
export type Value = Computed | Constant;

export const isConstant = (v: Value): v is Constant => 'data' in v;

/** The model while it is being built; ids are final only after compaction. */
export interface Draft {
  readonly tensors: ModelTensor[];
  nodes: DraftNode[];
}

export function addTensor(
  draft: Draft,
  name: string,
  shape: readonly number[],
  data?: Float32Array,
): Computed {
  elementCount(shape, name);
  draft.tensors.push(
    data === undefined ? { name, dtype: 'float32', shape } : { name, dtype: 'float32', shape, data },
  );
  return { dtype: 'float32', shape, id: draft.tensors.length - 1 };
}

/** How many readers each tensor has, the graph's outputs included. [tensors] */
export function countUses(draft: Draft, outputs: readonly TensorId[]): Int32Array {
  const uses = new Int32Array(draft.tensors.length);
  for (const node of draft.nodes) for (const t of node.inputs) uses[t] = uses[t]! + 1;
  for (const t of outputs) uses[t] = uses[t]! + 1;
  return uses;
}
