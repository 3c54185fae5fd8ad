import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEMO_CHIP, type Chip } from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { runCore, type QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { generateRtl, rtlStimuli } from '../../src-main/stages/rtl/index.ts';
import { simulate, type StreamGaps } from '../../src-main/stages/simulator/index.ts';
import { lintWithVerilator, parseRun, runVerilator } from '../../src-main/tools/verilator.ts';
import { chipOf } from '../support/chips.ts';
import { loadDigits } from '../support/digits.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { testTool } from '../support/tools.ts';

const verilator = testTool('verilator');
const scratch = mkdtempSync(join(tmpdir(), 'ingot-rtl-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let runs = 0;

describe('generated RTL', () => {
  it('is the same text for the same chip and program', () => {
    const chip = chipOf(2, 4, { bake: true });
    const program = compile(randomGraph(3), chip).value;
    expect(generateRtl(chip, program)).toEqual(generateRtl(chip, program));
    expect(generateRtl(chip, program).sources.every((f) => f.text.includes('endmodule'))).toBe(true);
  });

  it('asks for a program to bake', () => {
    expect(() => generateRtl(chipOf(1, 4, { bake: true }), null)).toThrow(/needs a program/);
  });

  it('reads the testbench log', () => {
    const run = parseRun('BYTE 255\nBYTE 3\nINFERENCE 0 CYCLES 12\nPASS\n');
    expect(run).toMatchObject({ passed: true, cycles: [12], outputs: [Int8Array.of(-1, 3)] });
    expect(parseRun('BYTE 1\n').passed).toBe(false);
  });
});

/** Simulator, integer reference and Verilator on the same inputs. */
async function compare(
  graph: QuantGraph,
  chip: Chip,
  inputs: readonly Int8Array[],
  gaps: StreamGaps,
): Promise<void> {
  const program = compile(graph, chip).value;
  const simulated = simulate(program, chip, inputs, { gaps });
  const design = generateRtl(chip, chip.bake ? program : null);
  const folder = join(scratch, `run${runs++}`);
  await lintWithVerilator(design, folder);
  const expected = inputs.map((x) => runCore(graph, x));
  const run = await runVerilator(design, rtlStimuli(program, inputs, expected, gaps), folder);
  expect(run.outputs).toEqual(simulated.outputs);
  expect(run.cycles).toEqual(simulated.cycles);
  expect(run.passed, run.log.slice(0, 500)).toBe(true);
}

describe.skipIf(!verilator.path)(`Verilator${verilator.note}`, () => {
  it('baked digits chip, 20 digits: 0 bits, 0 cycles', async () => {
    const { graph, inputs } = loadDigits();
    await compare(graph, DEMO_CHIP, inputs.slice(0, 20), { input: 0, output: 0 });
  });

  const cases: readonly [seed: number, chip: Chip, gaps: StreamGaps][] = [
    [2, chipOf(2, 4, { bake: true }), { input: 2, output: 1 }],
    [4, chipOf(4, 16, { lanes: 8, requantizeCycles: 4 }), { input: 0, output: 0 }],
  ];
  it.each(cases)('random graph %d', async (seed, chip, gaps) => {
    const graph = randomGraph(seed);
    await compare(graph, chip, randomInputs(graph, 3, seed), gaps);
  });
});
