/** From sums to bytes: drain registers with running maximum, requantiser lanes, write-back. */
import type { Shape } from './shape.ts';
import { lines, literal, range, source } from './text.ts';

export function drainModule(s: Shape): string {
  const { rows: P, columns: K, lanes, accumulatorBits: N, requantizeCycles: RC } = s.chip;
  const many = P > 1;
  const grouped = s.groups > 1;
  const B = s.blockBits;
  const G = s.groupBits;
  const F = s.phaseBits;
  const baked = s.program !== null;
  const windowBits = s.fields.find((f) => f.name === 'window')!.width;
  const laneBits = Math.log2(lanes);
  const L = s.laneBits;
  const atEnd = `phase == ${literal(F, RC - 1)}`;
  const turns = s.add ? ' & final_turn' : '';
  return source(`
// Holds a finished tile while the array works on the next. Pixels of one pooling window are folded by maximum
// before requantisation, which is monotone, so the result is that of pooling after it; then ${lanes} column${lanes > 1 ? 's' : ''}
// at a time ${lanes > 1 ? 'go' : 'goes'} to the requantiser for ${RC} cycles.${
    s.add
      ? `
// An addition has windows of two pixels: the first one's bytes are kept aside; with the second's come three turns of
// ${RC} cycles, two to scale either, a cycle to add, and one for the sum.`
      : ''
  }
module ${s.chip.name}_drain (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire copy,
  input  wire copy_pass_end,
  input  wire copy_final,
${many ? `  input  wire ${range(s.rowBits)} copy_rows,\n` : ''}  input  wire ${range(P * K * N)} sums,
  input  wire ${range(windowBits)} x_window,
  input  wire ${range(s.columnBits)} x_kLast,
  input  wire ${range(B)} x_param,
${s.add ? '  input  wire x_fold,\n  input  wire signed [7:0] x_zero1,\n  input  wire signed [7:0] x_zero2,\n' : ''}  output wire ready,                 // a copy may come in two cycles
  output reg  busy,
${
  baked
    ? `  output wire ${range(B)} scale_block,`
    : `  output wire scale_read,\n  output wire ${range(B)} scale_block, // of the next cycle, as is scale_group`
}
  output wire ${range(G)} group,
${baked || !grouped ? '' : `  output wire ${range(G)} scale_group,\n`}  output wire ${range(lanes * L)} values,
  output wire lane_first,
  output wire lane_last,             // a turn's last cycle
  output wire lane_result,           // the pixel's last turn ends
  output wire ${range(F)} lane_phase,
${s.add ? '  output wire lane_keep,             // the first scaled value is there\n  output wire lane_add,              // the second is\n  output wire lane_use,              // their sum is to be scaled\n' : ''}  output wire last_group,            // last column group of the pixel
  output wire pixel_pass_end,        // last pixel of the channel block
  output wire pixel_final            // last channel block
);
  reg ${range(windowBits)} in_window; // pixels of the window folded so far
  reg ${range(F)} phase;
  reg pass_end, final_block;
  reg ${range(B)} block;             // channel block of the values in the lanes
${lines(P, (p) => `  reg signed ${range(N)} held_${p} [0:${K - 1}];`)}
${grouped ? `  reg ${range(G)} at_group;\n  assign group = at_group;` : `  assign group = ${literal(G, 0)};`}
${many ? `  reg ${range(s.rowBits)} row, rows;\n  wire last_row = row == rows;` : "  wire last_row = 1'b1;"}

  wire unused_kLast = &{1'b0, x_kLast};
  wire window_ends = in_window == x_window;
  wire ${range(G)} groups_last = ${
    grouped
      ? `final_block ? x_kLast[${s.columnBits - 1}:${laneBits}] : ${literal(G, s.groups - 1)}`
      : literal(G, 0)
  };
  assign last_group = group == groups_last;
${s.add ? additionState(s) : ''}  wire row_ends = ~window_ends | (last_group & ${atEnd}${turns});
  wire tile_ends = busy & last_row & row_ends;
  assign ready = ~busy | (last_row & (~window_ends | (last_group & phase >= ${literal(F, RC - 3)}${turns})));
  // A copy may come in the last cycle of the tile before.
  wire folding = busy ? ~window_ends : in_window != ${literal(windowBits, 0)};

  assign lane_first = phase == ${literal(F, 0)};
  assign lane_last = ${atEnd};
  assign lane_result = busy & window_ends & ${atEnd}${turns};
${s.add ? "  assign lane_keep = x_fold & turn == 2'd1 & lane_first & ~gap;\n  assign lane_add = gap;\n  assign lane_use = turn == 2'd2;\n" : ''}  assign lane_phase = phase;
  assign pixel_pass_end = last_row & pass_end;
  assign pixel_final = final_block;

  always @(posedge clk) begin
    if (!rst_n) begin
      busy <= 1'b0;
      in_window <= ${literal(windowBits, 0)};
      phase <= ${literal(F, 0)};
${s.add ? "      turn <= 2'd0;\n      gap <= 1'b0;\n" : ''}${grouped ? `      at_group <= ${literal(G, 0)};\n` : ''}    end else begin
      if (copy) busy <= 1'b1;
      else if (tile_ends) busy <= 1'b0;
      if (busy & row_ends) in_window <= window_ends ? ${literal(windowBits, 0)} : in_window + ${literal(windowBits, 1)};
      if (busy & window_ends${s.add ? " & gap) gap <= 1'b0;\n      else if (busy & window_ends" : ''}) begin
        phase <= ${RC === 2 ** F ? `phase + ${literal(F, 1)}` : `phase == ${literal(F, RC - 1)} ? ${literal(F, 0)} : phase + ${literal(F, 1)}`};
${s.add ? `        if (x_fold & ${atEnd}) begin\n          turn <= final_turn ? 2'd0 : turn + 2'd1;\n          gap <= turn == 2'd1;\n        end\n` : ''}${grouped ? `        if (${atEnd}${turns}) at_group <= next_group;\n` : ''}      end
    end
  end

  always @(posedge clk) begin
    if (copy) begin
      pass_end <= copy_pass_end;
      final_block <= copy_final;
    end
    block <= next_block;
${
  many
    ? `    if (copy) begin
      row <= ${literal(s.rowBits, 0)};
      rows <= copy_rows;
    end else if (busy & row_ends) row <= row + ${literal(s.rowBits, 1)};
`
    : ''
}  end

  // Row 0 feeds the lanes; the other rows move down to it.
  genvar k;
  generate
    for (k = 0; k < ${K}; k = k + 1) begin : column
${
  many
    ? `      wire signed ${range(N)} incoming = copy ? sums[${N}*k +: ${N}] : held_1[k];
      wire take = copy | (busy & row_ends & ~last_row);`
    : `      wire signed ${range(N)} incoming = sums[${N}*k +: ${N}];
      wire take = copy;`
}
      always @(posedge clk) begin
        if (take & (~folding | ${s.add ? 'x_fold | ' : ''}incoming > held_0[k])) held_0[k] <= incoming;
${s.add ? '        if (busy & ~window_ends) first_pixel[k] <= held_0[k][7:0];\n' : ''}
${lines(Math.max(0, P - 1), (i) => {
  const p = i + 1;
  const next = p < P - 1 ? `held_${p + 1}[k]` : `held_${p}[k]`;
  return p < P - 1
    ? `        if (take) held_${p}[k] <= copy ? sums[${N}*(${p * K}+k) +: ${N}] : ${next};`
    : `        if (copy) held_${p}[k] <= sums[${N}*(${p * K}+k) +: ${N}];`;
})}
      end
    end
  endgenerate
${lines(lanes, (l) => {
  const index = !grouped ? `${l}` : lanes === 1 ? 'at_group' : `{at_group, ${literal(laneBits, l)}}`;
  if (!s.add) return `  assign values[${N * l} +: ${N}] = held_0[${index}];`;
  return `  wire signed [7:0] byte_${l} = turn == 2'd0 ? first_pixel[${index}] : held_0[${index}][7:0];
  wire signed [8:0] apart_${l} = $signed({byte_${l}[7], byte_${l}}) - (turn == 2'd0 ? $signed({x_zero1[7], x_zero1}) : $signed({x_zero2[7], x_zero2}));
  assign values[${L * l} +: ${L}] = x_fold ? {{${L - 29}{apart_${l}[8]}}, apart_${l}, 20'd0} : ${L > N ? `{{${L - N}{held_0[${index}][${N - 1}]}}, held_0[${index}]}` : `held_0[${index}]`};`;
})}

  // Where the scales of the ${baked ? 'turn' : 'next cycle'} are.
${
  grouped
    ? `  wire ${range(G)} next_group = last_group ? ${literal(G, 0)} : at_group + ${literal(G, 1)};\n`
    : ''
}  wire ${range(B)} next_block = start ? x_param : tile_ends & pass_end${s.add ? ' & ~x_fold' : ''} ? block + ${literal(B, 1)} : block;
${baked ? `  assign scale_block = block${s.add ? ` + ${blockTurn(s, 'turn')}` : ''};` : nextScale(s)}
endmodule
`);
}

const blockTurn = (s: Shape, turn: string): string =>
  s.blockBits >= 2 ? (s.blockBits === 2 ? turn : `{${s.blockBits - 2}'d0, ${turn}}`) : `${turn}[0]`;

/** Turns of an addition. */
const additionState = (
  s: Shape,
): string => `  reg [1:0] turn;                  // of an addition: first value, second value, sum
  reg gap;
  reg [7:0] first_pixel [0:${s.chip.columns - 1}];
  wire final_turn = ~x_fold | turn == 2'd2;
`;

/** The scale memory is read where a turn ends, but for the layer's last: what follows may be written meanwhile. */
function nextScale(s: Shape): string {
  const grouped = s.groups > 1;
  const ends = `busy & window_ends & phase == ${literal(s.phaseBits, s.chip.requantizeCycles - 1)}`;
  const turn = s.add ? `  wire [1:0] next_turn = final_turn | start ? 2'd0 : turn + 2'd1;\n` : '';
  return `${turn}  assign scale_read = start | (${ends} & ~(tile_ends & pass_end & final_block));
  assign scale_block = next_block${s.add ? ` + ${blockTurn(s, 'next_turn')}` : ''};
${grouped ? `  assign scale_group = start ? ${literal(s.groupBits, 0)} : ${s.add ? 'final_turn ? next_group : at_group' : 'next_group'};` : ''}`;
}

export function requantizerModule(s: Shape): string {
  const { requantizeCycles: RC } = s.chip;
  const N = s.laneBits;
  const D = s.digitBits;
  const S = N + D;
  const H = S - D + 1;
  const rnd = s.fields.some((f) => f.name === 'rnd');
  return source(`
// One requantiser lane, TensorFlow Lite's double rounding to the bit${rnd ? ', or its single rounding' : ''}. The multiplier takes ${D} bits of
// the 31-bit factor a cycle, lowest first; after ${RC} cycles acc = floor(value * factor / 2^${32 - D}).
// V = floor((product + 2^30) / 2^31); the right shift rounds halves away from zero: for shift > 0 this is
// (V' + 2^(shift-1)) >> shift with V' = V - (V < 0), and V' comes from the product's sign and its bit 30.${
    rnd ? "\n// Single rounding has V' = floor(product / 2^31)." : ''
  }
module ${s.chip.name}_requantizer (
  input  wire clk,
  input  wire first,
  input  wire last,
${rnd ? '  input  wire single,\n' : ''}${s.add ? '  input  wire keep,                  // take the scaled value\n  input  wire add,                   // add it to the one kept\n  input  wire use_kept,              // multiply that\n' : ''}  input  wire signed ${range(N)} ${s.add ? 'given' : 'value'},
  input  wire ${range(D)} digit,
  input  wire [4:0] shift,
  input  wire signed [7:0] zero_point,
  input  wire signed [7:0] clamp_lo,
  input  wire signed [7:0] clamp_hi,
  output reg  signed [7:0] result
);
  reg signed ${range(S)} acc;
  reg [4:0] shift_held;
${s.add ? `  reg signed ${range(N)} kept;\n  wire signed ${range(N)} value = use_kept ? kept : given;\n` : ''}  wire signed ${range(S)} carried = first ? {${S}{1'b0}} : {{${D}{acc[${S - 1}]}}, acc[${S - 1}:${D}]};
  wire signed ${range(S)} product = $signed({{${D}{value[${N - 1}]}}, value}) * $signed({${S - D}'d0, digit});
  always @(posedge clk) begin
    acc <= carried + product;
    if (last) shift_held <= shift;
  end

  // Rounding to V'.${D > 2 ? `\n  wire unused_acc = &{1'b0, acc[${D - 3}:0]};` : ''}
  wire negative = acc[${S - 1}];
  wire half = acc[${D - 2}];
  wire shifts = shift_held != 5'd0;
  wire signed ${range(H)} whole = acc[${S - 1}:${D - 1}];
  wire down = shifts & negative & ~half${rnd ? ' & ~single' : ''};
  wire up = half & ~(shifts & ${rnd ? '(negative | single)' : 'negative'});
  wire signed ${range(H)} rounded = whole + {{${H - 1}{down}}, down | up};
  // Right shift with one bit kept below the point.
  wire signed ${range(H + 1)} scaled = $signed({rounded, 1'b0}) >>> shift_held;
${
  s.add
    ? `  wire signed ${range(N)} full = scaled[${N}:1] + {${N - 1}'d0, scaled[0]};
  always @(posedge clk) if (keep | add) kept <= (add ? kept : ${N}'d0) + full;
`
    : ''
}  // Beyond +-512 every value clamps alike, so 10 bits before the point are enough.
  wire overflow = (|scaled[${H}:10] & ~scaled[${H}]) | (~(&scaled[${H}:10]) & scaled[${H}]);
  wire signed [10:0] near = overflow ? {scaled[${H}], {10{~scaled[${H}]}}} : scaled[10:0];
  wire signed [10:0] sum = {near[10], near[10:1]} + {10'd0, near[0]} + {{3{zero_point[7]}}, zero_point};
  wire too_low = sum < $signed({{3{clamp_lo[7]}}, clamp_lo});
  wire too_high = sum > $signed({{3{clamp_hi[7]}}, clamp_hi});
  always @(posedge clk) result <= too_low ? clamp_lo : too_high ? clamp_hi : sum[7:0];
endmodule
`);
}

export function writebackModule(s: Shape): string {
  const { columns: K, lanes } = s.chip;
  const A = s.addressBits;
  const KB = s.columnBits;
  const laneBits = Math.log2(lanes);
  const grouped = s.groups > 1;
  const columnOf = !grouped
    ? literal(KB, 0)
    : laneBits === 0
      ? 'group_2'
      : `{group_2, ${literal(laneBits, 0)}}`;
  return source(`
// Writes the lanes' bytes: two cycles after the lanes' last, at the pixel's address plus the column.
module ${s.chip.name}_writeback (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire ${range(A)} x_dest,
  input  wire ${range(A)} x_dstPitch,
  input  wire ${range(A)} x_dstKb,
${lanes > 1 ? `  input  wire ${range(KB)} x_kLast,\n` : ''}  input  wire lane_last,
${grouped ? `  input  wire ${range(s.groupBits)} group,\n` : ''}  input  wire last_group,
  input  wire pass_end,
${lanes > 1 ? '  input  wire final_block,\n' : ''}  input  wire ${range(8 * lanes)} results,
  output wire pending,               // a value is on its way and not yet at the memory
  output wire write,
  output wire ${range(A - KB)} word,
  output wire ${range(K)} enable,
  output wire ${range(8 * K)} data
);
  reg valid_1, valid_2, last_1, last_2, pass_1, pass_2;
${grouped ? `  reg ${range(s.groupBits)} group_1, group_2;\n` : ''}${lanes > 1 ? '  reg final_1, final_2;\n' : ''}  reg ${range(A)} pixel;
  wire ${range(KB)} column = pixel[${KB - 1}:0] | ${columnOf};
  assign pending = valid_1;
  assign write = valid_2;
  assign word = pixel[${A - 1}:${KB}];

  always @(posedge clk) begin
    if (!rst_n) begin
      valid_1 <= 1'b0;
      valid_2 <= 1'b0;
    end else begin
      valid_1 <= lane_last;
      valid_2 <= valid_1;
    end
  end
  always @(posedge clk) begin
    {last_1, pass_1} <= {last_group, pass_end};
    {last_2, pass_2} <= {last_1, pass_1};
${grouped ? '    group_1 <= group;\n    group_2 <= group_1;\n' : ''}${lanes > 1 ? '    final_1 <= final_block;\n    final_2 <= final_1;\n' : ''}    if (start) pixel <= x_dest;
    else if (valid_2 & last_2) pixel <= pixel + (pass_2 ? x_dstKb : x_dstPitch);
  end
${
  lanes === 1
    ? `${lines(K, (j) => `  assign enable[${j}] = valid_2 & column == ${literal(KB, j)};\n  assign data[${8 * j} +: 8] = results;`)}`
    : `  // Channels of the last block beyond the map's own are not written.
  wire ${range(KB)} beyond = final_2 ? x_kLast : ${literal(KB, K - 1)};
${lines(
  K,
  (j) =>
    `  wire ${range(KB)} lane_of_${j} = ${literal(KB, j)} - column;
  assign enable[${j}] = valid_2 &${j < K - 1 ? ` column <= ${literal(KB, j)} &` : ''} {1'b0, lane_of_${j}} < ${literal(KB + 1, lanes)} & {1'b0, ${columnOf}} + {1'b0, lane_of_${j}} <= {1'b0, beyond};
  assign data[${8 * j} +: 8] = results[{lane_of_${j}[${laneBits - 1}:0], 3'd0} +: 8];`,
)}`
}
endmodule
`);
}
