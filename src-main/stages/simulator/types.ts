/** Elasticity of the streams; 0 is a source or a sink that never waits. */
export interface StreamGaps {
  /** Cycles in_valid is low after each accepted beat. */
  readonly input: number;
  /** Cycles out_ready is low after each accepted beat. */
  readonly output: number;
  /** Cycles w_valid is low after each accepted beat of the weight stream; default 0. */
  readonly weights?: number;
}

export interface TimeOptions {
  readonly gaps?: StreamGaps;
}

export interface TraceOptions {
  /** `vcd`: value changes for GTKWave and Surfer; `events`: JSON of Chrome's trace event format for Perfetto. */
  readonly format: 'vcd' | 'events';
  /** Inferences that are traced (default 1). */
  readonly inferences?: number;
  /** Value changes, or instructions, that are kept (default 200 000). */
  readonly most?: number;
}

export interface Trace {
  readonly text: string;
  /** It was cut where it held as much as TraceOptions allow. */
  readonly isCut: boolean;
  /** Cycles it spans, from reset. */
  readonly cycles: number;
}

export interface SimulateOptions extends TimeOptions {
  readonly trace?: TraceOptions;
  /** Values one product after the other instead of on the vector kernels: the same bytes, hundreds of times slower. */
  readonly slow?: boolean;
}

/** Cycles of a layer by what the array does in them; they add up to its cycles. */
export interface LayerAccount {
  /** What the model's multiply-accumulates would take with all P x K elements at work, rounded up. */
  readonly ideal: number;
  /** Steps beyond that: tiles with fewer than P pixels, blocks with fewer than K channels, padding channels. */
  readonly edge: number;
  /** Steps of layers without multiply-accumulates in the model: pools, additions. */
  readonly helper: number;
  /** The array waits for operands: more pixels to fetch than steps to do with them. The price of depthwise. */
  readonly operands: number;
  /** The array waits for the requantiser. */
  readonly requantise: number;
  /** From issue to the first step, and from the last step to the last write. */
  readonly fill: number;
}

/** Cycles of an inference; they add up to its cycles. */
export interface InferenceAccount extends LayerAccount {
  /** No layer runs, input or output moves. */
  readonly transfers: number;
  /** No layer runs, weights or parameters move. */
  readonly weights: number;
  /** Nothing runs: instructions issue, tokens travel. */
  readonly configuration: number;
}

export interface LayerCycles {
  readonly name: string;
  /** From EXEC's issue to its last write, both included. */
  readonly cycles: number;
  /** Cycles in which the array multiplies. */
  readonly busy: number;
  /** Cycles in which a tile was complete but for its last step and waited for the requantiser. */
  readonly stallDrain: number;
  /** The rest: filling, fetching more pixels than there are channels, draining at the end. */
  readonly stallFetch: number;
  /** Multiply-accumulates of the model / (cycles * P * K). */
  readonly utilisation: number;
  readonly account: LayerAccount;
}

/** Cycles of a program; no latency depends on data. */
export interface ProgramTiming {
  /** Of the first inference, from the cycle of its first input beat to that of its last output beat, both included. */
  readonly cycles: number;
  readonly account: InferenceAccount;
  /** Per layer, the same for every inference. */
  readonly layers: readonly LayerCycles[];
  /** Cycles moving input in, and output out, of one inference. */
  readonly loadCycles: number;
  readonly storeCycles: number;
  /** Multiply-accumulates / (cycles * P * K) of one inference, transfers included. */
  readonly utilisation: number;
}

export interface Simulation extends Omit<ProgramTiming, 'cycles' | 'account'> {
  /** Output bytes, one array per input. */
  readonly outputs: readonly Int8Array[];
  /**
   * Cycles of each inference, from the one in which its first input beat is accepted to the one in which its
   * last output beat is, both included.
   */
  readonly cycles: readonly number[];
  /** Cycle of each inference's last output beat; cycle 0 is the first after reset. */
  readonly lastOutputCycle: readonly number[];
  /** Only if asked for. */
  readonly trace?: Trace;
}
