/** Reshaping and moving, in as few kinds of node as possible; for the readers of every format. */
import { elementCount } from '../limits.ts';
import { sameShape, sizeOf } from '../tensor.ts';
import type { GraphBuilder, Value } from './builder.ts';
import { countOf, isConstant } from './builder.ts';

export const describe = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Axis in 0 … rank-1 (or … rank with `isEndAllowed`), negative ones counted from the back. */
export function axisIn(b: GraphBuilder, axis: number, rank: number, isEndAllowed = false): number {
  const a = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(a) && a >= 0 && (a < rank || (isEndAllowed && a === rank))) return a;
  return b.refuse(`axis ${axis} is out of range`, 'the file may be damaged; export it again', 'MODEL-013');
}

/** Several axes, ascending, each once. */
export function axesIn(b: GraphBuilder, axes: readonly number[], rank: number): number[] {
  const unique = new Set(axes.map((a) => axisIn(b, a, rank)));
  if (unique.size !== axes.length) b.refuse('an axis is named twice', 'check the model', 'MODEL-013');
  return [...unique].sort((p, q) => p - q);
}

/** The same elements under another shape. */
export function reshape(b: GraphBuilder, x: Value, shape: readonly number[]): Value {
  if (elementCount(shape, b.place) !== countOf(x)) {
    b.refuse(`${describe(x.shape)} cannot become ${describe(shape)}`, 'check the model', 'MODEL-013');
  }
  if (sameShape(x.shape, shape)) return x;
  return isConstant(x) ? { ...x, shape } : b.add('Reshape', [x], { shape });
}

/** A wanted shape whose one -1 takes what is left. */
export function resolveShape(b: GraphBuilder, x: Value, wanted: readonly number[]): number[] {
  const shape = [...wanted];
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = elementCount(
      shape.filter((_, i) => i !== free),
      b.place,
    );
    shape[free] = rest > 0 ? Math.floor(countOf(x) / rest) : 0;
  }
  return shape;
}

/** Transpose; a Reshape where only axes of size 1 move. */
export function transpose(b: GraphBuilder, x: Value, perm: readonly number[]): Value {
  const rank = x.shape.length;
  const isPermutation = perm.length === rank && x.shape.every((_, i) => perm.includes(i));
  if (!isPermutation) b.refuse(`${describe(perm)} is no permutation`, 'export again', 'MODEL-013');
  const moved = perm.filter((i) => x.shape[i] !== 1);
  if (moved.every((v, i) => i === 0 || v > moved[i - 1]!)) {
    const shape = perm.map((i) => x.shape[i]!);
    return reshape(b, x, shape);
  }
  return b.add('Transpose', [x], { perm });
}

export interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Parts of axes as NumPy's x[start:end:step] takes them: bounds count from the end if negative and are cut. */
export function slice(b: GraphBuilder, x: Value, ranges: readonly Range[]): Value {
  const starts = x.shape.map(() => 0);
  const steps = x.shape.map(() => 1);
  const sizes = [...x.shape];
  for (const { axis, start, end, step } of ranges) {
    const size = x.shape[axis]!;
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const cut = (v: number): number => Math.min(Math.max(v < 0 ? v + size : v, low), high);
    // "To the beginning" cannot be said with an index from the end; files write a huge negative one.
    const [from, to] = [cut(start), end < -size ? low : cut(end)];
    if (!Number.isInteger(step) || step === 0) b.refuse(`step ${step}`, 'check the model', 'MODEL-013');
    starts[axis] = from;
    steps[axis] = step;
    sizes[axis] = Math.max(0, Math.ceil((to - from) / step));
    if (sizes[axis] === 0) starts[axis] = 0;
  }
  if (sameShape(sizes, x.shape) && steps.every((s) => s === 1)) return x;
  return b.add('Slice', [x], { starts, steps, sizes });
}

/** Consecutive parts of one axis. */
export function split(b: GraphBuilder, x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.reduce((p, q) => p + q, 0) !== x.shape[axis]! || sizes.some((s) => !(s >= 0))) {
    b.refuse(`parts ${describe(sizes)} of an axis of ${x.shape[axis]}`, 'check the model', 'MODEL-013');
  }
  let start = 0;
  return sizes.map((size) => slice(b, x, [{ axis, start, end: (start += size), step: 1 }]));
}

/** One index of an axis, which vanishes. */
export function select(b: GraphBuilder, x: Value, axis: number, index: number): Value {
  const size = x.shape[axis]!;
  const at = index < 0 ? index + size : index;
  if (!(at >= 0 && at < size))
    b.refuse(`index ${index} of an axis of ${size}`, 'check the model', 'MODEL-013');
  const part = slice(b, x, [{ axis, start: at, end: at + 1, step: 1 }]);
  return reshape(b, part, [...x.shape.slice(0, axis), ...x.shape.slice(axis + 1)]);
}

export function squeeze(b: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return reshape(
    b,
    x,
    x.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** New axes of size 1 at these places of the result. */
export function unsqueeze(b: GraphBuilder, x: Value, given: readonly number[]): Value {
  const rank = x.shape.length + given.length;
  const shape = [...x.shape];
  for (const a of axesIn(b, given, rank)) shape.splice(a, 0, 1);
  return reshape(b, x, shape);
}

/** Expand to what `shape` and x broadcast to. */
export function expand(b: GraphBuilder, x: Value, shape: readonly number[]): Value {
  return sameShape(x.shape, shape) ? x : b.add('Expand', [x], { shape });
}

/** Repeats along each axis: a new axis before each, expanded, then merged. */
export function tile(b: GraphBuilder, x: Value, repeats: readonly number[]): Value {
  if (repeats.length !== x.shape.length || !repeats.every((r) => Number.isInteger(r) && r >= 0)) {
    b.refuse(`repeats ${describe(repeats)} of ${describe(x.shape)}`, 'check the model', 'MODEL-013');
  }
  if (repeats.every((r) => r === 1)) return x;
  const apart = reshape(
    b,
    x,
    x.shape.flatMap((d) => [1, d]),
  );
  const wide = expand(
    b,
    apart,
    x.shape.flatMap((d, i) => [repeats[i]!, d]),
  );
  return reshape(
    b,
    wide,
    x.shape.map((d, i) => d * repeats[i]!),
  );
}

export function concat(b: GraphBuilder, parts: readonly Value[], axis: number): Value {
  const filled = parts.filter((p) => countOf(p) > 0);
  const kept = filled.length > 0 ? filled : parts.slice(0, 1);
  return kept.length === 1 ? kept[0]! : b.add('Concat', kept, { axis });
}

/** Everything from `axis` on merged into one axis, everything before into another. */
export function flatten(b: GraphBuilder, x: Value, axis: number): Value {
  return reshape(b, x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
}

/** Borders of one size per axis; negative ones cut off. */
export function pad(
  b: GraphBuilder,
  x: Value,
  before: readonly number[],
  after: readonly number[],
  mode: 'constant' | 'reflect' | 'edge' | 'wrap',
  value: number,
): Value {
  const ranges = x.shape.flatMap((size, axis): Range[] => {
    const start = Math.max(0, -before[axis]!);
    const end = size - Math.max(0, -after[axis]!);
    return start > 0 || end < size ? [{ axis, start, end: Math.max(start, end), step: 1 }] : [];
  });
  const cut = ranges.length > 0 ? slice(b, x, ranges) : x;
  const positive = (p: readonly number[]): number[] => p.map((v) => Math.max(v, 0));
  if ([...before, ...after].every((v) => v <= 0)) return cut;
  return b.add('Pad', [cut], { mode, before: positive(before), after: positive(after), value });
}
