/** Scales and zero points. Scales are float32 values, as a TFLite file would store them. */
import { toMultiplier } from './multiplier.ts';
import type { Requantize } from './types.ts';

export const INT8_MIN = -128;
export const INT8_MAX = 127;

export interface Scale {
  readonly scale: number;
  readonly zeroPoint: number;
}

export const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));

/** C's round: half away from zero. */
export const roundAway = (v: number): number => (v < 0 ? -Math.round(-v) : Math.round(v));

/**
 * Asymmetric int8 over [min, max] widened to include 0, so that 0 (padding, Relu) is exact.
 * The scale is at least scaleMin; see quantizeWeights for why.
 */
export function activationScale(min: number, max: number, scaleMin = 0): Scale {
  const low = Math.min(min, 0);
  const high = Math.max(max, 0);
  // Where scaleMin exceeds what the range needs, the range is centred on what it was.
  const scale = Math.fround(Math.max((high - low) / 255, scaleMin, 2 ** -100));
  if (high === 0 && low === 0) return { scale: Math.fround(Math.max(1, scaleMin)), zeroPoint: 0 };
  return { scale, zeroPoint: clamp(roundAway(INT8_MIN - low / scale), INT8_MIN, INT8_MAX) };
}

/** Bounds of a fused Relu or Clip in the model's units; null where there is none. */
export interface Bounds {
  readonly min: number | null;
  readonly max: number | null;
}

export const NO_BOUNDS: Bounds = { min: null, max: null };

/** Bounds as int8 clamps of a tensor: TFLM's CalculateActivationRangeQuantized, the quotient in float32. */
export function clamps(bounds: Bounds, { scale, zeroPoint }: Scale): { clampMin: number; clampMax: number } {
  const at = (v: number): number => zeroPoint + roundAway(Math.fround(Math.fround(v) / scale));
  const clampMin = bounds.min === null ? INT8_MIN : clamp(at(bounds.min), INT8_MIN, INT8_MAX);
  const clampMax = bounds.max === null ? INT8_MAX : clamp(at(bounds.max), INT8_MIN, INT8_MAX);
  return { clampMin, clampMax };
}

export interface QuantWeights {
  /** [outC][perOutput], -127 … 127 */
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  /** [outC], float32 values */
  readonly scales: Float64Array;
}

/** |bias| <= 2^22 leaves half of a 24-bit accumulator to the products. */
const BIAS_MAX = 2 ** 22;

/**
 * Symmetric weights with one scale per output channel, and the bias in accumulator units
 * (inputScale · weightScale). The scale is max|w| / 127, but never so small that the bias leaves ±2^22:
 * channels that died in training (tiny weights, large bias) would otherwise need 32-bit accumulators.
 */
export function quantizeWeights(
  weights: Float32Array,
  bias: Float32Array | undefined,
  outC: number,
  inputScale: number,
): QuantWeights {
  const perOutput = weights.length / outC;
  const out = new Int8Array(weights.length);
  const outBias = new Int32Array(outC);
  const scales = new Float64Array(outC);
  for (let o = 0; o < outC; o++) {
    let largest = 0;
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++)
      largest = Math.max(largest, Math.abs(weights[i]!));
    const b = bias ? bias[o]! : 0;
    const scale = Math.fround(Math.max(largest / 127, Math.abs(b) / (inputScale * BIAS_MAX))) || 1;
    scales[o] = scale;
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++) {
      out[i] = clamp(roundAway(weights[i]! / scale), -127, 127);
    }
    outBias[o] = roundAway(b / (inputScale * scale));
  }
  return { weights: out, bias: outBias, scales };
}

/** Accumulator (inputScale · weightScale[k]) to the output's scale, with the output's clamps. */
export function requantizeTo(
  inputScale: number,
  weightScales: Float64Array,
  output: Scale,
  bounds: Bounds,
): Requantize {
  const multiplierQ31 = new Int32Array(weightScales.length);
  const shift = new Int32Array(weightScales.length);
  weightScales.forEach((weightScale, k) => {
    const m = toMultiplier((inputScale * weightScale) / output.scale);
    multiplierQ31[k] = m.multiplierQ31;
    shift[k] = m.shift;
  });
  return { multiplierQ31, shift, ...clamps(bounds, output) };
}
