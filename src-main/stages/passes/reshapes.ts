import { readersOf } from '../quantize/index.ts';
import type { QuantGraph, QuantOp } from '../quantize/types.ts';
import { bypass } from './rewire.ts';
import type { Rewritten } from './types.ts';

/**
 * Drops reshapes that change nothing, that only a reshape or a fully connected layer reads (it reads bytes in
 * a row anyway), and, of several in a chain, all but the last.
 */
export function cleanReshapes(graph: QuantGraph): Rewritten {
  const readers = readersOf(graph);
  const drop = new Map<QuantOp, number>();
  const changes: string[] = [];
  for (const op of graph.ops) {
    if (op.kind !== 'reshape' || graph.outputs.includes(op.output)) continue;
    const [from, to] = [graph.tensors[op.input]!, graph.tensors[op.output]!];
    const isSame = `${from.shape}` === `${to.shape}`;
    const readBy = readers[op.output]!.map((id) => graph.ops[id]!.kind);
    if (isSame || readBy.every((kind) => kind === 'fullyConnected' || kind === 'reshape')) {
      drop.set(op, op.input);
      changes.push(`${op.name}: ${isSame ? 'changes nothing' : 'its readers read bytes in a row'}`);
    }
  }
  return { graph: bypass(graph, drop), changes };
}
