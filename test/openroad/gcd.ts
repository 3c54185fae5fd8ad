/** A small design: greatest common divisor of two 16-bit numbers by subtraction; about 300 cells with synthesis. */
import type { Rtl } from '../support/physical-designs.ts';

const TEXT = `
module gcd (input clk, input reset, input start, input [15:0] a, input [15:0] b,
  output reg [15:0] result, output reg done);
  reg [15:0] x, y;
  reg busy;
  wire isLess = x < y;
  wire [15:0] larger = isLess ? y : x;
  wire [15:0] smaller = isLess ? x : y;
  wire [15:0] difference = larger - smaller;
  always @(posedge clk) begin
    done <= 1'b0;
    if (reset) begin
      busy <= 1'b0;
      x <= 16'd0;
      y <= 16'd0;
      result <= 16'd0;
    end else if (!busy) begin
      if (start) begin
        x <= a;
        y <= b;
        busy <= 1'b1;
      end
    end else if (smaller == 16'd0) begin
      result <= larger;
      done <= 1'b1;
      busy <= 1'b0;
    end else begin
      x <= difference;
      y <= smaller;
    end
  end
endmodule
`;

export const gcdRtl = (): Rtl => ({ top: 'gcd', sources: [{ name: 'gcd.v', text: TEXT }] });
