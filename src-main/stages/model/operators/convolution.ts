/** Convolution and pooling over images [n, c, h, w]. */
import type { ConvAttributes, PoolAttributes, TensorData } from '../types.ts';
import type { Tensor, TensorType } from '../tensor.ts';
import { allocate, sizeOf } from '../tensor.ts';
import type { OperatorsOf } from './operator.ts';
import { fit, fitFloats, text } from './operator.ts';

type Image = readonly [number, number, number, number];

export function imageOf(x: TensorType): Image {
  fit(x.shape.length === 4, `the input has shape ${text(x.shape)}, not [n, c, h, w]`);
  return x.shape as unknown as Image;
}

/** Windows along one axis: the last begins at or before the last place where it fits. */
function windows(size: number, begin: number, end: number, reach: number, stride: number): number {
  const padded = size + begin + end;
  const count = Math.floor((padded - reach) / stride) + 1;
  fit(count >= 1, `the kernel (${reach} with dilation) is larger than the padded input (${padded})`);
  return count;
}

function output(x: Image, a: PoolAttributes, dilationH = 1, dilationW = 1): [number, number] {
  const reachH = (a.kernelH - 1) * dilationH + 1;
  const reachW = (a.kernelW - 1) * dilationW + 1;
  return [
    windows(x[2], a.padTop, a.padBottom, reachH, a.strideH),
    windows(x[3], a.padLeft, a.padRight, reachW, a.strideW),
  ];
}

function fitBias(bias: TensorType | undefined, count: number): void {
  if (bias)
    fit(bias.shape.length === 1 && bias.shape[0] === count, `bias ${text(bias.shape)} for ${count} channels`);
}

/** First and one past the last output position whose tap `at` (relative to the window's place 0) is inside. */
function span(at: number, stride: number, size: number, count: number): [number, number] {
  const first = at >= 0 ? 0 : Math.ceil(-at / stride);
  const end = Math.min(count, Math.floor((size - 1 - at) / stride) + 1);
  return [first, Math.max(first, end)];
}

/**
 * One plane of the output at a time, all taps of one weight at once: the inner loop runs along a row, so it is
 * about ten times as fast as the loop over windows. Sums in double, in the order c, ky, kx.
 */
function conv([x, weights, bias]: readonly Tensor[], a: ConvAttributes, y: TensorType): Float32Array {
  const [n, inC, inH, inW] = x!.shape as unknown as Image;
  const [, outC, outH, outW] = y.shape as unknown as Image;
  const groupInC = inC / a.groups;
  const groupOutC = outC / a.groups;
  const out = new Float32Array(n * outC * outH * outW);
  const plane = new Float64Array(outH * outW);
  for (let image = 0; image < n; image++) {
    for (let o = 0; o < outC; o++) {
      plane.fill(bias ? bias.data[o]! : 0);
      const firstC = image * inC + Math.floor(o / groupOutC) * groupInC;
      let at = o * groupInC * a.kernelH * a.kernelW;
      for (let c = 0; c < groupInC; c++) {
        const source = (firstC + c) * inH * inW;
        for (let ky = 0; ky < a.kernelH; ky++) {
          for (let kx = 0; kx < a.kernelW; kx++, at++) {
            addTap(
              plane,
              x!.data as Float32Array,
              source,
              inH,
              inW,
              outH,
              outW,
              a,
              ky,
              kx,
              weights!.data[at]!,
            );
          }
        }
      }
      out.set(plane, (image * outC + o) * outH * outW);
    }
  }
  return out;
}

function addTap(
  plane: Float64Array,
  x: Float32Array,
  source: number,
  inH: number,
  inW: number,
  outH: number,
  outW: number,
  a: ConvAttributes,
  ky: number,
  kx: number,
  weight: number,
): void {
  if (weight === 0) return;
  const { strideH, strideW } = a;
  const top = ky * a.dilationH - a.padTop;
  const left = kx * a.dilationW - a.padLeft;
  const [y0, y1] = span(top, strideH, inH, outH);
  const [x0, x1] = span(left, strideW, inW, outW);
  for (let oy = y0; oy < y1; oy++) {
    let from = source + (oy * strideH + top) * inW + left + x0 * strideW;
    const row = oy * outW;
    for (let to = row + x0; to < row + x1; to++, from += strideW) plane[to] = plane[to]! + weight * x[from]!;
  }
}

/** Each input value spread over the output by the kernel; what the pads cover falls away. */
function convTranspose(
  [x, weights, bias]: readonly Tensor[],
  a: ConvAttributes,
  y: TensorType,
): Float32Array {
  const [n, inC, inH, inW] = x!.shape as unknown as Image;
  const [, outC, outH, outW] = y.shape as unknown as Image;
  const groupOutC = outC / a.groups;
  const groupInC = inC / a.groups;
  const out = new Float64Array(sizeOf(y.shape));
  for (let image = 0; image < n; image++) {
    for (let c = 0; c < inC; c++) {
      const firstO = Math.floor(c / groupInC) * groupOutC;
      for (let o = 0; o < groupOutC; o++) {
        const target = (image * outC + firstO + o) * outH * outW;
        for (let ky = 0; ky < a.kernelH; ky++) {
          for (let kx = 0; kx < a.kernelW; kx++) {
            const weight = weights!.data[((c * groupOutC + o) * a.kernelH + ky) * a.kernelW + kx]!;
            for (let iy = 0; iy < inH; iy++) {
              const oy = iy * a.strideH + ky * a.dilationH - a.padTop;
              if (oy < 0 || oy >= outH) continue;
              const row = ((image * inC + c) * inH + iy) * inW;
              for (let ix = 0; ix < inW; ix++) {
                const ox = ix * a.strideW + kx * a.dilationW - a.padLeft;
                if (ox < 0 || ox >= outW) continue;
                const to = target + oy * outW + ox;
                out[to] = out[to]! + x!.data[row + ix]! * weight;
              }
            }
          }
        }
      }
    }
  }
  if (bias)
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + bias.data[Math.floor(i / (outH * outW)) % outC]!;
  return Float32Array.from(out);
}

