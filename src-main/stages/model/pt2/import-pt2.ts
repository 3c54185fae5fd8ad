import { IngotError } from '../../../base/diagnostic.ts';
import type { Value } from '../build/builder.ts';
import { GraphBuilder } from '../build/builder.ts';
import type { ImportOptions, Imported } from '../finish.ts';
import { bindDimension, finish, undefinedTensor } from '../finish.ts';
import { scalarOf } from './scalars.ts';
import type { TensorId } from '../types.ts';
import { AtenNode } from './aten-node.ts';
import type { Bound, Environment } from './aten-node.ts';
import { ATEN, atenReader } from './aten.ts';
import type { Json } from './json.ts';
import type { Pt2File } from './read-pt2.ts';
import { elementOf, readPt2, sizesOf } from './read-pt2.ts';

/**
 * Reads what torch.export.save wrote, default or core ATen, without unpickling anything; importModel says what
 * and how. Besides the codes of all formats: MODEL-040 … MODEL-045 (README.md).
 */
export function importPt2(bytes: Uint8Array, name: string, options: ImportOptions): Imported {
  const file = readPt2(bytes, name);
  const b = new GraphBuilder(bytes.length);
  const values = new Map<string, Bound>();
  const nodes = file.graph.get('nodes').list();
  const outputs = outputNames(file);
  const needed = neededNodes(nodes, outputs);
  const inputs = bindInputs(file, b, values, options, needed.read);
  const env: Environment = {
    get: (wanted) => values.get(wanted),
    set: (wanted, value) => void values.set(wanted, value),
    isRead: (wanted) => needed.read.has(wanted),
  };
  nodes.forEach((node, i) => {
    if (needed.nodes.has(i)) readNode(node, i, b, env);
  });
  const results = outputs.map((output) => {
    const value = values.get(output);
    if (typeof value !== 'object' || Array.isArray(value)) throw undefinedTensor(output);
    return { name: output, value: value as Value };
  });
  if (results.length === 0) {
    throw new IngotError('MODEL-002', 'the program returns no tensor', {
      place: name,
      remedy: 'choose a model that computes something',
    });
  }
  return finish(b, name, inputs, results, options);
}

function readNode(node: Json, index: number, b: GraphBuilder, env: Environment): void {
  const target = node.get('target').string();
  const found = atenReader(target);
  b.place = nodeName(node, index);
  b.operator = target;
  if (!found) {
    throw new IngotError('MODEL-003', `operator ${target} is not supported`, {
      place: b.place,
      remedy: `build the model from: ${Object.keys(ATEN)
        .filter((n) => !n.startsWith('_'))
        .join(', ')}`,
    });
  }
  found.read(new AtenNode(node, b, env, found.overload));
}

/** A node is named after what it computes. */
function nodeName(node: Json, index: number): string {
  const [first] = namesIn(node.get('outputs').list());
  return first ?? `node_${index}`;
}

/** Names of tensors, lists of tensors and sizes that arguments or outputs mention. */
function namesIn(args: readonly Json[]): string[] {
  return args.flatMap((arg) => {
    if (arg.has('as_tensor')) return [arg.get('as_tensor').get('name').string()];
    if (arg.has('as_optional_tensor')) return namesIn([arg.get('as_optional_tensor')]);
    if (arg.has('as_tensors'))
      return arg
        .get('as_tensors')
        .list()
        .map((t) => t.get('name').string());
    const sizes = arg.has('as_sym_int')
      ? [arg.get('as_sym_int')]
      : arg.has('as_sym_ints')
        ? arg.get('as_sym_ints').list()
        : [];
    return sizes.flatMap((s) => (s.has('as_name') ? [s.get('as_name').string()] : []));
  });
}

function outputNames({ graph, signature }: Pt2File): string[] {
  const specs = signature.get('output_specs').list();
  const outputs = graph.get('outputs').list();
  return specs.flatMap((spec, i) => (spec.has('user_output') && outputs[i] ? namesIn([outputs[i]]) : []));
}

/** Nodes that the outputs depend on, and every name that these read: assertions and the like are left out. */
function neededNodes(
  nodes: readonly Json[],
  outputs: readonly string[],
): { nodes: Set<number>; read: Set<string> } {
  const read = new Set(outputs);
  const needed = new Set<number>();
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!namesIn(node.get('outputs').list()).some((n) => read.has(n))) continue;
    needed.add(i);
    const args = node
      .get('inputs')
      .list()
      .map((input) => input.get('arg'));
    for (const name of namesIn(args)) read.add(name);
  }
  return { nodes: needed, read };
}

/** Parameters, buffers and constants that are read become constants; the caller's tensors become inputs. */
function bindInputs(
  file: Pt2File,
  b: GraphBuilder,
  values: Map<string, Bound>,
  options: ImportOptions,
  read: ReadonlySet<string>,
): TensorId[] {
  const inputs: TensorId[] = [];
  const stored = [
    ['parameter', 'parameter_name'],
    ['buffer', 'buffer_name'],
    ['tensor_constant', 'tensor_constant_name'],
  ] as const;
  const define = (name: string, value: Bound): void => {
    if (values.has(name)) {
      throw new IngotError('MODEL-012', `"${name}" is defined twice`, {
        place: name,
        remedy: 'the file is damaged; export the model again',
      });
    }
    values.set(name, value);
  };
  for (const spec of file.signature.get('input_specs').list()) {
    const kind = stored.find(([k]) => spec.has(k));
    if (kind) {
      const inner = spec.get(kind[0]);
      const name = inner.get('arg').get('name').string();
      const fullName = inner.get(kind[1]).string();
      if (read.has(name)) define(name, { ...file.weight(fullName), name: fullName });
    } else if (spec.has('user_input')) {
      const arg = spec.get('user_input').get('arg');
      if (!arg.has('as_tensor')) continue;
      const name = arg.get('as_tensor').get('name').string();
      const value = userInput(file, b, name, options.shapes?.[inputs.length]);
      define(name, value);
      inputs.push(value.id);
    } else if (spec.has('constant_input')) {
      const constant = scalarOf(spec.get('constant_input'));
      if (constant) define(constant.name, constant.value);
    }
  }
  return inputs;
}

function userInput(file: Pt2File, b: GraphBuilder, name: string, given: readonly number[] | undefined) {
  const meta = file.graph.get('tensor_values').get(name);
  const { dtype } = elementOf(meta.get('dtype').integer(), name);
  const shape = sizesOf(meta).map((size, axis) =>
    typeof size === 'number' ? size : bindDimension(name, axis, size, given),
  );
  return b.input(name, { dtype, shape });
}
