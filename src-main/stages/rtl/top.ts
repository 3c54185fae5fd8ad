/** The top module: ports, engines, memories and the wires between them. */
import { HOST_PORT, HOST_REGION, scaleBits } from './program.ts';
import type { Shape } from './shape.ts';
import { lines, range, source } from './text.ts';

export function topModule(s: Shape): string {
  const { name, rows: P, columns: K, lanes, accumulatorBits: N } = s.chip;
  const many = P > 1;
  const grouped = s.groups > 1;
  const A = s.addressBits;
  const baked = s.program !== null;
  const t = s.transfer;
  const w = (bits: number, ...names: string[]): string => `  wire ${range(bits)} ${names.join(', ')};`;
  const host = ['.hw_word(hw_word)', '.hw_part(hw_part)', '.hw_data(hw_data)'].join(', ');
  const write = (region: number): string => `hw_valid & hw_region == 2'd${region}`;
  const x = (names: string): string =>
    names
      .split(' ')
      .map((n) => `.x_${n}(x_${n})`)
      .join(', ');
  const transferFields = `.first(t_address), .run(t_run)${t.gaps ? ', .runs(t_runs), .gap(t_gap)' : ''}`;
  return source(`
// ${P} x ${K} int8 accelerator${baked ? `, baked with the program "${s.program!.name.replace(/[^\x20-\x7e]/g, '?')}"` : ''}. Generated; see the instruction set reference.
module ${name} (
  input  wire clk,
  input  wire rst_n,              // synchronous, active low
${baked ? '' : HOST_PORT.map(([n, bits]) => `  input  wire ${range(bits)} ${n},\n`).join('')}  input  wire in_valid,           // input tensor, NHWC bytes
  output wire in_ready,
  input  wire [7:0] in_data,
  output wire out_valid,          // output tensor
  input  wire out_ready,
  output wire [7:0] out_data,
  output wire out_last,
  output reg  busy                // from the first input byte to the last output byte
);
  // Program and sequencer
${w(s.pcBits, 'pc')}
${w(4, 'op', 'wait_mask', 'signal_mask')}
${w(A, 't_address')}
${w(t.runBits, 't_run')}
${t.gaps ? `${w(t.runsBits, 't_runs')}\n${w(A, 't_gap')}` : ''}
  wire t_last;
${s.fields.map((f) => w(f.width, `x_${f.name}`)).join('\n')}
  wire load_start, load_busy, load_done, store_start, store_busy, store_done, exec_start, exec_done;
  reg exec_busy;
${baked ? w(s.layerBits, 'layer') : '  wire issue;'}

  ${name}_program program_store (
${baked ? '    .pc(pc), .layer(layer),' : `    .clk(clk), .hw_write(${write(HOST_REGION.program)}), ${host}, .issue(issue), .pc(pc),`}
    .op(op), .wait_mask(wait_mask), .signal_mask(signal_mask),
    .t_address(t_address), .t_run(t_run), ${t.gaps ? '.t_runs(t_runs), .t_gap(t_gap), ' : ''}.t_last(t_last),
${s.fields.map((f) => `    .x_${f.name}(x_${f.name})`).join(',\n')});

  ${name}_sequencer sequencer (
    .clk(clk), .rst_n(rst_n), .op(op), .wait_mask(wait_mask), .signal_mask(signal_mask),
    .load_busy(load_busy), .load_done(load_done), .store_busy(store_busy), .store_done(store_done),
    .exec_busy(exec_busy), .exec_done(exec_done), .pc(pc), ${baked ? '.layer(layer)' : '.issue(issue)'},
    .load_start(load_start), .store_start(store_start), .exec_start(exec_start));

  // Streams
${w(A, 'load_address', 'store_address')}
  wire load_final, store_final;
  reg store_last;                 // out_last goes with the final byte
  assign in_ready = load_busy;
  wire load_step = load_busy & in_valid;
  assign load_done = load_step & load_final;
  ${name}_transfer load (
    .clk(clk), .rst_n(rst_n), .start(load_start), ${transferFields}, .step(load_step),
    .busy(load_busy), .address(load_address), .last(load_final));
  assign out_valid = store_busy;
  wire store_step = store_busy & out_ready;
  assign store_done = store_step & store_final;
  assign out_last = store_busy & store_final & store_last;
  ${name}_transfer store (
    .clk(clk), .rst_n(rst_n), .start(store_start), ${transferFields}, .step(store_step),
    .busy(store_busy), .address(store_address), .last(store_final));

  // Walker, control and array
${w(A, 'fetch_address')}
${w(8 * K, 'weight_word', 'act_read')}
${w(s.weightBits, 'weight_address')}
${w(s.blockBits, 'bias_block', 'scale_block')}
${w(K * N, 'bias')}
${w(P * K * N, 'sums')}
  wire in_map, first_group, last_group, last_word, pass_end, final_block, row_last, advance, step;
  wire mac_valid, mac_first, drain_ready, copy, copy_pass_end, copy_final, control_active;
${many ? `${w(s.rowBits, 'row', 'tile_rows', 'copy_rows')}\n  wire fetch;` : ''}
  ${name}_walker walker (
    .clk(clk), .rst_n(rst_n), .start(exec_start), ${many ? '.fetch(fetch), ' : ''}.advance(advance),
    ${x('inH inW kernelH kernelW cBlocks tapDx tapDy windowW windowH outW outH kBlocks')},
    ${x('dWx dWy dPx dPy dKb xInit yInit xWx xWy xPx yWy yPx yPy source')},
    .address(fetch_address), .in_map(in_map), .first_group(first_group), .last_group(last_group),
    .last_word(last_word), .pass_end(pass_end), .final_block(final_block),
    ${many ? '.row(row), .tile_rows(tile_rows), ' : ''}.row_last(row_last));

  ${name}_control control (
    .clk(clk), .rst_n(rst_n), .start(exec_start), ${x('weight param cLast')},
    .first_group(first_group), .last_group(last_group), .last_word(last_word), .pass_end(pass_end),
    .final_block(final_block), .row_last(row_last), ${many ? '.tile_rows(tile_rows), .fetch(fetch), ' : ''}.advance(advance),
    .step(step), .weight_address(weight_address), .mac_valid(mac_valid), .mac_first(mac_first), .bias_block(bias_block),
    .drain_ready(drain_ready), .copy(copy), .copy_pass_end(copy_pass_end), .copy_final(copy_final),
    ${many ? '.copy_rows(copy_rows), ' : ''}.active(control_active));

  ${name}_weights weights (
${baked ? '' : `    .clk(clk), .hw_write(${write(HOST_REGION.weights)}), ${host},\n`}    .address(weight_address), .word(weight_word));

  // Outside the map the padding byte is read.
  wire ${range(8 * K)} fetched = in_map ? act_read : {${K}{x_padByte}};
  ${name}_array array (
    .clk(clk), .advance(advance), ${many ? '.fetch(fetch), .row(row), ' : ''}.step(step), .fetched(fetched), .weight_word(weight_word),
    .mac_valid(mac_valid), .mac_first(mac_first), .bias(bias), .sums(sums));

  // Drain, requantisers and write-back
${w(s.groupBits, 'group')}
${w(lanes * N, 'values')}
${w(scaleBits(s.chip), 'scale')}
${w(s.phaseBits, 'lane_phase')}
${w(8 * lanes, 'results')}
${w(K, 'result_enable')}
${w(A - s.columnBits, 'result_word')}
${w(8 * K, 'result_data')}
  wire drain_busy, lane_first, lane_last, drain_last_group, drain_pass_end, drain_final, result_pending;
  ${name}_drain drain (
    .clk(clk), .rst_n(rst_n), .start(exec_start), .copy(copy), .copy_pass_end(copy_pass_end), .copy_final(copy_final),
    ${many ? '.copy_rows(copy_rows), ' : ''}.sums(sums), ${x('window kLast param')},
    .ready(drain_ready), .busy(drain_busy), .block(scale_block), .group(group), .values(values),
    .lane_first(lane_first), .lane_last(lane_last), .lane_phase(lane_phase),
    .last_group(drain_last_group), .pixel_pass_end(drain_pass_end), .pixel_final(drain_final));

  ${name}_parameters parameters (
${baked ? '' : `    .clk(clk), .hw_write_bias(${write(HOST_REGION.biases)}), .hw_write_scale(${write(HOST_REGION.scales)}), ${host},\n`}    .bias_block(bias_block), .bias(bias), .scale_block(scale_block), .scale_group(group), .scale(scale));

${lines(lanes, (l) => {
  const D = s.digitBits;
  return `  wire [31:0] factor_${l} = {1'b0, scale[${36 * l} +: 31]};
  ${name}_requantizer lane_${l} (
    .clk(clk), .first(lane_first), .last(lane_last), .value(values[${N * l} +: ${N}]),
    .digit(factor_${l}[{lane_phase, ${Math.log2(D)}'d0} +: ${D}]), .shift(scale[${36 * l + 31} +: 5]),
    ${'.zero_point(x_zeroPoint), .clamp_lo(x_clampLo), .clamp_hi(x_clampHi)'}, .result(results[${8 * l} +: 8]));`;
})}

  ${name}_writeback writeback (
    .clk(clk), .rst_n(rst_n), .start(exec_start), ${x('dest dstPitch dstKb')}, ${lanes > 1 ? '.x_kLast(x_kLast), ' : ''}.lane_last(lane_last),
    ${grouped ? '.group(group), ' : ''}.last_group(drain_last_group), .pass_end(drain_pass_end), ${lanes > 1 ? '.final_block(drain_final), ' : ''}.results(results),
    .pending(result_pending), .word(result_word), .enable(result_enable), .data(result_data));
${lanes > 1 ? '' : '  wire unused_final = drain_final;\n'}${grouped || baked ? '' : "  wire unused_group = &{1'b0, group};\n"}
  assign exec_done = exec_busy & ~control_active & ~drain_busy & ~result_pending;

  // Activation memory: the program never lets two engines want the same port.
  wire ${range(A)} read_address = store_busy ? store_address : fetch_address;
  wire ${range(K)} load_enable = {${Array.from({ length: K }, (_, i) => `load_address[${s.columnBits - 1}:0] == ${s.columnBits}'d${K - 1 - i}`).join(', ')}};
  ${name}_activation activation (
    .clk(clk),
    .enable(load_busy ? load_enable & {${K}{in_valid}} : result_enable),
    .write_word(load_busy ? load_address[${A - 1}:${s.columnBits}] : result_word),
    .write_data(load_busy ? {${K}{in_data}} : result_data),
    .read_address(read_address), .read_data(act_read));
  assign out_data = act_read[7:0] & {8{store_busy}};

  always @(posedge clk) begin
    if (!rst_n) begin
      exec_busy <= 1'b0;
      busy <= 1'b0;
    end else begin
      if (exec_start) exec_busy <= 1'b1;
      else if (exec_done) exec_busy <= 1'b0;
      if (load_step) busy <= 1'b1;
      else if (store_step & out_last) busy <= 1'b0;
    end
    if (store_start) store_last <= t_last;
  end
endmodule
`);
}