function pool(x: Tensor, a: PoolAttributes, y: TensorType, kind: 'max' | 'valid' | 'whole'): TensorData {
  const [n, channels, inH, inW] = x.shape as unknown as Image;
  const [, , outH, outW] = y.shape as unknown as Image;
  const out = allocate(x.dtype, n * channels * outH * outW);
  let at = 0;
  for (let c = 0; c < n * channels; c++) {
    for (let oy = 0; oy < outH; oy++) {
      const y0 = Math.max(oy * a.strideH - a.padTop, 0);
      const y1 = Math.min(oy * a.strideH - a.padTop + a.kernelH, inH);
      for (let ox = 0; ox < outW; ox++) {
        const x0 = Math.max(ox * a.strideW - a.padLeft, 0);
        const x1 = Math.min(ox * a.strideW - a.padLeft + a.kernelW, inW);
        let max = -Infinity;
        let sum = 0;
        for (let iy = y0; iy < y1; iy++) {
          for (let ix = x0; ix < x1; ix++) {
            const v = x.data[(c * inH + iy) * inW + ix]!;
            max = Math.max(max, v);
            sum += v;
          }
        }
        const count = kind === 'whole' ? a.kernelH * a.kernelW : (y1 - y0) * (x1 - x0);
        out[at++] = kind === 'max' ? max : sum / count;
      }
    }
  }
  return out;
}

function fitPool(x: TensorType, a: PoolAttributes): TensorType {
  const image = imageOf(x);
  const isInside = Math.max(a.padTop, a.padBottom) < a.kernelH && Math.max(a.padLeft, a.padRight) < a.kernelW;
  const [h, w] = output(image, a);
  // Padding may be wider only where no window lies wholly in it.
  const isTouching = (h - 1) * a.strideH - a.padTop < image[2] && (w - 1) * a.strideW - a.padLeft < image[3];
  fit(
    isInside || (isTouching && a.padTop < a.kernelH && a.padLeft < a.kernelW),
    'a window would lie wholly in padding',
  );
  return { dtype: x.dtype, shape: [image[0], image[1], h, w] };
}

export const CONVOLUTION: OperatorsOf<'Conv' | 'ConvTranspose' | 'MaxPool' | 'AveragePool'> = {
  Conv: {
    does: '2-D convolution with groups and dilation (1-D as height 1)',
    infer([x, weights, bias], a) {
      const image = imageOf(x!);
      fitFloats(x, weights, bias);
      const w = weights!.shape;
      fit(
        w.length === 4 && w[2] === a.kernelH && w[3] === a.kernelW,
        `weights ${text(w)} do not fit the kernel`,
      );
      const isFit = w[1]! * a.groups === image[1] && w[0]! % a.groups === 0 && w[0]! > 0;
      fit(isFit, `${a.groups} groups of weights ${text(w)} do not fit ${image[1]} channels`);
      fitBias(bias, w[0]!);
      return [{ dtype: 'float32', shape: [image[0], w[0]!, ...output(image, a, a.dilationH, a.dilationW)] }];
    },
    run: (inputs, a, [y]) => [conv(inputs, a, y!)],
    macs: ([, w], y) => (sizeOf(y.shape) / y.shape[1]!) * sizeOf(w!.shape),
  },
  ConvTranspose: {
    does: '2-D transposed convolution with groups and dilation (1-D as height 1)',
    infer([x, weights, bias], a) {
      const [n, c, h, w] = imageOf(x!);
      fitFloats(x, weights, bias);
      const s = weights!.shape;
      fit(
        s.length === 4 && s[2] === a.kernelH && s[3] === a.kernelW,
        `weights ${text(s)} do not fit the kernel`,
      );
      fit(
        s[0] === c && c % a.groups === 0,
        `weights ${text(s)} do not fit ${c} channels in ${a.groups} groups`,
      );
      fitBias(bias, s[1]! * a.groups);
      const outH =
        (h - 1) * a.strideH + (a.kernelH - 1) * a.dilationH + 1 - a.padTop - a.padBottom + a.outPadH;
      const outW =
        (w - 1) * a.strideW + (a.kernelW - 1) * a.dilationW + 1 - a.padLeft - a.padRight + a.outPadW;
      fit(outH >= 1 && outW >= 1, 'nothing is left after the pads are cut off');
      return [{ dtype: 'float32', shape: [n, s[1]! * a.groups, outH, outW] }];
    },
    run: (inputs, a, [y]) => [convTranspose(inputs, a, y!)],
    macs: ([x, w]) => (sizeOf(x!.shape) / w!.shape[0]!) * sizeOf(w!.shape),
  },
  MaxPool: {
    does: 'largest value of a window',
    infer([x], a) {
      fit(x!.dtype !== 'bool', 'the operand is bool');
      return [fitPool(x!, a)];
    },
    run: ([x], a, [y]) => [pool(x!, a, y!, 'max')],
    macs: (_, y) => sizeOf(y.shape),
  },
  AveragePool: {
    does: 'mean of a window',
    infer([x], a) {
      fitFloats(x);
      return [fitPool(x!, a)];
    },
    run: ([x], a, [y]) => [pool(x!, a, y!, a.countIncludePad ? 'whole' : 'valid')],
    macs: (_, y) => sizeOf(y.shape),
  },
};
