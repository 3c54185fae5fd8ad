/** Program, weights and parameters: constants of a baked chip, or memories that the host writes. */
import { biasBits, biasWord, OP_BY_NAME, scaleBits, scaleWord } from '../chip/index.ts';
import { writeWires } from './host.ts';
import { addressBitsOf, type Memory } from './memory.ts';
import type { Shape } from './shape.ts';
import { bytesLiteral, hexLiteral, lines, literal, range, source } from './text.ts';

const OUTPUTS: readonly (readonly [string, number])[] = [
  ['op', 4],
  ['wait_mask', 4],
  ['signal_mask', 4],
];

/** Fields of a transfer as the chip keeps them: name in the instruction, bits. */
export function transferFields(s: Shape): readonly (readonly [string, number])[] {
  const t = s.transfer;
  return [
    ['address', s.addressBits],
    ['run', t.runBits],
    ...(t.gaps
      ? ([
          ['runs', t.runsBits],
          ['gap', s.addressBits],
        ] as const)
      : []),
  ];
}

const fieldPorts = (s: Shape, kind: string): string =>
  s.fields.map((f) => `  output ${kind} ${range(f.width)} x_${f.name}`).join(',\n');

/** The program of a baked chip. */
export function bakedProgramModule(s: Shape): string {
  const { instructions } = s;
  const moves = instructions.filter((i) => i.op === 'LDA' || i.op === 'ST');
  const transferText = (f: Readonly<Record<string, number>>): string =>
    [
      ...transferFields(s).map(([name, bits]) => `t_${name} = ${literal(bits, f[name]! % 2 ** bits)};`),
      `t_last = 1'd${f.last ?? 0};`,
    ].join(' ');
  const layerText = (values: Readonly<Record<string, number>>): string =>
    s.fields
      .map((f) => {
        const modulus = 2 ** f.width;
        const v = values[f.name]!;
        return `        x_${f.name} = ${literal(f.width, ((v % modulus) + modulus) % modulus)};`;
      })
      .join('\n');
  const outputs = [
    ...OUTPUTS,
    ...transferFields(s).map(([n, bits]) => [`t_${n}`, bits] as const),
    ['t_last', 1] as const,
  ];
  return source(`
// The program as constants: what to issue at each pc, and each layer's configuration.
module ${s.chip.name}_program (
  input  wire ${range(s.pcBits)} pc,
  input  wire ${range(s.layerBits)} layer,
${outputs.map(([name, bits]) => `  output reg  ${range(bits)} ${name}`).join(',\n')},
${fieldPorts(s, 'reg ')}
);
  always @* begin
    case (pc)
${instructions
  .map(
    (i, pc) =>
      `      ${literal(s.pcBits, pc)}: {op, wait_mask, signal_mask} = {4'd${OP_BY_NAME.get(i.op)!.code}, 4'd${i.wait}, 4'd${i.signal}}; // ${i.op}`,
  )
  .join('\n')}
      default: {op, wait_mask, signal_mask} = 12'd0;
    endcase
    // Only transfers read these.
    case (pc)
${instructions
  .map((i, pc) =>
    moves.includes(i) && i !== moves[0]
      ? `      ${literal(s.pcBits, pc)}: begin ${transferText(i.fields)} end`
      : '',
  )
  .filter((t) => t !== '')
  .join('\n')}
      default: begin ${transferText(moves[0]!.fields)} end
    endcase
    case (layer)
${s.layers
  .slice(0, -1)
  .map((l, i) => `      ${literal(s.layerBits, i)}: begin\n${layerText(l)}\n      end`)
  .join('\n')}
      default: begin
${layerText(s.layers.at(-1)!)}
      end
    endcase
  end
endmodule
`);
}

/** The layer's configuration on a programmable chip: one set of registers at work, one being filled. */
export function configurationModule(s: Shape): string {
  const held = s.fields.map((f) => {
    const bits = Math.min(f.width, f.wordWidth);
    const value = `word[${f.lsb + bits - 1}:${f.lsb}]`;
    const extra = f.width - bits;
    const padded =
      extra === 0
        ? value
        : f.signed
          ? `{{${extra}{word[${f.lsb + bits - 1}]}}, ${value}}`
          : `{${extra}'d0, ${value}}`;
    return { ...f, value: padded };
  });
  const kept = held.filter((f) => f.op !== 'EXEC');
  const ops = [...new Set(kept.map((f) => f.op))];
  return source(`
// CFG words fill one set of registers while the layer before runs with the other; EXEC moves them over. Its own
// fields are read in the cycle in which it issues, as are the start coordinates (next_xInit, next_yInit).
module ${s.chip.name}_configuration (
  input  wire clk,
  input  wire configure,
  input  wire exec_start,
  input  wire [127:0] word,
  output reg  ${range(s.coordinateBits)} next_xInit,
  output reg  ${range(s.coordinateBits)} next_yInit,
${fieldPorts(s, 'wire')}
);
${held
  .filter((f) => f.op === 'EXEC')
  .map((f) => `  assign x_${f.name} = ${f.value};`)
  .join('\n')}
${kept
  .map((f) => {
    const next = f.name === 'xInit' || f.name === 'yInit' ? '' : `next_${f.name}, `;
    return `  reg ${range(f.width)} ${next}held_${f.name};\n  assign x_${f.name} = held_${f.name};`;
  })
  .join('\n')}
  always @(posedge clk) begin
    if (configure) begin
      case (word[3:0])
${ops
  .map(
    (op) =>
      `        4'd${OP_BY_NAME.get(op)!.code}: begin // ${op}\n${kept
        .filter((f) => f.op === op)
        .map((f) => `          next_${f.name} <= ${f.value};`)
        .join('\n')}\n        end`,
  )
  .join('\n')}
        default: ;
      endcase
    end
    if (exec_start) begin
${kept.map((f) => `      held_${f.name} <= next_${f.name};`).join('\n')}
    end
  end
  wire unused_bits = &{1'b0, word};
endmodule
`);
}

