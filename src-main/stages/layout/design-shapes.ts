import type { Rect } from '../../base/geometry.ts';
import type { Kit, RoutingLayer } from '../kit/types.ts';

/** Metal of a wire given by its centre line: the layer's width, ends extended by half of it. */
export function wireRect(kit: Kit, layer: number, x1: number, y1: number, x2: number, y2: number): Rect {
  const half = (kit.tech.layers[layer] as RoutingLayer).widthDbu / 2;
  return { x1: x1 - half, y1: y1 - half, x2: x2 + half, y2: y2 + half };
}

/** Name allowed in GDS and as a DEF design name: letters, digits, `_`, `$` and `?`; anything else becomes `_`. */
export function layoutName(name: string): string {
  return name.replace(/[^A-Za-z0-9_$?]/g, '_');
}
