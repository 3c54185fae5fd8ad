/** The graph as imported, as int8, and after the passes; with what became of each operator on the chip. */
import type { Model } from '../../stages/model/index.ts';
import type { ImportedModel } from '../../stages/model/index.ts';
import type { PassReport } from '../../stages/passes/index.ts';
import type { QuantGraph, QuantOp, QuantTensor } from '../../stages/quantize/index.ts';
import type { Program } from '../../stages/compiler/index.ts';
import type { GraphNode, GraphPicture, ModelView } from '../../base/view-models.ts';

export interface ModelParts {
  readonly imported: ImportedModel;
  readonly int8: QuantGraph | null;
  readonly passed: QuantGraph | null;
  readonly reports: readonly PassReport[];
  readonly program: Program | null;
  readonly lossDb: ReadonlyMap<string, number>;
}

export function modelView(parts: ModelParts): ModelView {
  const { imported, int8, passed, program, lossDb } = parts;
  const graphs: GraphPicture[] = [];
  if (imported.kind !== 'integer') graphs.push(floatPicture(imported.model));
  if (int8) graphs.push(int8Picture('int8', int8, null, lossDb));
  if (passed) graphs.push(int8Picture('passes', passed, program, lossDb));
  return {
    graphs,
    passes: parts.reports.map(({ pass, isOn, saved, changes }) => ({
      name: pass,
      isOn,
      ops: saved.ops,
      macs: saved.macs,
      weightBytes: saved.weightBytes,
      changes,
    })),
  };
}

const shapeText = (shape: readonly number[]): string => (shape.length === 0 ? 'scalar' : shape.join('×'));

function floatPicture(model: Model): GraphPicture {
  const tensor = (id: number): string => {
    const t = model.tensors[id]!;
    return `${shapeText(t.shape)} ${t.dtype}`;
  };
  const isConstant = (id: number): boolean => model.tensors[id]!.data !== undefined;
  const nodes = model.nodes.map((node): GraphNode => {
    const constants = node.inputs.filter(isConstant);
    return {
      name: node.name,
      op: node.op,
      inputs: node.inputs.filter((id) => !isConstant(id)).map(tensor),
      outputs: [tensor(node.output)],
      facts: [
        ...constants.map((id) => ({ label: model.tensors[id]!.name, value: tensor(id) })),
        ...Object.entries(node.attributes).map(([label, value]) => ({ label, value: attributeText(value) })),
      ],
      side: '',
      layer: null,
      cycles: null,
      weightBytes: constants.reduce((sum, id) => sum + (model.tensors[id]!.data?.byteLength ?? 0), 0),
      lossDb: null,
    };
  });
  const edges = edgesOf(
    model.nodes.map((node) => ({
      inputs: node.inputs.filter((id) => !isConstant(id)),
      outputs: [node.output],
    })),
    tensor,
  );
  return { id: 'model', nodes, edges };
}

const attributeText = (value: unknown): string =>
  ArrayBuffer.isView(value) ? 'values' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

function int8Picture(
  id: 'int8' | 'passes',
  graph: QuantGraph,
  program: Program | null,
  lossDb: ReadonlyMap<string, number>,
): GraphPicture {
  const tensor = (i: number): string => {
    const t = graph.tensors[i]!;
    return `${shapeText(t.shape)} ${t.dtype}`;
  };
  const isConstant = (i: number): boolean => graph.tensors[i]!.data !== undefined;
  const nodes = graph.ops.map((op): GraphNode => {
    const layers = program?.layers.filter((layer) => partsOf(layer.name).includes(op.name)) ?? [];
    const inputs = inputsOf(op).filter((t) => !isConstant(t));
    return {
      name: op.name,
      op: op.kind,
      inputs: inputs.map(tensor),
      outputs: outputsOf(op).map(tensor),
      facts: [...windowFacts(op), ...outputsOf(op).flatMap((t) => scaleFacts(graph.tensors[t]!))],
      side: program === null ? '' : layers.length > 0 ? 'engine' : 'host',
      layer: layers[0]?.name ?? null,
      cycles: layers.length > 0 ? layers.reduce((sum, layer) => sum + layer.cyclesPredicted, 0) : null,
      weightBytes: 'weights' in op ? op.weights.length : 0,
      lossDb: lossDb.get(op.name) ?? null,
    };
  });
  const edges = edgesOf(
    graph.ops.map((op) => ({
      inputs: inputsOf(op).filter((t) => !isConstant(t)),
      outputs: outputsOf(op),
    })),
    tensor,
  );
  return { id, nodes, edges };
}

/** Operators of a layer: fused ones are joined with `+`, parts numbered `#1`. */
export const partsOf = (layer: string): readonly string[] => layer.replace(/#\d+$/, '').split('+');

const inputsOf = (op: QuantOp): readonly number[] => ('inputs' in op ? op.inputs : [op.input]);
const outputsOf = (op: QuantOp): readonly number[] => ('outputs' in op ? op.outputs : [op.output]);

function windowFacts(op: QuantOp): GraphNode['facts'] {
  if (!('kernelH' in op)) return [];
  return [
    { label: 'kernel', value: `${op.kernelH}×${op.kernelW}` },
    { label: 'stride', value: `${op.strideH}×${op.strideW}` },
    { label: 'padding', value: `${op.padTop} ${op.padLeft} ${op.padBottom} ${op.padRight}` },
  ];
}

const scaleFacts = (tensor: QuantTensor): GraphNode['facts'] =>
  tensor.dtype === 'int8'
    ? [
        { label: 'scale', value: tensor.scale.toPrecision(5) },
        { label: 'zero point', value: String(tensor.zeroPoint) },
      ]
    : [];

function edgesOf(
  nodes: readonly { readonly inputs: readonly number[]; readonly outputs: readonly number[] }[],
  tensor: (id: number) => string,
): GraphPicture['edges'] {
  const maker = new Map<number, number>();
  nodes.forEach(({ outputs }, i) => outputs.forEach((t) => maker.set(t, i)));
  return nodes.flatMap(({ inputs }, to) =>
    inputs.map((t) => ({ from: maker.get(t) ?? -1, to, tensor: tensor(t) })),
  );
}
