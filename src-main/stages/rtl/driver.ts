/**
 * A driver in C++ around Verilator's model of the core, quicker than a testbench in Verilog: one process runs any
 * number of cases, with a reset and a program for each. It reads `cases.bin` and writes `results.bin`, in the layout
 * of `encodeCases` and `decodeResults`; all numbers are little-endian 32-bit words, bytes are padded to words.
 */
import { decode, type Chip, type ParameterImages } from '../chip/index.ts';
import { COUNTERS, hostWrites, topOf } from './host.ts';
import { axiMaster, sendProgram, spiMaster, spiStreams } from './host-drivers.ts';
import { source } from './text.ts';

/** One program, or a baked chip's own, on some inputs. */
export interface RtlCase {
  readonly program: ParameterImages & { readonly words: Uint32Array };
  /** Per pass through the program, the bytes of the input stream. */
  readonly inputs: readonly Int8Array[];
  /** Bytes of the weight stream, the same in each pass. */
  readonly weightStream?: Int8Array;
  readonly gaps?: { readonly input: number; readonly output: number; readonly weights?: number };
  /** The run is given up after so many cycles; default 20 million. */
  readonly limit?: number;
}

export interface RtlCaseResult {
  /** Bytes of the output stream per finished pass. */
  readonly outputs: readonly Int8Array[];
  /** Cycles of each pass, from its first input beat to its last output beat, both included. */
  readonly cycles: readonly number[];
  /** Cycle of its last output beat; cycle 0 is the first clock edge that sees rst_n high. */
  readonly lastOutputCycle: readonly number[];
  /** Whether out_last was high with the last beat of each pass and with no other. */
  readonly lastIsRight: boolean;
  /** By name; empty for a baked chip. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Bytes that leave in one pass through the program. */
export function outputBytesOf(words: Uint32Array): number {
  const stores = decode(words).filter((i) => i.op === 'ST');
  return stores.reduce((sum, i) => sum + (i.fields.run! + 1) * (i.fields.runs! + 1), 0);
}

export function encodeCases(chip: Chip, cases: readonly RtlCase[]): Uint8Array<ArrayBuffer> {
  const chunks: (Uint32Array | Int8Array)[] = [Uint32Array.of(cases.length)];
  for (const c of cases) {
    const host = chip.bake ? [] : hostWrites(chip, c.program);
    const writes = new Uint32Array(host.length * 2);
    host.forEach((w, i) => {
      writes[2 * i] = (w.region << 27) | (w.word << 7) | w.part;
      writes[2 * i + 1] = w.data;
    });
    const stream = c.weightStream ?? new Int8Array(0);
    const inBytes = c.inputs[0]?.length ?? 0;
    const { input = 0, output = 0, weights = 0 } = c.gaps ?? {};
    const sizes = [host.length, c.inputs.length, inBytes, outputBytesOf(c.program.words), stream.length];
    chunks.push(Uint32Array.of(...sizes, input, output, weights, c.limit ?? 20_000_000), writes);
    chunks.push(...c.inputs, stream);
  }
  const padded = (n: number): number => Math.ceil(n / 4) * 4;
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + padded(chunk.byteLength), 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), at);
    at += padded(chunk.byteLength);
  }
  return bytes;
}

export function decodeResults(bytes: Uint8Array, cases: readonly RtlCase[]): RtlCaseResult[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const next = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  return cases.map((c) => {
    const done = next();
    const lastIsRight = next() === 1;
    const counted = next();
    const counters = Object.fromEntries(COUNTERS.slice(0, counted).map(([name]) => [name, next()]));
    const size = outputBytesOf(c.program.words);
    const outputs: Int8Array[] = [];
    const cycles: number[] = [];
    const lastOutputCycle: number[] = [];
    for (let i = 0; i < done; i++) {
      cycles.push(next());
      lastOutputCycle.push(next());
      outputs.push(Int8Array.from(bytes.subarray(at, at + size)));
      at += Math.ceil(size / 4) * 4;
    }
    return { outputs, cycles, lastOutputCycle, lastIsRight, counters };
  });
}

