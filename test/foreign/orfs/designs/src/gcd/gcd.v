// Greatest common divisor by subtraction: registers and the subtractor.
module gcd (
  input  wire clk,
  input  wire reset,
  input  wire req_val,
  output wire req_rdy,
  input  wire [`GCD_WIDTH-1:0] req_a,
  input  wire [`GCD_WIDTH-1:0] req_b,
  output wire resp_val,
  input  wire resp_rdy,
  output wire [`GCD_WIDTH-1:0] resp
);
  reg [`GCD_WIDTH-1:0] a, b;
  wire load, swap, subtract;
  gcd_control control (
    .clk(clk), .reset(reset), .request(req_val), .taken(resp_rdy), .less(a < b), .zero(b == 0),
    .load(load), .swap(swap), .subtract(subtract), .ready(req_rdy), .valid(resp_val)
  );
  assign resp = a;
  always @(posedge clk)
    if (load) begin
      a <= req_a;
      b <= req_b;
    end else if (swap) begin
      a <= b;
      b <= a;
    end else if (subtract) a <= a - b;
endmodule
