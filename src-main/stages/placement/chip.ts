import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import { improveDetailed } from './detailed/index.ts';
import type { DetailedOptions } from './detailed/index.ts';
import { placeGlobal } from './global/index.ts';
import type { GlobalOptions } from './global/index.ts';
import { legalise } from './legal/index.ts';
import { makePlaceModel, modelHpwl } from './model.ts';
import { padCongested } from './congestion.ts';
import { choosePadding } from './padding.ts';
import { placePorts } from './ports/index.ts';
import type { PortOptions } from './ports/index.ts';
import { repairNets } from './repair/index.ts';
import type { RepairOptions, RepairReport } from './repair/index.ts';
import type { Placement } from './types.ts';

export interface PlaceChipOptions {
  readonly seed: number;
  readonly global: Partial<GlobalOptions>;
  readonly ports: Partial<PortOptions>;
  readonly repair: Partial<RepairOptions>;
  readonly detailed: Partial<DetailedOptions>;
  /** Keep free sites beside cells whose pins are hard to reach. */
  readonly padding: boolean;
  /** [nets of the netlist given] */
  readonly netWeights?: Float64Array;
  /**
   * New net weights for a placement that has just spread, [nets of the netlist given]: asked for once, after which
   * placement goes on from where it is; null leaves it. Timing is a later stage, so the caller brings it (`timingWeights`).
   */
  readonly reweigh?: (netlist: Netlist, floorplan: Floorplan, placement: Placement) => Float64Array | null;
  /** Only looks on. */
  readonly observe?: (progress: PlaceProgress) => void;
}

export interface PlaceProgress {
  readonly phase: 'rough' | 'ports' | 'repair' | 'global' | 'legal' | 'detailed';
  /** Within the phase, 0 to 1. */
  readonly fraction: number;
  readonly overflow?: number;
  readonly hpwlDbu?: number;
  /** The chip as it stands now, during global placement; made when it is called. */
  readonly chip?: () => {
    readonly netlist: Netlist;
    readonly floorplan: Floorplan;
    readonly placement: Placement;
  };
}

export interface PlaceChipReport {
  readonly hpwlUm: { readonly global: number; readonly legal: number; readonly detailed: number };
  readonly overflow: number;
  /** Demand over what is allowed in the most crowded tile, before the last round of padding; 1 is full. */
  readonly congestionLoad: number;
  readonly iterations: number;
  readonly meanMoveUm: number;
  readonly maxMoveUm: number;
  readonly paddedCells: number;
  readonly repair: readonly RepairReport[];
}

export interface PlaceChipResult {
  readonly netlist: Netlist;
  /** With port pins. */
  readonly floorplan: Floorplan;
  readonly placement: Placement;
  /** [insts] sites kept free at the right of each cell, for later legalising. */
  readonly paddingSites: Uint8Array;
  readonly report: PlaceChipReport;
}

/** Placements made again with more room in crowded tiles, at most. */
const CONGESTION_ROUNDS = 4;
const LOAD_FINE = 1.1;

function extendWeights(weights: Float64Array | undefined, nets: number): Float64Array | undefined {
  if (!weights || weights.length === nets) return weights;
  const longer = new Float64Array(nets).fill(1);
  longer.set(weights.subarray(0, nets));
  return longer;
}

/**
 * From a floorplan to a legal placement: rough global placement, ports where their nets want them, buffer trees
 * for heavy nets, global placement of the result, repair of what is still too heavy, legalisation, detailed
 * placement. Errors: those of its steps (PLACE-001..005).
 */
