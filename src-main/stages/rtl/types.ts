import type { Chip } from '../chip/index.ts';

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** A memory macro: one port, synchronous, bytes writable alone. */
export interface Macro {
  /** Module name; ports clk, enable, write, mask, address, data_in, data_out. */
  readonly name: string;
  readonly words: number;
  readonly bits: number;
  readonly addressBits: number;
}

/**
 * Generated hardware. `sources` is synthesisable SystemVerilog in the subset that Yosys, Verilator and
 * Icarus share; `testbench` is self-checking and not synthesised. Ports of `top`, with B = streamBytes:
 * clk, rst_n (active low, synchronous), in_valid/in_ready/in_data[8B-1:0] (input tensors: NHWC bytes, with B > 1
 * images of the memory), out_valid/out_ready/out_data[8B-1:0]/out_last (output tensors), busy; on chips with
 * queues w_valid/w_ready/w_data[8B-1:0] (weights and parameters); on programmable chips the host port hw_valid,
 * hw_region, hw_word, hw_part, hw_data (while rst_n is low) and the counters, counter_index -> counter_data a
 * cycle later.
 */
export interface RtlDesign {
  readonly top: string;
  readonly chip: Chip;
  readonly sources: readonly SourceFile[];
  /** Macros that the sources use, their models for simulation and the same as black boxes for synthesis. */
  readonly macros: readonly Macro[];
  readonly models: readonly SourceFile[];
  readonly blackBoxes: readonly SourceFile[];
  readonly testbench: readonly SourceFile[];
}
