/** The generated hardware in Icarus Verilog, four states and all, beside the simulator: a third opinion after Verilator. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Chip } from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { generateRtl, rtlStimuli } from '../../src-main/stages/rtl/index.ts';
import { simulate, type StreamGaps } from '../../src-main/stages/simulator/index.ts';
import { parseRun } from '../../src-main/tools/verilator.ts';
import { chipOf } from '../support/chips.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { testTool } from '../support/tools.ts';

const icarus = testTool('iverilog');

/** Of the core: its log, and what the simulator says. */
function runBoth(seed: number, chip: Chip, gaps: StreamGaps) {
  const graph = randomGraph(seed);
  const program = compile(graph, chip).value;
  const inputs = randomInputs(graph, 2, seed);
  const expected = inputs.map((input) => runCore(graph, input));
  const design = generateRtl(chip, chip.bake ? program : null);
  const stimuli = rtlStimuli(program, inputs, expected, gaps);
  const folder = mkdtempSync(join(tmpdir(), 'ingot-icarus-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sources = [...design.sources, ...design.models, ...design.testbench];
  for (const { name, text } of [...sources, ...stimuli.files]) writeFileSync(join(folder, name), text);
  const options = ['-g2012', '-s', `${chip.name}_tb`, '-o', 'simulation'];
  execFileSync(icarus.path!, [...options, ...sources.map(({ name }) => name)], { cwd: folder });
  const args = ['-n', 'simulation', ...stimuli.plusargs.map((p) => `+${p}`)];
  const log = execFileSync('vvp', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: 60_000,
  });
  return { run: parseRun(log), simulated: simulate(program, chip, inputs, { gaps }) };
}

describe.skipIf(!icarus.path)(`in Icarus Verilog${icarus.note}`, () => {
  const straight: StreamGaps = { input: 0, output: 0 };
  test.each([
    ['baked, one row', 3, chipOf(1, 4, { bake: true }), straight],
    ['baked, two rows, a slow source and sink', 5, chipOf(2, 4, { bake: true }), { input: 2, output: 3 }],
    ['programmable', 3, chipOf(1, 4), straight],
  ] as const)('the RTL gives the bits and cycles of the simulator: %s', (_name, seed, chip, gaps) => {
    const { run, simulated } = runBoth(seed, chip, gaps);
    expect(run.outputs).toEqual(simulated.outputs);
    expect(run.cycles).toEqual(simulated.cycles);
    expect(run.passed, run.log.slice(0, 500)).toBe(true);
  });
});
