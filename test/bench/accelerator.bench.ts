/** The cycle simulator with values against Verilator's model of the same chip on corpus models, in one run. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chipOfShape } from '../../src-main/stages/chip/index.ts';
import { compilePlan, runPlan, type Program } from '../../src-main/stages/compiler/index.ts';
import { simulate, timeProgram } from '../../src-main/stages/simulator/index.ts';
import { buildChip, difference, isEqual, rtlCase, simulateCase } from '../check-rtl/judge.ts';
import { corpusModel } from '../check-rtl/models.ts';
import { corpusNote, skipCorpus } from '../support/corpus.ts';
import { testTool } from '../support/tools.ts';
import { printTable, ratio, short, timeOf, type Row } from './table.ts';

const BENCH_MS = 20 * 60_000;
const RUNS = 5;
/** Cycles of Verilator's model in one measurement, about. */
const MEASURED_CYCLES = 2_000_000;
const MODELS = ['tflite-person-detect', 'mlperf-tiny-ic', 'mlperf-tiny-kws', 'mlperf-tiny-ad'];
const verilator = testTool('verilator');
const folder = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
const rows: Row[] = [];

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  const head = ['model', 'chip', 'cycles', 'compile', 'timing only', 'values, first', 'values', 'GMAC/s', 'slow path', 'Verilator', 'Mcycles/s', 'Verilator / values']; // prettier-ignore
  printTable('Accelerator: milliseconds of one inference, the best of five runs', head, rows);
});

/** Of a machine with other work the quickest run says most. */
const best = (times: readonly number[]): number => Math.min(...times);

interface Subject {
  readonly name: string;
  readonly program: Program;
  readonly input: Int8Array;
  readonly compileMs: number;
}

function subject(name: string, rowsOfChip: number, columns: number): Subject {
  const chip = chipOfShape(rowsOfChip, columns);
  const { graph, samples } = corpusModel(name, 1);
  let plan = compilePlan(graph, chip);
  const compileMs = best(
    Array.from({ length: RUNS }, () => timeOf(() => void (plan = compilePlan(graph, chip)))),
  );
  let found: Pick<Subject, 'program' | 'input'> | undefined;
  runPlan(plan, [samples[0]!], (program, input) => {
    found = { program, input };
    return simulate(program, chip, [input]).outputs[0]!;
  });
  return { name, compileMs, ...found! };
}

describe.skipIf(skipCorpus || !verilator.path)(`against Verilator${corpusNote}${verilator.note}`, () => {
  test.each([
    [4, 16],
    [4, 4],
  ])('%d x %d', { timeout: BENCH_MS }, async (rowsOfChip, columns) => {
    const chip = chipOfShape(rowsOfChip, columns);
    const work = join(folder, `${rowsOfChip}x${columns}`);
    const model = await buildChip(chip, null, work);
    // Tests want a quick build; here it is about the model's own speed.
    const make = [
      '-C',
      join(work, 'obj_dir'),
      '-f',
      `V${chip.name}.mk`,
      '-B',
      'OPT_FAST=-O3 -march=native',
      'OPT_SLOW=-O1',
    ];
    execFileSync('make', make, { stdio: 'ignore' });
    for (const name of MODELS) {
      const s = subject(name, rowsOfChip, columns);
      const { program, input } = s;
      const { cycles } = timeProgram(program, chip);
      const passes = 1 + Math.ceil(MEASURED_CYCLES / cycles);
      const run = async (count: number): Promise<number> => {
        const c = { program, inputs: new Array<Int8Array>(count).fill(input) };
        const simulated = simulateCase(c);
        const started = performance.now();
        const [result] = await model.run([rtlCase(c, simulated)]);
        const ms = performance.now() - started;
        expect(isEqual(difference(c, simulated, result!))).toBe(true);
        return ms;
      };
      // A copy has nothing remembered: its first run plans addresses and packs weights.
      const fresh = (): Program => ({ ...program });
      const times = { rtl: [] as number[], first: [] as number[], values: [] as number[], timing: [] as number[], slow: [] as number[] }; // prettier-ignore
      for (let i = 0; i < RUNS; i++) {
        times.rtl.push(((await run(passes)) - (await run(1))) / (passes - 1));
        const copy = fresh();
        times.first.push(timeOf(() => void simulate(copy, chip, [input])));
        const repeats = 40;
        times.values.push(
          timeOf(() => {
            for (let k = 0; k < repeats; k++) simulate(copy, chip, [input]);
          }) / repeats,
        );
        times.timing.push(timeOf(() => void timeProgram(fresh(), chip)));
        times.slow.push(timeOf(() => void simulate(copy, chip, [input], { slow: true })));
      }
      const ms = Object.fromEntries(Object.entries(times).map(([k, v]) => [k, best(v)])) as Record<
        keyof typeof times,
        number
      >;
      const macs = program.layers.reduce((sum, l) => sum + l.macs, 0);
      rows.push([
        name, `${rowsOfChip}x${columns}`, cycles, short(s.compileMs), short(ms.timing), short(ms.first), short(ms.values),
        short(macs / ms.values / 1e6), short(ms.slow), short(ms.rtl), short(cycles / ms.rtl / 1e3), ratio(ms.rtl, ms.values),
      ]); // prettier-ignore
    }
  });
});
