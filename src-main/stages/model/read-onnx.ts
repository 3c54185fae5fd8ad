import { fromBinary } from '@bufbuild/protobuf';
import { IngotError } from '../../base/diagnostic.ts';
import type { Graph, Model as OnnxModel, Tensor } from './generated/onnx_pb.ts';
import { ModelSchema } from './generated/onnx_pb.ts';
import { elementCount, toInteger } from './limits.ts';

/** Oldest default-domain opset whose operators are read as described in operators*.ts. */
const OPSET_MIN = 7;
const OPSET_MAX = 23;

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

/**
 * A tensor whose values are known at import. Integers (int32, int64) are kept as exact doubles: they are
 * shapes, axes and indices and never reach the Model.
 */
export type Constant =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'int64'; readonly shape: readonly number[]; readonly data: Float64Array };

const FLOAT32 = 1;
const INT32 = 6;
const INT64 = 7;
const TYPE_NAMES = [
  'undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16',
  'float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16',
]; // prettier-ignore

export function typeName(elementType: number): string {
  return TYPE_NAMES[elementType] ?? `type ${elementType}`;
}

/** Values of a stored tensor: typed fields or raw little-endian bytes, exactly as many as its shape says. */
export function readTensor(tensor: Tensor, place: string): Constant {
  if (tensor.dataLocation !== 0) {
    throw new IngotError('MODEL-009', 'the values are in another file', {
      place,
      remedy: 'export the model as one file, without external data',
    });
  }
  const shape = tensor.dims.map((d) => toInteger(d, place));
  const count = elementCount(shape, place);
  const raw = tensor.rawData;
  switch (tensor.dataType) {
    case FLOAT32: {
      const data = new Float32Array(sized(count, tensor.floatData, raw, 4, place));
      if (raw.length > 0) readRaw(raw, 4, (view, at, i) => (data[i] = view.getFloat32(at, true)));
      else data.set(tensor.floatData);
      requireFinite(data, place);
      return { dtype: 'float32', shape, data };
    }
    case INT32: {
      const data = new Float64Array(sized(count, tensor.int32Data, raw, 4, place));
      if (raw.length > 0) readRaw(raw, 4, (view, at, i) => (data[i] = view.getInt32(at, true)));
      else data.set(tensor.int32Data);
      return { dtype: 'int64', shape, data };
    }
    case INT64: {
      const data = new Float64Array(sized(count, tensor.int64Data, raw, 8, place));
      const set = (i: number, v: bigint): number => (data[i] = toInteger(v, place));
      if (raw.length > 0) readRaw(raw, 8, (view, at, i) => set(i, view.getBigInt64(at, true)));
      else tensor.int64Data.forEach((v, i) => set(i, v));
      return { dtype: 'int64', shape, data };
    }
    default:
      throw new IngotError('MODEL-006', `a ${typeName(tensor.dataType)} tensor is not read`, {
        place,
        remedy: 'export the model in float32 (quantisation is done here, from float32)',
      });
  }
}

/** The count, once the stored values are known to be that many; checked before anything is allocated. */
function sized(
  count: number,
  typed: readonly unknown[],
  raw: Uint8Array,
  bytesPerElement: number,
  place: string,
): number {
  const stored = raw.length > 0 ? raw.length / bytesPerElement : typed.length;
  if (stored === count) return count;
  throw new IngotError('MODEL-008', `${stored} values are stored where the shape declares ${count}`, {
    place,
    remedy: 'the file is truncated or damaged; export the model again',
  });
}

function readRaw(raw: Uint8Array, size: number, read: (view: DataView, at: number, i: number) => void): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0, at = 0; at < raw.length; i++, at += size) read(view, at, i);
}

/** MODEL-016 for NaN and infinities: no quantisation range exists for them. */
export function requireFinite(data: Float32Array, place: string): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new IngotError('MODEL-016', `value ${i} is ${data[i]}`, {
        place,
        remedy: 'retrain or repair the model: weights must be finite numbers',
      });
    }
  }
}
