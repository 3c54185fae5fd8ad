/** The generated hardware in Icarus Verilog, four states and all, beside the simulator: a third opinion after Verilator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Chip } from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { generateRtl, rtlStimuli } from '../../src-main/stages/rtl/index.ts';
import { simulate, type StreamGaps } from '../../src-main/stages/simulator/index.ts';
import { runIcarus } from '../../src-main/tools/icarus.ts';
import { chipOf } from '../support/chips.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { testTool } from '../support/tools.ts';

const icarus = testTool('iverilog');

/** Of the core: its log, and what the simulator says. */
async function runBoth(seed: number, chip: Chip, gaps: StreamGaps, change = (text: string) => text) {
  const graph = randomGraph(seed);
  const program = compile(graph, chip).value;
  const inputs = randomInputs(graph, 2, seed);
  const expected = inputs.map((input) => runCore(graph, input));
  const made = generateRtl(chip, chip.bake ? program : null);
  const design = { ...made, sources: made.sources.map((s) => ({ ...s, text: change(s.text) })) };
  const stimuli = rtlStimuli(program, inputs, expected, gaps);
  const folder = mkdtempSync(join(tmpdir(), 'ingot-icarus-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = await runIcarus(design, stimuli, folder);
  return { run, simulated: simulate(program, chip, inputs, { gaps }) };
}

describe.skipIf(!icarus.path)(`in Icarus Verilog${icarus.note}`, () => {
  const straight: StreamGaps = { input: 0, output: 0 };
  test.each([
    ['baked, one row', 3, chipOf(1, 4, { bake: true }), straight],
    ['baked, two rows, a slow source and sink', 5, chipOf(2, 4, { bake: true }), { input: 2, output: 3 }],
    ['programmable', 3, chipOf(1, 4), straight],
  ] as const)('the RTL gives the bits and cycles of the simulator: %s', async (_name, seed, chip, gaps) => {
    const { run, simulated } = await runBoth(seed, chip, gaps);
    expect(run.outputs).toEqual(simulated.outputs);
    expect(run.cycles).toEqual(simulated.cycles);
    expect(run.passed, run.log.slice(0, 500)).toBe(true);
  });

  test('a changed constant in the hardware is noticed; sources that are none are an error', async () => {
    const chip = chipOf(1, 4, { bake: true });
    const { run, simulated } = await runBoth(3, chip, straight, (text) =>
      text.replace(
        /32'h([0-9a-f]{7})([0-9a-f])/,
        (_, most, last) => `32'h${most}${last === '0' ? '1' : '0'}`,
      ),
    );
    expect(run.passed && run.outputs.join() === simulated.outputs.join()).toBe(false);
    await expect(runBoth(3, chip, straight, () => 'module')).rejects.toMatchObject({
      diagnostic: { code: 'TOOL-033' },
    });
  });
});
