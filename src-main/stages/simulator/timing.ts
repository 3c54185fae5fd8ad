/**
 * Cycles of one EXEC, event by event, from instruction fields only. The events are the ones the hardware has:
 * a word arrives, a group's last step, a tile's last step, the drain's last cycle.
 */
import type { Chip } from '../chip/index.ts';
import type { ExecFields } from './machine.ts';
import { atLastPixel, startWalk, stepWalk } from './walk.ts';

export interface ExecTiming {
  readonly cycles: number;
  readonly busy: number;
  readonly stallDrain: number;
}

export function timeLayer(f: ExecFields, chip: Chip): ExecTiming {
  const walker = startWalk(f);
  let wordArrived = 0; // cycle in which the group's last word is captured; EXEC issues in cycle 0
  let groupEnd = 0;
  let mayEnd = 0; // first cycle in which a tile's last step may issue
  let inWindow = 0;
  let busy = 0;
  let stallDrain = 0;
  for (;;) {
    const block = walker.block;
    const channels = block === f.kBlocks ? f.kLast! + 1 : chip.columns;
    const windowCycles = Math.ceil(channels / chip.lanes) * chip.requantizeCycles;
    // The rows of this tile, and the cycles the drain will need for each of them.
    let rows = 0;
    let drain = 0;
    let lastRowEnds = false;
    let lastPixel = false;
    while (rows < chip.rows && !lastPixel) {
      lastPixel = atLastPixel(walker, f);
      lastRowEnds = inWindow === f.window;
      drain += lastRowEnds ? windowCycles : 1;
      inWindow = lastRowEnds ? 0 : inWindow + 1;
      rows++;
      stepWalk(walker, f);
    }
    for (let tap = 0; tap < (f.kernelH! + 1) * (f.kernelW! + 1); tap++) {
      for (let cb = 0; cb <= f.cBlocks!; cb++) {
        const steps = cb === f.cBlocks ? f.cLast! + 1 : chip.columns;
        wordArrived = Math.max(wordArrived + rows, groupEnd);
        groupEnd = wordArrived + steps;
        busy += steps;
      }
    }
    if (mayEnd > groupEnd) {
      stallDrain += mayEnd - groupEnd;
      groupEnd = mayEnd;
    }
    // The sums move to the drain two cycles after the last step, and may do so in the drain's own last cycle.
    const drainEnd = groupEnd + 2 + drain;
    mayEnd = Math.max(groupEnd + 3, lastRowEnds ? drainEnd - 2 : drainEnd);
    if (lastPixel && block === f.kBlocks) return { cycles: drainEnd + 3, busy, stallDrain };
  }
}
