/** Numeric arrays of one shape cut into samples of the model's. */
import { IngotError } from '../../../base/diagnostic.ts';
import type { SampleShape } from './types.ts';
import { refuse, text } from './refuse.ts';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
/** Without dimensions of 1: what must agree for two shapes to mean the same order of values. */
const core = (shape: readonly number[]): string => text(shape.filter((d) => d !== 1));

/**
 * [samples, ...shape], [samples, values] or, for one sample, the shape alone; dimensions of 1 do not matter.
 * DATA-002 names both shapes, DATA-003: no sample, DATA-004: not finite.
 */
export function cut(
  place: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  input: SampleShape,
): Float32Array[] {
  const wanted = input.shape[0] === 1 ? input.shape.slice(1) : input.shape;
  const size = sizeOf(wanted);
  const rest = shape.slice(1);
  const isStack = core(rest) === core(wanted) || (rest.length === 1 && rest[0] === size);
  const isOne = core(shape) === core(wanted) && !(isStack && shape[0] === 1);
  if (values.length === 0) refuse('DATA-003', place, 'there is no sample', 'give at least one sample');
  if (!isStack && !isOne) {
    refuse(
      'DATA-002',
      place,
      `shape ${text(shape)} does not fit input ${input.name} of shape ${text(input.shape)}`,
      `give an array of shape ${text(['samples', ...wanted] as unknown as number[])}`,
    );
  }
  const count = isStack ? shape[0]! : 1;
  return Array.from({ length: count }, (_, i) => {
    const sample = new Float32Array(size);
    for (let k = 0; k < size; k++) sample[k] = values[i * size + k]!;
    return finite(place, sample, i);
  });
}

export function finite(place: string, sample: Float32Array, index: number): Float32Array {
  for (const v of sample) {
    if (Number.isFinite(v)) continue;
    const message = `sample ${index} holds a value that is not a finite number`;
    throw new IngotError('DATA-004', message, { place, remedy: 'leave that sample out' });
  }
  return sample;
}

/** Whole numbers from 0 as classes. DATA-005. */
export function asLabels(place: string, values: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: values.length }, (_, i) => {
    const v = values[i]!;
    if (Number.isInteger(v) && v >= 0 && v < 2 ** 31) return v;
    return refuse('DATA-005', place, `label ${i} is ${v}`, 'give classes as whole numbers from 0');
  });
}
