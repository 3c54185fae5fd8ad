/** The integer reference against TensorFlow Lite Micro's own outputs: every byte of every sample. */
import { describe, expect, test } from 'vitest';
import { dequantizeOutput, runCore, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import { readTflite } from './tflite-graph.ts';

/** Int8 probabilities (scale 1/256, zero point -128) of logits, in float: TFLM's integer Softmax rounds the same here. */
function softmax(logits: Float32Array): Int8Array {
  const max = Math.max(...logits);
  const e = Array.from(logits, (v) => Math.exp(v - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return Int8Array.from(e, (v) => Math.min(127, Math.round((v / sum) * 256) - 128));
}

describe(`the integer reference equals TFLM${corpusNote}`, () => {
  test.skipIf(skipCorpus).for([
    ['mlperf-tiny-ad', 'ten fully connected layers', 6],
    ['tflite-hello-world', 'three fully connected layers', 64],
    ['mlperf-tiny-ic', 'Conv, Add, average pool', 10],
    ['mlperf-tiny-kws', 'depthwise and pointwise Conv', 12],
    ['tflite-person-detect', 'the same with Relu6', 3],
  ] as const)('%s: %s, %d samples', ([name, , samples]) => {
    const c = readCase(name);
    const { graph, hostTail } = readTflite(c.model);
    expect(c.inputs.length).toBe(samples);
    c.inputs.forEach((x, i) => {
      const output = runCore(graph, x as Int8Array);
      const got = hostTail.length > 0 ? softmax(dequantizeOutput(graph, output)) : output;
      expect(got).toEqual(c.expected[i]);
    });
    // These files hold tensors for weights too, so only what is said about operators counts.
    const found = verifyQuantGraph(graph).filter((d) => d.place!.startsWith('op'));
    expect(found).toEqual([]);
  });
});
