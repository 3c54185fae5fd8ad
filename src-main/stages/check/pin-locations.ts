import { IngotError } from '../../base/diagnostic.ts';
import { placeRect, type Rect } from '../../base/geometry.ts';
import type { Kit } from '../kit/types.ts';
import { DEF_ALL, DEF_PIN, type DefDesign, type DefNets } from '../layout/types.ts';

/** Instance, pin, index into the stack, x and y in um. */
export type PinLocation = readonly [string, string, number, number, number];

/** Input of an outside check of connectivity (resources/klayout): where each net's pins are. */
export interface PinLocations {
  /** Tech.layers: name, GDS layer */
  readonly stack: readonly (readonly [string, number])[];
  readonly nets: readonly (readonly [string, readonly PinLocation[]])[];
}

/** A point inside each pin of each net: from the DEF's placement and the LEF's pins, not from any wire. */
export function pinLocations(def: DefDesign, kit: Kit): PinLocations {
  const { layers, dbuPerUm } = kit.tech;
  const masterOf = new Map(kit.masters.map((m) => [m.name, m]));
  const masters = def.componentMasters.map((name) => {
    const master = masterOf.get(name);
    if (!master)
      throw new IngotError('CHECK-002', `the kit has no cell ${name}`, { remedy: 'use the kit of the DEF' });
    return master;
  });
  const layerOf = new Map(layers.map((layer, k) => [layer.name, k]));
  const location = (owner: string, pin: string, layer: number, r: Rect): PinLocation => [
    owner,
    pin,
    layer,
    (r.x1 + r.x2) / 2 / dbuPerUm,
    (r.y1 + r.y2) / 2 / dbuPerUm,
  ];
  const cellPin = (component: number, name: string): PinLocation[] => {
    const master = masters[component]!;
    const shape = master.pins.find((p) => p.name === name)?.shapes[0];
    if (!shape) return [];
    const [x, y] = [def.componentXDbu[component]!, def.componentYDbu[component]!];
    const r = placeRect(shape.rect, master.widthDbu, master.heightDbu, def.componentOrient[component]!, x, y);
    return [location(def.componentNames[component]!, name, shape.layer, r)];
  };
  const ports = new Map(def.pins.map((pin) => [pin.name, pin]));
  const pinsOf = (nets: DefNets, net: number): PinLocation[] => {
    const found: PinLocation[] = [];
    for (let k = nets.connectionStart[net]!; k < nets.connectionStart[net + 1]!; k++) {
      const component = nets.connectionComponent[k]!;
      const pin = nets.connectionPins[k]!;
      if (component === DEF_PIN)
        for (const s of ports.get(pin)?.shapes ?? [])
          found.push(location('PIN', pin, layerOf.get(s.layer)!, s.rect));
      else if (component === DEF_ALL) for (let c = 0; c < masters.length; c++) found.push(...cellPin(c, pin));
      else found.push(...cellPin(component, pin));
    }
    return found;
  };
  return {
    stack: layers.map((l) => [l.name, l.gdsLayer]),
    nets: [def.nets, def.specialNets].flatMap((nets) =>
      nets.names.map((name, net) => [name, pinsOf(nets, net)] as const),
    ),
  };
}
