/**
 * Cycles of an EXEC, in the open. A tile of r pixels needs, for each tap and channel word g with c_g channels,
 * r fetches and c_g steps; its drain takes R = sum over rows of (window ends ? RC * ceil(k / lanes) : 1) cycles.
 * Exactly, with A the cycle in which a group's last word arrives and E the cycle of its last step:
 *   A(g) = max(A(g-1) + r, E(g-1));  E(g) = A(g) + c_g, and for a tile's last group not before `free`
 *   free = E + max(3, R), or E + max(3, R + 2) if the tile's last pixel does not end a window
 * because sums move to the drain two cycles after the last step and may do so in the drain's own last cycle.
 * In the steady state a tile takes max(S, R, 3) cycles, S = sum over g of max(c_g, r); the layer ends R + 5
 * cycles after its last step.
 */
import type { Chip } from '../chip/index.ts';
import { channelBlocks, channelsInLast } from './images.ts';
import type { Layer } from './lower.ts';

export function predictCycles(l: Layer, chip: Chip, kLast: number): number {
  const P = chip.rows;
  const K = chip.columns;
  const window = l.windowH * l.windowW;
  const pixels = l.outH * l.outW * window;
  const tiles = Math.ceil(pixels / P);
  const blocks = Math.ceil(l.outC / K);
  const words = channelBlocks(l, K);
  const groups = l.kernelH * l.kernelW * words;
  const last = channelsInLast(l, K);
  let arrive = 1;
  let end = 0;
  let free = 0;
  for (let block = 0; block < blocks; block++) {
    const channels = block === blocks - 1 ? kLast : K;
    const perWindow = Math.ceil(channels / chip.lanes) * chip.requantizeCycles;
    for (let tile = 0; tile < tiles; tile++) {
      const first = tile * P;
      const rows = Math.min(P, pixels - first);
      for (let g = 0; g < groups; g++) {
        arrive = Math.max(arrive + rows, end);
        end = arrive + ((g + 1) % words === 0 ? last : K);
      }
      end = Math.max(end, free);
      const ended = Math.floor((first + rows) / window) - Math.floor(first / window);
      const drain = ended * perWindow + (rows - ended);
      const lastEnds = (first + rows) % window === 0;
      free = end + Math.max(3, lastEnds ? drain : drain + 2);
      if (block === blocks - 1 && tile === tiles - 1) return end + drain + 5;
    }
  }
  return 0;
}

/** Channels drained in the last block; whole words where a diagonal layer reads them next. */
export const lastBlockChannels = (l: Layer, columns: number): number =>
  l.outC - (Math.ceil(l.outC / columns) - 1) * columns;
