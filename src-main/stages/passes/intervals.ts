/**
 * Interval analysis over the exact integer arithmetic: for every channel of every int8 tensor, bounds that hold
 * at every position and for every input. Requantisation, clamping, pooling and ADD are monotone, so bounds are
 * mapped exactly; sums take the best and worst of each product (Moore, "Interval Analysis", 1966), separately
 * for every set of taps that padding leaves.
 */
import type { AddOp, QuantGraph, QuantOp } from '../quantize/types.ts';
import { fitsInt32, requantize } from './requantize.ts';
import type { SumOp } from './sums.ts';
import { isSum, sumView } from './sums.ts';
import type { Rounding } from './types.ts';

/** Bounds by channel, inclusive. [c] */
export interface Bounds {
  readonly low: Int8Array;
  readonly high: Int8Array;
}

export interface SumBounds {
  /** [outC], bias included; wider than int32 where nothing is known. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface Intervals {
  /** By tensor id; empty for float32. */
  readonly tensors: readonly Bounds[];
  /** By operator id, where it sums. */
  readonly sums: ReadonlyMap<number, SumBounds>;
}

const clampTo = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));

export function intervalsOf(graph: QuantGraph, rounding: Rounding): Intervals {
  // What nothing below narrows may hold any byte: inputs, and results of host routines.
  const tensors: Bounds[] = graph.tensors.map((t) => anything(t.dtype === 'int8' ? t.shape[2] : 0));
  const sums = new Map<number, SumBounds>();
  graph.ops.forEach((op, id) => {
    if (isSum(op)) {
      const { bounds, sum } = sumBounds(graph, op, tensors[op.input]!, rounding);
      tensors[op.output] = bounds;
      sums.set(id, sum);
    } else narrow(graph, op, tensors, rounding);
  });
  return { tensors, sums };
}

const anything = (channels: number): Bounds => ({
  low: new Int8Array(channels).fill(-128),
  high: new Int8Array(channels).fill(127),
});

function narrow(graph: QuantGraph, op: QuantOp, tensors: Bounds[], rounding: Rounding): void {
  switch (op.kind) {
    case 'maxPool':
    case 'averagePool': {
      // The largest and the rounded mean of values in [low, high] lie in [low, high].
      const { low, high } = tensors[op.input]!;
      const within = (v: number): number => clampTo(v, op.clampMin, op.clampMax);
      tensors[op.output] = { low: low.map(within), high: high.map(within) };
      return;
    }
    case 'add':
      tensors[op.output] = addBounds(graph, op, tensors, rounding);
      return;
    case 'reshape':
      tensors[op.output] = reshaped(graph, op.input, op.output, tensors[op.input]!);
      return;
    case 'lut': {
      const { low, high } = tensors[op.input]!;
      if (low.length !== graph.tensors[op.output]!.shape[2]) return;
      const out = anything(low.length);
      low.forEach((from, c) => {
        const values = op.table.subarray(from + 128, high[c]! + 129);
        out.low[c] = values.reduce((a, b) => Math.min(a, b), 127);
        out.high[c] = values.reduce((a, b) => Math.max(a, b), -128);
      });
      tensors[op.output] = out;
      return;
    }
    default:
  }
}

function addBounds(graph: QuantGraph, op: AddOp, tensors: readonly Bounds[], rounding: Rounding): Bounds {
  const [x, y] = op.inputs.map((t) => graph.tensors[t]!);
  const output = graph.tensors[op.output]!;
  const [a, b] = op.inputs.map((t) => tensors[t]!);
  const channels = output.shape[2];
  const isPlain = x!.shape[2] === channels && y!.shape[2] === channels;
  if (!isPlain) return anything(channels);
  const scaled = (v: number, zero: number, m: AddOp['input1']): number =>
    requantize((v - zero) * 2 ** 20, m.multiplierQ31, m.shift, rounding);
  const sum = (va: number, vb: number): number => {
    const { multiplierQ31, shift } = op.outputScale;
    const total = scaled(va, x!.zeroPoint, op.input1) + scaled(vb, y!.zeroPoint, op.input2);
    return clampTo(
      requantize(total, multiplierQ31, shift, rounding) + output.zeroPoint,
      op.clampMin,
      op.clampMax,
    );
  };
  return {
    low: Int8Array.from({ length: channels }, (_, c) => sum(a!.low[c]!, b!.low[c]!)),
    high: Int8Array.from({ length: channels }, (_, c) => sum(a!.high[c]!, b!.high[c]!)),
  };
}

/** Byte i is channel i mod C on both sides. */
function reshaped(graph: QuantGraph, input: number, output: number, from: Bounds): Bounds {
  const [h, w, channels] = graph.tensors[output]!.shape;
  const inC = graph.tensors[input]!.shape[2];
  const low = new Int8Array(channels).fill(127);
  const high = new Int8Array(channels).fill(-128);
  for (let i = 0; i < h * w * channels; i++) {
    low[i % channels] = Math.min(low[i % channels]!, from.low[i % inC]!);
    high[i % channels] = Math.max(high[i % channels]!, from.high[i % inC]!);
  }
  return { low, high };
}

function sumBounds(graph: QuantGraph, op: SumOp, input: Bounds, rounding: Rounding) {
  const view = sumView(graph, op);
  const { outC, taps, zeroPoint } = view;
  const outZero = graph.tensors[op.output]!.zeroPoint;
  const { multiplierQ31, shift, clampMin, clampMax } = op.requantize;
  const bounds = anything(outC);
  const sum: SumBounds = { low: new Float64Array(outC), high: new Float64Array(outC) };
  const tapLow = new Float64Array(taps);
  const tapHigh = new Float64Array(taps);
  for (let o = 0; o < outC; o++) {
    for (let tap = 0; tap < taps; tap++) {
      let low = 0;
      let high = 0;
      for (let c = view.from(o); c < view.to(o); c++) {
        const weight = op.weights[view.index(o, tap, c)]!;
        const atLow = (input.low[c]! - zeroPoint) * weight;
        const atHigh = (input.high[c]! - zeroPoint) * weight;
        low += Math.min(atLow, atHigh);
        high += Math.max(atLow, atHigh);
      }
      tapLow[tap] = low;
      tapHigh[tap] = high;
    }
    let low = Infinity;
    let high = -Infinity;
    for (const inside of view.classes) {
      let a = op.bias[o]!;
      let b = op.bias[o]!;
      for (const tap of inside) {
        a += tapLow[tap]!;
        b += tapHigh[tap]!;
      }
      low = Math.min(low, a);
      high = Math.max(high, b);
    }
    sum.low[o] = low;
    sum.high[o] = high;
    const [q, s] = [multiplierQ31[o]!, shift[o]!];
    const left = 2 ** Math.max(s, 0);
    const isKnown = fitsInt32(low * left) && fitsInt32(high * left);
    const at = (acc: number): number =>
      clampTo(requantize(acc, q, s, rounding) + outZero, clampMin, clampMax);
    bounds.low[o] = isKnown ? at(low) : clampMin;
    bounds.high[o] = isKnown ? at(high) : clampMax;
  }
  return { bounds, sum };
}
