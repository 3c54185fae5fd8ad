/**
 * Constant-channel elimination. A channel whose interval is one value is a number, not data: what it adds to the
 * sums that read it goes into their bias, and the channel, the weights that made it and the weights that read it
 * go. A channel that every remaining reader multiplies by zero goes as well. Exact, not approximate: a fold is
 * made only where it is the same number at every position, which padding may prevent (a padded tap adds nothing,
 * a tap on the constant adds (value - zero point) · weight).
 *
 * The set of channels that go is the greatest fixed point of the readers' conditions: it starts with all and
 * loses those that somebody needs, until nobody complains.
 */
import { assert } from '../../base/diagnostic.ts';
import { inputsOf, outputsOf } from '../quantize/index.ts';
import type { QuantGraph, QuantOp, QuantTensor, Requantize } from '../quantize/types.ts';
import type { Bounds, Intervals } from './intervals.ts';
import { intervalsOf } from './intervals.ts';
import { fitsInt32 } from './requantize.ts';
import type { SumOp, SumView } from './sums.ts';
import { isSum, sumView } from './sums.ts';
import type { ChannelProof, Elimination, Rounding, SumProof } from './types.ts';

/** Both graphs have the same tensor and operator ids. Deterministic; linear in the weights, times a few rounds. */
export function eliminateConstantChannels(graph: QuantGraph, rounding: Rounding): Elimination {
  const intervals = intervalsOf(graph, rounding);
  const gone = removable(graph, intervals);
  const kept = graph.tensors.map((t, id) =>
    Int32Array.from([...Array(t.shape[2]).keys()].filter((c) => t.dtype === 'float32' || !gone[id]![c])),
  );
  const tensors = graph.tensors.map((t, id): QuantTensor => {
    const channels = kept[id]!.length;
    if (channels === t.shape[2]) return t;
    const [h, w] = t.shape;
    return { ...t, shape: [h, w, channels], modelShape: shrunk(t, channels) };
  });
  const sums: SumProof[] = [];
  const ops = graph.ops.map((op, id): QuantOp => {
    if (!isSum(op)) {
      const none = new Float64Array(0);
      sums.push({ accumulatorLow: none, accumulatorHigh: none, folded: none, isConstant: new Uint8Array(0) });
      return op;
    }
    const { low, high } = intervals.sums.get(id)!;
    const rebuilt = rebuild(graph, op, intervals, id, kept);
    sums.push({
      accumulatorLow: low,
      accumulatorHigh: high,
      folded: rebuilt.folded,
      isConstant: rebuilt.isConstant,
    });
    return rebuilt.op;
  });
  const proofs = intervals.tensors.map((b, id): ChannelProof => ({ ...b, kept: kept[id]! }));
  return {
    before: graph,
    after: { ...graph, tensors, ops },
    proof: { rounding, tensors: proofs, sums },
  };
}

/** The model's shape with fewer channels, whichever axis they are; a plain vector where that is not clear. */
function shrunk({ shape: [h, w, c], modelShape }: QuantTensor, channels: number): readonly number[] {
  const same = (wanted: readonly number[]): boolean =>
    wanted.length === modelShape.length && wanted.every((d, i) => d === modelShape[i]);
  if (same([1, c, h, w])) return [1, channels, h, w];
  if (same([1, h, w, c])) return [1, h, w, channels];
  return [1, h * w * channels];
}

/** By tensor id: 1 for channels that go. */
function removable(graph: QuantGraph, intervals: Intervals): Uint8Array[] {
  const gone = graph.tensors.map((t) => new Uint8Array(t.shape[2]).fill(t.dtype === 'int8' ? 1 : 0));
  const keepAll = (t: number): void => void gone[t]!.fill(0);
  [...graph.inputs, ...graph.outputs].forEach(keepAll);
  const rules: (() => boolean)[] = [];
  graph.ops.forEach((op, id) => {
    const rule = isSum(op) ? sumRule(graph, op, id, intervals, gone) : otherRule(graph, op, gone);
    if (rule) rules.push(rule);
    else [...inputsOf(op), ...outputsOf(op)].forEach(keepAll);
  });
  rules.reverse();
  const settle = (): void => {
    while (rules.map((rule) => rule()).some((changed) => changed));
  };
  settle();
  // A tensor keeps one channel at least: the engine has no empty maps.
  for (const g of gone) {
    if (!g.every((v) => v === 1)) continue;
    g[0] = 0;
    settle();
  }
  return gone;
}

