/** Operators that move elements and compute nothing. */
import { elementCount } from '../limits.ts';
import type { OperatorsOf } from './operator.ts';
import { fit, text } from './operator.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import {
  allocate,
  broadcastIndices,
  broadcastShape,
  pick,
  sameShape,
  sizeOf,
  stridesOf,
  viewIndices,
} from '../tensor.ts';
import type { NodeOf } from '../types.ts';

function isPermutation(perm: readonly number[], rank: number): boolean {
  return (
    perm.length === rank &&
    new Set(perm).size === rank &&
    perm.every((p) => Number.isInteger(p) && p >= 0 && p < rank)
  );
}

/** Source index of every position along one padded axis, -1 for the constant. */
function paddedAxis(size: number, before: number, after: number, mode: string): Int32Array {
  const out = new Int32Array(before + size + after);
  for (let i = 0; i < out.length; i++) {
    const at = i - before;
    if (at >= 0 && at < size) out[i] = at;
    else if (mode === 'constant') out[i] = -1;
    else if (mode === 'edge') out[i] = at < 0 ? 0 : size - 1;
    else if (mode === 'wrap') out[i] = ((at % size) + size) % size;
    else {
      // Reflected at both ends without repeating them, as often as needed.
      const period = Math.max(2 * (size - 1), 1);
      const phase = ((at % period) + period) % period;
      out[i] = phase < size ? phase : period - phase;
    }
  }
  return out;
}

function pad(x: Tensor, a: NodeOf<'Pad'>['attributes'], y: TensorType): ReturnType<typeof pick> {
  const axes = x.shape.map((size, i) => paddedAxis(size, a.before[i]!, a.after[i]!, a.mode));
  const strides = stridesOf(x.shape);
  const out = allocate(x.dtype, sizeOf(y.shape)).fill(a.value);
  const position = new Int32Array(y.shape.length);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let axis = 0; axis < position.length && from >= 0; axis++) {
      const at = axes[axis]![position[axis]!]!;
      from = at < 0 ? -1 : from + at * strides[axis]!;
    }
    if (from >= 0) out[i] = x.data[from]!;
    for (let axis = position.length - 1; axis >= 0; axis--) {
      if (++position[axis]! < y.shape[axis]!) break;
      position[axis] = 0;
    }
  }
  return out;
}

function gather(x: Tensor, indices: Tensor, axis: number): ReturnType<typeof pick> {
  const outer = sizeOf(x.shape.slice(0, axis));
  const size = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const out = allocate(x.dtype, outer * indices.data.length * inner);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < indices.data.length; i++) {
      const given = indices.data[i]!;
      // What lies outside is a fault of the data; the nearest element keeps the run defined.
      const index = Math.min(Math.max(given < 0 ? given + size : given, 0), size - 1);
      const from = (o * size + index) * inner;
      for (let k = 0; k < inner; k++) out[to++] = x.data[from + k]!;
    }
  }
  return out;
}

/** [n, c, h, w] as [n, blocks…] seen in another order of its axes. */
function blocks(x: Tensor, split: readonly number[], perm: readonly number[]): ReturnType<typeof pick> {
  const strides = stridesOf(split);
  return pick(
    x,
    viewIndices(
      perm.map((p) => split[p]!),
      perm.map((p) => strides[p]!),
    ),
  );
}

export const MOVING: OperatorsOf<
  'Reshape' | 'Transpose' | 'Concat' | 'Slice' | 'Gather' | 'Expand' | 'Pad' | 'DepthToSpace' | 'SpaceToDepth'
