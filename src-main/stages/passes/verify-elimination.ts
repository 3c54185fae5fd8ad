/**
 * Judges constant-channel elimination from the two graphs and the proof alone, by induction over the operators:
 * if every interval holds before an operator it holds after it, and then every kept channel of the smaller graph
 * has the bytes of its original. Shares no code with intervals.ts and eliminate.ts; requantisation is written
 * anew, in BigInt. PASS-201: the graphs or the proof do not fit each other; 202: an interval does not follow;
 * 203: a removed channel is needed; 204: a weight, bias or factor is not that of the original.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { AddOp, QuantGraph, QuantOp } from '../quantize/types.ts';
import type { ChannelProof, Elimination, EliminationProof, Rounding, SumProof } from './types.ts';

type Sums = Extract<QuantOp, { bias: Int32Array }>;
type Report = (code: string, message: string) => void;

export function verifyElimination({ before, after, proof }: Elimination): Diagnostic[] {
  const found: Diagnostic[] = [];
  const at =
    (place: string): Report =>
    (code, message) =>
      void found.push({ code, severity: 'error', place, message });
  checkStructure(before, after, proof, at);
  // Everything below reads one graph by the ids and sizes of the other.
  if (found.length > 0) return found;
  const written = new Set<number>();
  before.ops.forEach((op, id) => {
    const report = at(op.name);
    const small = after.ops[id]!;
    if (isSums(op)) checkSums({ before, after, op, small: small as Sums, proof, id, report });
    else checkOther(before, op, proof, report);
    for (const t of 'outputs' in op ? op.outputs : [op.output]) written.add(t);
  });
  before.tensors.forEach((t, id) => {
    const { low, high } = proof.tensors[id]!;
    const isFree = low.every((v) => v === -128) && high.every((v) => v === 127);
    if (!written.has(id) && !isFree) at(t.name)('PASS-202', 'an input is bounded without reason');
  });
  return found;
}

const isSums = (op: QuantOp): op is Sums => 'weights' in op && 'bias' in op;

function checkStructure(
  before: QuantGraph,
  after: QuantGraph,
  proof: EliminationProof,
  at: (place: string) => Report,
): void {
  const wrong = at(before.name);
  const isAsLong =
    before.tensors.length === after.tensors.length &&
    before.ops.length === after.ops.length &&
    proof.tensors.length === before.tensors.length &&
    proof.sums.length === before.ops.length;
  if (!isAsLong) return wrong('PASS-201', 'tensors or operators are missing');
  if (!isSame([before.inputs, before.outputs], [after.inputs, after.outputs]))
    wrong('PASS-201', 'other inputs or outputs');
  if (proof.rounding !== 'double' && proof.rounding !== 'single') wrong('PASS-201', 'no such rounding');
  const ends = new Set([...before.inputs, ...before.outputs]);
  before.tensors.forEach((t, id) => {
    const report = at(t.name);
    const small = after.tensors[id]!;
    const { kept, low, high } = proof.tensors[id]!;
    const isFloat = t.dtype === 'float32';
    const [h, w, c] = t.shape;
    const isSubset = kept.every((k, i) => k >= 0 && k < c && (i === 0 || k > kept[i - 1]!));
    if (!isSubset || kept.length === 0) report('PASS-201', 'the kept channels are no ascending subset');
    if (!isSame([h, w, kept.length], small.shape)) report('PASS-201', `shape [${small.shape}]`);
    const facts = (x: typeof t) => [x.name, x.dtype, x.scale, x.zeroPoint, x.data];
    if (!isSame(facts(t), facts(small))) report('PASS-201', 'name, type, scale or zero point differ');
    if ((isFloat || ends.has(id)) && kept.length !== c) report('PASS-203', 'channels of an end are removed');
    if (low.length !== (isFloat ? 0 : c) || high.length !== low.length) report('PASS-201', 'bounds missing');
    if (low.some((v, k) => v > high[k]!)) report('PASS-201', 'an empty interval');
  });
  before.ops.forEach((op, id) => {
    const plain = (x: QuantOp): unknown[] =>
      Object.entries(x)
        .filter(([key]) => !isSums(op) || !['weights', 'bias', 'requantize', 'depthMultiplier'].includes(key))
        .sort(([a], [b]) => (a < b ? -1 : 1));
    const small = after.ops[id]!;
    if (!isSame(plain(op), plain(small)))
      return at(op.name)('PASS-201', 'another operator stands in its place');
    if (isSums(op)) checkSizes(before, op, after, small as Sums, proof, id, at(op.name));
  });
}

function checkSizes(
  before: QuantGraph,
  op: Sums,
  after: QuantGraph,
  small: Sums,
  proof: EliminationProof,
  id: number,
  report: Report,
): void {
  const outC = before.tensors[op.output]!.shape[2];
  const keptC = after.tensors[op.output]!.shape[2];
  const { accumulatorLow, accumulatorHigh, folded, isConstant } = proof.sums[id]!;
  const { multiplierQ31, shift, clampMin, clampMax } = small.requantize;
  if (accumulatorLow.length !== outC || accumulatorHigh.length !== outC)
    report('PASS-201', 'accumulator bounds missing');
  if (![folded, isConstant, small.bias, multiplierQ31, shift].every((a) => a.length === keptC))
    report('PASS-201', 'an array does not fit the kept outputs');
  if (clampMin !== op.requantize.clampMin || clampMax !== op.requantize.clampMax)
    report('PASS-204', 'the clamps differ');
  const perOutput = (g: QuantGraph, x: Sums): number => {
    const [h, w, c] = g.tensors[x.input]!.shape;
    if (x.kind === 'fullyConnected') return h * w * c;
    return x.kernelH * x.kernelW * (x.kind === 'depthwise' ? 1 : c);
  };
  if (
    op.weights.length !== outC * perOutput(before, op) ||
    small.weights.length !== keptC * perOutput(after, small)
  )
    report('PASS-201', 'the weights do not fit');
}

/** Equality of plain data, typed arrays included. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return x.length === y.length && x.every(([key, v]) => isSame(v, (b as Record<string, unknown>)[key]));
}

/** floor division of BigInts, b > 0. */
const floorDiv = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b));

