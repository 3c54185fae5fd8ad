/**
 * One-operator models of what the corpus lacks, seeded. Their outputs were recorded from TensorFlow Lite Micro
 * (PyPI tflite-micro 0.dev20261023182759) and stand in tflm-recorded.ts.
 */
import { makeRng } from '../../src-main/base/rng.ts';
import { type LiteFile, type LiteOp, type LiteTensor, option, tfliteFile } from './tflite-builder.ts';

const { i8, i32, f32 } = option;
type Rng = () => number;

const NONE = 0;
const RELU = 1;
const RELU_N1_TO_1 = 2;
const RELU6 = 3;
const SAME = 0;
const VALID = 1;

export interface LiteCase {
  readonly file: Uint8Array;
  readonly inputs: readonly Int8Array[];
}

const int = (rng: Rng, low: number, high: number): number => low + Math.floor(rng() * (high - low + 1));
const int8s = (rng: Rng, n: number, low = -128): Int8Array =>
  Int8Array.from({ length: n }, () => int(rng, low, 127));
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A model of one operator; inputs first, then constants, then the output. */
function single(
  seed: number,
  inputs: readonly LiteTensor[],
  constants: readonly LiteTensor[],
  output: LiteTensor,
  op: Omit<LiteOp, 'inputs' | 'outputs'> & { readonly order?: readonly number[] },
): LiteCase {
  const tensors = [...inputs, ...constants, output];
  const last = tensors.length - 1;
  const file: LiteFile = {
    tensors,
    ops: [{ ...op, inputs: op.order ?? tensors.slice(0, -1).map((_, i) => i), outputs: [last] }],
    inputs: inputs.map((_, i) => i),
    outputs: [last],
  };
  const rng = makeRng(seed + 1000);
  return { file: tfliteFile(file), inputs: inputs.map((t) => int8s(rng, size(t.shape))) };
}

const act = (shape: readonly number[], scale: number, zeroPoint: number): LiteTensor => ({
  shape,
  scales: [scale],
  zeroPoint,
});

interface ConvForm {
  readonly input?: readonly [number, number, number];
  readonly kernel?: readonly [number, number];
  readonly outC?: number;
  readonly padding?: number;
  readonly stride?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly activation?: number;
  /** Weight scale of each channel, times a random factor of 0.5 … 1. */
  readonly weightScale?: number;
  readonly perTensor?: boolean;
  readonly outScale?: number;
  readonly depthwise?: boolean;
  readonly groups?: number;
  /** |weight| at most; default 127. */
  readonly weightMax?: number;
  readonly biasMax?: number;
}

function conv(seed: number, form: ConvForm): LiteCase {
  const rng = makeRng(seed);
  const [h, w, c] = form.input ?? [7, 6, 4];
  const [kh, kw] = form.kernel ?? [3, 3];
  const outC = form.outC ?? 8;
  const [sh, sw] = form.stride ?? [1, 1];
  const [dh, dw] = form.dilation ?? [1, 1];
  const padding = form.padding ?? SAME;
  const out = (n: number, k: number, s: number, d: number): number =>
    padding === SAME ? Math.ceil(n / s) : Math.floor((n - (k - 1) * d - 1) / s) + 1;
  const scales = Array.from(
    { length: form.perTensor ? 1 : outC },
    () => (form.weightScale ?? 0.01) * (0.5 + rng() / 2),
  );
  const inC = c / (form.groups ?? 1);
  const shape = form.depthwise ? [1, kh, kw, outC] : [outC, kh, kw, inC];
  const weights = {
    shape,
    scales,
    axis: form.depthwise ? 3 : 0,
    data: int8s(rng, size(shape), -127).map((v) => Math.round((v * (form.weightMax ?? 127)) / 127)),
  };
  const biasMax = form.biasMax ?? 3000;
  const bias = {
    shape: [outC],
    type: 'int32' as const,
    data: Int32Array.from({ length: outC }, () => int(rng, -biasMax, biasMax)),
  };
  const fields = [i8(padding), i32(sw), i32(sh)];
  const activation = i8(form.activation ?? NONE);
  const options = form.depthwise
    ? ([2, [...fields, i32(outC / c), activation, i32(dw), i32(dh)]] as const)
    : ([1, [...fields, activation, i32(dw), i32(dh)]] as const);
  const output = act(
    [1, out(h, kh, sh, dh), out(w, kw, sw, dw), outC],
    form.outScale ?? 0.15,
    int(rng, -100, 100),
  );
  const x = act([1, h, w, c], 0.05, int(rng, -128, 127));
  return single(seed, [x], [weights, bias], output, { code: form.depthwise ? 4 : 3, options });
}

