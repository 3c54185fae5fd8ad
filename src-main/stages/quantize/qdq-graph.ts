/**
 * The graph that adoptQdq builds. A quantised tensor of the model (int8 or uint8, written by QuantizeLinear) is
 * held as int8 in one or more shapes; a float value is held where a float part or an output reads it. Nodes
 * without an int8 form wait and become one float part when somebody needs what they make.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { Model, ModelNode, TensorId } from '../model/index.ts';
import { subModel } from './float-part.ts';
import type { Hwc } from './layout.ts';
import { hwcOf, sameBytes, sameShape } from './layout.ts';
import type { Scale } from './scales.ts';
import type { QuantGraph, QuantOp, QuantTensor } from './types.ts';

export class QdqGraph {
  readonly model: Model;
  readonly diagnostics: Diagnostic[] = [];
  readonly producer = new Map<TensorId, ModelNode>();
  /** Nodes that read each tensor. */
  readonly readers: ModelNode[][];
  /** Scale and int8 zero point of each quantised tensor. */
  readonly grids = new Map<TensorId, Scale>();
  /** Float tensors that are the values of a quantised one: behind DequantizeLinear, and reshaped. */
  readonly quantisedOf = new Map<TensorId, TensorId>();
  readonly #tensors: QuantTensor[] = [];
  readonly #ops: QuantOp[] = [];
  readonly #held = new Map<TensorId, number[]>();
  readonly #floats = new Map<TensorId, number>();
  readonly #names = new Set<string>();
  #waiting: ModelNode[] = [];

  constructor(model: Model) {
    this.model = model;
    this.readers = model.tensors.map(() => []);
    for (const node of model.nodes) {
      for (const t of made(node)) this.producer.set(t, node);
      for (const t of new Set(node.inputs)) this.readers[t!]!.push(node);
    }
    for (const id of model.inputs) this.#addFloat(id);
  }

  finish(): QuantGraph {
    const { model } = this;
    const outputs = model.outputs.map((id) => this.float(id));
    const inputs = model.inputs.map((id) => this.#floats.get(id)!);
    return { name: model.name, tensors: this.#tensors, ops: this.#ops, inputs, outputs };
  }

  tensor(id: number): QuantTensor {
    return this.#tensors[id]!;
  }

  push(op: QuantOp): void {
    this.#ops.push({ ...op, name: this.unique(op.name) });
  }

  unique(name: string): string {
    let free = name;
    for (let i = 2; this.#names.has(free); i++) free = `${name}.${i}`;
    this.#names.add(free);
    return free;
  }

  remark(code: string, place: string, message: string): void {
    this.diagnostics.push({ code, severity: 'info', place, message });
  }

  /** A node that stays float. */
  wait(node: ModelNode): void {
    this.#waiting.push(node);
  }

  /** A new int8 tensor that holds the quantised tensor q. */
  makeInt8(q: TensorId, shape: Hwc): number {
    const id = this.#addInt8(
      this.model.tensors[q]!.name,
      shape,
      this.model.tensors[q]!.shape,
      this.grids.get(q)!,
    );
    this.#held.set(q, [id]);
    return id;
  }

  /** An int8 tensor between two operators that one node becomes. */
  makeInner(name: string, shape: Hwc, scale: Scale): number {
    const modelShape = shape[0] * shape[1] === 1 ? [1, shape[2]] : [1, shape[2], shape[0], shape[1]];
    return this.#addInt8(name, shape, modelShape, scale);
  }

  /** A reshaped float value is the same tensor, where it is there already and no output of the model. */
  renameFloat(from: TensorId, to: TensorId): boolean {
    const held = this.#floats.get(from);
    if (held === undefined || this.model.outputs.includes(to)) return false;
    this.#floats.set(to, held);
    return true;
  }

  /** q has the bytes of another quantised tensor. */
  alias(q: TensorId, of: TensorId): void {
    this.#held.set(q, this.#held.get(of)!);
  }

  /** The int8 tensor of q; in the wanted shape, if one is wanted. */
  int8(q: TensorId, wanted?: Hwc): number {
    const held = this.#held.get(q)!;
    for (const t of held) if (!wanted || sameShape(this.tensor(t).shape, wanted)) return t;
    const from = held.find((t) => sameBytes(this.tensor(t).shape, wanted!)) ?? held[0]!;
    const { name } = this.tensor(from);
    const output = this.makeInner(`${name}.reshape`, wanted!, this.grids.get(q)!);
    if (sameBytes(this.tensor(from).shape, wanted!)) {
      this.push({ kind: 'reshape', name: `${name}.reshape`, input: from, output });
    } else {
      // The bytes move: through floats, which give the same numbers back.
      const float = this.#addTensor(`${name}.float`, this.model.tensors[q]!.shape);
      const base = { name: `${name}.moved`, floatOrder: 'chw' } as const;
      this.push({ kind: 'dequantize', ...base, input: from, output: float });
      this.push({ kind: 'quantize', ...base, input: float, output });
    }
    held.push(output);
    return output;
  }

  /** The float32 tensor of a value, row major as in the model. */
  float(id: TensorId): number {
    if (this.#waiting.some((n) => made(n).includes(id))) this.#flush();
    const held = this.#floats.get(id);
    if (held !== undefined) return held;
    const q = this.quantisedOf.get(id);
    if (q === undefined) throw crossing(this.model, id, 'nothing here computes it');
    const input = this.int8(q);
    const output = this.#addFloat(id);
    const name = `${this.model.tensors[id]!.name}.dequantize`;
    this.push({ kind: 'dequantize', name, input, output, floatOrder: 'chw' });
    return output;
  }

  #addFloat(id: TensorId): number {
    const { name, shape, dtype } = this.model.tensors[id]!;
    if (dtype !== 'float32')
      throw crossing(this.model, id, `${dtype} values pass between int8 and float parts`);
    const tensor = this.#addTensor(name, shape);
    this.#floats.set(id, tensor);
    return tensor;
  }

  #addTensor(name: string, modelShape: readonly number[]): number {
    const shape = [1, 1, modelShape.reduce((a, b) => a * b, 1)] as const;
    const base = { name: this.unique(name), dtype: 'float32', scale: 1, zeroPoint: 0 } as const;
    return this.#tensors.push({ ...base, shape, modelShape }) - 1;
  }

  #addInt8(name: string, shape: Hwc, modelShape: readonly number[], { scale, zeroPoint }: Scale): number {
    const base = { name: this.unique(name), dtype: 'int8', scale, zeroPoint } as const;
    return this.#tensors.push({ ...base, shape, modelShape }) - 1;
  }

  /** All that waits becomes one float part. */
  #flush(): void {
    const { model } = this;
    // Constants behind DequantizeLinear come along.
    const constants = this.#waiting
      .flatMap((n) => [...n.inputs])
      .map((t) => this.producer.get(t!))
      .filter((n) => n?.op === 'DequantizeLinear' && model.tensors[n.inputs[0]]!.data !== undefined);
    const nodes = [...new Set([...(constants as ModelNode[]), ...this.#waiting])];
    this.#waiting = [];
    const inside = new Set(nodes);
    const own = new Set(nodes.flatMap(made));
    const inputs = [...new Set(nodes.flatMap((n) => [...n.inputs]))].filter(
      (t) => !own.has(t!) && !model.tensors[t!]!.data,
    ) as TensorId[];
    const outputs = [...own].filter(
      (t) => model.outputs.includes(t) || this.readers[t]!.some((n) => !inside.has(n)),
    );
    if (outputs.length === 0) return;
    const first = nodes.find((n) => n.op !== 'DequantizeLinear') ?? nodes[0]!;
    const graphInputs = inputs.map((t) => this.float(t));
    const graphOutputs = outputs.map((t) => this.#addFloat(t));
    const kinds = [...new Set(nodes.map((n) => n.op))].join(', ');
    this.remark('QUANT-103', first.name, `${nodes.length} operators stay float on the host: ${kinds}`);
    this.push({
      kind: 'float',
      name: first.name,
      inputs: graphInputs,
      outputs: graphOutputs,
      model: subModel(model, first.name, nodes, inputs, outputs),
    });
  }
}

export const made = (node: ModelNode): readonly TensorId[] => [node.output, ...(node.moreOutputs ?? [])];

function crossing(model: Model, id: TensorId, why: string): IngotError {
  return new IngotError('QUANT-012', why, {
    place: model.tensors[id]!.name,
    remedy: 'quantise with one scale per activation tensor, float inputs and float outputs',
  });
}

/** Shape of an int8 tensor, if it can be held: batch 1. */
export function heldShape(shape: readonly number[]): Hwc | undefined {
  return shape.length === 4 && shape[0] !== 1 ? undefined : hwcOf(shape);
}