/** Names of the streams' pins: of the core, or of its AXI wrapper. */
const CORE_PINS = { in: ['in_valid', 'in_ready', 'in_data'], w: ['w_valid', 'w_ready', 'w_data'] };
const AXI_PINS = {
  in: ['s_axis_tvalid', 's_axis_tready', 's_axis_tdata'],
  w: ['s_axis_w_tvalid', 's_axis_w_tready', 's_axis_w_tdata'],
};

/** The driver's text; it is built with Verilator's model of `topOf(chip)`. */
export function driverSource(chip: Chip): string {
  const host = !chip.bake;
  const axi = chip.host === 'axi';
  const clock = axi ? 'aclk' : 'clk';
  const spi = chip.host === 'spi';
  const weights = host && chip.queueDepth > 0;
  return source(`
// Runs the cases of cases.bin one after the other, each from reset, and writes results.bin.
#include "V${topOf(chip)}.h"
#include "verilated.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

static std::vector<uint32_t> file;
static std::vector<uint32_t> results;
static V${topOf(chip)} *top;

static void tick() {
  top->${clock} = 0;
  top->eval();
  top->${clock} = 1;
  top->eval();
}
${axi ? axiMaster : spi ? spiMaster : ''}
static const uint32_t *run(const uint32_t *at) {
  const uint32_t writes = at[0], passes = at[1], inBytes = at[2], outBytes = at[3], streamBytes = at[4];
  const uint32_t inGap = at[5], outGap = at[6], weightGap = at[7], limit = at[8];
  at += 9;
  const uint32_t *host = at;
  at += 2 * writes;
  const uint32_t *inputs = at;
  at += passes * ((inBytes + 3) / 4);
  const uint8_t *stream = reinterpret_cast<const uint8_t *>(at);
  at += (streamBytes + 3) / 4;
  (void)stream; (void)host; (void)weightGap; (void)writes;

${axi ? axiReset(chip, weights) : spi ? spiReset(chip) : coreReset(host, weights)}
  const size_t head = results.size();
  results.resize(head + 3);
${spi ? spiStreams(chip) : pinStreams(chip, weights)}  results[head] = done;
  results[head + 1] = right;
  results[head + 2] = ${host ? COUNTERS.length : 0};
${
  host
    ? `  uint32_t counters[${COUNTERS.length}];
  for (uint32_t i = 0; i < ${COUNTERS.length}; i++) {
${
  chip.host === 'stream'
    ? `    top->counter_index = i;
    tick();
    counters[i] = top->counter_data;`
    : '    counters[i] = readCounter(i);'
}
  }
  results.insert(results.begin() + head + 3, counters, counters + ${COUNTERS.length});
`
    : ''
}  return at;
}

int main() {
  FILE *in = fopen("cases.bin", "rb");
  if (!in) return 2;
  fseek(in, 0, SEEK_END);
  file.resize(ftell(in) / 4);
  rewind(in);
  if (fread(file.data(), 4, file.size(), in) != file.size()) return 2;
  fclose(in);
  // Seeded random start values: no result may depend on what flip-flops hold at power-up.
  Verilated::randReset(2);
  Verilated::randSeed(1);
  top = new V${topOf(chip)};
  const uint32_t *at = file.data() + 1;
  for (uint32_t i = 0; i < file[0]; i++) at = run(at);
  FILE *to = fopen("results.bin", "wb");
  if (!to || fwrite(results.data(), 4, results.size(), to) != results.size() || fclose(to)) return 2;
  top->final();
  return ${axi ? 'refused ? 3 : 0' : '0'};
}
`);
}

const coreReset = (host: boolean, weights: boolean): string => `  top->rst_n = 0;
  top->in_valid = 0;
  top->out_ready = 0;
${weights ? '  top->w_valid = 0;\n' : ''}  for (int i = 0; i < 4; i++) tick();
${
  host
    ? `  for (uint32_t i = 0; i < writes; i++) {
    top->hw_valid = 1;
    top->hw_region = host[2 * i] >> 27;
    top->hw_word = (host[2 * i] >> 7) & 0xfffff;
    top->hw_part = host[2 * i] & 127;
    top->hw_data = host[2 * i + 1];
    tick();
  }
  top->hw_valid = 0;
  tick();
