/** LDW and LDP: the weight stream to the memories of weights, biases and scales. */
import { biasBits, scaleBits } from '../chip/index.ts';
import { addressBitsOf } from './memory.ts';
import { biasMemory, scaleMemory } from './program.ts';
import type { Shape } from './shape.ts';
import { bitsFor, literal, range, source } from './text.ts';

export function weightLoadModule(s: Shape): string {
  const { chip } = s;
  const beat = 8 * chip.streamBytes;
  const T = s.beatBits;
  const parts = bitsFor(s.groups + 1);
  const scaleAddress = addressBitsOf(scaleMemory(s));
  const blockAddress = addressBitsOf(biasMemory(s));
  const ends = (bits: number): string => `beat == ${literal(T, Math.ceil(bits / beat) - 1)}`;
  return source(`
// Takes beats of ${chip.streamBytes} bytes: a weight word in ${Math.ceil((8 * chip.columns) / beat)}, a block of parameters as its bias word and then
// its ${s.groups} scale word${s.groups > 1 ? 's' : ''}, each from a beat of its own.
module ${chip.name}_weight_load (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire parameters,            // LDP
  input  wire [19:0] first,
  input  wire [15:0] count,          // minus 1
  input  wire w_valid,
  output reg  busy,
  output wire done,
  output wire write_weights,
  output wire write_biases,
  output wire write_scales,
  output wire ${range(s.weightBits)} w_weights,
  output wire ${range(blockAddress)} w_biases,
  output wire ${range(scaleAddress)} w_scales,
  output wire ${range(T)} w_beat
);
  reg is_parameters;
  reg [19:0] at;
  reg [15:0] left;
  reg ${range(T)} beat;
  reg ${range(parts)} part;          // bias word, then group by group
  wire is_bias = part == ${literal(parts, 0)};
  wire step = busy & w_valid;
  wire word_ends = is_parameters ? (is_bias ? ${ends(biasBits(chip))} : ${ends(scaleBits(chip))}) : ${ends(8 * chip.columns)};
  wire item_ends = word_ends & (~is_parameters | part == ${literal(parts, s.groups)});
  assign done = step & item_ends & left == 16'd0;
  assign write_weights = step & ~is_parameters;
  assign write_biases = step & is_parameters & is_bias;
  assign write_scales = step & is_parameters & ~is_bias;
  assign w_weights = at[${s.weightBits - 1}:0];
  assign w_biases = at[${blockAddress - 1}:0];
${s.groups > 1 ? `  wire ${range(parts)} group = part - ${literal(parts, 1)};\n` : ''}  assign w_scales = ${s.groups > 1 ? `{at[${s.blockBits - 1}:0], group[${s.groupBits - 1}:0]}` : `at[${s.blockBits - 1}:0]`};
  assign w_beat = beat;
  always @(posedge clk) begin
    if (!rst_n) busy <= 1'b0;
    else if (start) busy <= 1'b1;
    else if (done) busy <= 1'b0;
    if (start) begin
      is_parameters <= parameters;
      at <= first;
      left <= count;
      beat <= ${literal(T, 0)};
      part <= ${literal(parts, 0)};
    end else if (step) begin
      beat <= word_ends ? ${literal(T, 0)} : beat + ${literal(T, 1)};
      if (word_ends & is_parameters) part <= item_ends ? ${literal(parts, 0)} : part + ${literal(parts, 1)};
      if (item_ends) begin
        at <= at + 20'd1;
        left <= left - 16'd1;
      end
    end
  end
  wire unused = &{1'b0, at${s.groups > 1 && parts > s.groupBits ? ', group' : ''}};
endmodule
`);
}
