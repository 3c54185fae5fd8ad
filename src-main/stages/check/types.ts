export type Rule =
  | 'open'
  | 'short'
  | 'floating-metal'
  | 'missing-instance'
  | 'extra-instance'
  | 'unresolved-cell'
  | 'missing-label'
  | 'missing-pin'
  | 'cell-overlap'
  | 'width'
  | 'spacing'
  | 'notch'
  | 'cut-size'
  | 'cut-spacing'
  | 'enclosure'
  | 'antenna'
  | 'off-grid'
  | 'outside-die'
  | 'duplicate';

export interface Violation {
  readonly rule: Rule;
  /** Layer name, empty where the rule has none. */
  readonly layer: string;
  /** Where, in the technology's database units; a fraction where the file is finer than they are. */
  readonly xDbu: number;
  readonly yDbu: number;
  /** Names of the nets involved; `inst/pin` for a pin without a net, empty for metal of no net. */
  readonly nets: readonly string[];
  readonly detail: string;
}

/** How much a rule looked at: a clean result of nothing can be told from a clean layout. */
export interface RuleCount {
  readonly rule: Rule;
  readonly checked: number;
  readonly violations: number;
}

export interface LayerCount {
  readonly layer: string;
  /** Rectangles drawn by the top structure and its vias. */
  readonly routingShapes: number;
  /** Rectangles within placed cells. */
  readonly cellShapes: number;
  /** Area of the merged metal over the die's area, 0..1; null for cuts. */
  readonly density: number | null;
}

export interface CheckReport {
  readonly isClean: boolean;
  readonly violations: readonly Violation[];
  /** Things that are no error in silicon but odd: shapes drawn twice. */
  readonly remarks: readonly Violation[];
  readonly rules: readonly RuleCount[];
  readonly layers: readonly LayerCount[];
  readonly instances: number;
  /** Cell pins and port labels found in the layout and compared. */
  readonly terminals: number;
  readonly nets: number;
  /** Connected pieces of metal that hold a terminal. */
  readonly components: number;
}
