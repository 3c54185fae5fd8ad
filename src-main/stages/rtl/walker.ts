/** The address walker: which word of which pixel and tap the array needs next. */
import type { Shape } from './shape.ts';
import { lines, literal, range, source } from './text.ts';

export function walkerModule(s: Shape): string {
  const width = (name: string): number => s.fields.find((f) => f.name === name)!.width;
  const field = (name: string): string => `  input  wire ${range(width(name))} x_${name}`;
  const A = s.addressBits;
  const C = s.coordinateBits;
  const many = s.chip.rows > 1;
  const R = s.rowBits;
  const P = s.chip.rows;
  const counter = (name: string): string => `  reg ${range(width(name))} at_${name};`;
  const zero = (name: string): string => `at_${name} <= ${literal(width(name), 0)};`;
  const up = (name: string): string => `at_${name} <= at_${name} + ${literal(width(name), 1)};`;
  const toCoordinate = (name: string): string => {
    const extra = C - width(name);
    return extra > 0 ? `{${extra}'d0, at_${name}}` : `at_${name}[${C - 1}:0]`;
  };
  const pixelCounters = ['windowW', 'windowH', 'outW', 'outH', 'kBlocks'];
  const tapCounters = ['kernelW', 'kernelH', 'cBlocks'];
  const inputs = ['inH', 'inW', 'kernelH', 'kernelW', 'cBlocks', 'tapDx', 'tapDy', ...pixelCounters].concat([
    'dWx',
    'dWy',
    'dPx',
    'dPy',
    'dKb',
    'xInit',
    'yInit',
    ...(s.share ? ['share'] : []),
    'xWx',
    'xWy',
    'xPx',
    'yWy',
    'yPx',
    'yPy',
    'source',
  ]);
  return source(`
// Walks output pixels (window column, window row, output column, output row, channel block) and, for each
// tile of ${P} pixel${many ? 's' : ''}, the kernel's taps. Pointers only ever add steps from the instruction: no multiplier.
module ${s.chip.name}_walker (
  input  wire clk,
  input  wire rst_n,
  input  wire start,
  input  wire request,        // the addressed word is asked for
  input  wire ${range(C)} start_x,
  input  wire ${range(C)} start_y,
${inputs.map(field).join(',\n')},
  output wire ${range(A)} address,
  output wire in_map,         // the tap lies in the map; outside, the padding byte is read
  output wire first_group,    // first group of a tile
  output wire last_group,
  output wire last_word,      // last tap's word of its channels
  output wire pass_end,       // the tile holds the last pixel of the channel block
  output wire final_block,    // the tile belongs to the last channel block
${s.share ? `  output wire shared,         // rows that are linked to the next are left out: they take its word\n  output reg  ${range(P - 1)} linked,\n` : ''}${many ? `  output wire ${range(R)} row,       // pixel of the tile whose word is fetched\n` : ''}  output wire row_last        // the group's last word
);
${[...pixelCounters, ...tapCounters].map(counter).join('\n')}
  reg ${range(A)} base;           // address of the pixel's top left tap
  reg ${range(A)} tap;            // the tap's distance from it
  reg ${range(C)} px, py;         // coordinates of the top left tap

  wire advance = request & row_last;

  wire end_windowW = at_windowW == x_windowW;
  wire end_windowH = at_windowH == x_windowH;
  wire end_outW = at_outW == x_outW;
  wire end_outH = at_outH == x_outH;
  wire end_kBlocks = at_kBlocks == x_kBlocks;
  wire end_cBlocks = at_cBlocks == x_cBlocks;
  wire end_kernelW = at_kernelW == x_kernelW;
  wire end_kernelH = at_kernelH == x_kernelH;
  wire last_pixel = end_windowW & end_windowH & end_outW & end_outH;

  assign first_group = ~(|at_cBlocks | |at_kernelW | |at_kernelH);
  assign last_word = end_cBlocks;
  assign last_group = end_cBlocks & end_kernelW & end_kernelH;

${
  many
    ? `  // Pixels of the tile, remembered from its first group for the taps that follow.
  reg ${range(R)} row_held, rows_held;
  reg pass_held, final_held;
  reg ${range(A)} base_of [0:${P - 1}];
  reg ${range(C)} px_of [0:${P - 1}];
  reg ${range(C)} py_of [0:${P - 1}];
  wire ${range(A)} the_base = first_group ? base : base_of[row_held];
  wire ${range(C)} the_px = first_group ? px : px_of[row_held];
  wire ${range(C)} the_py = first_group ? py : py_of[row_held];
  wire step_pixel = request & first_group;
  assign row = row_held;
  assign row_last = first_group ? (row_held == ${literal(R, P - 1)} | last_pixel) : row_held == rows_held;
${s.share ? sharing(s) : ''}  assign pass_end = first_group ? last_pixel : pass_held;
  assign final_block = first_group ? end_kBlocks : final_held;
  always @(posedge clk) begin
    if (!rst_n) row_held <= ${literal(R, 0)};
    else if (advance) row_held <= ${s.share ? 'group_shared ? first_free : ' : ''}${literal(R, 0)};
    else if (request) row_held <= ${s.share ? 'shared ? next_free : ' : ''}row_held + ${literal(R, 1)};
    if (step_pixel) begin
${s.share ? lines(P - 1, (p) => `      if (row_held == ${literal(R, p)}) linked[${p}] <= x_share & ~end_outW;`) + '\n' : ''}      base_of[row_held] <= base;
      px_of[row_held] <= px;
      py_of[row_held] <= py;
      rows_held <= row_held;
      pass_held <= last_pixel;
      final_held <= end_kBlocks;
    end
  end
`
    : `  wire ${range(A)} the_base = base;
  wire ${range(C)} the_px = px;
  wire ${range(C)} the_py = py;
  wire step_pixel = request & last_group;
  assign row_last = 1'b1;
  assign pass_end = last_pixel;
  assign final_block = end_kBlocks;
`
}
  wire ${range(C)} col_now = the_px + ${toCoordinate('kernelW')};
  wire ${range(C)} row_now = the_py + ${toCoordinate('kernelH')};
  assign address = the_base + tap;
  assign in_map = col_now < x_inW & row_now < x_inH;

  always @(posedge clk) begin
    if (!rst_n) begin
      ${[...pixelCounters, ...tapCounters].map(zero).join('\n      ')}
    end else begin
      if (advance) begin
        if (!end_cBlocks) ${up('cBlocks')}
        else begin
          ${zero('cBlocks')}
          if (!end_kernelW) ${up('kernelW')}
          else begin
            ${zero('kernelW')}
            if (!end_kernelH) ${up('kernelH')}
            else ${zero('kernelH')}
          end
        end
      end
      if (step_pixel) begin
        if (!end_windowW) ${up('windowW')}
        else begin
          ${zero('windowW')}
          if (!end_windowH) ${up('windowH')}
          else begin
            ${zero('windowH')}
            if (!end_outW) ${up('outW')}
            else begin
              ${zero('outW')}
              if (!end_outH) ${up('outH')}
              else begin
                ${zero('outH')}
                if (!end_kBlocks) ${up('kBlocks')}
                else ${zero('kBlocks')}
              end
            end
          end
        end
      end
    end
  end

  always @(posedge clk) begin
    if (start) tap <= ${literal(A, 0)};
    else if (advance) begin
      if (last_group) tap <= ${literal(A, 0)};
      else tap <= tap + (!end_cBlocks ? ${literal(A, s.chip.columns)} : !end_kernelW ? x_tapDx : x_tapDy);
    end

    if (start) begin
      base <= x_source;
      px <= start_x;
      py <= start_y;
    end else if (step_pixel) begin
      base <= base + (!end_windowW ? x_dWx : !end_windowH ? x_dWy : !end_outW ? x_dPx : !end_outH ? x_dPy : x_dKb);
      px <= (end_windowW & end_windowH & end_outW) ? x_xInit : px + (!end_windowW ? x_xWx : !end_windowH ? x_xWy : x_xPx);
      py <= last_pixel ? x_yInit : end_windowW ? py + (!end_windowH ? x_yWy : !end_outW ? x_yPx : x_yPy) : py;
    end
  end
endmodule
`);
}

/** Depthwise groups after a kernel row's first: only the last row of a run fetches. */
function sharing(s: Shape): string {
  const P = s.chip.rows;
  const R = s.rowBits;
  return `  // A row is linked if the next row of the tile is its right neighbour in the map.
  assign shared = x_share & (|at_kernelW);
  wire group_shared = x_share & ~end_kernelW;
  reg ${range(R)} first_free, next_free;
  always @* begin
    first_free = ${literal(R, P - 1)};
    next_free = ${literal(R, P - 1)};
${lines(P - 1, (i) => {
  const p = P - 2 - i;
  const isFirst = `    if (~linked[${p}] | (first_group & row_held == ${literal(R, p)})) first_free = ${literal(R, p)};`;
  return p === 0
    ? isFirst
    : `${isFirst}\n    if (~linked[${p}] & row_held < ${literal(R, p)}) next_free = ${literal(R, p)};`;
})}
  end
`;
}
