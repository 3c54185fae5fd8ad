import type { Diagnosed } from '../../../base/diagnostic.ts';
import { IngotError } from '../../../base/diagnostic.ts';
import { elementCount } from '../limits.ts';
import { DamagedFile, Table } from './flatbuffer.ts';
import { OPERATORS, Options, TFLITE_OPERATORS } from './operators.ts';
import type { IntegerDtype, IntegerModel, IntegerNode, IntegerTensor } from './types.ts';

/** True where the bytes say of themselves that they are TFLite, by the file identifier. */
export const isTflite = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && String.fromCharCode(...bytes.subarray(4, 8)) === 'TFL3';

/**
 * Reads a TensorFlow Lite file (schema v3) of an int8 model: the main subgraph with its constants and
 * quantisation parameters. `name` names the model in messages and reports. Deterministic in the bytes; what
 * it does to damaged files: a typed refusal, within memory of a small multiple of the file's size.
 * Throws IngotError MODEL-060 … MODEL-066, and of the codes shared with ONNX 007, 008, 010, 012 (README.md).
 */
export function importTflite(bytes: Uint8Array, name: string): Diagnosed<IntegerModel> {
  if (!isTflite(bytes)) throw damaged(name, 'it does not begin as a TFLite file');
  try {
    return { value: readModel(Table.root(bytes), name), diagnostics: [] };
  } catch (error) {
    throw error instanceof DamagedFile ? damaged(name, error.message) : error;
  }
}

const damaged = (name: string, why: string): IngotError =>
  new IngotError('MODEL-060', `not a TFLite file, or truncated or damaged: ${why}`, {
    place: name,
    remedy: 'check the file; convert the model again',
  });

interface File {
  readonly tensors: readonly Table[];
  readonly buffers: readonly Table[];
  /** Constants are shared between tensors; each buffer is copied once. */
  readonly data: (Uint8Array | undefined)[];
}

function readModel(model: Table, name: string): IntegerModel {
  const version = model.uint32(0);
  if (version !== 3) throw damaged(name, `schema version ${version}, 3 is read`);
  const codes = model.tables(1);
  const [graph] = model.tables(2);
  if (!graph) throw damaged(name, 'it has no graph');
  const file: File = { tensors: graph.tables(0), buffers: model.tables(4), data: [] };
  const operators = graph.tables(3);
  if (operators.length === 0) throw damaged(name, 'its graph has no operators');
  const raw = operators.map((o, i) => readOperator(o, i, codes));
  const used = new Map<number, number>();
  const tensors: IntegerTensor[] = [];
  const names = new Set<string>();
  const idOf = (id: number, place: string): number => {
    if (id === -1) return -1;
    const known = used.get(id);
    if (known !== undefined) return known;
    if (!(id >= 0 && id < file.tensors.length)) throw new DamagedFile(`${place} names tensor ${id}`);
    tensors.push(readTensor(file, id, names));
    used.set(id, tensors.length - 1);
    return tensors.length - 1;
  };
  const inputs = graph.int32s(1).map((id) => idOf(id, 'the list of inputs'));
  const nodes = raw.map((node) => ({
    ...node,
    inputs: node.inputs.map((id) => idOf(id, node.name)),
    outputs: node.outputs.map((id) => idOf(id, node.name)),
  }));
  const outputs = graph.int32s(2).map((id) => idOf(id, 'the list of outputs'));
  const result: IntegerModel = { name, tensors, nodes, inputs, outputs };
  checkOrder(result);
  nodes.forEach((node) => requireInteger(result, node));
  return result;
}

/** The node with the file's tensor ids. */
function readOperator(operator: Table, index: number, codes: readonly Table[]): IntegerNode {
  const code = codes[operator.uint32(0)];
  if (!code) throw new DamagedFile(`operator ${index} has no code`);
  // Codes beyond 127 stand in a later field; the older one then holds 127.
  const builtin = Math.max(code.int8(0), code.int32(3));
  const known = OPERATORS.get(builtin);
  if (!known) {
    const what =
      builtin === 32 ? `custom operator ${code.string(1)}` : `operator with builtin code ${builtin}`;
    throw new IngotError('MODEL-061', `${what} is not supported`, {
      place: `operator ${index}`,
      remedy: `build the model from: ${TFLITE_OPERATORS.join(', ')}`,
    });
  }
  const name = `${known.name.toLowerCase()}_${index}`;
  const body = known.read(new Options(operator.table(4), name));
  const inputs = operator.int32s(1);
  const outputs = operator.int32s(2);
  const [fewest, most] = known.inputs;
  // Trailing optional inputs may be left out.
  while (inputs.length < most && most <= 3) inputs.push(-1);
  const missing = inputs.slice(0, fewest).findIndex((id, i) => id === -1 && (i === 0 || fewest <= 3));
  if (missing >= 0 || inputs.length < fewest || inputs.length > most || outputs.length !== 1) {
    throw new IngotError('MODEL-010', `${known.name} has an input too few or too many`, {
      place: name,
      remedy: 'convert the model again; the file may be damaged',
    });
  }
  return { ...body, name, inputs, outputs } as IntegerNode;
}

const DTYPES: ReadonlyMap<number, IntegerDtype> = new Map([
  [0, 'float32'],
  [2, 'int32'],
  [4, 'int64'],
  [7, 'int16'],
  [9, 'int8'],
]);
const TYPE_NAMES = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  'complex64',
  'int8',
];

