/** The parts of a .pt2 archive: the program's graph, and weights as strided views of raw storages. */
import { IngotError } from '../../../base/diagnostic.ts';
import { elementCount, saturatedInteger } from '../limits.ts';
import { bfloat16, float16 } from '../half.ts';
import type { Tensor } from '../tensor.ts';
import { allocate, stridesOf, viewIndices } from '../tensor.ts';
import type { DType } from '../types.ts';
import { Json } from './json.ts';
import type { Archive } from './zip.ts';
import { openZip } from './zip.ts';

export interface Pt2File {
  readonly graph: Json;
  readonly signature: Json;
  /** A parameter, buffer or constant by its full name. */
  readonly weight: (fullName: string) => Tensor;
}

const MODEL = 'models/model.json';
const PICKLE_REMEDY = 'save again with torch.export.save of PyTorch 2.8 or later, which stores raw weights';
/** Views may share or repeat storage; all together may hold this many elements beside four times the file. */
const VIEW_ELEMENTS = 2 ** 22;

/** MODEL-040 … MODEL-042 as openZip; MODEL-043: another or older kind of PyTorch file; MODEL-044: its JSON. */
export function readPt2(bytes: Uint8Array, name: string): Pt2File {
  const archive = openZip(bytes, name);
  const text = archive.read(MODEL);
  if (!text) throw otherKind(archive, name);
  const version = new TextDecoder().decode(archive.read('archive_version') ?? new Uint8Array(0)).trim();
  const order = new TextDecoder().decode(archive.read('byteorder') ?? new Uint8Array(0)).trim();
  if (version !== '0' && version !== '') throw notRead(`archive version ${version}`, name);
  if (order !== 'little' && order !== '') throw notRead(`byte order ${order}`, name);
  const program = Json.parse(text, MODEL);
  const major = program.get('schema_version').get('major').integer();
  if (major !== 8) throw notRead(`schema version ${major}`, name);
  const module = program.get('graph_module');
  const weights = new Weights(archive, bytes.length);
  return {
    graph: module.get('graph'),
    signature: module.get('signature'),
    weight: (fullName) => weights.read(fullName),
  };
}

function notRead(what: string, place: string): IngotError {
  return new IngotError('MODEL-043', `${what} is not read`, {
    place,
    remedy: 'save again with torch.export.save of a PyTorch from 2.8 to 2.15',
  });
}

/** Says what a ZIP file without models/model.json is. */
function otherKind(archive: Archive, place: string): IngotError {
  const has = (name: string): boolean => archive.names.has(name);
  let what = 'the archive holds no exported program';
  let remedy = 'give a file that torch.export.save wrote';
  if (has('serialized_exported_program.json') || has('serialized_state_dict.pt')) {
    what = 'the file is of an older PyTorch, with pickled weights';
    remedy = PICKLE_REMEDY;
  } else if (has('data.pkl') || has('constants.pkl')) {
    what = 'the file is a pickled module or TorchScript, which is never opened: pickles run code';
    remedy = 'export the module with torch.export.export and torch.export.save';
  }
  return new IngotError('MODEL-043', what, { place, remedy });
}

interface Element {
  readonly dtype: DType;
  readonly size: number;
  readonly read: (view: DataView, at: number) => number;
}

/** By PyTorch's scalar type in the schema. */
const ELEMENTS: Readonly<Record<number, Element>> = {
  1: { dtype: 'uint8', size: 1, read: (v, at) => v.getUint8(at) },
  2: { dtype: 'int8', size: 1, read: (v, at) => v.getInt8(at) },
  3: { dtype: 'int16', size: 2, read: (v, at) => v.getInt16(at, true) },
  4: { dtype: 'int32', size: 4, read: (v, at) => v.getInt32(at, true) },
  5: { dtype: 'int64', size: 8, read: (v, at) => saturatedInteger(v.getBigInt64(at, true)) },
  6: { dtype: 'float32', size: 2, read: (v, at) => float16(v.getUint16(at, true)) },
  7: { dtype: 'float32', size: 4, read: (v, at) => v.getFloat32(at, true) },
  8: { dtype: 'float32', size: 8, read: (v, at) => v.getFloat64(at, true) },
  12: { dtype: 'bool', size: 1, read: (v, at) => Math.min(v.getUint8(at), 1) },
  13: {
    dtype: 'float32',
    size: 2,
    read: (v, at) => bfloat16(v.getUint16(at, true)),
  },
};

