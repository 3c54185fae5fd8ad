/** Where a layer's cycles go, and an inference's: every cycle is in one account. */
import type { Chip } from '../chip/index.ts';
import type { Run } from './clock.ts';
import type { ExecFields, Step } from './machine.ts';
import type { ExecTiming } from './timing.ts';
import type { InferenceAccount, LayerAccount } from './types.ts';

/**
 * A layer's cycles are the array's steps, its waits for operands and for the requantiser (timing.ts), the wait
 * for the first operands and the drain of the last tile.
 */
export function accountLayer(f: ExecFields, t: ExecTiming, macs: number, chip: Chip): LayerAccount {
  const window = f.window! + 1;
  const pixels = (f.windowW! + 1) * (f.windowH! + 1) * (f.outW! + 1) * (f.outH! + 1);
  const lastRows = pixels % chip.rows || Math.min(pixels, chip.rows);
  const ended = Math.floor(pixels / window) - Math.floor((pixels - lastRows) / window);
  const turn = f.fold === 1 ? 3 * chip.requantizeCycles + 1 : chip.requantizeCycles;
  const lastDrain = ended * Math.ceil((f.kLast! + 1) / chip.lanes) * turn + (lastRows - ended);
  const fill = 1 + Math.min(pixels, chip.rows) + lastDrain + 5;
  const ideal = Math.min(t.busy, Math.ceil(macs / (chip.rows * chip.columns)));
  const rest = t.busy - ideal;
  return {
    ideal,
    edge: macs > 0 ? rest : 0,
    helper: macs > 0 ? 0 : rest,
    operands: t.cycles - t.busy - t.stallDrain - fill,
    requantise: t.stallDrain,
    fill,
  };
}

/** The cycles of one inference, from its first input beat to its last output beat. */
export function accountInference(
  steps: readonly Step[],
  run: Run,
  layers: readonly LayerAccount[],
): InferenceAccount {
  const counts = idleCycles(steps, run);
  const sum = (name: keyof LayerAccount): number => layers.reduce((total, l) => total + l[name], 0);
  return {
    ideal: sum('ideal'),
    edge: sum('edge'),
    helper: sum('helper'),
    operands: sum('operands'),
    requantise: sum('requantise'),
    fill: sum('fill'),
    transfers: counts.transfers,
    weights: counts.weights,
    configuration: counts.configuration,
  };
}

/** The cycles of an inference in which no layer runs, by what moves in them. */
function idleCycles(
  steps: readonly Step[],
  run: Run,
): Pick<InferenceAccount, 'transfers' | 'weights' | 'configuration'> {
  const counts = { transfers: 0, weights: 0, configuration: 0 };
  /** Cycles at which work starts (+1) or has ended (-1), and whose. */
  const edges: { readonly cycle: number; readonly kind: Step['kind']; readonly by: number }[] = [];
  steps.forEach((s, i) => {
    if (s.kind === 'configure' || s.kind === 'end') return;
    const { issue, last } = run.spans[i]!;
    edges.push({ cycle: issue, kind: s.kind, by: 1 }, { cycle: last + 1, kind: s.kind, by: -1 });
  });
  edges.sort((a, b) => a.cycle - b.cycle);
  const end = run.lastOut + 1;
  const running = { load: 0, store: 0, exec: 0, weights: 0, parameters: 0 };
  let now = run.firstIn;
  for (const { cycle, kind, by } of [...edges, { cycle: end, kind: 'end' as const, by: 0 }]) {
    const to = Math.min(end, cycle);
    if (to > now) {
      if (running.exec === 0) {
        if (running.load + running.store > 0) counts.transfers += to - now;
        else if (running.weights + running.parameters > 0) counts.weights += to - now;
        else counts.configuration += to - now;
      }
      now = to;
    }
    if (kind !== 'end' && kind !== 'configure') running[kind] += by;
  }
  return counts;
}
