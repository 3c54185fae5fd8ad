/** All passes on the real models: same outputs on every sample and on random inputs; what was saved, as a table. */
import { afterAll, describe, expect, test } from 'vitest';
import { makeRng } from '../../src-main/base/rng.ts';
import { importTflite } from '../../src-main/stages/model/index.ts';
import type { GraphCost, PassesResult } from '../../src-main/stages/passes/index.ts';
import { accumulatorBits, runPasses, verifyElimination } from '../../src-main/stages/passes/index.ts';
import type { QuantGraph, QuantOp } from '../../src-main/stages/quantize/index.ts';
import { adopt, runInteger, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { randomBytes } from './random-nets.ts';

interface Line {
  readonly name: string;
  readonly channels: number;
  readonly constant: number;
  readonly removed: number;
  readonly before: GraphCost;
  readonly after: GraphCost;
  readonly bitsBefore: number;
  readonly bitsAfter: number;
}
const lines: Line[] = [];
const widest = (graph: QuantGraph): number => Math.max(...accumulatorBits(graph).map((b) => b.bits));

function line(name: string, graph: QuantGraph, { elimination, before, after, graph: small }: PassesResult): Line {
  let [channels, constant, kept] = [0, 0, 0];
  // Channels that sums make, as the literature counts them.
  elimination!.before.ops.forEach((op) => {
    if (!('weights' in op)) return;
    const { low, high, kept: left } = elimination!.proof.tensors[op.output]!;
    channels += low.length;
    kept += left.length;
    low.forEach((v, c) => (constant += v === high[c] ? 1 : 0));
  });
  return { name, channels, constant, removed: channels - kept, before, after, bitsBefore: widest(graph), bitsAfter: widest(small) };
} // prettier-ignore

/** As dead channels of real models are: tiny weight scale, so a huge bias and a factor near nothing. Seeded. */
function withDeadChannels(graph: QuantGraph, share: number): QuantGraph {
  const random = makeRng(17);
  const ops = graph.ops.map((op): QuantOp => {
    if (op.kind !== 'conv' && op.kind !== 'depthwise') return op;
    const bias = op.bias.slice();
    const multiplierQ31 = op.requantize.multiplierQ31.slice();
    const shift = op.requantize.shift.slice();
    for (let o = 0; o < bias.length; o++) {
      if (random() >= share) continue;
      // The last third of them is stuck at some value other than zero.
      bias[o] = random() < 0.7 ? -(2 ** 30) : 2 ** 30;
      [multiplierQ31[o], shift[o]] = [2 ** 30, -22 - Math.floor(random() * 4)];
    }
    return { ...op, bias, requantize: { ...op.requantize, multiplierQ31, shift } };
  });
  return { ...graph, ops };
}

function check(name: string, graph: QuantGraph, samples: readonly Int8Array[], random: number): PassesResult {
  const result = runPasses(graph);
  expect(verifyQuantGraph(result.graph)).toEqual([]);
  expect(verifyElimination(result.elimination!)).toEqual([]);
  const inputs = [...samples, ...Array.from({ length: random }, (_, i) => randomBytes(graph, i + 1))];
  for (const x of inputs) expect(runInteger(result.graph, [x])).toEqual(runInteger(graph, [x]));
  lines.push(line(name, graph, result));
  return result;
}

describe(`the passes on TFLite models${corpusNote}`, () => {
  test.skipIf(skipCorpus).for([
    ['mlperf-tiny-ic', 2],
    ['mlperf-tiny-kws', 4],
    ['mlperf-tiny-ad', 6],
    ['tflite-hello-world', 40],
    ['tflite-micro-speech', 6],
    ['tflite-person-detect', 3],
    ['tflite-mnist-lstm', 4],
  ] as const)('%s: outputs identical', ([name, random]) => {
    const c = readCase(name);
    const graph = adopt(importTflite(c.model, name).value).value;
    check(name, graph, c.inputs as Int8Array[], random);
  });

  test.skipIf(skipCorpus)('person-detect with a third of its channels dead: half of the work goes', () => {
    const c = readCase('tflite-person-detect');
    const graph = withDeadChannels(adopt(importTflite(c.model, 'person').value).value, 0.33);
    const { before, after } = check('person-detect, 33 % dead', graph, c.inputs as Int8Array[], 2);
    expect(after.macs).toBeLessThan(0.6 * before.macs);
    expect(after.weightBytes).toBeLessThan(0.6 * before.weightBytes);
    expect(lines.at(-1)).toMatchObject({ bitsBefore: 32, bitsAfter: 22 });
  });

  test.skipIf(skipCorpus)('the models have the constant channels that they have', () => {
    const constant = Object.fromEntries(lines.map((l) => [l.name, l.constant]));
    expect(constant).toMatchObject({
      'mlperf-tiny-ic': 0,
      'mlperf-tiny-kws': 0,
      'mlperf-tiny-ad': 0,
      'tflite-person-detect': 2,
      'tflite-hello-world': 4,
    });
  });

  afterAll(() => {
    if (lines.length === 0) return;
    const saved = (a: number, b: number): string =>
      `${a} -> ${b} (-${(100 * (1 - b / Math.max(a, 1))).toFixed(1)} %)`;
    const rows = lines.map((l) => [
      l.name, `${l.constant}/${l.channels}`, `${l.removed}`, saved(l.before.macs, l.after.macs),
      saved(l.before.weightBytes, l.after.weightBytes), `${l.before.ops} -> ${l.after.ops}`, `${l.bitsBefore} -> ${l.bitsAfter}`,
    ]); // prettier-ignore
    const head = ['model', 'constant', 'removed', 'MACs', 'weight bytes', 'operators', 'accumulator bits'];
    const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
    const text = [head, ...rows]
      .map((r) => r.map((cell, i) => cell.padEnd(widths[i]!)).join('  '))
      .join('\n');
    process.stdout.write(`\n${text}\n`);
  });
});