function fullyConnected(
  seed: number,
  rows: number,
  perChannel: boolean,
  activation: number,
  outScale: number,
): LiteCase {
  const rng = makeRng(seed);
  const scales = Array.from({ length: perChannel ? 6 : 1 }, () => 0.004 + rng() / 100);
  const weights = { shape: [6, 20], scales, data: int8s(rng, 120, -127) };
  const bias = {
    shape: [6],
    type: 'int32' as const,
    data: Int32Array.from({ length: 6 }, () => int(rng, -9000, 9000)),
  };
  const isBiasScaled = !perChannel && { scales: [0.03 * scales[0]!] };
  const [x, y] =
    rows === 1
      ? [
          [1, 20],
          [1, 6],
        ]
      : [
          [1, rows, 20],
          [1, rows, 6],
        ];
  const options = [8, [i8(activation), i8(0), i8(rows === 1 ? 0 : 1)]] as const;
  return single(seed, [act(x!, 0.03, -7)], [weights, { ...bias, ...isBiasScaled }], act(y!, outScale, 11), {
    code: 9,
    options,
  });
}

function unary(
  seed: number,
  code: number,
  options: LiteOp['options'],
  from: readonly [number, number],
  to: readonly [number, number],
): LiteCase {
  const c = single(
    seed,
    [act([1, 256], ...from)],
    [],
    act([1, 256], ...to),
    options ? { code, options } : { code },
  );
  return { ...c, inputs: [Int8Array.from({ length: 256 }, (_, i) => i - 128)] };
}

/** Options of ADD, MUL, SUB by their code. */
const ARITHMETIC: Record<number, number> = { 0: 11, 18: 21, 41: 28 };

function arithmetic(
  seed: number,
  code: number,
  shapes: readonly [readonly number[], readonly number[]],
  out: readonly number[],
  scales: readonly [number, number, number],
  activation = NONE,
  constant = false,
): LiteCase {
  const rng = makeRng(seed);
  const zero = (): number => int(rng, -128, 127);
  const [a, b] = [act(shapes[0], scales[0], zero()), act(shapes[1], scales[1], zero())];
  const y = act(out, scales[2], zero());
  const op = { code, options: [ARITHMETIC[code]!, [i8(activation)]] as const };
  if (!constant) return single(seed, [a, b], [], y, op);
  return single(seed, [a], [{ ...b, data: int8s(rng, size(shapes[1])) }], y, op);
}

function pool(
  seed: number,
  code: number,
  padding: number,
  window: readonly [number, number],
  stride: number,
  activation: number,
): LiteCase {
  const [h, w] = [7, 9];
  const out = (n: number, k: number): number =>
    padding === SAME ? Math.ceil(n / stride) : Math.floor((n - k) / stride) + 1;
  const fields = [i8(padding), i32(stride), i32(stride), i32(window[1]), i32(window[0]), i8(activation)];
  const y = act([1, out(h, window[0]), out(w, window[1]), 3], 0.04, -9);
  return single(seed, [act([1, h, w, 3], 0.04, -9)], [], y, { code, options: [5, fields] });
}

const ints = (shape: readonly number[], values: readonly number[]): LiteTensor => ({
  shape,
  type: 'int32',
  data: Int32Array.from(values),
});

