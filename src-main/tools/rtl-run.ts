/** What the simulators of the generated RTL share: one job each, and the lines that the testbench prints. */
import { join } from 'node:path';
import type { Job } from './runner/index.ts';

export interface RtlRun {
  /** The testbench's own verdict: every byte, out_last and the number of inferences as expected. */
  readonly passed: boolean;
  /** Output bytes of each inference. */
  readonly outputs: readonly Int8Array[];
  /** Cycles of each inference, from its first input byte to its last output byte. */
  readonly cycles: readonly number[];
  readonly log: string;
}

const TIME_LIMIT_MS = 600_000;

/** A job in `folder`, beside what earlier ones left there; `what` names its log. */
export const simulatorJob = (
  tool: string,
  folder: string,
  what: string,
  command: string,
  args: readonly string[],
): Job => ({
  tool,
  command,
  args,
  folder,
  isShared: true,
  limits: { timeMs: TIME_LIMIT_MS },
  logName: `${what}.log`,
  bundle: join(folder, 'repro'),
});

export const inputsOf = (files: readonly { readonly name: string; readonly text: string }[]): Job['inputs'] =>
  files.map(({ name, text }) => ({ name, contents: text }));

/** Reads the testbench's lines: BYTE, INFERENCE n CYCLES m, PASS. */
export function parseRun(log: string): RtlRun {
  const outputs: Int8Array[] = [];
  const cycles: number[] = [];
  let bytes: number[] = [];
  for (const line of log.split('\n')) {
    const byte = /^BYTE (\d+)/.exec(line);
    if (byte) bytes.push(Number(byte[1]));
    const inference = /^INFERENCE \d+ CYCLES (\d+)/.exec(line);
    if (!inference) continue;
    cycles.push(Number(inference[1]));
    outputs.push(Int8Array.from(bytes));
    bytes = [];
  }
  return { passed: /^PASS$/m.test(log), outputs, cycles, log };
}
