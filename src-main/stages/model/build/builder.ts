/**
 * The model while a reader builds it. A reader says which operators a node of the file means; the builder
 * infers types, computes what depends on constants alone, and keeps names unique.
 */
import { IngotError } from '../../../base/diagnostic.ts';
import { elementCount } from '../limits.ts';
import { operatorOf } from '../operators/index.ts';
import { Misfit } from '../operators/operator.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { sizeOf, tensorOf } from '../tensor.ts';
import type { DType, ModelNode, Operators, OpName, TensorData, TensorId } from '../types.ts';

/** A tensor of known values that no node of the model has needed yet. */
export interface Constant extends Tensor {
  readonly name: string;
}
/** A tensor computed when the model runs. */
export interface Computed extends TensorType {
  readonly id: TensorId;
}
export type Value = Computed | Constant;

export const isConstant = (v: Value): v is Constant => 'data' in v;

export interface DraftTensor extends TensorType {
  name: string;
  readonly data?: TensorData;
}

export interface Draft {
  readonly tensors: DraftTensor[];
  nodes: ModelNode[];
}

export const outputsOf = (node: ModelNode): readonly TensorId[] =>
  node.moreOutputs ? [node.output, ...node.moreOutputs] : [node.output];

/** Ending of the names of constants that are not in the file. */
const MADE = '.constant';

/** Constant arithmetic at import, in elements read, written or multiplied: beside the file's size, this much. */
const FOLD_BUDGET = 2 ** 24;
/** Elements of a constant that stands for parameters the file leaves out. */
const FILL_MAX = 2 ** 24;

export class GraphBuilder implements Draft {
  readonly tensors: DraftTensor[] = [];
  nodes: ModelNode[] = [];
  /** Operators computed at import. */
  folded = 0;
  /** What is read at the moment: for messages and names. */
  place = '';
  operator = '';

  private budget: number;
  private readonly names = new Set<string>();
  private readonly held = new Map<TensorData, TensorId>();
  private readonly producers = new Map<TensorId, ModelNode>();
  /** Tensors that already have a name of the file. */
  private readonly named = new Set<TensorId>();

  constructor(fileBytes: number) {
    this.budget = FOLD_BUDGET + 4 * fileBytes;
  }

  /** A form of the operator that is not read (default MODEL-004), or shapes that do not fit (MODEL-013). */
  refuse(message: string, remedy: string, code = 'MODEL-004'): never {
    throw new IngotError(code, `${this.operator}: ${message}`, { place: this.place, remedy });
  }

  input(name: string, type: TensorType): Computed {
    elementCount(type.shape, name);
    const id = this.tensors.push({ ...type, name }) - 1;
    this.named.add(id);
    return { ...type, id };
  }

  /** A constant that is not in the file. */
  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): Constant {
    return { ...tensorOf(dtype, shape, values), name: this.place + MADE };
  }

  scalar(value: number, dtype: DType = 'float32'): Constant {
    return this.constant(dtype, [], [value]);
  }

  filled(shape: readonly number[], value: number): Constant {
    const count = elementCount(shape, this.place);
    if (count > FILL_MAX) this.refuse(`${count} parameters are left out`, 'give them', 'MODEL-007');
    return this.constant('float32', shape, new Float32Array(count).fill(value));
  }

  /** The first (mostly the only) output. */
  add<K extends OpName>(op: K, inputs: readonly Value[], attributes: Operators[K]['attributes']): Value {
    return this.addAll(op, inputs, attributes)[0]!;
  }

  /** All outputs of one operator: constants where all inputs are, else a new node of the model. */
  addAll<K extends OpName>(op: K, inputs: readonly Value[], attributes: Operators[K]['attributes']): Value[] {
    const operator = operatorOf(op);
    let types: readonly TensorType[];
    try {
      types = operator.infer(inputs, attributes as Operators[OpName]['attributes']);
    } catch (e) {
      if (e instanceof Misfit) this.refuse(e.message, 'check the model; the file may be damaged', e.code);
      throw e;
    }
    let cost = operator.macs?.(inputs, types[0]!) ?? 0;
    for (const t of types) cost += elementCount(t.shape, this.place);
    const constants = inputs.filter(isConstant);
    for (const t of constants) cost += t.data.length;
    if (op !== 'DequantizeLinear' && constants.length === inputs.length && cost <= this.budget) {
      this.budget -= cost;
      this.folded++;
      const name = (constants.find((c) => !c.name.endsWith(MADE)) ?? constants[0])?.name ?? this.place;
      const values = operator.run(constants, attributes as Operators[OpName]['attributes'], types);
      return types.map((t, i) => ({ ...t, data: values[i]!, name }));
    }
    return this.emit(op, inputs, attributes, types);
  }

  /** The node that computes this value; undefined for inputs and constants. */
  producer(value: Value): ModelNode | undefined {
    return isConstant(value) ? undefined : this.producers.get(value.id);
  }

  /** The value behind an id: a constant again where it is one. */
  valueOf(id: TensorId): Value {
    const { dtype, shape, data, name } = this.tensors[id]!;
    return data ? { dtype, shape, data, name } : { dtype, shape, id };
  }

  /** Gives a computed tensor its name in the file; the first name stays, except where `isForced`. */
  nameValue(value: Value, name: string, isForced = false): void {
    if (isConstant(value) || (this.named.has(value.id) && !isForced)) return;
    this.tensors[value.id]!.name = name;
    this.named.add(value.id);
  }

  idOf(value: Value): TensorId {
    if (!isConstant(value)) return value.id;
    const old = this.held.get(value.data);
    if (old !== undefined && `${this.tensors[old]!.shape}` === `${value.shape}`) return old;
    const { dtype, shape, data, name } = value;
    const id = this.tensors.push({ dtype, shape, data, name }) - 1;
    this.held.set(data, id);
    return id;
  }

  private emit<K extends OpName>(
    op: K,
    inputs: readonly Value[],
    attributes: Operators[K]['attributes'],
    types: readonly TensorType[],
  ): Value[] {
    const name = this.unique(this.place);
    const ids = inputs.map((v) => this.idOf(v));
    const outputs = types.map((t): Computed => ({ ...t, id: this.tensors.push({ ...t, name }) - 1 }));
    const more = outputs.slice(1).map((v) => v.id);
    const node = {
      op,
      name,
      inputs: ids,
      output: outputs[0]!.id,
      ...(more.length > 0 ? { moreOutputs: more } : {}),
      attributes,
    } as unknown as ModelNode;
    this.nodes.push(node);
    for (const v of outputs) this.producers.set(v.id, node);
    return outputs;
  }

  private unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.names.has(name); i++) name = `${wanted}.${i}`;
    this.names.add(name);
    return name;
  }
}

/** Elements of a value. */
export const countOf = (v: TensorType): number => sizeOf(v.shape);
