/**
 * Concatenation along channels by addressing: its operands are written where they will lie in the joined map, so
 * nothing is computed. Possible where every operand starts at a word, or, in maps thinner than a word, at a place
 * that its channels cannot overrun.
 */
import { outputsOf, type ConcatOp, type QuantGraph, type QuantOp } from '../quantize/index.ts';
import { Misfit } from './layer.ts';

export interface Join {
  /** The joined tensor. */
  readonly into: number;
  /** First channel there. */
  readonly offset: number;
}

interface Part {
  readonly graph: QuantGraph;
  readonly ops: readonly QuantOp[];
  readonly outputs: readonly number[];
}

/** [operand tensor]. Throws Misfit naming the concatenation that needs its bytes moved. */
export function joinsOf(s: Part, columns: number, hasDepthwise: boolean): Map<number, Join> {
  const joins = new Map<number, Join>();
  const producer = new Map(s.ops.flatMap((op) => outputsOf(op).map((t) => [t, op] as const)));
  for (const op of s.ops) {
    if (op.kind !== 'concat') continue;
    const shape = s.graph.tensors[op.output]!.shape;
    requireChannels(s, op);
    if (!hasDepthwise && shape[2] > columns && shape[2] % columns !== 0)
      throw misfit(op, 'the joined channels do not fill words, which diagonal layers read whole');
    let offset = 0;
    for (const t of op.inputs) {
      const from = producer.get(t);
      const c = s.graph.tensors[t]!.shape[2];
      if (!from || from.kind === 'reshape' || from.kind === 'concat')
        throw misfit(op, 'an operand is no layer of the same program');
      if (joins.has(t) || s.outputs.includes(t)) throw misfit(op, 'an operand is wanted in two places');
      if (offset % columns !== 0 && (offset % powerOfTwo(c) !== 0 || (offset % columns) + c > columns))
        throw misfit(op, `an operand starts at channel ${offset}, inside a word`);
      joins.set(t, { into: op.output, offset });
      offset += c;
    }
  }
  return joins;
}

/** All operands and the result are maps of one size, and only channels are put side by side. */
function requireChannels(s: Part, op: ConcatOp): void {
  const [h, w, c] = s.graph.tensors[op.output]!.shape;
  const maps = op.inputs.map((t) => s.graph.tensors[t]!.shape);
  const isAligned =
    op.outer === h * w &&
    maps.every((m, i) => m[0] === h && m[1] === w && m[2] === op.chunks[i]) &&
    maps.reduce((sum, m) => sum + m[2], 0) === c;
  if (!isAligned) throw misfit(op, 'it joins other axes than channels');
}

function powerOfTwo(n: number): number {
  let p = 1;
  while (p < n) p *= 2;
  return p;
}

const misfit = (op: QuantOp, reason: string): Misfit =>
  new Misfit('COMPILE-019', op.name, reason, 'none needed');
