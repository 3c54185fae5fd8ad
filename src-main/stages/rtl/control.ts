/** Steps of the array: fetch ahead of multiply, weight pointer, and the flags that travel with a tile. */
import type { Shape } from './shape.ts';
import { literal, range, source } from './text.ts';

export function controlModule(s: Shape): string {
  const many = s.chip.rows > 1;
  const KB = s.columnBits;
  const W = s.weightBits;
  const R = s.rowBits;
  const B = s.blockBits;
  const flags = ['first_group', 'last_group', 'last_word', 'pass_end', 'final_block', 'in_map', 'row_last'];
  if (s.share) flags.push('shared');
  const steps = (text: string): string => (s.depthwise ? `x_mode ? ${literal(KB, 0)} : ${text}` : text);
  const baked = s.program !== null;
  return source(`
// While the array multiplies one group of channels the next group's word${many ? 's are' : ' is'} fetched. A word is asked for in
// one cycle, arrives in the next and is held until it is taken. A tile's last step waits until the drain can take
// its sums two cycles later.
module ${s.chip.name}_control (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire ${range(W)} x_weight,
  input  wire ${range(B)} x_param,
  input  wire ${range(KB)} x_cLast,
${s.depthwise ? '  input  wire x_mode,\n  input  wire x_hold,\n' : ''}${s.add ? '  input  wire x_fold,\n' : ''}  // from the walker, about the word it addresses
${flags.map((f) => `  input  wire ${f},`).join('\n')}
${many ? `  input  wire ${range(R)} row,\n` : ''}  output wire request,
  // to the array, about the word that has arrived
${many ? `  output wire fetch,\n  output reg  ${range(R)} arrived_row,\n` : ''}${s.share ? '  output reg  arrived_shared,\n' : ''}  output reg  arrived_in_map,
  output wire advance,
  output wire step,
  output reg  ${range(W)} weight_address,
  output reg  mac_valid,
  output reg  mac_first,
${baked ? `  output reg  ${range(B)} bias_block,` : `  output wire bias_read,\n  output wire ${range(B)} bias_next,`}
  // to the drain
  input  wire drain_ready,
  output reg  copy,
  output reg  copy_pass_end,
  output reg  copy_final,
${many ? `  output reg  ${range(R)} copy_rows,\n` : ''}  output wire active
);
  reg walking;                  // words are left to ask for
  reg arrived;                  // a word has arrived and is not yet taken
  reg ${flags
    .filter((f) => f !== 'in_map' && f !== 'shared')
    .map((f) => `arrived_${f}`)
    .join(', ')};
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
  assign advance = arrived & arrived_row_last & free;
${many ? '  assign fetch = arrived & ~arrived_row_last;\n  wire take = fetch | advance;' : '  wire take = advance;'}
  assign request = walking & (~arrived | take);
  assign active = walking | arrived | multiplying | mac_valid | copy;

  always @(posedge clk) begin
    if (!rst_n) begin
      walking <= 1'b0;
      arrived <= 1'b0;
      multiplying <= 1'b0;
      mac_valid <= 1'b0;
      mac_last <= 1'b0;
      copy <= 1'b0;
    end else begin
      if (start) walking <= 1'b1;
      else if (request & row_last & last_group & pass_end & final_block) walking <= 1'b0;
      if (request) arrived <= 1'b1;
      else if (take) arrived <= 1'b0;
      if (advance) multiplying <= 1'b1;
      else if (step & ending) multiplying <= 1'b0;
      mac_valid <= step;
      mac_last <= step & tile_ends;
      copy <= mac_last;
    end
  end

  always @(posedge clk) begin
    if (request) begin
${flags.map((f) => `      arrived_${f} <= ${f};`).join('\n')}
${many ? '      arrived_row <= row;\n' : ''}    end
    if (advance) begin
      left <= ${steps(`arrived_last_word ? x_cLast : ${literal(KB, s.chip.columns - 1)}`)};
      group_first <= arrived_first_group;
      group_last <= arrived_last_group;
      group_pass_end <= arrived_pass_end;
      group_final <= arrived_final_block;
${many ? '      group_rows <= arrived_row;\n' : ''}    end else if (step) begin
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
    end else if (step${s.depthwise ? ' & ~x_hold' : ''}) begin
      if (tile_ends & ~group_pass_end) weight_address <= weight_base;
      else weight_address <= weight_address + ${literal(W, 1)};
      if (tile_ends & group_pass_end) weight_base <= weight_address + ${literal(W, 1)};
    end
  end

${
  baked
    ? `  always @(posedge clk)
    if (start) bias_block <= x_param;
    else if (mac_last & mac_pass_end${s.add ? ' & ~x_fold' : ''}) bias_block <= bias_block + ${literal(B, 1)};`
    : `  reg ${range(B)} bias_block;
  // Not after the last block: what follows it may be written meanwhile.
  assign bias_read = start | (mac_last & mac_pass_end & ~mac_final${s.add ? ' & ~x_fold' : ''});
  assign bias_next = start ? x_param : bias_block + ${literal(B, 1)};
  always @(posedge clk) if (bias_read) bias_block <= bias_next;`
}
endmodule
`);
}
