import type { Diagnosed } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { Model, ModelNode, TensorId } from '../model/index.ts';
import type { CalibrationSample, RangeMethod, Ranges } from './calibrate.ts';
import { collectRanges } from './calibrate.ts';
import { GraphBuilder } from './graph-builder.ts';
import { isEngineOp } from './graph.ts';
import { lowerStep } from './lower.ts';
import { partition } from './partition.ts';
import type { QuantGraph } from './types.ts';

export interface QuantizeOptions {
  /** How ranges are taken from the calibration set. Default minmax, or percentile where one is given. */
  readonly range?: RangeMethod['method'];
  /** For range percentile: share of a tensor's values, in percent, that its range covers. Default 99.99. */
  readonly percentile?: number;
}

/**
 * Post-training quantisation to int8 in TFLM's arithmetic (Jacob et al., "Quantization and Training of
 * Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018; per-channel weights after
 * Krishnamoorthi, arXiv:1806.08342). Operators without an int8 form stay float, between conversions.
 *
 * calibration: samples, each one array per model input, row major as in the model (or just the array where the
 * model has one input); ranges are measured on them with the float reference. Deterministic in (model,
 * calibration, options). Cost: one or two float inferences a sample.
 * Throws QUANT-001 … QUANT-012 (README.md); QUANT-1xx are remarks.
 */
export function quantize(
  model: Model,
  calibration: readonly (Float32Array | CalibrationSample)[],
  options: QuantizeOptions = {},
): Diagnosed<QuantGraph> {
  const how = rangeMethod(options);
  if (calibration.length === 0) {
    throw new IngotError('QUANT-001', 'the calibration set is empty', {
      place: model.name,
      remedy: 'give at least one sample; 100 to 500 are usual',
    });
  }
  for (const id of [...model.inputs, ...model.outputs]) {
    const { dtype, name } = model.tensors[id]!;
    if (dtype === 'float32') continue;
    throw new IngotError('QUANT-011', `it is ${dtype}; inputs and outputs must be float32`, {
      place: name,
      remedy: 'leave the operators that make or take integers out of the model',
    });
  }
  const samples = calibration.map((s) => (s instanceof Float32Array ? [s] : s));
  const steps = partition(model);
  const ranges = collectRanges(model, samples, how);
  for (const { form, nodes } of steps) if (form === 'join') shareRange(ranges, nodes[0]!);
  const builder = new GraphBuilder(model, ranges);
  for (const step of steps) lowerStep(builder, step);
  const graph = builder.finish();
  if (!graph.ops.some(isEngineOp)) {
    throw new IngotError('QUANT-004', 'the model computes nothing on the accelerator', {
      place: model.name,
      remedy: 'choose a model with at least one Conv, Gemm, pooling or Add',
    });
  }
  return { value: graph, diagnostics: builder.diagnostics };
}

/** What is concatenated shares a scale, so that it need not be converted. */
function shareRange({ min, max }: Ranges, node: ModelNode): void {
  const ids = [...node.inputs, node.output] as TensorId[];
  const [low, high] = [Math.min(...ids.map((t) => min[t]!)), Math.max(...ids.map((t) => max[t]!))];
  for (const t of ids) [min[t], max[t]] = [low, high];
}

function rangeMethod(options: QuantizeOptions): RangeMethod {
  const { percentile = 99.99, range = options.percentile === undefined ? 'minmax' : 'percentile' } = options;
  if (range !== 'percentile') return { method: range };
  if (percentile > 50 && percentile <= 100) return { method: range, percentile };
  throw new IngotError('QUANT-002', `percentile ${percentile} is not between 50 and 100`, {
    place: 'percentile',
    remedy: 'use 100 (the whole range) or a value such as 99.99',
  });
}
