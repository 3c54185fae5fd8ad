/** Issue, tokens and the two stream engines. */
import type { Shape } from './shape.ts';
import { literal, range, source } from './text.ts';

export function sequencerModule(s: Shape): string {
  const baked = s.program !== null;
  return source(`
// Issues instructions in order: when the engine is idle and the tokens it waits for are set. One a cycle.
module ${s.chip.name}_sequencer (
  input  wire clk,
  input  wire rst_n,
  input  wire [3:0] op,
  input  wire [3:0] wait_mask,
  input  wire [3:0] signal_mask,
  input  wire load_busy,
  input  wire load_done,
  input  wire store_busy,
  input  wire store_done,
  input  wire exec_busy,
  input  wire exec_done,
  output reg  ${range(s.pcBits)} pc,
${baked ? `  output reg  ${range(s.layerBits)} layer,\n` : '  output wire issue,\n'}  output wire load_start,
  output wire store_start,
  output wire exec_start
);
  localparam [3:0] END = 4'd0, LDA = 4'd1, ST = 4'd2, EXEC = 4'd7;
  reg [3:0] tokens;        // loadToExec, execToLoad, execToStore, storeToExec
  reg [3:0] load_signal;   // tokens to set when the engine is done
  reg [3:0] store_signal;
  reg [3:0] exec_signal;

  wire is_end = op == END;
  wire idle = ~((load_busy & (is_end | op == LDA)) |
                (store_busy & (is_end | op == ST)) |
                (exec_busy & (is_end | (op != LDA & op != ST))));
${baked ? '  wire ' : '  assign '}issue = idle & ((wait_mask & ~tokens) == 4'd0);
  assign load_start = issue & op == LDA;
  assign store_start = issue & op == ST;
  assign exec_start = issue & op == EXEC;

  always @(posedge clk) begin
    if (!rst_n) begin
      pc <= ${literal(s.pcBits, 0)};
      tokens <= 4'd0;
      load_signal <= 4'd0;
      store_signal <= 4'd0;
      exec_signal <= 4'd0;
${baked ? `      layer <= ${literal(s.layerBits, 0)};\n` : ''}    end else begin
      if (issue) pc <= is_end ? ${literal(s.pcBits, 0)} : pc + ${literal(s.pcBits, 1)};
      tokens <= (tokens & ~(issue ? wait_mask : 4'd0)) |
                (load_done ? load_signal : 4'd0) |
                (store_done ? store_signal : 4'd0) |
                (exec_done ? exec_signal : 4'd0);
      if (load_start) load_signal <= signal_mask;
      if (store_start) store_signal <= signal_mask;
      if (exec_start) exec_signal <= signal_mask;
${
  baked
    ? `      if (issue & is_end) layer <= ${literal(s.layerBits, 0)};
      else if (exec_done) layer <= layer + ${literal(s.layerBits, 1)};
`
    : ''
}    end
  end
endmodule
`);
}

/** Runs of bytes with gaps between them: the addresses of a stream. */
export function transferModule(s: Shape): string {
  const { runBits, runsBits, gaps } = s.transfer;
  const A = s.addressBits;
  return source(`
// Walks the bytes of a stream through activation memory: ${gaps ? 'runs with gaps between them' : 'one run'}.
module ${s.chip.name}_transfer (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire ${range(A)} first,
  input  wire ${range(runBits)} run,      // bytes in a run, minus 1
${gaps ? `  input  wire ${range(runsBits)} runs,     // runs, minus 1\n  input  wire ${range(A)} gap,\n` : ''}  input  wire step,         // a byte moves
  output reg  busy,
  output reg  ${range(A)} address,
  output wire last          // the byte at address is the final one
);
  reg ${range(runBits)} left;
${gaps ? `  reg ${range(runBits)} run_held;\n  reg ${range(runsBits)} runs_left;\n  reg ${range(A)} gap_held;\n` : ''}  wire run_ends = left == ${literal(runBits, 0)};
  assign last = ${gaps ? `run_ends & runs_left == ${literal(runsBits, 0)}` : 'run_ends'};

  always @(posedge clk) begin
    if (!rst_n) busy <= 1'b0;
    else if (start) busy <= 1'b1;
    else if (step & last) busy <= 1'b0;

    if (start) begin
      address <= first;
      left <= run;
${gaps ? '      run_held <= run;\n      runs_left <= runs;\n      gap_held <= gap;\n' : ''}    end else if (step) begin
${
  gaps
    ? `      address <= address + ${literal(A, 1)} + (run_ends ? gap_held : ${literal(A, 0)});
      left <= run_ends ? run_held : left - ${literal(runBits, 1)};
      if (run_ends) runs_left <= runs_left - ${literal(runsBits, 1)};
`
    : `      address <= address + ${literal(A, 1)};
      left <= left - ${literal(runBits, 1)};
`
}    end
  end
endmodule
`);
}
