/**
 * Wire demand before routing: each net's half perimeter spread evenly over its bounding box (RUDY: Spindler and
 * Johannes, DATE 2007), compared with the length of track that a tile offers. A placement whose worst tile asks for
 * much more than half of its tracks will not route; spreading the cells there first costs far less than trying.
 * Differs from the source: boxes are widened to a row height, clock nets are left out.
 */
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Placement } from '../placement/types.ts';
import { signalLayers } from './lattice.ts';
import { defaultRouteOptions, type RouteOptions } from './options.ts';

const TILE_UM = 10;

export interface DemandMap {
  readonly tileDbu: number;
  readonly columns: number;
  readonly rows: number;
  /** [rows * columns] wanted over offered length of track, from the lower left. */
  readonly ratio: Float64Array;
  readonly worst: number;
}

/** Length of signal track per area, 1/DBU. */
function supply(kit: Kit, options: RouteOptions): number {
  let total = 0;
  for (const l of signalLayers(kit.tech, options)) total += 1 / (kit.tech.layers[l] as RoutingLayer).pitchDbu;
  return total;
}

export function estimateWireDemand(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  options: Partial<RouteOptions> = {},
): DemandMap {
  const { die } = floorplan;
  const tile = TILE_UM * kit.tech.dbuPerUm;
  const columns = Math.ceil((die.x2 - die.x1) / tile);
  const rows = Math.ceil((die.y2 - die.y1) / tile);
  const ratio = new Float64Array(rows * columns);
  const perTile = supply(kit, { ...defaultRouteOptions, ...options }) * tile * tile;
  const pinInst = pinInstances(netlist);
  const half = kit.tech.rowHeightDbu / 2;
  for (let e = 0; e < netlist.netNames.length; e++) {
    if (netlist.netIsClock[e]) continue;
    let [x1, y1, x2, y2, pins] = [Infinity, Infinity, -Infinity, -Infinity, 0];
    for (let k = netlist.netPinStart[e]; k < netlist.netPinStart[e + 1]; k++) {
      const i = netlist.netPins[k] < pinInst.length ? pinInst[netlist.netPins[k]] : -1;
      if (i < 0) continue;
      const x = placement.xDbu[i] + kit.masters[netlist.instMaster[i]].widthDbu / 2 - die.x1;
      const y = placement.yDbu[i] + half - die.y1;
      [x1, y1, x2, y2, pins] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x), Math.max(y2, y), pins + 1];
    }
    if (pins < 2) continue;
    const length = x2 - x1 + (y2 - y1);
    [x1, y1, x2, y2] = [x1 - half, y1 - half, x2 + half, y2 + half];
    const density = length / ((x2 - x1) * (y2 - y1)) / perTile;
    const lastColumn = Math.min(columns - 1, Math.floor(x2 / tile));
    const lastRow = Math.min(rows - 1, Math.floor(y2 / tile));
    for (let r = Math.max(0, Math.floor(y1 / tile)); r <= lastRow; r++) {
      const dy = Math.min(y2, (r + 1) * tile) - Math.max(y1, r * tile);
      for (let c = Math.max(0, Math.floor(x1 / tile)); c <= lastColumn; c++) {
        ratio[r * columns + c] += density * dy * (Math.min(x2, (c + 1) * tile) - Math.max(x1, c * tile));
      }
    }
  }
  return { tileDbu: tile, columns, rows, ratio, worst: ratio.reduce((a, b) => Math.max(a, b), 0) };
}

/**
 * Sites to keep free beside each cell in a new global placement so that tiles above `target` thin out; added to
 * `paddingSites` if given. Wires grow as cells part, hence the square of the excess. [insts]
 */
export function padByDemand(
  map: DemandMap,
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  target: number,
  paddingSites?: Uint8Array,
): Uint8Array {
  const site = kit.tech.siteWidthDbu;
  const padding = paddingSites ? paddingSites.slice() : new Uint8Array(netlist.instMaster.length);
  for (let i = 0; i < padding.length; i++) {
    const m = kit.masters[netlist.instMaster[i]];
    if (placement.isFixed[i] || m.kind !== 'core') continue;
    const column = Math.floor((placement.xDbu[i] - floorplan.die.x1) / map.tileDbu);
    const row = Math.floor((placement.yDbu[i] - floorplan.die.y1) / map.tileDbu);
    const excess = map.ratio[row * map.columns + column] / target;
    if (excess <= 1) continue;
    const width = m.widthDbu / site + padding[i];
    // At most doubled per step: the next step sees what the spreading did.
    padding[i] = Math.min(40, padding[i] + Math.round(width * Math.min(1, excess * excess - 1)));
  }
  return padding;
}
