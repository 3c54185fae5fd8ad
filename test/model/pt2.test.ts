/** PyTorch programs: the corpus against PyTorch's results, operators by hand-computed values, and refusals. */
import { describe, expect, it, test } from 'vitest';
import { IngotError } from '../../src-main/base/diagnostic.ts';
import type { Model } from '../../src-main/stages/model/index.ts';
import { importModel, runFloat, verifyModel } from '../../src-main/stages/model/index.ts';
import { corpusNote, readCase, skipCorpus } from '../support/corpus.ts';
import type { Arg, AtenInit, Pt2Init, WeightInit, ZipEntry } from './pt2-builder.ts';
import { aten, pt2File, pt2Files, zipFiles, zipOf } from './pt2-builder.ts';

function read(init: Pt2Init): Model {
  const { value } = importModel(pt2File(init), 'test');
  expect(verifyModel(value)).toEqual([]);
  return value;
}

const run = (model: Model, ...inputs: number[][]): number[][] =>
  runFloat(model, inputs).map((y) => Array.from(y));

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('the corpus, by the float reference', () => {
  test.skipIf(skipCorpus).for([
    ['pt2-digits-mlp', false],
    ['pt2-digits-cnn', false],
    ['pt2-edge-bn-static', true],
    ['pt2-edge-bn-core-aten', true],
  ] as const)(`%s within 1e-4 of PyTorch${corpusNote}`, ([name, isStaticBatch]) => {
    const c = readCase(name);
    const model = importModel(c.model, name).value;
    expect(verifyModel(model)).toEqual([]);
    const joined = (samples: readonly ArrayLike<number>[]): Float32Array =>
      Float32Array.from(samples.flatMap((s) => Array.from(s)));
    const inputs = isStaticBatch ? [joined(c.inputs)] : c.inputs;
    const expected = isStaticBatch ? [joined(c.expected)] : c.expected;
    let worst = 0;
    inputs.forEach((x, i) => {
      const y = runFloat(model, [x])[0]!;
      expect(y.length).toBe(expected[i]!.length);
      y.forEach((v, k) => (worst = Math.max(worst, Math.abs(v - expected[i]![k]!))));
    });
    expect(worst).toBeLessThan(1e-4);
  });
});

/** One operator on x: its target, arguments, x's shape and values, what must come. */
type Row = [
  target: string,
  args: Record<string, Arg>,
  shape: number[],
  x: number[],
  want: number[],
  wantShape?: number[],
];

