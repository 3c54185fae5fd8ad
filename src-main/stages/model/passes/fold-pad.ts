import type { ModelNode, NodeOf, PoolAttributes } from '../types.ts';
import type { Rewriter } from './rewriter.ts';

type Windowed = NodeOf<'Conv'> | NodeOf<'MaxPool'> | NodeOf<'AveragePool'>;

/** The window with its padding widened by a Pad of the image, or undefined where that means something else. */
function widened(node: Windowed, pad: NodeOf<'Pad'>, isAfterRelu: boolean): Windowed | undefined {
  const { before, after, mode, value } = pad.attributes;
  const isImage = before.length === 4 && [before[0], before[1], after[0], after[1]].every((p) => p === 0);
  if (!isImage || mode !== 'constant') return undefined;
  const a = node.attributes;
  const padding: PoolAttributes = {
    ...a,
    padTop: a.padTop + before[2]!,
    padLeft: a.padLeft + before[3]!,
    padBottom: a.padBottom + after[2]!,
    padRight: a.padRight + after[3]!,
  };
  const isInside =
    Math.max(padding.padTop, padding.padBottom) < a.kernelH &&
    Math.max(padding.padLeft, padding.padRight) < a.kernelW;
  switch (node.op) {
    case 'Conv':
      return value === 0 ? { ...node, attributes: { ...node.attributes, ...padding } } : undefined;
    case 'MaxPool': {
      // What lies outside a pooling window never wins; neither does a zero where nothing is negative.
      const isNeutral = value < -3e38 || (isAfterRelu && value <= 0);
      return isNeutral && isInside ? { ...node, attributes: padding } : undefined;
    }
    case 'AveragePool': {
      const isUnpadded = [a.padTop, a.padLeft, a.padBottom, a.padRight].every((p) => p === 0);
      const isFit = value === 0 && isUnpadded && isInside;
      return isFit ? { ...node, attributes: { ...padding, countIncludePad: true } } : undefined;
    }
  }
}

const isWindowed = (n: ModelNode | null): n is Windowed =>
  n?.op === 'Conv' || n?.op === 'MaxPool' || n?.op === 'AveragePool';

/** Pad of an image whose only readers are convolutions or poolings becomes their padding. */
export function foldPad(r: Rewriter): number {
  let count = 0;
  for (let i = 0; i < r.count; i++) {
    const pad = r.at(i);
    if (pad?.op !== 'Pad') continue;
    const at = r.soleReader(pad.output);
    const reader = at === undefined ? null : r.at(at);
    if (!isWindowed(reader) || reader.inputs[0] !== pad.output) continue;
    const before = r.producer(pad.inputs[0]);
    const isAfterRelu = before !== undefined && r.at(before)?.op === 'Relu';
    const wider = widened(reader, pad, isAfterRelu);
    if (!wider) continue;
    const inputs = [pad.inputs[0], ...reader.inputs.slice(1)];
    r.replace(at!, { ...wider, inputs } as unknown as ModelNode);
    r.remove(i);
    count++;
  }
  return count;
}
