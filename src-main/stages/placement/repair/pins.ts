import type { Floorplan } from '../../floorplan/types.ts';
import type { Kit } from '../../kit/types.ts';
import type { Netlist } from '../../netlist/types.ts';
import { pinInstances } from '../../netlist/index.ts';
import { flipsX, flipsY, pinCentre, portCentres } from '../model.ts';
import type { Placement } from '../types.ts';

/** Places, owners and loads of the pins of a placed netlist; ports too. */
export interface PinView {
  readonly owner: Int32Array;
  /** Centre of a pin or port, DBU; a port without a shape sits in the core's middle. */
  readonly at: (pin: number) => { x: number; y: number };
  readonly capFf: (pin: number) => number;
}

export function pinView(
  netlist: Netlist,
  kit: Kit,
  floorplan: Floorplan,
  placement: Placement,
  outputPortLoadFf: number,
): PinView {
  const owner = pinInstances(netlist);
  const centres = kit.masters.map((m) => m.pins.map((_, k) => pinCentre(m, k)));
  const ports = portCentres(netlist, floorplan);
  const { core } = floorplan;
  const pinCount = netlist.pinNet.length;
  return {
    owner,
    at: (pin) => {
      if (pin >= pinCount) {
        const p = pin - pinCount;
        return Number.isNaN(ports[2 * p])
          ? { x: (core.x1 + core.x2) / 2, y: (core.y1 + core.y2) / 2 }
          : { x: ports[2 * p], y: ports[2 * p + 1] };
      }
      const i = owner[pin];
      const m = kit.masters[netlist.instMaster[i]];
      const c = centres[netlist.instMaster[i]][pin - netlist.instPinStart[i]];
      const o = placement.orient[i];
      return {
        x: placement.xDbu[i] + (flipsX(o) ? m.widthDbu - c.x : c.x),
        y: placement.yDbu[i] + (flipsY(o) ? m.heightDbu - c.y : c.y),
      };
    },
    capFf: (pin) => {
      if (pin >= pinCount) return outputPortLoadFf;
      const i = owner[pin];
      return kit.masters[netlist.instMaster[i]].pins[pin - netlist.instPinStart[i]].capacitanceFf;
    },
  };
}

/** Average capacitance of a signal wire, fF per DBU: the layer above the lowest signal layer, as ORFS does. */
export function wireCapPerDbu(kit: Kit): number {
  const low = kit.tech.layers.findIndex((l) => l.name === kit.roles.minSignalLayer);
  const layer = kit.tech.layers[low + 2] ?? kit.tech.layers[low];
  return layer.kind === 'routing' ? layer.capacitanceFfPerUm / kit.tech.dbuPerUm : 0;
}
