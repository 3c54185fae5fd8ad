import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import {
  DEMO_CHIP,
  PRESETS,
  chipOfShape,
  decode,
  encode,
  type Chip,
} from '../../src-main/stages/chip/index.ts';
import { compile } from '../../src-main/stages/compiler/index.ts';
import { runCore } from '../../src-main/stages/quantize/index.ts';
import { generateRtl, rtlStimuli, type RtlCase } from '../../src-main/stages/rtl/index.ts';
import { simulate, timeLayer, type StreamGaps } from '../../src-main/stages/simulator/index.ts';
import { Clock } from '../../src-main/stages/simulator/clock.ts';
import { decodeSteps } from '../../src-main/stages/simulator/machine.ts';
import { parseRun } from '../../src-main/tools/rtl-run.ts';
import { buildVerilator, lintWithVerilator, runVerilator } from '../../src-main/tools/verilator.ts';
import { codeOf } from '../support/code-of.ts';
import { chipOf } from '../support/chips.ts';
import { loadDigits } from '../support/digits.ts';
import { randomGraph, randomInputs } from '../support/random-graphs.ts';
import { testTool } from '../support/tools.ts';
import { layerProgram } from './layer-programs.ts';
import { runModel } from './machine-model.ts';

const verilator = testTool('verilator');
const scratch = mkdtempSync(join(tmpdir(), 'ingot-rtl-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let runs = 0;
const folder = (): string => join(scratch, `run${runs++}`);

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

  it('refuses to bake a program that the chip cannot run', () => {
    const chip = { ...chipOfShape(2, 4), queueDepth: 0, bake: true };
    const program = compile(randomGraph(3), chip).value;
    const { mode } = {
      mode: decodeSteps(program.words).some((s) => s.kind === 'exec' && s.fields.mode === 1),
    };
    const verdict = codeOf(() => generateRtl({ ...chip, depthwise: false }, program)).code;
    expect(verdict).toBe(mode ? 'RTL-002' : 'none');
  });

  it('reads the testbench log', () => {
    const run = parseRun('BYTE 255\nBYTE 3\nINFERENCE 0 CYCLES 12\nPASS\n');
    expect(run).toMatchObject({ passed: true, cycles: [12], outputs: [Int8Array.of(-1, 3)] });
    expect(parseRun('BYTE 1\n').passed).toBe(false);
  });
});

const SMALL = { weightWords: 2048, parameterBlocks: 64, programWords: 64, memory: 'bram' } as const;

/** Chips of every memory, with and without queues, banks and wide streams. */
const CHIPS: Readonly<Record<string, Chip>> = {
  'block RAM, one bank, byte streams': {
    ...chipOfShape(2, 4, 1),
    ...SMALL,
    activationBytes: 1024,
    activationBanks: 1,
    streamBytes: 1,
    queueDepth: 0,
    accumulatorBits: 24,
  },
  'macros, four banks, queues': {
    ...chipOfShape(4, 4, 2),
    ...SMALL,
    activationBytes: 1024,
    activationBanks: 4,
    memory: 'macro',
  },
  'flip-flops, one row, lanes of 8 cycles': {
    ...chipOfShape(1, 4, 2),
    ...SMALL,
    activationBytes: 256,
    activationBanks: 2,
    memory: 'flops',
    weightWords: 64,
    parameterBlocks: 8,
    programWords: 16,
    queueDepth: 1,
    streamBytes: 2,
    requantizeCycles: 8,
  },
  latches: {
    ...chipOfShape(3, 2, 2),
    activationBytes: 64,
    activationBanks: 1,
    memory: 'latch',
    weightWords: 32,
    parameterBlocks: 8,
    programWords: 16,
    queueDepth: 0,
  },
};

const PROGRAMS = 60;

