/** The project's test images and labels, as steps read them. */
import { IngotError } from '../../base/diagnostic.ts';
import { readNpy, samplesOf, type Model, type ModelTensor } from '../../stages/model/index.ts';
import type { StepContext } from '../step.ts';

export const TEST_FILES = ['test.images', 'test.labels', 'test.expected'] as const;

type Files = Pick<StepContext, 'hasFile' | 'readFile'>;

export interface TestSet {
  readonly images: readonly Float32Array[];
  /** null when the project gives none. */
  readonly labels: ArrayLike<number> | null;
}

/** What a sample of the test or calibration set is fed to. */
export const inputOf = (model: Model): ModelTensor => model.tensors[model.inputs[0]!]!;

/**
 * One Float32Array per sample, each as large as `tensor`. FILE-010: a file the step needs was not imported;
 * FILE-012: no sample; FILE-013: samples of another size; FILE-014: a value that is not a finite number.
 */
export function readSamples(context: Files, role: string, tensor: ModelTensor): Float32Array[] {
  if (!context.hasFile(role))
    throw new IngotError('FILE-010', `the project has no ${role}`, {
      place: role,
      remedy: `import it: ingot import --role ${role} FILE.npy`,
    });
  const file = context.readFile(role);
  const npy = readNpy(file.bytes, file.name);
  const samples = samplesOf(npy);
  const fail = (code: string, message: string, remedy: string): never => {
    throw new IngotError(code, message, { place: file.name, remedy });
  };
  const size = tensor.shape.reduce((product, n) => product * n, 1);
  if (samples.length === 0) fail('FILE-012', `${role} has no sample`, 'give at least one sample');
  if (samples[0]!.length !== size)
    fail(
      'FILE-013',
      `shape [${npy.shape.join(', ')}] has ${samples[0]!.length} values a sample, tensor ${tensor.name} of the model has ${size}`,
      `save an array of shape [samples, ${tensor.shape.slice(1).join(', ')}]`,
    );
  const bad = samples.findIndex((sample) => !sample.every(Number.isFinite));
  if (bad >= 0)
    fail('FILE-014', `sample ${bad} holds a value that is not a finite number`, 'leave that sample out');
  return samples;
}

export function readTestSet(context: Files, model: Model): TestSet | null {
  if (!context.hasFile('test.images')) return null;
  const images = readSamples(context, 'test.images', inputOf(model));
  if (!context.hasFile('test.labels')) return { images, labels: null };
  const file = context.readFile('test.labels');
  const labels = readNpy(file.bytes, file.name).data;
  if (labels.length !== images.length)
    throw new IngotError('FILE-011', `${labels.length} labels for ${images.length} images`, {
      place: file.name,
      remedy: 'give one label per image',
    });
  return { images, labels };
}

/** Index of the largest value; the lowest index on a tie, as NumPy. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Share of outputs whose argmax is the label, 0..1. */
export function accuracyOf(outputs: readonly ArrayLike<number>[], labels: ArrayLike<number>): number {
  let right = 0;
  outputs.forEach((output, i) => {
    if (argmax(output) === labels[i]) right++;
  });
  return right / outputs.length;
}

export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;

/** int8 may lose this much accuracy against float, 0..1: half a point. */
export const ACCURACY_LOSS_MAX = 0.005;
