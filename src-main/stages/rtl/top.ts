/** The top module: ports, engines, memories and the wires between them. */
import { OP_BY_NAME, scaleBits } from '../chip/index.ts';
import { HOST_PORT, HOST_REGION } from './host.ts';
import { addressBitsOf } from './memory.ts';
import { biasMemory, scaleMemory, transferFields } from './program.ts';
import type { Shape } from './shape.ts';
import { lines, range, source } from './text.ts';

const wires = (bits: number, ...names: string[]): string => `  wire ${range(bits)} ${names.join(', ')};`;

/** Connections by name: `.x_a(x_a), .x_b(x_b)`. */
const fields = (names: string, prefix = 'x_'): string =>
  names
    .split(' ')
    .map((n) => `.${prefix}${n}(${prefix}${n})`)
    .join(', ');

export function topModule(s: Shape): string {
  const { name, rows: P, columns: K, streamBytes: B } = s.chip;
  const baked = s.program !== null;
  return source(`
// ${P} x ${K} int8 accelerator${baked ? `, baked with the program "${s.program!.name.replace(/[^\x20-\x7e]/g, '?')}"` : ''}. Generated; see the instruction set reference.
module ${name} (
  input  wire clk,
  input  wire rst_n,              // synchronous, active low
${baked ? '' : HOST_PORT.map(([n, bits]) => `  input  wire ${range(bits)} ${n},\n`).join('') + '  input  wire [2:0] counter_index,\n  output wire [31:0] counter_data,   // a cycle later\n'}  input  wire in_valid,           // input tensors
  output wire in_ready,
  input  wire ${range(8 * B)} in_data,
${s.weightStream ? `  input  wire w_valid,            // weights and parameters\n  output wire w_ready,\n  input  wire ${range(8 * B)} w_data,\n` : ''}  output wire out_valid,          // output tensors
  input  wire out_ready,
  output wire ${range(8 * B)} out_data,
  output wire out_last,
  output reg  busy                // from the first input beat to the last output beat
);
${s.fields.map((f) => wires(f.width, `x_${f.name}`)).join('\n')}
  wire load_start, load_busy, load_done, store_start, store_busy, store_done, exec_start, exec_done;
  reg exec_busy;
${baked ? bakedIssue(s) : programmableIssue(s)}
${streams(s)}
${arrayAndMemories(s)}
${drainAndLanes(s)}
${activationAndState(s)}
endmodule
`);
}

/** Program and sequencer of a baked chip. */
function bakedIssue(s: Shape): string {
  const { name } = s.chip;
  const t = transferFields(s);
  const move = t.map(([n, bits]) => wires(bits, `t_${n}`)).join('\n');
  const names = t.map(([n]) => n);
  return `${wires(s.pcBits, 'pc')}
${wires(s.layerBits, 'layer')}
${wires(4, 'op', 'wait_mask', 'signal_mask')}
${move}
  wire t_last;
  ${name}_program program_store (
    .pc(pc), .layer(layer), .op(op), .wait_mask(wait_mask), .signal_mask(signal_mask),
    ${fields(names.join(' '), 't_')}, .t_last(t_last),
${s.fields.map((f) => `    .x_${f.name}(x_${f.name})`).join(',\n')});
  ${name}_sequencer sequencer (
    .clk(clk), .rst_n(rst_n), .op(op), .wait_mask(wait_mask), .signal_mask(signal_mask),
    .load_busy(load_busy), .load_done(load_done), .store_busy(store_busy), .store_done(store_done),
    .exec_busy(exec_busy), .exec_done(exec_done), .pc(pc), .layer(layer),
    .load_start(load_start), .store_start(store_start), .exec_start(exec_start));
  wire transfer_last = t_last;
${wires(s.coordinateBits, 'next_xInit', 'next_yInit')}
  assign next_xInit = x_xInit;
  assign next_yInit = x_yInit;`;
}

/** Program memory, sequencer, configuration registers and counters of a programmable chip. */
function programmableIssue(s: Shape): string {
  const { name } = s.chip;
  const queued = s.chip.queueDepth > 0;
  const store = OP_BY_NAME.get('ST')!.fields.find((f) => f.name === 'last')!;
  const engines = `.load_busy(load_busy${queued ? ' | weights_busy' : ''}), .load_done(load_done${queued ? ' | weights_done' : ''}), .store_busy(store_busy), .store_done(store_done),
    .exec_busy(exec_busy), .exec_done(exec_done), .program_read(program_read), .pc_next(pc_next),
    .configure(configure), .pass(pass), .load_start(load_start), .store_start(store_start), .exec_start(exec_start)`;
  const words = queued
    ? wires(128, 'load_word', 'store_word', 'exec_word') +
      '\n  wire weights_start, weights_busy, weights_done;'
    : '  wire [127:0] load_word = word;\n  wire [127:0] store_word = word;\n  wire [127:0] exec_word = word;';
  return `${wires(s.pcBits, 'pc_next')}
  wire [127:0] word;
${words}
  wire program_read, configure, pass;
  ${name}_program program_store (
    .clk(clk), .hw_write(${hostWrite('program')}), ${HOST}, .read(program_read), .pc_next(pc_next), .word(word));
  ${name}_sequencer sequencer (
    .clk(clk), .rst_n(rst_n), ${
      queued
        ? '.word(word), .load_word(load_word), .store_word(store_word), .exec_word(exec_word), .weights_start(weights_start),'
        : '.op(word[3:0]), .wait_mask(word[7:4]), .signal_mask(word[11:8]),'
    }
    ${engines});
${wires(s.coordinateBits, 'next_xInit', 'next_yInit')}
  ${name}_configuration configuration (
    .clk(clk), .configure(configure), .exec_start(exec_start), .word(exec_word), .next_xInit(next_xInit), .next_yInit(next_yInit),
${s.fields.map((f) => `    .x_${f.name}(x_${f.name})`).join(',\n')});
  wire transfer_last = store_word[${store.lsb}];
  wire unused_words = &{1'b0, load_word, store_word};
  wire load_stall, store_stall;
  ${name}_counters counters (
    .clk(clk), .rst_n(rst_n), .pass(pass), .exec_busy(exec_busy), .exec_step(step),
    .load_stall(load_stall), .store_stall(store_stall), .counter_index(counter_index), .counter_data(counter_data));`;
}

const HOST = '.hw_valid(hw_valid), .hw_word(hw_word), .hw_part(hw_part), .hw_data(hw_data)';
const hostWrite = (region: keyof typeof HOST_REGION): string =>
  `hw_valid & hw_region == 2'd${HOST_REGION[region]}`;

function streams(s: Shape): string {
  const { name, streamBytes: B } = s.chip;
  const A = s.addressBits;
  const transfer = (engine: 'load' | 'store'): string =>
    transferFields(s)
      .map(([n, bits]) => {
        const f = OP_BY_NAME.get('LDA')!.fields.find((field) => field.name === n)!;
        const value = s.program ? `t_${n}` : `${engine}_word[${f.lsb + bits - 1}:${f.lsb}]`;
        return `.${n === 'address' ? 'first' : n}(${value})`;
      })
      .join(', ');
  return `  // Streams. STORE reads a beat ahead; the memory holds it until it is taken.
${wires(A, 'load_address', 'store_address')}
  wire load_final, store_final, store_reads;
  reg store_last;                 // out_last goes with the final beat
  reg store_held, store_held_final;
  assign in_ready = load_busy;
  wire load_step = load_busy & in_valid;
  assign load_done = load_step & load_final;
  ${name}_transfer load (
    .clk(clk), .rst_n(rst_n), .start(load_start), ${transfer('load')}, .step(load_step),
    .busy(load_busy), .address(load_address), .last(load_final));
  wire store_read = store_reads & (~store_held | out_ready);
  assign store_busy = store_reads | store_held;
  assign store_done = store_held & out_ready & store_held_final;
  assign out_valid = store_held;
  assign out_last = store_held & store_held_final & store_last;
  ${name}_transfer store (
    .clk(clk), .rst_n(rst_n), .start(store_start), ${transfer('store')}, .step(store_read),
    .busy(store_reads), .address(store_address), .last(store_final));
  always @(posedge clk) begin
    if (!rst_n) store_held <= 1'b0;
    else if (store_read) store_held <= 1'b1;
    else if (out_ready) store_held <= 1'b0;
    if (store_read) store_held_final <= store_final;
    if (store_start) store_last <= transfer_last;
  end
${s.weightStream ? weightStream(s) : ''}${
    s.program
      ? ''
      : `  assign load_stall = (load_busy & ~in_valid)${s.weightStream ? ' | (weights_busy & ~w_valid)' : ''};
  assign store_stall = store_held & ~out_ready;
`
  }${wires(8 * B, 'store_data')}
  assign out_data = store_data & {${8 * B}{store_held}};
`;
}

function weightStream(s: Shape): string {
  const op = OP_BY_NAME.get('LDW')!;
  const at = (name: string): string => {
    const f = op.fields.find((field) => field.name === name)!;
    return `load_word[${f.lsb + f.width - 1}:${f.lsb}]`;
  };
  const block = OP_BY_NAME.get('LDP')!.fields;
  const of = (i: number): string => `load_word[${block[i]!.lsb + block[i]!.width - 1}:${block[i]!.lsb}]`;
  return `  assign w_ready = weights_busy;
  wire weights_are_parameters = load_word[3:0] == 4'd${OP_BY_NAME.get('LDP')!.code};
  wire write_weights, write_biases, write_scales;
${wires(s.weightBits, 'w_weights')}
${wires(addressBitsOf(biasMemory(s)), 'w_biases')}
${wires(addressBitsOf(scaleMemory(s)), 'w_scales')}
${wires(s.beatBits, 'w_beat')}
  ${s.chip.name}_weight_load weight_load (
    .clk(clk), .rst_n(rst_n), .start(weights_start), .parameters(weights_are_parameters),
    .first(weights_are_parameters ? {8'd0, ${of(0)}} : ${at('word')}), .count(weights_are_parameters ? {4'd0, ${of(1)}} : ${at('words')}),
    .w_valid(w_valid), .busy(weights_busy), .done(weights_done),
    .write_weights(write_weights), .write_biases(write_biases), .write_scales(write_scales),
    .w_weights(w_weights), .w_biases(w_biases), .w_scales(w_scales), .w_beat(w_beat));
`;
}

function arrayAndMemories(s: Shape): string {
  const { name, rows: P, columns: K, accumulatorBits: N } = s.chip;
  const many = P > 1;
  const baked = s.program !== null;
  const beat = s.weightStream ? ', .w_beat(w_beat), .w_data(w_data)' : '';
  return `  // Walker, control and array
${wires(s.addressBits, 'fetch_address')}
${wires(8 * K, 'weight_word', 'fetch_data')}
${wires(s.weightBits, 'weight_address')}
${wires(s.blockBits, 'bias_block', 'scale_block')}
${wires(K * N, 'bias')}
${wires(P * K * N, 'sums')}
  wire in_map, first_group, last_group, last_word, pass_end, final_block, row_last, request, advance, step;
  wire arrived_in_map, mac_valid, mac_first, drain_ready, copy, copy_pass_end, copy_final, control_active;
${many ? `${wires(s.rowBits, 'row', 'arrived_row', 'copy_rows')}\n  wire fetch;` : ''}
${s.share ? `  wire shared, arrived_shared;\n${wires(P - 1, 'linked')}` : ''}
  ${name}_walker walker (
    .clk(clk), .rst_n(rst_n), .start(exec_start), .request(request), .start_x(next_xInit), .start_y(next_yInit),
    ${fields('inH inW kernelH kernelW cBlocks tapDx tapDy windowW windowH outW outH kBlocks')},
    ${fields(`dWx dWy dPx dPy dKb xInit yInit xWx xWy xPx yWy yPx yPy source${s.share ? ' share' : ''}`)},
    .address(fetch_address), .in_map(in_map), .first_group(first_group), .last_group(last_group),
    .last_word(last_word), .pass_end(pass_end), .final_block(final_block),
    ${many ? '.row(row), ' : ''}${s.share ? '.shared(shared), .linked(linked), ' : ''}.row_last(row_last));

  ${name}_control control (
    .clk(clk), .rst_n(rst_n), .start(exec_start), ${fields(`weight param cLast${s.depthwise ? ' mode hold' : ''}${s.add ? ' fold' : ''}`)},
    .first_group(first_group), .last_group(last_group), .last_word(last_word), .pass_end(pass_end),
    .final_block(final_block), .in_map(in_map), .row_last(row_last), ${many ? '.row(row), .fetch(fetch), .arrived_row(arrived_row), ' : ''}
    ${s.share ? '.shared(shared), .arrived_shared(arrived_shared), ' : ''}.request(request), .arrived_in_map(arrived_in_map), .advance(advance),
    .step(step), .weight_address(weight_address), .mac_valid(mac_valid), .mac_first(mac_first),
    ${baked ? '.bias_block(bias_block)' : '.bias_read(bias_read), .bias_next(bias_block)'},
    .drain_ready(drain_ready), .copy(copy), .copy_pass_end(copy_pass_end), .copy_final(copy_final),
    ${many ? '.copy_rows(copy_rows), ' : ''}.active(control_active));
${baked ? '' : '  wire bias_read, scale_read;\n'}
  ${name}_weights weights (
    .clk(clk), ${baked ? '' : `.hw_write(${hostWrite('weights')}), ${HOST}${s.weightStream ? ', .w_write(write_weights), .w_weights(w_weights)' : ''}${beat}, .read(step),\n    `}.address(weight_address), .word(weight_word));

  // Outside the map the padding byte is read.
  wire ${range(8 * K)} fetched = arrived_in_map ? fetch_data : {${K}{x_padByte}};
  ${name}_array array (
    .clk(clk), ${s.depthwise ? '.depthwise(x_mode), ' : ''}${s.share ? '.shared(arrived_shared), .linked(linked), ' : ''}.advance(advance), ${many ? '.fetch(fetch), .row(arrived_row), ' : ''}.step(step),
    .fetched(fetched), .weight_word(weight_word), .mac_valid(mac_valid), .mac_first(mac_first), .bias(bias), .sums(sums));
`;
}

function drainAndLanes(s: Shape): string {
  const { name, columns: K, lanes } = s.chip;
  const { laneBits: L, digitBits: D } = s;
  const many = s.chip.rows > 1;
  const grouped = s.groups > 1;
  const baked = s.program !== null;
  const rnd = s.fields.some((f) => f.name === 'rnd');
  const beat = s.weightStream
    ? '.w_write_bias(write_biases), .w_write_scale(write_scales), .w_biases(w_biases), .w_scales(w_scales), .w_beat(w_beat), .w_data(w_data), '
    : '';
  const host = baked
    ? '.bias_block(bias_block), .bias(bias), .scale_block(scale_block), .scale_group(group), .scale(scale)'
    : `.clk(clk), .hw_write_bias(${hostWrite('biases')}), .hw_write_scale(${hostWrite('scales')}), ${HOST},
    ${beat}.bias_read(bias_read), .bias_block(bias_block), .bias(bias),
    .scale_read(scale_read), .scale_block(scale_block), ${grouped ? '.scale_group(scale_group), ' : ''}.scale(scale)`;
  return `  // Drain, requantisers and write-back
${wires(s.groupBits, 'group')}
${grouped && !baked ? wires(s.groupBits, 'scale_group') : ''}
${wires(lanes * L, 'values')}
${wires(scaleBits(s.chip), 'scale')}
${wires(s.phaseBits, 'lane_phase')}
${wires(8 * lanes, 'results')}
${wires(K, 'result_enable')}
${wires(s.addressBits - s.columnBits, 'result_word')}
${wires(8 * K, 'result_data')}
  wire drain_busy, lane_first, lane_last, lane_result, drain_last_group, drain_pass_end, drain_final, result_pending, result_write;
${s.add ? '  wire lane_keep, lane_add, lane_use;' : ''}
  ${name}_drain drain (
    .clk(clk), .rst_n(rst_n), .start(exec_start), .copy(copy), .copy_pass_end(copy_pass_end), .copy_final(copy_final),
    ${many ? '.copy_rows(copy_rows), ' : ''}.sums(sums), ${fields(`window kLast param${s.add ? ' fold zero1 zero2' : ''}`)},
    .ready(drain_ready), .busy(drain_busy), ${baked ? '' : `.scale_read(scale_read), ${grouped ? '.scale_group(scale_group), ' : ''}`}.scale_block(scale_block), .group(group), .values(values),
    .lane_first(lane_first), .lane_last(lane_last), .lane_result(lane_result), .lane_phase(lane_phase),
    ${s.add ? '.lane_keep(lane_keep), .lane_add(lane_add), .lane_use(lane_use), ' : ''}.last_group(drain_last_group), .pixel_pass_end(drain_pass_end), .pixel_final(drain_final));

  ${name}_parameters parameters (
    ${host});

${lines(
  lanes,
  (l) => `  wire [31:0] factor_${l} = {1'b0, scale[${36 * l} +: 31]};
  ${name}_requantizer lane_${l} (
    .clk(clk), .first(lane_first), .last(lane_last), ${rnd ? '.single(x_rnd), ' : ''}${s.add ? '.keep(lane_keep), .add(lane_add), .use_kept(lane_use), .given' : '.value'}(values[${L * l} +: ${L}]),
    .digit(factor_${l}[{lane_phase, ${Math.log2(D)}'d0} +: ${D}]), .shift(scale[${36 * l + 31} +: 5]),
    .zero_point(x_zeroPoint), .clamp_lo(x_clampLo), .clamp_hi(x_clampHi), .result(results[${8 * l} +: 8]));`,
)}

  ${name}_writeback writeback (
    .clk(clk), .rst_n(rst_n), .start(exec_start), ${fields('dest dstPitch dstKb')}, ${lanes > 1 ? '.x_kLast(x_kLast), ' : ''}.lane_last(lane_result),
    ${grouped ? '.group(group), ' : ''}.last_group(drain_last_group), .pass_end(drain_pass_end), ${lanes > 1 ? '.final_block(drain_final), ' : ''}.results(results),
    .pending(result_pending), .write(result_write), .word(result_word), .enable(result_enable), .data(result_data));
${lanes > 1 ? '' : '  wire unused_final = drain_final;\n'}${grouped || baked ? '' : "  wire unused_group = &{1'b0, group};\n"}
  assign exec_done = exec_busy & ~control_active & ~drain_busy & ~result_pending;
`;
}

function activationAndState(s: Shape): string {
  return `  ${s.chip.name}_activation activation (
    .clk(clk), .fetch_read(request & in_map), .fetch_address(fetch_address), .fetch_data(fetch_data),
    .store_read(store_read), .store_address(store_address), .store_data(store_data),
    .load_write(load_step), .load_address(load_address), .load_data(in_data),
    .result_write(result_write), .result_word(result_word), .result_enable(result_enable), .result_data(result_data));

  always @(posedge clk) begin
    if (!rst_n) begin
      exec_busy <= 1'b0;
      busy <= 1'b0;
    end else begin
      if (exec_start) exec_busy <= 1'b1;
      else if (exec_done) exec_busy <= 1'b0;
      if (load_step) busy <= 1'b1;
      else if (store_done & store_last) busy <= 1'b0;
    end
  end`;
}
