/** Readers of RNN, GRU and LSTM. Absent parameters become zeros, so that the Model's nodes have no gaps. */
import type { Value } from '../build/builder.ts';
import { isConstant } from '../build/builder.ts';
import { transpose } from '../build/shapes.ts';
import type { RecurrentAttributes } from '../types.ts';
import type { NodeReader } from './node-reader.ts';

interface Parts {
  readonly inputs: Value[];
  readonly attributes: RecurrentAttributes;
  readonly activations: readonly string[] | undefined;
  readonly passes: number;
}

function common(node: NodeReader, gates: number, stateCount: number): Parts {
  const { b } = node;
  const isBatchFirst = node.flag('layout');
  const turned = (v: Value): Value => (isBatchFirst ? transpose(b, v, [1, 0, 2]) : v);
  const x = turned(node.input(0));
  const w = node.input(1);
  const [steps, batch] = x.shape;
  const hidden = node.int('hidden_size', node.input(2).shape[2] ?? 0);
  const direction = node.choice('direction', ['forward', 'reverse', 'bidirectional']);
  const passes = direction === 'bidirectional' ? 2 : 1;
  if (x.shape.length !== 3 || !(hidden >= 1)) {
    node.refuse(`input [${x.shape.join(', ')}] for ${hidden} hidden units`, 'check the model', 'MODEL-013');
  }
  if (node.has(4) && node.integers(4).some((length) => length !== steps)) {
    node.refuse('sequences of different lengths', 'run sequences of one length');
  }
  if (node.hasAttribute('clip')) node.refuse('clips its gates', 'export without clip');
  const bias = node.optional(3) ?? b.filled([passes, 2 * gates * hidden], 0);
  const states = Array.from({ length: stateCount }, (_, i) => {
    const given = node.optional(5 + i);
    return given ? turned(given) : b.filled([passes, batch!, hidden], 0);
  });
  return {
    inputs: [x, w, node.input(2), bias, ...states],
    attributes: { direction, hidden },
    activations: node.strings('activations'),
    passes,
  };
}

/** Outputs in the layout of the file. */
function bind(node: NodeReader, outputs: readonly Value[]): void {
  if (!node.flag('layout')) return node.bind(...outputs);
  const [y, ...states] = outputs as [Value, ...Value[]];
  // Only what is read is turned, or a dead node would stand for every other.
  node.bind(transpose(node.b, y, [2, 0, 1, 3]), ...states.map((s) => transpose(node.b, s, [1, 0, 2])));
}

function requireActivations(node: NodeReader, parts: Parts, standard: readonly string[]): void {
  const wanted = Array.from({ length: parts.passes }, () => standard).flat();
  const isStandard = !parts.activations || parts.activations.join() === wanted.join();
  if (!isStandard) node.refuse(`activations ${parts.activations?.join(', ')}`, `use ${standard.join(', ')}`);
}

export function rnn(node: NodeReader): void {
  const parts = common(node, 1, 1);
  const names = [...new Set(parts.activations ?? ['Tanh'])];
  const activation = (['Tanh', 'Relu', 'Sigmoid'] as const).find((a) => names.length === 1 && names[0] === a);
  if (!activation) return node.refuse(`activations ${names.join(', ')}`, 'use Tanh, Relu or Sigmoid for all');
  bind(node, node.b.addAll('RNN', parts.inputs, { ...parts.attributes, activation }));
}

export function gru(node: NodeReader): void {
  const parts = common(node, 3, 1);
  requireActivations(node, parts, ['Sigmoid', 'Tanh']);
  const linearBeforeReset = node.flag('linear_before_reset');
  bind(node, node.b.addAll('GRU', parts.inputs, { ...parts.attributes, linearBeforeReset }));
}

export function lstm(node: NodeReader): void {
  const parts = common(node, 4, 2);
  requireActivations(node, parts, ['Sigmoid', 'Tanh', 'Tanh']);
  const peepholes = node.optional(7);
  const isPlain = !peepholes || (isConstant(peepholes) && peepholes.data.every((v) => v === 0));
  if (!isPlain || node.flag('input_forget')) {
    node.refuse('peepholes or coupled gates', 'use the plain LSTM');
  }
  bind(node, node.b.addAll('LSTM', parts.inputs, parts.attributes));
}
