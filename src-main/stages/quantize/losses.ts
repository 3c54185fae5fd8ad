/** What each layer loses to int8, measured on samples: the float trace against the integer one. */
import type { Model, TensorId } from '../model/index.ts';
import { runFloat, runFloatTrace } from '../model/index.ts';
import type { CalibrationSample } from './calibrate.ts';
import { subModel } from './float-part.ts';
import { inputsOf, isEngineOp } from './graph.ts';
import { modelOrder } from './layout.ts';
import { runHostOp } from './run-host.ts';
import { runEngineOp, runIntegerTrace } from './run-integer.ts';
import type { QuantGraph, QuantOp, QuantTensor, TensorData } from './types.ts';

export interface LayerLoss {
  /** Operator of the graph. */
  readonly op: string;
  readonly kind: QuantOp['kind'];
  /** Tensor of the model that its output stands for. */
  readonly tensor: string;
  /**
   * Power of the float values over power of the error, in dB, everything before quantised too. At most 200,
   * which also stands for no error at all.
   */
  readonly signalToNoiseDb: number;
  /** As above, with only this layer quantised: its input from the float trace, rounded. */
  readonly aloneDb: number;
  /** Share of right answers with only this layer quantised, 0 … 1; where labels were given. */
  readonly aloneAccuracy?: number;
}

export interface LossOptions {
  /** Class of each sample; the model must then have one output. Costs a float inference per layer and sample. */
  readonly labels?: ArrayLike<number>;
}

const DB_MAX = 200;

/** In execution order; operators whose output stands for no tensor of the model (conversions) are left out. */
export function measureLosses(
  model: Model,
  graph: QuantGraph,
  samples: readonly CalibrationSample[],
  options: LossOptions = {},
): LayerLoss[] {
  const places = placesOf(model, graph);
  const layers = graph.ops.flatMap((op) => {
    const id = 'output' in op && op.kind !== 'quantize' ? places.get(op.output) : undefined;
    if (id === undefined || graph.tensors[(op as { output: number }).output]!.dtype !== 'int8') return [];
    // The others (a rescaled branch, say) have no float counterpart to start from.
    const isKnown = inputsOf(op).every((t) => places.has(t) || graph.tensors[t]!.data);
    return isKnown ? [{ op: op as QuantOp & { output: number }, id, rest: restOf(model, id) }] : [];
  });
  const sums = layers.map(() => ({ signal: 0, noise: 0, alone: 0, right: 0 }));
  samples.forEach((sample, s) => {
    const float = runFloatTrace(model, sample) as readonly Float32Array[];
    const integer = runIntegerTrace(graph, sample);
    layers.forEach(({ op, id, rest }, i) => {
      const to = graph.tensors[op.output]!;
      const want = float[id]!;
      const alone = dequantized(to, aloneOutput(graph, op, places, float));
      const sum = sums[i]!;
      for (const v of want) sum.signal += v * v;
      sum.noise += squares(want, dequantized(to, integer[op.output] as Int8Array));
      sum.alone += squares(want, alone);
      if (!options.labels) return;
      const outputs = runFloat(rest.model, [...rest.inputs.map((t) => float[t]!), alone]);
      if (argmax(outputs[0] as Float32Array) === options.labels[s]) sum.right++;
    });
  });
  return layers.map(({ op, id }, i) => {
    const { signal, noise, alone, right } = sums[i]!;
    const loss = {
      op: op.name,
      kind: op.kind,
      tensor: model.tensors[id]!.name,
      signalToNoiseDb: decibels(signal, noise),
      aloneDb: decibels(signal, alone),
    };
    return options.labels ? { ...loss, aloneAccuracy: right / samples.length } : loss;
  });
}

const decibels = (signal: number, noise: number): number =>
  noise === 0 ? DB_MAX : Math.min(DB_MAX, 10 * Math.log10(Math.max(signal, 1e-30) / noise));

function squares(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** The lowest index on a tie. */
function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Tensors of the graph that stand for one of the model: by name, which quantize() keeps. */
function placesOf(model: Model, graph: QuantGraph): Map<number, TensorId> {
  const byName = new Map(model.tensors.map((t, id) => [t.name, id]));
  const places = new Map<number, TensorId>();
  graph.tensors.forEach((t, i) => {
    const id = byName.get(t.name) ?? byName.get(t.name.replace(/\.int8$|\.reshape$/, ''));
    const isWhole = id !== undefined && model.tensors[id]!.shape.reduce((a, b) => a * b, 1) === product(t);
    if (isWhole) places.set(i, id);
  });
  return places;
}

const product = (t: QuantTensor): number => t.shape[0] * t.shape[1] * t.shape[2];

function dequantized(t: QuantTensor, values: Int8Array): Float32Array {
  const out = new Float32Array(values.length);
  modelOrder(t.shape).forEach((to, i) => (out[to] = (values[i]! - t.zeroPoint) * t.scale));
  return out;
}

/** The operator alone: inputs from the float trace, rounded to their scales. */
function aloneOutput(
  graph: QuantGraph,
  op: QuantOp,
  places: ReadonlyMap<number, TensorId>,
  float: readonly Float32Array[],
): Int8Array {
  const values: TensorData[] = graph.tensors.map((t) => t.data ?? new Int8Array(0));
  for (const t of inputsOf(op)) {
    const { scale, zeroPoint, shape, data, dtype } = graph.tensors[t]!;
    if (data) continue;
    const reals = float[places.get(t)!]!;
    values[t] =
      dtype === 'float32'
        ? reals
        : Int8Array.from(modelOrder(shape), (from) =>
            Math.min(127, Math.max(-128, Math.round(reals[from]! / scale) + zeroPoint)),
          );
  }
  if (isEngineOp(op)) return runEngineOp(op, graph, values as Int8Array[]);
  return runHostOp(op, graph, values)[0] as Int8Array;
}

/** The part of the model after tensor `id`, which becomes its last input. */
function restOf(model: Model, id: TensorId): { model: Model; inputs: readonly TensorId[] } {
  const needed = new Set<TensorId>(model.outputs);
  const nodes = [...model.nodes]
    .reverse()
    .filter((node) => {
      const makes = [node.output, ...(node.moreOutputs ?? [])];
      if (makes.includes(id) || !makes.some((t) => needed.has(t))) return false;
      node.inputs.forEach((t) => needed.add(t!));
      return true;
    })
    .reverse();
  const made = new Set(nodes.flatMap((n) => [n.output, ...(n.moreOutputs ?? [])]));
  const inputs = [...needed].filter((t) => t !== id && !made.has(t) && !model.tensors[t]!.data);
  return { model: subModel(model, model.name, nodes, [...inputs, id], model.outputs), inputs };
}
