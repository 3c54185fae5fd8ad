/** Operand registers and the P x K processing elements. */
import type { Shape } from './shape.ts';
import { lines, literal, range, source } from './text.ts';

export function peModule(s: Shape): string {
  const N = s.chip.accumulatorBits;
  return source(
    `
// One processing element: signed 8 x 8 product into a ${N}-bit sum that starts from the bias.
module ${s.chip.name}_pe (
  input  wire clk,
  input  wire valid,
  input  wire first,
  input  wire signed [7:0] a,
  input  wire signed [7:0] w,
  input  wire signed ${range(N)} bias,
  output reg  signed ${range(N)} sum
);
  wire signed [15:0] product = a * w;
  always @(posedge clk)
    if (valid) sum <= (first ? bias : sum) + {{${N - 16}{product[15]}}, product};
endmodule
`.replace('{{0{product[15]}}, product}', 'product'),
  );
}

export function arrayModule(s: Shape): string {
  const { rows: P, columns: K, accumulatorBits: N } = s.chip;
  const many = P > 1;
  const operand = s.depthwise ? 8 * K : 8;
  const next = (p: number): string => {
    const fetchedOrAhead = p === P - 1 ? 'fetched' : `row == ${literal(s.rowBits, p)} ? fetched : ahead_${p}`;
    return s.share && p < P - 1
      ? `shared & linked[${p}] ? word_${p + 1} : ${fetchedOrAhead}`
      : fetchedOrAhead;
  };
  return source(`
// ${P} x ${K} processing elements. Each row shifts its pixel's word down byte by byte${s.depthwise ? ', or in depthwise mode gives each\n// column its own byte' : ''}; the bytes of the weight word go to the columns, a cycle after the step, from the memory's
// output register. Activations are registered before the multipliers.
module ${s.chip.name}_array (
  input  wire clk,
${s.depthwise ? '  input  wire depthwise,\n' : ''}${s.share ? `  input  wire shared,         // the group's linked rows take the word that the next row has\n  input  wire ${range(P - 1)} linked,\n` : ''}  input  wire advance,
${many ? `  input  wire fetch,\n  input  wire ${range(s.rowBits)} row,\n` : ''}  input  wire step,
  input  wire ${range(8 * K)} fetched,
  input  wire ${range(8 * K)} weight_word,
  input  wire mac_valid,
  input  wire mac_first,
  input  wire ${range(K * N)} bias,
  output wire ${range(P * K * N)} sums
);
${lines(P, (p) => `  reg ${range(8 * K)} word_${p};          // bytes of pixel ${p} still to multiply\n  reg ${range(operand)} a_${p};`)}
${many ? lines(P - 1, (p) => `  reg ${range(8 * K)} ahead_${p};         // the next group's word`) : ''}

  always @(posedge clk) begin
${lines(P, (p) => `    a_${p} <= ${s.depthwise ? `depthwise ? word_${p} : {${K}{word_${p}[7:0]}}` : `word_${p}[7:0]`};`)}
${many ? lines(P - 1, (p) => `    if (fetch & row == ${literal(s.rowBits, p)}) ahead_${p} <= fetched;`) : ''}
    if (advance) begin
${lines(P, (p) => `      word_${p} <= ${next(p)};`)}
    end else if (step${s.depthwise ? ' & ~depthwise' : ''}) begin
${lines(P, (p) => `      word_${p} <= {8'd0, word_${p}[${8 * K - 1}:8]};`)}
    end
  end

  genvar k;
  generate
    for (k = 0; k < ${K}; k = k + 1) begin : column
${lines(
  P,
  (p) => `      ${s.chip.name}_pe pe_${p} (
        .clk(clk), .valid(mac_valid), .first(mac_first), .a(a_${p}${s.depthwise ? '[8*k +: 8]' : ''}), .w(weight_word[8*k +: 8]),
        .bias(bias[${N}*k +: ${N}]), .sum(sums[${N}*(${p * K}+k) +: ${N}]));`,
)}
    end
  endgenerate
endmodule
`);
}
