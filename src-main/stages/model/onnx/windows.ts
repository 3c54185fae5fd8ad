import type { Spatial } from '../build/layers.ts';
import type { NodeReader } from './node-reader.ts';

export interface ResolvedWindow extends Spatial {
  /** What ceil_mode adds to `after`, per axis. */
  readonly beyond: readonly number[];
}

/** Pads so that the output has ceil(size / stride) positions. */
function samePads(size: number, stride: number, reach: number, isUpper: boolean): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  const begin = isUpper ? Math.floor(total / 2) : Math.ceil(total / 2);
  return [begin, total - begin];
}

/**
 * Explicit padding of a Conv or pooling node, as the ONNX operators define it. auto_pad and ceil_mode are
 * resolved here, so that later stages know one rule:
 * out = floor((in + padBegin + padEnd - reach) / stride) + 1, reach = (kernel - 1) · dilation + 1.
 */
export function resolveWindow(
  node: NodeReader,
  input: readonly number[],
  kernel: readonly number[],
  isPool: boolean,
): ResolvedWindow {
  const rank = kernel.length;
  if (rank < 1 || rank > 2 || input.length !== rank + 2) {
    node.refuse(
      `a kernel of ${rank} axes over [${input.join(', ')}]`,
      'only 1-D and 2-D layers are read',
      'MODEL-013',
    );
  }
  const strides = node.sizes('strides', rank, 1, 1);
  const dilations = node.sizes('dilations', rank, 1, 1);
  const pads = node.sizes('pads', 2 * rank, 0, 0);
  const autoPad = node.choice('auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER', '']);
  const isCeil = isPool && node.flag('ceil_mode');
  const axes = kernel.map((k, i) => {
    const size = input[i + 2]!;
    const stride = strides[i]!;
    const reach = (k - 1) * dilations[i]! + 1;
    let [begin, end] = [pads[i]!, pads[i + rank]!];
    if (autoPad.startsWith('SAME')) [begin, end] = samePads(size, stride, reach, autoPad === 'SAME_UPPER');
    if (autoPad === 'VALID') [begin, end] = [0, 0];
    if (isPool && Math.max(begin, end) >= reach) {
      node.refuse(
        'padding is not smaller than the kernel',
        'a window would lie wholly in padding',
        'MODEL-013',
      );
    }
    let out = Math.floor((size + begin + end - reach) / stride) + 1;
    let beyond = 0;
    if (isCeil && out >= 0) {
      out = Math.ceil((size + begin + end - reach) / stride) + 1;
      if ((out - 1) * stride >= size + begin) out--;
      beyond = Math.max(0, (out - 1) * stride + reach - size - begin - end);
    }
    if (!(out >= 1)) {
      const padded = size + begin + end;
      node.refuse(
        `the kernel (${reach} with dilation) is larger than the padded input (${padded})`,
        'check the kernel and the input size',
        'MODEL-013',
      );
    }
    return { begin, end, beyond };
  });
  return {
    kernel,
    strides,
    dilations,
    before: axes.map((a) => a.begin),
    after: axes.map((a) => a.end),
    beyond: axes.map((a) => a.beyond),
  };
}

/** Pads of a ConvTranspose: given, or those that make the output input · stride (SAME) or output_shape. */
export function transposeWindow(
  node: NodeReader,
  input: readonly number[],
  kernel: readonly number[],
): Spatial & { readonly outPad: readonly number[] } {
  const rank = kernel.length;
  if (rank < 1 || rank > 2 || input.length !== rank + 2) {
    node.refuse(
      `a kernel of ${rank} axes over [${input.join(', ')}]`,
      'only 1-D and 2-D layers are read',
      'MODEL-013',
    );
  }
  const strides = node.sizes('strides', rank, 1, 1);
  const dilations = node.sizes('dilations', rank, 1, 1);
  const pads = node.sizes('pads', 2 * rank, 0, 0);
  const outPad = node.sizes('output_padding', rank, 0, 0);
  const autoPad = node.choice('auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER', '']);
  const wanted = node.ints('output_shape')?.slice(-rank);
  const before: number[] = [];
  const after: number[] = [];
  kernel.forEach((k, i) => {
    const full = strides[i]! * (input[i + 2]! - 1) + outPad[i]! + (k - 1) * dilations[i]! + 1;
    const target = wanted?.[i] ?? (autoPad.startsWith('SAME') ? input[i + 2]! * strides[i]! : undefined);
    if (target === undefined) {
      before.push(autoPad === 'VALID' ? 0 : pads[i]!);
      after.push(autoPad === 'VALID' ? 0 : pads[i + rank]!);
      return;
    }
    const total = full - target;
    // Larger than the full result: the missing rows are padding of the output.
    if (total < 0) outPad[i]! += -total;
    const half = Math.floor(Math.max(total, 0) / 2);
    const rest = Math.max(total, 0) - half;
    before.push(autoPad === 'SAME_UPPER' ? half : rest);
    after.push(autoPad === 'SAME_UPPER' ? rest : half);
  });
  return { kernel, strides, dilations, before, after, outPad };
}
