/** Program, weights and parameters: constants of a baked chip, or memories behind the host port. */
import { OP_BY_NAME, WORD_PARTS, type Chip } from '../chip/index.ts';
import type { Shape } from './shape.ts';
import { bytesLiteral, hexLiteral, lines, literal, range, source } from './text.ts';

export const HOST_PORT = [
  ['hw_valid', 1],
  ['hw_region', 2],
  ['hw_word', 16],
  ['hw_part', 6],
  ['hw_data', 32],
] as const;

export const HOST_REGION = { program: 0, weights: 1, biases: 2, scales: 3 } as const;

/** 32-bit parts of a memory word behind the host port. */
const partsOf = (bits: number): number => Math.ceil(bits / 32);

export const scaleBits = (chip: Chip): number => chip.lanes * 36;

const OUTPUTS: readonly (readonly [string, number])[] = [
  ['op', 4],
  ['wait_mask', 4],
  ['signal_mask', 4],
];

export function programModule(s: Shape): string {
  return s.program ? bakedProgram(s) : programMemory(s);
}

function ports(s: Shape): string {
  const t = s.transfer;
  const transfer = [
    ['t_address', s.addressBits],
    ['t_run', t.runBits],
    ...(t.gaps
      ? ([
          ['t_runs', t.runsBits],
          ['t_gap', s.addressBits],
        ] as const)
      : []),
    ['t_last', 1],
  ] as const;
  const kind = s.program ? 'reg ' : 'wire';
  const out = [...OUTPUTS, ...transfer, ...s.fields.map((f) => [`x_${f.name}`, f.width] as const)];
  return out.map(([name, bits]) => `  output ${kind} ${range(bits)} ${name}`).join(',\n');
}

