/** Weight, bias and scale images of a layer, and the bounds of its sums. */
import { blocksOf, lastWordChannels, stepsOf, weightWordsOf, type Layer } from './layer.ts';

/** Weight words in the order the engine reads them: block, kernel row, kernel column, channel word, channel. */
export function layerWords(l: Layer, columns: number): Int8Array {
  const words = new Int8Array(weightWordsOf(l, columns) * columns);
  if (l.weights.form === 'constant') return constantWords(l, words, columns);
  return l.weights.form === 'dense'
    ? denseWords(l, l.weights.data(), words, columns)
    : ownWords(l, l.weights.data(), words, columns);
}

function denseWords(l: Layer, data: Int8Array, words: Int8Array, columns: number): Int8Array {
  const per = stepsOf(l, columns);
  for (let k = 0; k < l.outC; k++) {
    const block = Math.floor(k / columns);
    let at = block * per * columns + (k - block * columns);
    for (let i = k * per; i < (k + 1) * per; i++, at += columns) words[at] = data[i]!;
  }
  return words;
}

/** One weight per tap and output channel: in depthwise mode a word, in diagonal mode a word per channel. */
function ownWords(l: Layer, data: Int8Array, words: Int8Array, columns: number): Int8Array {
  const taps = l.kernelH * l.kernelW;
  const channels = lastWordChannels(l, columns);
  for (let k = 0; k < l.outC; k++) {
    const block = Math.floor(k / columns);
    const j = k - block * columns;
    const channel = l.mode === 'depthwise' ? 0 : Math.floor((j * l.blockChannels) / columns);
    for (let t = 0; t < taps; t++)
      words[((block * taps + t) * channels + channel) * columns + j] = data[t * l.outC + k]!;
  }
  return words;
}

function constantWords(l: Layer, words: Int8Array, columns: number): Int8Array {
  const value = l.weights.form === 'constant' ? l.weights.value : 0;
  if (l.mode === 'depthwise') return words.fill(value);
  const taps = l.kernelH * l.kernelW;
  const channels = lastWordChannels(l, columns);
  // Also behind the last channel, where a whole word is asked for.
  for (let block = 0; block < blocksOf(l, columns); block++)
    for (let t = 0; t < taps; t++)
      for (let j = 0; j < channels; j++) words[((block * taps + t) * channels + j) * columns + j] = value;
  return words;
}

export interface Parameters {
  readonly biases: Int32Array;
  readonly multipliers: Int32Array;
  readonly shifts: Uint8Array;
}

/** Whole blocks; an addition has three whatever its channels are. */
export function layerParameters(l: Layer, columns: number): Parameters {
  const size = parameterBlocksOf(l, columns) * columns;
  const biases = new Int32Array(size);
  const multipliers = new Int32Array(size);
  const shifts = new Uint8Array(size);
  biases.set(l.bias());
  multipliers.set(l.multiplier);
  shifts.set(l.shift);
  return { biases, multipliers, shifts };
}

export const parameterBlocksOf = (l: Layer, columns: number): number => (l.isAdd ? 3 : blocksOf(l, columns));

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Bounds of every partial sum in any order: bias + all negative, or all positive, products; from the images. */
export function sumBounds(l: Layer, words: Int8Array, p: Parameters, columns: number): Bounds {
  const per = l.hold ? 1 : stepsOf(l, columns);
  const repeat = l.hold ? stepsOf(l, columns) : 1;
  let min = 0;
  let max = 0;
  for (let k = 0; k < l.outC; k++) {
    const block = Math.floor(k / columns);
    const bias = l.isAdd ? 0 : p.biases[k]!;
    let low = Math.min(0, bias);
    let high = Math.max(0, bias);
    let at = (l.hold ? 0 : block * per * columns) + (k - block * columns);
    for (let i = 0; i < per; i++, at += columns) {
      const w = words[at]! * repeat;
      low += w > 0 ? w * -128 : w * 127;
      high += w > 0 ? w * 127 : w * -128;
    }
    min = Math.min(min, low);
    max = Math.max(max, high);
  }
  return { min, max };
}