function scaleTo(acc: number, q: number, shift: number, rounding: Rounding): number {
  const product = BigInt(acc) * 2n ** BigInt(Math.max(0, shift)) * BigInt(q);
  const right = BigInt(Math.max(0, -shift));
  if (rounding === 'single') return Number(floorDiv(product + 2n ** (30n + right), 2n ** (31n + right)));
  const high = floorDiv(product + 2n ** 30n, 2n ** 31n);
  const half = 2n ** right / 2n;
  const size = ((high < 0n ? -high : high) + half) / 2n ** right;
  return Number(high < 0n ? -size : size);
}

const inside = (v: number, low: number, high: number): number => (v < low ? low : v > high ? high : v);

interface SumsAtHand {
  readonly before: QuantGraph;
  readonly after: QuantGraph;
  readonly op: Sums;
  readonly small: Sums;
  readonly proof: EliminationProof;
  readonly id: number;
  readonly report: Report;
}

/** One product of a sum: weight index in the operator before, input channel, row and column of the tap. */
function termsOf(graph: QuantGraph, op: Sums, o: number): { w: number; c: number; y: number; x: number }[] {
  const [h, w, inC] = graph.tensors[op.input]!.shape;
  const outC = graph.tensors[op.output]!.shape[2];
  const [kh, kw] = op.kind === 'fullyConnected' ? [h, w] : [op.kernelH, op.kernelW];
  const terms = [];
  for (let y = 0; y < kh; y++) {
    for (let x = 0; x < kw; x++) {
      if (op.kind === 'depthwise') {
        terms.push({ w: (y * kw + x) * outC + o, c: Math.floor(o / op.depthMultiplier), y, x });
        continue;
      }
      for (let c = 0; c < inC; c++) terms.push({ w: ((o * kh + y) * kw + x) * inC + c, c, y, x });
    }
  }
  return terms;
}

/** Rectangles of taps inside the image, one for each way that an output position can hang over the edge. */
function rectangles(graph: QuantGraph, op: Sums): { y0: number; y1: number; x0: number; x1: number }[] {
  const [h, w] = graph.tensors[op.input]!.shape;
  if (op.kind === 'fullyConnected') return [{ y0: 0, y1: h, x0: 0, x1: w }];
  const [outH, outW] = graph.tensors[op.output]!.shape;
  const seen = new Map<string, { y0: number; y1: number; x0: number; x1: number }>();
  for (let oy = 0; oy < outH; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      const top = op.padTop - oy * op.strideH;
      const left = op.padLeft - ox * op.strideW;
      const r = {
        y0: Math.max(top, 0),
        y1: Math.min(op.kernelH, h + top),
        x0: Math.max(left, 0),
        x1: Math.min(op.kernelW, w + left),
      };
      seen.set(`${r.y0} ${r.y1} ${r.x0} ${r.x1}`, r);
    }
  }
  return [...seen.values()];
}