const ROWS: readonly Row[] = [
  ['relu.default', { self: 'x' }, [3], [-1, 0, 2], [0, 0, 2]],
  ['hardtanh.default', { self: 'x', min_val: { f: 0 }, max_val: { f: 6 } }, [3], [-1, 3, 7], [0, 3, 6]],
  ['clamp.default', { self: 'x', min: null, max: 2 }, [3], [-9, 1, 3], [-9, 1, 2]],
  ['clamp_min.default', { self: 'x', min: 0 }, [2], [-9, 1], [0, 1]],
  ['hardswish.default', { self: 'x' }, [3], [-3, 3, 0], [0, 3, 0]],
  ['hardsigmoid.default', { self: 'x' }, [3], [-3, 0, 3], [0, 0.5, 1]],
  ['leaky_relu.default', { self: 'x', negative_slope: 0.5 }, [2], [-2, 2], [-1, 2]],
  ['elu.default', { self: 'x' }, [2], [0, 2], [0, 2]],
  ['add.Tensor', { self: 'x', other: 2, alpha: 3 }, [2], [1, 2], [7, 8]],
  ['rsub.Scalar', { self: 'x', other: 10 }, [2], [1, 2], [9, 8]],
  ['sub.Tensor', { self: 'x', other: 'x' }, [2], [1, 2], [0, 0]],
  ['mul.Scalar', { self: 'x', other: 2.5 }, [2], [2, 4], [5, 10]],
  ['div.Tensor', { self: 'x', other: 4 }, [2], [2, 4], [0.5, 1]],
  ['div.Tensor_mode', { self: 'x', other: 4, rounding_mode: { text: 'floor' } }, [2], [7, -1], [1, -1]],
  ['pow.Tensor_Scalar', { self: 'x', exponent: 2 }, [2], [-3, 2], [9, 4]],
  ['rsqrt.default', { self: 'x' }, [2], [4, 16], [0.5, 0.25]],
  ['flatten.using_ints', { self: 'x', start_dim: 1 }, [2, 1, 2], [1, 2, 3, 4], [1, 2, 3, 4], [2, 2]],
  ['view.default', { self: 'x', size: [2, -1] }, [4], [1, 2, 3, 4], [1, 2, 3, 4], [2, 2]],
  ['permute.default', { self: 'x', dims: [1, 0] }, [2, 2], [1, 2, 3, 4], [1, 3, 2, 4]],
  ['transpose.int', { self: 'x', dim0: 0, dim1: -1 }, [2, 2], [1, 2, 3, 4], [1, 3, 2, 4]],
  ['t.default', { self: 'x' }, [2, 2], [1, 2, 3, 4], [1, 3, 2, 4]],
  ['squeeze.dims', { self: 'x', dim: [0] }, [1, 2], [1, 2], [1, 2], [2]],
  ['unsqueeze.default', { self: 'x', dim: -1 }, [2], [1, 2], [1, 2], [2, 1]],
  ['slice.Tensor', { self: 'x', dim: 0, start: 1, end: 2 ** 63, step: 2 }, [5], count(5), [2, 4]],
  ['select.int', { self: 'x', dim: 0, index: -1 }, [2, 2], count(4), [3, 4], [2]],
  ['cat.default', { tensors: ['x', 'x'], dim: -1 }, [2, 1], [1, 2], [1, 1, 2, 2]],
  ['stack.default', { tensors: ['x', 'x'] }, [2], [1, 2], [1, 2, 1, 2], [2, 2]],
  ['expand.default', { self: 'x', size: [2, -1] }, [1, 2], [1, 2], [1, 2, 1, 2]],
  ['repeat.default', { self: 'x', repeats: [2, 2] }, [2], [1, 2], [1, 2, 1, 2, 1, 2, 1, 2], [2, 4]],
  ['constant_pad_nd.default', { self: 'x', pad: [1, 0], value: 9 }, [2], [1, 2], [9, 1, 2]],
  ['constant_pad_nd.default', { self: 'x', pad: [-1, 1] }, [2], [1, 2], [2, 0]],
  ['pad.default', { self: 'x', pad: [2, 1], mode: { text: 'reflect' } }, [1, 3], [1, 2, 3], [3, 2, 1, 2, 3, 2]],
  ['mean.dim', { self: 'x', dim: [-1] }, [2, 2], [1, 3, 5, 7], [2, 6], [2]],
  ['mean.dim', { self: 'x', dim: [2, 3], keepdim: true }, [1, 1, 2, 2], [1, 3, 5, 7], [4], [1, 1, 1, 1]],
  ['sum.dim_IntList', { self: 'x', dim: [0] }, [2, 2], [1, 3, 5, 7], [6, 10], [2]],
  ['amax.default', { self: 'x', dim: [1] }, [2, 2], [1, 3, 7, 5], [3, 7], [2]],
  ['argmax.default', { self: 'x', dim: 1 }, [2, 2], [1, 3, 7, 5], [1, 0], [2]],
  ['var.correction', { self: 'x', dim: [0], correction: 1 }, [3], [1, 2, 3], [1], []],
  ['softmax.int', { self: 'x', dim: -1 }, [1, 2], [3, 3], [0.5, 0.5]],
  ['max_pool2d.default', { self: 'x', kernel_size: [2, 2], ceil_mode: true, stride: [2, 2] }, [1, 1, 3, 3], count(9), [5, 6, 8, 9]],
  ['avg_pool2d.default', { self: 'x', kernel_size: [2, 2], padding: [1, 1] }, [1, 1, 2, 2], [4, 8, 12, 16], [1, 2, 3, 4]],
  ['avg_pool2d.default', { self: 'x', kernel_size: [2, 2], padding: [1, 1], count_include_pad: false }, [1, 1, 2, 2], [4, 8, 12, 16], [4, 8, 12, 16]],
  ['adaptive_avg_pool2d.default', { self: 'x', output_size: [1, 2] }, [1, 1, 2, 4], count(8), [3.5, 5.5]],
  ['pixel_shuffle.default', { self: 'x', upscale_factor: 2 }, [1, 4, 1, 1], [1, 2, 3, 4], [1, 2, 3, 4], [1, 1, 2, 2]],
  ['upsample_nearest2d.vec', { input: 'x', output_size: null, scale_factors: { raw: { as_floats: [2, 1] } } }, [1, 1, 1, 2], [1, 2], [1, 2, 1, 2]],
  ['upsample_bilinear2d.vec', { input: 'x', output_size: [1, 4], align_corners: false }, [1, 1, 1, 2], [0, 4], [0, 1, 3, 4]],
  ['gelu.default', { self: 'x', approximate: { text: 'none' } }, [2], [0, 10], [0, 10]],
  ['silu.default', { self: 'x' }, [1], [0], [0]],
  ['where.ScalarOther', { condition: 'c', self: 'x', other: 7 }, [2], [1, -1], [1, 7]],
  ['_to_copy.default', { self: 'x', dtype: { raw: { as_scalar_type: 5 } } }, [2], [1.7, -1.7], [1, -1]],
]; // prettier-ignore

