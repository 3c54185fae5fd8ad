/** Graph operators to engine layers: fusion, folding of zero points, pools as convolutions with one weight. */
import { IngotError } from '../../base/diagnostic.ts';
import { engineCore, inputsOf } from '../quantize/index.ts';
import type { EngineCore } from '../quantize/index.ts';
import type { ConvOp, FullyConnectedOp, PoolOp, QuantGraph, QuantOp, Requantize } from '../quantize/types.ts';
import { findAverage } from './average.ts';
import { isDense, viewOf, type View } from './layout.ts';
import type { LayerKind } from './types.ts';

/** A tensor that takes memory; reshapes share one. */
export interface Buffer {
  readonly name: string;
  view: View;
  /** Layer that writes it, -1 for the input. */
  readonly birth: number;
  /** Last layer that reads it. */
  death: number;
  /** A diagonal layer reads whole words, so the padding channels must be written too. */
  readWhole: boolean;
}

export interface Layer {
  readonly name: string;
  readonly kind: LayerKind;
  readonly macs: number;
  readonly source: number;
  readonly dest: number;
  /** The source as this layer reads it. */
  readonly sourceView: View;
  readonly outC: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  /** Fused pooling: window and stride in pixels of the convolution. */
  readonly windowH: number;
  readonly windowW: number;
  readonly windowStrideH: number;
  readonly windowStrideW: number;
  readonly outH: number;
  readonly outW: number;
  /** Channel block k reads channel block k only. */
  readonly diagonal: boolean;
  readonly padByte: number;
  readonly zeroPoint: number;
  /** [outC][kernelH][kernelW][inC]; a diagonal layer has one weight for all. */
  readonly weights: Int8Array;
  /** [outC], folded */
  readonly bias: Int32Array;
  readonly multiplier: Int32Array;
  readonly shift: Uint8Array;
  readonly clampMin: number;
  readonly clampMax: number;
}

export interface Lowered {
  readonly layers: readonly Layer[];
  readonly buffers: readonly Buffer[];
  readonly input: number;
  readonly output: number;
}

const refuse = (code: string, op: string, why: string, remedy: string): IngotError =>
  new IngotError(code, why, { place: op, remedy });

interface State {
  readonly graph: QuantGraph;
  readonly core: EngineCore;
  readonly columns: number;
  readonly fuse: boolean;
  readonly layers: Layer[];
  readonly buffers: Buffer[];
  /** Tensor index to buffer. */
  readonly bufferOf: Map<number, number>;
}

export function lower(graph: QuantGraph, columns: number, fuse: boolean): Lowered {
  const core = engineCore(graph);
  const s: State = { graph, core, columns, fuse, layers: [], buffers: [], bufferOf: new Map() };
  addBuffer(s, core.input, -1);
  for (let i = 0; i < core.ops.length; i++) i += lowerOp(s, i);
  const output = s.bufferOf.get(core.output);
  if (output === undefined)
    throw refuse('COMPILE-001', graph.name, 'no operator computes the output', 'import the model again');
  if (s.layers.length === 0)
    throw refuse(
      'COMPILE-002',
      graph.name,
      'the model has nothing to compute',
      'give a model with at least one layer',
    );
  s.buffers[output]!.death = s.layers.length;
  return { layers: s.layers, buffers: s.buffers, input: s.bufferOf.get(core.input)!, output };
}

function addBuffer(s: State, tensor: number, birth: number): number {
  const t = s.graph.tensors[tensor]!;
  s.buffers.push({ name: t.name, view: viewOf(t.shape, s.columns), birth, death: birth, readWhole: false });
  s.bufferOf.set(tensor, s.buffers.length - 1);
  return s.buffers.length - 1;
}

/** Lowers the operator at `i`; returns how many operators after it were fused into it. */
function lowerOp(s: State, i: number): number {
  const op = s.core.ops[i]!;
  switch (op.kind) {
    case 'reshape':
      s.bufferOf.set(op.output, sourceOf(s, op.input, op));
      return 0;
    case 'conv': {
      const pool = s.fuse ? fusablePool(s, op, s.core.ops[i + 1]) : undefined;
      lowerConv(s, op, pool);
      return pool ? 1 : 0;
    }
    case 'fullyConnected':
      lowerFullyConnected(s, op);
      return 0;
    case 'maxPool':
    case 'averagePool':
      lowerPool(s, op);
      return 0;
    default:
      throw refuseKind(op);
  }
}

const refuseKind = (op: QuantOp): IngotError =>
  refuse(
    'COMPILE-010',
    op.name,
    `${op.kind} is not in the engine yet`,
    'use a model of convolutions, fully connected layers and pools',
  );

function sourceOf(s: State, tensor: number, op: QuantOp): number {
  const buffer = s.bufferOf.get(tensor);
  if (buffer === undefined)
    throw refuse('COMPILE-001', op.name, 'reads a tensor that nothing computes', 'import the model again');
  return buffer;
}

