/**
 * Cycles of one EXEC, event by event, from instruction fields only. The events are the ones the hardware has:
 * a word arrives, a group's last step, a tile's last step, the drain's last cycle. The recurrence is stated in
 * chip/README.md.
 */
import type { Chip } from '../chip/index.ts';
import type { ExecFields } from './machine.ts';

export interface ExecTiming {
  readonly cycles: number;
  readonly busy: number;
  readonly stallDrain: number;
}

interface Tile {
  readonly rows: number;
  /** Rows whose right neighbour in the map is not the next row of the tile. */
  readonly runs: number;
  /** Rows that complete a window. */
  readonly ended: number;
  readonly lastRowEnds: boolean;
}

/** The tiles of a channel block, and the pixels of a window that they leave folded for the next. */
interface Block {
  readonly tiles: readonly Tile[];
  readonly inWindow: number;
}

export function timeLayer(f: ExecFields, chip: Chip): ExecTiming {
  const turn = f.fold ? 3 * chip.requantizeCycles + 1 : chip.requantizeCycles;
  const groups = new Groups(f, chip);
  // Blocks are cut into the same tiles unless a window is left open at their end.
  const blocks: (Block | undefined)[] = [];
  let wordArrived = 1; // cycle in which the group's last word is captured; EXEC issues in cycle 0
  let groupEnd = 0;
  let mayEnd = 0; // first cycle in which a tile's last step may issue
  let inWindow = 0;
  let busy = 0;
  let stallDrain = 0;
  let drainEnd = 0;
  for (let block = 0; block <= f.kBlocks!; block++) {
    const channels = block === f.kBlocks ? f.kLast! + 1 : chip.columns;
    const windowCycles = Math.ceil(channels / chip.lanes) * turn;
    const cut = (blocks[inWindow] ??= cutTiles(f, chip.rows, inWindow));
    inWindow = cut.inWindow;
    for (const tile of cut.tiles) {
      const span = groups.of(tile, groupEnd - wordArrived);
      wordArrived += span.arrived;
      groupEnd = wordArrived + span.lead;
      busy += groups.steps;
      if (mayEnd > groupEnd) {
        stallDrain += mayEnd - groupEnd;
        groupEnd = mayEnd;
      }
      // The sums move to the drain two cycles after the last step, and may do so in the drain's own last cycle.
      drainEnd = groupEnd + 2 + tile.ended * windowCycles + (tile.rows - tile.ended);
      mayEnd = Math.max(groupEnd + 3, tile.lastRowEnds ? drainEnd - 2 : drainEnd);
    }
  }
  return { cycles: drainEnd + 3, busy, stallDrain };
}

interface TileSpan {
  /** Cycles by which the arrival of the last word moves on. */
  readonly arrived: number;
  /** From it to the last step. */
  readonly lead: number;
}

/** The groups of a tile: taps and channel words. What they take depends on little, so it is worked out once. */
class Groups {
  readonly steps: number;
  readonly #f: ExecFields;
  readonly #columns: number;
  readonly #known = new Map<string, TileSpan>();

  constructor(f: ExecFields, chip: Chip) {
    this.#f = f;
    this.#columns = chip.columns;
    const taps = (f.kernelH! + 1) * (f.kernelW! + 1);
    this.steps = taps * (f.mode === 1 ? f.cBlocks! + 1 : f.cBlocks! * chip.columns + f.cLast! + 1);
  }

  /** `behind`: cycles from the arrival of the last tile's last word to its last step. */
  of({ rows, runs }: Tile, behind: number): TileSpan {
    const key = `${rows} ${runs} ${behind}`;
    let span = this.#known.get(key);
    if (!span) this.#known.set(key, (span = this.#walk(rows, runs, behind)));
    return span;
  }

  #walk(rows: number, runs: number, behind: number): TileSpan {
    const f = this.#f;
    const depthwise = f.mode === 1;
    let arrived = 0;
    let end = behind;
    for (let ky = 0; ky <= f.kernelH!; ky++)
      for (let kx = 0; kx <= f.kernelW!; kx++) {
        const fetches = depthwise && f.share && kx > 0 ? runs : rows;
        for (let word = 0; word <= f.cBlocks!; word++) {
          arrived = Math.max(arrived + fetches, end);
          end = arrived + (depthwise ? 1 : word === f.cBlocks ? f.cLast! + 1 : this.#columns);
        }
      }
    return { arrived, lead: end - arrived };
  }
}

/** Cuts the pixels of a channel block into tiles of at most `most` rows, `folded` pixels into a window. */
function cutTiles(f: ExecFields, most: number, folded: number): Block {
  const perColumn = (f.windowW! + 1) * (f.windowH! + 1);
  const perRow = perColumn * (f.outW! + 1);
  const pixels = perRow * (f.outH! + 1);
  const tiles: Tile[] = [];
  let inWindow = folded;
  for (let first = 0; first < pixels; first += most) {
    const rows = Math.min(most, pixels - first);
    let runs = 0;
    let ended = 0;
    for (let row = 0; row < rows; row++) {
      if ((first + row) % perRow >= perRow - perColumn || row === rows - 1) runs++;
      if (inWindow === f.window) {
        ended++;
        inWindow = 0;
      } else inWindow++;
    }
    tiles.push({ rows, runs, ended, lastRowEnds: inWindow === 0 });
  }
  return { tiles, inWindow };
}
