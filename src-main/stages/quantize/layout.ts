/**
 * NCHW in the model, NHWC in the graph. A graph tensor of shape [h, w, c] holds the model's tensor of
 * h·w·c values; the model's row-major order is always the order of [c, h, w], so a Flatten moves nothing
 * and only its readers' weights are permuted.
 */
export type Hwc = readonly [number, number, number];

/** [1, c, h, w] becomes [h, w, c]; anything else is a vector. */
export function hwcOf(shape: readonly number[]): Hwc {
  if (shape.length === 4) return [shape[2]!, shape[3]!, shape[1]!];
  return [1, 1, shape.reduce((a, b) => a * b, 1)];
}

export const sameShape = (a: Hwc, b: Hwc): boolean => a.every((d, i) => d === b[i]);

/** For each position of the graph's tensor, its position in the model's. [h · w · c] */
export function modelOrder([h, w, c]: Hwc): Int32Array {
  const order = new Int32Array(h * w * c);
  let at = 0;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) for (let k = 0; k < c; k++) order[at++] = (k * h + y) * w + x;
  }
  return order;
}

/** True where both shapes lay the model's values out as the same bytes. */
export function sameBytes(a: Hwc, b: Hwc): boolean {
  const other = modelOrder(b);
  return modelOrder(a).every((v, i) => v === other[i]);
}

/** [outC][inC / groups][kh][kw] to [outC][kh'][kw'][inC]: groups and dilation are spelled out as zeros. */
export function convWeightsToOhwi(
  weights: Float32Array,
  size: { outC: number; inC: number; kernelH: number; kernelW: number },
  groups: number,
  dilationH: number,
  dilationW: number,
): { weights: Float32Array; kernelH: number; kernelW: number } {
  const { outC, inC } = size;
  const kernelH = (size.kernelH - 1) * dilationH + 1;
  const kernelW = (size.kernelW - 1) * dilationW + 1;
  const groupC = inC / groups;
  const out = new Float32Array(outC * kernelH * kernelW * inC);
  let at = 0;
  for (let o = 0; o < outC; o++) {
    const firstC = Math.floor(o / (outC / groups)) * groupC;
    for (let c = 0; c < groupC; c++) {
      for (let y = 0; y < size.kernelH; y++) {
        for (let x = 0; x < size.kernelW; x++) {
          const tap = (o * kernelH + y * dilationH) * kernelW + x * dilationW;
          out[tap * inC + firstC + c] = weights[at++]!;
        }
      }
    }
  }
  return { weights: out, kernelH, kernelW };
}

/** [outC][taps] to [taps][outC]. */
export function depthwiseWeights(weights: Int8Array, outC: number): Int8Array {
  const taps = weights.length / outC;
  return Int8Array.from(
    { length: weights.length },
    (_, i) => weights[(i % outC) * taps + Math.floor(i / outC)]!,
  );
}

/** [outC][inC] with columns in the model's order to columns in the order of the input's bytes. */
export function permuteColumns(weights: Float32Array, outC: number, input: Hwc): Float32Array {
  const order = modelOrder(input);
  const out = new Float32Array(weights.length);
  for (let o = 0; o < outC; o++) {
    for (let i = 0; i < order.length; i++) out[o * order.length + i] = weights[o * order.length + order[i]!]!;
  }
  return out;
}
