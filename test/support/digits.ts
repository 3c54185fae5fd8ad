/** The digits example of the repository, imported and quantised as the flow does it. */
import { readFileSync } from 'node:fs';
import { importModel, readNpy, samplesOf, type Model } from '../../src-main/stages/model/index.ts';
import { quantize, quantizeInput, type QuantGraph } from '../../src-main/stages/quantize/index.ts';

const example = new URL('../../resources/examples/digits/', import.meta.url);

export const exampleBytes = (): Uint8Array => readFileSync(new URL('digits-cnn.onnx', example));
export const exampleModel = (): Model => importModel(exampleBytes(), 'digits-cnn').value;

/** `calibration-images`: the 256 first training images, what the digits models are calibrated on. */
export function exampleSamples(file: 'calibration-images' | 'test-images' | 'test-expected'): Float32Array[] {
  return samplesOf(readNpy(readFileSync(new URL(`${file}.npy`, example)), file));
}

export function exampleLabels(): number[] {
  return Array.from(readNpy(readFileSync(new URL('test-labels.npy', example))).data);
}

export interface Digits {
  readonly graph: QuantGraph;
  readonly inputs: Int8Array[];
  readonly labels: readonly number[];
}

export function loadDigits(): Digits {
  const graph = quantize(exampleModel(), exampleSamples('calibration-images')).value;
  const inputs = exampleSamples('test-images').map((x) => quantizeInput(graph, x));
  return { graph, inputs, labels: exampleLabels() };
}
