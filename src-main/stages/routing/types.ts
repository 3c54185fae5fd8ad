/**
 * Finished signal routing. Wires are centre lines of the layer's default width; a wire's ends extend half a
 * width beyond its end points (DEF's default extension). CSR by net of the Netlist it was made for.
 */
export interface Routing {
  /** [nets + 1] first wire of each net */
  readonly wireStart: Int32Array;
  /** [wires * 5] layer, x1, y1, x2, y2; axis-parallel, x1 <= x2, y1 <= y2 */
  readonly wires: Int32Array;
  /** [nets + 1] first via of each net */
  readonly viaStart: Int32Array;
  /** [vias * 3] index into Tech.vias, x, y */
  readonly vias: Int32Array;
  /** Nets the router could not finish without a conflict; empty in a good result. */
  readonly failedNets: readonly number[];
}
