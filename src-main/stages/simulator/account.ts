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
  const cycles = run.lastOut - run.firstIn + 1;
  // What the array does not cover: 1 a weight transfer runs, 2 another transfer runs.
  const busy = new Uint8Array(cycles);
  const mark = (kind: Step['kind'][], value: number): void =>
    steps.forEach((s, i) => {
      if (!kind.includes(s.kind)) return;
      const { issue, last } = run.spans[i]!;
      busy.fill(value, Math.max(0, issue - run.firstIn), Math.max(0, last - run.firstIn + 1));
    });
  mark(['weights', 'parameters'], WEIGHTS);
  mark(['load', 'store'], TRANSFER);
  mark(['exec'], ARRAY);
  const counts = [0, 0, 0, 0];
  for (const b of busy) counts[b]!++;
  const sum = (name: keyof LayerAccount): number => layers.reduce((total, l) => total + l[name], 0);
  return {
    ideal: sum('ideal'),
    edge: sum('edge'),
    helper: sum('helper'),
    operands: sum('operands'),
    requantise: sum('requantise'),
    fill: sum('fill'),
    transfers: counts[TRANSFER]!,
    weights: counts[WEIGHTS]!,
    configuration: counts[0]!,
  };
}

const WEIGHTS = 1;
const TRANSFER = 2;
const ARRAY = 3;
