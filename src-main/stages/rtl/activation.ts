/** Activation memory in flip-flops: one read port, one write port, bytes writable alone. */
import type { Shape } from './shape.ts';
import { lines, range, source } from './text.ts';

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
${lines(K, (j) => `  reg [7:0] bytes_${j} [0:${s.words - 1}];`)}
  wire ${range(A - KB)} read_word = read_address[${A - 1}:${KB}];
  wire ${range(8 * K)} word = {${Array.from({ length: K }, (_, j) => `bytes_${K - 1 - j}[read_word]`).join(', ')}};
  always @(posedge clk) begin
${lines(K, (j) => `    if (enable[${j}]) bytes_${j}[write_word] <= write_data[${8 * j} +: 8];`)}
  end
  // Packed maps hold several pixels in a word; ${s.byteOffsets.length} offsets are possible.
${offsetMux(s)}
endmodule
`);
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
    for (const o of [...wanted].reverse()) text = `${offset} == ${KB}'d${o} ? word[${8 * (j + o)} +: 8] : ${text}`;
    return `  assign read_data[${8 * j} +: 8] = ${text};`;
  });
}
