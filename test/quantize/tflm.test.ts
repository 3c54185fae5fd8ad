/** TFLite import, adoption and the integer reference against TensorFlow Lite Micro's own outputs: every byte. */
import { describe, expect, test } from 'vitest';
import { pack, unpack } from '../../src-main/base/pack.ts';
import { importTflite } from '../../src-main/stages/model/index.ts';
import type { QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { adopt, runInteger, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';

describe(`the integer reference equals TFLM, end to end${corpusNote}`, () => {
  test.skipIf(skipCorpus).for([
    ['mlperf-tiny-ad', 'ten fully connected layers', 6],
    ['mlperf-tiny-ic', 'Conv, Add, average pool, Softmax', 10],
    ['mlperf-tiny-kws', 'depthwise and pointwise Conv', 12],
    ['tflite-hello-world', 'three fully connected layers', 64],
    ['tflite-micro-speech', 'depth multiplier 8', 4],
    ['tflite-mnist-lstm', 'an LSTM over 28 rows, its state reset', 10],
    ['tflite-person-detect', 'Relu6, dead channels', 3],
  ] as const)('%s: %s, %d samples', ([name, , samples]) => {
    const c = readCase(name);
    const graph = adopt(importTflite(c.model, name).value).value;
    expect(verifyQuantGraph(graph)).toEqual([]);
    expect(unpack<QuantGraph>(pack(graph))).toEqual(graph);
    expect(c.inputs.length).toBe(samples);
    c.inputs.forEach((x, i) => expect(runInteger(graph, [x as Int8Array])).toEqual([c.expected[i]]));
  });
});
