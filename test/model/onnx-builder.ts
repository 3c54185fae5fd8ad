/** Small ONNX files for tests, written with the generated schema. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import type { NodeSchema } from '../../src-main/stages/model/generated/onnx_pb.ts';
import { ModelSchema, TensorSchema } from '../../src-main/stages/model/generated/onnx_pb.ts';

export type NodeInit = MessageInitShape<typeof NodeSchema>;
export type TensorInit = MessageInitShape<typeof TensorSchema>;
type Dim = number | string;

export interface FileInit {
  readonly inputs?: Record<string, readonly Dim[]>;
  readonly outputs?: Record<string, readonly Dim[]>;
  readonly nodes: readonly NodeInit[];
  readonly initialisers?: readonly TensorInit[];
  readonly opset?: number;
  /** Element types of inputs that are not float32 (1). */
  readonly inputTypes?: Record<string, number>;
}

export function floats(name: string, dims: readonly number[], values: readonly number[]): TensorInit {
  return { name, dims: dims.map(BigInt), dataType: 1, floatData: [...values] };
}

export function ints(name: string, dims: readonly number[], values: readonly number[]): TensorInit {
  return { name, dims: dims.map(BigInt), dataType: 7, int64Data: values.map(BigInt) };
}

type AttributeValue = number | readonly number[] | string | readonly string[] | TensorInit;

/** Integers become INT or INTS, fractions FLOAT; write { f: 1 } style tensors through `value`. */
export function node(
  opType: string,
  input: readonly string[],
  output: string | readonly string[],
  attributes: Record<string, AttributeValue> = {},
): NodeInit {
  return {
    opType,
    name: `${opType.toLowerCase()}-of-${input[0] ?? ''}`,
    input: [...input],
    output: typeof output === 'string' ? [output] : [...output],
    attribute: Object.entries(attributes).map(([name, v]) => {
      if (typeof v === 'string') return { name, type: 3, s: new TextEncoder().encode(v) };
      if (typeof v === 'number') {
        return Number.isInteger(v) ? { name, type: 2, i: BigInt(v) } : { name, type: 1, f: v };
      }
      if (Array.isArray(v) && typeof v[0] === 'string') {
        return { name, type: 8, strings: v.map((x) => new TextEncoder().encode(x as string)) };
      }
      if (Array.isArray(v)) return { name, type: 7, ints: v.map((x) => BigInt(x as number)) };
      return { name, type: 4, t: v as TensorInit };
    }),
  };
}

function valueInfo(name: string, shape: readonly Dim[], elemType = 1) {
  const dim = shape.map((d) =>
    typeof d === 'number'
      ? { size: { case: 'dimValue' as const, value: BigInt(d) } }
      : { size: { case: 'dimParam' as const, value: d } },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

export function onnxFile(file: FileInit): Uint8Array {
  const inputs = file.inputs ?? { x: [1, 1, 4, 4] };
  const outputs = file.outputs ?? { y: [] };
  return toBinary(
    ModelSchema,
    create(ModelSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: BigInt(file.opset ?? 13) }],
      graph: {
        name: 'test',
        node: [...file.nodes],
        initializer: [...(file.initialisers ?? [])],
        input: Object.entries(inputs).map(([name, shape]) => {
          const info = valueInfo(name, shape, file.inputTypes?.[name]);
          // [] stands for no shape at all.
          return shape.length === 0 ? { name, type: { tensorType: { elemType: 1 } } } : info;
        }),
        // Without a declared shape there is nothing to disagree with.
        output: Object.entries(outputs).map(([name, shape]) =>
          shape.length === 0 ? { name } : valueInfo(name, shape),
        ),
      },
    }),
  );
}
