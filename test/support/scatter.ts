/** A placement without a placer: wires long and short, no clean-up. */
import { makeRng } from '../../src-main/base/rng.ts';
import type { Rect } from '../../src-main/base/geometry.ts';
import type { Floorplan } from '../../src-main/stages/floorplan/types.ts';
import type { Kit } from '../../src-main/stages/kit/types.ts';
import type { Netlist } from '../../src-main/stages/netlist/types.ts';
import type { Placement } from '../../src-main/stages/placement/types.ts';

/** Cells in shuffled order on rows, ports down the left side; enough of a floorplan for extraction. */
export function scatter(
  netlist: Netlist,
  kit: Kit,
  seed: number,
): { placement: Placement; floorplan: Floorplan } {
  const rng = makeRng(seed);
  const count = netlist.instMaster.length;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const height = kit.tech.rowHeightDbu;
  const width = Math.sqrt(count * 3000 * height);
  const placement: Placement = {
    xDbu: new Int32Array(count),
    yDbu: new Int32Array(count),
    orient: new Uint8Array(count),
    isFixed: new Uint8Array(count),
  };
  let [x, y] = [0, 0];
  for (const i of order) {
    placement.xDbu[i] = x;
    placement.yDbu[i] = y;
    x += kit.masters[netlist.instMaster[i]!]!.widthDbu * 2;
    if (x > width) [x, y] = [0, y + height];
  }
  const die: Rect = { x1: 0, y1: 0, x2: Math.ceil(width) * 2, y2: y + 2 * height };
  const layer = kit.tech.layers.findIndex((l) => l.name === kit.roles.portLayerH);
  const portPins = netlist.ports.map((_, p) => ({
    port: p,
    layer,
    rect: { x1: 0, y1: p * 1000, x2: 280, y2: p * 1000 + 280 },
  }));
  return {
    placement,
    floorplan: {
      die,
      core: die,
      rows: [],
      tracks: [],
      portPins,
      powerShapes: [],
      powerVias: [],
      powerViaDefs: [],
    },
  };
}
