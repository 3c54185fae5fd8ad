import type { Diagnostic } from '../../../base/diagnostic.ts';
import { IngotError } from '../../../base/diagnostic.ts';
import type { Value } from '../build/builder.ts';
import { GraphBuilder } from '../build/builder.ts';
import type { ImportOptions, Imported } from '../finish.ts';
import { bindDimension, finish, undefinedTensor } from '../finish.ts';
import type { Node, ValueInfo } from '../generated/onnx_pb.ts';
import { toInteger } from '../limits.ts';
import type { Model, TensorId } from '../types.ts';
import { NodeReader } from './node-reader.ts';
import { executionOrder } from './order.ts';
import { dtypeOf, readOnnx, readTensor } from './read-onnx.ts';
import type { OnnxFile } from './read-onnx.ts';
import { MICROSOFT, ONNX, readerOf } from './readers.ts';

/** Reads an ONNX file; importModel says what and how. */
export function importOnnx(bytes: Uint8Array, name: string, options: ImportOptions): Imported {
  const file = readOnnx(bytes, name);
  const b = new GraphBuilder(bytes.length);
  const values = new Map<string, Value>();
  const { graph } = file;
  if (graph.sparseInitializer.length > 0) {
    throw new IngotError('MODEL-018', 'sparse initialisers are not read', {
      place: graph.sparseInitializer[0]!.values?.name ?? name,
      remedy: 'export the weights as dense tensors',
    });
  }
  const stored = new Map(graph.initializer.map((t) => [t.name, t]));
  const inputs: TensorId[] = [];
  for (const info of graph.input) {
    if (!stored.has(info.name)) inputs.push(bindInput(b, values, info, options.shapes?.[inputs.length]));
  }
  const lookup = (wanted: string): Value => {
    const found = values.get(wanted);
    if (found) return found;
    const tensor = stored.get(wanted);
    if (!tensor) throw undefinedTensor(wanted);
    const value = { ...readTensor(tensor, wanted), name: wanted };
    values.set(wanted, value);
    return value;
  };
  readNodes(file, b, values, lookup);
  const outputs = graph.output.map((o) => ({ name: o.name, value: lookup(o.name) }));
  const imported = finish(b, name, inputs, outputs, options);
  return { ...imported, diagnostics: compareDeclared(graph.output, imported.value) };
}

function readNodes(
  { graph, opset }: OnnxFile,
  b: GraphBuilder,
  values: Map<string, Value>,
  lookup: (name: string) => Value,
): void {
  const known = new Set([...graph.initializer.map((t) => t.name), ...graph.input.map((i) => i.name)]);
  const outputs = graph.output.map((o) => o.name);
  const order = executionOrder(graph.node, outputs, known);
  const read = new Set([...outputs, ...order.flatMap((i) => graph.node[i]!.input)]);
  const scope = {
    opset,
    lookup,
    define: (name: string, value: Value): void => void values.set(name, value),
    isRead: (name: string): boolean => read.has(name),
  };
  const names = uniqueNames(graph.node);
  for (const index of order) {
    const node = graph.node[index]!;
    const reader = readerOf(node.domain, node.opType);
    b.place = names[index]!;
    b.operator = node.opType;
    if (!reader) {
      const full = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
      throw new IngotError('MODEL-003', `operator ${full} is not supported`, {
        place: names[index]!,
        remedy: `build the model from: ${Object.keys(node.domain === 'com.microsoft' ? MICROSOFT : ONNX).join(', ')}`,
      });
    }
    reader(new NodeReader(node, b, scope));
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

/** Adds a graph input; given: the shape that the caller wants where the file leaves it open. */
function bindInput(
  b: GraphBuilder,
  values: Map<string, Value>,
  info: ValueInfo,
  given: readonly number[] | undefined,
): TensorId {
  const type = info.type?.tensorType;
  if (!type) {
    throw new IngotError('MODEL-006', 'the input is not a tensor', {
      place: info.name,
      remedy: 'export the model with tensors as inputs',
    });
  }
  if (values.has(info.name)) {
    throw new IngotError('MODEL-012', 'the input is declared twice', {
      place: info.name,
      remedy: 'the file is not valid ONNX; export it again',
    });
  }
  const dtype = dtypeOf(type.elemType, info.name);
  if (!type.shape) {
    throw new IngotError('MODEL-005', 'the input has no shape', {
      place: info.name,
      remedy: 'export with fixed input sizes',
    });
  }
  const shape = type.shape.dim.map((d, axis) => {
    const size = d.size.case === 'dimValue' ? toInteger(d.size.value, info.name) : 0;
    return size > 0 ? size : bindDimension(info.name, axis, String(d.size.value ?? 'unset'), given);
  });
  const value = b.input(info.name, { dtype, shape });
  values.set(info.name, value);
  return value.id;
}

/** MODEL-101 (warning) where the file declares another output shape than the one inferred. */
function compareDeclared(declared: readonly ValueInfo[], model: Model): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  declared.forEach((info, i) => {
    const dims = info.type?.tensorType?.shape?.dim;
    if (!dims) return;
    const { shape } = model.tensors[model.outputs[i]!]!;
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