/** Keeps channel c where `keep` says so; true if it was to go until now. */
function keepIf(gone: Uint8Array, c: number, keep: boolean): boolean {
  if (!keep || !gone[c]) return false;
  gone[c] = 0;
  return true;
}

function sumRule(
  graph: QuantGraph,
  op: SumOp,
  id: number,
  intervals: Intervals,
  gone: readonly Uint8Array[],
): () => boolean {
  const view = sumView(graph, op);
  const input = gone[op.input]!;
  const output = gone[op.output]!;
  if (op.kind === 'depthwise') return () => depthwiseRule(op.depthMultiplier, input, output);
  const needs = needsOf(op, view, intervals.tensors[op.input]!);
  return () => {
    let changed = false;
    for (let o = 0; o < view.outC; o++) {
      // Nobody's, or a constant that takes no input.
      if (output[o] || isProvedConstant(intervals, id, op, o)) continue;
      for (let c = 0; c < view.inC; c++) changed = keepIf(input, c, needs[o * view.inC + c] === 1) || changed;
    }
    return changed;
  };
}

/** Output o of a sum is one value; where its accumulator may leave int32, nothing is claimed. */
function isProvedConstant(intervals: Intervals, id: number, op: SumOp, o: number): boolean {
  const { low, high } = intervals.tensors[op.output]!;
  const sum = intervals.sums.get(id)!;
  return low[o] === high[o] && fitsInt32(sum.low[o]!) && fitsInt32(sum.high[o]!);
}

/** [outC][inC]: 1 where output o cannot do without channel c. */
function needsOf(op: SumOp, view: SumView, input: Bounds): Uint8Array {
  const needs = new Uint8Array(view.outC * view.inC);
  for (let o = 0; o < view.outC; o++) {
    for (let c = view.from(o); c < view.to(o); c++) {
      let isRead = false;
      for (let tap = 0; tap < view.taps && !isRead; tap++) isRead = op.weights[view.index(o, tap, c)] !== 0;
      if (!isRead) continue;
      const isConstant = input.low[c] === input.high[c];
      if (!isConstant || foldOf(op, view, o, c, input.low[c]!) === null) needs[o * view.inC + c] = 1;
    }
  }
  return needs;
}

/** What channel c, always `value`, adds to the sum of output o; null where that depends on the position. */
function foldOf(op: SumOp, view: SumView, o: number, c: number, value: number): number | null {
  const offset = value - view.zeroPoint;
  if (offset === 0) return 0;
  let fold: number | null = null;
  for (const inside of view.classes) {
    let sum = 0;
    for (const tap of inside) sum += offset * op.weights[view.index(o, tap, c)]!;
    if (fold !== null && fold !== sum) return null;
    fold = sum;
  }
  return fold;
}

/**
 * A depthwise column lives and dies with its input channel. With a multiplier above 1 every channel must keep as
 * many columns as the others: whole groups go, or, where there is but one input channel, any columns.
 */
function depthwiseRule(multiplier: number, input: Uint8Array, output: Uint8Array): boolean {
  let changed = false;
  const isSingle = input.length === 1;
  for (let c = 0; c < input.length; c++) {
    const group = Array.from({ length: multiplier }, (_, m) => c * multiplier + m);
    const isWanted = group.some((o) => !output[o]);
    changed = keepIf(input, c, isWanted) || changed;
    if (!isSingle) for (const o of group) changed = keepIf(output, o, !input[c] || isWanted) || changed;
  }
  return changed;
}

