/** Where wires crowd: a map for the eye, and the places to name when nets cannot be routed. */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import { nodeXy, type Lattice } from './lattice.ts';
import type { Router } from './negotiate.ts';
import { isConflict } from './state.ts';
import type { RoutableNet } from './terminals.ts';
import type { Routing } from './types.ts';

/** Tiles a side at most, and their least size. */
const TILES_MAX = 64;
const TILE_MIN_UM = 5;
/** Places named at most. */
const PLACES = 5;

/** Tiles from the die's lower left corner, row by row. */
export interface UsageMap {
  readonly columns: number;
  readonly rows: number;
  readonly tileDbu: number;
  /** [tiles] share of the signal layers' track length that wires along x / y take, percent. */
  readonly horizontal: Uint8Array;
  readonly vertical: Uint8Array;
}

function tiling(lattice: Lattice, dbuPerUm: number): { columns: number; rows: number; tileDbu: number } {
  const [w, h] = [lattice.die.x2 - lattice.die.x1, lattice.die.y2 - lattice.die.y1];
  const tileDbu = Math.max(TILE_MIN_UM * dbuPerUm, Math.ceil(Math.max(w, h) / TILES_MAX));
  return { columns: Math.ceil(w / tileDbu), rows: Math.ceil(h / tileDbu), tileDbu };
}

export function mapUsage(lattice: Lattice, kit: Kit, routing: Routing): UsageMap {
  const { columns, rows, tileDbu } = tiling(lattice, kit.tech.dbuPerUm);
  const { x1: left, y1: low } = lattice.die;
  const length = [new Float64Array(columns * rows), new Float64Array(columns * rows)];
  const { wires } = routing;
  for (let w = 0; w < wires.length; w += 5) {
    const isUp = wires[w + 1] === wires[w + 3];
    const across = isUp ? wires[w + 1] - left : wires[w + 2] - low;
    const [from, to] = isUp
      ? [wires[w + 2] - low, wires[w + 4] - low]
      : [wires[w + 1] - left, wires[w + 3] - left];
    const fixed = Math.floor(across / tileDbu);
    for (let k = Math.floor(from / tileDbu); k * tileDbu < to; k++) {
      const part = Math.min(to, (k + 1) * tileDbu) - Math.max(from, k * tileDbu);
      length[isUp ? 1 : 0][isUp ? k * columns + fixed : fixed * columns + k] += part;
    }
  }
  const supply = (vertical: boolean): number =>
    lattice.layers
      .filter((g) => g.vertical === vertical)
      .reduce((sum, g) => sum + tileDbu ** 2 / (kit.tech.layers[g.layer] as RoutingLayer).pitchDbu, 0);
  const percent = (used: Float64Array, of: number): Uint8Array =>
    Uint8Array.from(used, (v) => Math.min(255, Math.round((100 * v) / of)));
  return {
    columns,
    rows,
    tileDbu,
    horizontal: percent(length[0], supply(false)),
    vertical: percent(length[1], supply(true)),
  };
}

/** ROUTE-023 for each of the tiles that hold most of the trouble, worst first. */
export function nameCrowdedPlaces(
  router: Router,
  failed: readonly RoutableNet[],
  usage: UsageMap,
  dbuPerUm: number,
): Diagnostic[] {
  const { state } = router;
  const { columns, rows, tileDbu } = usage;
  const { x1: left, y1: low } = state.lattice.die;
  const nets = new Map<number, Set<number>>();
  const note = (x: number, y: number, net: number): void => {
    const column = Math.min(columns - 1, Math.max(0, Math.floor((x - left) / tileDbu)));
    const row = Math.min(rows - 1, Math.max(0, Math.floor((y - low) / tileDbu)));
    const tile = row * columns + column;
    const has = nets.get(tile);
    if (has) has.add(net);
    else nets.set(tile, new Set([net]));
  };
  for (const n of failed) {
    n.route.nodes.forEach((node, i) => {
      if (!isConflict(state, n.route, i, n.net, 1)) return;
      const at = nodeXy(state.lattice, node);
      note(at.x, at.y, n.net);
    });
    n.route.taps.forEach((t, j) => {
      if (t < 0) note(n.terminals[j].xDbu, n.terminals[j].yDbu, n.net);
    });
  }
  const um = (dbu: number): string => (dbu / dbuPerUm).toFixed(1);
  return [...nets]
    .sort((a, b) => b[1].size - a[1].size || a[0] - b[0])
    .slice(0, PLACES)
    .map(([tile, set]) => {
      const x = left + (tile % columns) * tileDbu;
      const y = low + Math.floor(tile / columns) * tileDbu;
      return {
        code: 'ROUTE-023',
        severity: 'error',
        message: `too crowded: ${set.size} nets in conflict in a place whose tracks are ${usage.horizontal[tile]} % (along x) and ${usage.vertical[tile]} % (along y) full`,
        place: `(${um(x)}, ${um(y)}) to (${um(x + tileDbu)}, ${um(y + tileDbu)}) um`,
        remedy: 'lower the utilisation, or give the cells there more room',
      };
    });
}
