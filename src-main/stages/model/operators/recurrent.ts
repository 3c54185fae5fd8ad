/** RNN, GRU and LSTM with ONNX's gate orders; the state in double, rounded to float32 once a step. */
import type { OpName, Operators, RecurrentAttributes } from '../types.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { sizeOf } from '../tensor.ts';
import type { Operator, OperatorsOf } from './operator.ts';
import { fit, fitFloats, text } from './operator.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Slices of one pass and batch entry. cell: LSTM only. */
interface State {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** Products of one step: input part and recurrent part apart, each gates · hidden, biases included. */
interface Sums {
  readonly x: Float64Array;
  readonly h: Float64Array;
}

type Step = (sums: Sums, state: State, hidden: number) => void;

function products(
  out: Float64Array,
  rows: Float32Array,
  at: number,
  bias: Float32Array,
  biasAt: number,
  v: ArrayLike<number>,
  from: number,
  size: number,
): void {
  for (let r = 0; r < out.length; r++) {
    let sum = bias[biasAt + r]!;
    for (let i = 0; i < size; i++) sum += rows[at + r * size + i]! * v[from + i]!;
    out[r] = sum;
  }
}

function unroll(
  inputs: readonly Tensor[],
  a: RecurrentAttributes,
  gates: number,
  step: Step,
): Float32Array[] {
  const [x, w, r, b, h0, c0] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor?];
  const [steps, batch, size] = x.shape as [number, number, number];
  const { hidden } = a;
  const passes = w.shape[0]!;
  const rows = gates * hidden;
  const y = new Float32Array(steps * passes * batch * hidden);
  const lastH = new Float32Array(passes * batch * hidden);
  const lastC = new Float32Array(passes * batch * hidden);
  const sums: Sums = { x: new Float64Array(rows), h: new Float64Array(rows) };
  const f32 = (t: Tensor): Float32Array => t.data as Float32Array;
  for (let pass = 0; pass < passes; pass++) {
    const isBackward = a.direction === 'reverse' || pass === 1;
    for (let n = 0; n < batch; n++) {
      const at = (pass * batch + n) * hidden;
      const state: State = {
        h: Float64Array.from(f32(h0).subarray(at, at + hidden)),
        c: new Float64Array(hidden),
      };
      if (c0) state.c.set(f32(c0).subarray(at, at + hidden));
      for (let i = 0; i < steps; i++) {
        const t = isBackward ? steps - 1 - i : i;
        products(
          sums.x,
          f32(w),
          pass * rows * size,
          f32(b),
          pass * 2 * rows,
          f32(x),
          (t * batch + n) * size,
          size,
        );
        products(sums.h, f32(r), pass * rows * hidden, f32(b), pass * 2 * rows + rows, state.h, 0, hidden);
        step(sums, state, hidden);
        y.set(state.h, ((t * passes + pass) * batch + n) * hidden);
      }
      lastH.set(state.h, at);
      lastC.set(state.c, at);
    }
  }
  return c0 ? [y, lastH, lastC] : [y, lastH];
}

const lstm: Step = ({ x, h }, state, hidden) => {
  const gate = (k: number, i: number): number => x[k * hidden + i]! + h[k * hidden + i]!;
  for (let i = 0; i < hidden; i++) {
    const c = sigmoid(gate(2, i)) * state.c[i]! + sigmoid(gate(0, i)) * Math.tanh(gate(3, i));
    state.c[i] = Math.fround(c);
    state.h[i] = Math.fround(sigmoid(gate(1, i)) * Math.tanh(c));
  }
};

const gru: Step = ({ x, h }, state, hidden) => {
  for (let i = 0; i < hidden; i++) {
    const z = sigmoid(x[i]! + h[i]!);
    const reset = sigmoid(x[hidden + i]! + h[hidden + i]!);
    const n = Math.tanh(x[2 * hidden + i]! + reset * h[2 * hidden + i]!);
    state.h[i] = Math.fround((1 - z) * n + z * state.h[i]!);
  }
};

/** The form in which the reset gate multiplies the state before the recurrence's product. */
function gruBeforeReset(r: Float32Array, b: Float32Array): (pass: number) => Step {
  return (pass) =>
    ({ x, h }, state, hidden) => {
      const old = state.h.slice();
      const reset = old.map((v, i) => v * sigmoid(x[hidden + i]! + h[hidden + i]!));
      for (let i = 0; i < hidden; i++) {
        const z = sigmoid(x[i]! + h[i]!);
        let sum = b[pass * 6 * hidden + 5 * hidden + i]!;
        const row = (pass * 3 * hidden + 2 * hidden + i) * hidden;
        for (let k = 0; k < hidden; k++) sum += r[row + k]! * reset[k]!;
        state.h[i] = Math.fround((1 - z) * Math.tanh(x[2 * hidden + i]! + sum) + z * old[i]!);
      }
    };
}