> = {
  Reshape: {
    does: 'the same elements under another shape',
    infer([x], { shape }) {
      const isSame = elementCount(shape, 'shape') === sizeOf(x!.shape);
      fit(isSame, `${text(x!.shape)} cannot become ${text(shape)}`);
      return [{ dtype: x!.dtype, shape }];
    },
    run: ([x]) => [x!.data],
  },
  Transpose: {
    does: 'axes in another order',
    infer([x], { perm }) {
      fit(isPermutation(perm, x!.shape.length), `${text(perm)} is no permutation of ${x!.shape.length} axes`);
      return [{ dtype: x!.dtype, shape: perm.map((p) => x!.shape[p]!) }];
    },
    run([x], { perm }, [y]) {
      const strides = stridesOf(x!.shape);
      return [
        pick(
          x!,
          viewIndices(
            y!.shape,
            perm.map((p) => strides[p]!),
          ),
        ),
      ];
    },
  },
  Concat: {
    does: 'one after the other along an axis',
    infer(inputs, { axis }) {
      const [first] = inputs as [TensorType];
      const rank = first.shape.length;
      fit(Number.isInteger(axis) && axis >= 0 && axis < rank, `axis ${axis} of shape ${text(first.shape)}`);
      for (const t of inputs) {
        const isFit = t.dtype === first.dtype && t.shape.length === rank;
        fit(
          isFit && t.shape.every((d, i) => i === axis || d === first.shape[i]),
          `${text(t.shape)} beside ${text(first.shape)}`,
        );
      }
      const total = inputs.reduce((sum, t) => sum + t.shape[axis]!, 0);
      return [{ dtype: first.dtype, shape: first.shape.map((d, i) => (i === axis ? total : d)) }];
    },
    run(inputs, { axis }, [y]) {
      const out = allocate(y!.dtype, sizeOf(y!.shape));
      const outer = sizeOf(y!.shape.slice(0, axis));
      let to = 0;
      for (let o = 0; o < outer; o++) {
        for (const t of inputs) {
          const size = t.data.length / outer;
          out.set(t.data.subarray(o * size, (o + 1) * size), to);
          to += size;
        }
      }
      return [out];
    },
  },
  Slice: {
    does: 'part of each axis, with a step',
    infer([x], { starts, steps, sizes }) {
      const { shape } = x!;
      const isFit = [starts, steps, sizes].every((v) => v.length === shape.length);
      fit(isFit, `${starts.length} starts for shape ${text(shape)}`);
      shape.forEach((d, i) => {
        const last = starts[i]! + steps[i]! * (sizes[i]! - 1);
        const isInside = sizes[i] === 0 || (starts[i]! >= 0 && starts[i]! < d && last >= 0 && last < d);
        fit(
          steps[i] !== 0 && sizes[i]! >= 0 && isInside,
          `axis ${i} of ${text(shape)} from ${starts[i]} to ${last}`,
        );
      });
      return [{ dtype: x!.dtype, shape: sizes }];
    },
    run([x], { starts, steps }, [y]) {
      const strides = stridesOf(x!.shape);
      const offset = strides.reduce((sum, s, i) => sum + s * starts[i]!, 0);
      return [
        pick(
          x!,
          viewIndices(
            y!.shape,
            strides.map((s, i) => s * steps[i]!),
            offset,
          ),
        ),
      ];
    },
  },
  Gather: {
    does: 'elements of an axis by index',
    infer([x, indices], { axis }) {
      const { shape } = x!;
      fit(Number.isInteger(axis) && axis >= 0 && axis < shape.length, `axis ${axis} of shape ${text(shape)}`);
      fit(indices!.dtype === 'int64' || indices!.dtype === 'int32', `indices are ${indices!.dtype}`);
      fit(shape[axis]! > 0, 'an axis without elements');
      return [
        { dtype: x!.dtype, shape: [...shape.slice(0, axis), ...indices!.shape, ...shape.slice(axis + 1)] },
      ];
    },
    run: ([x, indices], { axis }) => [gather(x!, indices!, axis)],
  },
  Expand: {
    does: 'repeated along axes of size 1',
    infer([x], { shape }) {
      const isFit = sameShape(broadcastShape(x!.shape, shape) ?? [-1], shape);
      fit(isFit, `${text(x!.shape)} does not broadcast to ${text(shape)}`);
      return [{ dtype: x!.dtype, shape }];
    },
    run: ([x], _, [y]) => [pick(x!, broadcastIndices(x!.shape, y!.shape))],
  },
  Pad: {
    does: 'borders: constant, edge, reflect or wrap',
    infer([x], { before, after, mode }) {
      const { shape } = x!;
      const isFit = [before, after].every(
        (p) => p.length === shape.length && p.every((v) => Number.isInteger(v) && v >= 0),
      );
      fit(isFit, `pads ${text(before)} and ${text(after)} for shape ${text(shape)}`);
      fit(mode === 'constant' || shape.every((d) => d > 0), 'nothing to repeat');
      return [{ dtype: x!.dtype, shape: shape.map((d, i) => d + before[i]! + after[i]!) }];
    },
    run: ([x], a, [y]) => [pad(x!, a, y!)],
  },
  DepthToSpace: {
    does: 'channels to blocks of pixels',
    infer([x], { blockSize: b }) {
      const { shape, dtype } = x!;
      const isFit = shape.length === 4 && Number.isInteger(b) && b >= 1 && shape[1]! % (b * b) === 0;
      fit(isFit, `blocks of ${b} for shape ${text(shape)}`);
      return [{ dtype, shape: [shape[0]!, shape[1]! / (b * b), shape[2]! * b, shape[3]! * b] }];
    },
    run([x], { blockSize: b, mode }) {
      const [n, c, h, w] = x!.shape as [number, number, number, number];
      const depth = c / (b * b);
      return [
        mode === 'DCR'
          ? blocks(x!, [n, b, b, depth, h, w], [0, 3, 4, 1, 5, 2])
          : blocks(x!, [n, depth, b, b, h, w], [0, 1, 4, 2, 5, 3]),
      ];
    },
  },
  SpaceToDepth: {
    does: 'blocks of pixels to channels',
    infer([x], { blockSize: b }) {
      const { shape, dtype } = x!;
      const isWhole = shape.length === 4 && Number.isInteger(b) && b >= 1;
      fit(isWhole && shape[2]! % b === 0 && shape[3]! % b === 0, `blocks of ${b} for shape ${text(shape)}`);
      return [{ dtype, shape: [shape[0]!, shape[1]! * b * b, shape[2]! / b, shape[3]! / b] }];
    },
    run([x], { blockSize: b }) {
      const [n, c, h, w] = x!.shape as [number, number, number, number];
      return [blocks(x!, [n, c, h / b, b, w / b, b], [0, 3, 5, 1, 2, 4])];
    },
  },
};
