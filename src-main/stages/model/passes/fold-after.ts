import { IngotError } from '../../../base/diagnostic.ts';
import type { TensorData } from '../types.ts';
import type { Rewriter, Weighted } from './rewriter.ts';
import { constantsOf, isWeighted, perChannel, withConstants } from './rewriter.ts';

/** The layer before node i's first operand, if nothing else reads between; and the operand per channel. */
function foldable(
  r: Rewriter,
  i: number,
):
  | { at: number; layer: Weighted; values: TensorData; parts: NonNullable<ReturnType<typeof constantsOf>> }
  | undefined {
  const node = r.at(i)!;
  const at = r.soleProducer(node.inputs[0]);
  const layer = at === undefined ? null : r.at(at);
  if (!isWeighted(layer)) return undefined;
  const parts = constantsOf(r, layer);
  if (!parts) return undefined;
  const target = r.tensor(node.output).shape;
  if (`${r.tensor(layer.output).shape}` !== `${target}`) return undefined;
  const values = perChannel(r.tensor(node.inputs[1]!), target, parts.outC);
  return values && { at: at!, layer, values, parts };
}

/** Output channel of each weight. */
function channelOf(layer: Weighted, shape: readonly number[], outC: number): (i: number) => number {
  if (layer.op !== 'ConvTranspose') {
    const each = shape.reduce((a, b) => a * b, 1) / outC;
    return (i) => Math.floor(i / each);
  }
  const kernel = shape[2]! * shape[3]!;
  const perGroup = shape[1]!;
  const inPerGroup = shape[0]! / layer.attributes.groups;
  return (i) => {
    const c = Math.floor(i / (kernel * perGroup));
    return Math.floor(c / inPerGroup) * perGroup + (Math.floor(i / kernel) % perGroup);
  };
}

/** MODEL-016: a scale that makes a weight overflow, or none. */
export function requireFinite(data: Float32Array, place: string): void {
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad < 0) return;
  throw new IngotError('MODEL-016', `value ${bad} becomes ${data[bad]}`, {
    place,
    remedy: 'retrain or repair the model: weights must be finite numbers',
  });
}

/** Mul or Div by one value per channel right after a Conv or Gemm goes into its weights and bias. */
export function foldScaleAfter(r: Rewriter): number {
  let count = 0;
  for (let i = 0; i < r.count; i++) {
    const node = r.at(i);
    if (node?.op !== 'Mul' && node?.op !== 'Div') continue;
    const found = foldable(r, i);
    if (!found) continue;
    const { layer, values, parts } = found;
    const scale = Float64Array.from(values, (v) => (node.op === 'Div' ? 1 / v : v));
    const channel = channelOf(layer, parts.weights.shape, parts.outC);
    const weights = Float32Array.from(parts.weights.data!, (w, k) => w * scale[channel(k)]!);
    const bias = parts.bias.map((b, c) => b * scale[c]!);
    requireFinite(weights, layer.name);
    requireFinite(bias, layer.name);
    r.remove(i);
    r.replace(found.at, withConstants(r, layer, weights, bias, { output: node.output }));
    count++;
  }
  return count;
}

/** Add of one value per channel right after a Conv or Gemm becomes its bias. */
export function foldAddAfter(r: Rewriter): number {
  let count = 0;
  for (let i = 0; i < r.count; i++) {
    const node = r.at(i);
    if (node?.op !== 'Add') continue;
    const found = foldable(r, i);
    if (!found) continue;
    const { layer, values, parts } = found;
    const bias = parts.bias.map((b, c) => b + values[c]!);
    requireFinite(bias, layer.name);
    r.remove(i);
    r.replace(found.at, withConstants(r, layer, null, bias, { output: node.output }));
    count++;
  }
  return count;
}
