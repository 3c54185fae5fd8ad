/** What the corpus lacks, one operator at a time, against outputs recorded from TensorFlow Lite Micro. */
import { describe, expect, it, test } from 'vitest';
import { importTflite } from '../../src-main/stages/model/index.ts';
import type { QuantGraph } from '../../src-main/stages/quantize/index.ts';
import { adopt, runInteger, verifyQuantGraph } from '../../src-main/stages/quantize/index.ts';
import { CASES } from './tflite-cases.ts';
import { RECORDED } from './tflm-recorded.ts';

const graphOf = (name: string): QuantGraph => adopt(importTflite(CASES[name]!().file, name).value).value;

describe('every operator equals TFLM in every byte', () => {
  test.for(Object.keys(CASES))('%s', (name) => {
    const graph = graphOf(name);
    expect(verifyQuantGraph(graph)).toEqual([]);
    const [got] = runInteger(graph, CASES[name]!().inputs);
    expect(got).toEqual(new Int8Array(Buffer.from(RECORDED[name]!, 'base64')));
  });
});

describe('the cases reach what they are for', () => {
  const shifts = (name: string): Int32Array => {
    const [op] = graphOf(name).ops;
    if (op?.kind !== 'conv' && op?.kind !== 'depthwise' && op?.kind !== 'fullyConnected')
      throw new Error(name);
    return op.requantize.shift;
  };
  it('multipliers are flushed to 0 below 2^-32, and only there', () => {
    const [op] = graphOf('conv, multipliers about 2^-32, some flushed to 0').ops;
    if (op?.kind !== 'conv') throw new Error('no conv');
    const { multiplierQ31, shift } = op.requantize;
    expect(new Set(shift)).toEqual(new Set([0, -31]));
    shift.forEach((s, i) => expect(multiplierQ31[i] === 0).toBe(s === 0));
  });
  it('multipliers reach 1 and more', () => {
    for (const name of ['conv', 'depthwise', 'fully connected'])
      expect(Math.max(...shifts(`${name}, multiplier${name[0] === 'f' ? '' : 's'} above 1`))).toBeGreaterThan(
        0,
      );
  });
  it('padding of VALID is none, of SAME at the end where it is odd, of dilation by the spread kernel', () => {
    const padding = (name: string): number[] => {
      const [op] = graphOf(name).ops;
      if (op?.kind !== 'conv') throw new Error(name);
      return [op.kernelH, op.kernelW, op.padTop, op.padBottom, op.padLeft, op.padRight];
    };
    expect(padding('conv VALID, stride 2 and 3')).toEqual([3, 3, 0, 0, 0, 0]);
    expect(padding('conv SAME, stride 2, kernel 2x4')).toEqual([2, 4, 0, 1, 1, 1]);
    expect(padding('conv dilated, SAME')).toEqual([5, 4, 2, 2, 1, 2]);
  });
  it('a fully connected layer with one scale rounds it to float32, with one per channel not', () => {
    const one = graphOf('fully connected, one scale');
    const [op] = one.ops;
    if (op?.kind !== 'fullyConnected') throw new Error('no layer');
    const file = importTflite(CASES['fully connected, one scale']!().file, 'x').value;
    const product = file.tensors[0]!.scales[0]! * file.tensors[1]!.scales[0]!;
    const exact = Math.round((product / one.tensors[op.output]!.scale) * 2 ** (31 - op.requantize.shift[0]!));
    expect(op.requantize.multiplierQ31[0]).not.toBe(exact);
  });
});
