import type { Constant, GraphBuilder, Value } from '../build/builder.ts';
import { isConstant } from '../build/builder.ts';
import { axesIn, axisIn } from '../build/shapes.ts';

import type { DType } from '../types.ts';
import type { Json } from './json.ts';
import { elementOf } from './read-pt2.ts';

/** What a name of the graph stands for: a tensor, several, or a number known at import. */
export type Bound = Value | number | readonly Value[];

export interface Environment {
  readonly get: (name: string) => Bound | undefined;
  readonly set: (name: string, value: Bound) => void;
  readonly isRead: (name: string) => boolean;
}

/** One node of an exported program as its reader sees it: arguments by name, with PyTorch's defaults. */
export class AtenNode {
  readonly b: GraphBuilder;
  /** `conv2d.default` of `torch.ops.aten.conv2d.default`. */
  readonly overload: string;
  private readonly args = new Map<string, Json>();
  private readonly outputs: readonly Json[];
  private readonly env: Environment;

  constructor(node: Json, b: GraphBuilder, env: Environment, overload: string) {
    this.b = b;
    this.env = env;
    this.overload = overload;
    for (const input of node.get('inputs').list())
      this.args.set(input.get('name').string(), input.get('arg'));
    this.outputs = node.get('outputs').list();
  }

  refuse(message: string, remedy: string, code?: string): never {
    return this.b.refuse(message, remedy, code);
  }

  /** True where the argument is given and not None. */
  has(name: string): boolean {
    const arg = this.args.get(name);
    return arg !== undefined && !arg.has('as_none');
  }

  tensor(name: string): Value {
    const value = this.bound(name);
    if (typeof value === 'object' && !Array.isArray(value)) return value as Value;
    return this.refuse(`argument ${name} is no tensor`, 'export the model again', 'MODEL-044');
  }

  optional(name: string): Value | undefined {
    return this.has(name) ? this.tensor(name) : undefined;
  }

  constant(name: string): Constant {
    const value = this.tensor(name);
    if (isConstant(value)) return value;
    return this.refuse(`argument ${name} must be a parameter or buffer`, 'keep it constant', 'MODEL-014');
  }

  optionalConstant(name: string): Constant | undefined {
    return this.has(name) ? this.constant(name) : undefined;
  }

  /** A tensor, or a number as a scalar of the type that goes with `beside`. */
  operand(name: string, beside?: Value): Value {
    const arg = this.arg(name);
    const kind = ['as_int', 'as_float', 'as_bool', 'as_sym_int'].find((k) => arg.has(k));
    if (!kind) return this.tensor(name);
    if (kind === 'as_bool') return this.b.constant('bool', [], [arg.get(kind).boolean() ? 1 : 0]);
    const isFloat = kind === 'as_float' || beside?.dtype === 'float32';
    return this.b.scalar(this.number(name), isFloat ? 'float32' : 'int64');
  }

  tensors(name: string): Value[] {
    const arg = this.arg(name);
    if (arg.has('as_tensors'))
      return arg
        .get('as_tensors')
        .list()
        .map((t) => this.lookup(t.get('name').string()));
    const value = this.bound(name);
    if (Array.isArray(value)) return [...(value as readonly Value[])];
    return this.refuse(`argument ${name} is no list of tensors`, 'export the model again', 'MODEL-044');
  }

  number(name: string, missing?: number): number {
    if (!this.has(name)) return missing ?? this.missing(name);
    const arg = this.arg(name);
    if (arg.has('as_float')) return arg.get('as_float').number();
    if (arg.has('as_bool')) return arg.get('as_bool').boolean() ? 1 : 0;
    return this.int(name);
  }

  int(name: string, missing?: number): number {
    if (!this.has(name)) return missing ?? this.missing(name);
    const arg = this.arg(name);
    if (arg.has('as_sym_int')) return this.symbolic(arg.get('as_sym_int'));
    return arg.get('as_int').integer();
  }

  ints(name: string, missing?: readonly number[]): number[] {
    if (!this.has(name)) return [...(missing ?? [this.missing(name)])];
    const arg = this.arg(name);
    if (arg.has('as_int')) return [arg.get('as_int').integer()];
    if (arg.has('as_sym_ints'))
      return arg
        .get('as_sym_ints')
        .list()
        .map((s) => this.symbolic(s));
    return arg
      .get('as_ints')
      .list()
      .map((v) => v.integer());
  }

  floats(name: string): number[] {
    return this.arg(name)
      .get('as_floats')
      .list()
      .map((v) => v.number());
  }

