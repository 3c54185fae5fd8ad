import { readNpy } from '../npy.ts';
import { unzip } from './archive.ts';
import { asLabels, cut, finite } from './arrays.ts';
import { readCsv } from './csv.ts';
import { isPng, readImages, readPng } from './images.ts';
import { BYTES_MAX, refuse, text } from './refuse.ts';
import type { PixelRange, SampleSet, SampleShape } from './types.ts';

/**
 * Samples for a model's inputs from a file: .npy, .npz (arrays named as the inputs, or in their order; `labels`,
 * `label` or `y` are classes), .csv, .bin (raw little-endian float32), a PNG image or a zipped folder of them. The
 * format is told by the first bytes, for .csv and .bin by the name. Deterministic.
 * DATA-001: no such format; DATA-002 … DATA-011 as below.
 */
export function readSampleSet(
  file: { readonly name: string; readonly bytes: Uint8Array },
  inputs: readonly SampleShape[],
  range: PixelRange = 'unit',
): SampleSet {
  const { name, bytes } = file;
  const starts = (magic: string): boolean => [...magic].every((c, i) => bytes[i] === c.charCodeAt(0));
  if (bytes.length > BYTES_MAX)
    refuse('DATA-008', name, 'the file is larger than 1 GiB', 'give fewer samples');
  if (starts('PK'))
    return isNpz(bytes) ? readNpz(bytes, name, inputs) : readImages(bytes, name, only(name, inputs), range);
  const input = only(name, inputs);
  if (starts('\x93NUMPY')) return numbers(name, bytes, input);
  if (isPng(bytes)) return { samples: [[readPng(bytes, name, input, range)]], labels: null };
  if (starts('\xff\xd8\xff'))
    refuse('DATA-009', name, 'JPEG images are not read', 'convert the images to PNG');
  if (/\.csv$/i.test(name)) return readCsv(bytes, name, input);
  if (/\.bin$/i.test(name)) return readRaw(bytes, name, input);
  if (/\.npy$/i.test(name)) return numbers(name, bytes, input);
  return refuse('DATA-001', name, 'this is no data set', 'give .npy, .npz, .csv, .bin or PNG images');
}

/** DATA-011: the format holds one array, the model has more inputs. */
function only(place: string, inputs: readonly SampleShape[]): SampleShape {
  if (inputs.length === 1) return inputs[0]!;
  const names = inputs.map((i) => i.name).join(', ');
  return refuse(
    'DATA-011',
    place,
    `the model has ${inputs.length} inputs: ${names}`,
    'give an .npz file with an array for each',
  );
}

function numbers(place: string, bytes: Uint8Array, input: SampleShape): SampleSet {
  const npy = readNpy(bytes, place);
  return { samples: cut(place, npy.shape, npy.data, input).map((s) => [s]), labels: null };
}

/** The first entry's name tells an array archive from a folder of images. */
function isNpz(bytes: Uint8Array): boolean {
  const length = (bytes[26] ?? 0) | ((bytes[27] ?? 0) << 8);
  return /\.npy$/i.test(new TextDecoder('latin1').decode(bytes.subarray(30, 30 + length)));
}

const LABELS = /^(labels?|y|classes|targets?)$/i;

function readNpz(bytes: Uint8Array, place: string, inputs: readonly SampleShape[]): SampleSet {
  const files = unzip(bytes, place, (name) => /\.npy$/i.test(name));
  const arrays = new Map(
    [...files].map(([name, b]) => [name.replace(/\.npy$/i, ''), readNpy(b, `${place}/${name}`)]),
  );
  const taken = new Set(inputs.map((i) => i.name).filter((name) => arrays.has(name)));
  const labelName = [...arrays.keys()].find((name) => LABELS.test(name) && !taken.has(name));
  const others = [...arrays.keys()].filter((name) => name !== labelName && !taken.has(name));
  if (taken.size < inputs.length && taken.size + others.length !== inputs.length) {
    const [have, want] = [[...arrays.keys()].join(', '), inputs.map((i) => i.name).join(', ')];
    refuse(
      'DATA-011',
      place,
      `arrays ${have} for the inputs ${want}`,
      'name the arrays as the inputs of the model',
    );
  }
  const sets = inputs.map((input) => {
    const name = taken.has(input.name) ? input.name : others.shift()!;
    const { shape, data } = arrays.get(name)!;
    return cut(`${place}/${name}`, shape, data, input);
  });
  const count = sets[0]!.length;
  const odd = sets.findIndex((set) => set.length !== count);
  if (odd >= 0)
    refuse(
      'DATA-011',
      place,
      `${count} samples for ${inputs[0]!.name}, ${sets[odd]!.length} for ${inputs[odd]!.name}`,
      'give as many of each',
    );
  const labels =
    labelName === undefined ? null : asLabels(`${place}/${labelName}`, arrays.get(labelName)!.data);
  if (labels && labels.length !== count)
    refuse('DATA-005', place, `${labels.length} labels for ${count} samples`, 'give one label per sample');
  return { samples: Array.from({ length: count }, (_, i) => sets.map((set) => set[i]!)), labels };
}

/** DATA-002 where the bytes are no whole number of samples. */
function readRaw(bytes: Uint8Array, place: string, input: SampleShape): SampleSet {
  const size = input.shape.reduce((a, b) => a * b, 1);
  const count = bytes.length / (4 * size);
  if (!Number.isInteger(count))
    refuse('DATA-002', place, `${bytes.length} bytes are no whole number of samples of ${input.name}, shape ${text(input.shape)} in float32`, 'write little-endian float32, one sample after the other'); // prettier-ignore
  if (count === 0) refuse('DATA-003', place, 'there is no sample', 'give at least one sample');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = Array.from({ length: count }, (_, i) => {
    const sample = Float32Array.from({ length: size }, (_, k) => view.getFloat32(4 * (i * size + k), true));
    return [finite(place, sample, i)];
  });
  return { samples, labels: null };
}
