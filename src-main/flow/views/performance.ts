/** Where the cycles of an inference go. */
import type { Program } from '../../stages/compiler/index.ts';
import type { QuantGraph } from '../../stages/quantize/index.ts';
import { timeProgram, traceProgram } from '../../stages/simulator/index.ts';
import { partsOf } from './model.ts';
import type { PerformanceView, QueueSpan } from '../../base/view-models.ts';

/** Spans of the timeline that are sent to the page. */
const SPANS_MOST = 2000;

export function performanceView(program: Program, graph: QuantGraph): PerformanceView {
  const { chip } = program;
  const timing = timeProgram(program, chip);
  const trace = traceProgram(program, chip, { format: 'events', most: SPANS_MOST });
  return {
    chip: {
      rows: chip.rows,
      columns: chip.columns,
      lanes: chip.lanes,
      activationBytes: chip.activationBytes,
      activationBanks: chip.activationBanks,
    },
    cycles: timing.cycles,
    utilisation: timing.utilisation,
    account: timing.account,
    layers: timing.layers.map((layer, i) => ({
      name: layer.name,
      kind: program.layers[i]!.kind,
      cycles: layer.cycles,
      macs: program.layers[i]!.macs,
      utilisation: layer.utilisation,
      account: layer.account,
      bytes: trafficOf(layer.name, graph),
    })),
    memory: {
      peakBytes: program.memory.peakBytes,
      lowerBoundBytes: program.memory.lowerBoundBytes,
      isOptimal: program.memory.isOptimal,
      regions: program.memoryMap,
    },
    queues: spansOf(trace.text),
    isCut: trace.isCut,
  };
}

/** Bytes that a layer must read at least: its first operator's inputs and its weights, once. */
function trafficOf(layer: string, graph: QuantGraph): number {
  const names = partsOf(layer);
  const [first] = graph.ops.filter((op) => names.includes(op.name));
  if (!first) return 0;
  const inputs = 'inputs' in first ? first.inputs : [first.input];
  const read = inputs.reduce((sum, t) => sum + graph.tensors[t]!.shape.reduce((a, b) => a * b, 1), 0);
  return read + ('weights' in first ? first.weights.length : 0);
}

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly name?: string };
}

function spansOf(text: string): QueueSpan[] {
  const { traceEvents } = JSON.parse(text) as { traceEvents: readonly TraceEvent[] };
  const tracks = new Map(
    traceEvents.filter((e) => e.ph === 'M').map((e) => [e.tid, e.args?.name ?? String(e.tid)]),
  );
  return traceEvents
    .filter((e) => e.ph === 'X')
    .map((e) => ({ queue: tracks.get(e.tid) ?? '', name: e.name, from: e.ts, to: e.ts + e.dur }));
}
