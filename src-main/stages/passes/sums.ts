/**
 * Conv, depthwise and fully connected seen as one thing: sums over taps and channels. A fully connected layer is
 * a convolution whose kernel is the whole map (both are NHWC).
 */
import type { ConvOp, DepthwiseOp, FullyConnectedOp, QuantGraph } from '../quantize/types.ts';

export type SumOp = ConvOp | DepthwiseOp | FullyConnectedOp;

export interface SumView {
  readonly taps: number;
  readonly inC: number;
  readonly outC: number;
  readonly zeroPoint: number;
  /** The sets of taps that lie inside the image, each once, over all output positions. */
  readonly classes: readonly Int32Array[];
  /** Input channels that output o sums: [from, to). */
  from(o: number): number;
  to(o: number): number;
  /** Index into op.weights; c in [from(o), to(o)). */
  index(o: number, tap: number, c: number): number;
}

export const isSum = (op: { readonly kind: string }): op is SumOp =>
  op.kind === 'conv' || op.kind === 'depthwise' || op.kind === 'fullyConnected';

export function sumView(graph: QuantGraph, op: SumOp): SumView {
  const input = graph.tensors[op.input]!;
  const [inH, inW, inC] = input.shape;
  const [outH, outW, outC] = graph.tensors[op.output]!.shape;
  const { zeroPoint } = input;
  if (op.kind === 'fullyConnected') {
    const taps = inH * inW;
    const classes = [Int32Array.from({ length: taps }, (_, i) => i)];
    const index = (o: number, tap: number, c: number): number => (o * taps + tap) * inC + c;
    return { taps, inC, outC, zeroPoint, classes, from: () => 0, to: () => inC, index };
  }
  const taps = op.kernelH * op.kernelW;
  const rows = spans(inH, outH, op.kernelH, op.strideH, op.padTop);
  const columns = spans(inW, outW, op.kernelW, op.strideW, op.padLeft);
  const classes = rows.flatMap(([y0, y1]) =>
    columns.map(([x0, x1]) => {
      const inside: number[] = [];
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) inside.push(y * op.kernelW + x);
      return Int32Array.from(inside);
    }),
  );
  const base = { taps, inC, outC, zeroPoint, classes };
  if (op.kind === 'conv') {
    const index = (o: number, tap: number, c: number): number => (o * taps + tap) * inC + c;
    return { ...base, from: () => 0, to: () => inC, index };
  }
  const from = (o: number): number => Math.floor(o / op.depthMultiplier);
  return { ...base, from, to: (o) => from(o) + 1, index: (o, tap) => tap * outC + o };
}

/** The distinct ranges [first, end) of kernel rows (or columns) that fall inside the image. */
function spans(inside: number, out: number, kernel: number, stride: number, pad: number): [number, number][] {
  const found = new Map<number, [number, number]>();
  for (let o = 0; o < out; o++) {
    const start = o * stride - pad;
    const first = Math.min(kernel, Math.max(0, -start));
    const end = Math.max(first, Math.min(kernel, inside - start));
    found.set(first * (kernel + 1) + end, [first, end]);
  }
  return [...found.values()];
}
