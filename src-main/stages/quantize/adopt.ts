import type { Diagnosed } from '../../base/diagnostic.ts';
import { BugError } from '../../base/diagnostic.ts';
import type { ConcatenationNode, IntegerModel, IntegerNode } from '../model/index.ts';
import { adoptLstm } from './adopt-lstm.ts';
import {
  adoptArithmetic,
  adoptMean,
  adoptPad,
  adoptSlice,
  adoptSoftmax,
  adoptTranspose,
  adoptUnary,
} from './adopt-host.ts';
import { adoptConv, adoptDepthwise, adoptFullyConnected, adoptPool } from './adopt-weighted.ts';
import { Adoption, refuse, refuseUnless, requireSameScale } from './adoption.ts';
import type { QuantGraph } from './types.ts';

/**
 * An integer model (TFLite) as a QuantGraph, every factor derived exactly as TensorFlow Lite Micro's Prepare
 * functions derive it, so that runInteger gives TFLM's bytes. No calibration: the file holds all scales.
 * Throws QUANT-006, QUANT-030 … QUANT-032 for what has no exact form here, naming the operator; remarks
 * QUANT-101, QUANT-102 as quantize.
 */
export function adopt(model: IntegerModel): Diagnosed<QuantGraph> {
  const a = new Adoption(model);
  const inputs = model.inputs.map((id) => a.tensor(id));
  for (const node of model.nodes) adoptNode(a, node);
  const outputs = model.outputs.map((id) => a.tensor(id));
  const value = { name: model.name, tensors: a.tensors, ops: a.ops, inputs, outputs };
  return { value, diagnostics: a.diagnostics };
}

function adoptNode(a: Adoption, node: IntegerNode): void {
  switch (node.op) {
    case 'CONV_2D':
      return adoptConv(a, node);
    case 'DEPTHWISE_CONV_2D':
      return adoptDepthwise(a, node);
    case 'FULLY_CONNECTED':
      return adoptFullyConnected(a, node);
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
      return adoptPool(a, node);
    case 'ADD':
    case 'SUB':
    case 'MUL':
      return adoptArithmetic(a, node);
    case 'RESHAPE':
    case 'SQUEEZE':
    case 'EXPAND_DIMS':
      return adoptSameBytes(a, node);
    case 'LOGISTIC':
    case 'TANH':
    case 'HARD_SWISH':
    case 'RELU':
    case 'RELU6':
    case 'QUANTIZE':
    case 'DEQUANTIZE':
      return adoptUnary(a, node);
    case 'SOFTMAX':
      return adoptSoftmax(a, node);
    case 'CONCATENATION':
    case 'PACK':
      return adoptConcatenation(a, node);
    case 'PAD':
    case 'PADV2':
      return adoptPad(a, node);
    case 'TRANSPOSE':
      return adoptTranspose(a, node);
    case 'MEAN':
      return adoptMean(a, node);
    case 'STRIDED_SLICE':
      return adoptSlice(a, node);
    case 'UNIDIRECTIONAL_SEQUENCE_LSTM':
      return adoptLstm(a, node);
    default:
      throw new BugError(`no such operator: ${(node satisfies never as IntegerNode).op}`);
  }
}

function adoptSameBytes(a: Adoption, node: IntegerNode): void {
  const input = a.input(node, 0);
  const output = a.output(node);
  const count = (t: number): number => a.tensors[t]!.modelShape.reduce((p, d) => p * d, 1);
  refuseUnless(count(input) === count(output), 'QUANT-030', node, 'the number of elements changes');
  requireSameScale(node, a.tensors[input]!, a.tensors[output]!, 0);
  a.ops.push({ kind: 'reshape', name: node.name, input, output });
}

/** TFLM joins only what has one scale. PACK adds a dimension, CONCATENATION grows one. */
function adoptConcatenation(a: Adoption, node: ConcatenationNode): void {
  refuseUnless(node.activation === 'none', 'QUANT-031', node, 'a fused activation is not read');
  const output = a.output(node);
  const dims = a.tensors[output]!.modelShape;
  const axis = node.axis < 0 ? node.axis + dims.length : node.axis;
  refuseUnless(axis >= 0 && axis < dims.length, 'QUANT-030', node, `axis ${node.axis} of [${dims}]`);
  const inputs = node.inputs.map((_, i) => a.input(node, i, 'any'));
  const inner = dims.slice(axis + 1).reduce((p, d) => p * d, 1);
  const outer = dims.slice(0, axis).reduce((p, d) => p * d, 1);
  let grown = 0;
  inputs.forEach((t) => {
    const { modelShape } = a.tensors[t]!;
    const own =
      node.op === 'PACK' ? [...modelShape.slice(0, axis), 1, ...modelShape.slice(axis)] : modelShape;
    const isFit = own.length === dims.length && own.every((d, i) => i === axis || d === dims[i]);
    if (!isFit) refuse('QUANT-030', node, `joins [${modelShape}] to [${dims}]`);
    requireSameScale(node, a.tensors[t]!, a.tensors[output]!, 0);
    grown += own[axis]!;
  });
  refuseUnless(grown === dims[axis], 'QUANT-030', node, `joins ${grown} to ${dims[axis]} along axis ${axis}`);
  const chunks = inputs.map((t) => a.tensors[t]!.modelShape.reduce((p, d) => p * d, 1) / outer);
  refuseUnless(
    chunks.every((c) => c % inner === 0),
    'QUANT-030',
    node,
    'parts do not fit',
  );
  a.ops.push({ kind: 'concat', name: node.name, inputs, output, outer, chunks });
}
