import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { DEFAULT_POWER_GRID, makePowerGrid } from './power.ts';
import type { PowerGridOptions } from './power.ts';
import { makeFrame, makeTracks } from './rows.ts';
import { addTaps, tapSitesPerRow } from './taps.ts';
import type { Floorplan, Placement } from './types.ts';

export { DEFAULT_POWER_GRID } from './power.ts';
export type { PowerGridOptions, StrapLevel } from './power.ts';
export { verifyPowerGrid } from './verify.ts';
export type { PowerGridReport } from './verify.ts';
export type * from './types.ts';

export interface FloorplanOptions {
  /** Area of the cells (taps included) over the area of the rows, in (0, 1). */
  readonly utilization: number;
  /** Core width over height. */
  readonly aspectRatio: number;
  /** Between core and die edge, rounded up to sites and rows. */
  readonly marginUm: number;
  readonly power: PowerGridOptions;
}

const DEFAULT_FLOORPLAN: FloorplanOptions = {
  utilization: 0.5,
  aspectRatio: 1,
  marginUm: 2.8,
  power: DEFAULT_POWER_GRID,
};

export interface FloorplanResult {
  /** Without port pins: placePorts (placement stage) adds them. */
  readonly floorplan: Floorplan;
  /** With well taps added behind the instances given. */
  readonly netlist: Netlist;
  /** Taps fixed; everything else still at the core's corner. */
  readonly placement: Placement;
}

/**
 * Core, rows, tracks, power grid and well taps for a mapped netlist. Lengths in DBU.
 * Errors: FLOOR-001..007 (kit lacks something the grid needs), FLOOR-008 (impossible option), FLOOR-009 (no cells).
 */
export function makeFloorplan(
  netlist: Netlist,
  kit: Kit,
  options: Partial<FloorplanOptions> = {},
): FloorplanResult {
  const o = { ...DEFAULT_FLOORPLAN, ...options };
  const bad = (place: string, message: string): IngotError => new IngotError('FLOOR-008', message, { place });
  if (!(o.utilization > 0.01 && o.utilization < 1))
    throw bad('utilization', 'utilisation must lie between 0.01 and 1');
  if (!(o.aspectRatio >= 0.1 && o.aspectRatio <= 10))
    throw bad('aspectRatio', 'aspect ratio must lie between 0.1 and 10');
  if (!(o.marginUm >= 0.5 && o.marginUm <= 1000))
    throw bad('marginUm', 'margin must lie between 0.5 and 1000 um');
  const { siteWidthDbu: site, rowHeightDbu: height, dbuPerUm } = kit.tech;
  let cellArea = 0;
  for (const m of netlist.instMaster) cellArea += kit.masters[m].widthDbu * kit.masters[m].heightDbu;
  if (cellArea === 0) throw new IngotError('FLOOR-009', 'the netlist has no cells', { place: netlist.top });
  const rowsWanted = Math.sqrt(cellArea / o.utilization / o.aspectRatio) / height;
  const tapSites = tapSitesPerRow(kit, rowsWanted * height * o.aspectRatio);
  const area = (cellArea + Math.ceil(rowsWanted) * tapSites * site * height) / o.utilization;
  const frame = makeFrame(kit.tech, area, o.aspectRatio, o.marginUm * dbuPerUm);
  const grid = makePowerGrid(kit, frame, o.power);
  const tapped = addTaps(netlist, kit, frame.rows);
  const floorplan = { ...frame, tracks: makeTracks(kit.tech, frame.die), portPins: [], ...grid };
  return { floorplan, ...tapped };
}
