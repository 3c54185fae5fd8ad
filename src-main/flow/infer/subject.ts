/** The model as an inference needs it: what it reads and gives, and how it is computed by each engine. */
import { IngotError, type Diagnostic } from '../../base/diagnostic.ts';
import { importAnyModel, readSampleSet, runModel, type DType, type Model } from '../../stages/model/index.ts';
import { adopt, adoptQdq, isQuantised, quantize, type QuantGraph } from '../../stages/quantize/index.ts';
import type { TensorSlot } from './arrays.ts';

export const ENGINES = ['float', 'int8', 'simulator', 'rtl'] as const;
export type Engine = (typeof ENGINES)[number];

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Subject {
  readonly name: string;
  readonly inputs: readonly TensorSlot[];
  readonly outputs: readonly TensorSlot[];
  /** Of a float or a quantised ONNX or PyTorch model; null for a TFLite model, which has no float form. */
  readonly model: Model | null;
  /** null where only the float model is asked for. */
  readonly graph: QuantGraph | null;
  readonly engine: Engine;
  readonly diagnostics: readonly Diagnostic[];
}

export interface SubjectOptions {
  readonly engine?: Engine | undefined;
  readonly calibration?: NamedBytes | undefined;
  /** Of each input, for sizes that the file leaves open. */
  readonly shapes?: readonly (readonly number[])[] | undefined;
}

/**
 * Reads the model and, for an integer engine, its int8 graph: as the file has it, or quantised on calibration
 * data. Without an engine: the simulator where there is an int8 graph to be had, else float.
 * INFER-003: a model without float form; INFER-004: no calibration data for a float model.
 */
export function readSubject(file: NamedBytes, options: SubjectOptions = {}): Subject {
  const { engine, calibration, shapes } = options;
  const { value: imported, diagnostics } = importAnyModel(file.bytes, file.name, shapes ? { shapes } : {});
  const model = imported.kind === 'float' ? imported.model : null;
  const hasInt8 = model === null || isQuantised(model) || calibration !== undefined;
  const wanted = engine ?? (hasInt8 ? 'simulator' : 'float');
  if (wanted === 'float') {
    if (!model)
      throw new IngotError('INFER-003', 'an integer model has no float form', {
        place: file.name,
        remedy: 'use --engine int8, simulator or rtl',
      });
    const slots = (ids: readonly number[]): TensorSlot[] => ids.map((id) => model.tensors[id]!);
    const { name, inputs, outputs } = model;
    return {
      ...{ name, model, graph: null, engine: wanted, diagnostics },
      inputs: slots(inputs),
      outputs: slots(outputs),
    };
  }
  if (!hasInt8)
    throw new IngotError('INFER-004', `${wanted} needs an int8 model, this one is float`, {
      place: file.name,
      remedy: 'give --calibration FILE with typical inputs, or use --engine float',
    });
  const found = imported.kind === 'integer' ? adopt(imported.model) : graphOf(imported.model, calibration);
  const graph = found.value;
  const slots = (ids: readonly number[]): TensorSlot[] =>
    ids.map((id) => {
      const { name, dtype, modelShape } = graph.tensors[id]!;
      return { name, dtype: dtype satisfies DType, shape: modelShape };
    });
  return {
    ...{ name: graph.name, model, graph, engine: wanted },
    inputs: slots(graph.inputs),
    outputs: slots(graph.outputs),
    diagnostics: [...diagnostics, ...found.diagnostics],
  };
}

function graphOf(model: Model, calibration: NamedBytes | undefined): ReturnType<typeof adoptQdq> {
  if (isQuantised(model)) return adoptQdq(model);
  const set = readSampleSet(
    calibration!,
    model.inputs.map((id) => model.tensors[id]!),
  );
  return quantize(model, set.samples);
}

export { runModel };
