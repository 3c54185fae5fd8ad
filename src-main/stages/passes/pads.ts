import { readersOf } from '../quantize/index.ts';
import type { ConvOp, DepthwiseOp, PadOp, QuantGraph, QuantOp } from '../quantize/types.ts';
import { compact } from './rewire.ts';
import type { Rewritten } from './types.ts';

/**
 * A border of zero points around an image becomes the padding of the convolutions that read it: there it adds
 * nothing to any sum, as a padded tap does.
 */
export function foldPads(graph: QuantGraph): Rewritten {
  const readers = readersOf(graph);
  const folded = new Map<number, PadOp>();
  const changes: string[] = [];
  for (const op of graph.ops) {
    if (op.kind !== 'pad' || graph.outputs.includes(op.output) || !isBorder(graph, op)) continue;
    const readBy = readers[op.output]!.map((id) => graph.ops[id]!);
    if (!readBy.every((r) => r.kind === 'conv' || r.kind === 'depthwise')) continue;
    folded.set(op.output, op);
    changes.push(`${op.name}: is the padding of ${readBy.map((r) => r.name).join(', ')}`);
  }
  if (folded.size === 0) return { graph, changes };
  const ops = graph.ops
    .filter((op) => op.kind !== 'pad' || !folded.has(op.output))
    .map((op): QuantOp => {
      const pad = op.kind === 'conv' || op.kind === 'depthwise' ? folded.get(op.input) : undefined;
      return pad ? padded(op as ConvOp | DepthwiseOp, pad) : op;
    });
  return { graph: compact({ ...graph, ops }), changes };
}

/** Height and width of [1, h, w, c] grow by the zero point; scale and zero point stay. */
function isBorder(graph: QuantGraph, { input, output, dims, before, after, value }: PadOp): boolean {
  const [from, to] = [graph.tensors[input]!, graph.tensors[output]!];
  const isImage = dims.length === 4 && dims[0] === 1 && `${dims.slice(1)}` === `${from.shape}`;
  const isFlat = [0, 3].every((axis) => before[axis] === 0 && after[axis] === 0);
  const isSameScale = from.scale === to.scale && from.zeroPoint === to.zeroPoint;
  return isImage && isFlat && isSameScale && value === from.zeroPoint && from.data === undefined;
}

function padded(op: ConvOp | DepthwiseOp, { input, before, after }: PadOp): QuantOp {
  return {
    ...op,
    input,
    padTop: op.padTop + before[1]!,
    padLeft: op.padLeft + before[2]!,
    padBottom: op.padBottom + after[1]!,
    padRight: op.padRight + after[2]!,
  };
}
