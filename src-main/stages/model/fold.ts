/** Rewrites of the draft: per-channel additions and scalings into the weights before them, then compaction. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Draft, DraftNode } from './draft.ts';
import { addTensor, countUses } from './draft.ts';
import { requireFinite } from './read-onnx.ts';
import type { ConvNode, GemmNode, Model, ModelNode, ModelTensor, TensorId } from './types.ts';

type WeightNode = ConvNode | GemmNode;

/** The Conv or Gemm that makes this tensor, if nothing else reads the tensor. */
function soleProducer(draft: Draft, uses: Int32Array, tensor: TensorId): WeightNode | undefined {
  const node = draft.nodes.find((n) => n.output === tensor);
  return uses[tensor] === 1 && (node?.op === 'Conv' || node?.op === 'Gemm') ? node : undefined;
}

function biasOf(draft: Draft, node: WeightNode): Float32Array {
  const id = node.inputs[2];
  return id === undefined
    ? new Float32Array(draft.tensors[node.inputs[1]]!.shape[0]!)
    : draft.tensors[id]!.data!.slice();
}

/** The node with other weights and bias and the output of the node it swallows. */
function replaced(
  draft: Draft,
  node: WeightNode,
  weights: Float32Array | null,
  bias: Float32Array,
  output: TensorId,
): WeightNode {
  const old = draft.tensors[node.inputs[1]]!;
  if (weights) requireFinite(weights, node.name);
  requireFinite(bias, node.name);
  const w = weights ? addTensor(draft, old.name, old.shape, weights).id : node.inputs[1];
  const biasName = node.inputs[2] === undefined ? `${node.name}.bias` : draft.tensors[node.inputs[2]]!.name;
  const b = addTensor(draft, biasName, [bias.length], bias).id;
  return { ...node, inputs: [node.inputs[0], w, b], output };
}

/** Values of a constant per channel (axis 1 of the output), or undefined where it varies along another axis. */
function perChannel(
  constant: ModelTensor,
  target: readonly number[],
  channels: number,
): Float32Array | undefined {
  const data = constant.data!;
  if (data.length === 1) return new Float32Array(channels).fill(data[0]!);
  const skip = target.length - constant.shape.length;
  // Gemm's channel is the last axis, Conv's is axis 1 of [1, c, h, w].
  const axis = (target.length === 4 ? 1 : target.length - 1) - skip;
  return data.length === channels && constant.shape[axis] === channels ? data : undefined;
}

/** Add of a per-channel constant right after Conv or Gemm becomes its bias. */
export function foldBiasAdd(draft: Draft, outputs: readonly TensorId[]): void {
  for (const node of [...draft.nodes]) {
    if (node.op !== 'Add') continue;
    const constant = draft.tensors[node.inputs[1]]!;
    const producer = soleProducer(draft, countUses(draft, outputs), node.inputs[0]);
    if (!constant.data || !producer) continue;
    const bias = biasOf(draft, producer);
    const added = perChannel(constant, draft.tensors[node.output]!.shape, bias.length);
    if (!added) continue;
    for (let c = 0; c < bias.length; c++) bias[c] = bias[c]! + added[c]!;
    swap(draft, producer, node, replaced(draft, producer, null, bias, node.output));
  }
}

/** BatchNormalization after Conv or Gemm goes into the weights; anywhere else it is refused (MODEL-015). */
export function foldScaleShift(draft: Draft, outputs: readonly TensorId[]): void {
  for (const node of [...draft.nodes]) {
    if (node.op !== 'ScaleShift') continue;
    const producer = soleProducer(draft, countUses(draft, outputs), node.inputs[0]);
    if (!producer) {
      throw new IngotError(
        'MODEL-015',
        'BatchNormalization does not directly follow a Conv or Gemm of its own',
        {
          place: node.name,
          remedy: 'put it right after the Conv or Gemm that it normalises, with no other reader between',
        },
      );
    }
    const weights = draft.tensors[producer.inputs[1]]!.data!.slice();
    const bias = biasOf(draft, producer);
    const perOutput = weights.length / bias.length;
    for (let i = 0; i < weights.length; i++)
      weights[i] = weights[i]! * node.scale[Math.floor(i / perOutput)]!;
    for (let c = 0; c < bias.length; c++) bias[c] = bias[c]! * node.scale[c]! + node.shift[c]!;
    swap(draft, producer, node, replaced(draft, producer, weights, bias, node.output));
  }
}

function swap(draft: Draft, producer: DraftNode, swallowed: DraftNode, by: DraftNode): void {
  draft.nodes = draft.nodes.filter((n) => n !== swallowed).map((n) => (n === producer ? by : n));
}

/** Drops tensors nobody refers to, makes names unique, renumbers. */
export function finishModel(
  draft: Draft,
  name: string,
  inputs: readonly TensorId[],
  outputs: readonly TensorId[],
): Model {
  const nodes = draft.nodes as ModelNode[];
  const used = new Set<TensorId>([...inputs, ...outputs]);
  for (const n of nodes) [...n.inputs, n.output].forEach((t) => used.add(t));
  const renumber = new Map<TensorId, TensorId>();
  const taken = new Set<string>();
  const tensors: ModelTensor[] = [];
  draft.tensors.forEach((t, id) => {
    if (!used.has(id)) return;
    renumber.set(id, tensors.length);
    let unique = t.name;
    for (let i = 2; taken.has(unique); i++) unique = `${t.name}.${i}`;
    taken.add(unique);
    tensors.push({ ...t, name: unique });
  });
  const to = (id: TensorId): TensorId => renumber.get(id)!;
  return {
    name,
    tensors,
    nodes: nodes.map(
      (n) => ({ ...n, inputs: n.inputs.map(to), output: to(n.output) }) as unknown as ModelNode,
    ),
    inputs: inputs.map(to),
    outputs: outputs.map(to),
  };
}
