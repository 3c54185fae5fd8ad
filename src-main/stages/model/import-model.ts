import type { Diagnosed, Diagnostic } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { Node, ValueInfo } from './generated/onnx_pb.ts';
import type { Draft, Value } from './draft.ts';
import { addTensor, isConstant } from './draft.ts';
import { finishModel, foldScaleShift, foldBiasAdd } from './fold.ts';
import { toInteger } from './limits.ts';
import { NodeReader } from './node-reader.ts';
import * as op from './operators.ts';
import * as shapes from './shape-operators.ts';
import type { OnnxFile } from './read-onnx.ts';
import { readOnnx, readTensor, typeName } from './read-onnx.ts';
import { executionOrder } from './order.ts';
import type { Model } from './types.ts';

/** The operators that are read, by ONNX name; all of the default domain. */
const OPERATORS: ReadonlyMap<string, (node: NodeReader) => void> = new Map([
  ['Add', op.add],
  ['AveragePool', op.averagePool],
  ['BatchNormalization', op.batchNormalization],
  ['Cast', shapes.cast],
  ['Clip', op.clip],
  ['Concat', shapes.concat],
  ['Constant', shapes.constant],
  ['Conv', op.conv],
  ['Dropout', shapes.identity],
  ['Flatten', shapes.flatten],
  ['Gather', shapes.gather],
  ['Gemm', op.gemm],
  ['GlobalAveragePool', op.globalAveragePool],
  ['GlobalMaxPool', op.globalMaxPool],
  ['Identity', shapes.identity],
  ['MatMul', op.matMul],
  ['MaxPool', op.maxPool],
  ['Mul', shapes.mul],
  ['Relu', op.relu],
  ['Reshape', shapes.reshape],
  ['Shape', shapes.shape],
  ['Slice', shapes.slice],
  ['Softmax', op.softmax],
  ['Squeeze', shapes.squeeze],
  ['Transpose', shapes.transpose],
  ['Unsqueeze', shapes.unsqueeze],
]);

const SUPPORTED_OPERATORS: readonly string[] = [...OPERATORS.keys()];

/**
 * Reads an ONNX float32 file into a Model: shapes inferred, a dynamic batch bound to 1, constants and
 * BatchNormalization folded, nodes that no output needs dropped. Deterministic in the bytes.
 * `name` names the model in messages and reports. Throws IngotError MODEL-001 … MODEL-019 (README.md).
 */
export function importModel(bytes: Uint8Array, name: string): Diagnosed<Model> {
  const file = readOnnx(bytes, name);
  const draft: Draft = { tensors: [], nodes: [] };
  const values = new Map<string, Value>();
  const { graph } = file;
  if (graph.sparseInitializer.length > 0) {
    throw new IngotError('MODEL-018', 'sparse initialisers are not read', {
      place: graph.sparseInitializer[0]!.values?.name ?? name,
      remedy: 'export the weights as dense tensors',
    });
  }
  const stored = new Map(graph.initializer.map((t) => [t.name, t]));
  const inputs = graph.input.filter((i) => !stored.has(i.name)).map((i) => bindInput(draft, values, i));
  const lookup = (wanted: string): Value => {
    const found = values.get(wanted);
    if (found) return found;
    const tensor = stored.get(wanted);
    if (!tensor) throw undefinedTensor(wanted);
    const value = readTensor(tensor, wanted);
    values.set(wanted, value);
    return value;
  };
  lowerNodes(file, draft, values, lookup);
  const outputs = graph.output.map((o) => outputId(draft, lookup(o.name), o.name));
  foldBiasAdd(draft, outputs);
  foldScaleShift(draft, outputs);
  const model = finishModel(draft, name, inputs, outputs);
  return { value: model, diagnostics: compareDeclared(graph.output, model) };
}

function undefinedTensor(name: string): IngotError {
  return new IngotError('MODEL-010', `tensor "${name}" is read but nothing defines it`, {
    place: name,
    remedy: 'the file is not valid ONNX; export it again',
  });
}

