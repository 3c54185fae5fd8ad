/** RTL of designs for placing and routing: arrays of any size, and control-dominated logic of our own engine. */
import type { Chip } from '../../src-main/stages/chip/index.ts';
import { generateRtl } from '../../src-main/stages/rtl/index.ts';
import type { SourceFile } from '../../src-main/stages/rtl/types.ts';
import { chipOf } from './chips.ts';

export interface Rtl {
  readonly top: string;
  readonly sources: readonly SourceFile[];
}

/**
 * An output-stationary systolic array, `side` x `side`: each element multiplies bytes from west and north into a
 * 24-bit accumulator and hands them on; a shift chain of each column brings the sums out. About 475 cells an element.
 */
export function systolicRtl(side: number): Rtl {
  const text = `
module element (input clk, input clear, input drain,
  input signed [7:0] west, input signed [7:0] north, input [23:0] above,
  output reg signed [7:0] east, output reg signed [7:0] south, output reg [23:0] sum);
  wire signed [15:0] product = west * north;
  always @(posedge clk) begin
    east <= west;
    south <= north;
    if (drain) sum <= above;
    else if (clear) sum <= {{8{product[15]}}, product};
    else sum <= sum + {{8{product[15]}}, product};
  end
endmodule
module systolic (input clk, input clear, input drain,
  input [${8 * side - 1}:0] west, input [${8 * side - 1}:0] north, output [${24 * side - 1}:0] sums);
  wire [7:0] h [0:${side * (side + 1) - 1}];
  wire [7:0] v [0:${side * (side + 1) - 1}];
  wire [23:0] s [0:${side * (side + 1) - 1}];
  genvar r, c;
  generate
    for (r = 0; r < ${side}; r = r + 1) begin : edges
      assign h[r * ${side + 1}] = west[8 * r +: 8];
      assign v[r] = north[8 * r +: 8];
      assign s[r] = 24'd0;
      assign sums[24 * r +: 24] = s[${side * side} + r];
    end
    for (r = 0; r < ${side}; r = r + 1) begin : rows
      for (c = 0; c < ${side}; c = c + 1) begin : columns
        element e (.clk(clk), .clear(clear), .drain(drain),
          .west(h[r * ${side + 1} + c]), .north(v[r * ${side} + c]), .above(s[r * ${side} + c]),
          .east(h[r * ${side + 1} + c + 1]), .south(v[(r + 1) * ${side} + c]), .sum(s[(r + 1) * ${side} + c]));
      end
    end
  endgenerate
endmodule
`;
  return { top: 'systolic', sources: [{ name: 'systolic.v', text }] };
}

/**
 * The programmable engine with its sequencer, all modes and small memories of flops: about 17,000 cells, hardly a
 * repeated structure.
 */
export function controlRtl(more: Partial<Chip> = {}): Rtl {
  const chip = chipOf(1, 8, {
    lanes: 2,
    activationBytes: 64,
    weightWords: 12,
    parameterBlocks: 2,
    programWords: 8,
    memory: 'flops',
    depthwise: true,
    add: true,
    ...more,
  });
  return generateRtl(chip, null);
}