describe('operators, by hand-computed values', () => {
  test.for(ROWS)('%s', ([target, args, shape, x, want, wantShape]) => {
    const before = args['condition'] === 'c' ? [aten('gt.Scalar', { self: 'x', other: 0 }, 'c')] : [];
    const model = read({ inputs: { x: shape }, nodes: [...before, aten(target, args, 'y')], outputs: ['y'] });
    const [y] = run(model, x);
    y!.forEach((v, i) => expect(Math.abs(v - want[i]!)).toBeLessThan(1e-6));
    expect(y!.length).toBe(want.length);
    if (wantShape) expect(model.tensors[model.outputs[0]!]!.shape).toEqual(wantShape);
  });

  const w: Record<string, WeightInit> = {
    w: { shape: [2, 3], values: count(6) },
    b: { shape: [2], values: [10, 20] },
  };
  const x = { x: [1, 3] };
  test.for<[string, AtenInit[]]>([
    ['linear', [aten('linear.default', { input: 'x', weight: 'w', bias: 'b' }, 'y')]],
    ['addmm of a permuted weight', [
      aten('permute.default', { self: 'w', dims: [1, 0] }, 'p'),
      aten('addmm.default', { self: 'b', mat1: 'x', mat2: 'p' }, 'y'),
    ]],
    ['mm and add', [
      aten('t.default', { self: 'w' }, 'p'),
      aten('mm.default', { self: 'x', mat2: 'p' }, 'm'),
      aten('add.Tensor', { self: 'm', other: 'b' }, 'y'),
    ]],
  ])('%s is one Gemm', ([, nodes]) => {
    const model = read({ inputs: x, weights: w, nodes, outputs: ['y'] });
    expect(model.nodes.map((n) => n.op)).toEqual(['Gemm']);
    expect(run(model, [1, 10, 100])).toEqual([[321 + 10, 654 + 20]]);
  }); // prettier-ignore

  it('a list of parts, and only those that are read', () => {
    const nodes = [
      aten('split_with_sizes.default', { self: 'x', split_sizes: [1, 2], dim: 1 }, [['p', 'q']]),
      aten('neg.default', { self: 'q' }, 'y'),
    ];
    expect(run(read({ inputs: x, nodes, outputs: ['y'] }), [1, 2, 3])).toEqual([[-2, -3]]);
  });

  it('a node that nothing needs may be of any kind', () => {
    const nodes = [aten('_assert_scalar.default', {}, []), aten('relu.default', { self: 'x' }, 'y')];
    expect(run(read({ inputs: x, nodes, outputs: ['y'] }), [-1, 2, 3])).toEqual([[0, 2, 3]]);
  });

  it('a dynamic batch is 1, and sizes computed from it are known', () => {
    const nodes = [
      aten('sym_size.int', { self: 'x', dim: 0 }, [
        { raw: { as_sym_int: { as_name: 's' } } },
      ] as unknown as string[]),
      aten(
        'view.default',
        { self: 'x', size: { raw: { as_sym_ints: [{ as_name: 's' }, { as_int: -1 }] } } },
        'y',
      ),
    ];
    const model = read({ inputs: { x: ["Symbol('s77', positive=True)", 2, 2] }, nodes, outputs: ['y'] });
    expect(model.tensors[model.outputs[0]!]!.shape).toEqual([1, 4]);
  });

  it('tied weights and views with strides and offset', () => {
    const weights: Record<string, WeightInit> = {
      w: { shape: [6], values: count(6) },
      v: { shape: [2, 2], like: 'w', strides: [1, 3], offset: 1 },
    };
    const nodes = [aten('add.Tensor', { self: 'x', other: 'v' }, 'y')];
    const model = read({ inputs: { x: [2, 2] }, weights, nodes, outputs: ['y'] });
    expect(run(model, [0, 0, 0, 0])).toEqual([[2, 5, 3, 6]]);
  });

  it('weights of every type', () => {
    const half = Uint8Array.from([0x00, 0x3c, 0x00, 0xc0]); // 1, -2
    const bfloat = Uint8Array.from([0x80, 0x3f, 0x00, 0xc0]); // 1, -2
    const double = new Uint8Array(Float64Array.from([1, -2]).buffer);
    const long = new Uint8Array(BigInt64Array.from([1n, -2n]).buffer);
    for (const [dtype, bytes] of [[6, half], [13, bfloat], [8, double], [5, long]] as const) {
      const nodes = [aten('add.Tensor', { self: 'x', other: 'w' }, 'y')];
      const weights = { w: { shape: [2], dtype, bytes } };
      expect(run(read({ inputs: { x: [2] }, weights, nodes, outputs: ['y'] }), [0, 0])).toEqual([[1, -2]]);
    } // prettier-ignore
  });

  it('LSTM: gates in PyTorch order, batch first, states returned', () => {
    // One unit; of the gates i f g o only g has input, so that c = ½·0 + ½·tanh(x) and h = ½·tanh(c).
    const weights: Record<string, WeightInit> = {
      wi: { shape: [4, 1], values: [0, 0, 1, 0] },
      wh: { shape: [4, 1], values: [0, 0, 0, 0] },
      bi: { shape: [4], values: [0, 0, 0, 0] },
      bh: { shape: [4], values: [0, 0, 0, 0] },
      h: { shape: [1, 1, 1], values: [0] },
    };
    const args: Record<string, Arg> = {
      input: 'x', hx: ['h', 'h'], params: ['wi', 'wh', 'bi', 'bh'], has_biases: true, num_layers: 1,
      dropout: { f: 0 }, train: false, bidirectional: false, batch_first: true,
    }; // prettier-ignore
    const nodes = [aten('lstm.input', args, ['y', 'hn', 'cn'])];
    const model = read({ inputs: { x: [1, 1, 1] }, weights, nodes, outputs: ['y', 'hn', 'cn'] });
    const c = 0.5 * Math.tanh(2);
    const want = [0.5 * Math.tanh(c), 0.5 * Math.tanh(c), c];
    run(model, [2]).forEach(([v], i) => expect(Math.abs(v! - want[i]!)).toBeLessThan(1e-7));
  });
});

