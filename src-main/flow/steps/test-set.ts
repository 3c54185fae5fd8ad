/** The project's test images and labels, as steps read them. */
import { IngotError } from '../../base/diagnostic.ts';
import { readNpy, samplesOf } from '../../stages/model/index.ts';
import type { StepContext } from '../step.ts';

export const TEST_FILES = ['test.images', 'test.labels', 'test.expected'] as const;

type Files = Pick<StepContext, 'hasFile' | 'readFile'>;

export interface TestSet {
  readonly images: readonly Float32Array[];
  /** null when the project gives none. */
  readonly labels: ArrayLike<number> | null;
}

/** One Float32Array per sample; FILE-010 when a file the step needs was not imported. */
export function readSamples(context: Files, role: string): Float32Array[] {
  if (!context.hasFile(role))
    throw new IngotError('FILE-010', `the project has no ${role}`, {
      place: role,
      remedy: `import it: ingot import --role ${role} FILE.npy`,
    });
  const file = context.readFile(role);
  return samplesOf(readNpy(file.bytes, file.name));
}

export function readTestSet(context: Files): TestSet | null {
  if (!context.hasFile('test.images')) return null;
  const images = readSamples(context, 'test.images');
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
