import type { Operators, OpName, TensorData } from '../types.ts';
import type { Tensor, TensorType } from '../tensor.ts';

/** All that is known about one operator of the Model (types.ts has its inputs and attributes). */
export interface Operator<K extends OpName> {
  /** One line for the table of operators. */
  readonly does: string;
  /** Types of the outputs; throws Misfit where inputs and attributes do not go together. */
  infer(inputs: readonly TensorType[], attributes: Operators[K]['attributes']): readonly TensorType[];
  /** Values of the outputs, whose types infer gave. Sums in double, each result rounded to its type. */
  run(
    inputs: readonly Tensor[],
    attributes: Operators[K]['attributes'],
    outputs: readonly TensorType[],
  ): TensorData[];
  /** Multiply-accumulates where they are more than the elements of inputs and outputs. */
  macs?(inputs: readonly TensorType[], output: TensorType): number;
}

export type OperatorsOf<K extends OpName> = { readonly [P in K]: Operator<P> };

/** Shapes (MODEL-013) or types (MODEL-006) that do not fit; the builder knows the node. */
export class Misfit extends Error {
  readonly code: string;
  constructor(message: string, code = 'MODEL-013') {
    super(message);
    this.name = 'Misfit';
    this.code = code;
  }
}

export function fit(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Misfit(message);
}

export const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

export function fitFloats(...tensors: readonly (TensorType | undefined)[]): void {
  for (const t of tensors) {
    if (t && t.dtype !== 'float32') throw new Misfit(`an operand is ${t.dtype}, not float32`, 'MODEL-006');
  }
}
