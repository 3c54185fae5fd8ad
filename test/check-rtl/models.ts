/** The corpus models as int8 graphs with their first samples. */
import { importAnyModel } from '../../src-main/stages/model/index.ts';
import {
  adopt,
  adoptQdq,
  isQuantised,
  quantize,
  type QuantGraph,
  type TensorData,
} from '../../src-main/stages/quantize/index.ts';
import { readCase } from '../support/corpus.ts';
import { exampleSamples } from '../support/digits.ts';

/** What check:rtl compares: the MLPerf Tiny models, the small TFLite ones, the digits nets. */
export const RTL_MODELS: readonly string[] = [
  'mlperf-tiny-ic',
  'mlperf-tiny-kws',
  'mlperf-tiny-ad',
  'tflite-person-detect',
  'tflite-hello-world',
  'tflite-micro-speech',
  'digits-mlp',
  'digits-cnn',
  'digits-res',
  'digits-mlp-qdq',
  'digits-cnn-qdq',
  'digits-res-qdq',
  'digits-lstm-qdq',
];

export interface CorpusModel {
  readonly graph: QuantGraph;
  /** Of the graph's one input, per sample. */
  readonly samples: readonly TensorData[];
  /** What the corpus says of an int8 model's outputs. */
  readonly expected: readonly TensorData[] | undefined;
}

/** A corpus model with its first `count` samples. Float models are quantised with the digits example's images. */
export function corpusModel(name: string, count: number): CorpusModel {
  const c = readCase(name);
  const samples = c.inputs.slice(0, count) as TensorData[];
  const imported = importAnyModel(c.model, name).value;
  if (imported.kind === 'integer')
    return {
      graph: adopt(imported.model).value,
      samples,
      expected: c.expected.slice(0, count) as TensorData[],
    };
  const { model } = imported;
  const graph = isQuantised(model)
    ? adoptQdq(model).value
    : quantize(model, exampleSamples('calibration-images')).value;
  return { graph, samples, expected: undefined };
}
