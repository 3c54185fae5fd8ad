/**
 * Where wires or pins would crowd, cells are given room: cell inflation by estimated demand, as RePlAce's
 * routability mode (Cheng, Kahng, Kang, Wang, TCAD 2019) with the rectangular uniform wire density of
 * Spindler and Johannes ("Fast and accurate routing demand estimation", DATE 2007) in place of a global
 * router. Differs from the source: inflation is in whole sites of padding, which the legaliser keeps too.
 */
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { pinInstances } from '../netlist/index.ts';
import { NONE, type Netlist } from '../netlist/types.ts';
import type { Placement } from './types.ts';

export interface CongestionOptions {
  readonly tileUm: number;
  /** Share of the signal layers' tracks that wires may fill on average over a tile. */
  readonly trackShareMax: number;
  /** Signal pins per um2 that the router still reaches. */
  readonly pinsPerUm2Max: number;
  /** Utilisation that padding may reach. */
  readonly utilizationMax: number;
}

export const DEFAULT_CONGESTION: CongestionOptions = {
  tileUm: 10,
  trackShareMax: 0.4,
  pinsPerUm2Max: 1.1,
  utilizationMax: 0.9,
};

export interface Congestion {
  /** Tiles from the die's lower left corner, row by row. */
  readonly columns: number;
  readonly rows: number;
  readonly tileDbu: number;
  /** [tiles] demand over what is allowed; above 1 is too much. */
  readonly load: Float64Array;
}

/** Demand of wires and pins by tile. Cost O(pins + sum of net boxes in tiles). */
export function estimateCongestion(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: CongestionOptions,
): Congestion {
  const { die } = floorplan;
  const tileDbu = Math.round(options.tileUm * kit.tech.dbuPerUm);
  const columns = Math.ceil((die.x2 - die.x1) / tileDbu);
  const rows = Math.ceil((die.y2 - die.y1) / tileDbu);
  const wires = new Float64Array(columns * rows);
  const pins = new Float64Array(columns * rows);
  const owner = pinInstances(netlist);
  const pinCount = netlist.pinNet.length;
  // A box thinner than a wire's surroundings would have endless density.
  const [minW, minH] = [2 * kit.tech.siteWidthDbu, kit.tech.rowHeightDbu];
  for (let net = 0; net < netlist.netNames.length; net++) {
    if (netlist.netIsClock[net]) continue;
    let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let k = netlist.netPinStart[net]; k < netlist.netPinStart[net + 1]; k++) {
      const pin = netlist.netPins[k];
      if (pin >= pinCount) continue;
      const inst = owner[pin];
      const x = placement.xDbu[inst] + (kit.masters[netlist.instMaster[inst]].widthDbu >> 1) - die.x1;
      const y = placement.yDbu[inst] + (kit.tech.rowHeightDbu >> 1) - die.y1;
      if (x < x1) x1 = x;
      if (x > x2) x2 = x;
      if (y < y1) y1 = y;
      if (y > y2) y2 = y;
      pins[tileAt(x, y)]++;
    }
    if (x2 < x1) continue;
    const length = x2 - x1 + (y2 - y1);
    const [bx, by] = [Math.max(0, minW - (x2 - x1)) / 2, Math.max(0, minH - (y2 - y1)) / 2];
    addBox(x1 - bx, y1 - by, x2 + bx, y2 + by, Math.max(length, minW));
  }
  const supply = tracksPerDbu(kit) * options.trackShareMax;
  const area = tileDbu * tileDbu;
  const pinsMax = options.pinsPerUm2Max / kit.tech.dbuPerUm ** 2;
  const load = Float64Array.from(wires, (w, t) => Math.max(w / area / supply, pins[t] / area / pinsMax));
  return { columns, rows, tileDbu, load };

  function tileAt(x: number, y: number): number {
    const column = Math.min(columns - 1, Math.max(0, Math.floor(x / tileDbu)));
    const row = Math.min(rows - 1, Math.max(0, Math.floor(y / tileDbu)));
    return row * columns + column;
  }

  /** Spreads `length` of wire evenly over the box. */
  function addBox(x1: number, y1: number, x2: number, y2: number, length: number): void {
    const density = length / ((x2 - x1) * (y2 - y1));
    const first = tileAt(x1, y1);
    const last = tileAt(x2, y2);
    for (let row = Math.floor(first / columns); row <= Math.floor(last / columns); row++)
      for (let column = first % columns; column <= last % columns; column++) {
        const w = Math.min(x2, (column + 1) * tileDbu) - Math.max(x1, column * tileDbu);
        const h = Math.min(y2, (row + 1) * tileDbu) - Math.max(y1, row * tileDbu);
        if (w > 0 && h > 0) wires[row * columns + column] += w * h * density;
      }
  }
}

/** Length of track per area on the signal layers, 1/DBU. */
function tracksPerDbu(kit: Kit): number {
  const { layers } = kit.tech;
  const first = layers.findIndex((l) => l.name === kit.roles.minSignalLayer);
  const last = layers.findIndex((l) => l.name === kit.roles.maxSignalLayer);
  return layers
    .slice(first, last + 1)
    .reduce((sum, l) => sum + (l.kind === 'routing' ? 1 / l.pitchDbu : 0), 0);
}

/**
 * [insts] padding sites: what was given, and more for cells in crowded tiles, in proportion to how crowded they
 * are. All extra room is scaled down where the rows could not hold it.
 */
export function padCongested(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  padding: Uint8Array,
  options: CongestionOptions = DEFAULT_CONGESTION,
): { padding: Uint8Array; worstLoad: number } {
  const { load, columns, rows, tileDbu } = estimateCongestion(netlist, kit, floorplan, placement, options);
  const site = kit.tech.siteWidthDbu;
  const { die } = floorplan;
  const insts = netlist.instMaster.length;
  const extra = new Float64Array(insts);
  let usedSites = 0;
  let extraSites = 0;
  for (let i = 0; i < insts; i++) {
    const width = kit.masters[netlist.instMaster[i]].widthDbu / site + padding[i];
    usedSites += width;
    if (placement.isFixed[i] || netlist.instPinStart[i + 1] === netlist.instPinStart[i]) continue;
    if (!isConnected(netlist, i)) continue;
    const column = Math.min(columns - 1, Math.max(0, Math.floor((placement.xDbu[i] - die.x1) / tileDbu)));
    const row = Math.min(rows - 1, Math.max(0, Math.floor((placement.yDbu[i] - die.y1) / tileDbu)));
    extra[i] = width * Math.max(0, load[row * columns + column] - 1);
    extraSites += extra[i];
  }
  const rowSites = floorplan.rows.reduce((sum, r) => sum + r.sites, 0);
  const room = Math.max(0, options.utilizationMax * rowSites - usedSites);
  const scale = extraSites > room ? room / extraSites : 1;
  // Rounded by carrying the remainder from cell to cell: small shares add up instead of vanishing.
  let carry = 0;
  const result = padding.slice();
  for (let i = 0; i < insts; i++) {
    if (extra[i] === 0) continue;
    const wanted = extra[i] * scale + carry;
    const sites = Math.min(255 - result[i], Math.max(0, Math.round(wanted)));
    carry = Math.max(-1, Math.min(1, wanted - sites));
    result[i] += sites;
  }
  return { padding: result, worstLoad: load.reduce((a, b) => Math.max(a, b), 0) };
}

function isConnected(netlist: Netlist, inst: number): boolean {
  for (let k = netlist.instPinStart[inst]; k < netlist.instPinStart[inst + 1]; k++)
    if (netlist.pinNet[k] !== NONE) return true;
  return false;
}
