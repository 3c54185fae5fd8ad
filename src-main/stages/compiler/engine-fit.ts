/** Whether an operator's arithmetic fits the engine, whatever the layout: scales and the proof that sums fit. */
import type { Chip } from '../chip/index.ts';
import { isEngineOp, type QuantGraph, type QuantOp } from '../quantize/index.ts';
import { Misfit } from './layer.ts';

/** Throws Misfit with the reason. Reshapes always fit. */
export function requireFit(graph: QuantGraph, op: QuantOp, chip: Chip): void {
  if (!isEngineOp(op))
    throw new Misfit('COMPILE-010', op.name, `the engine has no ${op.kind}`, 'none needed');
  switch (op.kind) {
    case 'conv':
      return requireSums(graph, op, chip, op.weights.length / op.bias.length, 1);
    case 'fullyConnected':
      return requireSums(graph, op, chip, op.weights.length / op.bias.length, 1);
    case 'depthwise':
      return requireSums(graph, op, chip, op.kernelH * op.kernelW, op.bias.length);
    case 'add':
      if (!chip.add) throw new Misfit('COMPILE-010', op.name, 'the chip has no addition', 'set chip.add');
  }
}

interface Weighted {
  readonly name: string;
  readonly input: number;
  readonly weights: Int8Array;
  readonly bias: Int32Array;
}

/**
 * Bounds of every partial sum in any order: folded bias and all negative, or all positive, products. An output's
 * `per` weights lie one after the other, or `step` apart where all outputs' weights of a tap come first.
 */
function requireSums(graph: QuantGraph, op: Weighted, chip: Chip, per: number, step: number): void {
  const zero = graph.tensors[op.input]!.zeroPoint;
  const limit = 2 ** (chip.accumulatorBits - 1);
  for (let k = 0; k < op.bias.length; k++) {
    let positive = 0;
    let negative = 0;
    let at = step > 1 ? k : k * per;
    for (let i = 0; i < per; i++, at += step) {
      const w = op.weights[at]!;
      if (w > 0) positive += w;
      else negative += w;
    }
    const bias = op.bias[k]! - zero * (positive + negative);
    const low = Math.min(0, bias) - 128 * positive + 127 * negative;
    const high = Math.max(0, bias) + 127 * positive - 128 * negative;
    if (low < -limit || high >= limit)
      throw new Misfit(
        'COMPILE-021',
        op.name,
        `sums reach ${low}..${high}, beyond ${chip.accumulatorBits}-bit accumulators`,
        'raise chip.accumulatorBits',
      );
  }
}