`
    : ''
}  top->rst_n = 1;
`;

const axiReset = (chip: Chip, weights: boolean): string => `  top->aresetn = 0;
  top->s_axis_tvalid = 0;
  top->m_axis_tready = 0;
  top->s_axi_awvalid = top->s_axi_wvalid = top->s_axi_arvalid = top->s_axi_rready = 0;
${weights ? '  top->s_axis_w_tvalid = 0;\n' : ''}  for (int i = 0; i < 4; i++) tick();
  top->aresetn = 1;
  for (int i = 0; i < 4; i++) tick();
${sendProgram(chip)}  setRun(1);
`;

const spiReset = (chip: Chip): string => `  top->rst_n = 0;
  top->cs_n = 1;
  top->sck = 0;
  for (int i = 0; i < 8; i++) tick();
  top->rst_n = 1;
  for (int i = 0; i < 8; i++) tick();
${sendProgram(chip)}  setRun(1);
`;

/** The streams of a case by their pins, cycle by cycle. */
function pinStreams(chip: Chip, weights: boolean): string {
  const B = chip.streamBytes;
  const axi = chip.host === 'axi';
  const pins = axi ? AXI_PINS : CORE_PINS;
  const out = (core: string, bus: string): string => (axi ? `m_axis_${bus}` : core);
  return `  uint32_t cycle = 0, firstIn = 0, inAt = 0, inPass = 0, inWait = 0, outAt = 0, outWait = 0, done = 0;
  uint32_t streamAt = 0, streamWait = 0, right = 1;
  std::vector<uint32_t> firsts;
  std::vector<uint8_t> out(((outBytes + 3) / 4) * 4);
  (void)streamAt; (void)streamWait;
  while (done < passes && cycle < limit) {
    const uint8_t *input = reinterpret_cast<const uint8_t *>(inputs + inPass * ((inBytes + 3) / 4));
    top->${pins.in[0]} = inWait == 0 && inPass < passes && inAt < inBytes;
    if (top->${pins.in[0]}) memcpy(&top->${pins.in[2]}, input + inAt, ${B});
    top->${out('out_ready', 'tready')} = outWait == 0;
    if (top->${pins.in[0]} && top->${pins.in[1]}) {
      if (inAt == 0) firsts.push_back(cycle);
      inAt += ${B};
      if (inAt == inBytes) { inAt = 0; inPass++; }
      inWait = inGap;
    } else if (inWait > 0) inWait--;
${
  weights
    ? `    top->${pins.w[0]} = streamWait == 0 && streamBytes > 0;
    if (top->${pins.w[0]}) memcpy(&top->${pins.w[2]}, stream + streamAt, ${B});
    if (top->${pins.w[0]} && top->${pins.w[1]}) {
      streamAt = streamAt + ${B} == streamBytes ? 0 : streamAt + ${B};
      streamWait = weightGap;
    } else if (streamWait > 0) streamWait--;
`
    : ''
}    if (top->${out('out_valid', 'tvalid')} && top->${out('out_ready', 'tready')}) {
      memcpy(out.data() + outAt, &top->${out('out_data', 'tdata')}, ${B});
      outAt += ${B};
      outWait = outGap;
      if (top->${out('out_last', 'tlast')} != (outAt == outBytes)) right = 0;
      if (outAt == outBytes) {
        firstIn = done < firsts.size() ? firsts[done] : 0;
        results.push_back(cycle - firstIn + 1);
        results.push_back(cycle);
        const size_t to = results.size();
        results.resize(to + out.size() / 4);
        memcpy(results.data() + to, out.data(), out.size());
        outAt = 0;
        done++;
      }
    } else if (outWait > 0) outWait--;
    cycle++;
    tick();
  }
`;
}
