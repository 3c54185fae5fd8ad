/**
 * `npm run check:rtl [-- --chips 4x4,4x16 --models NAME,NAME --samples N --programs N --seed S]`: the simulator
 * against the generated RTL in Verilator, on the corpus models and on random programs. Prints a table; exit code 1
 * on any difference in bits or cycles. A random program that differs is cut down and printed as assembler text.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chipOfShape, type Chip } from '../../src-main/stages/chip/index.ts';
import { compilePlan, runPlan, type Program } from '../../src-main/stages/compiler/index.ts';
import { runInteger } from '../../src-main/stages/quantize/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { skipCorpus } from '../support/corpus.ts';
import { caseOf, randomCases, type RandomCase } from '../support/random-cases.ts';
import { RANDOM_CHIPS, chipName } from '../support/random-chips.ts';
import { describeRecipe, shrink } from '../support/random-shrink.ts';
import { buildChip, isEqual, judge, type Case, type Difference } from './judge.ts';
import { corpusModel, RTL_MODELS } from './models.ts';

const { values: options } = parseArgs({
  options: {
    chips: { type: 'string', default: '4x4,4x16,2x8' },
    models: { type: 'string', default: RTL_MODELS.join(',') },
    samples: { type: 'string', default: '2' },
    programs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '0' },
  },
});
const SAMPLES = Number(options.samples);
const PROGRAMS = Number(options.programs);
const SEED = Number(options.seed);
/** Random programs in one run of Verilator's model. */
const BATCH = 250;

const root = mkdtempSync(join(tmpdir(), 'ingot-check-rtl-'));
let failures = 0;

const row = (...cells: (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
const total = (all: readonly Difference[], name: 'bits' | 'cycles'): number =>
  all.reduce((sum, d) => sum + d[name], 0);
const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1);

/** Engine programs of a model with the bytes they are given, and how far the outputs are from the references. */
function engineCases(name: string, chip: Chip): { cases: Case[]; wrong: number; note: string } {
  const { graph, samples, expected } = corpusModel(name, SAMPLES);
  const plan = compilePlan(graph, chip);
  const inputsOf = new Map<Program, Int8Array[]>();
  let wrong = 0;
  samples.forEach((sample, i) => {
    const outputs = runPlan(plan, [sample], (program, input) => {
      inputsOf.set(program, [...(inputsOf.get(program) ?? []), input]);
      return simulate(program, chip, [input]).outputs[0]!;
    });
    const references = [runInteger(graph, [sample])[0]!, ...(expected ? [expected[i]!] : [])];
    for (const reference of references) if (!outputs[0]!.every((v, k) => v === reference[k])) wrong++;
  });
  const onHost = plan.segments.flatMap((s) => (s.kind === 'host' ? s.ops.map((o) => o.kind) : []));
  return {
    cases: [...inputsOf].map(([program, inputs]) => ({ program, inputs })),
    wrong,
    note: [...new Set(onHost)]
      .filter((kind) => !['quantize', 'dequantize', 'reshape'].includes(kind))
      .join(' '),
  };
}

async function checkModels(): Promise<void> {
  if (skipCorpus) {
    console.log('The corpus is not there: models are skipped.');
    return;
  }
  row(
    'model',
    'chip',
    'cycles',
    'passes',
    'bits off',
    'cycles off',
    'samples off the references',
    'on the host',
  );
  row(...new Array<string>(8).fill('---'));
  for (const shape of options.chips.split(',')) {
    const [rows, columns] = shape.split('x').map(Number) as [number, number];
    const chip = chipOfShape(rows, columns);
    const from = performance.now();
    const model = await buildChip(chip, null, join(root, shape));
    const built = seconds(from);
    for (const name of options.models.split(',')) {
      const { cases, wrong, note } = engineCases(name, chip);
      const found = cases.length > 0 ? await judge(model, cases) : [];
      const cycles = cases.reduce(
        (sum, c) => sum + simulate(c.program, chip, c.inputs.slice(0, 1)).cycles[0]!,
        0,
      );
      const isRight = found.every(isEqual) && wrong === 0;
      if (!isRight) failures++;
      row(
        name, shape, cases.length > 0 ? cycles : 'host only', cases.reduce((n, c) => n + c.inputs.length, 0),
        total(found, 'bits'), total(found, 'cycles'), wrong, note || '-',
      ); // prettier-ignore
    }
    console.error(`${shape}: built in ${built} s, all in ${seconds(from)} s`);
  }
}

async function checkPrograms(): Promise<void> {
  console.log('');
  row('random programs', 'chip', 'cycles', 'passes', 'bits off', 'cycles off');
  row(...new Array<string>(6).fill('---'));
  for (const [i, chip] of RANDOM_CHIPS.entries()) {
    const count =
      Math.floor(((i + 1) * PROGRAMS) / RANDOM_CHIPS.length) -
      Math.floor((i * PROGRAMS) / RANDOM_CHIPS.length);
    if (count === 0) continue;
    const from = performance.now();
    const model = await buildChip(chip, null, join(root, `random${i}`));
    let [cycles, bits, cyclesOff, seed] = [0, 0, 0, SEED];
    let bad: RandomCase | undefined;
    for (let done = 0; done < count; done += BATCH) {
      const cases = randomCases(chip, Math.min(BATCH, count - done), seed);
      seed = cases.at(-1)!.seed + 1;
      const found = await judge(model, cases);
      bits += total(found, 'bits');
      cyclesOff += total(found, 'cycles');
      bad ??= cases[found.findIndex((d) => !isEqual(d))];
      for (const c of cases)
        cycles += simulate(c.program, chip, c.inputs, { gaps: c.gaps }).lastOutputCycle[1]!;
    }
    row(count, chipName(chip), cycles, 2 * count, bits, cyclesOff);
    console.error(`${chipName(chip)}: ${seconds(from)} s`);
    if (!bad) continue;
    failures++;
    const { seed: of } = bad;
    const small = await shrink(bad.recipe, async (r) => !isEqual((await judge(model, [caseOf(r, of)!]))[0]!));
    console.log(`\nseed ${of}, cut down:\n${describeRecipe(small)}`);
  }
}

try {
  await checkModels();
  if (PROGRAMS > 0) await checkPrograms();
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(failures === 0 ? '\nNo difference.' : `\n${failures} rows differ.`);
process.exitCode = failures === 0 ? 0 : 1;
