/** Issue, tokens and the two stream engines. */
import type { Shape } from './shape.ts';
import { lines, literal, range, source } from './text.ts';

export function sequencerModule(s: Shape): string {
  return s.chip.queueDepth > 0 ? queuedSequencer(s) : inOrderSequencer(s);
}

function inOrderSequencer(s: Shape): string {
  const baked = s.program !== null;
  return source(`
// Issues instructions in order: when the engine is idle and the tokens it waits for are set. One a cycle.
// Configuration waits for nothing: the layer that runs has its own.
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
${
  baked
    ? `  output reg  ${range(s.pcBits)} pc,\n  output reg  ${range(s.layerBits)} layer,\n`
    : `  output wire program_read,\n  output wire ${range(s.pcBits)} pc_next,\n  output wire configure,\n  output wire pass,\n`
}  output wire load_start,
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
                (exec_busy & (is_end | op == EXEC)));
  wire issue = ${baked ? '' : 'rst_n & '}idle & ((wait_mask & ~tokens) == 4'd0);
  assign load_start = issue & op == LDA;
  assign store_start = issue & op == ST;
  assign exec_start = issue & op == EXEC;
${
  baked
    ? ''
    : `  reg ${range(s.pcBits)} pc;
  assign configure = issue;
  assign pass = issue & is_end;
  assign program_read = issue | ~rst_n;
  assign pc_next = ~rst_n | is_end ? ${literal(s.pcBits, 0)} : pc + ${literal(s.pcBits, 1)};
`
}
  always @(posedge clk) begin
${baked ? '' : '    if (program_read) pc <= pc_next;\n'}    if (!rst_n) begin
${baked ? `      pc <= ${literal(s.pcBits, 0)};\n` : ''}      tokens <= 4'd0;
      load_signal <= 4'd0;
      store_signal <= 4'd0;
      exec_signal <= 4'd0;
${baked ? `      layer <= ${literal(s.layerBits, 0)};\n` : ''}    end else begin
${baked ? `      if (issue) pc <= is_end ? ${literal(s.pcBits, 0)} : pc + ${literal(s.pcBits, 1)};\n` : ''}      tokens <= (tokens & ~(issue ? wait_mask : 4'd0)) |
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

const QUEUES = ['load', 'exec', 'store'] as const;

function queuedSequencer(s: Shape): string {
  const name = s.chip.name;
  const each = (f: (q: (typeof QUEUES)[number]) => string, between = '\n'): string =>
    QUEUES.map(f).join(between);
  const any = (f: (q: (typeof QUEUES)[number]) => string): string => QUEUES.map(f).join(' | ');
  return source(`
// Instructions enter the queue of their engine in order, one a cycle; each engine issues its own when it is idle
// and the tokens are there. Tokens are counted.
module ${name}_sequencer (
  input  wire clk,
  input  wire rst_n,
  input  wire [127:0] word,
${each((q) => `  input  wire ${q}_busy,\n  input  wire ${q}_done,`)}
  output wire program_read,
  output wire ${range(s.pcBits)} pc_next,
  output wire pass,
${each((q) => `  output wire [127:0] ${q}_word,`)}
  output wire configure,
  output wire load_start,
  output wire weights_start,
  output wire store_start,
  output wire exec_start
);
  localparam [3:0] END = 4'd0, LDA = 4'd1, ST = 4'd2, EXEC = 4'd7, LDW = 4'd9, LDP = 4'd10;
  wire [3:0] op = word[3:0];
  wire is_end = op == END;
  wire for_load = op == LDA | op == LDW | op == LDP;
  wire for_store = op == ST;
  wire for_exec = ~(is_end | for_load | for_store);
  wire ${each((q) => `${q}_full, ${q}_here`, ', ')};
  wire idle = ~(${any((q) => `${q}_busy | ${q}_here`)});
  wire enter = rst_n & (is_end ? idle : for_load ? ~load_full : for_store ? ~store_full : ~exec_full);
  reg ${range(s.pcBits)} pc;
  assign pass = enter & is_end;
  assign program_read = enter | ~rst_n;
  assign pc_next = ~rst_n | is_end ? ${literal(s.pcBits, 0)} : pc + ${literal(s.pcBits, 1)};
  always @(posedge clk) if (program_read) pc <= pc_next;

${each(
  (q) => `  wire ${q}_issue;
  ${name}_queue ${q}_queue (
    .clk(clk), .rst_n(rst_n), .push(enter & for_${q}), .given(word), .full(${q}_full),
    .pop(${q}_issue), .head(${q}_word), .here(${q}_here));`,
)}
  assign configure = exec_here & exec_word[3:0] != EXEC;
${each((q) => `  wire ${q}_may = ${q}_here & ~${q}_busy & ((${q}_word[7:4] & ~present) == 4'd0);`)}
  wire exec_go = exec_may & exec_word[3:0] == EXEC;
  assign load_issue = load_may;
  assign store_issue = store_may;
  assign exec_issue = configure | exec_go;
  assign load_start = load_may & load_word[3:0] == LDA;
  assign weights_start = load_may & load_word[3:0] != LDA;
  assign store_start = store_may;
  assign exec_start = exec_go;

  // Tokens: loadToExec, execToLoad, execToStore, storeToExec
  wire [3:0] present;
${each((q) => `  reg [3:0] ${q}_signal;`)}
  wire [3:0] set = ${any((q) => `({4{${q}_done}} & ${q}_signal)`)};
  wire [3:0] take = ({4{load_may}} & load_word[7:4]) | ({4{exec_go}} & exec_word[7:4]) | ({4{store_may}} & store_word[7:4]);
  always @(posedge clk) begin
    if (load_may) load_signal <= load_word[11:8];
    if (store_may) store_signal <= store_word[11:8];
    if (exec_go) exec_signal <= exec_word[11:8];
  end
  genvar i;
  generate
    for (i = 0; i < 4; i = i + 1) begin : token
      reg [3:0] count;
      assign present[i] = count != 4'd0;
      always @(posedge clk)
        if (!rst_n) count <= 4'd0;
        else if (set[i] != take[i]) count <= set[i] ? count + 4'd1 : count - 4'd1;
    end
  endgenerate
endmodule
`);
}

/** A queue of one engine's instructions. */
export function queueModule(s: Shape): string {
  const n = s.chip.queueDepth;
  const entry = (i: number): string => {
    const last = i === n - 1;
    const after = (k: number): string =>
      k === n - 1 ? `(held[${k}] & ~pop)` : `(pop ? held[${k + 1}] : held[${k}])`;
    return `    if (push & ~${after(i)}${i > 0 ? ` & ${after(i - 1)}` : ''}) item_${i} <= given;${last ? '' : `\n    else if (pop) item_${i} <= item_${i + 1};`}`;
  };
  const shifted = n === 1 ? "1'b0" : `{1'b0, held[${n - 1}:1]}`;
  return source(`
// First in, first out; what comes in shows in the next cycle.
module ${s.chip.name}_queue (
  input  wire clk,
  input  wire rst_n,
  input  wire push,
  input  wire [127:0] given,
  output wire full,
  input  wire pop,
  output wire [127:0] head,
  output wire here
);
  reg ${range(n)} held;             // from the front
${lines(n, (i) => `  reg [127:0] item_${i};`)}
  assign full = held[${n - 1}];
  assign here = held[0];
  assign head = item_0;
  wire ${range(n)} rest = pop ? ${shifted} : held;
  always @(posedge clk) begin
    if (!rst_n) held <= ${n}'d0;
    else held <= push ? ${n === 1 ? "1'b1" : `{rest[${n - 2}:0], 1'b1}`} : rest;
${lines(n, entry)}
  end
endmodule
`);
}

/** Runs of bytes with gaps between them: the addresses of a stream. */
export function transferModule(s: Shape): string {
  const { gaps } = s.transfer;
  const A = s.addressBits;
  const B = s.chip.streamBytes;
  const shift = Math.log2(B);
  // Lengths are kept in beats; a run's is at least one bit.
  const runBits = Math.max(1, s.transfer.runBits - shift);
  const { runsBits } = s.transfer;
  const run = s.transfer.runBits - shift >= 1 ? `run[${s.transfer.runBits - 1}:${shift}]` : "1'd0";
  return source(`
// Walks the ${B === 1 ? 'bytes' : `beats of ${B} bytes`} of a stream through activation memory: ${gaps ? 'runs with gaps between them' : 'one run'}.
module ${s.chip.name}_transfer (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire ${range(A)} first,
  input  wire ${range(s.transfer.runBits)} run,      // bytes in a run, minus 1
${gaps ? `  input  wire ${range(runsBits)} runs,     // runs, minus 1\n  input  wire ${range(A)} gap,\n` : ''}  input  wire step,         // a beat moves
  output reg  busy,
  output reg  ${range(A)} address,
  output wire last          // the beat at address is the final one
);
  reg ${range(runBits)} left;
${gaps ? `  reg ${range(runBits)} run_held;\n  reg ${range(runsBits)} runs_left;\n  reg ${range(A)} gap_held;\n` : ''}  wire run_ends = left == ${literal(runBits, 0)};
  assign last = ${gaps ? `run_ends & runs_left == ${literal(runsBits, 0)}` : 'run_ends'};
${B > 1 ? `  wire unused_run = &{1'b0, run};\n` : ''}
  always @(posedge clk) begin
    if (!rst_n) busy <= 1'b0;
    else if (start) busy <= 1'b1;
    else if (step & last) busy <= 1'b0;

    if (start) begin
      address <= first;
      left <= ${run};
${gaps ? `      run_held <= ${run};\n      runs_left <= runs;\n      gap_held <= gap;\n` : ''}    end else if (step) begin
${
  gaps
    ? `      address <= address + ${literal(A, B)} + (run_ends ? gap_held : ${literal(A, 0)});
      left <= run_ends ? run_held : left - ${literal(runBits, 1)};
      if (run_ends) runs_left <= runs_left - ${literal(runsBits, 1)};
`
    : `      address <= address + ${literal(A, B)};
      left <= left - ${literal(runBits, 1)};
`
}    end
  end
endmodule
`);
}
