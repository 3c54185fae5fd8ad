/** Activation memory: banks, the ports of EXEC, LOAD and STORE, and the offset of packed maps. */
import { addressBitsOf, portCheck, type Memory } from './memory.ts';
import type { Shape } from './shape.ts';
import { bitsFor, lines, literal, range, source } from './text.ts';

export const activationMemory = (s: Shape): Memory => ({
  name: `${s.chip.name}_mem_activation`,
  doc: s.chip.activationBanks > 1 ? 'One bank of activation memory.' : 'Activation memory.',
  bytes: s.chip.columns,
  words: s.words / s.chip.activationBanks,
  low: s.words / s.chip.activationBanks,
  build: s.chip.memory,
});

export function activationModule(s: Shape): string {
  const { columns: K, streamBytes: B, activationBanks: banks } = s.chip;
  const A = s.addressBits;
  const KB = s.columnBits;
  const BB = Math.log2(B);
  const word = (name: string): string => `${name}[${A - 1}:${KB}]`;
  const chunk = (name: string, i: number): string =>
    BB === KB ? "1'b1" : `${name}[${KB - 1}:${BB}] == ${literal(KB - BB, Math.floor(i / B))}`;
  return source(`
// ${s.chip.activationBytes} bytes in ${banks} bank${banks > 1 ? 's' : ''}. EXEC's word comes with the addressed byte moved down to byte 0, STORE's beat likewise.
// The program never lets two engines want the same port of a bank.
module ${s.chip.name}_activation (
  input  wire clk,
  input  wire fetch_read,
  input  wire ${range(A)} fetch_address,
  output wire ${range(8 * K)} fetch_data,
  input  wire store_read,
  input  wire ${range(A)} store_address,
  output wire ${range(8 * B)} store_data,
  input  wire load_write,
  input  wire ${range(A)} load_address,
  input  wire ${range(8 * B)} load_data,
  input  wire result_write,
  input  wire ${range(A - KB)} result_word,
  input  wire ${range(K)} result_enable,
  input  wire ${range(8 * K)} result_data
);
  reg ${range(KB)} fetch_offset;
${BB < KB ? `  reg ${range(KB - BB)} store_offset;\n` : ''}  always @(posedge clk) begin
    if (fetch_read) fetch_offset <= fetch_address[${KB - 1}:0];
${BB < KB ? `    if (store_read) store_offset <= store_address[${KB - 1}:${BB}];\n` : ''}  end
  wire ${range(K)} load_enable = {${Array.from({ length: K }, (_, i) => chunk('load_address', K - 1 - i)).join(', ')}};
  wire ${range(8 * K)} load_word = {${K / B}{load_data}};
  wire ${range(8 * K)} word, store_word;
${banks === 1 ? oneBank(s, word) : manyBanks(s, word)}
  // Packed maps hold several pixels in a word; ${s.byteOffsets.length} offsets are possible.
${offsetMux(s)}
${lines(B, (i) => {
  if (BB === KB) return `  assign store_data[${8 * i} +: 8] = store_word[${8 * i} +: 8];`;
  return `  assign store_data[${8 * i} +: 8] = store_word[{store_offset, ${literal(BB + 3, 8 * i)}} +: 8];`;
})}
${BB > 0 ? `  wire unused = &{1'b0, store_address[${BB - 1}:0], load_address[${BB - 1}:0]};\n` : ''}endmodule
`);
}

function oneBank(s: Shape, word: (name: string) => string): string {
  const m = activationMemory(s);
  return `  ${m.name} bank (
    .clk(clk), .read(fetch_read | store_read), .read_address(store_read ? ${word('store_address')} : ${word('fetch_address')}), .read_data(word),
    .write(load_write | result_write), .write_address(load_write ? ${word('load_address')} : result_word),
    .write_mask(load_write ? load_enable : result_enable), .write_data(load_write ? load_word : result_data));
  assign store_word = word;
${checks('', 'fetch_read & store_read', 'load_write & result_write')}`;
}

function manyBanks(s: Shape, word: (name: string) => string): string {
  const m = activationMemory(s);
  const n = s.chip.activationBanks;
  const inBank = addressBitsOf(m);
  const all = s.addressBits - s.columnBits;
  const bankBits = all - inBank;
  const W = 8 * s.chip.columns;
  const names = ['fetch', 'store', 'load', 'result'] as const;
  const full = {
    fetch: word('fetch_address'),
    store: word('store_address'),
    load: word('load_address'),
    result: 'result_word',
  };
  return `${names.map((p) => `  wire ${range(all)} ${p}_at = ${full[p]};`).join('\n')}
${names.map((p) => `  wire ${range(bankBits)} ${p}_bank = ${p}_at[${all - 1}:${inBank}];`).join('\n')}
  reg ${range(bankBits)} fetch_from, store_from;
  always @(posedge clk) begin
    if (fetch_read) fetch_from <= fetch_bank;
    if (store_read) store_from <= store_bank;
  end
  wire ${range(W)} words [0:${2 ** bankBits - 1}];
${lines(2 ** bankBits - n, (i) => `  assign words[${n + i}] = {${W}{1'b0}};`)}
  assign word = words[fetch_from];
  assign store_word = words[store_from];
  genvar b;
  generate
    for (b = 0; b < ${n}; b = b + 1) begin : part
      wire fetch_here = fetch_read & fetch_bank == b[${bankBits - 1}:0];
      wire store_here = store_read & store_bank == b[${bankBits - 1}:0];
      wire load_here = load_write & load_bank == b[${bankBits - 1}:0];
      wire result_here = result_write & result_bank == b[${bankBits - 1}:0];
      ${m.name} bank (
        .clk(clk), .read(fetch_here | store_here), .read_address(store_here ? store_at[${inBank - 1}:0] : fetch_at[${inBank - 1}:0]), .read_data(words[b]),
        .write(load_here | result_here), .write_address(load_here ? load_at[${inBank - 1}:0] : result_at[${inBank - 1}:0]),
        .write_mask(load_here ? load_enable : result_enable), .write_data(load_here ? load_word : result_data));
${checks('    ', 'fetch_here & store_here', 'load_here & result_here')}
    end
  endgenerate`;
}

const checks = (indent: string, reads: string, writes: string): string =>
  portCheck(indent, `(${reads}) | (${writes})`, 'activation memory has two accesses to a port');

function offsetMux(s: Shape): string {
  const K = s.chip.columns;
  const KB = bitsFor(K);
  return lines(K, (j) => {
    // Byte j is wanted from offset o only if a packed pixel at o has a byte j: j below o's lowest set bit.
    const wanted = s.byteOffsets.filter((o) => o > 0 && j < (o & -o) && j + o < K);
    let text = `word[${8 * j} +: 8]`;
    for (const o of [...wanted].reverse())
      text = `fetch_offset == ${KB}'d${o} ? word[${8 * (j + o)} +: 8] : ${text}`;
    return `  assign fetch_data[${8 * j} +: 8] = ${text};`;
  });
}
