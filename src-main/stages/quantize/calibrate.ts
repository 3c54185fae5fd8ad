import { IngotError } from '../../base/diagnostic.ts';
import type { Model } from '../model/index.ts';
import { runFloatTrace } from '../model/index.ts';

/** Smallest and largest value of every tensor of the model over the calibration set; indexed by TensorId. */
export interface Ranges {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

const BINS = 2048;

/**
 * Runs the float reference on every sample. With percentile < 100 the range is cut on both sides so that
 * this share of the values lies inside, to a resolution of 1/2048 of the full range (two passes).
 */
export function collectRanges(model: Model, samples: readonly Float32Array[], percentile: number): Ranges {
  const count = model.tensors.length;
  const min = new Float64Array(count).fill(Infinity);
  const max = new Float64Array(count).fill(-Infinity);
  for (const sample of samples) {
    runFloatTrace(model, [sample]).forEach((values, t) => {
      for (let i = 0; i < values.length; i++) {
        const v = values[i]!;
        if (v < min[t]!) min[t] = v;
        if (v > max[t]!) max[t] = v;
        if (v !== v) max[t] = NaN;
      }
    });
  }
  for (let t = 0; t < count; t++) {
    if (Number.isFinite(min[t]!) && Number.isFinite(max[t]!)) continue;
    throw new IngotError('QUANT-003', 'the calibration set gives values that are not finite numbers', {
      place: model.tensors[t]!.name,
      remedy: 'check the calibration samples: they must look like the data the model was trained on',
    });
  }
  return percentile >= 100 ? { min, max } : cut(model, samples, { min, max }, percentile);
}

function cut(model: Model, samples: readonly Float32Array[], full: Ranges, percentile: number): Ranges {
  const histograms = model.tensors.map(() => new Float64Array(BINS));
  const totals = new Float64Array(model.tensors.length);
  for (const sample of samples) {
    runFloatTrace(model, [sample]).forEach((values, t) => {
      const low = full.min[t]!;
      const perUnit = full.max[t]! > low ? BINS / (full.max[t]! - low) : 0;
      const bins = histograms[t]!;
      for (let i = 0; i < values.length; i++) {
        const bin = Math.min(BINS - 1, Math.floor((values[i]! - low) * perUnit));
        bins[bin] = bins[bin]! + 1;
      }
      totals[t] = totals[t]! + values.length;
    });
  }
  const min = full.min.slice();
  const max = full.max.slice();
  for (let t = 0; t < totals.length; t++) {
    const bins = histograms[t]!;
    const outside = (totals[t]! * (1 - percentile / 100)) / 2;
    const width = (full.max[t]! - full.min[t]!) / BINS;
    let first = 0;
    for (let below = bins[0]!; below <= outside && first < BINS - 1; below += bins[first]!) first++;
    let last = BINS - 1;
    for (let above = bins[last]!; above <= outside && last > first; above += bins[last]!) last--;
    min[t] = full.min[t]! + first * width;
    max[t] = full.min[t]! + (last + 1) * width;
  }
  return { min, max };
}
