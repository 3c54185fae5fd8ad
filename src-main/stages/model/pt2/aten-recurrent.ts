/**
 * Readers of lstm.input, gru.input and rnn_*.input. PyTorch keeps gates as i f g o and r z n, the Model as ONNX
 * does: i o f c and z r h; stacked layers become one node each.
 */
import type { Value } from '../build/builder.ts';
import { concat, reshape, slice, transpose, unsqueeze } from '../build/shapes.ts';
import type { AtenNode } from './aten-node.ts';

interface Kind {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  /** For each gate of the Model its place in PyTorch's order. */
  readonly gates: readonly number[];
  readonly activation?: 'Tanh' | 'Relu';
}

export const LSTM: Kind = { op: 'LSTM', gates: [0, 3, 1, 2] };
export const GRU: Kind = { op: 'GRU', gates: [1, 0, 2] };
export const RNN_TANH: Kind = { op: 'RNN', gates: [0], activation: 'Tanh' };
export const RNN_RELU: Kind = { op: 'RNN', gates: [0], activation: 'Relu' };

/** Rows gate by gate in the Model's order. */
function reordered(node: AtenNode, v: Value, { gates }: Kind): Value {
  const each = v.shape[0]! / gates.length;
  const parts = gates.map((g) =>
    slice(node.b, v, [{ axis: 0, start: g * each, end: (g + 1) * each, step: 1 }]),
  );
  return concat(node.b, parts, 0);
}

export const recurrent =
  (kind: Kind) =>
  (node: AtenNode): void => {
    const { b } = node;
    const layers = node.int('num_layers');
    const passes = node.bool('bidirectional') ? 2 : 1;
    const isBatchFirst = node.bool('batch_first');
    if (node.bool('train') || !(layers >= 1 && layers <= 64)) {
      node.refuse(`${layers} layers, or training mode`, 'export in inference mode (model.eval())');
    }
    const parameters = node.tensors('params');
    const perPass = node.bool('has_biases', true) ? 4 : 2;
    if (parameters.length !== layers * passes * perPass) {
      node.refuse(`${parameters.length} parameters`, 'projections are not read', 'MODEL-013');
    }
    const states = kind.op === 'LSTM' ? node.tensors('hx') : [node.tensor('hx')];
    const input = node.tensor('input');
    if (input.shape.length !== 3)
      node.refuse('the input has no batch', 'give [steps, batch, features]', 'MODEL-013');
    let x = isBatchFirst ? transpose(b, input, [1, 0, 2]) : input;
    const last: Value[][] = states.map(() => []);
    for (let l = 0; l < layers; l++) {
      const own = parameters.slice(l * passes * perPass, (l + 1) * passes * perPass);
      const outputs = oneLayer(
        node,
        kind,
        x,
        own,
        states.map((s) => slice(b, s, [{ axis: 0, start: l * passes, end: (l + 1) * passes, step: 1 }])),
        passes,
      );
      const [y, ...ends] = outputs as [Value, ...Value[]];
      ends.forEach((e, i) => last[i]!.push(e));
      const [steps, , batch, hidden] = y.shape as [number, number, number, number];
      x = reshape(b, transpose(b, y, [0, 2, 1, 3]), [steps, batch, passes * hidden]);
    }
    const out = isBatchFirst ? transpose(b, x, [1, 0, 2]) : x;
    node.bind(out, ...last.map((parts) => concat(b, parts, 0)));
  };

function oneLayer(
  node: AtenNode,
  kind: Kind,
  x: Value,
  own: readonly Value[],
  states: readonly Value[],
  passes: number,
): Value[] {
  const { b } = node;
  const perPass = own.length / passes;
  const stacked = (k: number): Value =>
    concat(
      b,
      Array.from({ length: passes }, (_, p) =>
        unsqueeze(b, reordered(node, own[p * perPass + k]!, kind), [0]),
      ),
      0,
    );
  const w = stacked(0);
  const r = stacked(1);
  const hidden = r.shape[2] ?? 0;
  const rows = kind.gates.length * hidden;
  const bias = perPass === 4 ? concat(b, [stacked(2), stacked(3)], 1) : b.filled([passes, 2 * rows], 0);
  const inputs = [x, w, r, bias, ...states];
  const attributes = { direction: passes === 2 ? ('bidirectional' as const) : ('forward' as const), hidden };
  switch (kind.op) {
    case 'LSTM':
      return b.addAll('LSTM', inputs, attributes);
    case 'GRU':
      return b.addAll('GRU', inputs, { ...attributes, linearBeforeReset: true });
    case 'RNN':
      return b.addAll('RNN', inputs, { ...attributes, activation: kind.activation! });
  }
}
