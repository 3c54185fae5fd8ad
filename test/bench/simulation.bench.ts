/** What simulating an inference of the digits chip costs, one way against another, side by side in one run. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DEMO_CHIP } from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { generateRtl, rtlStimuli } from '../../src-main/stages/rtl/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { runVerilator } from '../../src-main/tools/verilator.ts';
import { loadDigits } from '../support/digits.ts';
import { testTool } from '../support/tools.ts';
import { median, printTable, ratio, short, timeOf, type Row } from './table.ts';

const BENCH_MS = 10 * 60_000;
const DIGITS = 32;
const RUNS = 9;
const verilator = testTool('verilator');
const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
const rows: Row[] = [];

const digits = loadDigits();
const inputs = digits.inputs.slice(0, DIGITS);
const program = compile(digits.graph, DEMO_CHIP).value;
const cycles = simulate(program, DEMO_CHIP, inputs.slice(0, 1)).cycles[0]!;

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  const head = ['digits chip, one inference', 'ms', 'cycles/s', 'against the cycle simulator'];
  printTable('Simulation', head, rows);
});

/** Of the cycle simulator; what it is compared with is measured beside it. */
let simulatorMs = 0;
const tell = (what: string, ms: number): void => {
  rows.push([what, short(ms), `${short((cycles / ms) * 1e-3)} M`, ratio(ms, simulatorMs)]);
};

describe('digits chip', () => {
  test('cycle simulator and integer reference', { timeout: BENCH_MS }, async ({ bench }) => {
    const found = await bench.compare(
      bench('cycle simulator', () => void simulate(program, DEMO_CHIP, inputs)),
      bench('integer reference', () => void inputs.map((input) => runCore(digits.graph, input))),
      { time: 1500, warmupTime: 300 },
    );
    const perInference = (name: 'cycle simulator' | 'integer reference'): number =>
      found.get(name).latency.p50 / DIGITS;
    simulatorMs = perInference('cycle simulator');
    tell('cycle simulator (values; a layer is timed once, as no latency depends on data)', simulatorMs);
    tell('integer reference (values only)', perInference('integer reference'));
  });

  test.skipIf(!verilator.path)(
    `Verilator's compiled model${verilator.note}`,
    { timeout: BENCH_MS },
    async () => {
      const stimuli = rtlStimuli(
        program,
        inputs,
        inputs.map((input) => runCore(digits.graph, input)),
      );
      const started = performance.now();
      const { passed } = await runVerilator(generateRtl(DEMO_CHIP, program), stimuli, folder);
      const buildMs = performance.now() - started;
      expect(passed).toBe(true);
      const model = join(folder, 'obj_dir', 'sim');
      const run = (count: number): number => {
        const plusargs = stimuli.plusargs.map((p) => `+${p.replace(/^count=.*/, `count=${count}`)}`);
        return timeOf(() => void execFileSync(model, plusargs, { cwd: folder, stdio: 'ignore' }));
      };
      // The process starts once for all inferences: its start is taken off by a run of one.
      const times = Array.from({ length: RUNS }, () => ({
        all: run(DIGITS),
        one: run(1),
        beside: timeOf(() => void simulate(program, DEMO_CHIP, inputs)),
      }));
      const modelMs = (median(times.map((t) => t.all)) - median(times.map((t) => t.one))) / (DIGITS - 1);
      const besideMs = median(times.map((t) => t.beside)) / DIGITS;
      rows.push([
        `Verilator's model of the RTL (built once in ${short(buildMs / 1000)} s)`,
        short(modelMs),
        `${short((cycles / modelMs) * 1e-3)} M`,
        ratio(modelMs, besideMs),
      ]);
    },
  );
});
