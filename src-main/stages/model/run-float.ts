/** The float interpreter: the judge of import and the ruler of quantisation. */
import { IngotError } from '../../base/diagnostic.ts';
import { operatorOf } from './operators/index.ts';
import type { Tensor } from './tensor.ts';
import { allocate, isArrayOf, sizeOf } from './tensor.ts';
import type { DType, Model, TensorData } from './types.ts';

/** Values of every tensor, indexed by TensorId. */
export type FloatTrace = readonly TensorData[];

/**
 * Runs the model. inputs: one array per model input, row major, of the class that DataOf names for its type
 * (any other is converted). Returns one array per output. Throws MODEL-020 where the inputs do not fit.
 */
export function runModel(model: Model, inputs: readonly ArrayLike<number>[]): TensorData[] {
  const trace = runFloatTrace(model, inputs);
  return model.outputs.map((id) => trace[id]!);
}

/** As runModel; outputs of integer types are converted to float32. */
export function runFloat(model: Model, inputs: readonly ArrayLike<number>[]): Float32Array[] {
  return runModel(model, inputs).map((y) => (y instanceof Float32Array ? y : Float32Array.from(y)));
}

/** As runModel, but every tensor's values, initialisers included. */
export function runFloatTrace(model: Model, inputs: readonly ArrayLike<number>[]): FloatTrace {
  const trace: TensorData[] = model.tensors.map((t) => t.data ?? new Float32Array(0));
  model.inputs.forEach((id, i) => {
    const tensor = model.tensors[id]!;
    const expected = sizeOf(tensor.shape);
    const given = inputs[i];
    if (given?.length !== expected) {
      throw new IngotError('MODEL-020', `${given?.length ?? 0} values given, ${expected} expected`, {
        place: tensor.name,
        remedy: `give one sample of shape [${tensor.shape.join(', ')}]`,
      });
    }
    trace[id] = asData(tensor.dtype, given);
  });
  const tensorAt = (id: number): Tensor => {
    const { dtype, shape } = model.tensors[id]!;
    return { dtype, shape, data: trace[id]! };
  };
  for (const node of model.nodes) {
    const outputs = [node.output, ...(node.moreOutputs ?? [])];
    const types = outputs.map((id) => model.tensors[id]!);
    const values = operatorOf(node.op).run(node.inputs.map(tensorAt), node.attributes, types);
    outputs.forEach((id, k) => (trace[id] = values[k]!));
  }
  return trace;
}

function asData(dtype: DType, given: ArrayLike<number>): TensorData {
  if (isArrayOf(dtype, given as TensorData)) return given as TensorData;
  const data = allocate(dtype, given.length);
  data.set(given);
  return data;
}
