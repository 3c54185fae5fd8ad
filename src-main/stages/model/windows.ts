import type { PoolAttributes } from './types.ts';
import type { NodeReader } from './node-reader.ts';

export interface ResolvedWindow {
  readonly window: PoolAttributes;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly outH: number;
  readonly outW: number;
}

/**
 * Explicit padding and the output size of a Conv or pooling node, as the ONNX operators define them.
 * auto_pad and ceil_mode are resolved here into padding, so that later stages know one rule:
 * out = floor((in + padBegin + padEnd - reach) / stride) + 1, reach = (kernel - 1) · dilation + 1.
 */
export function resolveWindow(
  node: NodeReader,
  inH: number,
  inW: number,
  kernel: readonly number[],
  isPool: boolean,
): ResolvedWindow {
  const strides = node.sizes('strides', 2, 1, 1);
  const dilations = node.sizes('dilations', 2, 1, 1);
  const pads = node.sizes('pads', 4, 0, 0);
  const autoPad = node.string('auto_pad', 'NOTSET');
  const isCeil = isPool && node.flag('ceil_mode');
  const axis = (i: number, size: number): { begin: number; end: number; out: number } => {
    const stride = strides[i]!;
    const reach = (kernel[i]! - 1) * dilations[i]! + 1;
    let begin = pads[i]!;
    let end = pads[i + 2]!;
    if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
      const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
      begin = autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      end = total - begin;
    } else if (autoPad === 'VALID') {
      begin = 0;
      end = 0;
    } else if (autoPad !== 'NOTSET' && autoPad !== '') {
      node.refuse(`auto_pad ${autoPad} is unknown`, 'use NOTSET, VALID, SAME_UPPER or SAME_LOWER');
    }
    if (isPool && Math.max(begin, end) >= reach) {
      node.refuse(
        'padding is not smaller than the kernel',
        'a window would lie wholly in padding',
        'MODEL-013',
      );
    }
    let out = Math.floor((size + begin + end - reach) / stride) + 1;
    if (isCeil && out >= 0) {
      out = Math.ceil((size + begin + end - reach) / stride) + 1;
      if ((out - 1) * stride >= size + begin) out--;
      end = Math.max(end, (out - 1) * stride + reach - size - begin);
    }
    if (!(out >= 1)) {
      node.refuse(
        `the kernel (${reach} with dilation) is larger than the padded input (${size + begin + end})`,
        'check the kernel and the input size',
        'MODEL-013',
      );
    }
    return { begin, end, out };
  };
  const v = axis(0, inH);
  const h = axis(1, inW);
  return {
    window: {
      kernelH: kernel[0]!,
      kernelW: kernel[1]!,
      strideH: strides[0]!,
      strideW: strides[1]!,
      padTop: v.begin,
      padLeft: h.begin,
      padBottom: v.end,
      padRight: h.end,
    },
    dilationH: dilations[0]!,
    dilationW: dilations[1]!,
    outH: v.out,
    outW: h.out,
  };
}
