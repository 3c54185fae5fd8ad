/** AXI4-Lite and AXI4-Stream around the core, and what both hosts share: the loader. */
import { HOST_ID, partsOfRegions, registerAddress } from './host-map.ts';
import type { Shape } from './shape.ts';
import { lines, range, source } from './text.ts';

/** Where a word of 32 bits goes, and where the next one. */
export function loaderModule(s: Shape): string {
  const parts = partsOfRegions(s.chip);
  return source(`
// The core's host port from a stream of 32-bit words: part after part, word after word. Closed while the core runs.
module ${s.chip.name}_loader (
  input  wire clk,
  input  wire run,
  input  wire target_write,
  input  wire [28:0] target,       // region, word, part
  input  wire data_write,
  input  wire [31:0] data,
  output wire hw_valid,
  output reg  [1:0] hw_region,
  output reg  [19:0] hw_word,
  output reg  [6:0] hw_part,
  output wire [31:0] hw_data
);
  assign hw_valid = data_write & ~run;
  assign hw_data = data;
  reg [6:0] last;
  always @* begin
    case (hw_region)
${lines(3, (i) => `      2'd${i}: last = 7'd${parts[i]! - 1};`)}
      default: last = 7'd${parts[3]! - 1};
    endcase
  end
  always @(posedge clk)
    if (target_write) {hw_region, hw_word, hw_part} <= target;
    else if (hw_valid) begin
      hw_part <= hw_part == last ? 7'd0 : hw_part + 7'd1;
      if (hw_part == last) hw_word <= hw_word + 20'd1;
    end
endmodule
`);
}

/** The core and its loader, for a wrapper that has clk, run and the wires named here. */
export function coreInstance(s: Shape, clock: string, ports: string): string {
  const { name } = s.chip;
  return `  wire hw_valid;
  wire [1:0] hw_region;
  wire [19:0] hw_word;
  wire [6:0] hw_part;
  wire [31:0] hw_data, counter_data;
  wire busy;
  ${name}_loader loader (
    .clk(${clock}), .run(run), .target_write(target_write), .target(target), .data_write(data_write), .data(data),
    .hw_valid(hw_valid), .hw_region(hw_region), .hw_word(hw_word), .hw_part(hw_part), .hw_data(hw_data));
  ${name} core (
    .clk(${clock}), .rst_n(run), .hw_valid(hw_valid), .hw_region(hw_region), .hw_word(hw_word), .hw_part(hw_part), .hw_data(hw_data),
    .counter_index(counter_index), .counter_data(counter_data), .busy(busy),
    ${ports});`;
}

const register = (name: string): string => `6'd${registerAddress(name) / 4}`;