function checkSums(hand: SumsAtHand): void {
  const { before, op, proof, id, report } = hand;
  const claim = proof.sums[id]!;
  const input = proof.tensors[op.input]!;
  const output = proof.tensors[op.output]!;
  const zero = before.tensors[op.input]!.zeroPoint;
  const keptIn = new Set(input.kept);
  const areas = rectangles(before, op);
  const position = new Map([...output.kept].map((o, k) => [o, k]));
  for (let o = 0; o < output.low.length; o++) {
    const terms = termsOf(before, op, o);
    const k = position.get(o);
    const mustFold = k !== undefined && claim.isConstant[k] !== 1;
    for (const area of areas) {
      let low = op.bias[o]!;
      let high = low;
      let removed = 0;
      for (const { w, c, y, x } of terms) {
        const weight = op.weights[w]!;
        if (weight === 0 || y < area.y0 || y >= area.y1 || x < area.x0 || x >= area.x1) continue;
        const ends = [(input.low[c]! - zero) * weight, (input.high[c]! - zero) * weight] as const;
        low += Math.min(...ends);
        high += Math.max(...ends);
        if (!mustFold || keptIn.has(c)) continue;
        if (input.low[c] !== input.high[c])
          return report('PASS-203', `output ${o} needs removed channel ${c}`);
        removed += ends[0];
      }
      if (!(claim.accumulatorLow[o]! <= low && claim.accumulatorHigh[o]! >= high))
        return report('PASS-202', `the accumulator of output ${o} reaches ${low} … ${high}`);
      if (mustFold && removed !== claim.folded[k])
        return report(
          'PASS-203',
          `removed channels add ${removed} to output ${o}, not ${claim.folded[k]} everywhere`,
        );
    }
    checkOutput(hand, claim, o, k);
    if (k !== undefined) checkKept(hand, claim, o, k, terms);
  }
}

/** The claimed interval of output o follows from that of its accumulator. */
function checkOutput(
  { before, op, proof, report }: SumsAtHand,
  claim: SumProof,
  o: number,
  k?: number,
): void {
  const { low, high } = proof.tensors[op.output]!;
  const [from, to] = [claim.accumulatorLow[o]!, claim.accumulatorHigh[o]!];
  const { multiplierQ31, shift, clampMin, clampMax } = op.requantize;
  const reach = 2 ** 31 / 2 ** Math.max(0, shift[o]!);
  const isKnown = Number.isInteger(from) && Number.isInteger(to) && from >= -reach && to < reach;
  const zero = before.tensors[op.output]!.zeroPoint;
  const at = (acc: number): number =>
    inside(scaleTo(acc, multiplierQ31[o]!, shift[o]!, proof.rounding) + zero, clampMin, clampMax);
  const [least, most] = isKnown ? [at(from), at(to)] : [clampMin, clampMax];
  if (low[o]! > least || high[o]! < most)
    report('PASS-202', `output ${o} can be ${least} … ${most}, not only ${low[o]} … ${high[o]}`);
  if (k !== undefined && claim.isConstant[k] && low[o] !== high[o])
    report('PASS-203', `output ${o} is called constant`);
}

/** Row k of the smaller operator is row o of the original. */
function checkKept(
  hand: SumsAtHand,
  claim: SumProof,
  o: number,
  k: number,
  terms: readonly { w: number; c: number }[],
): void {
  const { before, after, op, small, proof, report } = hand;
  const [q, s] = [small.requantize.multiplierQ31[k]!, small.requantize.shift[k]!];
  const keptIn = proof.tensors[op.input]!.kept;
  const isKept = new Set(keptIn);
  // In the same order of taps and channels, so the remaining ones pair up.
  const left = terms.filter((t) => isKept.has(t.c));
  const now = termsOf(after, small, k);
  const isPaired = left.length === now.length && now.every((t, i) => keptIn[t.c] === left[i]!.c);
  if (!isPaired) return report('PASS-204', `output ${o} reads other channels than before`);
  const isBlank = claim.isConstant[k] === 1;
  if (!now.every((t, i) => small.weights[t.w] === (isBlank ? 0 : op.weights[left[i]!.w]!)))
    report('PASS-204', `a weight of output ${o} differs`);
  const bias = small.bias[k]!;
  if (!isBlank) {
    if (q !== op.requantize.multiplierQ31[o] || s !== op.requantize.shift[o])
      report('PASS-204', `the factor of output ${o} differs`);
    if (bias !== op.bias[o]! + claim.folded[k]!) report('PASS-204', `the bias of output ${o} differs`);
    return;
  }
  const zero = before.tensors[op.output]!.zeroPoint;
  const { clampMin, clampMax } = op.requantize;
  const value = inside(scaleTo(bias, q, s, proof.rounding) + zero, clampMin, clampMax);
  if (value !== proof.tensors[op.output]!.low[o])
    report('PASS-204', `the constant of output ${o} comes out as ${value}`);
}

