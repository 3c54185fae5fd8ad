/** What the importers of all formats share: how inputs are bound and how a read graph becomes a Model. */
import type { Diagnosed } from '../../base/diagnostic.ts';
import { IngotError } from '../../base/diagnostic.ts';
import type { GraphBuilder, Value } from './build/builder.ts';
import { isConstant } from './build/builder.ts';
import { finishModel, runPasses } from './passes/passes.ts';
import type { Model, PassReport, TensorId } from './types.ts';

export interface ImportOptions {
  /** Shape of each input, used for the dimensions that the file leaves open. Default: batch 1, others refused. */
  readonly shapes?: readonly (readonly number[] | undefined)[];
  /** Names of passes to leave out. */
  readonly skipPasses?: readonly string[];
}

export interface Imported extends Diagnosed<Model> {
  /** What was folded and removed. */
  readonly passes: readonly PassReport[];
}

/** Size of an open dimension: as the caller says, 1 for the batch, else MODEL-005. */
export function bindDimension(
  place: string,
  axis: number,
  label: string,
  given: readonly number[] | undefined,
): number {
  const size = given?.[axis];
  if (size !== undefined && Number.isInteger(size) && size >= 1) return size;
  if (axis === 0) return 1;
  throw new IngotError('MODEL-005', `dimension ${axis} (${label}) is dynamic`, {
    place,
    remedy: 'export with fixed sizes; only the batch (dimension 0) may be dynamic',
  });
}

export function undefinedTensor(name: string): IngotError {
  return new IngotError('MODEL-010', `tensor "${name}" is read but nothing defines it`, {
    place: name === '' ? 'unnamed tensor' : name,
    remedy: 'the file is damaged; export it again',
  });
}

export function finish(
  b: GraphBuilder,
  name: string,
  inputs: readonly TensorId[],
  outputs: readonly { name: string; value: Value }[],
  options: ImportOptions,
): Imported {
  const ids = outputs.map((o) => outputId(b, inputs, o.name, o.value));
  const passes = [{ pass: 'fold constants', count: b.folded }, ...runPasses(b, ids, options.skipPasses)];
  return { value: finishModel(b, name, inputs, ids), diagnostics: [], passes };
}

function outputId(b: GraphBuilder, inputs: readonly TensorId[], name: string, value: Value): TensorId {
  if (isConstant(value)) {
    throw new IngotError('MODEL-002', 'the output does not depend on the input', {
      place: name,
      remedy: 'choose a model that computes something',
    });
  }
  // The output keeps its name in the file even where Identity or Dropout was dropped before it.
  if (!inputs.includes(value.id)) b.nameValue(value, name, true);
  return value.id;
}
