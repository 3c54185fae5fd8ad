/** Plans of random networks on chips of every shape: legal, exact to the integer reference, timed as the simulator. */
import { describe, expect, test } from 'vitest';
import { chipOfShape, type Chip } from '../../src-main/stages/chip/index.ts';
import {
  compilePlan,
  runPlan,
  verifyProgram,
  type CompileOptions,
  type Plan,
} from '../../src-main/stages/compiler/index.ts';
import { runInteger, type QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { simulate } from '../../src-main/stages/simulator/index.ts';
import { netInputs, randomNet } from '../support/random-nets.ts';

/** Compiles, verifies, simulates and compares one net; the plan for more questions. */
function check(graph: QuantGraph, chip: Chip, options: CompileOptions = {}): Plan {
  const plan = compilePlan(graph, chip, options);
  for (const s of plan.segments)
    if (s.kind === 'engine') expect(verifyProgram(s.program, chip).diagnostics).toEqual([]);
  const inputs = netInputs(graph, 7);
  const outputs = runPlan(plan, inputs, (program, bytes) => {
    const s = simulate(program, chip, [bytes]);
    expect(s.layers.map((l) => l.cycles)).toEqual(program.layers.map((l) => l.cyclesPredicted));
    expect(s.cycles[0]).toBe(program.cycles.latency);
    return s.outputs[0]!;
  });
  expect(outputs).toEqual(runInteger(graph, inputs));
  return plan;
}

const shape = (rows: number, columns: number, lanes: number, more: Partial<Chip> = {}): Chip => ({
  ...chipOfShape(rows, columns, lanes),
  ...more,
});

describe('plans of random networks', () => {
  const chips: readonly [string, Chip][] = [
    ['1x4', shape(1, 4, 1, { requantizeCycles: 16, streamBytes: 1, queueDepth: 0 })],
    ['1x2', shape(1, 2, 2, { streamBytes: 2 })],
    ['2x4', shape(2, 4, 4, { depthwise: false, add: true, streamBytes: 1 })],
    ['4x4', shape(4, 4, 1, { requantizeCycles: 8, memory: 'macro', queueDepth: 0 })],
    ['3x8', shape(3, 8, 2, { depthwise: false, add: false, streamBytes: 8 })],
    ['4x16', shape(4, 16, 8, { memory: 'macro' })],
    ['5x16', shape(5, 16, 16, { queueDepth: 4, streamBytes: 16 })],
    ['8x8', shape(8, 8, 8, { streamBytes: 1, queueDepth: 1 })],
    ['8x32', shape(8, 32, 32)],
    ['16x16', shape(16, 16, 4, { requantizeCycles: 8 })],
    ['16x64', shape(16, 64, 64, { memory: 'macro', streamBytes: 16 })],
    ['64x4', shape(64, 4, 2)],
  ];
  test.for(chips)('%s', ([, chip]) => {
    for (let seed = 0; seed < 16; seed++) check(randomNet(seed), chip);
  });

  test('every shape from 1x4 to 16x64', () => {
    let seed = 1000;
    for (const rows of [1, 2, 4, 8, 16])
      for (const columns of [4, 8, 16, 32, 64])
        for (const lanes of [1, columns / 2, columns]) {
          const chip = shape(rows, columns, lanes, {
            streamBytes: [1, 4][seed % 2]!,
            queueDepth: seed % 3,
            memory: seed % 4 === 0 ? 'macro' : 'bram',
          });
          check(randomNet(seed++, { maxChannels: 2 * columns }), chip);
        }
  });

  test('joined channels are written in place', () => {
    let joined = 0;
    for (let seed = 0; seed < 40; seed++) {
      const plan = check(
        randomNet(seed),
        shape(1 + (seed % 4), 4, 4, { streamBytes: seed % 2 === 0 ? 1 : 4 }),
      );
      for (const s of plan.segments)
        if (s.kind === 'engine' && s.ops.some((op) => op.kind === 'concat')) joined++;
    }
    expect(joined).toBeGreaterThan(2);
  });

  test('weights from the stream, in halves', () => {
    let streamed = 0;
    for (let seed = 0; seed < 40; seed++) {
      const chip = shape(1 + (seed % 4), 4, 2, {
        weightWords: 150,
        parameterBlocks: 8,
        queueDepth: 1 + (seed % 3),
        memory: seed % 2 === 0 ? 'macro' : 'bram',
      });
      const plan = check(randomNet(seed, { engineOnly: true }), chip);
      streamed += plan.segments.filter(
        (s) => s.kind === 'engine' && s.program.stream.weights.length > 0,
      ).length;
    }
    expect(streamed).toBeGreaterThan(12);
  });
});
