/** A connected part of the model that stays float, as a model of its own. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Model, ModelNode, ModelTensor, TensorId } from '../model/index.ts';
import type { GraphBuilder } from './graph-builder.ts';

export function floatPart(b: GraphBuilder, nodes: readonly ModelNode[]): void {
  const { model } = b;
  const made = new Set(nodes.flatMap((n) => [n.output, ...(n.moreOutputs ?? [])]));
  const read = new Set(nodes.flatMap((n) => n.inputs.filter((t) => !made.has(t!)))) as Set<TensorId>;
  const isInside = new Set(nodes);
  const readOutside = new Set([
    ...model.outputs,
    ...model.nodes.filter((n) => !isInside.has(n)).flatMap((n) => n.inputs),
  ]);
  const inputs = [...read].filter((t) => !model.tensors[t]!.data);
  const outputs = [...made].filter((t) => readOutside.has(t));
  for (const t of [...inputs, ...outputs]) {
    const { dtype, name } = model.tensors[t]!;
    if (dtype === 'float32') continue;
    throw new IngotError('QUANT-012', `${dtype} values pass between a float part and the rest`, {
      place: name,
      remedy: 'leave operators on integers out of the model',
    });
  }
  const first = nodes[0]!;
  if (nodes.length > 1 || first.op !== 'Softmax') {
    const ops = [...new Set(nodes.map((n) => n.op))].join(', ');
    b.remark(
      'QUANT-103',
      first,
      `${nodes.length} operators have no int8 form and stay float on the host: ${ops}`,
    );
  }
  const graphInputs = inputs.map((t) => b.float(t));
  b.push({
    kind: 'float',
    name: first.name,
    inputs: graphInputs,
    outputs: outputs.map((t) => b.makeFloat(t)),
    model: subModel(model, first.name, nodes, inputs, outputs),
  });
}

/** Tensors renumbered; inputs and outputs as given. */
export function subModel(
  model: Model,
  name: string,
  nodes: readonly ModelNode[],
  inputs: readonly TensorId[],
  outputs: readonly TensorId[],
): Model {
  const tensors: ModelTensor[] = [];
  const ids = new Map<TensorId, TensorId>();
  const id = (t: TensorId): TensorId => {
    if (!ids.has(t)) ids.set(t, tensors.push(model.tensors[t]!) - 1);
    return ids.get(t)!;
  };
  inputs.forEach(id);
  const renumbered = nodes.map((node) => {
    const more = node.moreOutputs ? { moreOutputs: node.moreOutputs.map(id) } : {};
    return {
      ...node,
      inputs: node.inputs.map((t) => id(t!)),
      output: id(node.output),
      ...more,
    } as unknown as ModelNode;
  });
  return { name, tensors, nodes: renumbered, inputs: inputs.map(id), outputs: outputs.map(id) };
}