/** The source with the shape the graph says; a reshape that would need bytes moved is refused. */
function sourceView(s: State, buffer: number, tensor: number, op: QuantOp): View {
  const physical = s.buffers[buffer]!.view;
  const wanted = viewOf(s.graph.tensors[tensor]!.shape, s.columns);
  if (physical.h === wanted.h && physical.w === wanted.w && physical.c === wanted.c) return physical;
  if (isDense(physical) && isDense(wanted)) return wanted;
  throw refuse(
    'COMPILE-011',
    op.name,
    'reads a reshaped map whose padding would have to move',
    'remove the reshape',
  );
}

/** A max pool right after a convolution that alone reads it, without padding and without overlap. */
function fusablePool(s: State, conv: ConvOp, next: QuantOp | undefined): PoolOp | undefined {
  if (next?.kind !== 'maxPool' || next.input !== conv.output || conv.output === s.core.output)
    return undefined;
  const readers = s.graph.ops.filter((o) => inputsOf(o).includes(conv.output));
  const overlaps = next.strideH < next.kernelH || next.strideW < next.kernelW;
  const padded = next.padTop + next.padLeft + next.padBottom + next.padRight > 0;
  const fits = next.kernelH <= 16 && next.kernelW <= 16 && next.kernelH * next.kernelW <= 256;
  return readers.length === 1 && !overlaps && !padded && fits ? next : undefined;
}

const clampTo = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));

function scales(op: QuantOp, r: Requantize, outC: number): { multiplier: Int32Array; shift: Uint8Array } {
  const shift = new Uint8Array(outC);
  const multiplier = Int32Array.from(r.multiplierQ31);
  for (let k = 0; k < outC; k++) {
    const e = r.shift[k]!;
    if (e > 0)
      throw refuse(
        'COMPILE-012',
        op.name,
        `output channel ${k} is scaled up (multiplier at least 1)`,
        'calibrate with more representative data, or retrain with smaller weights',
      );
    if (e < -31) multiplier[k] = 0;
    shift[k] = Math.min(31, -e);
  }
  return { multiplier, shift };
}

/** bias - zeroPoint * sum(weights): padding then reads the byte zeroPoint. */
function foldBias(bias: Int32Array, weights: Int8Array, zeroPoint: number): Int32Array {
  const per = weights.length / bias.length;
  return bias.map((b, k) => {
    let sum = 0;
    for (let i = k * per; i < (k + 1) * per; i++) sum += weights[i]!;
    return b - zeroPoint * sum;
  });
}

function lowerConv(s: State, op: ConvOp, pool: PoolOp | undefined): void {
  const source = sourceOf(s, op.input, op);
  const view = sourceView(s, source, op.input, op);
  const [convH, convW, outC] = s.graph.tensors[op.output]!.shape;
  const output = pool ? pool.output : op.output;
  const [outH, outW] = s.graph.tensors[output]!.shape;
  const zeroPoint = s.graph.tensors[op.output]!.zeroPoint;
  const inZero = s.graph.tensors[op.input]!.zeroPoint;
  if (pool) requireSameScale(s, pool);
  const { clampMin, clampMax } = op.requantize;
  push(s, {
    name: pool ? `${op.name}+${pool.name}` : op.name,
    kind: 'conv',
    macs: convH * convW * outC * op.kernelH * op.kernelW * view.c,
    source,
    tensor: output,
    sourceView: view,
    outC,
    kernelH: op.kernelH,
    kernelW: op.kernelW,
    strideH: op.strideH,
    strideW: op.strideW,
    padTop: op.padTop,
    padLeft: op.padLeft,
    windowH: pool?.kernelH ?? 1,
    windowW: pool?.kernelW ?? 1,
    windowStrideH: pool?.strideH ?? 1,
    windowStrideW: pool?.strideW ?? 1,
    outH,
    outW,
    diagonal: false,
    padByte: inZero,
    zeroPoint,
    weights: op.weights,
    bias: foldBias(op.bias, op.weights, inZero),
    ...scales(op, op.requantize, outC),
    clampMin: pool ? clampTo(clampMin, pool.clampMin, pool.clampMax) : clampMin,
    clampMax: pool ? clampTo(clampMax, pool.clampMin, pool.clampMax) : clampMax,
  });
}

/** A fully connected layer is a convolution whose kernel is the whole map. */
function lowerFullyConnected(s: State, op: FullyConnectedOp): void {
  const source = sourceOf(s, op.input, op);
  const view = s.buffers[source]!.view;
  const outC = op.bias.length;
  const inZero = s.graph.tensors[op.input]!.zeroPoint;
  push(s, {
    name: op.name,
    kind: 'fullyConnected',
    macs: op.weights.length,
    source,
    tensor: op.output,
    sourceView: view,
    outC,
    kernelH: view.h,
    kernelW: view.w,
    strideH: 1,
    strideW: 1,
    padTop: 0,
    padLeft: 0,
    ...NO_WINDOW,
    outH: 1,
    outW: 1,
    diagonal: false,
    padByte: inZero,
    zeroPoint: s.graph.tensors[op.output]!.zeroPoint,
    weights: op.weights,
    bias: foldBias(op.bias, op.weights, inZero),
    ...scales(op, op.requantize, outC),
    clampMin: op.requantize.clampMin,
    clampMax: op.requantize.clampMax,
  });
}

