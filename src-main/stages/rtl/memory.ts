/**
 * Memories with synchronous read and bytes writable alone, in four builds: flip-flops, latches, an array that FPGA
 * tools turn into block RAM, and macros with a single port. All behave alike in a program that is legal: an address
 * given in one cycle has its word in the next, and the word stays until the next read.
 */
import type { Chip } from '../chip/index.ts';
import { bitsFor, lines, literal, range, source } from './text.ts';
import type { Macro, SourceFile } from './types.ts';

export interface Memory {
  /** Module name. */
  readonly name: string;
  readonly doc: string;
  /** Bytes in a word. */
  readonly bytes: number;
  readonly words: number;
  readonly build: Chip['memory'];
  /** Words of the first of two halves with ports of their own; equal to `words` for a single part. */
  readonly low: number;
}

/** Up to this many words the selection is written out: one line per word, ANDed and ORed. */
const SELECTED_WORDS = 64;

export const addressBitsOf = (m: Memory): number => bitsFor(m.words);

const head = (m: Memory, name: string, doc: string): string => `
// ${doc}
module ${name} (
  input  wire clk,
  input  wire read,
  input  wire ${range(addressBitsOf(m))} read_address,
  output wire ${range(8 * m.bytes)} read_data,
  input  wire write,
  input  wire ${range(addressBitsOf(m))} write_address,
  input  wire ${range(m.bytes)} write_mask,
  input  wire ${range(8 * m.bytes)} write_data
);`;

/** The modules of a memory, outermost first. */
export function memoryModules(m: Memory): SourceFile[] {
  if (m.low < m.words) {
    const half: Memory = { ...m, name: `${m.name}_half`, words: m.low };
    return [file(m.name, halves(m, half)), ...memoryModules(half)];
  }
  const body = { flops, latch, bram, macro }[m.build];
  return [file(m.name, body(m))];
}

const file = (name: string, text: string): SourceFile => ({ name: `${name}.sv`, text: source(text) });

