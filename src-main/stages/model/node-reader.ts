import { IngotError } from '../../base/diagnostic.ts';
import type { Attribute, Node } from './generated/onnx_pb.ts';
import type { Computed, Draft, DraftNode, Value } from './draft.ts';
import { addTensor, isConstant } from './draft.ts';
import { requireFinite, readTensor } from './read-onnx.ts';
import type { Constant } from './read-onnx.ts';
import { toInteger } from './limits.ts';

type Float32Constant = Constant & { dtype: 'float32' };

const F = 1;
const I = 2;
const S = 3;
const T = 4;
const FLOATS = 6;
const INTS = 7;

/** One node of the file as its operator's reader sees it: typed inputs and attributes, named refusals. */
export class NodeReader {
  readonly op: string;
  readonly name: string;
  readonly opset: number;
  readonly draft: Draft;
  readonly outputs: readonly string[];
  private readonly node: Node;
  private readonly lookup: (name: string) => Value;
  private readonly values: Map<string, Value>;

  constructor(
    node: Node,
    name: string,
    opset: number,
    draft: Draft,
    values: Map<string, Value>,
    lookup: (name: string) => Value,
  ) {
    this.node = node;
    this.op = node.opType;
    this.name = name;
    this.opset = opset;
    this.draft = draft;
    this.values = values;
    this.lookup = lookup;
    this.outputs = node.output;
  }

  /** A form of the operator that is not read (default MODEL-004), or shapes that do not fit (MODEL-013). */
  refuse(message: string, remedy: string, code = 'MODEL-004'): never {
    throw new IngotError(code, `${this.op}: ${message}`, { place: this.name, remedy });
  }

  get inputCount(): number {
    return this.node.input.length;
  }

  has(index: number): boolean {
    return (this.node.input[index] ?? '') !== '';
  }

  input(index: number): Value {
    if (!this.has(index)) {
      this.refuse(`input ${index} is missing`, 'the file is not valid ONNX; export it again', 'MODEL-010');
    }
    return this.lookup(this.node.input[index]!);
  }

  inputName(index: number): string {
    return this.node.input[index]!;
  }

  /** Input that changes with the data: a float32 tensor, not an initialiser. */
  computed(index: number): Computed {
    const v = this.input(index);
    if (!isConstant(v)) return v;
    return this.refuse(
      `input ${index} (${this.inputName(index)}) is a constant`,
      'simplify the model before export (constant folding), for example with onnxsim',
      'MODEL-014',
    );
  }

  constant(index: number): Constant {
    const v = this.input(index);
    if (isConstant(v)) return v;
    return this.refuse(
      `input ${index} (${this.inputName(index)}) must be a constant of the file`,
      'export with weights and shapes as initialisers (constant folding on)',
      'MODEL-014',
    );
  }

  floats32(index: number): Float32Constant {
    const v = this.constant(index);
    if (v.dtype === 'float32') return v;
    return this.refuse(`input ${index} must be float32`, 'export the model in float32', 'MODEL-006');
  }

  integers(index: number): number[] {
    const v = this.constant(index);
    if (v.dtype === 'int64') return Array.from(v.data);
    return this.refuse(
      `input ${index} must be int64`,
      'the file is not valid ONNX; export it again',
      'MODEL-006',
    );
  }

  int(name: string, missing: number): number {
    const a = this.attribute(name, I);
    return a ? toInteger(a.i, this.name) : missing;
  }

  flag(name: string): boolean {
    return this.int(name, 0) !== 0;
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

  ints(name: string): number[] | undefined {
    return this.attribute(name, INTS)?.ints.map((v) => toInteger(v, this.name));
  }

  /** Exactly `count` integers of at least `min`, all `missing` where the attribute is absent. */
  sizes(name: string, count: number, min: number, missing: number): number[] {
    const v = this.ints(name) ?? new Array<number>(count).fill(missing);
    if (v.length === count && v.every((x) => x >= min)) return v;
    const expected = `${count} integers of at least ${min}`;
    return this.refuse(`attribute ${name} is [${v.join(', ')}], expected ${expected}`, 'export it as 2-D');
  }

  /** The value of a Constant node. */
  literal(): Constant {
    const t = this.attribute('value', T);
    if (t?.t) return readTensor(t.t, this.name);
    if (this.attribute('value_float', F) || this.attribute('value_floats', FLOATS)) {
      const one = this.attribute('value_float', F);
      const data = Float32Array.from(one ? [one.f] : this.attribute('value_floats', FLOATS)!.floats);
      requireFinite(data, this.name);
      return { dtype: 'float32', shape: one ? [] : [data.length], data };
    }
    const one = this.attribute('value_int', I);
    const many = one ? [toInteger(one.i, this.name)] : this.ints('value_ints');
    if (!many) return this.refuse('holds no number', 'strings and sparse tensors are not read', 'MODEL-006');
    return { dtype: 'int64', shape: one ? [] : [many.length], data: Float64Array.from(many) };
  }

  /** Adds a node of the Model whose output has this shape. */
  emit(shape: readonly number[], make: (base: { name: string; output: number }) => DraftNode): void {
    const out = addTensor(this.draft, this.outputs[0] ?? this.name, shape);
    this.draft.nodes.push(make({ name: this.name, output: out.id }));
    this.bind(out);
  }

  /** Says that the first output is this value: no node is needed. */
  bind(value: Value): void {
    const name = this.outputs[0] ?? '';
    if (name === '') this.refuse('has no output', 'the file is not valid ONNX; export it again', 'MODEL-010');
    this.values.set(name, value);
  }

  /** Id of a constant as a tensor of the Model. Checked again: alpha and beta may have made it infinite. */
  initialiser(name: string, shape: readonly number[], data: Float32Array): number {
    requireFinite(data, name);
    return addTensor(this.draft, name, shape, data).id;
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
