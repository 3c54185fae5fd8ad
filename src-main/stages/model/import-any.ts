import type { Diagnosed } from '../../base/diagnostic.ts';
import type { ImportOptions, Imported } from './finish.ts';
import { importModel } from './import-model.ts';
import { importTflite, isTflite } from './tflite/import-tflite.ts';
import type { IntegerModel } from './tflite/types.ts';
import type { Model } from './types.ts';

/** A model of either kind: float operators, to be quantised here, or TFLite's integer operators. */
export type ImportedModel =
  | { readonly kind: 'float'; readonly model: Model }
  | { readonly kind: 'integer'; readonly model: IntegerModel };

/** Reads any model file, telling its format by its first bytes. Throws as importModel and importTflite. */
export function importAnyModel(
  bytes: Uint8Array,
  name: string,
  options: ImportOptions = {},
): Diagnosed<ImportedModel> & Pick<Imported, 'passes'> {
  if (isTflite(bytes)) {
    const { value, diagnostics } = importTflite(bytes, name);
    return { value: { kind: 'integer', model: value }, diagnostics, passes: [] };
  }
  const { value, diagnostics, passes } = importModel(bytes, name, options);
  return { value: { kind: 'float', model: value }, diagnostics, passes };
}
