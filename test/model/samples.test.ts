/** Data sets of every format: what is read, and that what does not fit is refused by code, place and remedy. */
import { describe, expect, it, test } from 'vitest';
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { makeRng } from '../../src-main/base/rng.ts';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import { readSampleSet, writeNpy } from '../../src-main/stages/model/index.ts';
import type { SampleShape } from '../../src-main/stages/model/index.ts';

const image: SampleShape = { name: 'x', shape: [1, 3, 2, 2] };
const vector: SampleShape = { name: 'v', shape: [1, 3] };
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const counted = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i);
const png = (width: number, height: number, channels: 1 | 3 | 4, f = (i: number): number => i): Uint8Array =>
  encode({ width, height, channels, depth: 8, data: Uint8Array.from({ length: width * height * channels }, (_, i) => f(i)) }); // prettier-ignore
const zip = (files: Record<string, Uint8Array>): Uint8Array =>
  zipSync(files, { level: 6, mtime: new Date(1980, 0, 1) });
const lists = (samples: readonly (readonly Float32Array[])[]): number[][][] =>
  samples.map((s) => s.map((x) => [...x]));

describe('formats', () => {
  it('.npy: a stack, flat samples, one sample, dimensions of 1', () => {
    const read = (shape: number[], input = image): number => {
      const bytes = writeNpy(shape, counted(shape.reduce((a, b) => a * b, 1)));
      const { samples, labels } = readSampleSet({ name: 'a.npy', bytes }, [input]);
      expect(labels).toBe(null);
      expect(samples.flatMap((s) => [...s[0]!])).toEqual([...counted(samples.length * 12)]);
      return samples.length;
    };
    expect([[5, 3, 2, 2], [5, 12], [3, 2, 2], [1, 3, 2, 2], [5, 1, 3, 2, 2]].map((s) => read(s))).toEqual([5, 5, 1, 1, 5]); // prettier-ignore
  });
  it('.npz: arrays by name or order, labels apart', () => {
    const file = (a: string, b: string): Uint8Array =>
      zip({
        [`${a}.npy`]: writeNpy([2, 3, 2, 2], counted(24)),
        [`${b}.npy`]: writeNpy([2, 3], counted(6)),
        'labels.npy': writeNpy([2], Int32Array.of(4, 1)),
      });
    for (const [a, b] of [
      ['x', 'v'],
      ['a', 'b'],
    ] as const) {
      const { samples, labels } = readSampleSet({ name: 'd.npz', bytes: file(a, b) }, [image, vector]);
      expect(samples.map((s) => [...s[1]!])).toEqual([[0, 1, 2], [3, 4, 5]]); // prettier-ignore
      expect([...labels!]).toEqual([4, 1]);
    }
  });
  it('.csv: with and without header, label by name', () => {
    const read = (s: string) => readSampleSet({ name: 'd.csv', bytes: text(s) }, [vector]);
    expect(lists(read('1,2,3\n-4e1,5,.5\n').samples)).toEqual([[[1, 2, 3]], [[-40, 5, 0.5]]]);
    const labelled = read('a;label;b;c\r\n1;7;2;3\r\n\r\n4;0;5;6');
    expect(lists(labelled.samples)).toEqual([[[1, 2, 3]], [[4, 5, 6]]]);
    expect([...labelled.labels!]).toEqual([7, 0]);
  });
  it('.bin: raw float32', () => {
    const bytes = new Uint8Array(counted(6).buffer);
    expect(lists(readSampleSet({ name: 'd.bin', bytes }, [vector]).samples)).toEqual([
      [[0, 1, 2]],
      [[3, 4, 5]],
    ]);
  });
  it('images: planes for [1, c, h, w], as they lie for [1, h, w, c]; four ranges; folders are classes', () => {
    const bytes = zip({ 'b/2.png': png(2, 2, 3, () => 255), 'a/1.png': png(2, 2, 3), 'readme.txt': text('x'), '.hidden.png': text('x') }); // prettier-ignore
    const read = (input: SampleShape, range?: 'byte' | 'signed' | 'imagenet') =>
      readSampleSet({ name: 'folder', bytes }, [input], range);
    const planes = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11];
    expect(lists(read(image, 'byte').samples)[0]).toEqual([planes]);
    expect(lists(read({ name: 'x', shape: [1, 2, 2, 3] }, 'byte').samples)[0]![0]).toEqual([...counted(12)]);
    expect([...read(image).labels!]).toEqual([0, 1]);
    expect(read(image).samples[1]![0]![0]).toBe(1);
    expect(read(image, 'signed').samples[0]![0]![0]).toBe(-1);
    expect(read(image, 'imagenet').samples[1]![0]![0]).toBeCloseTo((1 - 0.485) / 0.229, 6);
    // Opaque alpha is dropped.
    const rgba = png(2, 2, 4, (i) => (i % 4 === 3 ? 255 : i));
    expect(readSampleSet({ name: 'i.png', bytes: rgba }, [image]).samples.length).toBe(1);
  });
});