const ACTIVATIONS = { Tanh: Math.tanh, Relu: (x: number) => Math.max(x, 0), Sigmoid: sigmoid };

const rnn =
  (f: (x: number) => number): Step =>
  ({ x, h }, state, hidden) => {
    for (let i = 0; i < hidden; i++) state.h[i] = Math.fround(f(x[i]! + h[i]!));
  };

function recurrent<K extends 'RNN' | 'GRU' | 'LSTM'>(
  does: string,
  gates: number,
  run: (inputs: readonly Tensor[], a: Operators[K]['attributes']) => Float32Array[],
): Operator<K> {
  return {
    does,
    infer(inputs, a) {
      const [x, w, r, b, h0, c0] = inputs as [
        TensorType,
        TensorType,
        TensorType,
        TensorType,
        TensorType,
        TensorType?,
      ];
      fitFloats(...inputs);
      const passes = a.direction === 'bidirectional' ? 2 : 1;
      const [steps, batch, size] = x.shape as [number, number, number];
      const { hidden } = a;
      const state = [passes, batch, hidden];
      const wanted: [TensorType | undefined, number[]][] = [
        [x, [steps, batch, size]],
        [w, [passes, gates * hidden, size]],
        [r, [passes, gates * hidden, hidden]],
        [b, [passes, 2 * gates * hidden]],
        [h0, state],
        [c0, state],
      ];
      fit(x.shape.length === 3 && hidden >= 1, `input ${text(x.shape)} for ${hidden} hidden units`);
      for (const [t, shape] of wanted)
        fit(!t || text(t.shape) === text(shape), `${text(t?.shape ?? [])} where ${text(shape)} is due`);
      const states = (c0 ? [state, state] : [state]).map((shape): TensorType => ({
        dtype: 'float32',
        shape,
      }));
      return [{ dtype: 'float32', shape: [steps, passes, batch, hidden] }, ...states];
    },
    run,
    macs: ([x, w, r]) => x!.shape[0]! * x!.shape[1]! * (sizeOf(w!.shape) + sizeOf(r!.shape)),
  };
}

export const RECURRENT: OperatorsOf<Extract<OpName, 'RNN' | 'GRU' | 'LSTM'>> = {
  RNN: recurrent('simple recurrent layer', 1, (inputs, a) =>
    unroll(inputs, a, 1, rnn(ACTIVATIONS[a.activation])),
  ),
  GRU: recurrent('gated recurrent units', 3, (inputs, a) => {
    if (a.linearBeforeReset) return unroll(inputs, a, 3, gru);
    const step = gruBeforeReset(inputs[2]!.data as Float32Array, inputs[3]!.data as Float32Array);
    if (a.direction !== 'bidirectional') return unroll(inputs, a, 3, step(0));
    return bothPasses(inputs, a, step);
  }),
  LSTM: recurrent('long short-term memory', 4, (inputs, a) => unroll(inputs, a, 4, lstm)),
};

/** Two passes whose steps differ: run apart and put together. */
function bothPasses(
  inputs: readonly Tensor[],
  a: RecurrentAttributes,
  step: (pass: number) => Step,
): Float32Array[] {
  const [x, ...parameters] = inputs as [Tensor, ...Tensor[]];
  const half = (t: Tensor, pass: number): Tensor => ({
    ...t,
    shape: [1, ...t.shape.slice(1)],
    data: t.data.slice((pass * t.data.length) / 2, ((pass + 1) * t.data.length) / 2),
  });
  const results = (['forward', 'reverse'] as const).map((direction, pass) =>
    unroll([x, ...parameters.map((t) => half(t, pass))], { ...a, direction }, 3, step(pass)),
  );
  const [steps, batch] = x.shape as [number, number];
  const size = batch * a.hidden;
  const y = new Float32Array(steps * 2 * size);
  const last = new Float32Array(2 * size);
  results.forEach(([part, state], pass) => {
    last.set(state!, pass * size);
    for (let t = 0; t < steps; t++) y.set(part!.subarray(t * size, (t + 1) * size), (2 * t + pass) * size);
  });
  return [y, last];
}
