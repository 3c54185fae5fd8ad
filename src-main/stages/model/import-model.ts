import type { ImportOptions, Imported } from './finish.ts';
import { importOnnx } from './onnx/import-onnx.ts';

/**
 * Reads a model file into a Model: shapes inferred, a dynamic batch bound to 1, constants and normalisations
 * folded, what no output needs dropped. Deterministic in the bytes. The format is told by the first bytes.
 * `name` names the model in messages and reports. Throws IngotError MODEL-0xx (README.md).
 */
export function importModel(bytes: Uint8Array, name: string, options: ImportOptions = {}): Imported {
  return importOnnx(bytes, name, options);
}
