/**
 * Cycles of an EXEC, in the open (chip/README.md states the recurrence, simulator/timing.ts walks the counters;
 * this derives the same from the layer's shape). A tile of r pixels needs, for each tap and channel word g with c_g
 * steps, f_g fetches; its drain takes R = sum over rows of (window ends ? T * ceil(k / lanes) : 1) cycles, with
 * T = requantizeCycles, or 3 of them and one more for an addition. With A the cycle in which a group's last word
 * arrives and E the cycle of its last step:
 *   A(g) = max(A(g-1) + f_g, E(g-1));  E(g) = A(g) + c_g, and for a tile's last group not before `free`
 *   free = E + max(3, R), or E + max(3, R + 2) if the tile's last pixel does not end a window
 * A layer that shares words fetches r of them for a tap in the first kernel column, and for the others one for
 * each stretch of an output row that the tile holds.
 */
import type { Chip } from '../chip/index.ts';
import { blocksOf, lastWordChannels, tapWords, type Layer } from './layer.ts';

/** kLast: channels drained in the last block; blocks: of output channels, if not all. */
export function predictCycles(
  l: Layer,
  chip: Chip,
  kLast: number,
  blocks: number = blocksOf(l, chip.columns),
): number {
  const P = chip.rows;
  const K = chip.columns;
  const window = l.windowH * l.windowW;
  const pixels = l.outH * l.outW * window;
  const groups = groupTable(l, K);
  const turn = l.isAdd ? 3 * chip.requantizeCycles + 1 : chip.requantizeCycles;
  let arrive = 1;
  let end = 0;
  let free = 0;
  let drain = 0;
  for (let block = 0; block < blocks; block++) {
    const perWindow = Math.ceil((block === blocks - 1 ? kLast : K) / chip.lanes) * turn;
    for (let first = 0; first < pixels; first += P) {
      const rows = Math.min(P, pixels - first);
      const runs = l.share ? Math.floor((first + rows - 1) / l.outW) - Math.floor(first / l.outW) + 1 : rows;
      for (let g = 0; g < groups.length; g++) {
        const steps = groups[g]!;
        arrive = Math.max(arrive + (steps < 0 ? runs : rows), end);
        end = arrive + Math.abs(steps);
      }
      end = Math.max(end, free);
      const ended = Math.floor((first + rows) / window) - Math.floor(first / window);
      drain = ended * perWindow + (rows - ended);
      free = end + Math.max(3, (first + rows) % window === 0 ? drain : drain + 2);
    }
  }
  return end + drain + 5;
}

/** Steps of each group of a tile; negative where rows take their words from their neighbours. */
function groupTable(l: Layer, K: number): Int16Array {
  const words = tapWords(l, K);
  const last = lastWordChannels(l, K);
  const table = new Int16Array(l.kernelH * l.kernelW * words);
  for (let g = 0; g < table.length; g++) {
    const kernelColumn = Math.floor(g / words) % l.kernelW;
    const steps = (g + 1) % words === 0 ? last : K;
    table[g] = l.share && kernelColumn > 0 ? -steps : steps;
  }
  return table;
}
