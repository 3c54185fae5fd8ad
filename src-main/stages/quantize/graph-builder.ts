/**
 * The int8 graph while it is built. A value of the model can be held as float32, as int8, or as both; whoever
 * asks for a form that is not there gets a conversion. A Reshape names what is there already.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { IngotError, assert } from '../../base/diagnostic.ts';
import type { Model, ModelNode, TensorId } from '../model/index.ts';
import type { Ranges } from './calibrate.ts';
import type { Hwc } from './layout.ts';
import { hwcOf, sameBytes, sameShape } from './layout.ts';
import type { Scale } from './scales.ts';
import { activationScale } from './scales.ts';
import type { QuantGraph, QuantOp, QuantTensor } from './types.ts';

/** Far above any model that works, far below where float32 ends. */
const SCALE_MAX = 2 ** 100;

interface Held {
  /** Graph tensor, -1: none. */
  float: number;
  readonly int8: number[];
}

export class GraphBuilder {
  readonly model: Model;
  readonly diagnostics: Diagnostic[] = [];
  private readonly ranges: Ranges;
  private readonly tensors: QuantTensor[] = [];
  private readonly ops: QuantOp[] = [];
  private readonly held = new Map<TensorId, Held>();
  /** Reshapes that only name their input, by output. */
  private readonly aliasOf = new Map<TensorId, TensorId>();
  private readonly names = new Set<string>();

  constructor(model: Model, ranges: Ranges) {
    this.model = model;
    this.ranges = ranges;
    for (const id of model.inputs) this.makeFloat(id);
    for (const node of model.nodes)
      if (node.op === 'Reshape' && !model.tensors[node.inputs[0]]!.data)
        this.aliasOf.set(node.output, node.inputs[0]);
  }

  finish(): QuantGraph {
    const { model, tensors, ops } = this;
    const inputs = model.inputs.map((id) => this.held.get(id)!.float);
    const outputs = model.outputs.map((id) => this.float(id));
    return { name: model.name, tensors, ops, inputs, outputs };
  }

  tensor(id: number): QuantTensor {
    return this.tensors[id]!;
  }

  push(op: QuantOp): void {
    this.ops.push(op);
  }

  remark(code: string, node: ModelNode, message: string): void {
    this.diagnostics.push({ code, severity: 'info', place: node.name, message });
  }

  /** int8 tensor of a value; in the wanted shape, if one is wanted, else in whatever it is held. */
  int8(id: TensorId, wanted?: Hwc): number {
    const held = this.of(id);
    for (const t of held.int8) if (!wanted || sameShape(this.tensors[t]!.shape, wanted)) return t;
    for (const t of held.int8) {
      if (!sameBytes(this.tensors[t]!.shape, wanted!)) continue;
      const from = this.tensors[t]!;
      const name = this.unique(`${from.name}.reshape`);
      const modelShape =
        wanted![0] * wanted![1] === 1 ? [1, wanted![2]] : [1, wanted![2], wanted![0], wanted![1]];
      const output = this.tensors.push({ ...from, name, shape: wanted!, modelShape }) - 1;
      held.int8.push(output);
      this.ops.push({ kind: 'reshape', name, input: t, output });
      return output;
    }
    // Made anew from floats; those that were int8 in another order come back to the same numbers.
    const scale = held.int8.length > 0 ? this.tensors[held.int8[0]!]! : this.scaleOf(id);
    const input = this.float(id);
    const { name, modelShape } = this.tensors[input]!;
    const shape = wanted ?? hwcOf(modelShape);
    const output = this.addInt8(held, `${name}.int8`, shape, modelShape, scale);
    this.ops.push({
      kind: 'quantize',
      name: this.unique(`${name}.quantize`),
      input,
      output,
      floatOrder: 'chw',
    });
    return output;
  }

  /** float32 tensor of a value, row major as in the model. */
  float(id: TensorId): number {
    const held = this.of(id);
    if (held.float >= 0) return held.float;
    const input = held.int8[0]!;
    const name = this.model.outputs.includes(id)
      ? this.model.tensors[id]!.name
      : `${this.tensors[input]!.name}.float`;
    held.float = this.addFloat(name, this.model.tensors[id]!.shape);
    const op = this.unique(`${this.model.tensors[id]!.name}.dequantize`);
    this.ops.push({ kind: 'dequantize', name: op, input, output: held.float, floatOrder: 'chw' });
    return held.float;
  }

  /** A new int8 tensor that holds the model's tensor `id`. */
  makeInt8(id: TensorId, shape: Hwc, scale: Scale): number {
    const { name, shape: modelShape } = this.model.tensors[id]!;
    const held: Held = { float: -1, int8: [] };
    this.held.set(id, held);
    // The model's outputs themselves are float32 tensors of that name.
    const isEnd = this.model.outputs.includes(id);
    return this.addInt8(held, isEnd ? `${name}.int8` : name, shape, modelShape, scale);
  }

  /** A new float32 tensor that holds the model's tensor `id`. */
  makeFloat(id: TensorId): number {
    const { name, shape } = this.model.tensors[id]!;
    const float = this.addFloat(name, shape);
    this.held.set(id, { float, int8: [] });
    return float;
  }

  /** A tensor between the operators that one model node becomes. */
  makeInner(name: string, shape: Hwc, scale: Scale): number {
    const modelShape = shape[0] * shape[1] === 1 ? [1, shape[2]] : [1, shape[2], shape[0], shape[1]];
    return this.addInt8({ float: -1, int8: [] }, name, shape, modelShape, scale);
  }

  /** From the calibrated range; at least scaleMin, which weighted operators need (scales.ts). */
  scaleOf(id: TensorId, scaleMin = 0): Scale {
    const scale = activationScale(this.ranges.min[id]!, this.ranges.max[id]!, scaleMin);
    if (scale.scale < SCALE_MAX) return scale;
    throw new IngotError('QUANT-003', `its values need a step of ${scale.scale}`, {
      place: this.model.tensors[id]!.name,
      remedy: 'check weights and calibration samples: numbers of this size are no working model',
    });
  }

  unique(name: string): string {
    let free = name;
    for (let i = 2; this.names.has(free); i++) free = `${name}.${i}`;
    this.names.add(free);
    return free;
  }

  private of(id: TensorId): Held {
    const held = this.held.get(id);
    if (held) return held;
    const from = this.aliasOf.get(id);
    assert(from !== undefined, `tensor ${id} of the model is read before it is made`);
    const named = this.of(from);
    this.held.set(id, named);
    return named;
  }

  private addInt8(
    held: Held,
    name: string,
    shape: Hwc,
    modelShape: readonly number[],
    { scale, zeroPoint }: Scale,
  ) {
    const tensor = { name: this.unique(name), dtype: 'int8', shape, modelShape, scale, zeroPoint } as const;
    const id = this.tensors.push(tensor) - 1;
    held.int8.push(id);
    return id;
  }

  private addFloat(name: string, modelShape: readonly number[]): number {
    const size = modelShape.reduce((a, b) => a * b, 1);
    const shape = [1, 1, size] as const;
    return (
      this.tensors.push({
        name: this.unique(name),
        dtype: 'float32',
        shape,
        modelShape,
        scale: 1,
        zeroPoint: 0,
      }) - 1
    );
  }
}
