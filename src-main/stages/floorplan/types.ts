import type { Rect } from '../../base/geometry.ts';
import type { ViaDef } from '../kit/types.ts';

export interface Row {
  readonly name: string;
  readonly xDbu: number;
  readonly yDbu: number;
  readonly sites: number;
  /** ORIENT_N or ORIENT_FS */
  readonly orient: number;
}

/** Tracks of one layer for wires that run along the layer's direction. */
export interface TrackSet {
  readonly layer: number;
  readonly startDbu: number;
  readonly stepDbu: number;
  readonly count: number;
}

/** The shape by which a port meets the outside, on the die's edge. */
export interface PortPin {
  /** Index into Netlist.ports. */
  readonly port: number;
  readonly layer: number;
  readonly rect: Rect;
}

export interface PowerShape {
  readonly net: 'power' | 'ground';
  readonly layer: number;
  readonly rect: Rect;
  readonly kind: 'followpin' | 'strap';
}

export interface PowerVia {
  readonly net: 'power' | 'ground';
  /** Index into Floorplan.powerViaDefs. */
  readonly via: number;
  readonly xDbu: number;
  readonly yDbu: number;
}

export interface Floorplan {
  readonly die: Rect;
  readonly core: Rect;
  /** Bottom up. */
  readonly rows: readonly Row[];
  /** For every routing layer. */
  readonly tracks: readonly TrackSet[];
  readonly portPins: readonly PortPin[];
  readonly powerShapes: readonly PowerShape[];
  readonly powerVias: readonly PowerVia[];
  /** Via arrays generated for the grid; names are unique beside Tech.vias. */
  readonly powerViaDefs: readonly ViaDef[];
}

/**
 * Where each instance of a Netlist stands: lower left corner after orientation, in DBU. The floorplan makes the
 * first one, as it places the taps.
 */
export interface Placement {
  /** [insts] */
  readonly xDbu: Int32Array;
  readonly yDbu: Int32Array;
  /** [insts] ORIENT_* */
  readonly orient: Uint8Array;
  /** [insts] 1 = not to be moved (taps) */
  readonly isFixed: Uint8Array;
}
