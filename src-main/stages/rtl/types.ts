export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Generated hardware. `sources` is synthesisable SystemVerilog in the subset that Yosys, Verilator and
 * Icarus share; `testbench` is self-checking and not synthesised.
 * Ports of `top`: clk, rst_n (active low, synchronous), in_valid/in_ready/in_data[7:0] (the input tensor,
 * NHWC bytes), out_valid/out_ready/out_data[7:0]/out_last (the output tensor), busy.
 */
export interface RtlDesign {
  readonly top: string;
  readonly sources: readonly SourceFile[];
  readonly testbench: readonly SourceFile[];
}
