/** Ranges of a model's tensors, measured with the float reference on a calibration set. */
import { IngotError } from '../../base/diagnostic.ts';
import type { Model } from '../model/index.ts';
import { runFloatTrace } from '../model/index.ts';

/** One value set for each model input. */
export type CalibrationSample = readonly Float32Array[];

/** Range of every tensor of the model, by TensorId; 0 … 0 for constants and what is not float32. */
export interface Ranges {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/**
 * minmax: every value seen. percentile: this share of the values, in percent, cut on both sides. mse: the range
 * that loses least in the mean square to rounding and clipping.
 */
export type RangeMethod =
  | { readonly method: 'minmax' }
  | { readonly method: 'percentile'; readonly percentile: number }
  | { readonly method: 'mse' };

const BINS = 2048;

/** One float inference a sample, two where the method needs histograms. QUANT-003: values are not finite. */
export function collectRanges(model: Model, samples: readonly CalibrationSample[], how: RangeMethod): Ranges {
  const count = model.tensors.length;
  const min = new Float64Array(count).fill(Infinity);
  const max = new Float64Array(count).fill(-Infinity);
  const isMeasured = model.tensors.map((t) => t.dtype === 'float32' && !t.data);
  const measure = (visit: (values: Float32Array, t: number) => void): void => {
    for (const sample of samples) {
      const trace = runFloatTrace(model, sample);
      isMeasured.forEach((measured, t) => measured && visit(trace[t] as Float32Array, t));
    }
  };
  measure((values, t) => {
    let [low, high] = [min[t]!, max[t]!];
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!;
      if (v < low) low = v;
      if (v > high) high = v;
      if (v !== v) high = NaN;
    }
    [min[t], max[t]] = [low, high];
  });
  isMeasured.forEach((measured, t) => {
    if (!measured) [min[t], max[t]] = [0, 0];
    if (Number.isFinite(min[t]!) && Number.isFinite(max[t]!)) return;
    throw new IngotError('QUANT-003', 'the calibration set gives values that are not finite numbers', {
      place: model.tensors[t]!.name,
      remedy: 'check the calibration samples: they must look like the data the model was trained on',
    });
  });
  if (how.method === 'minmax') return { min, max };
  const histograms = model.tensors.map((_, t) => new Float64Array(isMeasured[t] ? BINS : 0));
  measure((values, t) => {
    const low = min[t]!;
    const perUnit = max[t]! > low ? BINS / (max[t]! - low) : 0;
    const bins = histograms[t]!;
    for (let i = 0; i < values.length; i++) {
      const bin = Math.min(BINS - 1, Math.floor((values[i]! - low) * perUnit));
      bins[bin] = bins[bin]! + 1;
    }
  });
  histograms.forEach((bins, t) => {
    if (!isMeasured[t] || max[t] === min[t]) return;
    const cut = how.method === 'mse' ? leastSquares : percentileOf(how.percentile);
    [min[t], max[t]] = cut(bins, min[t]!, (max[t]! - min[t]!) / BINS);
  });
  return { min, max };
}

type Cut = (bins: Float64Array, low: number, width: number) => [number, number];

/** To a resolution of one bin. */
function percentileOf(percentile: number): Cut {
  return (bins, low, width) => {
    const total = bins.reduce((a, b) => a + b, 0);
    const outside = (total * (1 - percentile / 100)) / 2;
    let first = 0;
    for (let below = bins[0]!; below <= outside && first < BINS - 1; below += bins[first]!) first++;
    let last = BINS - 1;
    for (let above = bins[last]!; above <= outside && last > first; above += bins[last]!) last--;
    return [low + first * width, low + (last + 1) * width];
  };
}

/** Steps in which an end of the range is moved inwards. */
const STEPS = 40;

/**
 * Each end in turn is moved where the expected square error is least: step²/12 for a value inside, the square of
 * the distance for one that is clipped. Two rounds; the ends hardly depend on each other.
 */
function leastSquares(bins: Float64Array, low: number, width: number): [number, number] {
  const high = low + BINS * width;
  const error = (from: number, to: number): number => {
    const step = (Math.max(to, 0) - Math.min(from, 0)) / 255;
    let sum = 0;
    for (let i = 0; i < BINS; i++) {
      if (bins[i] === 0) continue;
      const v = low + (i + 0.5) * width;
      const clipped = v < from ? from - v : v > to ? v - to : 0;
      sum += bins[i]! * (clipped > 0 ? clipped * clipped : (step * step) / 12);
    }
    return sum;
  };
  let [from, to] = [low, high];
  for (let round = 0; round < 2; round++) {
    const [a, b] = [from, to];
    // 0 stays inside, so an end beyond it gains nothing by moving.
    if (high > 0) to = best(Math.max(0, low), high, (v) => error(a, v));
    if (low < 0) from = best(Math.min(0, high), low, (v) => error(v, b));
  }
  return [from, to];
}

/** The place between inner and outer with the least cost; outer on a tie. */
function best(inner: number, outer: number, cost: (v: number) => number): number {
  let [place, least] = [outer, cost(outer)];
  for (let i = 1; i < STEPS; i++) {
    const v = outer + ((inner - outer) * i) / STEPS;
    const c = cost(v);
    if (c < least) [place, least] = [v, c];
  }
  return place;
}
