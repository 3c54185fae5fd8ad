/** An SPI slave around the core. */
import { coreInstance } from './host-axi.ts';
import { commandCode } from './host-map.ts';
import type { Shape } from './shape.ts';
import { bitsFor, lines, range, source } from './text.ts';

type Command = Parameters<typeof commandCode>[0];
const code = (name: Command): string => `8'd${commandCode(name)}`;

/** Bytes gathered to a beat of the core's stream. */
const intake = (s: Shape, name: string, command: Command): string => {
  const B = s.chip.streamBytes;
  const bits = bitsFor(B);
  return `  reg ${name}_valid;
  reg ${range(8 * B)} ${name}_data;
${B > 1 ? `  reg ${range(bits)} ${name}_at;\n` : ''}  wire ${name}_ready;
  wire ${name}_take = byte_done & ~is_command & granted & command == ${code(command)};
  always @(posedge clk) begin
    if (!run) begin
      ${name}_valid <= 1'b0;
${B > 1 ? `      ${name}_at <= ${bits}'d0;\n` : ''}    end else begin
      if (${name}_take${B > 1 ? ` & ${name}_at == ${bits}'d${B - 1}` : ''}) ${name}_valid <= 1'b1;
      else if (${name}_ready) ${name}_valid <= 1'b0;
${B > 1 ? `      if (${name}_take) ${name}_at <= ${name}_at + ${bits}'d1;\n` : ''}    end
${B > 1 ? lines(B, (i) => `    if (${name}_take & ${name}_at == ${bits}'d${i}) ${name}_data[${8 * i} +: 8] <= received;`) : `    if (${name}_take) ${name}_data <= received;`}
  end
`;
};

export function spiModule(s: Shape): string {
  const { name, streamBytes: B } = s.chip;
  const W = s.weightStream;
  const bits = bitsFor(B);
  const ports = `.in_valid(in_valid), .in_ready(in_ready), .in_data(in_data),${W ? '\n    .w_valid(w_valid), .w_ready(w_ready), .w_data(w_data),' : ''}
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data), .out_last(out_last)`;
  return source(`
// ${name} with an SPI slave, mode 0. Generated; commands: see the page on hosts. sck at most clk / 8.
module ${name}_spi (
  input  wire clk,
  input  wire rst_n,              // synchronous, active low
  input  wire sck,
  input  wire cs_n,
  input  wire mosi,
  output wire miso
);
  // Two flip-flops for each pin, a third to see edges.
  reg [2:0] sck_seen;
  reg [1:0] cs_seen, mosi_seen;
  always @(posedge clk) begin
    sck_seen <= {sck_seen[1:0], sck};
    cs_seen <= {cs_seen[0], cs_n};
    mosi_seen <= {mosi_seen[0], mosi};
  end
  wire selected = ~cs_seen[1];
  wire rise = selected & sck_seen[2:1] == 2'b01;
  wire fall = selected & sck_seen[2:1] == 2'b10;

  reg run;                        // the core's reset, active low
  reg [2:0] bit_at;
  reg [7:0] received;             // complete when byte_done
  reg byte_done;
  reg is_command, odd;            // the byte under way is the command; is the second of a pair
  reg [1:0] at;                   // of a word
  reg [7:0] command;
  reg [31:0] word;
  reg word_done;
  wire load = fall & bit_at == 3'd0;
  always @(posedge clk) begin
    byte_done <= rise & bit_at == 3'd7;
    if (rise) received <= {received[6:0], mosi_seen[1]};
    if (!selected) begin
      bit_at <= 3'd0;
      is_command <= 1'b1;
      odd <= 1'b0;
      at <= 2'd0;
    end else begin
      if (rise) bit_at <= bit_at + 3'd1;
      if (byte_done) begin
        is_command <= 1'b0;
        if (is_command) command <= received;
        else begin
          odd <= ~odd;
          at <= at + 2'd1;
          word <= {word[23:0], received};
        end
      end
    end
    if (!rst_n) begin
      word_done <= 1'b0;
      run <= 1'b0;
    end else begin
      word_done <= byte_done & ~is_command & at == 2'd3;
      if (byte_done & ~is_command & command == ${code('CONTROL')}) run <= received[0];
    end
  end

  // Replies are chosen at the falling edge before their first bit.
  wire out_valid;
  wire ${range(8 * B)} out_data;
  reg [2:0] counter_index;
  reg [23:0] counter_rest;
  reg [7:0] reply;
  reg granted;                    // the status promised room for the byte under way, or output
  wire [7:0] status = {3'd0, ${W ? 'run & ~w_valid' : "1'b0"}, run & out_valid & ~out_ready, run & ~in_valid, run, busy};
  wire counter_first = at == 2'd1;
  wire is_output = command == ${code('OUTPUT')} & ~is_command;
${B > 1 ? `  reg ${range(bits)} out_at;\n` : ''}  wire out_take = load & is_output & odd & granted;
  reg out_ready;
  assign miso = reply[7] & selected;
  always @(posedge clk) begin
    if (byte_done & ~is_command & at == 2'd0) counter_index <= received[2:0];
    if (!selected) reply <= status;
    else if (load) begin
      if (command == ${code('COUNTER')}) begin
        reply <= counter_first ? counter_data[31:24] : counter_rest[23:16];
        counter_rest <= counter_first ? counter_data[23:0] : {counter_rest[15:0], 8'd0};
      end else if (is_output & odd) reply <= ${B > 1 ? "out_data[{out_at, 3'd0} +: 8]" : 'out_data'};
      else reply <= status;
    end else if (fall) reply <= {reply[6:0], 1'b0};
    if (load & ~(is_output & odd)) granted <= command == ${code('INPUT')} ? status[2] : command == ${code('OUTPUT')} ? status[3] : status[4];
    out_ready <= run & out_take${B > 1 ? ` & out_at == ${bits}'d${B - 1}` : ''};
${B > 1 ? `    if (!run) out_at <= ${bits}'d0;\n    else if (out_take) out_at <= out_at + ${bits}'d1;\n` : ''}  end

${intake(s, 'in', 'INPUT')}
${W ? intake(s, 'w', 'WEIGHTS') : ''}
  wire target_write = word_done & command == ${code('TARGET')};
  wire [28:0] target = word[28:0];
  wire data_write = word_done & command == ${code('DATA')};
  wire [31:0] data = word;
  wire out_last;
  wire unused_last = out_last;
${coreInstance(s, 'clk', ports)}
endmodule
`);
}
