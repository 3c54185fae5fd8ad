/** Readers of operators that move or describe data. */
import { clip } from '../build/arithmetic.ts';
import type { Value } from '../build/builder.ts';
import { countOf, isConstant } from '../build/builder.ts';
import * as shape from '../build/shapes.ts';
import { elementCount } from '../limits.ts';
import { broadcastShape, sizeOf } from '../tensor.ts';
import type { ResizeAttributes } from '../types.ts';
import type { NodeReader } from './node-reader.ts';
import { dtypeOf } from './read-onnx.ts';

export function flatten(node: NodeReader): void {
  const x = node.input(0);
  node.bind(shape.flatten(node.b, x, shape.axisIn(node.b, node.int('axis', 1), x.shape.length, true)));
}

export function reshape(node: NodeReader): void {
  const x = node.input(0);
  const wanted = node.list('shape', 1) ?? node.integers(1);
  const isZeroLiteral = node.flag('allowzero');
  const sizes = wanted.map((d, i) => (d === 0 && !isZeroLiteral ? (x.shape[i] ?? 0) : d));
  node.bind(shape.reshape(node.b, x, shape.resolveShape(node.b, x, sizes)));
}

export function squeeze(node: NodeReader): void {
  const x = node.input(0);
  const given = node.list('axes', 1);
  const axes = given
    ? shape.axesIn(node.b, given, x.shape.length)
    : x.shape.flatMap((d, i) => (d === 1 ? [i] : []));
  node.bind(shape.squeeze(node.b, x, axes));
}

export function unsqueeze(node: NodeReader): void {
  const axes = node.list('axes', 1) ?? node.refuse('axes are missing', 'export again', 'MODEL-010');
  node.bind(shape.unsqueeze(node.b, node.input(0), axes));
}

export function transpose(node: NodeReader): void {
  const x = node.input(0);
  const rank = x.shape.length;
  node.bind(shape.transpose(node.b, x, node.ints('perm') ?? x.shape.map((_, i) => rank - 1 - i)));
}

export function identity(node: NodeReader): void {
  node.bind(node.input(0));
}

export function constant(node: NodeReader): void {
  node.bind({ ...node.literal(), name: node.b.place });
}

export function shapeOf(node: NodeReader): void {
  const s = node.input(0).shape;
  const part = s.slice(node.int('start', 0), node.int('end', s.length));
  node.bind(node.b.constant('int64', [part.length], part));
}

/** A scalar constant index takes a part, which needs no Gather. */
export function gather(node: NodeReader): void {
  const x = node.input(0);
  const indices = node.input(1);
  const axis = node.axis(0, x.shape.length);
  if (isConstant(indices)) {
    const size = x.shape[axis]!;
    const wrong = indices.data.find((i) => !(i >= -size && i < size));
    if (wrong !== undefined)
      node.refuse(`index ${wrong} of an axis of ${size}`, 'check the model', 'MODEL-013');
    const isScalar = indices.shape.length === 0 && (indices.dtype === 'int64' || indices.dtype === 'int32');
    if (isScalar) return node.bind(shape.select(node.b, x, axis, indices.data[0]!));
  }
  node.bind(node.b.add('Gather', [x, indices], { axis }));
}

export function slice(node: NodeReader): void {
  const x = node.input(0);
  const starts = node.list('starts', 1) ?? node.integers(1);
  const ends = node.list('ends', 2) ?? node.integers(2);
  const axes = node.list('axes', 3) ?? starts.map((_, i) => i);
  const steps = node.has(4) ? node.integers(4) : starts.map(() => 1);
  if ([ends, axes, steps].some((v) => v.length !== starts.length)) {
    node.refuse('starts, ends, axes and steps differ in length', 'check the model', 'MODEL-013');
  }
  const ranges = starts.map((start, i) => ({
    axis: shape.axisIn(node.b, axes[i]!, x.shape.length),
    start,
    end: ends[i]!,
    step: steps[i]!,
  }));
  shape.axesIn(node.b, axes, x.shape.length);
  node.bind(shape.slice(node.b, x, ranges));
}