function programsFor(chip: Chip): { cases: RtlCase[]; wanted: Wanted[] } {
  const cases: RtlCase[] = [];
  const wanted: Wanted[] = [];
  for (let seed = 0; cases.length < PROGRAMS; seed++) {
    const program = layerProgram(chip, seed, 1 + (seed % (chip.programWords < 32 ? 2 : 4)));
    const fits =
      program.weights.length <= chip.weightWords * chip.columns &&
      program.biases.length <= chip.parameterBlocks * chip.columns &&
      program.words.length <= 4 * chip.programWords;
    if (!fits) continue;
    const random = makeRng(seed);
    const inputs = [0, 1].map(() =>
      Int8Array.from({ length: program.inputBytes }, () => Math.floor(random() * 256) - 128),
    );
    const gaps = { input: [0, 2, 0][seed % 3]!, output: [0, 1, 3][seed % 3]! };
    const memory = new Int8Array(chip.activationBytes);
    const steps = decodeSteps(program.words);
    const timings = new Map(
      steps.flatMap((s) => (s.kind === 'exec' ? [[s, timeLayer(s.fields, chip)] as const] : [])),
    );
    const clock = new Clock(steps, timings, gaps, chip);
    const passes = inputs.map(() => clock.run());
    cases.push({ program, inputs, gaps, limit: 100_000 });
    wanted.push({
      outputs: inputs.map((input) => runModel(chip, program, input, memory)),
      cycles: passes.map((run) => run.lastOut - run.firstIn + 1),
      lastOutputCycle: passes.map((run) => run.lastOut),
      lastIsRight: true,
    });
  }
  return { cases, wanted };
}

interface Wanted {
  readonly outputs: Int8Array[];
  readonly cycles: number[];
  readonly lastOutputCycle: number[];
  readonly lastIsRight: boolean;
}

describe.skipIf(!verilator.path)(`Verilator${verilator.note}`, () => {
  it('baked digits chip, 20 digits: 0 bits, 0 cycles', async () => {
    const { graph, inputs } = loadDigits();
    await compare(graph, DEMO_CHIP, inputs.slice(0, 20), { input: 0, output: 0 });
  });

  it('baked random graph with gaps in the streams', async () => {
    const graph = randomGraph(2);
    const chip = chipOf(2, 4, { bake: true });
    const inputs = randomInputs(graph, 3, 2);
    const gaps = { input: 2, output: 1 };
    const program = compile(graph, chip).value;
    const { outputs, cycles, lastOutputCycle } = simulate(program, chip, inputs, { gaps });
    expect(outputs).toEqual(inputs.map((input) => runCore(graph, input)));
    const model = await buildVerilator(generateRtl(chip, program), folder());
    const [result] = await model.run([{ program, inputs, gaps, limit: 1_000_000 }]);
    expect(result).toEqual({ outputs, cycles, lastOutputCycle, lastIsRight: true, counters: {} });
  });

  it.each(Object.keys(CHIPS))(`random layers of every mode against the plain model: %s`, async (name) => {
    const chip = CHIPS[name]!;
    const design = generateRtl(chip, null);
    const model = await buildVerilator(design, folder());
    const { cases, wanted } = programsFor(chip);
    const results = await model.run(cases);
    results.forEach(({ counters, ...result }, i) => {
      expect(result, `case ${i}`).toEqual(wanted[i]);
      expect(counters.passes).toBeGreaterThanOrEqual(1);
    });
    if (chip.memory !== 'macro') return;
    // Layers that write to the banks they read.
    const half = chip.activationBytes / 2;
    const inPlace = (words: Uint32Array): Uint32Array =>
      encode(
        decode(words).map((i) =>
          i.op === 'EXEC' ? { ...i, fields: { ...i.fields, dest: i.fields.dest! % half } } : i,
        ),
      );
    const wrong = model.run(
      cases.map((c) => ({ ...c, program: { ...c.program, words: inPlace(c.program.words) } })),
    );
    await expect(wrong).rejects.toThrow('stop');
  });

  it.each(['pico', 'nano', 'small'] as const)('the preset %s is free of lint warnings', async (name) => {
    await lintWithVerilator(generateRtl(PRESETS[name], null), folder());
  });

  /** Simulator, integer reference and Verilator with the testbench that goes to the user. */
  async function compare(
    graph: Parameters<typeof compile>[0],
    chip: Chip,
    inputs: readonly Int8Array[],
    gaps: StreamGaps,
  ): Promise<void> {
    const program = compile(graph, chip).value;
    const simulated = simulate(program, chip, inputs, { gaps });
    const design = generateRtl(chip, chip.bake ? program : null);
    const at = folder();
    await lintWithVerilator(design, at);
    const expected = inputs.map((x) => runCore(graph, x));
    const run = await runVerilator(design, rtlStimuli(program, inputs, expected, gaps), at);
    expect(run.outputs).toEqual(simulated.outputs);
    expect(run.cycles).toEqual(simulated.cycles);
    expect(run.passed, run.log.slice(0, 500)).toBe(true);
  }
});