export function axiModule(s: Shape): string {
  const { name, rows, columns, lanes, streamBytes: B } = s.chip;
  const W = s.weightStream;
  const shape = rows + columns * 2 ** 8 + lanes * 2 ** 16 + B * 2 ** 24;
  const ports = `.in_valid(s_axis_tvalid & run), .in_ready(in_ready), .in_data(s_axis_tdata),${W ? '\n    .w_valid(s_axis_w_tvalid & run), .w_ready(w_ready), .w_data(s_axis_w_tdata),' : ''}
    .out_valid(out_valid), .out_ready(m_axis_tready & run), .out_data(m_axis_tdata), .out_last(m_axis_tlast)`;
  return source(`
// ${name} with AXI4-Lite for control and AXI4-Stream for data. Generated; registers: see the page on hosts.
module ${name}_axi (
  input  wire aclk,
  input  wire aresetn,            // synchronous, active low
  input  wire s_axi_awvalid,
  output wire s_axi_awready,
  input  wire [7:0] s_axi_awaddr,
  input  wire s_axi_wvalid,
  output wire s_axi_wready,
  input  wire [31:0] s_axi_wdata,
  input  wire [3:0] s_axi_wstrb,
  output reg  s_axi_bvalid,
  input  wire s_axi_bready,
  output reg  [1:0] s_axi_bresp,
  input  wire s_axi_arvalid,
  output wire s_axi_arready,
  input  wire [7:0] s_axi_araddr,
  output reg  s_axi_rvalid,
  input  wire s_axi_rready,
  output reg  [31:0] s_axi_rdata,
  output reg  [1:0] s_axi_rresp,
  input  wire s_axis_tvalid,      // input tensors
  output wire s_axis_tready,
  input  wire ${range(8 * B)} s_axis_tdata,
${W ? `  input  wire s_axis_w_tvalid,    // weights and parameters\n  output wire s_axis_w_tready,\n  input  wire ${range(8 * B)} s_axis_w_tdata,\n` : ''}  output wire m_axis_tvalid,      // output tensors
  input  wire m_axis_tready,
  output wire ${range(8 * B)} m_axis_tdata,
  output wire m_axis_tlast
);
  localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10;
  reg run;                        // the core's reset, active low

  // Writes: address and data are held until both are there and the response before has been taken.
  reg aw_held, w_held;
  reg [7:0] aw_address;
  reg [31:0] w_word;
  reg [3:0] w_strobe;
  assign s_axi_awready = ~aw_held;
  assign s_axi_wready = ~w_held;
  wire write = aw_held & w_held & ~s_axi_bvalid;
  wire whole = w_strobe == 4'hf & aw_address[1:0] == 2'd0;
  wire to_control = whole & aw_address[7:2] == ${register('CONTROL')};
  wire to_target = whole & aw_address[7:2] == ${register('TARGET')};
  wire to_data = whole & aw_address[7:2] == ${register('DATA')} & ~run;
  always @(posedge aclk) begin
    if (!aresetn) begin
      aw_held <= 1'b0;
      w_held <= 1'b0;
      s_axi_bvalid <= 1'b0;
      run <= 1'b0;
    end else begin
      if (write) aw_held <= 1'b0;
      else if (s_axi_awvalid) aw_held <= 1'b1;
      if (write) w_held <= 1'b0;
      else if (s_axi_wvalid) w_held <= 1'b1;
      if (write) s_axi_bvalid <= 1'b1;
      else if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (write & to_control) run <= w_word[0];
    end
    if (s_axi_awvalid & ~aw_held) aw_address <= s_axi_awaddr;
    if (s_axi_wvalid & ~w_held) begin
      w_word <= s_axi_wdata;
      w_strobe <= s_axi_wstrb;
    end
    if (write) s_axi_bresp <= to_control | to_target | to_data ? OKAY : SLVERR;
  end

  // Reads: the core's counters come a cycle after their index.
  reg ar_held, ar_waited;
  reg [7:0] ar_address;
  reg [32:0] read;                // whether there is such a register, and its value
  assign s_axi_arready = ~ar_held;
  wire [2:0] counter_index = ar_address[4:2];
  always @* begin
    casez (ar_address)
      {${register('CONTROL')}, 2'd0}: read = {32'h80000000, run};
      {${register('STATUS')}, 2'd0}: read = {31'h40000000, run, busy};
      {${register('ID')}, 2'd0}: read = {1'b1, 32'h${HOST_ID.toString(16)}};
      {${register('SHAPE')}, 2'd0}: read = {1'b1, 32'd${shape}};
      8'b0010_0?00, 8'b0010_1000, 8'b0010_1100, 8'b0011_0?00: read = {1'b1, counter_data};
      default: read = 33'd0;
    endcase
  end
  always @(posedge aclk) begin
    if (!aresetn) begin
      ar_held <= 1'b0;
      ar_waited <= 1'b0;
      s_axi_rvalid <= 1'b0;
    end else begin
      if (s_axi_rvalid & s_axi_rready) ar_held <= 1'b0;
      else if (s_axi_arvalid) ar_held <= 1'b1;
      ar_waited <= ar_held & ~s_axi_rvalid;
      if (s_axi_rvalid) s_axi_rvalid <= ~s_axi_rready;
      else if (ar_waited) s_axi_rvalid <= 1'b1;
    end
    if (s_axi_arvalid & ~ar_held) ar_address <= s_axi_araddr;
    if (ar_waited & ~s_axi_rvalid) begin
      s_axi_rdata <= read[31:0];
      s_axi_rresp <= read[32] ? OKAY : SLVERR;
    end
  end

  wire target_write = write & to_target;
  wire [28:0] target = w_word[28:0];
  wire data_write = write & to_data;
  wire [31:0] data = w_word;
  wire in_ready, out_valid;
  assign s_axis_tready = in_ready & run;
  assign m_axis_tvalid = out_valid & run;
${W ? '  wire w_ready;\n  assign s_axis_w_tready = w_ready & run;\n' : ''}${coreInstance(s, 'aclk', ports)}
endmodule
`);
}
