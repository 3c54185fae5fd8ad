/**
 * Rewrites of a read model, each of which says how often it applied. All keep the model's results within
 * float32's rounding; what is folded into weights is computed in double first.
 */
import { IngotError } from '../../../base/diagnostic.ts';
import type { Draft, DraftTensor } from '../build/builder.ts';
import { outputsOf } from '../build/builder.ts';
import type { Model, ModelNode, ModelTensor, PassReport, TensorId } from '../types.ts';
import { foldAddAfter, foldScaleAfter } from './fold-after.ts';
import { foldPad } from './fold-pad.ts';
import { foldAffineBefore } from './fold-before.ts';
import { Rewriter } from './rewriter.ts';
import { mergeReshapes } from './reshapes.ts';

/** In the order in which they run. */
const PASSES: readonly (readonly [string, (r: Rewriter) => number])[] = [
  ['merge reshapes', mergeReshapes],
  ['fold padding into Conv and pooling', foldPad],
  ['fold scales into the Conv or Gemm before', foldScaleAfter],
  ['fold additions into the bias before', foldAddAfter],
  ['fold scale and shift into the Conv or Gemm behind', foldAffineBefore],
];

export const PASS_NAMES: readonly string[] = PASSES.map(([name]) => name);

/** skip: names of passes that are left out. */
export function runPasses(
  draft: Draft,
  outputs: readonly TensorId[],
  skip: readonly string[] = [],
): PassReport[] {
  const reports: PassReport[] = [];
  for (const [pass, run] of PASSES) {
    if (skip.includes(pass)) continue;
    const rewriter = new Rewriter(draft, outputs);
    const count = run(rewriter);
    draft.nodes = rewriter.finish();
    reports.push({ pass, count });
  }
  reports.push({ pass: 'remove dead code', count: removeDead(draft, outputs) });
  return reports;
}

/** Nodes whose results nobody reads, the last first. */
function removeDead(draft: Draft, outputs: readonly TensorId[]): number {
  const needed = new Set(outputs);
  const kept: ModelNode[] = [];
  for (const node of [...draft.nodes].reverse()) {
    if (!outputsOf(node).some((t) => needed.has(t))) continue;
    node.inputs.forEach((t) => needed.add(t));
    kept.push(node);
  }
  const removed = draft.nodes.length - kept.length;
  draft.nodes = kept.reverse();
  return removed;
}

/** Drops tensors nobody refers to, makes names unique, renumbers. MODEL-016: a value that is not finite. */
export function finishModel(
  draft: Draft,
  name: string,
  inputs: readonly TensorId[],
  outputs: readonly TensorId[],
): Model {
  const used = new Set<TensorId>([...inputs, ...outputs]);
  for (const n of draft.nodes) [...n.inputs, ...outputsOf(n)].forEach((t) => used.add(t));
  const renumber = new Map<TensorId, TensorId>();
  const taken = new Set<string>();
  const tensors: ModelTensor[] = [];
  draft.tensors.forEach((t, id) => {
    if (!used.has(id)) return;
    renumber.set(id, tensors.length);
    requireSane(t);
    let unique = t.name;
    for (let i = 2; taken.has(unique); i++) unique = `${t.name}.${i}`;
    taken.add(unique);
    tensors.push({ ...t, name: unique } as ModelTensor);
  });
  const to = (id: TensorId): TensorId => renumber.get(id)!;
  const nodes = draft.nodes.map((n) => {
    requireFiniteAttributes(n);
    const more = n.moreOutputs ? { moreOutputs: n.moreOutputs.map(to) } : {};
    return { ...n, inputs: n.inputs.map(to), output: to(n.output), ...more } as unknown as ModelNode;
  });
  return { name, tensors, nodes, inputs: inputs.map(to), outputs: outputs.map(to) };
}

function requireSane(t: DraftTensor): void {
  if (t.shape.some((d) => d < 1)) {
    throw new IngotError('MODEL-013', `shape [${t.shape.join(', ')}] has no elements`, {
      place: t.name,
      remedy: 'check the model: a tensor without elements computes nothing',
    });
  }
  const bad = t.dtype === 'float32' ? (t.data?.findIndex((v) => !Number.isFinite(v)) ?? -1) : -1;
  if (bad < 0) return;
  throw new IngotError('MODEL-016', `value ${bad} is ${t.data![bad]}`, {
    place: t.name,
    remedy: 'retrain or repair the model: weights must be finite numbers',
  });
}

function requireFiniteAttributes(node: ModelNode): void {
  const infinite = Object.entries(node.attributes).find(
    ([, v]) => typeof v === 'number' && !Number.isFinite(v),
  );
  if (!infinite) return;
  throw new IngotError('MODEL-016', `${node.op}: ${infinite[0]} is ${String(infinite[1])}`, {
    place: node.name,
    remedy: 'use a finite number',
  });
}
