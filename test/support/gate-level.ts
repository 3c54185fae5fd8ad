/**
 * The exported netlist in Icarus Verilog with the kit's own models of its cells: a simulation that shares nothing
 * with the product. The models are the kit's files but for one line: data flip-flops have no reset, and in four
 * states an unknown that logic cannot resolve would stay for ever, so each flip-flop gets a given value at
 * power-up. Which one must not matter.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface GateLevelRun {
  /** Output bytes of each input; shorter than asked for when the chip gave no more in time. */
  readonly outputs: readonly Int8Array[];
  /** Of each, from the cycle its first byte is accepted to the one its last answer byte is, both included. */
  readonly cycles: readonly number[];
}

export interface GateLevelInput {
  readonly top: string;
  readonly netlist: string;
  /** Path of the kit's Verilog. */
  readonly cells: string;
  readonly inputs: readonly Int8Array[];
  readonly powerUp: 0 | 1;
  /** Cycles after which it ends in any case. */
  readonly maxCycles: number;
}

const run = promisify(execFile);
const LIMITS = { timeout: 600_000, maxBuffer: 1 << 26 };

/** Builds and runs in `folder`. Throws where an output is unknown (x or z). */
export async function simulateGates(input: GateLevelInput, folder: string): Promise<GateLevelRun> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const models = readFileSync(input.cells, 'latin1');
  const started = models.replace(/^ {2}reg IQ;$/gm, `  reg IQ;\n  initial IQ = 1'b${input.powerUp};`);
  if (started === models) throw new Error('the kit has no flip-flops as they were');
  const files = [
    write('cells.v', started),
    write('netlist.v', input.netlist),
    write('testbench.v', testbench(input)),
  ];
  write('bytes.hex', input.inputs.flatMap((bytes) => Array.from(bytes, hexOf)).join('\n') + '\n');
  // TETRAMAX leaves out nets for timing checks, through which a scan flop's model drives its own input.
  const options = ['-g2005-sv', '-DTETRAMAX', '-s', 'gate_level_tb', '-o', 'simulation'];
  await run('iverilog', [...options, ...files], { ...LIMITS, cwd: folder });
  const { stdout } = await run('vvp', ['-n', 'simulation'], { ...LIMITS, cwd: folder });
  return transfersOf(stdout, input.inputs[0]!.length);
}

const hexOf = (byte: number): string => (byte & 0xff).toString(16).padStart(2, '0');

/** Source and sink that never wait; drives on falling edges, looks just before rising ones, tells every transfer. */
const testbench = ({ top, inputs, maxCycles }: GateLevelInput): string => {
  const total = inputs.reduce((sum, bytes) => sum + bytes.length, 0);
  return `\`timescale 1ns/1ps
module gate_level_tb;
  reg clk, rst_n, in_valid, out_ready;
  reg [7:0] in_data;
  wire in_ready, out_valid, out_last, busy;
  wire [7:0] out_data;
  reg [7:0] bytes [0:${total - 1}];
  integer sent, answered, cycle;
  ${top} chip (.clk(clk), .rst_n(rst_n), .in_valid(in_valid), .in_ready(in_ready), .in_data(in_data),
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data), .out_last(out_last), .busy(busy));
  initial begin
    clk = 0; rst_n = 0; in_valid = 0; in_data = 0; out_ready = 0; sent = 0; answered = 0;
    $readmemh("bytes.hex", bytes);
    repeat (4) begin #5 clk = 1; #5 clk = 0; end
    rst_n = 1; out_ready = 1;
    for (cycle = 0; cycle < ${maxCycles} && answered < ${inputs.length}; cycle = cycle + 1) begin
      in_valid = sent < ${total};
      in_data = in_valid ? bytes[sent] : 8'd0;
      #4;
      if (in_valid && in_ready !== 0) begin $display("IN %0d %b", cycle, in_ready); sent = sent + 1; end
      if (out_valid !== 0) begin
        $display("OUT %0d %b %b %b", cycle, out_valid, out_data, out_last);
        if (out_last !== 0) answered = answered + 1;
      end
      #1 clk = 1;
      #5 clk = 0;
    end
    $finish;
  end
endmodule
`;
};

function transfersOf(log: string, inputBytes: number): GateLevelRun {
  const accepted: number[] = [];
  const outputs: Int8Array[] = [];
  const cycles: number[] = [];
  let bytes: number[] = [];
  for (const line of log.split('\n')) {
    const [kind, cycle, ...values] = line.split(' ');
    if (kind !== 'IN' && kind !== 'OUT') continue;
    if (!values.every((v) => /^[01]+$/.test(v))) throw new Error(`an output of the chip is unknown: ${line}`);
    if (kind === 'IN') accepted.push(Number(cycle));
    else {
      bytes.push(Number.parseInt(values[1]!, 2));
      if (values[2] !== '1') continue;
      cycles.push(Number(cycle) - accepted[outputs.length * inputBytes]! + 1);
      outputs.push(Int8Array.from(bytes));
      bytes = [];
    }
  }
  return { outputs, cycles };
}