/** All other operators: their interval follows, and their channels go on both sides or not at all. */
function checkOther(graph: QuantGraph, op: QuantOp, proof: EliminationProof, report: Report): void {
  const claims = (t: number): ChannelProof => proof.tensors[t]!;
  const channels = (t: number): number => graph.tensors[t]!.shape[2];
  const inputs = 'inputs' in op ? op.inputs : [op.input];
  const outputs = 'outputs' in op ? op.outputs : [op.output];
  const size = (t: number): number => graph.tensors[t]!.shape.reduce((a, b) => a * b, 1);
  const image = imageOf(graph, op, claims, proof.rounding);
  const all = [...inputs, ...outputs];
  if (!image) {
    if (all.some((t) => claims(t).kept.length !== channels(t)))
      report('PASS-203', 'this operator cannot lose channels');
    const isFree = (t: number): boolean =>
      claims(t).low.every((v) => v === -128) && claims(t).high.every((v) => v === 127);
    if (!outputs.every(isFree)) report('PASS-202', 'its result is bounded without reason');
    return;
  }
  const output = outputs[0]!;
  const isByChannel = op.kind !== 'reshape';
  const shape = (t: number): string => `${graph.tensors[t]!.shape}`;
  const fits = all.every((t) =>
    op.kind === 'add'
      ? shape(t) === shape(output)
      : isByChannel
        ? channels(t) === channels(output)
        : size(t) === size(output),
  );
  if (!fits) return report('PASS-201', 'the channels of its tensors do not correspond');
  const kept = new Map(all.map((t) => [t, new Set(claims(t).kept)]));
  const count = isByChannel ? channels(output) : size(output);
  for (let i = 0; i < count; i++) {
    const stays = (t: number): boolean => kept.get(t)!.has(i % channels(t));
    if (all.some((t) => stays(t) !== stays(output)))
      return report('PASS-203', `channel ${i % channels(output)} is removed on one side only`);
    const [least, most] = image(i);
    const { low, high } = claims(output);
    const c = i % channels(output);
    if (low[c]! > least || high[c]! < most)
      return report('PASS-202', `channel ${c} can be ${least} … ${most}`);
  }
}

/** Bounds of channel (for reshape: byte) i of the result; undefined for operators of which nothing is known. */
function imageOf(
  graph: QuantGraph,
  op: QuantOp,
  claims: (t: number) => ChannelProof,
  rounding: Rounding,
): ((i: number) => readonly [number, number]) | undefined {
  switch (op.kind) {
    case 'maxPool':
    case 'averagePool': {
      const { low, high } = claims(op.input);
      return (c) => [inside(low[c]!, op.clampMin, op.clampMax), inside(high[c]!, op.clampMin, op.clampMax)];
    }
    case 'reshape': {
      const { low, high } = claims(op.input);
      return (i) => [low[i % low.length]!, high[i % low.length]!];
    }
    case 'lut': {
      const { low, high } = claims(op.input);
      if (low.length !== claims(op.output).low.length) return undefined;
      return (c) => {
        let [least, most] = [127, -128];
        for (let v = low[c]!; v <= high[c]!; v++) {
          least = Math.min(least, op.table[v + 128]!);
          most = Math.max(most, op.table[v + 128]!);
        }
        return [least, most];
      };
    }
    case 'add': {
      const { inputs, output } = op;
      const isPlain = inputs.every((t) => `${graph.tensors[t]!.shape}` === `${graph.tensors[output]!.shape}`);
      if (!isPlain) return undefined;
      return (c) => [addOf(graph, op, claims(inputs[0]).low[c]!, claims(inputs[1]).low[c]!, rounding),
        addOf(graph, op, claims(inputs[0]).high[c]!, claims(inputs[1]).high[c]!, rounding)]; // prettier-ignore
    }
    default:
      return undefined;
  }
}

function addOf(graph: QuantGraph, op: AddOp, a: number, b: number, rounding: Rounding): number {
  const part = (v: number, tensor: number, m: AddOp['input1']): number =>
    scaleTo((v - graph.tensors[tensor]!.zeroPoint) * 1048576, m.multiplierQ31, m.shift, rounding);
  const sum = part(a, op.inputs[0], op.input1) + part(b, op.inputs[1], op.input2);
  const { multiplierQ31, shift } = op.outputScale;
  const value = scaleTo(sum, multiplierQ31, shift, rounding) + graph.tensors[op.output]!.zeroPoint;
  return inside(value, op.clampMin, op.clampMax);
}
