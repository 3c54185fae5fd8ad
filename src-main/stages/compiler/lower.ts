/** One operator of the graph to the layers that can compute it: all legal alternatives, dearest thought last. */
import type {
  AddOp,
  ConvOp,
  DepthwiseOp,
  FullyConnectedOp,
  PoolOp,
  QuantOp,
  Requantize,
} from '../quantize/index.ts';
import { averageScale } from './average.ts';
import { exchange, geometryIn, shapeIn, viewIn, zeroPointOf, type Frame } from './frame.ts';
import { Misfit, NO_FOLD, UNIT, type Layer, type LayerMode, type WeightSet } from './layer.ts';
import { isDense, type View } from './layout.ts';

/** A way to compute an operator. */
export interface Way {
  /** As the certificate lists it. */
  readonly name: string;
  readonly layer: Layer;
}

export function waysOf(f: Frame, op: QuantOp): Way[] {
  switch (op.kind) {
    case 'conv':
      return convWays(f, op);
    case 'depthwise':
      return depthwiseWays(f, op);
    case 'fullyConnected':
      return fullyConnectedWays(f, op);
    case 'maxPool':
    case 'averagePool':
      return poolWays(f, op);
    case 'add':
      return addWays(f, op);
    default:
      throw new Misfit('COMPILE-010', op.name, `the engine has no ${op.kind}`, 'leave it to the host');
  }
}

/** Channels that a block of a diagonal layer steps through; 0 where the operator has no such way. */
export function diagonalSteps(f: Frame, op: QuantOp): number {
  const K = f.chip.columns;
  switch (op.kind) {
    case 'depthwise': {
      const { depthMultiplier: m } = op;
      if (m === 1) return f.chip.depthwise ? 0 : K;
      const inC = op.bias.length / m;
      return K % m === 0 && m < K && op.bias.length > K && inC % (K / m) === 0 ? K / m : 0;
    }
    case 'maxPool':
    case 'averagePool':
    case 'add':
      return f.chip.depthwise ? 0 : K;
    default:
      return 0;
  }
}

const refuse = (code: string, op: QuantOp, reason: string, remedy: string): Misfit =>
  new Misfit(code, op.name, reason, remedy);

type Weighted = ConvOp | DepthwiseOp | FullyConnectedOp;

/** What the requantisation of a weighted layer takes over from its operator. */
function scaled(f: Frame, op: Weighted, perOutput: (k: number) => number) {
  const zero = zeroPointOf(f, op.input);
  return {
    padByte: zero,
    zeroPoint: zeroPointOf(f, op.output),
    ...scalesOf(op, op.requantize),
    bias: () => op.bias.map((b, k) => b - zero * perOutput(k)),
    clampMin: op.requantize.clampMin,
    clampMax: op.requantize.clampMax,
  };
}

function scalesOf(op: QuantOp, r: Requantize): { multiplier: Int32Array; shift: Uint8Array } {
  const multiplier = Int32Array.from(r.multiplierQ31);
  const shift = new Uint8Array(multiplier.length);
  for (let k = 0; k < shift.length; k++) {
    const e = r.shift[k]!;
    if (e > 0)
      throw refuse(
        'COMPILE-012',
        op,
        `output channel ${k} is scaled up (multiplier of 1 or more), the engine only scales down`,
        'calibrate with more representative data, or retrain with smaller weights',
      );
    if (e < -31) multiplier[k] = 0;
    shift[k] = Math.min(31, -e);
  }
  return { multiplier, shift };
}

/** Sum of the weights of output channel k; weights are [outC][per]. */
function sumOf(weights: Int8Array, per: number, k: number): number {
  let sum = 0;
  for (let i = k * per; i < (k + 1) * per; i++) sum += weights[i]!;
  return sum;
}

const PLAIN = {
  ...NO_FOLD,
  share: false,
  hold: false,
  isAdd: false,
  addZeros: [0, 0] as const,
  destPitch: undefined,
};

function convWays(f: Frame, op: ConvOp): Way[] {
  const pack = f.packs.get(op.input);
  const [, , inC] = shapeIn(f, op.input);
  const [outH, outW, outC] = shapeIn(f, op.output);
  const taps = op.kernelH * op.kernelW;
  const geometry = geometryIn(f, op);
  const data = (): Int8Array =>
    f.isTransposed ? exchange(op.weights, outC, op.kernelH, op.kernelW, inC) : op.weights;
  return [
    {
      name: pack ? 'dense, kernel columns packed' : 'dense',
      layer: {
        ...PLAIN,
        ...geometry,
        ...(pack ? { kernelW: 1, strideW: 1, padLeft: 0 } : {}),
        name: op.name,
        kind: 'conv',
        macs: outH * outW * outC * taps * inC,
        sources: [op.input],
        dest: op.output,
        view: viewIn(f, op.input, op),
        mode: 'dense',
        blockChannels: 0,
        outC,
        outH,
        outW,
        weights: { form: 'dense', data },
        ...scaled(f, op, (k) => sumOf(op.weights, taps * inC, k)),
      },
    },
  ];
}

