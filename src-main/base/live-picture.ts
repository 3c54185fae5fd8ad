/**
 * What the window shows of a step at work: where cells stand or wires lie just now, and how the measures that the
 * step watches went so far. Written by the step now and then (see StepContext.picture), packed as in pack.ts.
 */
export interface LivePicture {
  readonly step: string;
  /** What the step is at, for the eye. */
  readonly phase: string;
  readonly dbuPerUm: number;
  /** x1, y1, x2, y2 in DBU */
  readonly die: Int32Array;
  readonly core: Int32Array;
  /** [cells * 4] x1, y1, x2, y2 in DBU */
  readonly cells: Int32Array;
  /** [wires * 5] layer, x1, y1, x2, y2 of the centre line */
  readonly wires: Int32Array;
  readonly layerNames: readonly string[];
  /** [layers] 0 for cuts */
  readonly layerWidthDbu: Int32Array;
  readonly curves: readonly LiveCurve[];
  /** Where phases begin, in points of the curves. */
  readonly marks: readonly { readonly at: number; readonly name: string }[];
}

/** One value per iteration or pass, thinned where there are many. */
export interface LiveCurve {
  readonly name: string;
  readonly unit: string;
  readonly values: Float64Array;
}
