/**
 * Weighted-average wirelength (Hsu, Chang, Balabanov, "TSV-aware analytical placement for 3-D IC designs", DAC
 * 2011): a smooth lower bound of each net's extent along one axis,
 *   sum_i v_i e^(v_i/g) / sum_i e^(v_i/g)  -  sum_i v_i e^(-v_i/g) / sum_i e^(-v_i/g),
 * evaluated relative to the net's ends so that no exponent overflows.
 */
export interface AxisNets {
  readonly nets: number;
  readonly netStart: Int32Array;
  /** [connections] movable object, -1 = fixed */
  readonly object: Int32Array;
  /** [connections] offset from the object's centre; the place itself if fixed */
  readonly offset: Float64Array;
  readonly netWeight: Float64Array;
}

/** Nets with more pins than this pull so evenly that their gradient is left out. */
const MAX_GRADIENT_DEGREE = 3000;

export interface AxisScratch {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

export function makeScratch(nets: AxisNets): AxisScratch {
  let degree = 1;
  for (let e = 0; e < nets.nets; e++) degree = Math.max(degree, nets.netStart[e + 1] - nets.netStart[e]);
  return { high: new Float64Array(degree), low: new Float64Array(degree) };
}

/** The same sums for two pins, where both ends share one exponential. */
function addPair(
  axis: AxisNets,
  first: number,
  centre: Float64Array,
  length: number,
  inv: number,
  weight: number,
  gradient: Float64Array,
): void {
  const { object, offset } = axis;
  const k = object[first];
  const m = object[first + 1];
  const v = k >= 0 ? centre[k] + offset[first] : offset[first];
  const w = m >= 0 ? centre[m] + offset[first + 1] : offset[first + 1];
  const far = length * inv;
  const e = far < 30 ? Math.exp(-far) : 0;
  const s = 1 / (1 + e);
  const g = weight * s * (1 + far * e * s - e * (1 - far * s)) * (v >= w ? 1 : -1);
  if (k >= 0) gradient[k] += g;
  if (m >= 0) gradient[m] -= g;
}

/**
 * Adds the gradient of the smoothed length over all nets to `gradient` and returns the exact sum of extents
 * (HPWL along this axis, unweighted). `gamma` in DBU: the smaller, the nearer to HPWL.
 */
export function addWirelengthGradient(
  axis: AxisNets,
  centre: Float64Array,
  gamma: number,
  gradient: Float64Array,
  scratch: AxisScratch,
): number {
  const { netStart, object, offset, netWeight } = axis;
  const { high, low } = scratch;
  const inv = 1 / gamma;
  let total = 0;
  for (let e = 0; e < axis.nets; e++) {
    const from = netStart[e];
    const to = netStart[e + 1];
    if (to - from < 2) continue;
    let max = -Infinity;
    let min = Infinity;
    for (let p = from; p < to; p++) {
      const k = object[p];
      const v = k >= 0 ? centre[k] + offset[p] : offset[p];
      if (v > max) max = v;
      if (v < min) min = v;
    }
    total += max - min;
    if (to - from > MAX_GRADIENT_DEGREE) continue;
    if (to - from === 2) {
      addPair(axis, from, centre, max - min, inv, netWeight[e], gradient);
      continue;
    }
    let sumHigh = 0;
    let momentHigh = 0;
    let sumLow = 0;
    let momentLow = 0;
    for (let p = from, q = 0; p < to; p++, q++) {
      const k = object[p];
      const v = k >= 0 ? centre[k] + offset[p] : offset[p];
      const up = (v - max) * inv;
      const down = (min - v) * inv;
      const a = up === 0 ? 1 : up > -30 ? Math.exp(up) : 0;
      const b = down === 0 ? 1 : down > -30 ? Math.exp(down) : 0;
      high[q] = a;
      low[q] = b;
      sumHigh += a;
      momentHigh += a * v;
      sumLow += b;
      momentLow += b * v;
    }
    const meanHigh = momentHigh / sumHigh;
    const meanLow = momentLow / sumLow;
    const w = netWeight[e];
    for (let p = from, q = 0; p < to; p++, q++) {
      const k = object[p];
      if (k < 0) continue;
      const v = centre[k] + offset[p];
      gradient[k] +=
        w *
        ((high[q] / sumHigh) * (1 + (v - meanHigh) * inv) - (low[q] / sumLow) * (1 - (v - meanLow) * inv));
    }
  }
  return total;
}
