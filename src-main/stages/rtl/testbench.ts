/**
 * The self-checking testbench, in plain Verilog for Verilator and Icarus. It reads `stimulus.hex` and
 * `expected.hex` (bytes) and, for a programmable chip, `host.hex` (region, word, part, data) from the working
 * directory, and prints one line per inference and PASS or FAIL at the end. Cycle 0 is the first clock edge
 * that sees rst_n high; an inference counts from the cycle of its first input byte to that of its last output
 * byte, both included, as simulate() does.
 */
import type { Chip } from '../chip/index.ts';
import { range, source } from './text.ts';

export function testbenchModule(chip: Chip): string {
  const host = !chip.bake;
  const B = chip.streamBytes;
  const weights = host && chip.queueDepth > 0;
  return source(`
// Plusargs: +count=N inferences, +in_bytes=N, +out_bytes=N, +in_gap=N, +out_gap=N${host ? ', +host_words=N' : ''}${weights ? ', +w_bytes=N, +w_gap=N' : ''}.
module ${chip.name}_tb;
  reg clk = 1'b0;
  reg rst_n = 1'b0;
  reg in_valid = 1'b0;
  wire in_ready;
  reg ${range(8 * B)} in_data = ${8 * B}'d0;
  wire out_valid;
  reg out_ready = 1'b0;
  wire ${range(8 * B)} out_data;
  wire out_last;
  wire busy;
${
  host
    ? `  reg hw_valid = 1'b0;
  reg [1:0] hw_region = 2'd0;
  reg [19:0] hw_word = 20'd0;
  reg [6:0] hw_part = 7'd0;
  reg [31:0] hw_data = 32'd0;
  wire [31:0] counter_data;
  reg [60:0] host [0:${hostCapacity(chip) - 1}];
  integer host_words, host_at;
`
    : ''
}  reg [7:0] stimulus [0:1048575];
  reg [7:0] expected [0:1048575];
${
  weights
    ? `  reg w_valid = 1'b0;
  wire w_ready;
  reg ${range(8 * B)} w_data = ${8 * B}'d0;
  reg [7:0] stream [0:1048575];
  integer w_bytes, w_gap, w_at, w_wait;
`
    : ''
}  integer count, in_bytes, out_bytes, in_gap, out_gap;
  integer cycle, first_in, in_at, out_at, in_wait, out_wait, errors, inference, limit, b;

  ${chip.name} dut (
    .clk(clk), .rst_n(rst_n),
${host ? "    .hw_valid(hw_valid), .hw_region(hw_region), .hw_word(hw_word), .hw_part(hw_part), .hw_data(hw_data),\n    .counter_index(3'd0), .counter_data(counter_data),\n" : ''}${weights ? '    .w_valid(w_valid), .w_ready(w_ready), .w_data(w_data),\n' : ''}    .in_valid(in_valid), .in_ready(in_ready), .in_data(in_data),
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data), .out_last(out_last), .busy(busy));

  initial forever #5 clk = ~clk;

  initial begin
    if (!$value$plusargs("count=%d", count)) count = 1;
    if (!$value$plusargs("in_bytes=%d", in_bytes)) in_bytes = 1;
    if (!$value$plusargs("out_bytes=%d", out_bytes)) out_bytes = 1;
    if (!$value$plusargs("in_gap=%d", in_gap)) in_gap = 0;
    if (!$value$plusargs("out_gap=%d", out_gap)) out_gap = 0;
    if (!$value$plusargs("limit=%d", limit)) limit = 20000000;
    $readmemh("stimulus.hex", stimulus, 0, count * in_bytes - 1);
    $readmemh("expected.hex", expected, 0, count * out_bytes - 1);
    cycle = 0; first_in = -1; in_at = 0; out_at = 0; in_wait = 0; out_wait = 0; errors = 0; inference = 0;
${
  weights
    ? `    if (!$value$plusargs("w_bytes=%d", w_bytes)) w_bytes = 0;
    if (!$value$plusargs("w_gap=%d", w_gap)) w_gap = 0;
    if (w_bytes > 0) $readmemh("weights.hex", stream, 0, w_bytes - 1);
    w_at = 0; w_wait = 0;
`
    : ''
}    repeat (4) @(negedge clk);
${
  host
    ? `    if (!$value$plusargs("host_words=%d", host_words)) host_words = 0;
    $readmemh("host.hex", host, 0, host_words - 1);
    for (host_at = 0; host_at < host_words; host_at = host_at + 1) begin
      hw_valid = 1'b1;
      {hw_region, hw_word, hw_part, hw_data} = host[host_at];
      @(negedge clk);
    end
    hw_valid = 1'b0;
    @(negedge clk);
`
    : ''
}    rst_n = 1'b1;
    // Driven and looked at on falling edges: what holds there is what the next rising edge sees, and no
    // output depends on an input of the same cycle.
    while (inference < count && cycle < limit) begin
      in_valid = in_wait == 0 && in_at < count * in_bytes;
      for (b = 0; b < ${B}; b = b + 1) in_data[8 * b +: 8] = stimulus[in_at + b];
      out_ready = out_wait == 0;
      if (in_valid && in_ready) begin
        if (in_at % in_bytes == 0) first_in = cycle;
        in_at = in_at + ${B};
        in_wait = in_gap;
      end else if (in_wait > 0) in_wait = in_wait - 1;
${
  weights
    ? `      w_valid = w_wait == 0 && w_bytes > 0;
      for (b = 0; b < ${B}; b = b + 1) w_data[8 * b +: 8] = stream[w_at + b];
      if (w_valid && w_ready) begin
        w_at = w_at + ${B} == w_bytes ? 0 : w_at + ${B};
        w_wait = w_gap;
      end else if (w_wait > 0) w_wait = w_wait - 1;
`
    : ''
}      if (out_valid && out_ready) begin
        for (b = 0; b < ${B}; b = b + 1) begin
          if (out_data[8 * b +: 8] !== expected[out_at]) begin
            errors = errors + 1;
            if (errors < 20) $display("DIFF byte %0d got %0d expected %0d", out_at, out_data[8 * b +: 8], expected[out_at]);
          end
          $display("BYTE %0d", out_data[8 * b +: 8]);
          out_at = out_at + 1;
        end
        out_wait = out_gap;
        if (out_last !== (out_at % out_bytes == 0)) begin
          errors = errors + 1;
          $display("DIFF out_last at byte %0d", out_at - 1);
        end
        if (out_at % out_bytes == 0) begin
          $display("INFERENCE %0d CYCLES %0d", inference, cycle - first_in + 1);
          inference = inference + 1;
        end
      end else if (out_wait > 0) out_wait = out_wait - 1;
      cycle = cycle + 1;
      @(negedge clk);
    end
    if (errors == 0 && inference == count) $display("PASS");
    else $display("FAIL errors %0d inferences %0d of %0d", errors, inference, count);
    $finish;
  end
endmodule
`);
}

/** Upper bound of the host writes of any program that fits. */
function hostCapacity(chip: Chip): number {
  const K = chip.columns;
  const scales = 2 * K * Math.ceil((chip.lanes * 36) / 32);
  return (
    chip.programWords * 4 +
    chip.weightWords * Math.ceil(K / 4) +
    chip.parameterBlocks * (Math.ceil((K * chip.accumulatorBits) / 32) + scales)
  );
}

const hexLines = (values: Iterable<number>): string =>
  [...values].map((v) => (v & 255).toString(16).padStart(2, '0')).join('\n') + '\n';

/** Contents of stimulus.hex or expected.hex: all tensors, one byte a line. */
export const tensorsHex = (tensors: readonly Int8Array[]): string => hexLines(tensors.flatMap((t) => [...t]));