function mean(
  seed: number,
  x: readonly number[],
  axes: readonly number[],
  y: readonly number[],
  scales: readonly [number, number],
): LiteCase {
  const op = { code: 40, options: [27, [i8(y.length === x.length ? 1 : 0)]] as const };
  return single(seed, [act(x, scales[0], 17)], [ints([axes.length], axes)], act(y, scales[1], -31), op);
}

function slice(
  seed: number,
  x: readonly number[],
  begin: number[],
  end: number[],
  strides: number[],
  masks: readonly [number, number, number],
  y: readonly number[],
): LiteCase {
  const rank = [x.length];
  const constants = [ints(rank, begin), ints(rank, end), ints(rank, strides)];
  const options = [32, [i32(masks[0]), i32(masks[1]), i32(0), i32(0), i32(masks[2])]] as const;
  return single(seed, [act(x, 0.1, 3)], constants, act(y, 0.1, 3), { code: 45, options });
}

function concat(
  seed: number,
  shapes: readonly (readonly number[])[],
  axis: number,
  y: readonly number[],
  code = 2,
): LiteCase {
  const options =
    code === 2 ? ([10, [i32(axis), i8(NONE)]] as const) : ([59, [i32(shapes.length), i32(axis)]] as const);
  return single(
    seed,
    shapes.map((s) => act(s, 0.1, 3)),
    [],
    act(y, 0.1, 3),
    { code, options },
  );
}

function lstm(seed: number, cellPower: number, clip: number, timeMajor: boolean): LiteCase {
  const rng = makeRng(seed);
  const [steps, inputs, units] = [5, 6, 4];
  const weights = (columns: number): LiteTensor => ({
    shape: [units, columns],
    scales: [0.004 + rng() / 50],
    data: int8s(rng, units * columns, -127),
  });
  const bias = (): LiteTensor => ({
    shape: [units],
    type: 'int32',
    data: Int32Array.from({ length: units }, () => int(rng, -2000, 2000)),
  });
  const own = [0, 1, 2, 3].map(() => weights(inputs));
  const back = [0, 1, 2, 3].map(() => weights(units));
  const biases = [0, 1, 2, 3].map(bias);
  const hiddenZero = int(rng, -20, 20);
  const hidden: LiteTensor = { ...act([1, units], 1 / 140, hiddenZero), isVariable: true };
  const cell: LiteTensor = {
    shape: [1, units],
    type: 'int16',
    scales: [2 ** cellPower],
    zeroPoint: 0,
    isVariable: true,
  };
  const constants = [...own, ...back, ...biases, hidden, cell];
  const none = -1;
  const order = [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    none,
    none,
    none,
    9,
    10,
    11,
    12,
    none,
    none,
    13,
    14,
    none,
    none,
    none,
    none,
  ];
  const options = [71, [i8(4), f32(clip), f32(0), i8(timeMajor ? 1 : 0)]] as const;
  const lead = timeMajor ? [steps, 1] : [1, steps];
  return single(
    seed,
    [act([...lead, inputs], 0.02, 5)],
    constants,
    act([...lead, units], 1 / 140, hiddenZero),
    { code: 44, options, order },
  );
}

