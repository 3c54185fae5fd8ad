import { ORIENT_FN, ORIENT_FS, ORIENT_N, ORIENT_S } from '../../../base/geometry.ts';
import type { Floorplan } from '../../floorplan/types.ts';
import type { Kit } from '../../kit/types.ts';
import type { Netlist } from '../../netlist/types.ts';
import { makePlaceModel } from '../model.ts';
import type { Placement } from '../types.ts';
import { mirrorPass, reorderPass, slidePass } from './local.ts';
import { makeState } from './state.ts';
import { swapPass } from './swap.ts';

export interface DetailedOptions {
  readonly passes: number;
  /** Rows searched above and below a cell's optimal place. */
  readonly rowRange: number;
  readonly netWeights?: Float64Array;
  /** [insts] free sites kept at the right of each cell. */
  readonly paddingSites?: Uint8Array;
}

const DEFAULT_DETAILED: DetailedOptions = { passes: 2, rowRange: 2 };

export interface DetailedResult {
  readonly placement: Placement;
  /** Weighted HPWL of the placer's nets, DBU, before and after. */
  readonly beforeDbu: number;
  readonly afterDbu: number;
  readonly moves: number;
}

/**
 * Detailed placement after FastDP (Pan, Viswanathan, Chu, ICCAD 2005): global moves and swaps towards optimal
 * regions, reordering of three neighbours, sliding within gaps, mirroring. Takes and returns a legal placement;
 * wirelength never grows.
 */
export function improveDetailed(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  options: Partial<DetailedOptions> = {},
): DetailedResult {
  const o = { ...DEFAULT_DETAILED, ...options };
  const model = makePlaceModel(netlist, kit, floorplan, placement, { netWeights: o.netWeights });
  const s = makeState(model, kit, floorplan, placement, o.paddingSites ?? null);
  const total = (): number => s.length.reduce((a, b) => a + b, 0);
  const beforeDbu = total();
  let moves = 0;
  for (let pass = 0; pass < o.passes; pass++) {
    moves += swapPass(s, o.rowRange);
    moves += reorderPass(s);
    moves += slidePass(s);
    moves += mirrorPass(s);
  }
  const orient = placement.orient.map((before, i) => {
    if (s.isFixed[i]) return before;
    if (s.flipX[i]) return s.flipY[i] ? ORIENT_S : ORIENT_FN;
    return s.flipY[i] ? ORIENT_FS : ORIENT_N;
  });
  return {
    placement: { xDbu: s.x, yDbu: s.y, orient, isFixed: placement.isFixed },
    beforeDbu,
    afterDbu: total(),
    moves,
  };
}
