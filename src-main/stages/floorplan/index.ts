import { IngotError } from '../../base/diagnostic.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { DEFAULT_POWER_GRID, leastCore, makePowerGrid } from './power.ts';
import type { PowerGridOptions } from './power.ts';
import { makeFrame, makeFrameInDie, makeTracks, type Frame } from './rows.ts';
import { addTaps, tapSitesPerRow } from './taps.ts';
import type { Floorplan, Placement, PortPin } from './types.ts';

export { DEFAULT_POWER_GRID } from './power.ts';
export type { PowerGridOptions, StrapLevel } from './power.ts';
export { makeTracks, type Frame } from './rows.ts';
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
  /** Size of the die, in place of utilisation and aspect ratio. */
  readonly dieUm: { readonly width: number; readonly height: number } | null;
  /** Die, core and rows as they are to be, in place of all the above. */
  readonly frame: Frame | null;
  /** Ports that have their place; none = the placer gives every port one. */
  readonly portPins: readonly PortPin[];
}

const DEFAULT_FLOORPLAN: FloorplanOptions = {
  utilization: 0.5,
  aspectRatio: 1,
  marginUm: 2.8,
  power: DEFAULT_POWER_GRID,
  dieUm: null,
  frame: null,
  portPins: [],
};

export interface FloorplanResult {
  /** Without port pins unless they were given: placePorts (placement stage) adds them. */
  readonly floorplan: Floorplan;
  /** With well taps added behind the instances given. */
  readonly netlist: Netlist;
  /** Taps fixed; everything else still at the core's corner. */
  readonly placement: Placement;
}

/**
 * Core, rows, tracks, power grid and well taps for a mapped netlist. Lengths in DBU.
 * Errors: FLOOR-001..007 (kit lacks something the grid needs), FLOOR-008 (impossible option), FLOOR-009 (no cells),
 * FLOOR-010 (die too small for the cells), FLOOR-011 (core too small for the power straps).
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
  const frame = o.frame ?? (o.dieUm ? dieFrame(kit, o, o.dieUm) : frameFor(netlist, kit, o, cellArea));
  const rowArea = frame.rows.reduce((sum, row) => sum + row.sites * site * height, 0);
  const tapArea =
    frame.rows.reduce((sum, row) => sum + tapSitesPerRow(kit, row.sites * site), 0) * site * height;
  if (cellArea + tapArea > rowArea)
    throw new IngotError('FLOOR-010', `the cells need ${percent(cellArea + tapArea, rowArea)} of the rows`, {
      place: `die ${(frame.die.x2 - frame.die.x1) / dbuPerUm} x ${(frame.die.y2 - frame.die.y1) / dbuPerUm} um`,
      remedy: 'give a larger die',
    });
  const grid = makePowerGrid(kit, frame, o.power);
  const tapped = addTaps(netlist, kit, frame.rows);
  const tracks = makeTracks(kit.tech, frame.die);
  return { floorplan: { ...frame, tracks, portPins: o.portPins, ...grid }, ...tapped };
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

function dieFrame({ tech }: Kit, o: FloorplanOptions, dieUm: { width: number; height: number }): Frame {
  const um = tech.dbuPerUm;
  return makeFrameInDie(tech, Math.round(dieUm.width * um), Math.round(dieUm.height * um), o.marginUm * um);
}

function frameFor(netlist: Netlist, kit: Kit, o: FloorplanOptions, cellArea: number): Frame {
  const { siteWidthDbu: site, rowHeightDbu: height, dbuPerUm } = kit.tech;
  const used = new Set(netlist.instMaster);
  const rowsWanted = Math.sqrt(cellArea / o.utilization / o.aspectRatio) / height;
  const tapSites = tapSitesPerRow(kit, rowsWanted * height * o.aspectRatio);
  const least = leastCore(kit, o.power);
  // Buffers may be added later: rows hold the widest of both.
  const widestCell = kit.masters.reduce(
    (most, m, k) => (used.has(k) || kit.roles.buffers.includes(m.name) ? Math.max(most, m.widthDbu) : most),
    0,
  );
  const area = (cellArea + Math.ceil(rowsWanted) * tapSites * site * height) / o.utilization;
  return makeFrame(kit.tech, area, o.aspectRatio, o.marginUm * dbuPerUm, {
    ...least,
    widthDbu: Math.max(least.widthDbu, widestCell + (tapSitesPerRow(kit, 0) + 1) * site),
  });
}
