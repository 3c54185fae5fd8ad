/** Activation memory in flip-flops: one read port, one write port, bytes writable alone. */
import type { Shape } from './shape.ts';
import { lines, range, source } from './text.ts';

/** Up to this many words the selection is written out: one line per word, ANDed and ORed. */
const SELECTED_WORDS = 64;

export function activationModule(s: Shape): string {
  const K = s.chip.columns;
  const A = s.addressBits;
  const KB = s.columnBits;
  return source(`
// ${s.chip.activationBytes} bytes as ${s.words} words. A read gives the word with the addressed byte moved down to byte 0.
module ${s.chip.name}_activation (
  input  wire clk,
  input  wire ${range(K)} enable,
  input  wire ${range(A - KB)} write_word,
  input  wire ${range(8 * K)} write_data,
  input  wire ${range(A)} read_address,
  output wire ${range(8 * K)} read_data
);
  wire ${range(A - KB)} read_word = read_address[${A - 1}:${KB}];
${s.words <= SELECTED_WORDS ? selectedWords(s) : indexedWords(s)}
  // Packed maps hold several pixels in a word; ${s.byteOffsets.length} offsets are possible.
${offsetMux(s)}
endmodule
`);
}

/** One select line per word: synthesis makes AND-OR gates of it, fewer cells than a tree of multiplexers. */
function selectedWords(s: Shape): string {
  const K = s.chip.columns;
  const bits = s.addressBits - s.columnBits;
  return `  wire ${range(s.words)} write_select, read_select;
  wire ${range(8 * K)} chosen [0:${s.words - 1}];
  genvar i;
  generate
    for (i = 0; i < ${s.words}; i = i + 1) begin : store
      reg ${range(8 * K)} held;
      assign write_select[i] = write_word == i[${bits - 1}:0];
      assign read_select[i] = read_word == i[${bits - 1}:0];
      assign chosen[i] = held & {${8 * K}{read_select[i]}};
      always @(posedge clk) begin
${lines(K, (j) => `        if (write_select[i] & enable[${j}]) held[${8 * j} +: 8] <= write_data[${8 * j} +: 8];`)}
      end
    end
  endgenerate
  reg ${range(8 * K)} word;
  integer n;
  always @* begin
    word = {${8 * K}{1'b0}};
    for (n = 0; n < ${s.words}; n = n + 1) word = word | chosen[n];
  end`;
}

function indexedWords(s: Shape): string {
  const K = s.chip.columns;
  return `${lines(K, (j) => `  reg [7:0] bytes_${j} [0:${s.words - 1}];`)}
  wire ${range(8 * K)} word = {${Array.from({ length: K }, (_, j) => `bytes_${K - 1 - j}[read_word]`).join(', ')}};
  always @(posedge clk) begin
${lines(K, (j) => `    if (enable[${j}]) bytes_${j}[write_word] <= write_data[${8 * j} +: 8];`)}
  end`;
}

function offsetMux(s: Shape): string {
  const K = s.chip.columns;
  const KB = s.columnBits;
  const offset = `read_address[${KB - 1}:0]`;
  return lines(K, (j) => {
    // Byte j is wanted from offset o only if a packed pixel at o has a byte j: j below o's lowest set bit.
    // The output stream reads single bytes, so byte 0 is wanted from everywhere.
    const offsets = j === 0 ? Array.from({ length: K }, (_, o) => o) : s.byteOffsets;
    const wanted = offsets.filter((o) => o > 0 && j < (o & -o) && j + o < K);
    let text = `word[${8 * j} +: 8]`;
    for (const o of [...wanted].reverse())
      text = `${offset} == ${KB}'d${o} ? word[${8 * (j + o)} +: 8] : ${text}`;
    return `  assign read_data[${8 * j} +: 8] = ${text};`;
  });
}
