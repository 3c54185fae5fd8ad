/** The project's test images and labels, as steps read them. */
import { IngotError } from '../../base/diagnostic.ts';
import {
  readNpy,
  readSampleSet,
  type PixelRange,
  type SampleSet,
  type SampleShape,
} from '../../stages/model/index.ts';
import type { StepContext } from '../step.ts';

export const TEST_FILES = ['test.images', 'test.labels', 'test.expected'] as const;

type Files = Pick<StepContext, 'hasFile' | 'readFile'>;

export interface TestSet {
  /** First input of the model; all there are in most models. */
  readonly images: readonly Float32Array[];
  /** [sample][input of the model] */
  readonly samples: SampleSet['samples'];
  /** null when the project gives none. */
  readonly labels: ArrayLike<number> | null;
}

/** What a sample of the test or calibration set is fed to. */
export const inputOf = (model: Sampled): SampleShape => model.tensors[model.inputs[0]!]!;

/** A model of either kind, as far as its inputs go. */
export interface Sampled {
  readonly inputs: readonly number[];
  readonly tensors: readonly SampleShape[];
}

/** True where a file holds int8: then the values are a model's input bytes, not real numbers. */
export function holdsBytes(context: Files, role: string): boolean {
  if (!context.hasFile(role)) return false;
  const { bytes, name } = context.readFile(role);
  const isNpy = bytes[0] === 0x93 && bytes[1] === 0x4e;
  return isNpy && readNpy(bytes, name).dtype === 'int8';
}

/** A file of samples for these inputs. FILE-010: it was not imported; DATA-*: it does not fit (samples/README.md). */
export function readSamplesFor(
  context: Files,
  role: string,
  inputs: readonly SampleShape[],
  pixels: PixelRange = 'unit',
): SampleSet {
  if (context.hasFile(role)) return readSampleSet(context.readFile(role), inputs, pixels);
  throw new IngotError('FILE-010', `the project has no ${role}`, {
    place: role,
    remedy: `import it: ingot import --role ${role} FILE.npy`,
  });
}

/** As above, for a tensor that is the only one: one array per sample. */
export const readSamples = (
  context: Files,
  role: string,
  tensor: SampleShape,
  pixels?: PixelRange,
): Float32Array[] => readSamplesFor(context, role, [tensor], pixels).samples.map((s) => s[0]!);

/** Labels from their own file, else from the images' (folders, npz, csv). */
export function readTestSet(context: Files, model: Sampled, pixels?: PixelRange): TestSet | null {
  if (!context.hasFile('test.images')) return null;
  const inputs = model.inputs.map((id) => model.tensors[id]!);
  const { samples, labels: own } = readSamplesFor(context, 'test.images', inputs, pixels);
  const images = samples.map((s) => s[0]!);
  if (!context.hasFile('test.labels')) return { images, samples, labels: own };
  const file = context.readFile('test.labels');
  const labels = readNpy(file.bytes, file.name).data;
  if (labels.length !== images.length)
    throw new IngotError('FILE-011', `${labels.length} labels for ${images.length} images`, {
      place: file.name,
      remedy: 'give one label per image',
    });
  return { images, samples, labels };
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
