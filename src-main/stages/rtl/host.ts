/** The host port of a programmable chip: what it can write, the writes of a program, and the counters it can read. */
import {
  biasBits,
  biasWord,
  scaleBits,
  scaleWord,
  WORD_PARTS,
  type Chip,
  type ParameterImages,
} from '../chip/index.ts';
import type { Shape } from './shape.ts';
import { range, source } from './text.ts';

export const HOST_PORT = [
  ['hw_valid', 1],
  ['hw_region', 2],
  ['hw_word', 20],
  ['hw_part', 7],
  ['hw_data', 32],
] as const;

export const HOST_REGION = { program: 0, weights: 1, biases: 2, scales: 3 } as const;

/** Counters of 32 bits since reset, in the order of counter_index. */
export const COUNTERS = [
  ['cycles', 'cycles since reset'],
  ['passes', 'times END was reached'],
  ['execBusy', 'cycles in which a layer runs'],
  ['execSteps', 'cycles in which the array multiplies'],
  ['loadStalls', 'cycles in which LOAD waits for a stream'],
  ['storeStalls', 'cycles in which STORE waits for the output stream'],
] as const;

/** The top module: the core, or the host around it. */
export const topOf = (chip: Chip): string =>
  chip.host === 'stream' ? chip.name : `${chip.name}_${chip.host}`;

export interface HostWrite {
  readonly region: number;
  readonly word: number;
  /** 32 bits of the word, lowest first. */
  readonly part: number;
  readonly data: number;
}

/** The writes that load a program into a chip that is not baked, in any order, while rst_n is low. */
export function hostWrites(
  chip: Chip,
  program: ParameterImages & { readonly words: Uint32Array },
): HostWrite[] {
  const writes: HostWrite[] = [];
  const put = (region: number, word: number, value: bigint, bits: number): void => {
    for (let part = 0; part * 32 < bits; part++)
      writes.push({ region, word, part, data: Number((value >> BigInt(32 * part)) & 0xffffffffn) });
  };
  program.words.forEach((data, i) =>
    writes.push({ region: HOST_REGION.program, word: i >> 2, part: i % WORD_PARTS, data }),
  );
  const K = chip.columns;
  const words = Math.min(chip.weightWords, program.weights.length / K);
  for (let w = 0; w < words; w++)
    for (let part = 0; part * 4 < K; part++) {
      let data = 0;
      for (let i = Math.min(K, part * 4 + 4) - 1; i >= part * 4; i--)
        data = ((data << 8) | (program.weights[w * K + i]! & 255)) >>> 0;
      writes.push({ region: HOST_REGION.weights, word: w, part, data });
    }
  const groups = K / chip.lanes;
  const blocks = Math.min(chip.parameterBlocks, program.biases.length / K);
  for (let b = 0; b < blocks; b++) {
    put(HOST_REGION.biases, b, biasWord(chip, program, b), biasBits(chip));
    for (let g = 0; g < groups; g++)
      put(HOST_REGION.scales, b * groups + g, scaleWord(chip, program, b, g), scaleBits(chip));
  }
  return writes;
}

export function countersModule(s: Shape): string {
  const inputs = ['pass', 'exec_busy', 'exec_step', 'load_stall', 'store_stall'];
  return source(`
// Counters since reset: ${COUNTERS.map(([name]) => name).join(', ')}.
module ${s.chip.name}_counters (
  input  wire clk,
  input  wire rst_n,
${inputs.map((n) => `  input  wire ${n},`).join('\n')}
  input  wire [2:0] counter_index,
  output reg  [31:0] counter_data
);
  reg [31:0] cycles, ${inputs.map((n) => `${n}s`).join(', ')};
  always @(posedge clk) begin
    if (!rst_n) begin
      cycles <= 32'd0;
${inputs.map((n) => `      ${n}s <= 32'd0;`).join('\n')}
    end else begin
      cycles <= cycles + 32'd1;
${inputs.map((n) => `      if (${n}) ${n}s <= ${n}s + 32'd1;`).join('\n')}
    end
    case (counter_index)
      3'd0: counter_data <= cycles;
${inputs.map((n, i) => `      3'd${i + 1}: counter_data <= ${n}s;`).join('\n')}
      default: counter_data <= 32'd0;
    endcase
  end
endmodule
`);
}

/**
 * Wires of a memory's write port: from the host in 32-bit parts and, on chips with a weight stream, from there in
 * beats. Names: `<name>_write`, `_write_address`, `_write_mask`, `_write_data`.
 */
export function writeWires(
  s: Shape,
  name: string,
  bytes: number,
  addressBits: number,
  streamed: boolean,
): string {
  const mask = (unit: string, each: number, bits: number): string =>
    `{${Array.from({ length: bytes }, (_, i) => `${unit} == ${bits}'d${Math.floor((bytes - 1 - i) / each)}`).join(', ')}}`;
  const repeat = (data: string, each: number): string => {
    const whole = Math.floor(bytes / each);
    const rest = bytes % each;
    const parts = [
      ...(rest > 0 ? [`${data}[${8 * rest - 1}:0]`] : []),
      ...(whole > 0 ? [`{${whole}{${data}}}`] : []),
    ];
    return `{${parts.join(', ')}}`;
  };
  const B = s.chip.streamBytes;
  const host = [mask('hw_part', 4, 7), repeat('hw_data', 4)];
  const stream = [mask('w_beat', B, s.beatBits), repeat('w_data', B)];
  const either = (i: number): string => (streamed ? `hw_valid ? ${host[i]} : ${stream[i]}` : host[i]!);
  return `  wire ${range(addressBits)} ${name}_write_address = ${streamed ? `hw_valid ? hw_word[${addressBits - 1}:0] : w_${name}` : `hw_word[${addressBits - 1}:0]`};
  wire ${range(bytes)} ${name}_write_mask = ${either(0)};
  wire ${range(8 * bytes)} ${name}_write_data = ${either(1)};`;
}
