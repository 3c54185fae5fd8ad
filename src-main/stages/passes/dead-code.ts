import { inputsOf, outputsOf } from '../quantize/index.ts';
import type { QuantGraph } from '../quantize/types.ts';
import { compact } from './rewire.ts';
import type { Rewritten } from './types.ts';

/** Drops operators whose results reach no output, and tensors that nobody names. */
export function dropDeadCode(graph: QuantGraph): Rewritten {
  const needed = new Set(graph.outputs);
  const changes: string[] = [];
  const ops = [...graph.ops]
    .reverse()
    .filter((op) => {
      const isNeeded = outputsOf(op).some((t) => needed.has(t));
      if (isNeeded) inputsOf(op).forEach((t) => needed.add(t));
      else changes.push(`${op.name}: nobody reads its result`);
      return isNeeded;
    })
    .reverse();
  return { graph: compact({ ...graph, ops }), changes: changes.reverse() };
}
