import type { ModelNode } from '../types.ts';
import type { Rewriter } from './rewriter.ts';

/** A Reshape of a Reshape needs only the last. The first stays where something else reads it. */
export function mergeReshapes(r: Rewriter): number {
  let count = 0;
  for (let i = 0; i < r.count; i++) {
    const node = r.at(i);
    if (node?.op !== 'Reshape') continue;
    const at = r.producer(node.inputs[0]);
    const before = at === undefined ? null : r.at(at);
    if (before?.op !== 'Reshape') continue;
    const isOnly = r.soleReader(before.output) !== undefined;
    r.replace(i, { ...node, inputs: before.inputs } satisfies ModelNode);
    if (isOnly) r.remove(at!);
    count++;
  }
  return count;
}
