/**
 * What is in weight and parameter memory when. A program that fits stays there. Otherwise chunks of layers, split by
 * output blocks where one is too large, alternate between the two halves of both memories: while the engine works
 * from one, the next is loaded into the other.
 */
import type { Chip } from '../chip/index.ts';
import type { Part } from './emit.ts';
import { blocksOf, Misfit, stepsOf, weightWordsOf, type Layer } from './layer.ts';
import { parameterBlocksOf } from './images.ts';

export interface Chunk {
  readonly parts: readonly Part[];
  readonly weightWords: number;
  readonly parameterBlocks: number;
}

export const partWords = (p: Part, columns: number): number =>
  p.layer.hold ? 1 : (p.to - p.from) * stepsOf(p.layer, columns);

export const partBlocks = (p: Part): number => (p.layer.isAdd ? 3 : p.to - p.from);

export const wholePart = (layer: Layer, columns: number): Part => ({
  layer,
  from: 0,
  to: blocksOf(layer, columns),
});

export function fitsWhole(layers: readonly Layer[], chip: Chip): boolean {
  const K = chip.columns;
  const words = layers.reduce((sum, l) => sum + weightWordsOf(l, K), 0);
  const blocks = layers.reduce((sum, l) => sum + parameterBlocksOf(l, K), 0);
  return words <= chip.weightWords && blocks <= chip.parameterBlocks;
}

const chunkOf = (parts: readonly Part[], columns: number): Chunk => ({
  parts,
  weightWords: parts.reduce((sum, p) => sum + partWords(p, columns), 0),
  parameterBlocks: parts.reduce((sum, p) => sum + partBlocks(p), 0),
});

export const oneChunk = (layers: readonly Layer[], columns: number): Chunk[] => [
  chunkOf(
    layers.map((l) => wholePart(l, columns)),
    columns,
  ),
];

/** Chunks of at most `wordsMax` words and half of parameter memory, in order; COMPILE-023 names a layer that cannot be split enough. */
export function chunksOf(layers: readonly Layer[], chip: Chip, wordsMax: number): Chunk[] {
  const K = chip.columns;
  const half = Math.floor(chip.weightWords / 2);
  const blocksMax = Math.floor(chip.parameterBlocks / 2);
  const chunks: Chunk[] = [];
  let parts: Part[] = [];
  let words = 0;
  let blocks = 0;
  const close = (): void => {
    if (parts.length > 0) chunks.push(chunkOf(parts, K));
    parts = [];
    words = 0;
    blocks = 0;
  };
  const fits = (p: Part): boolean =>
    words + partWords(p, K) <= wordsMax && blocks + partBlocks(p) <= blocksMax;
  const add = (p: Part): void => {
    parts.push(p);
    words += partWords(p, K);
    blocks += partBlocks(p);
  };
  for (const layer of layers) {
    const all = wholePart(layer, K);
    if (!fits(all)) close();
    if (fits(all)) {
      add(all);
      continue;
    }
    const single = { layer, from: 0, to: 1 };
    const least = partWords(single, K);
    if (least > half || partBlocks(single) > blocksMax)
      throw new Misfit(
        'COMPILE-023',
        layer.name,
        `one block of ${K} output channels needs ${least} weight words and ${partBlocks(single)} parameter blocks at once, half of the chip's memories holds ${half} and ${blocksMax}`,
        `set weightWords to at least ${2 * least} and parameterBlocks to at least ${2 * partBlocks(single)}`,
      );
    const size = layer.isAdd ? all.to : Math.max(1, Math.min(Math.floor(wordsMax / least), blocksMax));
    for (let from = 0; from < all.to; from += size) {
      close();
      add({ layer, from, to: Math.min(all.to, from + size) });
    }
  }
  close();
  return chunks;
}