/**
 * Depthwise mode; blocks of channels that see only their own inputs; every output channel over all channels.
 * The last is exact for any multiplier and the best for thin inputs, kernel columns packed.
 */
function depthwiseWays(f: Frame, op: DepthwiseOp): Way[] {
  const K = f.chip.columns;
  const pack = f.packs.get(op.input);
  const [, , inC] = shapeIn(f, op.input);
  const [outH, outW, outC] = shapeIn(f, op.output);
  const taps = op.kernelH * op.kernelW;
  const geometry = geometryIn(f, op);
  const perChannel = (): Int8Array =>
    f.isTransposed ? exchange(op.weights, 1, op.kernelH, op.kernelW, outC) : op.weights;
  const sum = (k: number): number => {
    let total = 0;
    for (let t = 0; t < taps; t++) total += op.weights[t * outC + k]!;
    return total;
  };
  const make = (mode: LayerMode, blockChannels: number, weights: WeightSet, share: boolean): Layer => ({
    ...PLAIN,
    ...geometry,
    ...(pack ? { kernelW: 1, strideW: 1, padLeft: 0 } : {}),
    name: op.name,
    kind: 'depthwise',
    macs: outH * outW * outC * taps,
    sources: [op.input],
    dest: op.output,
    view: viewIn(f, op.input, op),
    mode,
    blockChannels,
    share,
    outC,
    outH,
    outW,
    weights,
    ...scaled(f, op, sum),
  });
  const ways: Way[] = [];
  const own: WeightSet = { form: 'perChannel', data: perChannel };
  if (op.depthMultiplier === 1 && !pack && f.chip.depthwise) {
    if (geometry.strideW === 1 && geometry.kernelW > 1)
      ways.push({ name: 'depthwise, words shared', layer: make('depthwise', K, own, true) });
    ways.push({ name: 'depthwise', layer: make('depthwise', K, own, false) });
  }
  const steps = diagonalSteps(f, op);
  if (!pack && steps > 0) ways.push({ name: 'diagonal', layer: make('diagonal', steps, own, false) });
  const dense: WeightSet = {
    form: 'dense',
    data: () => densify(perChannel(), taps, outC, inC, op.depthMultiplier),
  };
  if (inC <= K || ways.length === 0)
    ways.push({
      name: pack ? 'dense, kernel columns packed' : 'dense',
      layer: make('dense', 0, dense, false),
    });
  return ways;
}

/** [taps][outC] to [outC][taps][inC], zeros where a channel is not its own. */
function densify(data: Int8Array, taps: number, outC: number, inC: number, multiplier: number): Int8Array {
  const out = new Int8Array(outC * taps * inC);
  for (let k = 0; k < outC; k++)
    for (let t = 0; t < taps; t++)
      out[(k * taps + t) * inC + Math.floor(k / multiplier)] = data[t * outC + k]!;
  return out;
}

/** A convolution whose kernel is the whole map, or, where its bytes lie one after the other, a flat vector. */
function fullyConnectedWays(f: Frame, op: FullyConnectedOp): Way[] {
  const { written, source: tensor } = f.storage.get(op.input)!;
  const outC = op.bias.length;
  const inC = op.weights.length / outC;
  const [h, w, c] = f.segment.graph.tensors[tensor]!.shape;
  const data = (): Int8Array =>
    f.isTransposed && h > 1 && w > 1 ? exchange(op.weights, outC, h, w, c) : op.weights;
  const make = (source: View): Layer => ({
    ...PLAIN,
    ...UNIT,
    kernelH: source.h,
    kernelW: source.w,
    name: op.name,
    kind: 'fullyConnected',
    macs: op.weights.length,
    sources: [op.input],
    dest: op.output,
    view: source,
    mode: 'dense',
    blockChannels: 0,
    outC,
    outH: 1,
    outW: 1,
    weights: { form: 'dense', data },
    ...scaled(f, op, (k) => sumOf(op.weights, inC, k)),
  });
  const ways: Way[] = [];
  const view = written;
  const flat: View = { h: 1, w: 1, c: view.h * view.w * view.c, pitch: view.bytes, bytes: view.bytes };
  if (isDense(view) && view.h * view.w > 1) ways.push({ name: 'flat vector', layer: make(flat) });
  if (view.h <= KERNEL_MAX && view.w <= KERNEL_MAX)
    ways.push({ name: 'kernel of the map', layer: make(view) });
  if (ways.length === 0)
    throw refuse(
      'COMPILE-017',
      op,
      `reads a map of ${view.h} x ${view.w} x ${view.c} whose channels do not fill words; the engine's kernels end at ${KERNEL_MAX}`,
      'use channels in multiples of the columns',
    );
  return ways;
}

const KERNEL_MAX = 32;

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
function poolWays(f: Frame, op: PoolOp): Way[] {
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
function addWays(f: Frame, op: AddOp): Way[] {
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