  /** One value per spatial axis; a single one stands for all. */
  spatial(name: string, rank: number, missing: number): number[] {
    const given = this.ints(name, [missing]);
    const filled = given.length === 0 ? [missing] : given;
    const all = filled.length === 1 ? new Array<number>(rank).fill(filled[0]!) : filled;
    if (all.length === rank) return all;
    return this.refuse(`${name} [${given.join(', ')}] for ${rank} axes`, 'check the model', 'MODEL-013');
  }

  bool(name: string, missing = false): boolean {
    if (!this.has(name)) return missing;
    return this.arg(name).get('as_bool').boolean();
  }

  string(name: string, missing: string): string {
    return this.has(name) ? this.arg(name).get('as_string').string() : missing;
  }

  dtype(name: string): DType | undefined {
    if (!this.has(name)) return undefined;
    return elementOf(this.arg(name).get('as_scalar_type').integer(), this.b.place).dtype;
  }

  axis(name: string, rank: number, missing?: number): number {
    return rank === 0 ? 0 : axisIn(this.b, this.int(name, missing), rank);
  }

  /** Axes of a reduction: all where none is given. */
  axes(name: string, rank: number): number[] {
    const given = this.has(name) ? this.ints(name) : [];
    return given.length === 0 ? Array.from({ length: rank }, (_, i) => i) : axesIn(this.b, given, rank);
  }

  /** Says what the outputs are; those left out must not be read by anyone. */
  bind(...values: readonly (Value | number)[]): void {
    const names = this.outputs.flatMap((o) => this.outputNames(o));
    names.forEach((name, i) => {
      const value = values[i];
      if (value === undefined) {
        if (this.env.isRead(name))
          this.refuse(`output ${i} (${name}) is not computed`, 'do not use this output');
        return;
      }
      if (typeof value !== 'number') this.b.nameValue(value, name);
      this.env.set(name, value);
    });
  }

  /** Several tensors as the one list that the node returns. */
  bindList(values: readonly Value[]): void {
    const [first] = this.outputs;
    if (first?.has('as_tensor')) return this.env.set(first.get('as_tensor').get('name').string(), values);
    this.bind(...values);
  }

  private outputNames(output: Json): string[] {
    if (output.has('as_tensor')) return [output.get('as_tensor').get('name').string()];
    if (output.has('as_tensors'))
      return output
        .get('as_tensors')
        .list()
        .map((t) => t.get('name').string());
    if (output.has('as_sym_int')) return [output.get('as_sym_int').get('as_name').string()];
    return [];
  }

  private arg(name: string): Json {
    const arg = this.args.get(name);
    if (arg) return arg;
    this.missing(name);
  }

  private missing(name: string): never {
    return this.refuse(
      `argument ${name} is missing`,
      'the file is damaged; export the model again',
      'MODEL-044',
    );
  }

  private symbolic(s: Json): number {
    if (s.has('as_int')) return s.get('as_int').integer();
    const name = s.get('as_name').string();
    const value = this.env.get(name);
    if (typeof value === 'number') return value;
    return this.refuse(`size ${name} is not known`, 'export with fixed sizes', 'MODEL-005');
  }

  private lookup(name: string): Value {
    const value = this.env.get(name);
    if (typeof value === 'object' && !Array.isArray(value)) return value as Value;
    return this.refuse(`${name} is no tensor`, 'the file is damaged; export the model again', 'MODEL-010');
  }

  private bound(name: string): Bound {
    const arg = this.arg(name);
    const inner = arg.has('as_optional_tensor') ? arg.get('as_optional_tensor') : arg;
    const wanted = inner.get('as_tensor').get('name').string();
    const value = this.env.get(wanted);
    if (value !== undefined) return value;
    return this.refuse(
      `nothing defines ${wanted}`,
      'the file is damaged; export the model again',
      'MODEL-010',
    );
  }
}

/** How far a type reaches in PyTorch's promotion: bool, integers, floats. */
const RANK: Record<DType, number> = {
  bool: 0,
  uint8: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 3,
  int64: 4,
  float32: 5,
};

/** Both operands in the type that PyTorch promotes them to. */
export function promoted(b: GraphBuilder, x: Value, y: Value): [Value, Value] {
  if (x.dtype === y.dtype) return [x, y];
  // A number beside a tensor changes its type only from integer to float.
  const isWider =
    RANK[x.dtype] >= RANK[y.dtype] || (y.shape.length === 0 && y.dtype === 'int64' && x.dtype !== 'bool');
  const to = isWider ? x.dtype : y.dtype;
  const as = (v: Value): Value => (v.dtype === to ? v : b.add('Cast', [v], { to }));
  return [as(x), as(y)];
}
