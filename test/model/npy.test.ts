import { describe, expect, it, test } from 'vitest';
import { readNpy, samplesOf, writeNpy } from '../../src-main/stages/model/index.ts';
import { codeOf } from '../support/code-of.ts';

/** A file as numpy.save writes it (taken from NumPy 2: np.save of np.array([[1, 2], [3, 4]], np.uint8)). */
function numpyFile(header: string, payload: number[]): Uint8Array {
  const text = header.padEnd(117) + '\n';
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0, ...Buffer.from(text), ...payload]);
}
const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }";

const code = (bytes: Uint8Array): string => codeOf(() => readNpy(bytes)).code;

describe('.npy', () => {
  it('reads what NumPy writes, and writes it the same', () => {
    const bytes = numpyFile(header, [1, 2, 3, 4]);
    expect(readNpy(bytes)).toEqual({ shape: [2, 2], dtype: 'uint8', data: Uint8Array.from([1, 2, 3, 4]) });
    expect(writeNpy([2, 2], Uint8Array.from([1, 2, 3, 4]))).toEqual(bytes);
  });
  it('every type goes there and back, at any offset in a buffer', () => {
    for (const T of [Uint8Array, Int8Array, Int32Array, Float32Array, Float64Array]) {
      const data = T.from([1, 2, 100]);
      const shifted = new Uint8Array([0, ...writeNpy([3], data)]).subarray(1);
      expect(readNpy(shifted)).toMatchObject({ shape: [3], data });
    }
  });
  it('splits into samples', () => {
    const npy = readNpy(numpyFile(header, [1, 2, 3, 4]));
    expect(samplesOf(npy)).toEqual([Float32Array.from([1, 2]), Float32Array.from([3, 4])]);
  });
  test.for([
    ['MODEL-030', new Uint8Array(0)],
    ['MODEL-030', Uint8Array.from(Buffer.from('a,b\n1,2\n3,4\n'))],
    ['MODEL-030', numpyFile('{}', [])],
    ['MODEL-030', numpyFile(header, []).subarray(0, 50)],
    ['MODEL-031', numpyFile(header.replace('|u1', '<c16'), [])],
    ['MODEL-031', numpyFile(header.replace('False', 'True'), [1, 2, 3, 4])],
    ['MODEL-032', numpyFile(header, [1, 2, 3])],
    ['MODEL-032', numpyFile(header, [1, 2, 3, 4, 5])],
    ['MODEL-007', numpyFile(header.replace('(2, 2)', '(99999999999, 2)'), [])],
  ] as const)('%s', ([expected, bytes]) => expect(code(bytes)).toBe(expected));
});
