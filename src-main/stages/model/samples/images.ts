/** PNG images as samples. */
import { decode } from 'fast-png';
import { unzip } from './archive.ts';
import { BYTES_MAX, refuse, text } from './refuse.ts';
import type { PixelRange, SampleSet, SampleShape } from './types.ts';

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
export const isPng = (bytes: Uint8Array): boolean => PNG.every((v, i) => bytes[i] === v);

/**
 * A folder of images, zipped. Images in one sub-folder each a class: folders in order of name are classes 0, 1 …
 * Other files are passed over. DATA-009: JPEG and the like; DATA-003: no image.
 */
export function readImages(
  bytes: Uint8Array,
  place: string,
  input: SampleShape,
  range: PixelRange,
): SampleSet {
  const isHidden = (name: string): boolean => /(^|\/)(\.|__MACOSX\/)/.test(name);
  const files = unzip(
    bytes,
    place,
    (name) => !isHidden(name) && /\.(png|jpe?g|bmp|gif|webp|tiff?)$/i.test(name),
  );
  const names = [...files.keys()];
  if (names.length === 0) refuse('DATA-003', place, 'there is no image', 'put PNG images into the folder');
  const size = input.shape.reduce((a, b) => a * b, 1);
  if (names.length * size * 4 > BYTES_MAX)
    refuse('DATA-008', place, `${names.length} images take more than 1 GiB`, 'give fewer images');
  const samples = names.map((name) => [readPng(files.get(name)!, `${place}/${name}`, input, range)]);
  const folders = names.map((name) => name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  const classes = [...new Set(folders)].sort();
  const labels = classes.length > 1 ? Int32Array.from(folders, (f) => classes.indexOf(f)) : null;
  return { samples, labels };
}

/** Axes of an image in the model's input: [1, c, h, w] (ONNX, PyTorch) or [1, h, w, c] (TFLite), c being 1 or 3. */
function axesOf(
  place: string,
  { name, shape }: SampleShape,
): { c: number; h: number; w: number; isLast: boolean } {
  const isCount = (d: number | undefined): boolean => d === 1 || d === 3;
  const [n, a, b, d] = shape;
  if (shape.length === 4 && n === 1) {
    if (isCount(a)) return { c: a!, h: b!, w: d!, isLast: false };
    if (isCount(d)) return { c: d!, h: a!, w: b!, isLast: true };
  }
  return refuse(
    'DATA-002',
    place,
    `input ${name} of shape ${text(shape)} takes no images`,
    'give an .npy or .npz file',
  );
}

/** DATA-002: of another size; DATA-009: no PNG, or of a kind that is not read; DATA-010: damaged. */
export function readPng(
  bytes: Uint8Array,
  place: string,
  input: SampleShape,
  range: PixelRange,
): Float32Array {
  const { c, h, w, isLast } = axesOf(place, input);
  if (!isPng(bytes)) refuse('DATA-009', place, 'this is no PNG image', 'convert the images to PNG');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) refuse('DATA-010', place, 'the image is damaged', 'write it again');
  // Before anything is unpacked: a small file may claim a huge image.
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width !== w || height !== h)
    refuse('DATA-002', place, `the image is ${width}x${height}, input ${input.name} of shape ${text(input.shape)} takes ${w}x${h}`, 'scale the images'); // prettier-ignore
  let png;
  try {
    png = decode(bytes);
  } catch {
    return refuse('DATA-010', place, 'the image is damaged', 'write it again');
  }
  const { data, palette } = png;
  const channels = palette ? 3 : png.channels;
  const full = png.depth === 16 ? 65535 : palette ? 255 : 2 ** png.depth - 1;
  if (png.depth < 8)
    refuse(
      'DATA-009',
      place,
      `${png.depth} bits a pixel are not read`,
      'write the image with 8 bits a channel',
    );
  // Alpha counts only where it hides something.
  const colours = channels === 2 || channels === 4 ? channels - 1 : channels;
  const pixels = width * height;
  if (colours !== channels) {
    for (let i = 0; i < pixels; i++)
      if (data[i * channels + colours] !== full)
        refuse('DATA-009', place, 'the image has transparent parts', 'flatten it');
  }
  if (colours !== c)
    refuse('DATA-002', place, `the image has ${colours} channels, input ${input.name} of shape ${text(input.shape)} takes ${c}`, c === 1 ? 'convert it to grey' : 'convert it to RGB'); // prettier-ignore
  const out = new Float32Array(pixels * c);
  for (let i = 0; i < pixels; i++) {
    for (let k = 0; k < c; k++) {
      const value = palette ? (palette[data[i]!]?.[k] ?? 0) : data[i * channels + k]!;
      out[isLast ? i * c + k : k * pixels + i] = scaled(value / full, k, range);
    }
  }
  return out;
}

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

function scaled(v: number, channel: number, range: PixelRange): number {
  switch (range) {
    case 'unit':
      return v;
    case 'signed':
      return 2 * v - 1;
    case 'byte':
      return 255 * v;
    case 'imagenet':
      return (v - MEAN[channel]!) / DEVIATION[channel]!;
  }
}
