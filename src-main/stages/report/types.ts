/** All that a report shows: plain facts, already in display units. Every figure names where it came from in the proof sheet. */
export interface StepFact {
  readonly name: string;
  readonly wallS: number;
  readonly cpuS: number;
  readonly peakMiB: number;
  readonly status: 'done' | 'cached';
}

export interface ProofFact {
  readonly name: string;
  /** Who judged: a verifier of ours or a foreign tool with its version. */
  readonly judge: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly detail: string;
}

export interface LayerFact {
  readonly name: string;
  readonly kind: string;
  readonly macs: number;
  readonly cycles: number;
  /** MACs done / (cycles x PEs), 0..1 */
  readonly utilization: number;
}

export interface PathStageFact {
  readonly instance: string;
  readonly pin: string;
  readonly cell: string;
  readonly edge: 'rise' | 'fall';
  readonly delayPs: number;
  readonly arrivalPs: number;
  readonly slewPs: number;
  readonly loadFf: number;
}

export interface PathFact {
  readonly startpoint: string;
  readonly endpoint: string;
  readonly slackPs: number;
  readonly stages: readonly PathStageFact[];
}

export interface ReportData {
  readonly project: string;
  readonly model: { readonly name: string; readonly macs: number; readonly parameters: number };
  readonly chip: {
    readonly shape: string;
    readonly lanes: number;
    readonly baked: boolean;
    readonly kit: string;
  };
  readonly cycles: number;
  readonly clockMhz: number;
  readonly latencyUs: number;
  /** Fractions 0..1 on the test images; null when the project gives no labels. */
  readonly accuracy: number | null;
  readonly accuracyFloat: number | null;
  readonly testImages: number;
  readonly layers: readonly LayerFact[];
  readonly cells: number;
  readonly physicalCells: number;
  readonly areaUm2: number;
  readonly dieUm: { readonly width: number; readonly height: number };
  readonly utilization: number;
  readonly cellKinds: readonly { readonly kind: string; readonly count: number; readonly areaUm2: number }[];
  readonly wirelengthUm: number;
  readonly vias: number;
  readonly wirelengthByLayerUm: readonly { readonly layer: string; readonly lengthUm: number }[];
  readonly clockPeriodPs: number;
  readonly wnsPs: number;
  readonly tnsPs: number;
  readonly holdWnsPs: number;
  readonly holdTnsPs: number;
  readonly clockSkewPs: number;
  readonly worstPaths: readonly PathFact[];
  readonly slackHistogram: readonly {
    readonly fromPs: number;
    readonly toPs: number;
    readonly endpoints: number;
  }[];
  readonly powerMw: number;
  readonly powerGroups: readonly {
    readonly group: string;
    readonly internalMw: number;
    readonly switchingMw: number;
    readonly leakageMw: number;
  }[];
  readonly energyPerInferenceNj: number;
  readonly steps: readonly StepFact[];
  readonly proof: readonly ProofFact[];
  /** What is modelled rather than measured, in plain sentences. */
  readonly caveats: readonly string[];
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly tools: readonly { readonly name: string; readonly version: string }[];
}

/** PNG bytes of the layout, embedded in the page. */
export interface ReportPictures {
  readonly layoutPng: Uint8Array;
  readonly zoomPng: Uint8Array | null;
  /** What the pictures' colours stand for; CSS colours. */
  readonly legend: readonly { readonly label: string; readonly colour: string }[];
}
