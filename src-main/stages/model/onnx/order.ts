import { IngotError } from '../../../base/diagnostic.ts';
import type { Node } from '../generated/onnx_pb.ts';

/**
 * Indices of the nodes that the outputs need, each after those it reads from; file order is kept where it is
 * already such an order. Depth first with an explicit stack, O(nodes + edges).
 * MODEL-010: a tensor nobody defines. MODEL-011: a cycle. MODEL-012: a tensor defined twice.
 */
export function executionOrder(
  nodes: readonly Node[],
  outputs: readonly string[],
  known: ReadonlySet<string>,
): number[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const name of node.output) {
      if (name === '') continue;
      if (producer.has(name) || known.has(name)) {
        throw new IngotError('MODEL-012', `tensor "${name}" is defined twice`, {
          place: label(node, index),
          remedy: 'the file is not valid ONNX; export it again',
        });
      }
      producer.set(name, index);
    }
  });
  const VISITING = 1;
  const DONE = 2;
  const state = new Uint8Array(nodes.length);
  const order: number[] = [];
  const visit = (name: string, place: string): number => {
    if (name === '' || known.has(name)) return -1;
    const index = producer.get(name);
    if (index === undefined) {
      throw new IngotError('MODEL-010', `tensor "${name}" is read but nothing defines it`, {
        place,
        remedy: 'the file is not valid ONNX; export it again',
      });
    }
    if (state[index] === VISITING) {
      throw new IngotError('MODEL-011', 'the node depends on its own output', {
        place: label(nodes[index]!, index),
        remedy: 'loops are not supported; unroll the model',
      });
    }
    return state[index] === DONE ? -1 : index;
  };
  for (const output of outputs) {
    const root = visit(output, output);
    const stack = root < 0 ? [] : [{ index: root, next: 0 }];
    if (root >= 0) state[root] = VISITING;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const node = nodes[top.index]!;
      if (top.next === node.input.length) {
        state[top.index] = DONE;
        order.push(top.index);
        stack.pop();
        continue;
      }
      const below = visit(node.input[top.next++]!, label(node, top.index));
      if (below < 0) continue;
      state[below] = VISITING;
      stack.push({ index: below, next: 0 });
    }
  }
  return isFileOrderValid(nodes, producer) ? order.sort((a, b) => a - b) : order;
}

function label(node: Node, index: number): string {
  return node.name === '' ? `${node.opType}_${index}` : node.name;
}

function isFileOrderValid(nodes: readonly Node[], producer: ReadonlyMap<string, number>): boolean {
  return nodes.every((node, index) => node.input.every((name) => (producer.get(name) ?? -1) < index));
}