/** Operators whose channels go together on both sides; undefined for those that keep all. */
function otherRule(graph: QuantGraph, op: QuantOp, gone: readonly Uint8Array[]): (() => boolean) | undefined {
  const channels = (t: number): number => graph.tensors[t]!.shape[2];
  const together =
    (tensors: readonly number[], count: number): (() => boolean) =>
    () => {
      let changed = false;
      for (let i = 0; i < count; i++) {
        const keep = tensors.some((t) => !gone[t]![i % channels(t)]);
        for (const t of tensors) changed = keepIf(gone[t]!, i % channels(t), keep) || changed;
      }
      return changed;
    };
  switch (op.kind) {
    case 'maxPool':
    case 'averagePool':
    case 'lut':
      if (channels(op.input) !== channels(op.output)) return undefined;
      return together([op.input, op.output], channels(op.output));
    case 'add': {
      const all = [...op.inputs, op.output];
      const shape = `${graph.tensors[op.output]!.shape}`;
      const isPlain = all.every((t) => `${graph.tensors[t]!.shape}` === shape);
      return isPlain ? together(all, channels(op.output)) : undefined;
    }
    case 'reshape': {
      const [h, w, c] = graph.tensors[op.output]!.shape;
      return together([op.input, op.output], h * w * c);
    }
    default:
      return undefined;
  }
}

function rebuild(
  graph: QuantGraph,
  op: SumOp,
  intervals: Intervals,
  id: number,
  kept: readonly Int32Array[],
): { op: SumOp; folded: Float64Array; isConstant: Uint8Array } {
  const view = sumView(graph, op);
  const inputs = kept[op.input]!;
  const outputs = kept[op.output]!;
  const input = intervals.tensors[op.input]!;
  const isConstant = Uint8Array.from(outputs, (o) => (isProvedConstant(intervals, id, op, o) ? 1 : 0));
  const folded = new Float64Array(outputs.length);
  const bias = new Int32Array(outputs.length);
  const isKept = new Uint8Array(view.inC);
  for (const c of inputs) isKept[c] = 1;
  const picked: { o: number; isBlank: boolean }[] = [];
  outputs.forEach((o, k) => {
    picked.push({ o, isBlank: isConstant[k] === 1 });
    if (isConstant[k]) {
      // A factor of one half and twice the value: as few accumulator bits as can be.
      bias[k] = 2 * (intervals.tensors[op.output]!.low[o]! - graph.tensors[op.output]!.zeroPoint);
      return;
    }
    for (let c = view.from(o); c < view.to(o); c++) {
      if (isKept[c] || input.low[c] !== input.high[c]) continue;
      const fold = foldOf(op, view, o, c, input.low[c]!);
      assert(fold !== null, 'a channel that cannot be folded was removed');
      folded[k] = folded[k]! + fold;
    }
    const total = op.bias[o]! + folded[k]!;
    assert(fitsInt32(total), 'a folded bias left int32');
    bias[k] = total;
  });
  const pick = (all: Int32Array, blank: number): Int32Array =>
    Int32Array.from(outputs, (o, k) => (isConstant[k] ? blank : all[o]!));
  const requantize: Requantize = {
    ...op.requantize,
    multiplierQ31: pick(op.requantize.multiplierQ31, 2 ** 30),
    shift: pick(op.requantize.shift, 0),
  };
  const weights = pickWeights(op, view, picked, inputs);
  const rest = { weights, bias, requantize };
  if (op.kind !== 'depthwise') return { op: { ...op, ...rest }, folded, isConstant };
  return {
    op: { ...op, ...rest, depthMultiplier: outputs.length / inputs.length },
    folded,
    isConstant,
  };
}

/** The kept rows and columns, in the operator's own layout; blank rows are zeros. */
function pickWeights(
  op: SumOp,
  view: SumView,
  outputs: readonly { o: number; isBlank: boolean }[],
  inputs: Int32Array,
): Int8Array {
  const at = (o: number, isBlank: boolean, tap: number, c: number): number =>
    isBlank ? 0 : op.weights[view.index(o, tap, c)]!;
  if (op.kind === 'depthwise') {
    const weights = new Int8Array(view.taps * outputs.length);
    for (let tap = 0; tap < view.taps; tap++) {
      outputs.forEach(({ o, isBlank }, k) => {
        weights[tap * outputs.length + k] = at(o, isBlank, tap, view.from(o));
      });
    }
    return weights;
  }
  const weights = new Int8Array(outputs.length * view.taps * inputs.length);
  let next = 0;
  for (const { o, isBlank } of outputs) {
    for (let tap = 0; tap < view.taps; tap++) {
      for (const c of inputs) weights[next++] = at(o, isBlank, tap, c);
    }
  }
  return weights;
}
