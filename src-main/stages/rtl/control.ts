/** Steps of the array: fetch ahead of multiply, weight pointer, and the flags that travel with a tile. */
import type { Shape } from './shape.ts';
import { literal, range, source } from './text.ts';

export function controlModule(s: Shape): string {
  const many = s.chip.rows > 1;
  const KB = s.columnBits;
  const W = s.weightBits;
  const R = s.rowBits;
  const B = s.blockBits;
  return source(`
// While the array multiplies one group of channels the next group's word${many ? 's are' : ' is'} fetched.
// A tile's last step waits until the drain can take its sums two cycles later.
module ${s.chip.name}_control (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire ${range(W)} x_weight,
  input  wire ${range(B)} x_param,
  input  wire ${range(KB)} x_cLast,
  // from the walker
  input  wire first_group,
  input  wire last_group,
  input  wire last_word,
  input  wire pass_end,
  input  wire final_block,
  input  wire row_last,
${many ? `  input  wire ${range(R)} tile_rows,\n  output wire fetch,\n` : ''}  output wire advance,
  // to the array
  output wire step,
  output reg  ${range(W)} weight_address,
  output reg  mac_valid,
  output reg  mac_first,
  output reg  ${range(B)} bias_block,
  // to the drain
  input  wire drain_ready,
  output reg  copy,
  output reg  copy_pass_end,
  output reg  copy_final,
${many ? `  output reg  ${range(R)} copy_rows,\n` : ''}  output wire active
);
  reg fetching;                 // groups are left to fetch
  reg multiplying;              // a group is in the array
  reg ${range(KB)} left;        // its channels to come, minus 1
  reg group_first, group_last, group_pass_end, group_final;
  reg mac_last, mac_pass_end, mac_final;
  reg ${range(W)} weight_base;  // first weight of this channel block
${many ? `  reg ${range(R)} group_rows, mac_rows;\n` : ''}
  wire ending = left == ${literal(KB, 0)};
  wire tile_ends = ending & group_last;
  assign step = multiplying & (~tile_ends | (drain_ready & ~mac_last & ~copy));
  wire free = ~multiplying | (step & ending);
  assign advance = fetching & row_last & free;
${many ? '  assign fetch = fetching & (~row_last | free);\n' : ''}  assign active = fetching | multiplying | mac_valid | copy;

  always @(posedge clk) begin
    if (!rst_n) begin
      fetching <= 1'b0;
      multiplying <= 1'b0;
      mac_valid <= 1'b0;
      mac_last <= 1'b0;
      copy <= 1'b0;
    end else begin
      if (start) fetching <= 1'b1;
      else if (advance & last_group & pass_end & final_block) fetching <= 1'b0;
      if (advance) multiplying <= 1'b1;
      else if (step & ending) multiplying <= 1'b0;
      mac_valid <= step;
      mac_last <= step & tile_ends;
      copy <= mac_last;
    end
  end

  always @(posedge clk) begin
    if (advance) begin
      left <= last_word ? x_cLast : ${literal(KB, s.chip.columns - 1)};
      group_first <= first_group;
      group_last <= last_group;
      group_pass_end <= pass_end;
      group_final <= final_block;
${many ? '      group_rows <= tile_rows;\n' : ''}    end else if (step) begin
      left <= left - ${literal(KB, 1)};
      group_first <= 1'b0;
    end
    mac_first <= group_first;
    mac_pass_end <= group_pass_end;
    mac_final <= group_final;
    copy_pass_end <= mac_pass_end;
    copy_final <= mac_final;
${many ? '    mac_rows <= group_rows;\n    copy_rows <= mac_rows;\n' : ''}
    if (start) begin
      weight_address <= x_weight;
      weight_base <= x_weight;
    end else if (step) begin
      if (tile_ends & ~group_pass_end) weight_address <= weight_base;
      else weight_address <= weight_address + ${literal(W, 1)};
      if (tile_ends & group_pass_end) weight_base <= weight_address + ${literal(W, 1)};
    end

    if (start) bias_block <= x_param;
    else if (mac_last & mac_pass_end) bias_block <= bias_block + ${literal(B, 1)};
  end
endmodule
`);
}
