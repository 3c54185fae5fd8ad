import { fromBinary } from '@bufbuild/protobuf';
import { IngotError } from '../../../base/diagnostic.ts';
import type { Graph, Model as OnnxModel, Tensor as OnnxTensor } from '../generated/onnx_pb.ts';
import { ModelSchema } from '../generated/onnx_pb.ts';
import { bfloat16, float16 } from '../half.ts';
import { elementCount, saturatedInteger, toInteger } from '../limits.ts';
import { allocate } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import type { DType, TensorData } from '../types.ts';

/** Oldest and newest default-domain opset whose operators are read as the readers describe. */
const OPSET_MIN = 7;
const OPSET_MAX = 24;

export interface OnnxFile {
  readonly graph: Graph;
  readonly opset: number;
}

/** Decodes the file. MODEL-001: not ONNX, truncated or damaged; MODEL-002: no graph; MODEL-017: opset. */
export function readOnnx(bytes: Uint8Array, name: string): OnnxFile {
  let model: OnnxModel;
  try {
    model = fromBinary(ModelSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new IngotError('MODEL-001', 'not an ONNX file, or truncated or damaged', {
      place: name,
      remedy: 'check the file; export the model to ONNX again',
      cause,
    });
  }
  if (!model.graph || model.graph.node.length === 0 || model.graph.output.length === 0) {
    throw new IngotError('MODEL-002', 'the file has no graph with nodes and outputs', {
      place: name,
      remedy: 'choose an ONNX model file',
    });
  }
  const opset = model.opsetImport.find((o) => o.domain === '' || o.domain === 'ai.onnx');
  const version = opset ? Number(opset.version) : 0;
  if (!(version >= OPSET_MIN && version <= OPSET_MAX)) {
    throw new IngotError('MODEL-017', `operator set ${version} is not read`, {
      place: name,
      remedy: `export with opset ${OPSET_MIN} to ${OPSET_MAX}`,
    });
  }
  return { graph: model.graph, opset: version };
}

const TYPE_NAMES = [
  'undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16',
  'float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16',
]; // prettier-ignore

export function typeName(elementType: number): string {
  return TYPE_NAMES[elementType] ?? `type ${elementType}`;
}

/** Reads one element of raw_data; size: bytes an element. */
interface Encoding {
  readonly dtype: DType;
  readonly size: number;
  readonly read: (view: DataView, at: number) => number;
  readonly typed: (t: OnnxTensor) => readonly (number | bigint)[];
  /** How a typed field holds an element, where that is not the value itself. */
  readonly decode?: (v: number) => number;
}

const int32s = (t: OnnxTensor): readonly number[] => t.int32Data;

/** By element type of the format. */
const ENCODINGS: Readonly<Record<number, Encoding>> = {
  1: { dtype: 'float32', size: 4, read: (v, at) => v.getFloat32(at, true), typed: (t) => t.floatData },
  2: { dtype: 'uint8', size: 1, read: (v, at) => v.getUint8(at), typed: int32s },
  3: { dtype: 'int8', size: 1, read: (v, at) => v.getInt8(at), typed: int32s },
  4: { dtype: 'uint16', size: 2, read: (v, at) => v.getUint16(at, true), typed: int32s },
  5: { dtype: 'int16', size: 2, read: (v, at) => v.getInt16(at, true), typed: int32s },
  6: { dtype: 'int32', size: 4, read: (v, at) => v.getInt32(at, true), typed: int32s },
  7: {
    dtype: 'int64',
    size: 8,
    read: (v, at) => saturatedInteger(v.getBigInt64(at, true)),
    typed: (t) => t.int64Data,
  },
  9: { dtype: 'bool', size: 1, read: (v, at) => Math.min(v.getUint8(at), 1), typed: int32s },
  10: {
    dtype: 'float32',
    size: 2,
    read: (v, at) => float16(v.getUint16(at, true)),
    typed: int32s,
    decode: float16,
  },
  11: { dtype: 'float32', size: 8, read: (v, at) => v.getFloat64(at, true), typed: (t) => t.doubleData },
  12: { dtype: 'int64', size: 4, read: (v, at) => v.getUint32(at, true), typed: (t) => t.uint64Data },
  13: {
    dtype: 'int64',
    size: 8,
    read: (v, at) => saturatedInteger(v.getBigUint64(at, true)),
    typed: (t) => t.uint64Data,
  },
  16: {
    dtype: 'float32',
    size: 2,
    read: (v, at) => bfloat16(v.getUint16(at, true)),
    typed: int32s,
    decode: bfloat16,
  },
};

/** Our type for one of the format, or MODEL-006. */
export function dtypeOf(elementType: number, place: string): DType {
  const encoding = ENCODINGS[elementType];
  if (encoding) return encoding.dtype;
  throw new IngotError('MODEL-006', `a ${typeName(elementType)} tensor is not read`, {
    place,
    remedy: 'export the model in float32, or quantised to int8',
  });
}

/** Values of a stored tensor: typed fields or raw little-endian bytes, exactly as many as its shape says. */
export function readTensor(tensor: OnnxTensor, place: string): Tensor {
  if (tensor.dataLocation !== 0) {
    throw new IngotError('MODEL-009', 'the values are in another file', {
      place,
      remedy: 'export the model as one file, without external data',
    });
  }
  const dtype = dtypeOf(tensor.dataType, place);
  const encoding = ENCODINGS[tensor.dataType]!;
  const shape = tensor.dims.map((d) => toInteger(d, place));
  const count = elementCount(shape, place);
  const raw = tensor.rawData;
  const typed = encoding.typed(tensor);
  // Checked before anything is allocated.
  const stored = raw.length > 0 ? raw.length / encoding.size : typed.length;
  if (stored !== count) {
    throw new IngotError('MODEL-008', `${stored} values are stored where the shape declares ${count}`, {
      place,
      remedy: 'the file is truncated or damaged; export the model again',
    });
  }
  const data: TensorData = allocate(dtype, count);
  if (raw.length > 0) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < count; i++) data[i] = encoding.read(view, i * encoding.size);
  } else {
    const decode = encoding.decode ?? ((v: number) => v);
    typed.forEach((v, i) => (data[i] = typeof v === 'bigint' ? saturatedInteger(v) : decode(v)));
  }
  return { dtype, shape, data };
}
