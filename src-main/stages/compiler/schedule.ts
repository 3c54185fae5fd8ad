/**
 * The choice of a schedule, with its certificate. Operators fall into groups that do not influence one another's
 * cycles (an operator, or a convolution with the max pool after it); every legal way of every group is costed by
 * predict.ts and the cheapest kept, the first on a tie. Ways differ in weights too, so the one with the fewest
 * weight words is kept beside it for chips where the cheapest does not fit.
 */
import { inputsOf, type PoolOp, type QuantOp } from '../quantize/index.ts';
import { readersIn, shapeIn, viewIn, type Frame } from './frame.ts';
import { geometryIn } from './frame.ts';
import { Misfit, weightWordsOf, type Layer, type Way } from './layer.ts';
import { requireFieldLimits } from './field-limits.ts';
import { diagonalSteps, waysOf } from './lower.ts';
import { predictCycles } from './predict.ts';
import type { GroupRecord } from './types.ts';

export interface Candidate {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly cycles: number;
  readonly weightWords: number;
}

export interface Group {
  readonly ops: readonly QuantOp[];
  readonly candidates: readonly Candidate[];
}

/** Throws Misfit where an operator has no legal way. */
export function groupsOf(f: Frame, isFusing: boolean): Group[] {
  const groups: Group[] = [];
  const fused = new Set<QuantOp>();
  const whole = wholeTensors(f);
  for (const op of f.segment.ops) {
    if (op.kind === 'reshape' || op.kind === 'concat' || fused.has(op)) continue;
    const pool = isFusing ? fusablePool(f, op) : undefined;
    if (pool) fused.add(pool);
    groups.push(groupOf(f, op, pool, whole));
  }
  return groups;
}

function groupOf(f: Frame, op: QuantOp, pool: PoolOp | undefined, whole: ReadonlySet<number>): Group {
  const cost = (name: string, layers: readonly Layer[]): Candidate => ({
    name,
    layers,
    cycles: layers.reduce((sum, l) => sum + predictCycles(l, f.chip, lastChannels(f, l, whole)), 0),
    weightWords: layers.reduce((sum, l) => sum + weightWordsOf(l, f.chip.columns), 0),
  });
  const ways = legal(waysOf(f, op));
  if (!pool) return { ops: [op], candidates: ways.map((w) => cost(w.name, [w.layer])) };
  const alone = legal(waysOf(f, pool));
  const candidates = legal(
    ways.map((w) => ({ name: `${w.name}, pool fused`, layer: fuse(f, w.layer, pool) })),
  )
    .map((w) => cost(w.name, [w.layer]))
    .concat(ways.flatMap((w) => alone.map((p) => cost(`${w.name}; pool ${p.name}`, [w.layer, p.layer]))));
  return { ops: [op, pool], candidates };
}

/** The ways whose numbers fit the instruction fields; the last refusal is thrown if none does. */
function legal(ways: readonly Way[]): Way[] {
  let trouble: unknown;
  const kept = ways.filter(({ layer }) => {
    try {
      requireFieldLimits(layer);
      return true;
    } catch (e) {
      trouble = e;
      return false;
    }
  });
  if (kept.length === 0) throw trouble;
  return kept;
}

/** A max pool that alone reads a convolution, without padding and without overlap. */
function fusablePool(f: Frame, op: QuantOp): PoolOp | undefined {
  if (op.kind !== 'conv' && op.kind !== 'depthwise') return undefined;
  if (f.segment.outputs.includes(op.output)) return undefined;
  const readers = readersIn(f.segment, op.output);
  const pool = readers[0];
  if (readers.length !== 1 || pool?.kind !== 'maxPool') return undefined;
  const overlaps = pool.strideH < pool.kernelH || pool.strideW < pool.kernelW;
  const padded = pool.padTop + pool.padLeft + pool.padBottom + pool.padRight > 0;
  const fits = pool.kernelH <= 16 && pool.kernelW <= 16 && pool.kernelH * pool.kernelW <= 256;
  return overlaps || padded || !fits ? undefined : pool;
}

const clampTo = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));

/** Requantisation is monotone, so the maximum of the sums is requantised once. */
function fuse(f: Frame, l: Layer, pool: PoolOp): Layer {
  const g = geometryIn(f, pool);
  const [outH, outW] = shapeIn(f, pool.output);
  return {
    ...l,
    name: `${l.name}+${pool.name}`,
    share: false,
    dest: pool.output,
    windowH: g.kernelH,
    windowW: g.kernelW,
    windowStrideH: g.strideH,
    windowStrideW: g.strideW,
    outH,
    outW,
    clampMin: clampTo(l.clampMin, pool.clampMin, pool.clampMax),
    clampMax: clampTo(l.clampMax, pool.clampMin, pool.clampMax),
  };
}

/**
 * Tensors whose last word must be written to its end: a layer in diagonal mode steps through whole words, and what
 * lies behind the last channel meets zero weights but must be defined.
 */
export function wholeTensors(f: Frame): ReadonlySet<number> {
  const whole = new Set<number>();
  for (const op of f.segment.ops) {
    const steps = diagonalSteps(f, op);
    if (steps === 0) continue;
    for (const t of inputsOf(op)) {
      const { c } = viewIn(f, t, op);
      if (c <= steps || c % steps === 0) continue;
      const { root } = f.storage.get(t)!;
      if (f.segment.inputs.includes(root) && f.chip.streamBytes === 1)
        throw new Misfit(
          'COMPILE-015',
          op.name,
          `reads the input's ${c} channels in whole words, and they are not a multiple of ${steps}`,
          'choose a chip whose columns divide the channels, or one with depthwise mode',
        );
      whole.add(root);
    }
  }
  return whole;
}

/** Channels drained in the last block. */
export function lastChannels(f: Frame, l: Layer, whole: ReadonlySet<number>): number {
  const K = f.chip.columns;
  if (whole.has(l.dest)) return Math.min(K, f.storage.get(l.dest)!.written.pitch);
  return l.outC - (Math.ceil(l.outC / K) - 1) * K;
}

/** The cheapest candidate by cycles, or by weight words; the first on a tie. */
export function pick(group: Group, by: 'cycles' | 'weightWords'): number {
  let best = 0;
  group.candidates.forEach((c, i) => {
    if (c[by] < group.candidates[best]![by]) best = i;
  });
  return best;
}

export const recordOf = (group: Group, chosen: number): GroupRecord => ({
  ops: group.ops.map((op) => op.name),
  chosen,
  candidates: group.candidates.map(({ name, cycles, weightWords }) => ({ name, cycles, weightWords })),
});