function bakedProgram(s: Shape): string {
  const { instructions } = s;
  const moves = instructions.filter((i) => i.op === 'LDA' || i.op === 'ST');
  const transferText = (f: Readonly<Record<string, number>>): string =>
    [
      `t_address = ${literal(s.addressBits, f.address! % 2 ** s.addressBits)};`,
      `t_run = ${literal(s.transfer.runBits, f.run!)};`,
      ...(s.transfer.gaps
        ? [`t_runs = ${literal(s.transfer.runsBits, f.runs!)};`, `t_gap = ${literal(s.addressBits, f.gap!)};`]
        : []),
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
  return source(`
// The program as constants: what to issue at each pc, and each layer's configuration.
module ${s.chip.name}_program (
  input  wire ${range(s.pcBits)} pc,
  input  wire ${range(s.layerBits)} layer,
${ports(s)}
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

function programMemory(s: Shape): string {
  const at = (name: string): { lsb: number; width: number } =>
    OP_BY_NAME.get('ST')!.fields.find((f) => f.name === name)!;
  const slice = (name: string, bits: number): string => {
    const f = at(name);
    return `word[${f.lsb + bits - 1}:${f.lsb}]`;
  };
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
  // EXEC's own fields are read in the cycle it issues; the configuration before it is held.
  const kept = held.filter((f) => f.op !== 'EXEC');
  const ops = [...new Set(kept.map((f) => f.op))];
  return source(`
// Program memory behind the host port; the EXEC engine's configuration is held in registers.
module ${s.chip.name}_program (
  input  wire clk,
  input  wire hw_write,
  input  wire [15:0] hw_word,
  input  wire [5:0] hw_part,
  input  wire [31:0] hw_data,
  input  wire issue,
  input  wire ${range(s.pcBits)} pc,
${ports(s)}
);
  reg [127:0] memory [0:${s.chip.programWords - 1}];
  wire [127:0] word = memory[pc];
  always @(posedge clk) if (hw_write) memory[hw_word[${s.pcBits - 1}:0]][{hw_part[1:0], 5'd0} +: 32] <= hw_data;

  assign op = word[3:0];
  assign wait_mask = word[7:4];
  assign signal_mask = word[11:8];
  assign t_address = ${slice('address', s.addressBits)};
  assign t_run = ${slice('run', 16)};
  assign t_runs = ${slice('runs', 16)};
  assign t_gap = ${slice('gap', s.addressBits)};
  assign t_last = ${slice('last', 1)};

${held
  .filter((f) => f.op === 'EXEC')
  .map((f) => `  assign x_${f.name} = ${f.value};`)
  .join('\n')}
${kept.map((f) => `  reg ${range(f.width)} held_${f.name};\n  assign x_${f.name} = held_${f.name};`).join('\n')}
  always @(posedge clk) if (issue) begin
    case (op)
${ops
  .map(
    (op) =>
      `      4'd${OP_BY_NAME.get(op)!.code}: begin // ${op}\n${kept
        .filter((f) => f.op === op)
        .map((f) => `        held_${f.name} <= ${f.value};`)
        .join('\n')}\n      end`,
  )
  .join('\n')}
      default: ;
    endcase
  end
  wire unused_bits = &{1'b0, word[127:12], hw_word, hw_part};
endmodule
`);
}

export function weightsModule(s: Shape): string {
  const K = s.chip.columns;
  const head = `
// Weight words of ${K} bytes in the order the engine reads them.
module ${s.chip.name}_weights (`;
  if (!s.program)
    return source(`${head}
  input  wire clk,
  input  wire hw_write,
  input  wire [15:0] hw_word,
  input  wire [5:0] hw_part,
  input  wire [31:0] hw_data,
  input  wire ${range(s.weightBits)} address,
  output wire ${range(8 * K)} word
);
${hostMemory('memory', 8 * K, s.chip.weightWords, s.weightBits)}
  assign word = memory[address]${range(8 * K)};
endmodule
`);
  const words = s.program.weights.length / K;
  return source(`${head}
  input  wire ${range(s.weightBits)} address,
  output reg  ${range(8 * K)} word
);
  always @*
    case (address)
${lines(words, (i) => `      ${literal(s.weightBits, i)}: word = ${bytesLiteral(s.program!.weights.subarray(i * K, i * K + K))};`)}
      default: word = {${8 * K}{1'bx}};
    endcase
endmodule
`);
}

/** A memory written in 32-bit parts; its words are rounded up to whole parts. */
function hostMemory(name: string, bits: number, depth: number, addressBits: number): string {
  const parts = partsOf(bits);
  const partBits = Math.max(1, Math.ceil(Math.log2(parts)));
  return `  reg ${range(parts * 32)} ${name} [0:${depth - 1}];
  always @(posedge clk) if (hw_write) ${name}[hw_word[${addressBits - 1}:0]][${
    parts === 1 ? '0' : `{hw_part[${partBits - 1}:0], 5'd0}`
  } +: 32] <= hw_data;
  wire unused_${name} = &{1'b0, hw_word, hw_part${parts * 32 > bits ? `, ${name}[0][${parts * 32 - 1}:${bits}]` : ''}};`;
}

export function parametersModule(s: Shape): string {
  const { chip } = s;
  const biasBits = chip.columns * chip.accumulatorBits;
  const head = `
// Per channel block: biases (zero point folded in), and per requantiser turn the multipliers and shifts.
module ${chip.name}_parameters (`;
  if (!s.program)
    return source(`${head}
  input  wire clk,
  input  wire hw_write_bias,
  input  wire hw_write_scale,
  input  wire [15:0] hw_word,
  input  wire [5:0] hw_part,
  input  wire [31:0] hw_data,
  input  wire ${range(s.blockBits)} bias_block,
  output wire ${range(biasBits)} bias,
  input  wire ${range(s.blockBits)} scale_block,
  input  wire ${range(s.groupBits)} scale_group,
  output wire ${range(scaleBits(chip))} scale
);
${hostMemory('biases', biasBits, chip.parameterBlocks, s.blockBits).replaceAll('hw_write)', 'hw_write_bias)')}
  assign bias = biases[bias_block]${range(biasBits)};
${hostMemory('scales', scaleBits(chip), chip.parameterBlocks * 2 ** s.groupBits, s.blockBits + s.groupBits).replaceAll('hw_write)', 'hw_write_scale)')}
  assign scale = scales[{scale_block, scale_group}]${range(scaleBits(chip))};
endmodule
`);
  const blocks = s.program.biases.length / chip.columns;
  return source(`${head}
  input  wire ${range(s.blockBits)} bias_block,
  output reg  ${range(biasBits)} bias,
  input  wire ${range(s.blockBits)} scale_block,
  input  wire ${range(s.groupBits)} scale_group,
  output reg  ${range(scaleBits(chip))} scale
);
  always @*
    case (bias_block)
${lines(blocks, (b) => `      ${literal(s.blockBits, b)}: bias = ${hexLiteral(biasBits, biasWord(s, b))};`)}
      default: bias = {${biasBits}{1'bx}};
    endcase
  always @*
    case ({scale_block, scale_group})
${lines(blocks * s.groups, (i) => {
  const block = Math.floor(i / s.groups);
  const group = i % s.groups;
  return `      ${literal(s.blockBits + s.groupBits, block * 2 ** s.groupBits + group)}: scale = ${hexLiteral(scaleBits(chip), scaleWord(s, block, group))};`;
})}
      default: scale = {${scaleBits(chip)}{1'bx}};
    endcase
endmodule
`);
}

interface ParameterImages {
  readonly chip: Chip;
  readonly program: {
    readonly biases: Int32Array;
    readonly multipliers: Int32Array;
    readonly shifts: Uint8Array;
  } | null;
}

function biasWord(s: ParameterImages, block: number): bigint {
  const K = s.chip.columns;
  const width = BigInt(s.chip.accumulatorBits);
  let word = 0n;
  for (let k = K - 1; k >= 0; k--)
    word =
      (word << width) | BigInt.asUintN(s.chip.accumulatorBits, BigInt(s.program!.biases[block * K + k]!));
  return word;
}

/** Per lane, lowest first: multiplier (31 bits), shift (5 bits). */
function scaleWord(s: ParameterImages, block: number, group: number): bigint {
  const { lanes, columns } = s.chip;
  let word = 0n;
  for (let lane = lanes - 1; lane >= 0; lane--) {
    const k = block * columns + group * lanes + lane;
    const entry = (BigInt(s.program!.shifts[k]!) << 31n) | BigInt(s.program!.multipliers[k]!);
    word = (word << 36n) | entry;
  }
  return word;
}

export interface HostWrite {
  readonly region: number;
  readonly word: number;
  readonly part: number;
  readonly data: number;
}

/** The writes that load a program into a chip that is not baked; part order is free. */
export function hostWrites(
  chip: Chip,
  program: NonNullable<ParameterImages['program']> & { words: Uint32Array; weights: Int8Array },
): HostWrite[] {
  const writes: HostWrite[] = [];
  const put = (region: number, word: number, value: bigint, bits: number): void => {
    for (let part = 0; part < partsOf(bits); part++)
      writes.push({ region, word, part, data: Number((value >> BigInt(32 * part)) & 0xffffffffn) });
  };
  program.words.forEach((data, i) =>
    writes.push({ region: HOST_REGION.program, word: i >> 2, part: i % WORD_PARTS, data }),
  );
  const K = chip.columns;
  for (let w = 0; w < program.weights.length / K; w++) {
    let value = 0n;
    for (let k = K - 1; k >= 0; k--) value = (value << 8n) | BigInt(program.weights[w * K + k]! & 255);
    put(HOST_REGION.weights, w, value, 8 * K);
  }
  const groups = K / chip.lanes;
  const groupBits = groups <= 2 ? 1 : Math.ceil(Math.log2(groups));
  for (let b = 0; b < program.biases.length / K; b++) {
    put(HOST_REGION.biases, b, biasWord({ chip, program }, b), K * chip.accumulatorBits);
    for (let g = 0; g < groups; g++)
      put(HOST_REGION.scales, b * 2 ** groupBits + g, scaleWord({ chip, program }, b, g), scaleBits(chip));
  }
  return writes;
}