function lowerNodes(
  file: OnnxFile,
  draft: Draft,
  values: Map<string, Value>,
  lookup: (name: string) => Value,
): void {
  const { graph, opset } = file;
  const known = new Set([...graph.initializer.map((t) => t.name), ...graph.input.map((i) => i.name)]);
  const order = executionOrder(
    graph.node,
    graph.output.map((o) => o.name),
    known,
  );
  const names = uniqueNames(graph.node);
  for (const index of order) {
    const node = graph.node[index]!;
    const read = node.domain === '' || node.domain === 'ai.onnx' ? OPERATORS.get(node.opType) : undefined;
    if (!read) {
      const full = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
      throw new IngotError('MODEL-003', `operator ${full} is not supported`, {
        place: names[index]!,
        remedy: `build the model from: ${SUPPORTED_OPERATORS.join(', ')}`,
      });
    }
    read(new NodeReader(node, names[index]!, opset, draft, values, lookup));
  }
}

/** Node names made unique; `Op_index` where the file has none. */
function uniqueNames(nodes: readonly Node[]): string[] {
  const taken = new Set<string>();
  return nodes.map((node, index) => {
    let name = node.name === '' ? `${node.opType}_${index}` : node.name;
    while (taken.has(name)) name += `_${index}`;
    taken.add(name);
    return name;
  });
}

/** Adds a graph input: float32, batch bound to 1 if dynamic, every other dimension fixed. */
function bindInput(draft: Draft, values: Map<string, Value>, info: ValueInfo): number {
  const type = info.type?.tensorType;
  if (type?.elemType !== 1) {
    throw new IngotError('MODEL-006', `input is ${type ? typeName(type.elemType) : 'not a tensor'}`, {
      place: info.name,
      remedy: 'export the model with float32 inputs',
    });
  }
  if (values.has(info.name)) {
    throw new IngotError('MODEL-012', 'the input is declared twice', {
      place: info.name,
      remedy: 'the file is not valid ONNX; export it again',
    });
  }
  const shape = (type.shape?.dim ?? []).map((d, axis) => {
    const size = d.size.case === 'dimValue' ? toInteger(d.size.value, info.name) : 0;
    if (size > 0) return size;
    if (axis === 0) return 1;
    throw new IngotError('MODEL-005', `dimension ${axis} (${d.size.value ?? 'unset'}) is dynamic`, {
      place: info.name,
      remedy: 'export with fixed sizes; only the batch (dimension 0) may be dynamic',
    });
  });
  if (shape.length === 0) {
    throw new IngotError('MODEL-005', 'the input has no shape', {
      place: info.name,
      remedy: 'export with fixed input sizes',
    });
  }
  const value = addTensor(draft, info.name, shape);
  values.set(info.name, value);
  return value.id;
}

function outputId(draft: Draft, value: Value, name: string): number {
  if (isConstant(value)) {
    throw new IngotError('MODEL-002', 'the output does not depend on the input', {
      place: name,
      remedy: 'choose a model that computes something',
    });
  }
  // The output keeps its name in the file even where Identity or Dropout was dropped before it.
  const tensor = draft.tensors[value.id]!;
  if (draft.nodes.some((n) => n.output === value.id)) draft.tensors[value.id] = { ...tensor, name };
  return value.id;
}

/** MODEL-101 (warning) where the file declares another output shape than the one inferred. */
function compareDeclared(declared: readonly ValueInfo[], model: Model): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  declared.forEach((info, i) => {
    const dims = info.type?.tensorType?.shape?.dim;
    if (!dims) return;
    const shape = model.tensors[model.outputs[i]!]!.shape;
    const isSame =
      dims.length === shape.length &&
      dims.every(
        (d, axis) => d.size.case !== 'dimValue' || Number(d.size.value) === shape[axis] || d.size.value <= 0n,
      );
    if (isSame) return;
    const text = dims.map((d) => String(d.size.value ?? '?')).join(', ');
    diagnostics.push({
      code: 'MODEL-101',
      severity: 'warning',
      place: info.name,
      message: `the file declares shape [${text}], its nodes give [${shape.join(', ')}]`,
      remedy: 'check the export; the shape from the nodes is used',
    });
  });
  return diagnostics;
}
