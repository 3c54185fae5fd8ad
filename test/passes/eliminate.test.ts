/** Constant-channel elimination: every byte the same, every proof accepted, every broken proof refused. */
import { describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { pack, unpack } from '../../src-main/base/pack.ts';
import { eliminateConstantChannels } from '../../src-main/stages/passes/eliminate.ts';
import type { Elimination, Rounding } from '../../src-main/stages/passes/index.ts';
import { costOf, verifyElimination } from '../../src-main/stages/passes/index.ts';
import { requantize as ours } from '../../src-main/stages/passes/requantize.ts';
import type { QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { requantize, runIntegerTrace, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { randomBytes, randomNet } from './random-nets.ts';

const NETS = 250;
const codes = (e: Elimination): string[] => verifyElimination(e).map((d) => d.code);

/** Bytes of kept channels that differ, and bytes outside their interval, on one input. */
function faults({ before, after, proof }: Elimination, input: Int8Array): number {
  const [want, got] = [runIntegerTrace(before, [input]), runIntegerTrace(after, [input])];
  let found = 0;
  before.tensors.forEach((t, id) => {
    const { low, high, kept } = proof.tensors[id]!;
    const channels = t.shape[2];
    got[id]!.forEach((v, i) => {
      const from = Math.floor(i / kept.length) * channels + kept[i % kept.length]!;
      if (v !== want[id]![from]) found++;
    });
    want[id]!.forEach((v, i) => {
      if (v < low[i % channels]! || v > high[i % channels]!) found++;
    });
  });
  return found;
}

describe('random nets with dead channels', () => {
  it(`${NETS} nets: every kept byte equal, every byte in its interval, graphs and proofs sound`, () => {
    let [gone, all, blank, macs, macsLeft] = [0, 0, 0, 0, 0];
    for (let seed = 0; seed < NETS; seed++) {
      const graph = randomNet(seed);
      expect(verifyQuantGraph(graph), `net ${seed}`).toEqual([]);
      const e = eliminateConstantChannels(graph, 'double');
      expect(verifyElimination(e), `net ${seed}`).toEqual([]);
      expect(verifyQuantGraph(e.after), `net ${seed}`).toEqual([]);
      for (let i = 0; i < 3; i++) expect(faults(e, randomBytes(graph, seed * 10 + i)), `net ${seed}`).toBe(0);
      graph.tensors.forEach((t, id) => {
        all += t.shape[2];
        gone += t.shape[2] - e.after.tensors[id]!.shape[2];
      });
      for (const s of e.proof.sums) blank += s.isConstant.reduce((a, b) => a + b, 0);
      macs += costOf(graph).macs;
      macsLeft += costOf(e.after).macs;
    }
    // The nets are such that all cases occur.
    expect(gone / all).toBeGreaterThan(0.2);
    expect(blank).toBeGreaterThan(NETS);
    expect(macsLeft / macs).toBeLessThan(0.7);
  });
  it('is the same again and survives packing', () => {
    const e = eliminateConstantChannels(randomNet(7), 'double');
    expect(pack(eliminateConstantChannels(randomNet(7), 'double'))).toEqual(pack(e));
    expect(verifyElimination(unpack<Elimination>(pack(e)))).toEqual([]);
  });
  it('holds for one rounding mode: a proof for the other is another proof', () => {
    let differ = 0;
    for (let seed = 0; seed < 60; seed++) {
      const single = eliminateConstantChannels(randomNet(seed), 'single');
      expect(verifyElimination(single)).toEqual([]);
      const proof = { ...single.proof, rounding: 'double' as Rounding };
      if (verifyElimination({ ...single, proof }).length > 0) differ++;
    }
    expect(differ).toBeGreaterThan(0);
  });
});

describe('requantisation of the analysis', () => {
  it('equals the integer reference (double) and BigInt arithmetic (single)', () => {
    const random = makeRng(5);
    for (let i = 0; i < 20_000; i++) {
      const acc = Math.floor((random() - 0.5) * 2 ** (1 + Math.floor(random() * 32)));
      const q = random() < 0.1 ? 0 : 2 ** 30 + Math.floor(random() * 2 ** 30);
      const shift = -Math.floor(random() * 32);
      expect(ours(acc, q, shift, 'double')).toBe(requantize(acc, q, shift));
      const [p, bits] = [BigInt(acc) * BigInt(q), BigInt(31 - shift)];
      const single = (p + (1n << (bits - 1n))) >> bits;
      expect(ours(acc, q, shift, 'single')).toBe(Number(single));
    }
  });
});

/** Changes one number of one array, in a copy. */
type Mutant = (e: Elimination, pick: (n: number) => number) => Elimination | undefined;

const withTensor = (e: Elimination, id: number, by: object): Elimination => ({
  ...e,
  proof: { ...e.proof, tensors: e.proof.tensors.map((t, k) => (k === id ? { ...t, ...by } : t)) },
});
const withSum = (e: Elimination, id: number, by: object): Elimination => ({
  ...e,
  proof: { ...e.proof, sums: e.proof.sums.map((s, k) => (k === id ? { ...s, ...by } : s)) },
});
const withOp = (e: Elimination, id: number, by: object): Elimination => ({
  ...e,
  after: { ...e.after, ops: e.after.ops.map((op, k) => (k === id ? ({ ...op, ...by } as typeof op) : op)) },
});
function nudged<T extends Int8Array | Int32Array | Float64Array | Uint8Array>(
  a: T,
  i: number,
  by: number,
): T {
  const copy = a.slice() as T;
  copy[i] = copy[i]! + by;
  return copy;
}
const sumIds = (graph: QuantGraph): number[] => graph.ops.flatMap((op, id) => ('weights' in op ? [id] : []));

const MUTANTS: Record<string, Mutant> = {
  'a lower bound too high': (e, pick) => {
    const id = pick(e.before.tensors.length);
    const { low, high } = e.proof.tensors[id]!;
    const c = pick(low.length);
    return low[c]! < high[c]! ? withTensor(e, id, { low: nudged(low, c, 1) }) : undefined;
  },
  'an upper bound too low': (e, pick) => {
    const id = pick(e.before.tensors.length);
    const { low, high } = e.proof.tensors[id]!;
    const c = pick(low.length);
    return low[c]! < high[c]! ? withTensor(e, id, { high: nudged(high, c, -1) }) : undefined;
  },
  'a channel called constant that is not': (e, pick) => {
    const id = pick(e.before.tensors.length);
    const { low, high } = e.proof.tensors[id]!;
    const c = pick(low.length);
    return low[c]! < high[c]! ? withTensor(e, id, { high: nudged(high, c, low[c]! - high[c]!) }) : undefined;
  },
  'another constant': (e, pick) => {
    const id = pick(e.before.tensors.length);
    const { low, high } = e.proof.tensors[id]!;
    const c = pick(low.length);
    if (low[c] !== high[c]) return undefined;
    const by = low[c]! < 127 ? 1 : -1;
    return withTensor(e, id, { low: nudged(low, c, by), high: nudged(high, c, by) });
  },
  'a kept channel that is not named': (e, pick) => {
    const id = pick(e.before.tensors.length);
    return withTensor(e, id, { kept: e.proof.tensors[id]!.kept.slice(1) });
  },
  'another kept channel': (e, pick) => {
    const id = pick(e.before.tensors.length);
    const { kept } = e.proof.tensors[id]!;
    const gone = e.before.tensors[id]!.shape[2] - kept.length;
    const at = pick(kept.length);
    const isFree =
      gone > 0 && !kept.includes(kept[at]! + 1) && kept[at]! + 1 < e.before.tensors[id]!.shape[2];
    return isFree ? withTensor(e, id, { kept: nudged(kept, at, 1) }) : undefined;
  },
  'a folded term': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { folded, isConstant } = e.proof.sums[id]!;
    const k = pick(folded.length);
    return isConstant[k] ? undefined : withSum(e, id, { folded: nudged(folded, k, 1) });
  },
  'an accumulator bound': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { accumulatorHigh } = e.proof.sums[id]!;
    return withSum(e, id, { accumulatorHigh: nudged(accumulatorHigh, pick(accumulatorHigh.length), -1) });
  },
  'a row called constant': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { isConstant } = e.proof.sums[id]!;
    const k = pick(isConstant.length);
    return isConstant[k] ? undefined : withSum(e, id, { isConstant: nudged(isConstant, k, 1) });
  },
  'a weight': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { weights } = e.after.ops[id] as { weights: Int8Array };
    const i = pick(weights.length);
    return withOp(e, id, { weights: nudged(weights, i, weights[i]! < 127 ? 1 : -1) });
  },
  'a bias': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { bias } = e.after.ops[id] as { bias: Int32Array };
    const k = pick(bias.length);
    // Any bias within the accumulator's interval gives a constant; the others must be exact.
    return e.proof.sums[id]!.isConstant[k] ? undefined : withOp(e, id, { bias: nudged(bias, k, 1) });
  },
  'a factor': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { requantize: r } = e.after.ops[id] as unknown as { requantize: { shift: Int32Array } };
    const k = pick(r.shift.length);
    // A constant may come from any factor that gives it.
    if (e.proof.sums[id]!.isConstant[k]) return undefined;
    return withOp(e, id, { requantize: { ...r, shift: nudged(r.shift, k, -1) } });
  },
  'a clamp': (e, pick) => {
    const id = sumIds(e.before)[pick(sumIds(e.before).length)]!;
    const { requantize: r } = e.after.ops[id] as unknown as { requantize: { clampMax: number } };
    return withOp(e, id, { requantize: { ...r, clampMax: r.clampMax - 1 } });
  },
  'another operator': (e, pick) => withOp(e, pick(e.after.ops.length), { name: 'other' }),
  'a zero point': (e, pick) => {
    const id = pick(e.after.tensors.length);
    const tensors = e.after.tensors.map((t, k) => (k === id ? { ...t, zeroPoint: t.zeroPoint ^ 1 } : t));
    return { ...e, after: { ...e.after, tensors } };
  },
};

describe('a proof that was tampered with is refused', () => {
  it.for(Object.keys(MUTANTS))('%s', (name) => {
    const random = makeRng(name.length);
    const pick = (n: number): number => Math.floor(random() * n);
    let tried = 0;
    for (let seed = 0; seed < 60; seed++) {
      const mutant = MUTANTS[name]!(eliminateConstantChannels(randomNet(seed), 'double'), pick);
      if (!mutant) continue;
      tried++;
      expect(codes(mutant), `net ${seed}`).not.toEqual([]);
    }
    expect(tried).toBeGreaterThan(4);
  });
});
