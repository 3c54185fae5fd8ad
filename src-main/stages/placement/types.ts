/** Where each instance of a Netlist stands: lower left corner after orientation, in DBU. */
export interface Placement {
  /** [insts] */
  readonly xDbu: Int32Array;
  readonly yDbu: Int32Array;
  /** [insts] ORIENT_* */
  readonly orient: Uint8Array;
  /** [insts] 1 = not to be moved (taps) */
  readonly isFixed: Uint8Array;
}
