import { IngotError, type Diagnosed } from '../../base/diagnostic.ts';
import type { Chip } from '../chip/index.ts';
import type { QuantGraph } from '../quantize/index.ts';
import { compilePlan } from './plan.ts';
import type { CompileOptions, EngineSegment, Program } from './types.ts';

/**
 * Compiles an int8 graph whose operators, but for what the host does before the first and after the last, all fit
 * the engine: one program. The host hands over plain NHWC bytes unless kxPacking and transpose are asked for (and
 * the chip's beats are a byte wide). Exact-cost and deterministic. Throws COMPILE-0xx naming the operator, or the
 * chip's parameter, that is at fault; compilePlan takes what this refuses.
 */
export function compile(graph: QuantGraph, chip: Chip, options: CompileOptions = {}): Diagnosed<Program> {
  const plan = compilePlan(graph, chip, { kxPacking: false, transpose: false, ...options });
  const [reason] = plan.reasons;
  if (reason) throw new IngotError(reason.code, reason.reason, { place: reason.op, remedy: reason.remedy });
  const engines = plan.segments.filter((s): s is EngineSegment => s.kind === 'engine');
  if (engines.length === 0)
    throw new IngotError('COMPILE-002', 'the model has nothing to compute', {
      place: graph.name,
      remedy: 'give a model with at least one layer',
    });
  if (engines.length > 1)
    throw new IngotError('COMPILE-003', `the engine and the host take turns: ${engines.length} programs`, {
      place: engines[1]!.ops[0]!.name,
      remedy: 'run this model by a plan',
    });
  return { value: engines[0]!.program, diagnostics: plan.diagnostics };
}
