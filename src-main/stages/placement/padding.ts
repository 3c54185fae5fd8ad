import type { Floorplan } from '../floorplan/types.ts';
import type { Kit, Master, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from './types.ts';

/**
 * Number of places where a via from metal1 lands on a pin: points of the lattice of metal2 columns and metal3
 * rows at which a via's lower pad lies wholly inside the pin.
 */
function accessPoints(kit: Kit, master: Master, pin: number): number {
  const { layers, vias } = kit.tech;
  const minSignal = layers.findIndex((l) => l.name === kit.roles.minSignalLayer);
  const column = layers[minSignal] as RoutingLayer;
  const row = layers[minSignal + 2] as RoutingLayer;
  const pads = vias.filter((v) => v.above === minSignal).map((v) => v.belowRect);
  const points = new Set<number>();
  for (const { layer, rect } of master.pins[pin].shapes) {
    if (layer !== minSignal - 2) continue;
    for (let x = column.offsetDbu; x < master.widthDbu; x += column.pitchDbu)
      for (let y = row.offsetDbu; y < master.heightDbu; y += row.pitchDbu)
        if (
          pads.some(
            (p) => x + p.x1 >= rect.x1 && y + p.y1 >= rect.y1 && x + p.x2 <= rect.x2 && y + p.y2 <= rect.y2,
          )
        )
          points.add(x * 65536 + y);
  }
  return points.size;
}

/**
 * Sites of padding a master deserves: one where most of its columns carry a pin with a single access point,
 * because its neighbours then box in those pins (AOI211, OAI21, NOR4 and their like left the last routing
 * conflicts of the prototype).
 */
function masterPadding(kit: Kit, master: Master): number {
  if (master.kind !== 'core') return 0;
  const sites = master.widthDbu / kit.tech.siteWidthDbu;
  let pins = 0;
  let sole = 0;
  master.pins.forEach((p, k) => {
    if (p.use !== 'signal' && p.use !== 'clock') return;
    pins++;
    if (accessPoints(kit, master, k) <= 1) sole++;
  });
  if (pins < 4 || pins / sites < 0.6) return 0;
  return sole >= 2 ? 1 : 0;
}

/**
 * [insts] padding sites, as far as the core has room: padding stops where it would push the padded utilisation
 * above `limit`.
 */
export function choosePadding(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  limit = 0.85,
): Uint8Array {
  const perMaster = kit.masters.map((m) => masterPadding(kit, m));
  const rowSites = floorplan.rows.reduce((n, r) => n + r.sites, 0);
  let used = 0;
  let padded = 0;
  netlist.instMaster.forEach((m, i) => {
    used += kit.masters[m].widthDbu / kit.tech.siteWidthDbu;
    if (!placement.isFixed[i]) padded += perMaster[m];
  });
  const pads = Uint8Array.from(netlist.instMaster, (m, i) => (placement.isFixed[i] ? 0 : perMaster[m]));
  if (used + padded > limit * rowSites) pads.fill(0);
  return pads;
}
