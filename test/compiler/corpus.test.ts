/** Real models through plans: legal, exact to the expected bytes, timed as predicted, as fast as asked for. */
import { describe, expect, test } from 'vitest';
import { chipOfShape, PRESETS, type Chip } from '../../src-main/stages/chip/index.ts';
import {
  compilePlan,
  runPlan,
  verifyProgram,
  type EngineSegment,
  type Plan,
} from '../../src-main/stages/compiler/index.ts';
import { importTflite } from '../../src-main/stages/model/index.ts';
import { adopt, type QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';

const CHIPS: Readonly<Record<string, Chip>> = {
  '4x16': chipOfShape(4, 16),
  '8x32': chipOfShape(8, 32),
  '4x4': chipOfShape(4, 4),
  small: PRESETS.small,
};

const graphs = new Map<string, QuantGraph>();
function graphOf(name: string): QuantGraph {
  const graph = graphs.get(name) ?? adopt(importTflite(readCase(name).model, name).value).value;
  graphs.set(name, graph);
  return graph;
}

const engines = (plan: Plan): EngineSegment[] => plan.segments.filter((s) => s.kind === 'engine');

describe(`TFLite models${corpusNote}`, () => {
  // Core cycles, weights resident: what the issue asks for.
  test.skipIf(skipCorpus).for([
    ['4x16', 'mlperf-tiny-ic', 225_000],
    ['4x16', 'mlperf-tiny-kws', 57_000],
    ['4x16', 'mlperf-tiny-ad', 17_500],
    ['8x32', 'mlperf-tiny-ic', 85_000],
    ['8x32', 'mlperf-tiny-kws', 19_000],
    ['8x32', 'mlperf-tiny-ad', 9_000],
  ] as const)('%s: %s takes at most %d core cycles and compiles in a second', ([shape, name, limit]) => {
    const graph = graphOf(name);
    const start = performance.now();
    const plan = compilePlan(graph, CHIPS[shape]!, { objective: 'core' });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(engines(plan)).toHaveLength(1);
    expect(engines(plan)[0]!.program.cycles.core).toBeLessThanOrEqual(limit);
    expect(plan.reasons).toEqual([]);
  });

  test
    .skipIf(skipCorpus)
    .for(
      Object.keys(CHIPS).flatMap((shape) =>
        [
          'mlperf-tiny-ic',
          'mlperf-tiny-kws',
          'mlperf-tiny-ad',
          'tflite-person-detect',
          'tflite-micro-speech',
          'tflite-hello-world',
        ].map((name) => [shape, name] as const),
      ),
    )('%s: %s is legal, exact and timed as predicted', ([shape, name]) => {
    const chip = CHIPS[shape]!;
    const c = readCase(name);
    const plan = compilePlan(graphOf(name), chip);
    for (const { program } of engines(plan)) expect(verifyProgram(program, chip).diagnostics).toEqual([]);
    const output = runPlan(plan, [c.inputs[0] as Int8Array], (program, input) => {
      const s = simulate(program, chip, [input]);
      expect(s.cycles[0]).toBe(program.cycles.latency);
      expect(s.layers.map((l) => l.cycles)).toEqual(program.layers.map((l) => l.cyclesPredicted));
      return s.outputs[0]!;
    });
    expect(output).toEqual([c.expected[0]]);
  });
});
