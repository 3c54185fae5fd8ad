// Greatest common divisor by subtraction: when to load, subtract, swap, answer.
`include "gcd_states.vh"
module gcd_control (
  input  wire clk,
  input  wire reset,
  input  wire request,
  input  wire taken,
  input  wire less,
  input  wire zero,
  output wire load,
  output wire swap,
  output wire subtract,
  output wire ready,
  output wire valid
);
  reg [1:0] state;
  assign ready = state == `GCD_IDLE;
  assign valid = state == `GCD_DONE;
  assign load = ready & request;
  assign swap = state == `GCD_CALC & less;
  assign subtract = state == `GCD_CALC & ~less & ~zero;
  always @(posedge clk)
    if (reset) state <= `GCD_IDLE;
    else
      case (state)
        `GCD_IDLE: if (request) state <= `GCD_CALC;
        `GCD_CALC: if (~less & zero) state <= `GCD_DONE;
        default: if (taken) state <= `GCD_IDLE;
      endcase
endmodule
