/** Readers of ATen operators that move or make data. */
import type { Value } from '../build/builder.ts';

import * as shape from '../build/shapes.ts';
import { elementCount } from '../limits.ts';
import type { ResizeAttributes } from '../types.ts';
import type { AtenNode } from './aten-node.ts';

const self = (node: AtenNode): Value => node.tensor('self');

export function view(node: AtenNode): void {
  const x = self(node);
  const wanted = node.ints(node.has('size') ? 'size' : 'shape');
  node.bind(shape.reshape(node.b, x, shape.resolveShape(node.b, x, wanted)));
}

export function flatten(node: AtenNode): void {
  const x = self(node);
  const rank = x.shape.length;
  const start = node.axis('start_dim', rank, 0);
  const end = node.axis('end_dim', rank, -1);
  if (rank === 0) return node.bind(shape.reshape(node.b, x, [1]));
  const merged = elementCount(x.shape.slice(start, end + 1), node.b.place);
  node.bind(shape.reshape(node.b, x, [...x.shape.slice(0, start), merged, ...x.shape.slice(end + 1)]));
}

export function unflatten(node: AtenNode): void {
  const x = self(node);
  const axis = node.axis('dim', x.shape.length);
  const sizes = node.ints('sizes');
  const wanted = [...x.shape.slice(0, axis), ...sizes, ...x.shape.slice(axis + 1)];
  node.bind(shape.reshape(node.b, x, shape.resolveShape(node.b, x, wanted)));
}

export function permute(node: AtenNode): void {
  const x = self(node);
  node.bind(
    shape.transpose(
      node.b,
      x,
      node.ints('dims').map((d) => shape.axisIn(node.b, d, x.shape.length)),
    ),
  );
}

export function transpose(node: AtenNode): void {
  const x = self(node);
  const rank = x.shape.length;
  const isT = !node.has('dim0');
  const [p, q] = isT ? [0, rank - 1] : [node.axis('dim0', rank), node.axis('dim1', rank)];
  const perm = x.shape.map((_, i) => (i === p ? q : i === q ? p : i));
  node.bind(rank < 2 ? x : shape.transpose(node.b, x, perm));
}

export function squeeze(node: AtenNode): void {
  const x = self(node);
  const rank = x.shape.length;
  const given = node.has('dim')
    ? node.ints('dim').map((d) => shape.axisIn(node.b, d, rank))
    : x.shape.map((_, i) => i);
  node.bind(
    shape.squeeze(
      node.b,
      x,
      given.filter((i) => x.shape[i] === 1),
    ),
  );
}

export function unsqueeze(node: AtenNode): void {
  node.bind(shape.unsqueeze(node.b, self(node), [node.int('dim')]));
}

export function slice(node: AtenNode): void {
  const x = self(node);
  const axis = node.axis('dim', x.shape.length, 0);
  const [start, end] = [node.int('start', 0), node.int('end', Number.MAX_SAFE_INTEGER)];
  node.bind(shape.slice(node.b, x, [{ axis, start, end, step: node.int('step', 1) }]));
}

export function select(node: AtenNode): void {
  const x = self(node);
  node.bind(shape.select(node.b, x, node.axis('dim', x.shape.length), node.int('index')));
}

export function narrow(node: AtenNode): void {
  const x = self(node);
  const start = node.int('start');
  const axis = node.axis('dim', x.shape.length);
  node.bind(shape.slice(node.b, x, [{ axis, start, end: start + node.int('length'), step: 1 }]));
}

export function cat(node: AtenNode): void {
  // PyTorch lets a tensor of shape [0] stand among others.
  const parts = node.tensors('tensors').filter((t) => !(t.shape.length === 1 && t.shape[0] === 0));
  if (parts.length === 0) return node.refuse('has no tensor', 'check the model', 'MODEL-013');
  node.bind(shape.concat(node.b, parts, node.axis('dim', parts[0]!.shape.length, 0)));
}

export function stack(node: AtenNode): void {
  const parts = node.tensors('tensors');
  if (parts.length === 0) return node.refuse('has no tensor', 'check the model', 'MODEL-013');
  const axis = node.axis('dim', parts[0]!.shape.length + 1, 0);
  node.bind(
    shape.concat(
      node.b,
      parts.map((p) => shape.unsqueeze(node.b, p, [axis])),
      axis,
    ),
  );
}

export function split(node: AtenNode): void {
  const x = self(node);
  const axis = node.axis('dim', x.shape.length, 0);
  const size = x.shape[axis] ?? 0;
  if (node.has('split_sizes')) return node.bindList(shape.split(node.b, x, axis, node.ints('split_sizes')));
  const each = node.has('chunks') ? Math.ceil(size / node.int('chunks')) : node.int('split_size');
  if (!(each >= 1) || size / each > 4096) node.refuse(`parts of ${each}`, 'check the model', 'MODEL-013');
  const sizes = Array.from({ length: Math.ceil(size / each) }, (_, i) => Math.min(each, size - i * each));
  node.bindList(shape.split(node.b, x, axis, sizes));
}

export function unbind(node: AtenNode): void {
  const x = self(node);
  const axis = node.axis('dim', x.shape.length, 0);
  const size = x.shape[axis] ?? 0;
  if (size > 4096) node.refuse(`${size} parts`, 'check the model', 'MODEL-013');
  node.bindList(Array.from({ length: size }, (_, i) => shape.select(node.b, x, axis, i)));
}

export function expand(node: AtenNode): void {
  const x = self(node);
  const size = node.ints('size');
  const skip = size.length - x.shape.length;
  node.bind(
    shape.expand(
      node.b,
      x,
      size.map((d, i) => (d === -1 ? (x.shape[i - skip] ?? 1) : d)),
    ),
  );
}