function readTensor(file: File, id: number, names: Set<string>): IntegerTensor {
  const table = file.tensors[id]!;
  let name = table.string(3) || `tensor_${id}`;
  while (names.has(name)) name += `_${id}`;
  names.add(name);
  const type = table.int8(1);
  const dtype = DTYPES.get(type);
  if (!dtype) {
    throw new IngotError('MODEL-062', `a ${TYPE_NAMES[type] ?? `type ${type}`} tensor is not read`, {
      place: name,
      remedy: 'convert the model with full int8 quantisation (int8 activations and weights, int32 biases)',
    });
  }
  const shape = table.int32s(0);
  const count = elementCount(shape, name);
  if (count === 0) {
    throw new IngotError('MODEL-063', `shape [${shape.join(', ')}] holds nothing`, {
      place: name,
      remedy: 'convert the model with fixed sizes',
    });
  }
  // Scales of biases and indices say nothing that is used, and some files hold infinities there.
  const isQuantised = dtype === 'int8' || dtype === 'int16';
  const quantisation = isQuantised
    ? readQuantisation(table.table(4), shape, name)
    : { scales: [], zeroPoints: [], axis: 0 };
  const data = constantOf(file, table.uint32(2), dtype, count, name);
  return { name, dtype, shape, ...quantisation, ...(data === undefined ? {} : { data }) };
}

function readQuantisation(
  table: Table | undefined,
  shape: readonly number[],
  place: string,
): Pick<IntegerTensor, 'scales' | 'zeroPoints' | 'axis'> {
  const scales = table?.float32s(2) ?? [];
  const zeroPoints = table?.int64s(3) ?? [];
  const axis = table?.int32(6) ?? 0;
  while (zeroPoints.length < scales.length) zeroPoints.push(0);
  const isFor = scales.length <= 1 || scales.length === shape[axis];
  const isSound = scales.every((s) => s > 0 && Number.isFinite(s)) && zeroPoints.every(Number.isSafeInteger);
  // Without scales (or with scale 0, as converters write for indices) a tensor is not quantised.
  if (scales.length <= 1 && (scales[0] ?? 0) === 0) return { scales: [], zeroPoints: [], axis: 0 };
  if (isFor && isSound && zeroPoints.length === scales.length) return { scales, zeroPoints, axis };
  throw new IngotError('MODEL-064', 'its scales or zero points are not sound', {
    place,
    remedy: 'quantise the model again; the file may be damaged',
  });
}

function constantOf(
  file: File,
  buffer: number,
  dtype: IntegerDtype,
  count: number,
  place: string,
): IntegerTensor['data'] {
  const table = file.buffers[buffer];
  if (!table) throw new DamagedFile(`${place} names buffer ${buffer}`);
  if (table.uint64(1) > 1) {
    throw new IngotError('MODEL-066', 'its values are outside the FlatBuffer', {
      place,
      remedy: 'convert the model to a file below 2 GB',
    });
  }
  const bytes = (file.data[buffer] ??= table.bytes(0));
  if (bytes.length === 0) return undefined;
  const size = { int8: 1, int16: 2, int32: 4, float32: 4, int64: 8 }[dtype];
  if (bytes.length !== count * size) {
    throw new IngotError(
      'MODEL-008',
      `${bytes.length} bytes are stored where the shape needs ${count * size}`,
      {
        place,
        remedy: 'the file is truncated or damaged; convert the model again',
      },
    );
  }
  const { buffer: data } = bytes;
  switch (dtype) {
    case 'int8':
      return new Int8Array(data);
    case 'int16':
      return new Int16Array(data);
    case 'int32':
      return new Int32Array(data);
    case 'float32':
      return new Float32Array(data);
    case 'int64':
      return Float64Array.from(new BigInt64Array(data), Number);
  }
}

/** Every operator reads constants, inputs and what came before it; nothing is computed twice. */
function checkOrder(model: IntegerModel): void {
  const defined = new Set(model.inputs);
  const remedy = 'convert the model again; the file may be damaged';
  if (model.inputs.length === 0 || model.outputs.length === 0 || defined.has(-1)) {
    throw new IngotError('MODEL-010', 'the model has no input or no output', { place: model.name, remedy });
  }
  const states = new Set(
    model.nodes.flatMap((n) => (n.op === 'UNIDIRECTIONAL_SEQUENCE_LSTM' ? n.inputs.slice(18, 20) : [])),
  );
  const isKnown = (id: number): boolean =>
    id === -1 || defined.has(id) || states.has(id) || model.tensors[id]!.data !== undefined;
  for (const node of model.nodes) {
    if (!node.inputs.every(isKnown)) {
      throw new IngotError('MODEL-010', 'reads a tensor that nothing computes before it', {
        place: node.name,
        remedy,
      });
    }
    for (const id of node.outputs) {
      if (id === -1 || defined.has(id) || states.has(id) || model.tensors[id]!.data !== undefined) {
        throw new IngotError('MODEL-012', 'writes a tensor that has a value already', {
          place: node.name,
          remedy,
        });
      }
      defined.add(id);
    }
  }
  if (!model.outputs.every((id) => defined.has(id))) {
    throw new IngotError('MODEL-010', 'nothing computes an output', { place: model.name, remedy });
  }
}

/** Float arithmetic of TFLite files is not read: only the ends may be float. */
function requireInteger(model: IntegerModel, node: IntegerNode): void {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!].map((id) => model.tensors[id]!.dtype);
  const isEnd =
    (node.op === 'QUANTIZE' && output === 'int8') || (node.op === 'DEQUANTIZE' && input === 'int8');
  if (isEnd || (input === 'int8' && output === 'int8')) return;
  throw new IngotError('MODEL-065', `works on ${input} and gives ${output}; only int8 is read`, {
    place: node.name,
    remedy: 'convert the model with full int8 quantisation, or export the float model to ONNX',
  });
}
