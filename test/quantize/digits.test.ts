/** Accuracy on the 360 test digits: int8 within 0.5 points of float. */
import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../src-main/base/pack.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { runFloat } from '../../src-main/stages/model/index.ts';
import type { QuantGraph } from '../../src-main/stages/quantize/index.ts';
import {
  dequantizeOutput,
  quantize,
  quantizeInput,
  runCore,
  verifyQuantGraph,
} from '../../src-main/stages/quantize/index.ts';
import { argmax } from '../../src-main/flow/steps/test-set.ts';
import { exampleLabels, exampleModel, exampleSamples } from '../support/digits.ts';

const calibration = exampleSamples('calibration-images');
const images = exampleSamples('test-images');
const labels = exampleLabels();

function score(model: Model, graph: QuantGraph) {
  let float = 0;
  let int8 = 0;
  let same = 0;
  images.forEach((x, i) => {
    const f = argmax(runFloat(model, [x])[0]!);
    const q = argmax(dequantizeOutput(graph, runCore(graph, quantizeInput(graph, x))));
    if (f === labels[i]) float++;
    if (q === labels[i]) int8++;
    if (f === q) same++;
  });
  return { float, int8, same };
}

describe('the digits example', () => {
  const model = exampleModel();
  const graph = quantize(model, calibration.slice(0, 128)).value;
  it('is a graph without fault, Relu fused, in the order of the model', () => {
    expect(verifyQuantGraph(graph)).toEqual([]);
    expect(graph.ops.map((op) => `${op.kind} ${op.name}`)).toEqual([
      'quantize x.quantize',
      'conv /c1/Conv',
      'maxPool /MaxPool',
      'conv /c2/Conv',
      'maxPool /MaxPool_1',
      'fullyConnected /f/Gemm',
      'dequantize y.dequantize',
    ]);
    expect(graph.tensors.filter((t) => t.dtype === 'int8').map((t) => t.shape.join('×'))).toEqual([
      '8×8×1',
      '8×8×8',
      '4×4×8',
      '4×4×16',
      '2×2×16',
      '1×1×10',
    ]);
  });
  it('answers all 360 digits as float does: 346 right', () => {
    expect(score(model, graph)).toEqual({ float: 346, int8: 346, same: 360 });
  });
  it('is the same again, and survives packing', () => {
    const again = quantize(model, calibration.slice(0, 128)).value;
    expect(pack(again)).toEqual(pack(graph));
    expect(unpack<QuantGraph>(pack(graph))).toEqual(graph);
  });
  it('keeps its accuracy with 256 samples and with ranges cut at 99.99 %', () => {
    for (const percentile of [100, 99.99]) {
      const { float, int8 } = score(model, quantize(model, calibration, { percentile }).value);
      expect(Math.abs(float - int8) / 3.6).toBeLessThanOrEqual(0.5);
    }
  });
});
