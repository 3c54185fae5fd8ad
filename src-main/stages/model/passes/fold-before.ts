import type { ModelNode } from '../types.ts';
import { requireFinite } from './fold-after.ts';
import type { Rewriter } from './rewriter.ts';
import { constantsOf, perChannel, withConstants } from './rewriter.ts';

type Layer = Extract<ModelNode, { op: 'Conv' | 'Gemm' }>;

/** A border of zeros stays zero under a scale but not under a shift. */
const isPadded = (layer: Layer): boolean =>
  layer.op === 'Conv' &&
  [
    layer.attributes.padTop,
    layer.attributes.padLeft,
    layer.attributes.padBottom,
    layer.attributes.padRight,
  ].some((p) => p > 0);

/**
 * Mul or Add of one value per input channel right before a Conv or Gemm: w · (s · x + t) is (w · s) · x plus
 * w · t, which is a bias. From the last to the first node, so that Mul and Add of a normalisation both go.
 */
export function foldAffineBefore(r: Rewriter): number {
  let count = 0;
  for (let i = r.count - 1; i >= 0; i--) {
    const node = r.at(i);
    if (node?.op !== 'Mul' && node?.op !== 'Add') continue;
    const at = r.soleReader(node.output);
    const layer = at === undefined ? null : r.at(at);
    if ((layer?.op !== 'Conv' && layer?.op !== 'Gemm') || layer.inputs[0] !== node.output) continue;
    const parts = constantsOf(r, layer);
    const x = r.tensor(node.inputs[0]);
    const y = r.tensor(node.output);
    if (!parts || `${x.shape}` !== `${y.shape}` || x.data) continue;
    const channels = y.shape[1]!;
    const values = perChannel(r.tensor(node.inputs[1]), y.shape, channels);
    if (!values || (node.op === 'Add' && isPadded(layer))) continue;
    const { weights, bias, outC } = parts;
    const old = weights.data as Float32Array;
    const perOut = old.length / outC;
    const kernel = layer.op === 'Conv' ? layer.attributes.kernelH * layer.attributes.kernelW : 1;
    const groups = layer.op === 'Conv' ? layer.attributes.groups : 1;
    const value = (k: number): number => {
      const o = Math.floor(k / perOut);
      const firstC = Math.floor(o / (outC / groups)) * (channels / groups);
      return values[firstC + Math.floor((k % perOut) / kernel)]!;
    };
    let changed: Float32Array | null = null;
    const sums = Float64Array.from(bias);
    if (node.op === 'Mul') changed = old.map((w, k) => w * value(k));
    else old.forEach((w, k) => (sums[Math.floor(k / perOut)]! += w * value(k)));
    const newBias = Float32Array.from(sums);
    requireFinite(newBias, layer.name);
    if (changed) requireFinite(changed, layer.name);
    r.replace(at!, withConstants(r, layer, changed, newBias, { input: node.inputs[0] }));
    r.remove(i);
    count++;
  }
  return count;
}
