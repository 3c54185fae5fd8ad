/** Light operators as exact int8 routines of the host. */
import type { ModelNode, ModelTensor, TensorId } from '../model/index.ts';
import { runFloat } from '../model/index.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { hwcOf } from './layout.ts';
import { toMultiplier } from './multiplier.ts';
import type { Bounds, Scale } from './scales.ts';
import { INT8_MAX, INT8_MIN, clamp, clamps, roundAway } from './scales.ts';

/** Factors of TFLM's ADD and SUB; the sum's scale keeps the last one below 1. */
export function sumFactors(b: GraphBuilder, first: number, second: number, output: TensorId, bounds: Bounds) {
  const [s1, s2] = [b.tensor(first).scale, b.tensor(second).scale];
  const twiceMax = 2 * Math.max(s1, s2);
  const scale = b.scaleOf(output, twiceMax / 2 ** 19);
  const factors = {
    input1: toMultiplier(s1 / twiceMax),
    input2: toMultiplier(s2 / twiceMax),
    outputScale: toMultiplier(twiceMax / (2 ** 20 * scale.scale)),
    ...clamps(bounds, scale),
  };
  return { scale, factors };
}

/** Add, Sub, Mul of two computed tensors. */
export function pair(b: GraphBuilder, node: ModelNode, output: TensorId, bounds: Bounds): void {
  const ids = [node.inputs[0], node.inputs[1]!] as const;
  const held = ids.map((id) => b.int8(id, hwcOf(b.model.tensors[id]!.shape)));
  const inputs = [held[0]!, held[1]!] as const;
  const shapeOf = (t: number): number[] => [1, ...b.tensor(t).shape];
  const shapes = [shapeOf(inputs[0]), shapeOf(inputs[1])] as const;
  const shape = hwcOf(b.model.tensors[output]!.shape);
  const { name } = node;
  if (node.op !== 'Mul') {
    const { scale, factors } = sumFactors(b, ...inputs, output, bounds);
    const kind = node.op === 'Sub' ? 'sub' : 'broadcastAdd';
    return b.push({ kind, name, inputs, shapes, output: b.makeInt8(output, shape, scale), ...factors });
  }
  const scale = b.scaleOf(output);
  const outputScale = toMultiplier((b.tensor(inputs[0]).scale * b.tensor(inputs[1]).scale) / scale.scale);
  const out = b.makeInt8(output, shape, scale);
  b.push({ kind: 'mul', name, inputs, shapes, output: out, outputScale, ...clamps(bounds, scale) });
}

/** The real function at each of the 256 values, by the float reference, rounded to the output's scale. */
export function table(b: GraphBuilder, node: ModelNode): void {
  const input = b.int8(node.inputs[0]);
  const from = b.tensor(input);
  const scale = b.scaleOf(node.output);
  const tensor = (name: string): ModelTensor => ({ name, dtype: 'float32', shape: [1, 256] });
  const one = { ...node, inputs: [0], output: 1 } as unknown as ModelNode;
  const model = {
    name: node.name,
    tensors: [tensor('x'), tensor('y')],
    nodes: [one],
    inputs: [0],
    outputs: [1],
  };
  const reals = Float32Array.from({ length: 256 }, (_, i) => (i - 128 - from.zeroPoint) * from.scale);
  const [values] = runFloat(model, [reals]) as [Float32Array];
  const output = b.makeInt8(node.output, from.shape, scale);
  b.push({
    kind: 'lut',
    name: node.name,
    input,
    output,
    table: Int8Array.from(values, (v) => toInt8(v, scale)),
  });
}

const toInt8 = (real: number, { scale, zeroPoint }: Scale): number =>
  clamp(roundAway(real / scale) + zeroPoint, INT8_MIN, INT8_MAX);

/** Operands of another scale pass through a table first. */
export function concat(b: GraphBuilder, node: ModelNode): void {
  const { axis } = node.attributes as { axis: number };
  const scale = b.scaleOf(node.output);
  const shape = hwcOf(b.model.tensors[node.output]!.shape);
  const inputs = (node.inputs as readonly TensorId[]).map((id, i) => {
    const input = b.int8(id, hwcOf(b.model.tensors[id]!.shape));
    const from = b.tensor(input);
    if (from.scale === scale.scale && from.zeroPoint === scale.zeroPoint) return input;
    const name = b.unique(`${node.name}.rescale.${i}`);
    const output = b.makeInner(name, from.shape, scale);
    const table = Int8Array.from({ length: 256 }, (_, k) =>
      toInt8((k - 128 - from.zeroPoint) * from.scale, scale),
    );
    b.push({ kind: 'lut', name, input, output, table });
    return output;
  });
  // In the order the bytes lie: [1, h, w, c] for images, as in the model for the rest.
  const dims = (id: TensorId): readonly number[] => {
    const d = b.model.tensors[id]!.shape;
    return d.length === 4 ? [d[0]!, d[2]!, d[3]!, d[1]!] : d;
  };
  const isImage = b.model.tensors[node.output]!.shape.length === 4;
  const at = isImage ? [0, 3, 1, 2][axis]! : axis;
  const outer = dims(node.output)
    .slice(0, at)
    .reduce((p, d) => p * d, 1);
  const chunks = (node.inputs as readonly TensorId[]).map((id) =>
    dims(id)
      .slice(at)
      .reduce((p, d) => p * d, 1),
  );
  const output = b.makeInt8(node.output, shape, scale);
  b.push({ kind: 'concat', name: node.name, inputs, output, outer, chunks });
}

/** Zeros around an image. */
export function pad(b: GraphBuilder, node: ModelNode): void {
  const { before, after } = node.attributes as { before: readonly number[]; after: readonly number[] };
  const input = b.int8(node.inputs[0], hwcOf(b.model.tensors[node.inputs[0]]!.shape));
  const from = b.tensor(input);
  const nhwc = (v: readonly number[]): number[] => [v[0]!, v[2]!, v[3]!, v[1]!];
  const output = b.makeInt8(node.output, hwcOf(b.model.tensors[node.output]!.shape), from);
  b.push({
    kind: 'pad', name: node.name, input, output, dims: [1, ...from.shape], before: nhwc(before), after: nhwc(after),
    value: from.zeroPoint,
  }); // prettier-ignore
}