function refusal(bytes: Uint8Array): [string, string | undefined] {
  try {
    importModel(bytes, 'test');
  } catch (e) {
    if (!(e instanceof IngotError)) throw e;
    expect(e.diagnostic.remedy).toBeTruthy();
    return [e.diagnostic.code, e.diagnostic.place];
  }
  throw new Error('nothing was refused');
}

const plain: Pt2Init = {
  inputs: { x: [1, 2] },
  weights: { w: { shape: [1, 2], values: [1, 2] } },
  nodes: [aten('linear.default', { input: 'x', weight: 'w' }, 'y')],
  outputs: ['y'],
};
const withFile = (name: string, data: Uint8Array | null): Uint8Array => {
  const files = pt2Files(plain);
  if (data) files.set(name, data);
  else files.delete(name);
  return zipFiles(files);
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const zip = (...entries: (Omit<ZipEntry, 'data'> & { data?: Uint8Array })[]): Uint8Array =>
  zipOf(entries.map((e) => ({ data: bytes('x'), ...e })));
const weight = (w: WeightInit): Uint8Array => pt2File({ ...plain, weights: { w } });

const REFUSALS: [what: string, code: string, place: string, file: () => Uint8Array][] = [
  ['an operator that is not read', 'MODEL-003', 'y', () => pt2File({ ...plain, nodes: [aten('fft_rfft.default', { self: 'x' }, 'y')] })],
  ['a custom operator', 'MODEL-003', 'y', () => pt2File({ ...plain, nodes: [aten('torch.ops.mine.relu.default', { self: 'x' }, 'y')] })],
  ['dropout in training mode', 'MODEL-004', 'y', () => pt2File({ ...plain, nodes: [aten('dropout.default', { input: 'x', p: 0.5, train: true }, 'y')] })],
  ['a dynamic width', 'MODEL-005', 'x', () => pt2File({ ...plain, inputs: { x: [1, 's3'] } })],
  ['complex weights', 'MODEL-006', 'w', () => weight({ shape: [1, 2], dtype: 10, bytes: new Uint8Array(16) })],
  ['weights that are not numbers', 'MODEL-016', 'w', () => weight({ shape: [1, 2], values: [NaN, 1] })],
  ['a tensor that nothing defines', 'MODEL-010', 'y', () => pt2File({ ...plain, weights: {} })],
  ['shapes that do not fit', 'MODEL-013', 'y', () => pt2File({ ...plain, inputs: { x: [1, 3] } })],
  ['nothing but a signature', 'MODEL-040', 'test', () => Uint8Array.of(0x50, 0x4b, 3, 4)],
  ['half an archive', 'MODEL-040', 'test', () => pt2File(plain).subarray(0, 900)],
  ['a flipped bit in the weights', 'MODEL-040', 'test', () => {
    const file = pt2File(plain);
    const at = Buffer.from(file).indexOf('weight_0') + 8;
    file[at]! ^= 1;
    return file;
  }],
  ['a path that climbs out', 'MODEL-041', 'test', () => zip({ name: 'a/models/model.json' }, { name: 'a/../../etc/passwd' })],
  ['an absolute path', 'MODEL-041', 'test', () => zip({ name: '/etc/passwd' })],
  ['a drive letter', 'MODEL-041', 'test', () => zip({ name: 'C:/x' })],
  ['a backslash', 'MODEL-041', 'test', () => zip({ name: 'a\\..\\x' })],
  ['a name twice', 'MODEL-041', 'test', () => zip({ name: 'a/b' }, { name: 'a/b' })],
  ['two root folders', 'MODEL-041', 'test', () => zip({ name: 'a/b' }, { name: 'b/b' })],
  ['a bomb by ratio', 'MODEL-042', 'test', () => zip({ name: 'a/b', data: new Uint8Array(5e6), isDeflated: true })],
  ['a bomb by its claim', 'MODEL-042', 'test', () => zip({ name: 'a/b', sizeBytes: 4e9 })],
  ['a bomb by repeated views', 'MODEL-042', 'w', () => weight({ shape: [8192, 8192], values: [1], strides: [0, 0] })],
  ['TorchScript', 'MODEL-043', 'test', () => zip({ name: 'a/data.pkl' }, { name: 'a/constants.pkl' })],
  ['an older export with pickled weights', 'MODEL-043', 'test', () => zip({ name: 'a/serialized_exported_program.json' })],
  ['another archive', 'MODEL-043', 'test', () => zip({ name: 'a/readme.txt' })],
  ['a newer archive version', 'MODEL-043', 'test', () => withFile('archive_version', bytes('1'))],
  ['a big-endian file', 'MODEL-043', 'test', () => withFile('byteorder', bytes('big'))],
  ['another schema', 'MODEL-043', 'test', () => pt2File({ ...plain, schemaMajor: 9 })],
  ['a model.json that is none', 'MODEL-044', 'models/model.json', () => withFile('models/model.json', bytes('{"graph_module":'))],
  ['a model.json that is a list', 'MODEL-044', 'models/model.json', () => withFile('models/model.json', bytes('[]'))],
  ['an argument that is missing', 'MODEL-044', 'y', () => pt2File({ ...plain, nodes: [aten('linear.default', { input: 'x' }, 'y')] })],
  ['a pickled weight', 'MODEL-045', 'w', () => weight({ shape: [1, 2], values: [1, 2], isPickled: true })],
  ['a weight without values', 'MODEL-045', 'w', () => withFile('data/weights/weight_0', null)],
  ['a weight beyond its storage', 'MODEL-045', 'w', () => weight({ shape: [1, 2], values: [1] })],
  ['a weight before its storage', 'MODEL-045', 'w', () => weight({ shape: [1, 2], values: [1, 2], strides: [2, -1] })],
]; // prettier-ignore

describe('refusals name code, place and remedy', () => {
  test.for(REFUSALS)('%s: %s at %s', ([, code, place, file]) => {
    expect(refusal(file())).toEqual([code, place]);
  });
  it('entries may be deflated, and a pickle that nobody asks for does no harm', () => {
    const files = pt2Files(plain);
    const entries = Array.from(files, ([name, data]) => ({ name: `a/${name}`, data, isDeflated: true }));
    expect(importModel(zipOf(entries), 'test').value.nodes.length).toBe(1);
  });
});