export function concat(node: NodeReader): void {
  const parts = node.inputs();
  if (parts.length === 0) node.refuse('has no input', 'check the model', 'MODEL-010');
  node.bind(shape.concat(node.b, parts, node.axis(0, parts[0]!.shape.length)));
}

export function split(node: NodeReader): void {
  const x = node.input(0);
  const axis = node.axis(0, x.shape.length);
  const size = x.shape[axis]!;
  const parts = node.outputCount;
  // Equal parts; the last is smaller where they do not divide.
  const each = Math.ceil(size / parts);
  const equal = Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
  const sizes = node.list('split', 1) ?? equal;
  if (sizes.length !== parts)
    node.refuse(`${sizes.length} sizes for ${parts} parts`, 'check the model', 'MODEL-013');
  node.bind(...shape.split(node.b, x, axis, sizes));
}

export function expand(node: NodeReader): void {
  const x = node.input(0);
  const wanted = node.integers(1);
  const target = broadcastShape(x.shape, wanted);
  if (!target) {
    const shapes = `${shape.describe(x.shape)} and ${shape.describe(wanted)}`;
    return node.refuse(`shapes ${shapes} do not broadcast`, 'check the model', 'MODEL-013');
  }
  node.bind(shape.expand(node.b, x, target));
}

export function tile(node: NodeReader): void {
  node.bind(shape.tile(node.b, node.input(0), node.integers(1)));
}

export function constantOfShape(node: NodeReader): void {
  const sizes = node.integers(0);
  const value = node.tensor('value');
  elementCount(sizes, node.b.place);
  const one = node.b.constant(
    value?.dtype ?? 'float32',
    sizes.map(() => 1),
    [value?.data[0] ?? 0],
  );
  node.bind(node.b.add('Expand', [one], { shape: sizes }));
}

export function range(node: NodeReader): void {
  const [start, limit, delta] = [0, 1, 2].map((i) => node.number(i, 'a bound')) as [number, number, number];
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  elementCount([count], node.b.place);
  if (count > 2 ** 20) node.refuse(`${count} values`, 'use a range of fewer values', 'MODEL-007');
  const values = Array.from({ length: count }, (_, i) => start + i * delta);
  node.bind(node.b.constant(node.constant(0).dtype, [count], values));
}

export function pad(node: NodeReader): void {
  const { b } = node;
  const x = node.input(0);
  const rank = x.shape.length;
  const given = node.list('pads', 1) ?? node.ints('paddings') ?? node.integers(1);
  const axes = node.has(3) ? node.integers(3).map((a) => shape.axisIn(b, a, rank)) : x.shape.map((_, i) => i);
  if (given.length !== 2 * axes.length) {
    node.refuse(`${given.length} pads for ${axes.length} axes`, 'check the model', 'MODEL-013');
  }
  const spread = (from: number): number[] => {
    const out = x.shape.map(() => 0);
    axes.forEach((a, i) => (out[a] = given[from + i]!));
    return out;
  };
  const mode = node.choice('mode', ['constant', 'reflect', 'edge', 'wrap']);
  const value = node.has(2) ? node.number(2, 'the value') : node.float('value', 0);
  node.bind(shape.pad(b, x, spread(0), spread(axes.length), mode, value));
}

/** Sizes and scales per axis from whichever is given. */
function resizeTarget(
  node: NodeReader,
  x: Value,
  scalesAt: number,
  sizesAt: number,
): { shape: number[]; scales: number[] } {
  const rank = x.shape.length;
  const axes = node.ints('axes')?.map((a) => shape.axisIn(node.b, a, rank)) ?? x.shape.map((_, i) => i);
  const spread = (given: readonly number[], missing: readonly number[]): number[] => {
    if (given.length !== axes.length) {
      node.refuse(`${given.length} sizes or scales for ${axes.length} axes`, 'check the model', 'MODEL-013');
    }
    const out = [...missing];
    axes.forEach((a, i) => (out[a] = given[i]!));
    return out;
  };
  const given = node.has(scalesAt) ? Array.from(node.floats(scalesAt).data) : [];
  const ones = x.shape.map(() => 1);
  if (given.length > 0 || scalesAt < 0) {
    const scales = spread(given, ones);
    return { shape: scales.map((s, i) => Math.floor(x.shape[i]! * s)), scales };
  }
  const sizes = spread(node.integers(sizesAt), x.shape);
  return { shape: sizes, scales: sizes.map((s, i) => s / x.shape[i]!) };
}