export function repeat(node: AtenNode): void {
  const x = self(node);
  const repeats = node.ints(node.has('repeats') ? 'repeats' : 'dims');
  const missing = Math.max(0, repeats.length - x.shape.length);
  const wide = shape.reshape(node.b, x, [...new Array<number>(missing).fill(1), ...x.shape]);
  const ones = new Array<number>(Math.max(0, wide.shape.length - repeats.length)).fill(1);
  node.bind(shape.tile(node.b, wide, [...ones, ...repeats]));
}

/** Pads come from the last axis to the first, before and after each. */
export function pad(node: AtenNode): void {
  const x = self(node);
  const given = node.ints(node.has('pad') ? 'pad' : 'padding');
  const named = node.overload.split('.')[0]!;
  const mode = named.startsWith('reflection')
    ? 'reflect'
    : named.startsWith('replication')
      ? 'replicate'
      : node.string('mode', 'constant');
  const modes = { constant: 'constant', reflect: 'reflect', replicate: 'edge', circular: 'wrap' } as const;
  if (!Object.hasOwn(modes, mode))
    node.refuse(`mode ${mode}`, 'use constant, reflect, replicate or circular');
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  if (given.length % 2 !== 0 || given.length > 2 * x.shape.length) {
    node.refuse(`${given.length} pads for [${x.shape.join(', ')}]`, 'check the model', 'MODEL-013');
  }
  for (let i = 0; i < given.length / 2; i++) {
    before[x.shape.length - 1 - i] = given[2 * i]!;
    after[x.shape.length - 1 - i] = given[2 * i + 1]!;
  }
  node.bind(shape.pad(node.b, x, before, after, modes[mode as keyof typeof modes], node.number('value', 0)));
}

export function pixelShuffle(node: AtenNode): void {
  const blockSize = node.int('upscale_factor');
  node.bind(node.b.add('DepthToSpace', [self(node)], { blockSize, mode: 'CRD' }));
}

export const upsample =
  (mode: ResizeAttributes['mode']) =>
  (node: AtenNode): void => {
    const x = node.tensor(node.has('input') ? 'input' : 'self');
    const spatial = x.shape.length - 2;
    const factors = node.has('scale_factors') ? node.floats('scale_factors') : undefined;
    const given = ['scales_h', 'scales_w'].map((s) => (node.has(s) ? node.number(s) : undefined));
    const sizes = node.has('output_size')
      ? node.ints('output_size')
      : factors?.map((f, i) => Math.floor(x.shape[i + 2]! * f));
    if (sizes?.length !== spatial) return node.refuse('no output size', 'check the model', 'MODEL-013');
    const scaleOf = (i: number): number =>
      factors?.[i] ?? (spatial === 2 ? given[i] : undefined) ?? sizes[i]! / x.shape[i + 2]!;
    const isAligned = node.bool('align_corners');
    const attributes: ResizeAttributes = {
      shape: [x.shape[0]!, x.shape[1]!, ...sizes],
      scales: [1, 1, ...sizes.map((_, i) => scaleOf(i))],
      mode,
      coordinates: mode === 'nearest' ? 'asymmetric' : isAligned ? 'align_corners' : 'half_pixel',
      nearest: 'floor',
      cubicA: -0.75,
      excludeOutside: false,
    };
    node.bind(node.b.add('Resize', [x], attributes));
  };

/** Rows of a table: Gather along the first axis. */
export function embedding(node: AtenNode): void {
  node.bind(node.b.add('Gather', [node.tensor('weight'), node.tensor('indices')], { axis: 0 }));
}

export function indexSelect(node: AtenNode): void {
  const x = self(node);
  const axis = node.axis('dim', x.shape.length);
  node.bind(node.b.add('Gather', [x, node.tensor('index')], { axis }));
}

/** full, zeros, ones and the like: one value expanded. */
export const filled =
  (value: number | undefined) =>
  (node: AtenNode): void => {
    const sizes = node.has('size') ? node.ints('size') : [...self(node).shape];
    const number = value ?? node.number('fill_value');
    const like = node.has('self') ? self(node).dtype : 'float32';
    elementCount(sizes, node.b.place);
    const one = node.b.constant(
      node.dtype('dtype') ?? like,
      sizes.map(() => 1),
      [number],
    );
    node.bind(node.b.add('Expand', [one], { shape: sizes }));
  };

export function arange(node: AtenNode): void {
  const [start, end, step] = [node.number('start', 0), node.number('end'), node.number('step', 1)];
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (!(count <= 2 ** 20)) node.refuse(`${count} values`, 'use a range of fewer values', 'MODEL-007');
  const values = Array.from({ length: count }, (_, i) => start + i * step);
  const isInteger = [start, end, step].every(Number.isInteger);
  node.bind(node.b.constant(node.dtype('dtype') ?? (isInteger ? 'int64' : 'float32'), [count], values));
}

export function cast(node: AtenNode): void {
  const x = self(node);
  const to = node.dtype('dtype') ?? x.dtype;
  node.bind(x.dtype === to ? x : node.b.add('Cast', [x], { to }));
}

export function symSize(node: AtenNode): void {
  const x = self(node);
  node.bind(x.shape[node.axis('dim', x.shape.length)] ?? 0);
}

/** The element of a list that another node returned. */
export function getItem(node: AtenNode): void {
  const parts = node.tensors('a');
  const part = parts.at(node.int('b'));
  if (!part) return node.refuse('an index beyond the list', 'the file is damaged', 'MODEL-013');
  node.bind(part);
}