const prefix = (s: Shape): string => `${s.chip.name}_mem_`;

export const programMemory = (s: Shape): Memory => ({
  name: `${prefix(s)}program`,
  doc: 'Instructions.',
  bytes: 16,
  words: s.chip.programWords,
  low: s.chip.programWords,
  build: s.chip.memory,
});

const lowPart = (s: Shape, n: number): number => (s.halves === 2 && n > 1 ? Math.ceil(n / 2) : n);

export const weightMemory = (s: Shape): Memory => ({
  name: `${prefix(s)}weights`,
  doc: 'Weight words, a byte a column.',
  bytes: s.chip.columns,
  words: s.chip.weightWords,
  low: lowPart(s, s.chip.weightWords),
  build: s.chip.memory,
});

export const biasMemory = (s: Shape): Memory => ({
  name: `${prefix(s)}biases`,
  doc: 'Biases, a word per channel block.',
  bytes: Math.ceil(biasBits(s.chip) / 8),
  words: s.chip.parameterBlocks,
  low: lowPart(s, s.chip.parameterBlocks),
  build: s.chip.memory,
});

export const scaleMemory = (s: Shape): Memory => ({
  name: `${prefix(s)}scales`,
  doc: 'Multipliers and shifts, a word per requantiser turn.',
  bytes: Math.ceil(scaleBits(s.chip) / 8),
  words: s.chip.parameterBlocks * s.groups,
  low: lowPart(s, s.chip.parameterBlocks) * s.groups,
  build: s.chip.memory,
});

const hostInputs = `  input  wire hw_valid,
  input  wire [19:0] hw_word,
  input  wire [6:0] hw_part,
  input  wire [31:0] hw_data,`;

const streamInputs = (s: Shape): string =>
  `  input  wire ${range(s.beatBits)} w_beat,
  input  wire ${range(8 * s.chip.streamBytes)} w_data,`;

function instance(
  m: Memory,
  name: string,
  read: string,
  readAddress: string,
  data: string,
  write: string,
): string {
  return `  ${m.name} ${name}_memory (
    .clk(clk), .read(${read}), .read_address(${readAddress}), .read_data(${data}),
    .write(${write}), .write_address(${name}_write_address), .write_mask(${name}_write_mask), .write_data(${name}_write_data));`;
}

export function programModule(s: Shape): string {
  const m = programMemory(s);
  return source(`
// Program memory: the word at pc_next is there in the next cycle.
module ${s.chip.name}_program (
  input  wire clk,
  input  wire hw_write,
${hostInputs}
  input  wire read,
  input  wire ${range(s.pcBits)} pc_next,
  output wire [127:0] word
);
${writeWires(s, 'program', 16, s.pcBits, false)}
${instance(m, 'program', 'read & ~hw_write', 'pc_next', 'word', 'hw_write')}
  wire unused = &{1'b0, hw_valid, hw_word, hw_part};
endmodule
`);
}

