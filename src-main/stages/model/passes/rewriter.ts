import type { Draft, DraftTensor } from '../build/builder.ts';
import { outputsOf } from '../build/builder.ts';
import type { DType, ModelNode, NodeOf, TensorData, TensorId } from '../types.ts';

/** A draft with readers and producers at hand, while one pass changes it. */
export class Rewriter {
  private readonly draft: Draft;
  private readonly nodes: (ModelNode | null)[];
  private readonly outputs: ReadonlySet<TensorId>;
  /** Index of the node that computes a tensor. */
  private readonly producerOf = new Map<TensorId, number>();
  /** Indices of the nodes that read a tensor, as often as they do. */
  private readonly readersOf = new Map<TensorId, number[]>();

  constructor(draft: Draft, outputs: readonly TensorId[]) {
    this.draft = draft;
    this.nodes = [...draft.nodes];
    this.outputs = new Set(outputs);
    this.nodes.forEach((node, i) => this.link(node!, i));
  }

  get count(): number {
    return this.nodes.length;
  }

  at(i: number): ModelNode | null {
    return this.nodes[i] ?? null;
  }

  tensor(id: TensorId): DraftTensor {
    return this.draft.tensors[id]!;
  }

  producer(id: TensorId): number | undefined {
    return this.producerOf.get(id);
  }

  /** The only reader of a tensor that is no output of the model. */
  soleReader(id: TensorId): number | undefined {
    const readers = this.readersOf.get(id) ?? [];
    return readers.length === 1 && !this.outputs.has(id) ? readers[0] : undefined;
  }

  /** The node that computes the tensor, if only `reader` reads it. */
  soleProducer(id: TensorId): number | undefined {
    return this.soleReader(id) === undefined ? undefined : this.producerOf.get(id);
  }

  isOutput(id: TensorId): boolean {
    return this.outputs.has(id);
  }

  addConstant(name: string, dtype: DType, shape: readonly number[], data: TensorData): TensorId {
    return this.draft.tensors.push({ name, dtype, shape, data }) - 1;
  }

  replace(i: number, node: ModelNode): void {
    this.remove(i);
    this.nodes[i] = node;
    this.link(node, i);
  }

  remove(i: number): void {
    const node = this.nodes[i];
    if (!node) return;
    for (const t of node.inputs) {
      const readers = this.readersOf.get(t)!;
      readers.splice(readers.indexOf(i), 1);
    }
    for (const t of outputsOf(node)) if (this.producerOf.get(t) === i) this.producerOf.delete(t);
    this.nodes[i] = null;
  }

  finish(): ModelNode[] {
    return this.nodes.filter((n) => n !== null);
  }

  private link(node: ModelNode, i: number): void {
    for (const t of node.inputs) {
      const readers = this.readersOf.get(t);
      if (readers) readers.push(i);
      else this.readersOf.set(t, [i]);
    }
    for (const t of outputsOf(node)) this.producerOf.set(t, i);
  }
}

export type Weighted = NodeOf<'Conv'> | NodeOf<'ConvTranspose'> | NodeOf<'Gemm'>;

export const isWeighted = (n: ModelNode | null): n is Weighted =>
  n?.op === 'Conv' || n?.op === 'Gemm' || n?.op === 'ConvTranspose';

/**
 * The values of a constant per channel of a layer's result (axis 1, of a matrix the last), or undefined where
 * it varies along another axis or would change the shape.
 */
export function perChannel(
  constant: DraftTensor,
  target: readonly number[],
  channels: number,
): TensorData | undefined {
  const { data, shape } = constant;
  if (!data || constant.dtype !== 'float32' || shape.length > target.length) return undefined;
  if (data.length === 1) return new Float32Array(channels).fill(data[0]!);
  const axis = (target.length === 4 ? 1 : target.length - 1) - (target.length - shape.length);
  return data.length === channels && shape[axis] === channels ? data : undefined;
}

/** Weights and bias as constants of a layer, or undefined where one is computed. */
export function constantsOf(
  r: Rewriter,
  node: Weighted,
): { weights: DraftTensor; bias: Float32Array; outC: number } | undefined {
  const weights = r.tensor(node.inputs[1]);
  const bias = node.inputs[2] === undefined ? undefined : r.tensor(node.inputs[2]);
  if (!weights.data || (bias && !bias.data)) return undefined;
  const outC = node.op === 'ConvTranspose' ? weights.shape[1]! * node.attributes.groups : weights.shape[0]!;
  return { weights, outC, bias: bias ? (bias.data as Float32Array) : new Float32Array(outC) };
}

/** The node with other weights and bias, and another output where it swallows the node behind it. */
export function withConstants(
  r: Rewriter,
  node: Weighted,
  weights: Float32Array | null,
  bias: Float32Array,
  change: { input?: TensorId; output?: TensorId },
): Weighted {
  const old = r.tensor(node.inputs[1]);
  const w = weights ? r.addConstant(old.name, 'float32', old.shape, weights) : node.inputs[1];
  const biasName = node.inputs[2] === undefined ? `${node.name}.bias` : r.tensor(node.inputs[2]).name;
  const b = r.addConstant(biasName, 'float32', [bias.length], bias);
  return { ...node, inputs: [change.input ?? node.inputs[0], w, b], output: change.output ?? node.output };
}
