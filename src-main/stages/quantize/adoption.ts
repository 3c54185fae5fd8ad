/** What all parts of adopt share: the graph while it is built, and its refusals. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { IntegerModel, IntegerNode, IntegerTensor } from '../model/index.ts';
import { toMultiplier } from './multiplier.ts';
import type { Multiplier, QuantOp, QuantTensor } from './types.ts';

export type Triple = readonly [number, number, number];

export class Adoption {
  readonly model: IntegerModel;
  readonly tensors: QuantTensor[] = [];
  readonly ops: QuantOp[] = [];
  readonly diagnostics: Diagnostic[] = [];
  /** Graph tensor of each model tensor. */
  readonly #held = new Map<number, number>();

  constructor(model: IntegerModel) {
    this.model = model;
  }

  /** The file's tensor. */
  source(node: IntegerNode, input: number): IntegerTensor {
    return this.model.tensors[node.inputs[input]!]!;
  }

  /** A constant input of the wanted type. */
  constant<T extends 'int8' | 'int32'>(
    node: IntegerNode,
    input: number,
    dtype: T,
  ): IntegerTensor & { data: T extends 'int8' ? Int8Array : Int32Array } {
    const tensor = this.source(node, input);
    if (tensor.data && tensor.dtype === dtype) return tensor as never;
    return refuse('QUANT-031', node, `input ${input} must be a constant of ${dtype}`);
  }

  /** The graph's tensor of an input, int8 and computed; where allowed, a constant. */
  input(node: IntegerNode, input: number, constant: 'computed' | 'any' = 'computed'): number {
    const id = node.inputs[input]!;
    if (constant === 'computed' && this.model.tensors[id]!.data) {
      refuse('QUANT-006', node, 'reads a constant as data');
    }
    const { dtype } = this.model.tensors[id]!;
    const isRight = dtype === 'int8' || node.op === 'QUANTIZE';
    if (!isRight) refuse('QUANT-031', node, `input ${input} is ${dtype}, not int8`);
    return this.tensor(id);
  }

  output(node: IntegerNode): number {
    return this.tensor(node.outputs[0]!);
  }

  /** The graph's tensor of a model tensor, made when first asked for. */
  tensor(id: number): number {
    const held = this.#held.get(id);
    if (held !== undefined) return held;
    const { name, dtype, shape: modelShape, scales, zeroPoints, data } = this.model.tensors[id]!;
    const zeroPoint = zeroPoints[0] ?? 0;
    const count = modelShape.reduce((a, b) => a * b, 1);
    if (dtype === 'float32' && !data) {
      this.tensors.push({ name, dtype, shape: [1, 1, count], modelShape, scale: 1, zeroPoint: 0 });
    } else {
      if (dtype !== 'int8' || scales.length !== 1 || !(zeroPoint >= -128 && zeroPoint <= 127)) {
        const found = `${dtype}, ${scales.length} scales, zero point ${zeroPoint}`;
        throw new IngotError('QUANT-032', `no int8 activation with one scale: ${found}`, {
          place: name,
          remedy: 'quantise the model again, activations per tensor',
        });
      }
      const shape = rowMajorShape(modelShape);
      const constant = data === undefined ? {} : { data: data as Int8Array };
      this.tensors.push({ name, dtype, shape, modelShape, scale: scales[0]!, zeroPoint, ...constant });
    }
    this.#held.set(id, this.tensors.length - 1);
    return this.tensors.length - 1;
  }

  remark(code: string, node: IntegerNode, message: string): void {
    this.diagnostics.push({ code, severity: 'info', place: node.name, message });
  }
}

/** Codes QUANT-006, 030 (shapes), 031 (form not read), 032 (scales that TFLM refuses). */
export function refuse(code: string, node: IntegerNode, message: string): never {
  throw new IngotError(code, `${node.op}: ${message}`, {
    place: node.name,
    remedy: 'convert the model again with standard int8 quantisation and batch 1, or leave the operator out',
  });
}

export function refuseUnless(condition: boolean, code: string, node: IntegerNode, message: string): void {
  if (!condition) refuse(code, node, message);
}

/** The last three dimensions, where all before are 1; else a vector. The bytes are the same. */
export function rowMajorShape(shape: readonly number[]): Triple {
  const padded = [1, 1, 1, ...shape];
  const last = padded.slice(-3) as [number, number, number];
  const isBatchOne = padded.slice(0, -3).every((d) => d === 1);
  return isBatchOne ? last : [1, 1, shape.reduce((a, b) => a * b, 1)];
}

/** Fused activation as clamps of the output: TFLM's CalculateActivationRangeQuantized, quotients in float32. */
export function clampsOf(
  activation: string,
  output: QuantTensor,
  node: IntegerNode,
): { clampMin: number; clampMax: number } {
  const at = (v: number): number => {
    const quotient = Math.fround(v / output.scale);
    return output.zeroPoint + (quotient < 0 ? -Math.round(-quotient) : Math.round(quotient));
  };
  const bounds: Record<string, readonly [number, number]> = {
    none: [-128, 127],
    relu: [at(0), 127],
    reluN1To1: [at(-1), at(1)],
    relu6: [at(0), at(6)],
  };
  const range = bounds[activation] ?? refuse('QUANT-031', node, `fused ${activation} is not read`);
  return { clampMin: Math.max(-128, range[0]), clampMax: Math.min(127, range[1]) };
}

/** A factor that TFLM's kernel demands to be below 1 (QuantizeMultiplierSmallerThanOneExp). */
export function belowOne(real: number, node: IntegerNode): Multiplier {
  const m = toMultiplier(real);
  refuseUnless(
    real > 0 && real < 1 && m.shift <= 0,
    'QUANT-032',
    node,
    `a factor is ${real}, TFLM needs 0 … 1`,
  );
  return m;
}

export function requireSameScale(node: IntegerNode, a: QuantTensor, b: QuantTensor, tolerance: number): void {
  const isSame = Math.abs(a.scale - b.scale) <= tolerance && a.zeroPoint === b.zeroPoint;
  refuseUnless(
    isSame,
    'QUANT-032',
    node,
    `changes the scale from ${a.scale} to ${b.scale}, or the zero point`,
  );
}
