/**
 * What the window's layout view draws: the finished chip as flat arrays, ready for the graphics card. Made by
 * stages/view, stored as the artefact `layout.view` (see pack.ts). Lengths in database units (DBU), y upwards.
 */
export interface LayoutView {
  readonly top: string;
  readonly dbuPerUm: number;
  /** x1, y1, x2, y2 */
  readonly die: Int32Array;
  readonly core: Int32Array;
  readonly layers: readonly ViewLayer[];
  /** Signal metal and cuts, layer by layer. [shapes * 4] x1, y1, x2, y2; [layers + 1]; [shapes] net */
  readonly shapes: Int32Array;
  readonly shapeStart: Int32Array;
  readonly shapeNet: Int32Array;
  /** The power grid in the same form; [shapes] 0 = power, 1 = ground */
  readonly power: Int32Array;
  readonly powerStart: Int32Array;
  readonly powerNet: Uint8Array;
  /** CSR: shapes of each net. */
  readonly netShapeStart: Int32Array;
  readonly netShapes: Int32Array;
  /** CSR: pins of each net, the driver first, numbered as in a Netlist (ports behind all cell pins). */
  readonly netPinStart: Int32Array;
  readonly netPins: Int32Array;
  readonly netIsClock: Uint8Array;
  /** Names, one a line, UTF-8: a million of them cost nothing until they are looked at. */
  readonly netNames: Uint8Array;
  readonly cellNames: Uint8Array;
  /** [cells * 4] x1, y1, x2, y2 */
  readonly cells: Int32Array;
  readonly cellMaster: Uint16Array;
  readonly cellOrient: Uint8Array;
  /** Index into CELL_KINDS. */
  readonly cellKind: Uint8Array;
  /** Index into modules, -1 for fillers and taps. */
  readonly cellModule: Int32Array;
  /** [cells + 1] first pin of each cell; [pins] net or -1 */
  readonly cellPinStart: Int32Array;
  readonly pinNet: Int32Array;
  /** [cells] worst setup slack through the cell, ps; NaN where none. */
  readonly cellSlackPs: Float32Array;
  /** [cells] */
  readonly cellPowerUw: Float32Array;
  readonly masters: readonly ViewMaster[];
  /** [shapes * 6] layer, x1, y1, x2, y2 in the master's frame, pin of the master (-1 = obstruction) */
  readonly masterShapes: Int32Array;
  readonly modules: readonly ViewModule[];
  readonly ports: readonly ViewPort[];
  /** [ports * 5] layer, x1, y1, x2, y2 */
  readonly portShapes: Int32Array;
  /** [rows * 4] x1, y1, x2, y2 */
  readonly rows: Int32Array;
  /** [sets * 4] layer, first track, step, count */
  readonly tracks: Int32Array;
  readonly heat: readonly HeatMap[];
  /** Missing from views that were stored before there was one. */
  readonly overview?: Overview;
}

/** Coverage in squares from the die's lower left corner, layer by layer and row by row. */
export interface Overview {
  readonly columns: number;
  readonly rows: number;
  readonly squareDbu: number;
  /** [layers * rows * columns] 255 = covered */
  readonly values: Uint8Array;
}

export interface ViewLayer {
  readonly name: string;
  readonly kind: 'routing' | 'cut';
  readonly direction: 'H' | 'V' | null;
  readonly gdsLayer: number;
}

export const CELL_KINDS = ['logic', 'flop', 'clock', 'filler', 'tap', 'macro'] as const;
export type CellKind = (typeof CELL_KINDS)[number];

export interface ViewMaster {
  readonly name: string;
  readonly widthDbu: number;
  readonly heightDbu: number;
  readonly areaUm2: number;
  readonly pins: readonly string[];
  /** Into masterShapes / 6. */
  readonly firstShape: number;
  readonly shapes: number;
}

/** A block of the design. Counts and areas include the blocks inside. */
export interface ViewModule {
  /** Last part of the path; the top's own name for module 0. */
  readonly name: string;
  readonly path: string;
  /** -1 for the top. */
  readonly parent: number;
  readonly depth: number;
  readonly cells: number;
  readonly flops: number;
  readonly areaUm2: number;
}

export interface ViewPort {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly net: number;
}

export interface HeatMap {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  /** How it was made, for the legend. */
  readonly note: string;
  readonly columns: number;
  readonly rows: number;
  readonly tileDbu: number;
  /** [rows * columns] from the die's lower left corner; NaN = nothing there. */
  readonly values: Float32Array;
  /** Whether small values are the bad ones (slack). */
  readonly isLowBad: boolean;
}
