/** View models: what a view of the app shows of a run, computed from its artefacts. Plain JSON. */

/** An operator in a picture of a graph. */
export interface GraphNode {
  /** Unique in its graph; the same in all graphs of a run where the operator is the same. */
  readonly name: string;
  readonly op: string;
  /** Tensors in and out, e.g. `8×8×16 int8`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** `label: value` lines: kernel, stride, scale, zero point ... */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** Where it runs; empty where that is not decided yet. */
  readonly side: 'engine' | 'host' | '';
  /** The layer of the program it is in, and its cycles; null off the engine. */
  readonly layer: string | null;
  readonly cycles: number | null;
  readonly weightBytes: number;
  /** Signal over quantisation noise of this operator alone; null where not measured. */
  readonly lossDb: number | null;
}

export interface GraphPicture {
  readonly id: 'model' | 'int8' | 'passes';
  readonly nodes: readonly GraphNode[];
  /** Indices into nodes, -1 for the graph's inputs; with the tensor that flows. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly tensor: string }[];
}

export interface PassRow {
  readonly name: string;
  readonly isOn: boolean;
  readonly ops: number;
  readonly macs: number;
  readonly weightBytes: number;
  readonly changes: readonly string[];
}

export interface ModelView {
  readonly graphs: readonly GraphPicture[];
  readonly passes: readonly PassRow[];
}

/** Cycles of the array in a layer, by what it does; stages/simulator/types.ts LayerAccount. */
export interface Account {
  readonly ideal: number;
  readonly edge: number;
  readonly helper: number;
  readonly operands: number;
  readonly requantise: number;
  readonly fill: number;
}

export interface LayerView {
  readonly name: string;
  readonly kind: string;
  readonly cycles: number;
  readonly macs: number;
  /** MACs over cycles times elements. */
  readonly utilisation: number;
  readonly account: Account;
  /** Least traffic with the memories: inputs and weights read once. */
  readonly bytes: number;
}

export interface QueueSpan {
  readonly queue: string;
  readonly name: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface PerformanceView {
  readonly chip: {
    readonly rows: number;
    readonly columns: number;
    readonly lanes: number;
    readonly activationBytes: number;
    readonly activationBanks: number;
  };
  /** Of one inference. */
  readonly cycles: number;
  readonly utilisation: number;
  readonly account: Account & {
    readonly transfers: number;
    readonly weights: number;
    readonly configuration: number;
  };
  readonly layers: readonly LayerView[];
  readonly memory: {
    readonly peakBytes: number;
    readonly lowerBoundBytes: number;
    readonly isOptimal: boolean;
    readonly regions: readonly {
      readonly tensor: string;
      readonly address: number;
      readonly bytes: number;
      readonly firstLayer: number;
      readonly lastLayer: number;
    }[];
  };
  readonly queues: readonly QueueSpan[];
  /** The timeline holds only the first spans. */
  readonly isCut: boolean;
}

export interface ChipEstimate {
  readonly cycles: number;
  readonly utilisation: number;
  readonly instructions: number;
  readonly activationBytes: number;
  readonly weightBytes: number;
  /** Area of standard cells, modelled (estimate.ts); memory macros apart. */
  readonly areaUm2: number;
  readonly parts: readonly { readonly name: string; readonly areaUm2: number }[];
}
