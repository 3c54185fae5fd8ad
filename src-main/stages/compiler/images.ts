/** Weight, bias and scale images, and the proof that no accumulator can overflow. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Chip } from '../chip/index.ts';
import type { Layer } from './lower.ts';

/** Channel words of the source that one tap reads. */
export const channelBlocks = (l: Layer, columns: number): number =>
  l.diagonal ? 1 : Math.ceil(l.sourceView.c / columns);

/** Channels in the last of those words. A diagonal layer with several blocks reads whole words. */
export function channelsInLast(l: Layer, columns: number): number {
  if (l.diagonal) return Math.min(l.sourceView.c, columns);
  return l.sourceView.c - (channelBlocks(l, columns) - 1) * columns;
}

/** Weight words in the order the engine reads them: block, kernel row, kernel column, channel word, channel. */
export function weightWords(l: Layer, columns: number): Int8Array {
  const blocks = Math.ceil(l.outC / columns);
  const steps =
    l.kernelH * l.kernelW * ((channelBlocks(l, columns) - 1) * columns + channelsInLast(l, columns));
  const words = new Int8Array(blocks * steps * columns);
  const taps = l.kernelH * l.kernelW;
  const inC = l.diagonal ? channelsInLast(l, columns) : l.sourceView.c;
  let at = 0;
  for (let block = 0; block < blocks; block++)
    for (let tap = 0; tap < taps; tap++)
      for (let c = 0; c < inC; c++, at += columns)
        for (let j = 0; j < columns; j++) {
          const k = block * columns + j;
          if (k >= l.outC) continue;
          if (!l.diagonal) words[at + j] = l.weights[(k * taps + tap) * inC + c]!;
          else if (j === c) words[at + j] = l.weights[0]!;
        }
  return words;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Bounds of every partial sum in any order: folded bias + all negative, or all positive, products. */
export function accumulatorBounds(l: Layer): Bounds {
  let min = 0;
  let max = 0;
  const taps = l.kernelH * l.kernelW;
  const per = l.diagonal ? taps : l.weights.length / l.outC;
  for (let k = 0; k < l.outC; k++) {
    let low = Math.min(0, l.bias[k]!);
    let high = Math.max(0, l.bias[k]!);
    for (let i = 0; i < per; i++) {
      const w = l.diagonal ? l.weights[0]! : l.weights[k * per + i]!;
      low += w > 0 ? w * -128 : w * 127;
      high += w > 0 ? w * 127 : w * -128;
    }
    min = Math.min(min, low);
    max = Math.max(max, high);
  }
  return { min, max };
}

export function requireAccumulator(l: Layer, b: Bounds, chip: Chip): void {
  const limit = 2 ** (chip.accumulatorBits - 1);
  if (b.min < -limit || b.max >= limit)
    throw new IngotError(
      'COMPILE-021',
      `sums reach ${b.min}..${b.max}, beyond ${chip.accumulatorBits}-bit accumulators`,
      { place: l.name, remedy: 'raise chip.accumulatorBits' },
    );
}
