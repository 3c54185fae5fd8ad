/** Elasticity of the two streams; 0 and 0 is a source and a sink that never wait. */
export interface StreamGaps {
  /** Cycles in_valid is low after each accepted beat. */
  readonly input: number;
  /** Cycles out_ready is low after each accepted beat. */
  readonly output: number;
  /** Cycles w_valid is low after each accepted beat of the weight stream; default 0. */
  readonly weights?: number;
}

export interface SimulateOptions {
  readonly gaps?: StreamGaps;
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
}

export interface Simulation {
  /** Output bytes, one array per input. */
  readonly outputs: readonly Int8Array[];
  /**
   * Cycles of each inference, from the one in which its first input byte is accepted to the one in which its
   * last output byte is, both included.
   */
  readonly cycles: readonly number[];
  /** Cycle of each inference's last output byte; cycle 0 is the first after reset. */
  readonly lastOutputCycle: readonly number[];
  /** Per layer, the same for every inference. */
  readonly layers: readonly LayerCycles[];
  /** Cycles moving input in, and output out, of one inference. */
  readonly loadCycles: number;
  readonly storeCycles: number;
  /** Multiply-accumulates / (cycles * P * K) of one inference, transfers included. */
  readonly utilisation: number;
}
