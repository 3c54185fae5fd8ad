/** One operator of the graph to the layers that can compute it: all legal alternatives, the one thought dearest last. */
import type { ConvOp, DepthwiseOp, FullyConnectedOp, QuantOp, Requantize } from '../quantize/index.ts';
import { exchange, geometryIn, shapeIn, viewIn, zeroPointOf, type Frame } from './frame.ts';
import {
  Misfit,
  PLAIN,
  UNIT,
  refuse,
  type Layer,
  type LayerMode,
  type Way,
  type WeightSet,
} from './layer.ts';
import { isDense, type View } from './layout.ts';
import { addWays, poolWays } from './lower-pool.ts';

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