describe('refusals', () => {
  const npy = (shape: number[], data = counted(shape.reduce((a, b) => a * b, 1))) => writeNpy(shape, data);
  const damaged = zip({ 'x.npy': npy([2, 12]), 'y.npy': npy([2]) }).slice(0, 200);
  const huge = png(2, 2, 3).slice();
  new DataView(huge.buffer).setUint32(16, 2 ** 31);
  const CASES: [string, string, string, Uint8Array, SampleShape[]][] = [
    ['no such format', 'DATA-001', 'a.txt', text('hello'), [vector]],
    ['another shape', 'DATA-002', 'a.npy', npy([5, 2, 2, 3]), [image]],
    ['a size that does not divide', 'DATA-002', 'a.bin', new Uint8Array(13), [vector]],
    ['an image of another size', 'DATA-002', 'a.png', png(3, 2, 3), [image]],
    ['an image that claims to be huge', 'DATA-002', 'a.png', huge, [image]],
    ['an image of other channels', 'DATA-002', 'a.png', png(2, 2, 1), [image]],
    ['an image for a vector', 'DATA-002', 'a.png', png(2, 2, 1), [vector]],
    ['no sample', 'DATA-003', 'a.npy', npy([0, 3]), [vector]],
    ['only a header', 'DATA-003', 'a.csv', text('a,b,c\n'), [vector]],
    ['an archive without images', 'DATA-003', 'a.zip', zip({ 'a.txt': text('x') }), [image]],
    ['not a number', 'DATA-004', 'a.npy', npy([1, 3], Float32Array.of(1, NaN, 2)), [vector]],
    ['a label that is no class', 'DATA-005', 'a.csv', text('a,b,c,label\n1,2,3,0.5\n'), [vector]],
    ['fewer labels', 'DATA-005', 'a.npz', zip({ 'v.npy': npy([2, 3]), 'y.npy': npy([1]) }), [vector]],
    ['a row too long', 'DATA-006', 'a.csv', text('1,2,3\n1,2,3,4\n'), [vector]],
    ['a word in a row', 'DATA-006', 'a.csv', text('1,2,3\n1,two,3\n'), [vector]],
    ['a damaged archive', 'DATA-007', 'a.npz', damaged, [vector]],
    ['JPEG', 'DATA-009', 'a.jpg', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), [image]],
    ['JPEG in a folder', 'DATA-009', 'a', zip({ 'a.jpg': Uint8Array.of(0xff, 0xd8, 0xff) }), [image]],
    ['a transparent image', 'DATA-009', 'a.png', png(2, 2, 4), [image]],
    ['a damaged image', 'DATA-010', 'a.png', png(2, 2, 3).slice(0, 45), [image]],
    ['one array for two inputs', 'DATA-011', 'a.npy', npy([2, 3]), [vector, image]],
    ['unknown arrays', 'DATA-011', 'a.npz', zip({ 'a.npy': npy([2, 3]) }), [vector, image]],
    ['a truncated array', 'MODEL-032', 'a.npy', npy([2, 3]).slice(0, -1), [vector]],
  ]; // prettier-ignore
  test.for(CASES)('%s: %s', ([, code, name, bytes, inputs]) => {
    let found: unknown;
    try {
      readSampleSet({ name, bytes }, inputs);
    } catch (e) {
      found = e;
    }
    expect(found).toBeInstanceOf(IngotError);
    const { diagnostic } = found as IngotError;
    expect(diagnostic.code).toBe(code);
    expect(diagnostic.place).toContain(name);
    expect(diagnostic.remedy).toBeTruthy();
  });
  it('names both shapes', () => {
    expect(() => readSampleSet({ name: 'a.npy', bytes: npy([5, 2, 2, 3]) }, [image])).toThrow(
      'shape [5, 2, 2, 3] does not fit input x of shape [1, 3, 2, 2]',
    );
  });
  it('2,000 damaged files: a set or a typed error, never anything else', () => {
    const random = makeRng(3);
    const files: [string, Uint8Array, SampleShape][] = [
      ['a.npy', npy([2, 3]), vector],
      ['a.npz', zip({ 'v.npy': npy([2, 3]), 'y.npy': npy([2]) }), vector],
      ['a.csv', text('a,b,c,label\n1,2,3,0\n4,5,6,1\n'), vector],
      ['a.png', png(2, 2, 3), image],
      ['a.zip', zip({ 'a/1.png': png(2, 2, 3), 'b/2.png': png(2, 2, 3) }), image],
    ];
    for (let i = 0; i < 2000; i++) {
      const [name, good, input] = files[i % files.length]!;
      const bytes = good.slice(0, random() < 0.2 ? Math.floor(random() * good.length) : good.length);
      for (let k = 0; k < 3 && bytes.length > 0; k++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      try {
        readSampleSet({ name, bytes }, [input]);
      } catch (e) {
        expect(e, `${name} ${i}`).toBeInstanceOf(IngotError);
      }
    }
  });
});
