/**
 * Which operators of a float model run as int8 and which stay float, and in what order the parts come.
 * Light operators (activations, clamps) become int8 only where they hang together with one that sums, pools or
 * adds: between float neighbours they would cost two conversions and gain nothing.
 */
import type { Model, ModelNode, TensorId } from '../model/index.ts';
import type { Form } from './capable.ts';
import { HEAVY, formOf } from './capable.ts';

export interface Step {
  /** One operator with an int8 form (its fused clamps follow it), or a connected float part. */
  readonly nodes: readonly ModelNode[];
  readonly form: Form;
}

/** Steps in an order in which every tensor is made before it is read. Aliases are no steps: they name what is there. */
export function partition(model: Model): Step[] {
  const forms = settledForms(model);
  const clamps = fusedClamps(model, forms);
  const level = new Int32Array(model.tensors.length);
  const isFloat = model.tensors.map(() => true);
  const levels: number[] = [];
  model.nodes.forEach((node, i) => {
    const form = forms[i]!;
    const wantsFloat = form === 'float';
    const reads = node.inputs.filter((t) => !model.tensors[t!]!.data) as TensorId[];
    // An alias is of the kind of what it names.
    const kind = form === 'alias' ? isFloat[node.inputs[0]]! : wantsFloat;
    const at = reads.reduce((a, t) => Math.max(a, level[t]! + (isFloat[t] === kind ? 0 : 1)), 0);
    levels.push(at);
    for (const t of [node.output, ...(node.moreOutputs ?? [])]) [level[t], isFloat[t]] = [at, kind];
  });
  const parts = floatParts(model, forms, levels);
  const steps: { step: Step; level: number }[] = [];
  model.nodes.forEach((node, i) => {
    const form = forms[i]!;
    if (clamps.followers.has(node) || form === 'alias') return;
    const nodes = form === 'float' ? parts.get(i) : [node, ...(clamps.chains.get(node) ?? [])];
    if (nodes) steps.push({ step: { nodes, form }, level: levels[i]! });
  });
  return steps.sort((a, b) => a.level - b.level).map((s) => s.step);
}

/** Forms of all nodes, light ones without a heavy neighbour turned float, and reshapes between float parts. */
function settledForms(model: Model): Form[] {
  const forms = model.nodes.map((node) => formOf(model, node));
  const group = new Groups(model.tensors.length);
  const touched = (node: ModelNode): TensorId[] =>
    [...node.inputs.filter((t) => !model.tensors[t!]!.data), node.output] as TensorId[];
  model.nodes.forEach((node, i) => {
    if (forms[i] === 'float') return;
    const [first, ...others] = touched(node);
    for (const t of others) group.join(first!, t);
  });
  const heavy = new Set<number>();
  model.nodes.forEach((node, i) => {
    const isMap = model.tensors[node.output]!.shape.length === 4;
    if (HEAVY.has(forms[i]!) && (isMap || forms[i] !== 'add')) heavy.add(group.of(node.output));
  });
  const isMadeByFloat = model.tensors.map(() => false);
  model.nodes.forEach((node, i) => {
    const isAlone = forms[i] !== 'float' && !heavy.has(group.of(node.output));
    if (isAlone && forms[i] !== 'alias') forms[i] = 'float';
    // A reshape of what a float part makes belongs to that part.
    if (forms[i] === 'alias' && isMadeByFloat[node.inputs[0]]) forms[i] = 'float';
    if (forms[i] === 'float')
      for (const t of [node.output, ...(node.moreOutputs ?? [])]) isMadeByFloat[t] = true;
  });
  return forms;
}

const CLAMPING: ReadonlySet<Form> = new Set([...HEAVY, 'scale', 'clamp', 'pair']);

/** Relu and Clip that alone read the result of a node which can clamp it. */
function fusedClamps(model: Model, forms: readonly Form[]) {
  const uses = new Int32Array(model.tensors.length);
  for (const n of model.nodes) for (const t of n.inputs) uses[t!] = uses[t!]! + 1;
  for (const t of model.outputs) uses[t] = uses[t]! + 1;
  const readerOf = new Map<TensorId, number>();
  model.nodes.forEach((n, i) => n.inputs.forEach((t) => readerOf.set(t!, i)));
  const chains = new Map<ModelNode, ModelNode[]>();
  const followers = new Set<ModelNode>();
  model.nodes.forEach((node, i) => {
    const canClamp = CLAMPING.has(forms[i]!);
    if (!canClamp || followers.has(node)) return;
    const chain: ModelNode[] = [];
    for (let t = node.output; uses[t] === 1;) {
      const next = readerOf.get(t);
      if (next === undefined || forms[next] !== 'clamp') break;
      const after = model.nodes[next]!;
      chain.push(after);
      followers.add(after);
      t = after.output;
    }
    chains.set(node, chain);
  });
  return { chains, followers };
}

/** Float nodes of one level that hang together, keyed by the index of their first. */
function floatParts(
  model: Model,
  forms: readonly Form[],
  levels: readonly number[],
): Map<number, ModelNode[]> {
  const group = new Groups(model.nodes.length);
  const maker = new Map<TensorId, number>();
  model.nodes.forEach((node, i) => {
    if (forms[i] !== 'float') return;
    for (const t of node.inputs) {
      const from = maker.get(t!);
      if (from !== undefined && levels[from] === levels[i]) group.join(from, i);
    }
    for (const t of [node.output, ...(node.moreOutputs ?? [])]) maker.set(t, i);
  });
  const members = new Map<number, number[]>();
  model.nodes.forEach((_, i) => {
    if (forms[i] !== 'float') return;
    const list = members.get(group.of(i)) ?? [];
    list.push(i);
    members.set(group.of(i), list);
  });
  return new Map([...members.values()].map((list) => [list[0]!, list.map((i) => model.nodes[i]!)]));
}

/** Disjoint sets with path halving. */
class Groups {
  private readonly parent: Int32Array;
  constructor(count: number) {
    this.parent = Int32Array.from({ length: count }, (_, i) => i);
  }
  of(i: number): number {
    let at = i;
    while (this.parent[at] !== at) {
      this.parent[at] = this.parent[this.parent[at]!]!;
      at = this.parent[at]!;
    }
    return at;
  }
  join(a: number, b: number): void {
    this.parent[this.of(b)] = this.of(a);
  }
}
