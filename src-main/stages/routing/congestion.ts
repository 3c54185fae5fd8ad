/** Where the router could not make room, and what the placer can do about it. */
import type { Kit } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { nodeXy } from './lattice.ts';
import type { Router } from './negotiate.ts';
import type { CongestionMap } from './options.ts';
import { isConflict } from './state.ts';
import type { RoutableNet } from './terminals.ts';

const TILE_UM = 10;

export function congestionMap(
  router: Router,
  troubled: readonly RoutableNet[],
  kit: Kit,
): CongestionMap | null {
  if (troubled.length === 0) return null;
  const { state } = router;
  const { die } = state.lattice;
  const tileDbu = TILE_UM * kit.tech.dbuPerUm;
  const columns = Math.ceil((die.x2 - die.x1) / tileDbu);
  const rows = Math.ceil((die.y2 - die.y1) / tileDbu);
  const conflicts = new Int32Array(rows * columns);
  for (const n of troubled) {
    for (let i = 0; i < n.route.nodes.length; i++) {
      if (!isConflict(state, n.route, i, n.net, 1)) continue;
      const at = nodeXy(state.lattice, n.route.nodes[i]);
      const column = Math.floor((at.x - die.x1) / tileDbu);
      conflicts[Math.floor((at.y - die.y1) / tileDbu) * columns + column]++;
    }
  }
  return { tileDbu, columns, rows, conflicts };
}

/**
 * Sites to keep free beside each cell so that the congested tiles spread in a new global placement: up to
 * `maxSites` in the worst tiles, fewer in milder ones, added to `paddingSites` if given. [insts]
 */
export function padCongestedCells(
  map: CongestionMap,
  netlist: Netlist,
  placement: Placement,
  kit: Kit,
  maxSites: number,
  paddingSites?: Uint8Array,
): Uint8Array {
  const padding = paddingSites ? paddingSites.slice() : new Uint8Array(netlist.instMaster.length);
  const worst = map.conflicts.reduce((a, b) => Math.max(a, b), 0);
  if (worst === 0) return padding;
  for (let i = 0; i < padding.length; i++) {
    if (placement.isFixed[i] || kit.masters[netlist.instMaster[i]].kind !== 'core') continue;
    const column = Math.min(map.columns - 1, Math.floor(placement.xDbu[i] / map.tileDbu));
    const row = Math.min(map.rows - 1, Math.floor(placement.yDbu[i] / map.tileDbu));
    const here = map.conflicts[row * map.columns + column];
    // Square root: a tile with a quarter of the worst tile's conflicts still needs half its padding.
    padding[i] = Math.min(255, padding[i] + Math.round(maxSites * Math.sqrt(here / worst)));
  }
  return padding;
}
