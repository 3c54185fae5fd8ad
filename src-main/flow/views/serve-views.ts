/** The process that computes views: reads artefacts, answers, keeps what it unpacked last. */
import { IngotError } from '../../base/diagnostic.ts';
import { unpack } from '../../base/pack.ts';
import { readArtefact } from '../../project/artefact-store.ts';
import { worldError } from '../../project/world.ts';
import type { Program } from '../../stages/compiler/index.ts';
import type { ImportedModel } from '../../stages/model/index.ts';
import type { PassReport } from '../../stages/passes/index.ts';
import type { LayerLoss, QuantGraph } from '../../stages/quantize/index.ts';
import type { Artefacts, ViewAnswer, ViewName, ViewQuestion, ViewRequests } from './protocol.ts';

type Handlers = {
  [K in ViewName]: (args: ViewRequests[K]['args']) => Promise<ViewRequests[K]['result']>;
};

const handlers: Handlers = {
  async model({ dir, artefacts }) {
    const { modelView } = await import('./model.ts');
    const has = (name: string): boolean => artefacts[name] !== undefined;
    const optional = <T>(name: string): T | null => (has(name) ? read<T>(dir, name, artefacts) : null);
    const losses = has('quantization.json')
      ? (JSON.parse(new TextDecoder().decode(bytesOf(dir, 'quantization.json', artefacts))) as {
          layers: readonly LayerLoss[];
        })
      : { layers: [] };
    return modelView({
      imported: read<ImportedModel>(dir, 'model.bin', artefacts),
      int8: optional<QuantGraph>('int8.bin'),
      passed: optional<QuantGraph>('quantized.bin'),
      reports: optional<{ reports: readonly PassReport[] }>('passes.bin')?.reports ?? [],
      program: optional<Program>('program.bin'),
      lossDb: new Map(losses.layers.map(({ op, aloneDb }) => [op, aloneDb])),
    });
  },
  async performance({ dir, artefacts }) {
    const { performanceView } = await import('./performance.ts');
    return performanceView(read<Program>(dir, 'program.bin', artefacts), graphOf(dir, artefacts));
  },
  async estimate({ dir, artefacts, settings }) {
    const { estimateChip } = await import('./estimate.ts');
    return estimateChip(graphOf(dir, artefacts), settings);
  },
};

/** The graph of the last question: estimates ask for it again and again. */
let last: { readonly digest: string; readonly graph: QuantGraph } | null = null;

function graphOf(dir: string, artefacts: Artefacts): QuantGraph {
  const digest = artefacts['quantized.bin'] ?? '';
  if (last?.digest !== digest) last = { digest, graph: read<QuantGraph>(dir, 'quantized.bin', artefacts) };
  return last.graph;
}

const read = <T>(dir: string, name: string, artefacts: Artefacts): T =>
  unpack<T>(bytesOf(dir, name, artefacts));

function bytesOf(dir: string, name: string, artefacts: Artefacts): Uint8Array {
  const digest = artefacts[name];
  if (digest === undefined)
    throw new IngotError('VIEW-001', `the run has no ${name} yet`, {
      place: name,
      remedy: 'run the flow up to the step that makes it',
    });
  return readArtefact(dir, name, digest);
}

export function serveViews(): void {
  process.once('disconnect', () => process.exit(0));
  process.on('message', (question: ViewQuestion) => {
    void answer(question).then((given) => process.send?.(given));
  });
}

async function answer({ id, view, args }: ViewQuestion): Promise<ViewAnswer> {
  try {
    return { id, value: await handlers[view](args as never) };
  } catch (error) {
    if (error instanceof IngotError) return { id, trouble: error.diagnostic, stack: null };
    const world = worldError(error);
    if (world) return { id, trouble: world.diagnostic, stack: null };
    const message = `internal error: ${error instanceof Error ? error.message : String(error)}`;
    const remedy = 'this is a fault of Ingot: please report it';
    const stack = error instanceof Error ? (error.stack ?? null) : null;
    return { id, trouble: { code: 'VIEW-999', severity: 'error', message, remedy }, stack };
  }
}
