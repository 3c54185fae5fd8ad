/** What a graph costs, and how wide its accumulators must be. */
import { inputsOf } from '../quantize/index.ts';
import type { QuantGraph, QuantOp } from '../quantize/types.ts';
import { intervalsOf } from './intervals.ts';
import type { SumOp } from './sums.ts';
import { isSum, sumView } from './sums.ts';
import type { GraphCost, Rounding } from './types.ts';

const sizeOf = (graph: QuantGraph, t: number): number => graph.tensors[t]!.shape.reduce((a, b) => a * b, 1);

export function macsOf(graph: QuantGraph, op: QuantOp): number {
  if (!isSum(op)) return 0;
  const [h, w] = graph.tensors[op.output]!.shape;
  // Each weight is used once a position; depthwise weights are [taps][c], the others [c][taps][inC].
  return op.kind === 'fullyConnected' ? op.weights.length : h * w * op.weights.length;
}

export function costOf(graph: QuantGraph): GraphCost {
  let [macs, weightBytes, activationBytes] = [0, 0, 0];
  for (const op of graph.ops) {
    macs += macsOf(graph, op);
    if (isSum(op)) weightBytes += op.weights.length;
  }
  graph.tensors.forEach((t, id) => (activationBytes += t.dtype === 'int8' ? sizeOf(graph, id) : 0));
  return { ops: graph.ops.length, macs, weightBytes, activationBytes };
}

export interface AccumulatorBits {
  readonly op: string;
  /** Two's complement bits that hold every partial sum, in any order of the products. */
  readonly bits: number;
}

/**
 * As the engine sums: raw bytes times weights, the zero point's share folded into the bias, padding filled with
 * the zero point. Bounds: the bias and all products that can be positive, respectively negative, each at its
 * extreme within the proved interval of its channel.
 */
export function accumulatorBits(graph: QuantGraph, rounding: Rounding = 'double'): AccumulatorBits[] {
  const { tensors } = intervalsOf(graph, rounding);
  return graph.ops
    .filter((op): op is SumOp => isSum(op))
    .map((op) => {
      const view = sumView(graph, op);
      const [input] = inputsOf(op);
      const { low, high } = tensors[input!]!;
      const isPadded = view.classes.some((inside) => inside.length < view.taps);
      let bits = 1;
      for (let o = 0; o < view.outC; o++) {
        let [bias, least, most] = [op.bias[o]!, 0, 0];
        for (let tap = 0; tap < view.taps; tap++) {
          for (let c = view.from(o); c < view.to(o); c++) {
            const weight = op.weights[view.index(o, tap, c)]!;
            bias -= view.zeroPoint * weight;
            const values = isPadded ? [low[c]!, high[c]!, view.zeroPoint] : [low[c]!, high[c]!];
            const products = values.map((v) => v * weight);
            least += Math.min(0, ...products);
            most += Math.max(0, ...products);
          }
        }
        bits = Math.max(bits, bitsFor(bias + least), bitsFor(bias + most));
      }
      return { op: op.name, bits };
    });
}

function bitsFor(v: number): number {
  let bits = 1;
  while (v < -(2 ** (bits - 1)) || v >= 2 ** (bits - 1)) bits++;
  return bits;
}