export function placeChip(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: Partial<PlaceChipOptions> = {},
): PlaceChipResult {
  const o: PlaceChipOptions = {
    seed: 1,
    global: {},
    ports: {},
    repair: {},
    detailed: {},
    padding: true,
    ...options,
  };
  const um = (dbu: number): number => dbu / kit.tech.dbuPerUm;
  const watch = (
    phase: PlaceProgress['phase'],
    netlist: Netlist,
    floorplan: Floorplan,
  ): Partial<GlobalOptions> => ({
    observe: (p) =>
      o.observe?.({
        phase,
        fraction: Math.min(1, Math.max(0, (1 - p.overflow) / 0.92)),
        overflow: p.overflow,
        hpwlDbu: p.hpwlDbu,
        chip: () => ({ netlist, floorplan, placement: p.placement() }),
      }),
  });
  const padding = (n: Netlist, p: Placement): Uint8Array =>
    o.padding ? choosePadding(n, kit, floorplan, p) : new Uint8Array(n.instMaster.length);
  const spread = (
    n: Netlist,
    f: Floorplan,
    p: Placement,
    phase: 'rough' | 'global',
    overflow: number,
    paddingSites = padding(n, p),
    start: GlobalOptions['start'] = 'quadratic',
  ) => {
    const netWeights = extendWeights(weights, n.netNames.length);
    return placeGlobal(n, kit, f, p, {
      seed: o.seed,
      paddingSites,
      start,
      ...(netWeights ? { netWeights } : {}),
      ...watch(phase, n, f),
      targetOverflow: overflow,
      ...(phase === 'global' ? o.global : {}),
    });
  };

  let weights = o.netWeights;
  const rough = spread(netlist, floorplan, placement, 'rough', 0.3);
  o.observe?.({ phase: 'ports', fraction: 0 });
  // Ports that have a place keep it.
  const withPorts =
    floorplan.portPins.length > 0 ? floorplan : placePorts(netlist, kit, floorplan, rough.placement, o.ports);
  o.observe?.({ phase: 'repair', fraction: 0 });
  const first = repairNets(netlist, kit, withPorts, rough.placement, o.repair);
  let room = padding(first.netlist, first.placement);
  let final = spread(first.netlist, withPorts, first.placement, 'global', 0.08, room);
  const reweighed = o.reweigh?.(first.netlist, withPorts, final.placement);
  if (reweighed) {
    weights = reweighed;
    final = spread(first.netlist, withPorts, final.placement, 'global', 0.08, room, 'current');
  }
  let worstLoad = 0;
  for (let round = 0; round < CONGESTION_ROUNDS; round++) {
    const padded = padCongested(first.netlist, kit, withPorts, final.placement, room);
    worstLoad = padded.worstLoad;
    if (worstLoad <= LOAD_FINE) break;
    room = padded.padding;
    final = spread(first.netlist, withPorts, final.placement, 'global', 0.08, room, 'current');
  }
  const second = repairNets(first.netlist, kit, withPorts, final.placement, o.repair);
  const done = second.netlist;
  // Cells that repair added have none.
  const paddingSites = new Uint8Array(done.instMaster.length);
  paddingSites.set(room);
  o.observe?.({ phase: 'legal', fraction: 0 });
  const legal = legalise(done, kit, withPorts, second.placement, { paddingSites });
  o.observe?.({ phase: 'detailed', fraction: 0 });
  const netWeights = extendWeights(weights, done.netNames.length);
  const detailed = improveDetailed(done, kit, withPorts, legal.placement, {
    paddingSites,
    ...(netWeights ? { netWeights } : {}),
    ...o.detailed,
  });
  const model = makePlaceModel(done, kit, withPorts, second.placement);
  return {
    netlist: done,
    floorplan: withPorts,
    placement: detailed.placement,
    paddingSites,
    report: {
      hpwlUm: {
        global: um(modelHpwl(model, second.placement)),
        legal: um(modelHpwl(model, legal.placement)),
        detailed: um(modelHpwl(model, detailed.placement)),
      },
      overflow: final.overflow,
      congestionLoad: worstLoad,
      iterations: rough.iterations + final.iterations,
      meanMoveUm: um(legal.meanMoveDbu),
      maxMoveUm: um(legal.maxMoveDbu),
      paddedCells: paddingSites.reduce((n, p) => n + (p > 0 ? 1 : 0), 0),
      repair: [first.report, second.report],
    },
  };
}