export function elementOf(scalarType: number, place: string): Element {
  const element = ELEMENTS[scalarType];
  if (element) return element;
  throw new IngotError('MODEL-006', `PyTorch's scalar type ${scalarType} is not read`, {
    place,
    remedy: 'export the model in float32',
  });
}

/** Sizes of a tensor_meta; open ones as undefined with their expression. */
export function sizesOf(meta: Json): (number | string)[] {
  return meta
    .get('sizes')
    .list()
    .map((s) => (s.has('as_int') ? s.get('as_int').integer() : s.get('as_expr').get('expr_str').string()));
}

class Weights {
  private readonly archive: Archive;
  private readonly configs: { readonly folder: string; readonly config: Json }[];
  private readonly storages = new Map<string, Uint8Array>();
  private readonly known = new Map<string, Tensor>();
  private budget: number;

  constructor(archive: Archive, fileBytes: number) {
    this.archive = archive;
    this.budget = VIEW_ELEMENTS + 4 * fileBytes;
    this.configs = ['weights', 'constants'].flatMap((kind) => {
      const file = `data/${kind}/model_${kind}_config.json`;
      const text = archive.read(file);
      return text ? [{ folder: `data/${kind}`, config: Json.parse(text, file).get('config') }] : [];
    });
  }

  /** MODEL-045: absent, pickled, or a view beyond its storage. */
  read(fullName: string): Tensor {
    const old = this.known.get(fullName);
    if (old) return old;
    const home = this.configs.find(({ config }) => config.has(fullName));
    if (!home) throw badWeight(fullName, 'has no values in the file', 'export the model again');
    const entry = home.config.get(fullName);
    if (entry.has('use_pickle') && entry.get('use_pickle').boolean()) {
      throw badWeight(fullName, 'is pickled, and pickles are never opened: they run code', PICKLE_REMEDY);
    }
    const path = entry.get('path_name').string();
    const storage = this.storage(home.folder, path, fullName);
    const tensor = this.view(entry.get('tensor_meta'), storage, fullName);
    this.known.set(fullName, tensor);
    return tensor;
  }

  private storage(folder: string, path: string, fullName: string): Uint8Array {
    const key = `${folder}/${path}`;
    const bytes = this.storages.get(key) ?? this.archive.read(key);
    if (!bytes) throw badWeight(fullName, `has no entry ${key}`, 'export the model again');
    this.storages.set(key, bytes);
    return bytes;
  }

  private view(meta: Json, storage: Uint8Array, fullName: string): Tensor {
    const element = elementOf(meta.get('dtype').integer(), fullName);
    if (meta.get('layout').integer() !== 7) throw badWeight(fullName, 'is sparse', 'use dense weights');
    const shape = meta
      .get('sizes')
      .list()
      .map((s) => s.get('as_int').integer());
    const strides = meta
      .get('strides')
      .list()
      .map((s) => s.get('as_int').integer());
    const offset = meta.get('storage_offset').get('as_int').integer();
    const count = elementCount(shape, fullName);
    const stored = Math.floor(storage.length / element.size);
    const last = shape.reduce((sum, d, i) => sum + (d - 1) * (strides[i] ?? NaN), offset);
    const isInside =
      strides.length === shape.length && strides.every((s) => s >= 0) && offset >= 0 && last < stored;
    if (!isInside && count > 0)
      throw badWeight(fullName, 'reaches beyond its storage', 'export the model again');
    this.budget -= count;
    if (this.budget < 0) {
      throw new IngotError('MODEL-042', 'views of the weights repeat more than the file holds', {
        place: fullName,
        remedy: 'make the weights contiguous before export',
      });
    }
    const data = allocate(element.dtype, count);
    const view = new DataView(storage.buffer, storage.byteOffset, storage.byteLength);
    if (count > 0 && `${strides}` === `${stridesOf(shape)}`) {
      for (let i = 0; i < count; i++) data[i] = element.read(view, (offset + i) * element.size);
    } else if (count > 0) {
      viewIndices(shape, strides, offset).forEach(
        (at, i) => (data[i] = element.read(view, at * element.size)),
      );
    }
    return { dtype: element.dtype, shape, data };
  }
}

function badWeight(fullName: string, what: string, remedy: string): IngotError {
  return new IngotError('MODEL-045', `the weight ${what}`, {
    place: fullName === '' ? 'unnamed weight' : fullName,
    remedy,
  });
}