export function resize(node: NodeReader): void {
  const x = node.input(0);
  if (node.flag('antialias') || node.string('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    node.refuse('antialias and keep_aspect_ratio_policy are not read', 'resize to plain sizes');
  }
  const isOld = node.opset < 11;
  const target = isOld ? resizeTarget(node, x, 1, -1) : resizeTarget(node, x, 2, 3);
  const attributes: ResizeAttributes = {
    ...target,
    mode: node.choice('mode', ['nearest', 'linear', 'cubic']),
    coordinates: isOld
      ? 'asymmetric'
      : node.choice('coordinate_transformation_mode', [
          'half_pixel',
          'asymmetric',
          'align_corners',
          'pytorch_half_pixel',
          'half_pixel_symmetric',
        ]),
    nearest: isOld
      ? 'floor'
      : node.choice('nearest_mode', ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']),
    cubicA: node.float('cubic_coeff_a', -0.75),
    excludeOutside: node.flag('exclude_outside'),
  };
  node.bind(node.b.add('Resize', [x], attributes));
}

/** The forerunner of Resize: asymmetric, nearest means floor. */
export function upsample(node: NodeReader): void {
  const x = node.input(0);
  const mode = node.choice('mode', ['nearest', 'linear']);
  const attributes: ResizeAttributes = {
    ...resizeTarget(node, x, 1, -1),
    mode,
    coordinates: 'asymmetric',
    nearest: 'floor',
    cubicA: -0.75,
    excludeOutside: false,
  };
  node.bind(node.b.add('Resize', [x], attributes));
}

export function depthToSpace(node: NodeReader): void {
  const blockSize = node.int('blocksize', 0);
  node.bind(
    node.b.add('DepthToSpace', [node.input(0)], { blockSize, mode: node.choice('mode', ['DCR', 'CRD']) }),
  );
}

export function spaceToDepth(node: NodeReader): void {
  node.bind(node.b.add('SpaceToDepth', [node.input(0)], { blockSize: node.int('blocksize', 0) }));
}

/** Between float types nothing is left to do: all are float32 here. */
export function cast(node: NodeReader): void {
  const x = node.input(0);
  const to = dtypeOf(node.int('to', 0), node.b.place);
  node.bind(x.dtype === to ? x : node.b.add('Cast', [x], { to }));
}

export function castLike(node: NodeReader): void {
  const x = node.input(0);
  const to = node.input(1).dtype;
  node.bind(x.dtype === to ? x : node.b.add('Cast', [x], { to }));
}

/** Bounds are attributes in old operator sets and inputs in new ones. */
export function clipReader(node: NodeReader): void {
  const x = node.input(0);
  const bound = (index: number, name: string): number | null => {
    if (node.opset < 11) return node.hasAttribute(name) ? node.float(name, 0) : null;
    return node.has(index) ? node.number(index, name) : null;
  };
  const min = bound(1, 'min');
  const max = bound(2, 'max');
  node.bind(clip(node.b, x, min, max));
}

export function dropout(node: NodeReader): void {
  const mask = (): Value => {
    const x = node.input(0);
    const one = node.b.constant(
      'bool',
      x.shape.map(() => 1),
      [1],
    );
    return node.b.add('Expand', [one], { shape: x.shape });
  };
  if (node.outputCount > 1 && countOf(node.input(0)) <= sizeOf([2 ** 16]))
    return node.bind(node.input(0), mask());
  node.bind(node.input(0));
}