function halves(m: Memory, half: Memory): string {
  const A = addressBitsOf(m);
  const H = addressBitsOf(half);
  const part = (i: number): string => `
  wire ${range(8 * m.bytes)} data_${i};
  ${half.name} half_${i} (
    .clk(clk), .read(read & read_high == 1'b${i}), .read_address(read_in[${H - 1}:0]), .read_data(data_${i}),
    .write(write & write_high == 1'b${i}), .write_address(write_in[${H - 1}:0]), .write_mask(write_mask), .write_data(write_data));`;
  return `${head(m, m.name, `${m.doc} Two halves, so that one may be written while the other is read.`)}
  wire read_high = read_address >= ${literal(A, m.low)};
  wire write_high = write_address >= ${literal(A, m.low)};
  wire ${range(A)} read_in = read_high ? read_address - ${literal(A, m.low)} : read_address;
  wire ${range(A)} write_in = write_high ? write_address - ${literal(A, m.low)} : write_address;
  reg was_high;
  always @(posedge clk) if (read) was_high <= read_high;
${part(0)}${part(1)}
  assign read_data = was_high ? data_1 : data_0;
${A > H ? `  wire unused = &{1'b0, read_in[${A - 1}:${H}], write_in[${A - 1}:${H}]};\n` : ''}endmodule
`;
}

function flops(m: Memory): string {
  const A = addressBitsOf(m);
  const W = 8 * m.bytes;
  const address = `  reg ${range(A)} address;
  always @(posedge clk) if (read) address <= read_address;`;
  if (m.words > SELECTED_WORDS)
    return `${head(m, m.name, `${m.doc} Flip-flops.`)}
${address}
  reg ${range(W)} held [0:${m.words - 1}];
  assign read_data = held[address];
  always @(posedge clk) begin
${lines(m.bytes, (j) => `    if (write & write_mask[${j}]) held[write_address][${8 * j} +: 8] <= write_data[${8 * j} +: 8];`)}
  end
endmodule
`;
  // One select line per word: synthesis makes AND-OR gates of it, fewer cells than a tree of multiplexers.
  return `${head(m, m.name, `${m.doc} Flip-flops.`)}
${address}
${selection(
  m,
  `      reg ${range(W)} held;
      wire select = write & write_address == i[${A - 1}:0];
      always @(posedge clk) begin
${lines(m.bytes, (j) => `        if (select & write_mask[${j}]) held[${8 * j} +: 8] <= write_data[${8 * j} +: 8];`)}
      end`,
)}
endmodule
`;
}

/** Words in a generate loop, each with `store` for its `held`, and the choice of one by `address`. */
function selection(m: Memory, store: string): string {
  const A = addressBitsOf(m);
  const W = 8 * m.bytes;
  return `  wire ${range(W)} chosen [0:${m.words - 1}];
  genvar i;
  generate
    for (i = 0; i < ${m.words}; i = i + 1) begin : store
${store}
      assign chosen[i] = held & {${W}{address == i[${A - 1}:0]}};
    end
  endgenerate
  reg ${range(W)} word;
  integer n;
  always @* begin
    word = {${W}{1'b0}};
    for (n = 0; n < ${m.words}; n = n + 1) word = word | chosen[n];
  end
  assign read_data = word;`;
}

function latch(m: Memory): string {
  const A = addressBitsOf(m);
  const W = 8 * m.bytes;
  return `${head(m, m.name, `${m.doc} Latches, open in the low half of the cycle after the write: what selects them comes from registers.`)}
  reg ${range(A)} address, address_written;
  reg ${range(m.bytes)} mask;
  reg ${range(W)} data;
  always @(posedge clk) begin
    if (read) address <= read_address;
    address_written <= write_address;
    mask <= write_mask & {${m.bytes}{write}};
    data <= write_data;
  end
${selection(
  m,
  `      wire select = address_written == i[${A - 1}:0];
${lines(
  m.bytes,
  (j) => `      reg [7:0] byte_${j};
      wire open_${j} = select & mask[${j}] & ~clk;
      wire [7:0] data_${j} = data[${8 * j} +: 8];
      always_latch if (open_${j}) byte_${j} = data_${j};`,
)}
      wire ${range(W)} held = {${Array.from({ length: m.bytes }, (_, j) => `byte_${m.bytes - 1 - j}`).join(', ')}};`,
)}
endmodule
`;
}

function bram(m: Memory): string {
  const W = 8 * m.bytes;
  return `${head(m, m.name, `${m.doc} Block RAM.`)}
  reg ${range(W)} held [0:${m.words - 1}];
  reg ${range(W)} word;
  assign read_data = word;
  always @(posedge clk) begin
    if (read) word <= held[read_address];
  end
  always @(posedge clk) begin
    if (write) begin
${lines(m.bytes, (j) => `      if (write_mask[${j}]) held[write_address][${8 * j} +: 8] <= write_data[${8 * j} +: 8];`)}
    end
  end
endmodule
`;
}

const macroName = (m: Memory, chip: string): string => `${chip}_ram_${m.words}x${8 * m.bytes}`;

/** Module names start with the chip's. */
const chipOf = (m: Memory): string => m.name.slice(0, m.name.lastIndexOf('_mem_'));

function macro(m: Memory): string {
  return `${head(m, m.name, `${m.doc} A macro with a single port.`)}
  ${macroName(m, chipOf(m))} ram (
    .clk(clk), .enable(read | write), .write(write), .mask(write_mask),
    .address(write ? write_address : read_address), .data_in(write_data), .data_out(read_data));
${portCheck('', 'read & write', `${m.name} is read and written in one cycle`)}
endmodule
`;
}

/** Stops a simulation that is built with INGOT_CHECKS; the first cycles of a reset may do anything. */
export const portCheck = (indent: string, wrong: string, what: string): string =>
  `\`ifdef INGOT_CHECKS
${indent}  reg [1:0] checks_after = 2'd3;
${indent}  always @(posedge clk)
${indent}    if (checks_after != 2'd0) checks_after <= checks_after - 2'd1;
${indent}    else if (${wrong}) begin
${indent}      $display("PORT: ${what}");
${indent}      $stop;
${indent}    end
\`endif`;

/** The macro a memory is built of, if it is. */
export function macroOf(m: Memory): Macro | undefined {
  if (m.build !== 'macro') return undefined;
  const part = { ...m, words: m.low };
  return {
    name: macroName(part, chipOf(m)),
    words: part.words,
    bits: 8 * m.bytes,
    addressBits: addressBitsOf(part),
  };
}

const macroHead = (r: Macro, out: string): string => `module ${r.name} (
  input  wire clk,
  input  wire enable,
  input  wire write,
  input  wire ${range(r.bits / 8)} mask,
  input  wire ${range(r.addressBits)} address,
  input  wire ${range(r.bits)} data_in,
  output ${out} ${range(r.bits)} data_out
);`;

/** Behaviour of a macro, for simulation: after a write its output is unknown. */
export const macroModel = (r: Macro): SourceFile =>
  file(
    r.name,
    `
// Model of a memory macro: ${r.words} words of ${r.bits} bits, one port, bytes writable alone.
${macroHead(r, 'reg ')}
  reg ${range(r.bits)} held [0:${r.words - 1}];
  always @(posedge clk) if (enable) begin
    if (write) begin
${lines(r.bits / 8, (j) => `      if (mask[${j}]) held[address][${8 * j} +: 8] <= data_in[${8 * j} +: 8];`)}
      data_out <= {${r.bits}{1'bx}};
    end else data_out <= held[address];
  end
endmodule
`,
  );

/** The same as a black box, for synthesis. */
export const macroBlackBox = (r: Macro): SourceFile =>
  file(r.name, `\n(* blackbox *)\n${macroHead(r, 'wire')}\nendmodule\n`);
