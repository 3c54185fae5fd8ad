import type { Kit } from '../kit/types.ts';
import type { Placement } from './types.ts';

/** Where a new cell stands: its lower left corner. */
export interface AddedCell {
  readonly xDbu: number;
  readonly yDbu: number;
  /** Default as drawn. */
  readonly orient?: number;
  readonly isFixed?: boolean;
}

/** A cell with its middle at (x, y). */
export const centredAt = (kit: Kit, x: number, y: number, widthDbu: number): AddedCell => ({
  xDbu: Math.round(x - widthDbu / 2),
  yDbu: Math.round(y - kit.tech.rowHeightDbu / 2),
});

/** The placement with cells added behind its own. */
export function extendPlacement(placement: Placement, added: readonly AddedCell[]): Placement {
  const before = placement.xDbu.length;
  const count = before + added.length;
  const extended = {
    xDbu: new Int32Array(count),
    yDbu: new Int32Array(count),
    orient: new Uint8Array(count),
    isFixed: new Uint8Array(count),
  };
  extended.xDbu.set(placement.xDbu);
  extended.yDbu.set(placement.yDbu);
  extended.orient.set(placement.orient);
  extended.isFixed.set(placement.isFixed);
  added.forEach((cell, k) => {
    extended.xDbu[before + k] = cell.xDbu;
    extended.yDbu[before + k] = cell.yDbu;
    extended.orient[before + k] = cell.orient ?? 0;
    extended.isFixed[before + k] = cell.isFixed ? 1 : 0;
  });
  return extended;
}
