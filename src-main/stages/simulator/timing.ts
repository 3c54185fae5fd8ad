/**
 * Cycles of one EXEC, event by event, from instruction fields only. The events are the ones the hardware has:
 * a word arrives, a group's last step, a tile's last step, the drain's last cycle. The recurrence is stated in
 * chip/README.md.
 */
import type { Chip } from '../chip/index.ts';
import type { ExecFields } from './machine.ts';
import { atLastPixel, startWalk, stepWalk, type Walker } from './walk.ts';

export interface ExecTiming {
  readonly cycles: number;
  readonly busy: number;
  readonly stallDrain: number;
}

interface Tile {
  readonly rows: number;
  /** Rows whose right neighbour in the map is not the next row of the tile. */
  readonly runs: number;
  /** Cycles the drain needs for it. */
  readonly drain: number;
  readonly lastRowEnds: boolean;
  readonly lastPixel: boolean;
  /** Pixels of the window that the next tile finds folded. */
  readonly inWindow: number;
}

export function timeLayer(f: ExecFields, chip: Chip): ExecTiming {
  const walker = startWalk(f);
  const turn = f.fold ? 3 * chip.requantizeCycles + 1 : chip.requantizeCycles;
  const words = f.cBlocks! + 1;
  const depthwise = f.mode === 1;
  let wordArrived = 1; // cycle in which the group's last word is captured; EXEC issues in cycle 0
  let groupEnd = 0;
  let mayEnd = 0; // first cycle in which a tile's last step may issue
  let inWindow = 0;
  let busy = 0;
  let stallDrain = 0;
  for (;;) {
    const block = walker.block;
    const channels = block === f.kBlocks ? f.kLast! + 1 : chip.columns;
    const tile = takeTile(walker, f, chip.rows, Math.ceil(channels / chip.lanes) * turn, inWindow);
    inWindow = tile.inWindow;
    for (let ky = 0; ky <= f.kernelH!; ky++)
      for (let kx = 0; kx <= f.kernelW!; kx++) {
        const fetches = depthwise && f.share && kx > 0 ? tile.runs : tile.rows;
        for (let word = 0; word < words; word++) {
          const steps = depthwise ? 1 : word === words - 1 ? f.cLast! + 1 : chip.columns;
          wordArrived = Math.max(wordArrived + fetches, groupEnd);
          groupEnd = wordArrived + steps;
          busy += steps;
        }
      }
    if (mayEnd > groupEnd) {
      stallDrain += mayEnd - groupEnd;
      groupEnd = mayEnd;
    }
    // The sums move to the drain two cycles after the last step, and may do so in the drain's own last cycle.
    const drainEnd = groupEnd + 2 + tile.drain;
    mayEnd = Math.max(groupEnd + 3, tile.lastRowEnds ? drainEnd - 2 : drainEnd);
    if (tile.lastPixel && block === f.kBlocks) return { cycles: drainEnd + 3, busy, stallDrain };
  }
}

/** The next tile's rows; leaves the walker at the pixel after them. */
function takeTile(w: Walker, f: ExecFields, most: number, windowCycles: number, folded: number): Tile {
  let rows = 0;
  let runs = 0;
  let drain = 0;
  let inWindow = folded;
  let lastRowEnds = false;
  let lastPixel = false;
  while (rows < most && !lastPixel) {
    lastPixel = atLastPixel(w, f);
    lastRowEnds = inWindow === f.window;
    drain += lastRowEnds ? windowCycles : 1;
    inWindow = lastRowEnds ? 0 : inWindow + 1;
    rows++;
    if (w.outX === f.outW || rows === most || lastPixel) runs++;
    stepWalk(w, f);
  }
  return { rows, runs, drain, lastRowEnds, lastPixel, inWindow };
}
