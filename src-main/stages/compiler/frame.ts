/**
 * The segment as the engine sees it: maps with rows and columns exchanged or not, the first convolution's thin
 * input packed by the host or not. Everything below works in the frame and does not know which one it is.
 */
import type { Chip } from '../chip/index.ts';
import { inputsOf, outputsOf, type QuantGraph, type QuantOp, type Window } from '../quantize/index.ts';
import type { InputPack } from './forms.ts';
import { joinsOf } from './joins.ts';
import { Misfit, type Geometry } from './layer.ts';
import { isDense, viewOf, type View } from './layout.ts';

/** Consecutive operators for the engine, and what goes in and out. */
export interface Segment {
  readonly name: string;
  readonly graph: QuantGraph;
  readonly ops: readonly QuantOp[];
  /** int8 tensors of the graph. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface Frame {
  readonly segment: Segment;
  readonly chip: Chip;
  readonly isTransposed: boolean;
  /** Inputs that the host packs. [tensor] */
  readonly packs: ReadonlyMap<number, InputPack>;
  readonly isSingleRounding: boolean;
  /** Where tensors lie. [tensor] */
  readonly storage: ReadonlyMap<number, Storage>;
}

/** A tensor in memory. */
export interface Storage {
  /** Tensor that takes the memory: itself, one it was reshaped from, one it is joined into. */
  readonly root: number;
  /** Bytes from that one's first to its own first. */
  readonly offset: number;
  /** Tensor that was written, before reshapes, and the map as it was written. */
  readonly source: number;
  readonly written: View;
  /** As the tensor's own shape; undefined where the bytes lie in another order (after a reshape). */
  readonly view: View | undefined;
}

type Shape = readonly [number, number, number];

function frameShape(s: Segment, isTransposed: boolean, tensor: number): Shape {
  const [h, w, c] = s.graph.tensors[tensor]!.shape;
  return isTransposed ? [w, h, c] : [h, w, c];
}

/** [h, w, c] in the frame. */
export const shapeIn = (f: Frame, tensor: number): Shape => frameShape(f.segment, f.isTransposed, tensor);

export function makeFrame(
  segment: Segment,
  chip: Chip,
  choice: Pick<Frame, 'isTransposed' | 'packs' | 'isSingleRounding'>,
): Frame {
  const storage = new Map<number, Storage>();
  const K = chip.columns;
  const joins = joinsOf(segment, K, chip.depthwise);
  const shape = (t: number): Shape => frameShape(segment, choice.isTransposed, t);
  for (const t of segment.inputs) {
    const view = viewOf(shape(t), K);
    const pack = choice.packs.get(t);
    const held = pack ? viewOf([view.h, pack.outW, view.c * pack.kernelW], K) : view;
    storage.set(t, { root: t, offset: 0, source: t, written: held, view: held });
  }
  for (const op of segment.ops) {
    if (op.kind === 'reshape') {
      storage.set(op.output, reshaped(storage.get(op.input)!, shape(op.output), choice.isTransposed, K));
      continue;
    }
    for (const t of outputsOf(op)) {
      const join = joins.get(t);
      const own = viewOf(shape(t), K);
      // An operand of a concatenation has the pixels of the joined map.
      const view = join ? { ...own, pitch: viewOf(shape(join.into), K).pitch } : own;
      const { into: root, offset } = join ?? { into: t, offset: 0 };
      storage.set(t, { root, offset, source: t, written: view, view });
    }
  }
  return { segment, chip, ...choice, storage };
}

/** Bytes keep their order unless padding lies between them or a map is held column by column. */
function reshaped(from: Storage, to: Shape, isTransposed: boolean, columns: number): Storage {
  const wanted = viewOf(to, columns);
  const { view } = from;
  if (!view || (view.h === wanted.h && view.w === wanted.w && view.c === wanted.c)) return from;
  const inLine = (v: View): boolean => isDense(v) && (!isTransposed || v.h === 1 || v.w === 1);
  return { ...from, view: inLine(view) && inLine(wanted) ? wanted : undefined };
}

/** The tensor's map in memory, for an operator that reads it. */
export function viewIn(f: Frame, tensor: number, op: QuantOp): View {
  const { view } = f.storage.get(tensor)!;
  if (!view)
    throw new Misfit(
      'COMPILE-011',
      op.name,
      'reads a reshaped map whose padding would have to move',
      'remove the reshape',
    );
  return view;
}

export const zeroPointOf = (f: Frame, tensor: number): number => f.segment.graph.tensors[tensor]!.zeroPoint;

export function geometryIn(f: Frame, w: Window): Geometry {
  if (!f.isTransposed) {
    const { kernelH, kernelW, strideH, strideW, padTop, padLeft } = w;
    return { kernelH, kernelW, strideH, strideW, padTop, padLeft };
  }
  return {
    kernelH: w.kernelW,
    kernelW: w.kernelH,
    strideH: w.strideW,
    strideW: w.strideH,
    padTop: w.padLeft,
    padLeft: w.padTop,
  };
}

/** `outer` blocks of [a][b][inner] to [b][a][inner]. */
export function exchange(data: Int8Array, outer: number, a: number, b: number, inner: number): Int8Array {
  const out = new Int8Array(data.length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++) {
        const from = ((o * a + i) * b + j) * inner;
        const to = ((o * b + j) * a + i) * inner;
        for (let k = 0; k < inner; k++) out[to + k] = data[from + k]!;
      }
  return out;
}

/** Operators of the segment that read a tensor. */
export const readersIn = (s: Segment, tensor: number): QuantOp[] =>
  s.ops.filter((op) => inputsOf(op).includes(tensor));
