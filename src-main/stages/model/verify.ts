/**
 * Checks a Model against its invariants (types.ts) from their definition; collects every violation. It
 * shares no code with the importer. MODEL-201: ids and order; MODEL-202: shapes; MODEL-203: values.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { ConvNode, GemmNode, Model, ModelNode, PoolAttributes } from './types.ts';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function verifyModel(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: string, place: string, message: string): void => {
    found.push({ code, severity: 'error', place, message });
  };
  const defined = new Set<number>(model.inputs);
  const names = new Set<string>();
  model.tensors.forEach((t, id) => {
    if (names.has(t.name)) report('MODEL-201', t.name, 'two tensors have this name');
    names.add(t.name);
    if (!t.shape.every((d) => Number.isInteger(d) && d >= 1))
      report('MODEL-202', t.name, `shape [${t.shape}]`);
    if (!t.data) return;
    if (t.data.length !== product(t.shape))
      report('MODEL-203', t.name, `${t.data.length} values for [${t.shape}]`);
    if (!t.data.every(Number.isFinite)) report('MODEL-203', t.name, 'a value is not finite');
    if (defined.has(id)) report('MODEL-201', t.name, 'an input has values');
    defined.add(id);
  });
  const nodeNames = new Set<string>();
  for (const node of model.nodes) {
    if (nodeNames.has(node.name)) report('MODEL-201', node.name, 'two nodes have this name');
    nodeNames.add(node.name);
    const isKnown = node.inputs.every((id) => defined.has(id));
    if (!isKnown) report('MODEL-201', node.name, 'reads a tensor before it is computed');
    if (defined.has(node.output) || !model.tensors[node.output]) {
      report('MODEL-201', node.name, 'writes a tensor that exists already, or none');
    } else if (isKnown && !fits(model, node)) {
      const shapes = [...node.inputs, node.output].map((id) => `[${model.tensors[id]!.shape}]`);
      report('MODEL-202', node.name, `${node.op} does not fit shapes ${shapes.join(' ')}`);
    }
    defined.add(node.output);
  }
  for (const id of model.outputs)
    if (!defined.has(id)) report('MODEL-201', model.name, `output ${id} is undefined`);
  for (const id of defined)
    if (!model.tensors[id]) report('MODEL-201', model.name, `tensor ${id} does not exist`);
  return found;
}

function fits(model: Model, node: ModelNode): boolean {
  const [x, w, b] = node.inputs.map((id) => model.tensors[id]!.shape) as [number[], number[]?, number[]?];
  const y = model.tensors[node.output]!.shape;
  switch (node.op) {
    case 'Conv':
      return fitsConv(node, x, w!, b, y);
    case 'Gemm':
      return fitsGemm(node, x, w!, b, y);
    case 'MaxPool':
    case 'AveragePool':
      return x[1] === y[1] && fitsWindow(node.attributes, 1, 1, x, y);
    case 'Add':
      return `${x}` === `${y}` && w!.every((d, i) => d === 1 || d === y[y.length - w!.length + i]);
    case 'Relu':
    case 'Clip':
    case 'Softmax':
      return `${x}` === `${y}`;
    case 'Reshape':
      return product(x) === product(y);
  }
}

function fitsConv(
  node: ConvNode,
  x: number[],
  w: number[],
  b: number[] | undefined,
  y: readonly number[],
): boolean {
  const a = node.attributes;
  const isKernel = w.length === 4 && w[2] === a.kernelH && w[3] === a.kernelW;
  const isGroups = w[1]! * a.groups === x[1] && w[0]! % a.groups === 0;
  const isBias = b === undefined || (b.length === 1 && b[0] === w[0]);
  return isKernel && isGroups && isBias && w[0] === y[1] && fitsWindow(a, a.dilationH, a.dilationW, x, y);
}

function fitsGemm(
  _: GemmNode,
  x: number[],
  w: number[],
  b: number[] | undefined,
  y: readonly number[],
): boolean {
  const isBias = b === undefined || (b.length === 1 && b[0] === w[0]);
  return w.length === 2 && product(x) === w[1] && product(y) === w[0] && isBias;
}

/** The last window must begin at or before the last place where it still fits into the padded input. */
function fitsWindow(
  a: PoolAttributes,
  dilationH: number,
  dilationW: number,
  x: readonly number[],
  y: readonly number[],
): boolean {
  if (x.length !== 4 || y.length !== 4 || x[0] !== 1 || y[0] !== 1) return false;
  const spareH = x[2]! + a.padTop + a.padBottom - ((a.kernelH - 1) * dilationH + 1) - (y[2]! - 1) * a.strideH;
  const spareW = x[3]! + a.padLeft + a.padRight - ((a.kernelW - 1) * dilationW + 1) - (y[3]! - 1) * a.strideW;
  return spareH >= 0 && spareH < a.strideH && spareW >= 0 && spareW < a.strideW;
}
