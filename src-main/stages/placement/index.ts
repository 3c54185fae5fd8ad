import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { makePlaceModel, modelHpwl } from './model.ts';
import type { ModelOptions } from './model.ts';
import type { Placement } from './types.ts';

export { improveDetailed } from './detailed/index.ts';
export type { DetailedOptions, DetailedResult } from './detailed/index.ts';
export { placeGlobal } from './global/index.ts';
export type { GlobalOptions, GlobalProgress, GlobalResult } from './global/index.ts';
export { legalise, tryLegalise } from './legal/index.ts';
export type { LegalOptions, LegalResult } from './legal/index.ts';
export { placePorts } from './ports/index.ts';
export type { PortOptions, Side } from './ports/index.ts';
export { centredAt, extendPlacement, type AddedCell } from './extend.ts';
export { placeChip } from './chip.ts';
export type { PlaceChipOptions, PlaceChipReport, PlaceChipResult, PlaceProgress } from './chip.ts';
export { bufferCells, largerDrives, lookUpLut, loadLimitFf } from './repair/drive.ts';
export type { BufferCell } from './repair/drive.ts';
export { bisect, medianPoint, wireLength } from './repair/points.ts';
export { pinView, wireCapPerDbu } from './repair/pins.ts';
export type { PinView } from './repair/pins.ts';
export { repairNets } from './repair/index.ts';
export type { RepairOptions, RepairReport, RepairResult } from './repair/index.ts';
export { verifyBuffering } from './repair/verify.ts';
export { choosePadding } from './padding.ts';
export { verifyPlacement } from './verify.ts';
export type { PlacementReport } from './verify.ts';
export type * from './types.ts';

/** Half-perimeter wirelength of all nets with two or more placed pins, DBU; clocks only if `keepClocks`. */
export function hpwl(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: ModelOptions = {},
): number {
  return modelHpwl(makePlaceModel(netlist, kit, floorplan, placement, options), placement);
}
