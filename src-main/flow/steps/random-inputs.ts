import { makeRng } from '../../base/rng.ts';
import type { QuantGraph, TensorData } from '../../stages/quantize/index.ts';

/** Seeded inputs of a graph: any byte, or floats over the range of the int8 tensor they are converted to. */
export function randomInputs(graph: QuantGraph, count: number, seed = 1): TensorData[][] {
  const random = makeRng(seed);
  return Array.from({ length: count }, () =>
    graph.inputs.map((id): TensorData => {
      const { dtype, shape } = graph.tensors[id]!;
      const length = shape[0] * shape[1] * shape[2];
      if (dtype === 'int8') return Int8Array.from({ length }, () => Math.floor(random() * 256) - 128);
      const op = graph.ops.find((o) => o.kind === 'quantize' && o.input === id);
      const to = op?.kind === 'quantize' ? graph.tensors[op.output]! : { scale: 1 / 128, zeroPoint: 0 };
      return Float32Array.from({ length }, () => (random() * 255 - 128 - to.zeroPoint) * to.scale);
    }),
  );
}
