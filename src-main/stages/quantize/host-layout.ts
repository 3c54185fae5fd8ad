/** Host operators that only move bytes: concat, pad, transpose, slice, of any rank, row major. */
import type { ConcatOp, PadOp, SliceOp, TransposeOp } from './types.ts';

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Elements from one index to the next along each dimension. */
function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, axis) => product(dims.slice(axis + 1)));
}

/** Calls with each place of a box of `sizes`: its number, and first + Σ index · steps. */
function forEachPlace(
  sizes: readonly number[],
  first: number,
  steps: readonly number[],
  visit: (number: number, at: number) => void,
): void {
  let number = 0;
  const walk = (axis: number, at: number): void => {
    if (axis === sizes.length) return visit(number++, at);
    for (let i = 0; i < sizes[axis]!; i++) walk(axis + 1, at + i * steps[axis]!);
  };
  walk(0, first);
}

export function concat(op: ConcatOp, inputs: readonly Int8Array[]): Int8Array {
  const row = op.chunks.reduce((a, b) => a + b, 0);
  const out = new Int8Array(op.outer * row);
  let from = 0;
  inputs.forEach((x, i) => {
    const chunk = op.chunks[i]!;
    for (let o = 0; o < op.outer; o++) out.set(x.subarray(o * chunk, (o + 1) * chunk), o * row + from);
    from += chunk;
  });
  return out;
}

export function pad(op: PadOp, x: Int8Array): Int8Array {
  const outDims = op.dims.map((d, i) => d + op.before[i]! + op.after[i]!);
  const steps = stridesOf(outDims);
  const out = new Int8Array(product(outDims)).fill(op.value);
  const first = op.before.reduce((sum, b, i) => sum + b * steps[i]!, 0);
  forEachPlace(op.dims, first, steps, (number, at) => (out[at] = x[number]!));
  return out;
}

export function transpose(op: TransposeOp, x: Int8Array): Int8Array {
  const steps = stridesOf(op.dims);
  const out = new Int8Array(x.length);
  const sizes = op.permutation.map((p) => op.dims[p]!);
  forEachPlace(
    sizes,
    0,
    op.permutation.map((p) => steps[p]!),
    (number, at) => (out[number] = x[at]!),
  );
  return out;
}

export function slice(op: SliceOp, x: Int8Array): Int8Array {
  const steps = stridesOf(op.dims);
  const out = new Int8Array(product(op.sizes));
  const first = op.begin.reduce((sum, b, i) => sum + b * steps[i]!, 0);
  const jumps = steps.map((s, i) => s * op.strides[i]!);
  forEachPlace(op.sizes, first, jumps, (number, at) => (out[number] = x[at]!));
  return out;
}
