/** Pools and additions: layers whose weights are one value, in depthwise mode or, without it, diagonal. */
import type { AddOp, PoolOp } from '../quantize/index.ts';
import { averageScale } from './average.ts';
import { geometryIn, shapeIn, viewIn, zeroPointOf, type Frame } from './frame.ts';
import { PLAIN, UNIT, refuse, type Layer, type LayerMode, type Way } from './layer.ts';
import { isDense, type View } from './layout.ts';

function requireSameScale(f: Frame, op: PoolOp): void {
  const a = f.segment.graph.tensors[op.input]!;
  const b = f.segment.graph.tensors[op.output]!;
  if (a.scale !== b.scale || a.zeroPoint !== b.zeroPoint)
    throw refuse('COMPILE-013', op, 'input and output scales differ', 'quantise the pool with one scale');
}

/**
 * Maximum: 1x1 kernel, the window in the drain. Average: the window is the kernel, all taps with one weight,
 * scaled back by an exact multiply-shift.
 */
export function poolWays(f: Frame, op: PoolOp): Way[] {
  requireSameScale(f, op);
  const average = op.kind === 'averagePool';
  const view = viewIn(f, op.input, op);
  const g = geometryIn(f, op);
  if (average && op.padTop + op.padLeft + op.padBottom + op.padRight > 0)
    throw refuse(
      'COMPILE-014',
      op,
      'average pool with padding divides by a count that changes along the edge',
      'use a pool without padding',
    );
  const scale = average
    ? averageScale(g.kernelH * g.kernelW, f.chip.accumulatorBits, f.isSingleRounding)
    : { weight: 64, multiplier: 2 ** 30, shift: 5 };
  if (!scale)
    throw refuse(
      'COMPILE-016',
      op,
      `no exact multiply-shift for an average of ${g.kernelH * g.kernelW}`,
      'use another window',
    );
  const [outH, outW] = shapeIn(f, op.output);
  const K = f.chip.columns;
  const make = (mode: LayerMode, share: boolean): Layer => ({
    ...PLAIN,
    ...(average
      ? g
      : {
          ...UNIT,
          padTop: g.padTop,
          padLeft: g.padLeft,
          windowH: g.kernelH,
          windowW: g.kernelW,
          windowStrideH: g.strideH,
          windowStrideW: g.strideW,
        }),
    name: op.name,
    kind: op.kind,
    macs: 0,
    sources: [op.input],
    dest: op.output,
    view,
    mode,
    blockChannels: K,
    share,
    hold: mode === 'depthwise',
    outC: view.c,
    outH,
    outW,
    padByte: -128,
    zeroPoint: 0,
    weights: { form: 'constant', value: scale.weight },
    bias: () => new Int32Array(view.c),
    multiplier: new Int32Array(view.c).fill(scale.multiplier),
    shift: new Uint8Array(view.c).fill(scale.shift),
    clampMin: op.clampMin,
    clampMax: op.clampMax,
  });
  if (!f.chip.depthwise) return [{ name: 'diagonal', layer: make('diagonal', false) }];
  const ways: Way[] = [];
  if (average && g.strideW === 1 && g.kernelW > 1 && outW > 1)
    ways.push({ name: 'depthwise, words shared', layer: make('depthwise', true) });
  ways.push({ name: 'depthwise', layer: make('depthwise', false) });
  return ways;
}

/** Both operands' pixels go through the array with weight 1; the drain scales and adds them. */
export function addWays(f: Frame, op: AddOp): Way[] {
  if (!f.chip.add) throw refuse('COMPILE-010', op, 'the chip has no addition', 'set chip.add');
  const K = f.chip.columns;
  const dest = viewIn(f, op.output, op);
  const [view, other] = op.inputs.map((t) => viewIn(f, t, op)) as [View, View];
  for (const v of [other, dest])
    if (v.h !== view.h || v.w !== view.w || v.c !== view.c)
      throw refuse('COMPILE-018', op, 'adds maps of different shapes', 'leave broadcasting to the host');
  if (other.pitch !== view.pitch)
    throw refuse('COMPILE-018', op, 'the operands lie in memory in different ways', 'none needed');
  const factors = [op.input1, op.input2, op.outputScale];
  const up = factors.findIndex((m) => m.shift > 0);
  if (up >= 0)
    throw refuse(
      'COMPILE-012',
      op,
      `scale ${up + 1} is 1 or more`,
      'calibrate with more representative data',
    );
  const spread = (values: readonly number[]): number[] => values.flatMap((v) => new Array<number>(K).fill(v));
  const make = (source: View, destPitch: number | undefined): Layer => ({
    ...PLAIN,
    ...UNIT,
    windowW: 2,
    name: op.name,
    kind: 'add',
    macs: 0,
    sources: op.inputs,
    dest: op.output,
    view: source,
    mode: f.chip.depthwise ? 'depthwise' : 'diagonal',
    blockChannels: K,
    hold: f.chip.depthwise,
    isAdd: true,
    addZeros: [zeroPointOf(f, op.inputs[0]), zeroPointOf(f, op.inputs[1])],
    outC: source.c,
    outH: source.h,
    outW: source.w,
    destPitch,
    padByte: 0,
    zeroPoint: zeroPointOf(f, op.output),
    weights: { form: 'constant', value: 1 },
    bias: () => new Int32Array(3 * K),
    multiplier: Int32Array.from(spread(factors.map((m) => (m.shift < -31 ? 0 : m.multiplierQ31)))),
    shift: Uint8Array.from(spread(factors.map((m) => Math.min(31, -m.shift)))),
    clampMin: op.clampMin,
    clampMax: op.clampMax,
  });
  const ways: Way[] = [];
  const flat = isDense(dest) ? flatWords(view, K) : undefined;
  if (flat && (flat.h !== view.h || flat.w !== view.w || flat.c !== view.c))
    ways.push({ name: 'flat words', layer: make(flat, K) });
  ways.push({ name: 'pixel by pixel', layer: make(view, undefined) });
  return ways;
}

const MAP_MAX = 500;

/** A dense map as words of K channels, in as few rows as fields allow. */
function flatWords(view: View, columns: number): View | undefined {
  const bytes = view.h * view.w * view.c;
  if (!isDense(view) || bytes % columns !== 0) return undefined;
  const words = bytes / columns;
  for (let h = 1; h <= MAP_MAX && h <= words; h++)
    if (words % h === 0 && words / h <= MAP_MAX)
      return { h, w: words / h, c: columns, pitch: columns, bytes };
  return undefined;
}
