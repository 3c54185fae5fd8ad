// A pulse-width modulator with an asynchronous reset: what a small tile of a shared chip looks like.
module pulse #(
    parameter WIDTH = 6
) (
    input  logic             clk,
    input  logic             rst_n,
    input  logic             load,
    input  logic [WIDTH-1:0] level,
    output logic             out,
    output logic             wrap
);
  logic [WIDTH-1:0] count, limit;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      count <= '0;
      limit <= '0;
    end else begin
      count <= count + 1'b1;
      if (load) limit <= level;
    end
  assign out  = count < limit;
  assign wrap = &count;
endmodule
