import type { QuantGraph } from '../quantize/types.ts';
import { foldConstants } from './constants.ts';
import { costOf } from './cost.ts';
import { dropDeadCode } from './dead-code.ts';
import { eliminateConstantChannels } from './eliminate.ts';
import { foldPads } from './pads.ts';
import { cleanReshapes } from './reshapes.ts';
import { fuseTables } from './tables.ts';
import type {
  Elimination,
  GraphCost,
  PassesOptions,
  PassesResult,
  PassName,
  PassReport,
  Rewritten,
} from './types.ts';
import { PASS_NAMES } from './types.ts';

/**
 * Rewrites a graph into a smaller one with the same outputs for every input, byte by byte. Every pass can be
 * switched off. Deterministic in (graph, options).
 */
export function runPasses(graph: QuantGraph, options: PassesOptions = {}): PassesResult {
  const rounding = options.rounding ?? 'double';
  const before = costOf(graph);
  const reports: PassReport[] = [];
  let elimination: Elimination | undefined;
  let current = graph;
  for (const pass of PASS_NAMES) {
    const isOn = !(options.off ?? []).includes(pass);
    const costBefore = costOf(current);
    let changes: readonly string[] = [];
    if (isOn && pass === 'constantChannels') {
      elimination = eliminateConstantChannels(current, rounding);
      changes = describeElimination(elimination);
      current = elimination.after;
    } else if (isOn) {
      const rewritten = REWRITES[pass as keyof typeof REWRITES](current);
      changes = rewritten.changes;
      current = rewritten.graph;
    }
    reports.push({ pass, isOn, saved: minus(costBefore, costOf(current)), changes });
  }
  const result = { graph: current, before, after: costOf(current), reports };
  return elimination ? { ...result, elimination } : result;
}

const REWRITES: Record<Exclude<PassName, 'constantChannels'>, (graph: QuantGraph) => Rewritten> = {
  deadCode: dropDeadCode,
  constants: foldConstants,
  reshapes: cleanReshapes,
  pads: foldPads,
  tables: fuseTables,
};

function minus(a: GraphCost, b: GraphCost): GraphCost {
  return {
    ops: a.ops - b.ops,
    macs: a.macs - b.macs,
    weightBytes: a.weightBytes - b.weightBytes,
    activationBytes: a.activationBytes - b.activationBytes,
  };
}

function describeElimination({ before, proof }: Elimination): string[] {
  return before.tensors.flatMap((t, id) => {
    const { kept, low, high } = proof.tensors[id]!;
    const gone = t.shape[2] - kept.length;
    if (gone === 0) return [];
    const constant = low.reduce((n, v, c) => n + (v === high[c] ? 1 : 0), 0);
    return [`${t.name}: ${gone} of ${t.shape[2]} channels removed, ${constant} are constant`];
  });
}
