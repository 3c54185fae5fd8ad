import type { Attribute, Node } from '../generated/onnx_pb.ts';
import type { Constant, GraphBuilder, Value } from '../build/builder.ts';
import { isConstant } from '../build/builder.ts';
import { axisIn } from '../build/shapes.ts';
import { toInteger } from '../limits.ts';
import type { Tensor } from '../tensor.ts';
import { tensorOf } from '../tensor.ts';
import { readTensor } from './read-onnx.ts';

const F = 1;
const I = 2;
const S = 3;
const T = 4;
const FLOATS = 6;
const INTS = 7;
const STRINGS = 8;

/** What the reader of one node may ask of the file around it. */
export interface Scope {
  readonly opset: number;
  readonly lookup: (name: string) => Value;
  readonly define: (name: string, value: Value) => void;
  /** True where another node or the graph's outputs read this tensor. */
  readonly isRead: (name: string) => boolean;
}

/** One node of the file as its operator's reader sees it: typed inputs and attributes, named refusals. */
export class NodeReader {
  readonly b: GraphBuilder;
  readonly opset: number;
  private readonly node: Node;
  private readonly scope: Scope;

  constructor(node: Node, b: GraphBuilder, scope: Scope) {
    this.node = node;
    this.b = b;
    this.scope = scope;
    this.opset = scope.opset;
  }

  refuse(message: string, remedy: string, code?: string): never {
    return this.b.refuse(message, remedy, code);
  }

  get inputCount(): number {
    return this.node.input.length;
  }
  get outputCount(): number {
    return this.node.output.length;
  }

  has(index: number): boolean {
    return (this.node.input[index] ?? '') !== '';
  }

  input(index: number): Value {
    if (!this.has(index)) {
      this.refuse(`input ${index} is missing`, 'the file is not valid ONNX; export it again', 'MODEL-010');
    }
    return this.scope.lookup(this.node.input[index]!);
  }

  optional(index: number): Value | undefined {
    return this.has(index) ? this.input(index) : undefined;
  }

  /** Every input; none may be missing. */
  inputs(): Value[] {
    return this.node.input.map((_, i) => this.input(i));
  }

  constant(index: number): Constant {
    const v = this.input(index);
    if (isConstant(v)) return v;
    return this.refuse(
      `input ${index} (${this.node.input[index]}) must be a constant of the file`,
      'export with weights and shapes as initialisers (constant folding on)',
      'MODEL-014',
    );
  }

  optionalConstant(index: number): Constant | undefined {
    return this.has(index) ? this.constant(index) : undefined;
  }

  floats(index: number): Constant {
    const v = this.constant(index);
    if (v.dtype === 'float32') return v;
    return this.refuse(`input ${index} must be float32`, 'export the model in float32', 'MODEL-006');
  }

  integers(index: number): number[] {
    const v = this.constant(index);
    if (v.dtype === 'int64' || v.dtype === 'int32') return Array.from(v.data);
    return this.refuse(
      `input ${index} must be int64`,
      'the file is not valid ONNX; export it again',
      'MODEL-006',
    );
  }

  /** The one number of a constant, of whatever type. */
  number(index: number, what: string): number {
    const v = this.constant(index);
    if (v.data.length !== 1) this.refuse(`${what} is not a scalar`, 'check the model', 'MODEL-013');
    return v.data[0]!;
  }

  int(name: string, missing: number): number {
    const a = this.attribute(name, I);
    return a ? toInteger(a.i, this.b.place) : missing;
  }

  flag(name: string): boolean {
    return this.int(name, 0) !== 0;
  }

  /** The attribute axis, or `missing`, within the rank. */
  axis(missing: number, rank: number, name = 'axis'): number {
    return axisIn(this.b, this.int(name, missing), rank);
  }

  float(name: string, missing: number): number {
    const a = this.attribute(name, F);
    if (!a) return missing;
    if (!Number.isFinite(a.f)) this.refuse(`attribute ${name} is ${a.f}`, 'use a finite number', 'MODEL-016');
    return a.f;
  }

  string(name: string, missing: string): string {
    const a = this.attribute(name, S);
    return a ? new TextDecoder().decode(a.s) : missing;
  }

  /** One of the values, the first if the attribute is absent. */
  choice<C extends string>(name: string, values: readonly [C, ...C[]]): C {
    const given = this.string(name, values[0]);
    const found = values.find((v) => v === given);
    return found ?? this.refuse(`${name} ${given} is not read`, `use one of: ${values.join(', ')}`);
  }

  strings(name: string): string[] | undefined {
    return this.attribute(name, STRINGS)?.strings.map((s) => new TextDecoder().decode(s));
  }

  ints(name: string): number[] | undefined {
    return this.attribute(name, INTS)?.ints.map((v) => toInteger(v, this.b.place));
  }

  /** Exactly `count` integers of at least `min`, all `missing` where the attribute is absent. */
  sizes(name: string, count: number, min: number, missing: number): number[] {
    const v = this.ints(name) ?? new Array<number>(count).fill(missing);
    if (v.length === count && v.every((x) => x >= min)) return v;
    const expected = `${count} integers of at least ${min}`;
    return this.refuse(`attribute ${name} is [${v.join(', ')}], expected ${expected}`, 'check the model');
  }

  /** A list that was an attribute in old operator sets and is an input in new ones. */
  list(name: string, index: number): number[] | undefined {
    return this.ints(name) ?? (this.has(index) ? this.integers(index) : undefined);
  }

  hasAttribute(name: string): boolean {
    return this.node.attribute.some((a) => a.name === name);
  }

  tensor(name: string): Tensor | undefined {
    const a = this.attribute(name, T);
    return a?.t ? readTensor(a.t, this.b.place) : undefined;
  }

  /** The value of a Constant node. */
  literal(): Tensor {
    const t = this.tensor('value');
    if (t) return t;
    const f = this.attribute('value_float', F);
    if (f) return tensorOf('float32', [], [f.f]);
    const fs = this.attribute('value_floats', FLOATS);
    if (fs) return tensorOf('float32', [fs.floats.length], fs.floats);
    const i = this.attribute('value_int', I);
    if (i) return tensorOf('int64', [], [toInteger(i.i, this.b.place)]);
    const is = this.ints('value_ints');
    if (is) return tensorOf('int64', [is.length], is);
    return this.refuse('holds no number', 'strings and sparse tensors are not read', 'MODEL-006');
  }

  /** Says what the outputs are, in order; those left out must not be read by anyone. */
  bind(...values: readonly Value[]): void {
    if ((this.node.output[0] ?? '') === '' && values.length < 2) {
      this.refuse('has no output', 'the file is not valid ONNX; export it again', 'MODEL-010');
    }
    this.node.output.forEach((name, i) => {
      if (name === '') return;
      const value = values[i];
      if (value) {
        this.b.nameValue(value, name);
        this.scope.define(name, isConstant(value) ? { ...value, name } : value);
      } else if (this.scope.isRead(name)) {
        this.refuse(`output ${i} (${name}) is not computed`, 'do not use this output');
      }
    });
  }

  private attribute(name: string, type: number): Attribute | undefined {
    const a = this.node.attribute.find((x) => x.name === name);
    if (!a) return undefined;
    if (a.refAttrName !== '')
      this.refuse(`attribute ${name} refers to a function's`, 'inline functions on export');
    if (a.type !== type && a.type !== 0) {
      this.refuse(`attribute ${name} has the wrong type`, 'the file is not valid ONNX; export it again');
    }
    return a;
  }
}
