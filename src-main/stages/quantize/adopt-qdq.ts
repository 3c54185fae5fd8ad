import type { Diagnosed } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { Model, ModelNode, TensorId } from '../model/index.ts';
import { emitQdq } from './emit-qdq.ts';
import { QdqGraph, heldShape, made } from './qdq-graph.ts';
import type { Bounds, Scale } from './scales.ts';
import type { QuantGraph } from './types.ts';
import { requantizeTable } from './luts.ts';

/** True where a model holds quantised operators, so that adoptQdq and not quantize is meant for it. */
export const isQuantised = (model: Model): boolean => model.nodes.some((n) => n.op === 'QuantizeLinear');

/**
 * An ONNX model with QuantizeLinear and DequantizeLinear (the importer brings QOperator files to the same form)
 * as a QuantGraph. An operator becomes int8 where all its operands come from quantised tensors and its result,
 * after clamps at most, goes into one: scales, zero points and integer weights are the file's own, uint8 is
 * shifted by 128. All else stays float, in float parts between boundary operators (QUANT-103).
 *
 * Rounding is TFLM's (two roundings), where ONNX Runtime scales in float: results may differ by one step.
 * Throws QUANT-012, QUANT-011; remarks as quantize.
 */
export function adoptQdq(model: Model): Diagnosed<QuantGraph> {
  for (const id of [...model.inputs, ...model.outputs]) {
    const { dtype, name } = model.tensors[id]!;
    if (dtype === 'float32') continue;
    throw new IngotError('QUANT-011', `an input or output of the model is ${dtype}`, {
      place: name,
      remedy: 'export with float32 inputs and outputs; quantisation at the ends is part of the graph',
    });
  }
  const g = new QdqGraph(model);
  const done = new Set<ModelNode>();
  for (const node of model.nodes) {
    if (done.has(node)) continue;
    if (node.op === 'DequantizeLinear') dequantizeNode(g, node);
    else if (node.op === 'QuantizeLinear') quantizeNode(g, node);
    else if (node.op === 'Reshape' && g.quantisedOf.has(node.inputs[0])) {
      g.quantisedOf.set(node.output, g.quantisedOf.get(node.inputs[0])!);
    } else if (node.op !== 'Reshape' || !g.renameFloat(node.inputs[0], node.output)) {
      const target = targetOf(g, node);
      if (target && emitQdq(g, node, target)) {
        target.absorbed.forEach((n) => done.add(n));
      } else g.wait(node);
    }
  }
  return { value: g.finish(), diagnostics: g.diagnostics };
}

/** Where an operator's result goes as int8: the quantised tensor, after clamps that it takes over. */
export interface Target {
  readonly q: TensorId;
  readonly grid: Scale;
  readonly bounds: Bounds;
  readonly absorbed: readonly ModelNode[];
}

function targetOf(g: QdqGraph, node: ModelNode): Target | undefined {
  const absorbed: ModelNode[] = [];
  let bounds: Bounds = { min: null, max: null };
  let t = node.output;
  if (made(node).length > 1) return undefined;
  for (;;) {
    const [reader, second] = g.readers[t]!;
    if (!reader || second || g.model.outputs.includes(t)) return undefined;
    absorbed.push(reader);
    if (reader.op === 'QuantizeLinear') {
      const grid = gridOf(g, reader, reader.output);
      if (!grid) return undefined;
      g.grids.set(reader.output, grid);
      return { q: reader.output, grid, bounds, absorbed };
    }
    // A reshape says how the same values are named; they are held in the operator's own shape.
    if (reader.op === 'Relu') bounds = clamped(bounds, 0, null);
    else if (reader.op === 'Clip') bounds = clamped(bounds, reader.attributes.min, reader.attributes.max);
    else if (reader.op !== 'Reshape') return undefined;
    t = reader.output;
  }
}

function clamped(b: Bounds, min: number | null, max: number | null): Bounds {
  const into = (v: number | null): number | null =>
    v === null ? null : Math.min(max ?? Infinity, Math.max(min ?? -Infinity, v));
  return { min: b.min === null ? min : into(b.min), max: b.max === null ? max : into(b.max) };
}

/** The scale of a QuantizeLinear or DequantizeLinear of tensor q, if it is one for all and of 8 bits. */
function gridOf(g: QdqGraph, node: ModelNode, q: TensorId): Scale | undefined {
  const { dtype, shape } = g.model.tensors[q]!;
  const [scale, zero] = [g.model.tensors[node.inputs[1]!]!, g.model.tensors[node.inputs[2]!]!];
  if (scale.data?.length !== 1 || zero.data?.length !== 1 || !heldShape(shape)) return undefined;
  if (dtype === 'int8') return { scale: scale.data[0]!, zeroPoint: zero.data[0]! };
  return dtype === 'uint8' ? { scale: scale.data[0]!, zeroPoint: zero.data[0]! - 128 } : undefined;
}

const sameGrid = (a: Scale, b: Scale): boolean => a.scale === b.scale && a.zeroPoint === b.zeroPoint;

function dequantizeNode(g: QdqGraph, node: ModelNode): void {
  const q = node.inputs[0]!;
  if (g.model.tensors[q]!.data) return;
  const [grid, own] = [g.grids.get(q), gridOf(g, node, q)];
  if (grid && own && sameGrid(grid, own)) g.quantisedOf.set(node.output, q);
  else g.wait(node);
}

/** From a float value, or from another quantised tensor: then a table, or nothing where the scale stays. */
function quantizeNode(g: QdqGraph, node: ModelNode): void {
  const grid = gridOf(g, node, node.output);
  if (!grid) return g.wait(node);
  const x = node.inputs[0]!;
  g.grids.set(node.output, grid);
  const from = g.quantisedOf.get(x);
  if (from !== undefined && sameGrid(g.grids.get(from)!, grid)) return g.alias(node.output, from);
  if (from !== undefined) {
    const input = g.int8(from);
    const output = g.makeInt8(node.output, g.tensor(input).shape);
    const table = requantizeTable(g.tensor(input), g.tensor(output));
    return g.push({ kind: 'lut', name: node.name, input, output, table });
  }
  const input = g.float(x);
  const output = g.makeInt8(node.output, heldShape(g.model.tensors[node.output]!.shape)!);
  g.push({ kind: 'quantize', name: node.name, input, output, floatOrder: 'chw', halfToEven: true });
}
