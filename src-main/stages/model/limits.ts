import { IngotError } from '../../base/diagnostic.ts';

/** No tensor may have more elements: 1 GiB of float32, far beyond any chip this tool lays out. */
const TENSOR_ELEMENTS_MAX = 2 ** 28;
/** Nor more axes: far beyond any model, and what is done per axis stays cheap. */
const RANK_MAX = 64;

/** Number of elements of a shape, [] being a scalar. Throws MODEL-007 where no sane tensor has that shape. */
export function elementCount(shape: readonly number[], place: string): number {
  if (shape.length > RANK_MAX) {
    throw new IngotError('MODEL-007', `a shape of ${shape.length} axes`, {
      place,
      remedy: `use tensors of at most ${RANK_MAX} axes; the file may be damaged`,
    });
  }
  let count = 1;
  for (const d of shape) {
    const isSize = Number.isSafeInteger(d) && d >= 0;
    count *= isSize ? d : NaN;
    if (!isSize || count > TENSOR_ELEMENTS_MAX) {
      throw new IngotError('MODEL-007', `shape [${shape.join(', ')}] is negative or too large`, {
        place,
        remedy: `use tensors of at most ${TENSOR_ELEMENTS_MAX} elements; the file may be damaged`,
      });
    }
  }
  return count;
}

/** An int64 of the file as a number; beyond 2^53 it cannot be a size, stride or index. */
export function toInteger(value: bigint, place: string): number {
  const n = Number(value);
  if (Number.isSafeInteger(n)) return n;
  throw new IngotError('MODEL-007', `integer ${value} is out of range`, {
    place,
    remedy: 'the file may be damaged; export the model again',
  });
}

/** An int64 value as a number; beyond what doubles hold exactly, the largest that they do. */
export function saturatedInteger(value: bigint): number {
  const n = Number(value);
  return Math.min(Math.max(n, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
