import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/index.ts';
import { largerDrives } from '../placement/index.ts';
import type { Placement } from '../placement/types.ts';
import type { Constraints } from '../timing/index.ts';
import { repairHold } from './hold.ts';
import { countViolations, repairLimits } from './limits.ts';
import { repairSetup, SETUP_PATHS } from './setup.ts';
import { analyse, stateOf } from './state.ts';
import type { Job } from './state.ts';
import type { RepairTimingOptions, RepairTimingResult } from './types.ts';

export { verifyTimingRepair } from './verify-timing-repair.ts';
export type * from './types.ts';

export const DEFAULT_TIMING_REPAIR: RepairTimingOptions = {
  maxFanout: 24,
  limitFraction: 0.9,
  setupMarginPs: 0,
  holdMarginPs: 15,
  maxRounds: 12,
  maxSlewPs: null,
  paddingSites: null,
  observe: null,
};

/** Setup and the limits that its changes may exceed, in turns. */
const PASSES = 2;

/**
 * Repairs a placed netlist with its clock tree, on estimated wires: first limits of slew, load and fan-out, then
 * setup, then hold. What meets everything is given back as it is, after one analysis. Clock nets are left alone.
 * The result is legal if what was given is, and has the same logic: changes that the rows have no room for are not
 * made. Errors: those of the analysis (TIMING-010..013).
 */
export function repairTiming(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  constraints: Constraints,
  options: Partial<RepairTimingOptions> = {},
): RepairTimingResult {
  const given = { ...DEFAULT_TIMING_REPAIR, ...options };
  const { maxFanout, maxSlewPs } = constraints.limits;
  const o: RepairTimingOptions = {
    ...given,
    maxFanout: Math.min(given.maxFanout, maxFanout ?? Infinity),
    maxSlewPs: Math.min(kit.defaultMaxSlewPs, maxSlewPs ?? Infinity, given.maxSlewPs ?? Infinity),
  };
  const job: Job = {
    kit,
    floorplan,
    constraints,
    options: o,
    pathCount: SETUP_PATHS,
    analyses: 0,
    maxMoveDbu: 0,
  };
  const larger = largerDrives(kit);
  const padding = o.paddingSites ?? new Uint8Array(netlist.instMaster.length);
  const first = analyse(job, netlist, placement, padding, []);
  let design = repairLimits(job, first, larger);
  const limited = countViolations(stateOf(design, o.maxFanout));
  for (let pass = 0; pass < PASSES; pass++) {
    const faster = repairLimits(job, repairSetup(job, design, larger), larger);
    if (faster === design || countViolations(stateOf(faster, o.maxFanout)) > limited) break;
    design = faster;
  }
  design = repairHold(job, design);
  return {
    netlist: design.netlist,
    placement: design.placement,
    paddingSites: design.paddingSites,
    journal: design.journal,
    before: stateOf(first, o.maxFanout),
    after: stateOf(design, o.maxFanout),
    analyses: job.analyses,
    maxMoveUm: job.maxMoveDbu / kit.tech.dbuPerUm,
  };
}