const NO_WINDOW = { windowH: 1, windowW: 1, windowStrideH: 1, windowStrideW: 1 };

function requireSameScale(s: State, op: PoolOp): void {
  const a = s.graph.tensors[op.input]!;
  const b = s.graph.tensors[op.output]!;
  if (a.scale !== b.scale || a.zeroPoint !== b.zeroPoint)
    throw refuse(
      'COMPILE-013',
      op.name,
      'input and output scales differ',
      'quantise the pool with one scale',
    );
}

/**
 * Pools use the array as a diagonal convolution: weight w on the channel itself, scaled back by 1/w. Maximum:
 * 1x1 kernel, the window in the drain. Average: the window is the kernel.
 */
function lowerPool(s: State, op: PoolOp): void {
  const source = sourceOf(s, op.input, op);
  const view = sourceView(s, source, op.input, op);
  requireSameScale(s, op);
  const average = op.kind === 'averagePool';
  if (average && op.padTop + op.padLeft + op.padBottom + op.padRight > 0)
    throw refuse(
      'COMPILE-014',
      op.name,
      'average pool with padding is not supported',
      'use a pool without padding',
    );
  if (view.c > s.columns && view.c % s.columns !== 0) {
    if (s.buffers[source]!.birth < 0)
      throw refuse(
        'COMPILE-015',
        op.name,
        `pools the input map of ${view.c} channels, not a multiple of ${s.columns}`,
        'choose a chip whose columns divide the channels',
      );
    s.buffers[source]!.readWhole = true;
  }
  const area = op.kernelH * op.kernelW;
  const scale = average ? findAverage(area) : { weight: 64, multiplier: 2 ** 30, shift: 5 };
  if (!scale)
    throw refuse(
      'COMPILE-016',
      op.name,
      `no exact multiply-shift for an average of ${area}`,
      'use another window',
    );
  const [outH, outW] = s.graph.tensors[op.output]!.shape;
  push(s, {
    name: op.name,
    kind: op.kind,
    macs: 0,
    source,
    tensor: op.output,
    sourceView: view,
    outC: view.c,
    kernelH: average ? op.kernelH : 1,
    kernelW: average ? op.kernelW : 1,
    strideH: average ? op.strideH : 1,
    strideW: average ? op.strideW : 1,
    padTop: op.padTop,
    padLeft: op.padLeft,
    windowH: average ? 1 : op.kernelH,
    windowW: average ? 1 : op.kernelW,
    windowStrideH: average ? 1 : op.strideH,
    windowStrideW: average ? 1 : op.strideW,
    outH,
    outW,
    diagonal: true,
    padByte: -128,
    zeroPoint: 0,
    weights: Int8Array.of(scale.weight),
    bias: new Int32Array(view.c),
    multiplier: new Int32Array(view.c).fill(scale.multiplier),
    shift: new Uint8Array(view.c).fill(scale.shift),
    clampMin: op.clampMin,
    clampMax: op.clampMax,
  });
}

function push(s: State, layer: Omit<Layer, 'dest'> & { readonly tensor: number }): void {
  const { tensor, ...rest } = layer;
  const index = s.layers.length;
  s.buffers[layer.source]!.death = index;
  const dest = addBuffer(s, tensor, index);
  requireFieldLimits(rest);
  s.layers.push({ ...rest, dest });
}

/** Limits of the instruction fields, named as the user knows them. */
function requireFieldLimits(l: Omit<Layer, 'dest'>): void {
  const limits: readonly [string, number, number][] = [
    ['map height', l.sourceView.h, 500],
    ['map width', l.sourceView.w, 500],
    ['output height', l.outH, 500],
    ['output width', l.outW, 500],
    ['kernel height', l.kernelH, 32],
    ['kernel width', l.kernelW, 32],
    ['pooling window height', l.windowH, 16],
    ['pooling window width', l.windowW, 16],
    ['pooling window area', l.windowH * l.windowW, 256],
    ['stride', Math.max(l.strideH * l.windowStrideH, l.strideW * l.windowStrideW), 100],
    ['padding', Math.max(l.padTop, l.padLeft), 100],
  ];
  for (const [what, value, limit] of limits)
    if (value > limit)
      throw refuse(
        'COMPILE-017',
        l.name,
        `${what} is ${value}, the engine's limit is ${limit}`,
        'use smaller layers',
      );
}
