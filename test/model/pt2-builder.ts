/** Small .pt2 files for tests, laid out as torch.export.save of PyTorch 2.15 writes them. */
import { deflateSync } from 'fflate';
import { crc32 } from '../../src-main/stages/model/pt2/zip.ts';

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly isDeflated?: boolean;
  /** What the directory claims instead of the truth. */
  readonly sizeBytes?: number;
}

/** A ZIP whose local headers hold no sizes; those stand behind the data and in the central directory. */
export function zipOf(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  const push = (part: Uint8Array): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const { name, data, isDeflated, sizeBytes } of entries) {
    const packed = isDeflated ? deflateSync(data) : data;
    const encoded = new TextEncoder().encode(name);
    const method = isDeflated ? 8 : 0;
    const [crc, size] = [crc32(data), sizeBytes ?? data.length];
    const at = offset;
    push(
      record([
        [4, 0x04034b50],
        [2, 20],
        [2, 8],
        [2, method],
        [4, 0],
        [4, 0],
        [4, 0],
        [4, 0],
        [2, encoded.length],
        [2, 0],
      ]),
    );
    push(encoded);
    push(packed);
    push(
      record([
        [4, 0x08074b50],
        [4, crc],
        [4, packed.length],
        [4, size],
      ]),
    );
    central.push(
      record([
        [4, 0x02014b50], [2, 20], [2, 20], [2, 8], [2, method], [4, 0], [4, crc], [4, packed.length], [4, size],
        [2, encoded.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, at],
      ]),
      encoded,
    ); // prettier-ignore
  }
  const start = offset;
  central.forEach(push);
  const count = entries.length;
  push(
    record([
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, count],
      [2, count],
      [4, offset - start],
      [4, start],
      [2, 0],
    ]),
  );
  return Uint8Array.from(Buffer.concat(parts));
}

/** Little-endian fields: [bytes, value]. */
function record(fields: readonly (readonly [number, number])[]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([size, value]) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255)),
  );
}

/** Tensor name, numbers, lists of either, null for None; { f } for a float that is a whole number; { text }; { raw }. */
export type Arg =
  | string
  | number
  | boolean
  | null
  | readonly number[]
  | readonly string[]
  | { readonly f: number }
  | { readonly text: string }
  | { readonly raw: unknown };

function argument(arg: Arg): unknown {
  if (arg === null) return { as_none: true };
  if (typeof arg === 'string') return { as_tensor: { name: arg } };
  if (typeof arg === 'boolean') return { as_bool: arg };
  if (typeof arg === 'number') return Number.isInteger(arg) ? { as_int: arg } : { as_float: arg };
  if (Array.isArray(arg)) {
    const isNames = arg.length > 0 && typeof arg[0] === 'string';
    return isNames ? { as_tensors: arg.map((name: unknown) => ({ name })) } : { as_ints: arg };
  }
  const other = arg as { f?: number; text?: string; raw?: unknown };
  if (other.f !== undefined) return { as_float: other.f };
  return other.text !== undefined ? { as_string: other.text } : other.raw;
}

export interface AtenInit {
  readonly target: string;
  readonly inputs: unknown[];
  readonly outputs: unknown[];
  readonly metadata: Record<string, string>;
}

/** target: `conv2d.default`. Several outputs: [a, b]; one output that is a list: [[a, b]]. */
export function aten(
  target: string,
  args: Record<string, Arg>,
  output: string | readonly (string | readonly string[])[],
): AtenInit {
  const outputs = typeof output === 'string' ? [output] : output;
  return {
    target: target.includes('ops.') || target.startsWith('_operator.') ? target : `torch.ops.aten.${target}`,
    inputs: Object.entries(args).map(([name, arg]) => ({ name, arg: argument(arg), kind: 1 })),
    outputs: outputs.map((o) => argument(o as Arg)),
    metadata: {},
  };
}

export interface WeightInit {
  readonly shape: readonly number[];
  /** The storage; of float32 unless `dtype` and `bytes` are given. */
  readonly values?: readonly number[];
  readonly dtype?: number;
  readonly bytes?: Uint8Array;
  readonly strides?: readonly number[];
  readonly offset?: number;
  readonly isPickled?: boolean;
  /** Shares another weight's storage. */
  readonly like?: string;
}

export interface Pt2Init {
  readonly inputs: Record<string, readonly (number | string)[]>;
  readonly weights?: Record<string, WeightInit>;
  readonly nodes: readonly AtenInit[];
  readonly outputs: readonly string[];
  readonly schemaMajor?: number;
}

const int = (v: number | string): unknown =>
  typeof v === 'number' ? { as_int: v } : { as_expr: { expr_str: v, hint: { as_int: 2 } } };

function meta(
  dtype: number,
  shape: readonly (number | string)[],
  strides?: readonly number[],
  offset = 0,
): unknown {
  const sizes = shape.map((d) => (typeof d === 'number' ? d : 1));
  const dense = sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
  return {
    dtype, layout: 7, requires_grad: false, device: { type: 'cpu', index: null },
    sizes: shape.map(int), strides: (strides ?? dense).map(int), storage_offset: int(offset),
  }; // prettier-ignore
}

/** The files of the archive without their root folder, so that a test may change them. */
export function pt2Files(init: Pt2Init): Map<string, Uint8Array> {
  const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const weights = Object.entries(init.weights ?? {});
  const places = new Map(weights.map(([name], i) => [name, `weight_${i}`]));
  const config = Object.fromEntries(
    weights.map(([name, w]) => [
      name,
      {
        path_name: places.get(w.like ?? name),
        is_param: true,
        use_pickle: w.isPickled ?? false,
        tensor_meta: meta(w.dtype ?? 7, w.shape, w.strides, w.offset),
      },
    ]),
  );
  const program = {
    graph_module: {
      graph: {
        inputs: [],
        outputs: init.outputs.map((name) => argument(name)),
        nodes: init.nodes,
        tensor_values: Object.fromEntries(
          Object.entries(init.inputs).map(([name, shape]) => [name, meta(7, shape)]),
        ),
        sym_int_values: {},
      },
      signature: {
        input_specs: [
          ...weights.map(([name]) => ({ parameter: { arg: { name }, parameter_name: name } })),
          ...Object.keys(init.inputs).map((name) => ({ user_input: { arg: argument(name) } })),
        ],
        output_specs: init.outputs.map((name) => ({ user_output: { arg: argument(name) } })),
      },
    },
    schema_version: { major: init.schemaMajor ?? 8, minor: 20 },
    opset_version: { aten: 10 },
    range_constraints: {},
  };
  const files = new Map<string, Uint8Array>();
  weights.forEach(([name, w]) => {
    const floats = new Uint8Array(Float32Array.from(w.values ?? []).buffer);
    files.set(`data/weights/${places.get(name)}`, w.bytes ?? floats);
  });
  files.set('data/weights/model_weights_config.json', encode({ config }));
  files.set('data/constants/model_constants_config.json', encode({ config: {} }));
  files.set('models/model.json', encode(program));
  files.set('data/sample_inputs/model.pt', Uint8Array.of(1, 2, 3));
  files.set('archive_format', new TextEncoder().encode('pt2'));
  files.set('archive_version', new TextEncoder().encode('0'));
  files.set('byteorder', new TextEncoder().encode('little'));
  return files;
}

export const zipFiles = (files: ReadonlyMap<string, Uint8Array>): Uint8Array =>
  zipOf(Array.from(files, ([name, data]) => ({ name: `small/${name}`, data })));

export const pt2File = (init: Pt2Init): Uint8Array => zipFiles(pt2Files(init));
