/** The wires and vias of a DEF's nets as they must stand in the GDS beside it. */
import type { Kit } from '../../src-main/stages/kit/index.ts';
import type { DefDesign, DefNets } from '../../src-main/stages/layout/index.ts';
import { rectKey, viaKey } from './gds-elements.ts';

export interface DefWire {
  readonly net: number;
  /** Index into DefDesign.layerNames. */
  readonly layer: number;
  readonly isHorizontal: boolean;
  /** Corners, with width and ends, in GDS units. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  readonly key: string;
}

export interface DefViaPlace {
  readonly net: number;
  readonly key: string;
}

/** `scale`: GDS units per unit of the DEF. */
export function defShapes(
  def: DefDesign,
  nets: DefNets,
  kit: Kit,
  scale: number,
): { wires: DefWire[]; vias: DefViaPlace[] } {
  const layers = def.layerNames.map((name) => kit.tech.layers.find((l) => l.name === name)!);
  const wires: DefWire[] = [];
  const vias: DefViaPlace[] = [];
  nets.names.forEach((_, net) => {
    for (let w = nets.wireStart[net]! * 8; w < nets.wireStart[net + 1]! * 8; w += 8) {
      const at = (k: number): number => nets.wires[w + k]!;
      const [layer, x1, y1, x2, y2] = [at(0), at(1), at(2), at(3), at(4)];
      const width = at(5) < 0 ? layers[layer]!.widthDbu : at(5);
      const before = at(6) < 0 ? width / 2 : at(6);
      const after = at(7) < 0 ? width / 2 : at(7);
      const isHorizontal = y1 === y2;
      const half = width / 2;
      const [x, y] = isHorizontal ? [before, half] : [half, before];
      const [right, top] = isHorizontal ? [after, half] : [half, after];
      const box = [(x1 - x) * scale, (y1 - y) * scale, (x2 + right) * scale, (y2 + top) * scale] as const;
      const key = rectKey(layers[layer]!.gdsLayer, ...box);
      wires.push({ net, layer, isHorizontal, box, key });
    }
    for (let v = nets.viaStart[net]! * 3; v < nets.viaStart[net + 1]! * 3; v += 3) {
      const structure = `VIA_${def.viaNames[nets.vias[v]!]!}`.replace(/[^\w$?]/g, '_');
      vias.push({ net, key: viaKey(structure, nets.vias[v + 1]! * scale, nets.vias[v + 2]! * scale) });
    }
  });
  return { wires, vias };
}
