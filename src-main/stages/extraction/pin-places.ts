/** Where pins are: placed shapes of instance pins, and the floorplan's port shapes. */
import { placeRect } from '../../base/geometry.ts';
import type { Rect } from '../../base/geometry.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { Kit } from '../kit/types.ts';
import { pinInstances, type Netlist } from '../netlist/index.ts';
import type { Placement } from '../placement/types.ts';

export interface PinShape {
  readonly layer: number;
  readonly rect: Rect;
}

export interface PinPlaces {
  /** Placed shapes; empty for a port that the floorplan gives no shape. */
  shapesOf(pin: number): readonly PinShape[];
  /** Centre of the largest shape; null if there is none. */
  centreOf(pin: number): { readonly x: number; readonly y: number } | null;
  /** Direction of a net's pin, seen from the net. */
  isSource(pin: number): boolean;
}

export function pinPlaces(netlist: Netlist, placement: Placement, floorplan: Floorplan, kit: Kit): PinPlaces {
  const pins = netlist.pinNet.length;
  const inst = pinInstances(netlist);
  const ports = new Map<number, PinShape[]>();
  for (const p of floorplan.portPins) {
    const list = ports.get(p.port) ?? [];
    list.push({ layer: p.layer, rect: p.rect });
    ports.set(p.port, list);
  }
  const shapesOf = (pin: number): readonly PinShape[] => {
    if (pin >= pins) return ports.get(pin - pins) ?? [];
    const i = inst[pin];
    const master = kit.masters[netlist.instMaster[i]];
    return master.pins[pin - netlist.instPinStart[i]].shapes.map((s) => ({
      layer: s.layer,
      rect: placeRect(
        s.rect,
        master.widthDbu,
        master.heightDbu,
        placement.orient[i],
        placement.xDbu[i],
        placement.yDbu[i],
      ),
    }));
  };
  return {
    shapesOf,
    centreOf(pin) {
      let best: Rect | null = null;
      let bestArea = -1;
      for (const { rect } of shapesOf(pin)) {
        const area = (rect.x2 - rect.x1) * (rect.y2 - rect.y1);
        if (area <= bestArea) continue;
        bestArea = area;
        best = rect;
      }
      return best && { x: (best.x1 + best.x2) / 2, y: (best.y1 + best.y2) / 2 };
    },
    isSource(pin) {
      if (pin >= pins) return netlist.ports[pin - pins].direction === 'input';
      const i = inst[pin];
      return kit.masters[netlist.instMaster[i]].pins[pin - netlist.instPinStart[i]].direction !== 'input';
    },
  };
}