export const CASES: Readonly<Record<string, () => LiteCase>> = {
  'conv SAME': () => conv(1, {}),
  'conv VALID, stride 2 and 3': () => conv(2, { padding: VALID, stride: [2, 3] }),
  'conv SAME, stride 2, kernel 2x4': () => conv(3, { stride: [2, 2], kernel: [2, 4] }),
  'conv dilated, SAME': () => conv(4, { dilation: [2, 3], kernel: [3, 2], input: [9, 9, 2] }),
  'conv dilated, VALID': () => conv(5, { dilation: [2, 2], padding: VALID, input: [9, 9, 2] }),
  'conv RELU6, weights per tensor': () => conv(6, { activation: RELU6, perTensor: true }),
  'conv RELU_N1_TO_1': () => conv(7, { activation: RELU_N1_TO_1, outScale: 0.03 }),
  'conv, multipliers above 1': () => conv(8, { weightScale: 0.4, outScale: 0.005, kernel: [1, 1], input: [6, 6, 2], weightMax: 1, biasMax: 9 }),
  'conv, multipliers of about 2^-22': () => conv(9, { weightScale: 1e-6, biasMax: 2 ** 28 }),
  'conv, multipliers about 2^-32, some flushed to 0': () => conv(10, { weightScale: 1.1e-9, outC: 24, biasMax: 2 ** 31 - 2 ** 22 }),
  'conv in 2 groups': () => conv(11, { groups: 2 }),
  'depthwise SAME, multiplier 2': () => conv(12, { depthwise: true, outC: 8 }),
  'depthwise VALID, stride 2, RELU6': () => conv(13, { depthwise: true, outC: 4, padding: VALID, stride: [2, 2], activation: RELU6 }),
  'depthwise dilated': () => conv(14, { depthwise: true, outC: 4, dilation: [2, 2], input: [9, 8, 4] }),
  'depthwise, multipliers above 1': () => conv(15, { depthwise: true, outC: 12, weightScale: 0.5, outScale: 0.01, kernel: [1, 2], weightMax: 1, biasMax: 9 }),
  'fully connected, one scale': () => fullyConnected(20, 1, false, NONE, 0.4),
  'fully connected, a scale per channel': () => fullyConnected(21, 1, true, RELU, 0.4),
  'fully connected over 5 rows': () => fullyConnected(22, 5, false, RELU6, 0.07),
  'fully connected, multiplier above 1': () => fullyConnected(23, 1, false, NONE, 0.0001),
  'average pool SAME': () => pool(30, 1, SAME, [3, 3], 2, NONE),
  'average pool VALID 2x4, RELU': () => pool(31, 1, VALID, [2, 4], 1, RELU),
  'max pool SAME 3x2, RELU6': () => pool(32, 17, SAME, [3, 2], 2, RELU6),
  'add': () => arithmetic(40, 0, [[1, 3, 4, 5], [1, 3, 4, 5]], [1, 3, 4, 5], [0.03, 0.07, 0.09], RELU),
  'add, fine output': () => arithmetic(41, 0, [[1, 60], [1, 60]], [1, 60], [0.9, 0.0003, 0.04]),
  'add, broadcast constant': () => arithmetic(42, 0, [[1, 3, 4, 5], [1, 1, 1, 5]], [1, 3, 4, 5], [0.03, 0.007, 0.05], NONE, true),
  'sub': () => arithmetic(43, 41, [[1, 3, 4, 5], [1, 3, 4, 5]], [1, 3, 4, 5], [0.03, 0.07, 0.09]),
  'sub, broadcast, RELU6': () => arithmetic(49, 41, [[1, 4, 3, 2], [1, 1, 3, 1]], [1, 4, 3, 2], [0.05, 0.033, 0.061], RELU6),
  'sub, constant first operand twice as fine': () => arithmetic(45, 41, [[1, 50], [1, 50]], [1, 50], [0.0123, 0.0247, 0.0311], NONE, true),
  'mul': () => arithmetic(46, 18, [[1, 3, 4, 5], [1, 3, 4, 5]], [1, 3, 4, 5], [0.03, 0.07, 0.2]),
  'mul, broadcast over the image': () => arithmetic(47, 18, [[1, 4, 3, 6], [1, 1, 1, 6]], [1, 4, 3, 6], [0.03, 0.004, 0.01], RELU6),
  'mul, multiplier above 1': () => arithmetic(48, 18, [[1, 40], [1, 40]], [1, 40], [0.5, 0.5, 0.1]),
  'softmax, sharp': () => unary(50, 25, [9, [f32(1)]], [0.1, 5], [1 / 256, -128]),
  'softmax, flat': () => unary(51, 25, [9, [f32(1)]], [0.001, 0], [1 / 256, -128]),
  'softmax, beta 0.5, coarse': () => unary(52, 25, [9, [f32(0.5)]], [3, -128], [1 / 256, -128]),
  'softmax over rows of 7': () => single(53, [act([1, 9, 7], 0.07, 2)], [], act([1, 9, 7], 1 / 256, -128), { code: 25, options: [9, [f32(1)]] }),
  'logistic': () => unary(54, 14, undefined, [0.06, 12], [1 / 256, -128]),
  'logistic, coarse': () => unary(55, 14, undefined, [0.5, -3], [1 / 256, -128]),
  'logistic, fine': () => unary(56, 14, undefined, [0.0007, 0], [1 / 256, -128]),
  'tanh': () => unary(57, 28, undefined, [0.03, 12], [1 / 128, 0]),
  'tanh, coarse': () => unary(58, 28, undefined, [0.7, -30], [1 / 128, 0]),
  'hard swish': () => unary(59, 117, undefined, [0.05, 3], [0.04, -70]),
  'hard swish, coarse': () => unary(60, 117, undefined, [0.4, -20], [0.3, -110]),
  'hard swish, fine': () => unary(61, 117, undefined, [0.004, 100], [0.003, 0]),
  'relu with another scale': () => unary(62, 19, undefined, [0.05, 3], [0.021, -128]),
  'relu6': () => unary(63, 21, undefined, [0.05, 3], [0.05, 3]),
  'requantise, up': () => unary(64, 114, undefined, [0.05, 3], [0.02, -128]),
  'requantise, down': () => unary(65, 114, undefined, [0.011, -40], [0.037, 64]),
  'mean over the image': () => mean(70, [1, 5, 7, 3], [1, 2], [1, 3], [0.05, 0.03]),
  'mean, kept dimensions': () => mean(71, [1, 5, 7, 3], [2], [1, 5, 1, 3], [0.05, 0.05]),
  'mean over 64 pixels, scaled up': () => mean(72, [1, 8, 8, 9], [1, 2], [1, 1, 1, 9], [0.05, 0.015]),
  'pad': () => single(73, [act([1, 3, 4, 2], 0.1, 9)], [ints([4, 2], [0, 0, 1, 2, 0, 3, 0, 0])], act([1, 6, 7, 2], 0.1, 9), { code: 34 }),
  'pad of channels': () => single(74, [act([1, 3, 4, 2], 0.1, 9)], [ints([4, 2], [0, 0, 0, 0, 0, 0, 1, 2])], act([1, 3, 4, 5], 0.1, 9), { code: 34 }),
  'padV2': () => single(75, [act([1, 3, 4, 2], 0.1, 9)], [ints([4, 2], [0, 0, 1, 0, 0, 1, 0, 0]), { ...act([1], 0.1, 9), data: Int8Array.of(-77) }], act([1, 4, 5, 2], 0.1, 9), { code: 60 }),
  'transpose 0 3 1 2': () => single(76, [act([1, 3, 4, 2], 0.1, 9)], [ints([4], [0, 3, 1, 2])], act([1, 2, 3, 4], 0.1, 9), { code: 39 }),
  'concat of channels': () => concat(77, [[1, 2, 3, 2], [1, 2, 3, 5], [1, 2, 3, 1]], 3, [1, 2, 3, 8]),
  'concat of rows, negative axis': () => concat(78, [[1, 2, 3, 4], [1, 1, 3, 4]], -3, [1, 3, 3, 4]),
  'pack': () => concat(79, [[1, 6], [1, 6], [1, 6]], 1, [1, 3, 6], 83),
  'strided slice': () => slice(80, [1, 6, 7, 3], [0, 1, 6, 0], [1, 6, 0, 3], [1, 2, -2, 1], [0, 0, 0], [1, 3, 3, 3]),
  'strided slice, masks and a shrunk dimension': () => slice(81, [1, 6, 7, 3], [0, -2, 2, 1], [0, 0, 5, 2], [1, 1, 1, 1], [1, 1, 2], [1, 3, 1]),
  'lstm': () => lstm(90, -11, 0, false),
  'lstm, time first, clipped, coarse cell': () => lstm(91, -9, 1.3, true),
  'lstm, fine cell state': () => lstm(92, -15, 0, false),
}; // prettier-ignore
