/**
 * Checks a Model against its invariants (types.ts) from their definition; collects every violation. It
 * shares no code with the importer. MODEL-201: ids and order; MODEL-202: shapes; MODEL-203: values.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { DType, Model, ModelTensor } from './types.ts';
import { fits } from './verify-operators.ts';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const CLASSES: Record<DType, string> = {
  float32: 'Float32Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
  int16: 'Int16Array',
  uint16: 'Uint16Array',
  int32: 'Int32Array',
  int64: 'Float64Array',
  bool: 'Uint8Array',
};

function isSane(t: ModelTensor): boolean {
  const values: ArrayLike<number> = t.data!;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (t.dtype === 'int64' ? !Number.isSafeInteger(v) : !Number.isFinite(v)) return false;
    if (t.dtype === 'bool' && v !== 0 && v !== 1) return false;
  }
  return true;
}

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
    if (t.data.constructor.name !== CLASSES[t.dtype]) report('MODEL-203', t.name, `not held as ${t.dtype}`);
    if (!isSane(t)) report('MODEL-203', t.name, `a value is no finite ${t.dtype}`);
    if (defined.has(id)) report('MODEL-201', t.name, 'an input has values');
    defined.add(id);
  });
  const nodeNames = new Set<string>();
  for (const node of model.nodes) {
    if (nodeNames.has(node.name)) report('MODEL-201', node.name, 'two nodes have this name');
    nodeNames.add(node.name);
    const isKnown = node.inputs.every((id) => defined.has(id));
    if (!isKnown) report('MODEL-201', node.name, 'reads a tensor before it is computed');
    const outputs = [node.output, ...(node.moreOutputs ?? [])];
    const isNew = outputs.every(
      (id, i) => !defined.has(id) && model.tensors[id] && outputs.indexOf(id) === i,
    );
    if (!isNew) {
      report('MODEL-201', node.name, 'writes a tensor that exists already, or none');
    } else if (isKnown && !fits(model, node)) {
      const shapes = [...node.inputs, ...outputs].map((id) => model.tensors[id]!);
      const text = shapes.map((t) => `${t.dtype} [${t.shape}]`).join(', ');
      report('MODEL-202', node.name, `${node.op} does not fit ${text}`);
    }
    for (const id of outputs) defined.add(id);
  }
  for (const id of model.outputs)
    if (!defined.has(id)) report('MODEL-201', model.name, `output ${id} is undefined`);
  for (const id of defined)
    if (!model.tensors[id]) report('MODEL-201', model.name, `tensor ${id} does not exist`);
  return found;
}