export function weightsModule(s: Shape): string {
  const K = s.chip.columns;
  if (!s.program) {
    const m = weightMemory(s);
    return source(`
// Weight words of ${K} bytes in the order the engine reads them.
module ${s.chip.name}_weights (
  input  wire clk,
  input  wire hw_write,
${hostInputs}
${s.weightStream ? `  input  wire w_write,\n  input  wire ${range(s.weightBits)} w_weights,\n${streamInputs(s)}\n` : ''}  input  wire read,
  input  wire ${range(s.weightBits)} address,
  output wire ${range(8 * K)} word
);
${writeWires(s, 'weights', K, s.weightBits, s.weightStream)}
${instance(m, 'weights', 'read', 'address', 'word', s.weightStream ? 'hw_write | w_write' : 'hw_write')}
  wire unused = &{1'b0, hw_valid, hw_word, hw_part};
endmodule
`);
  }
  const words = s.program.weights.length / K;
  return source(`
// Weight words of ${K} bytes in the order the engine reads them.
module ${s.chip.name}_weights (
  input  wire clk,
  input  wire ${range(s.weightBits)} address,
  output reg  ${range(8 * K)} word
);
  reg ${range(8 * K)} constant;
  always @*
    case (address)
${lines(words, (i) => `      ${literal(s.weightBits, i)}: constant = ${bytesLiteral(s.program!.weights.subarray(i * K, i * K + K))};`)}
      default: constant = {${8 * K}{1'bx}};
    endcase
  always @(posedge clk) word <= constant;
endmodule
`);
}

export function parametersModule(s: Shape): string {
  const { chip } = s;
  if (s.program) return bakedParameters(s);
  const bias = biasMemory(s);
  const scale = scaleMemory(s);
  const biasAll = 8 * bias.bytes;
  const scaleAll = 8 * scale.bytes;
  const biasRest = biasAll - biasBits(chip);
  const scaleRest = scaleAll - scaleBits(chip);
  const scaleAddress = s.groups > 1 ? '{scale_block, scale_group}' : 'scale_block';
  return source(`
// Per channel block: biases (zero point folded in), and per requantiser turn the multipliers and shifts. Addresses
// are those of the next cycle.
module ${chip.name}_parameters (
  input  wire clk,
  input  wire hw_write_bias,
  input  wire hw_write_scale,
${hostInputs}
${s.weightStream ? `  input  wire w_write_bias,\n  input  wire w_write_scale,\n  input  wire ${range(addressBitsOf(bias))} w_biases,\n  input  wire ${range(addressBitsOf(scale))} w_scales,\n${streamInputs(s)}\n` : ''}  input  wire bias_read,
  input  wire ${range(s.blockBits)} bias_block,
  output wire ${range(biasBits(chip))} bias,
  input  wire scale_read,
  input  wire ${range(s.blockBits)} scale_block,
${s.groups > 1 ? `  input  wire ${range(s.groupBits)} scale_group,\n` : ''}  output wire ${range(scaleBits(chip))} scale
);
  wire ${range(biasAll)} bias_word;
  wire ${range(scaleAll)} scale_word;
  assign bias = bias_word[${biasBits(chip) - 1}:0];
  assign scale = scale_word[${scaleBits(chip) - 1}:0];
${writeWires(s, 'biases', bias.bytes, addressBitsOf(bias), s.weightStream)}
${instance(bias, 'biases', 'bias_read', 'bias_block', 'bias_word', s.weightStream ? 'hw_write_bias | w_write_bias' : 'hw_write_bias')}
${writeWires(s, 'scales', scale.bytes, addressBitsOf(scale), s.weightStream)}
${instance(scale, 'scales', 'scale_read', scaleAddress, 'scale_word', s.weightStream ? 'hw_write_scale | w_write_scale' : 'hw_write_scale')}
  wire unused = &{1'b0, hw_valid, hw_word, hw_part${biasRest > 0 ? `, bias_word[${biasAll - 1}:${biasAll - biasRest}]` : ''}${scaleRest > 0 ? `, scale_word[${scaleAll - 1}:${scaleAll - scaleRest}]` : ''}};
endmodule
`);
}

function bakedParameters(s: Shape): string {
  const { chip } = s;
  const program = s.program!;
  const blocks = program.biases.length / chip.columns;
  const biases = biasBits(chip);
  const scales = scaleBits(chip);
  return source(`
// Per channel block: biases (zero point folded in), and per requantiser turn the multipliers and shifts.
module ${chip.name}_parameters (
  input  wire ${range(s.blockBits)} bias_block,
  output reg  ${range(biases)} bias,
  input  wire ${range(s.blockBits)} scale_block,
  input  wire ${range(s.groupBits)} scale_group,
  output reg  ${range(scales)} scale
);
  always @*
    case (bias_block)
${lines(blocks, (b) => `      ${literal(s.blockBits, b)}: bias = ${hexLiteral(biases, biasWord(chip, program, b))};`)}
      default: bias = {${biases}{1'bx}};
    endcase
  always @*
    case ({scale_block, scale_group})
${lines(blocks * s.groups, (i) => {
  const block = Math.floor(i / s.groups);
  const group = i % s.groups;
  return `      ${literal(s.blockBits + s.groupBits, block * 2 ** s.groupBits + group)}: scale = ${hexLiteral(scales, scaleWord(chip, program, block, group))};`;
})}
      default: scale = {${scales}{1'bx}};
    endcase
endmodule
`);
}
