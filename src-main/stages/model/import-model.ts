import type { ImportOptions, Imported } from './finish.ts';
import { importOnnx } from './onnx/import-onnx.ts';
import { importPt2 } from './pt2/import-pt2.ts';
import { isZip } from './pt2/zip.ts';

/**
 * Reads an ONNX or PyTorch .pt2 file into a Model: shapes inferred, a dynamic batch bound to 1, constants and normalisations
 * folded, what no output needs dropped. Deterministic in the bytes. The format is told by the first bytes.
 * `name` names the model in messages and reports. Throws IngotError MODEL-0xx (README.md).
 */
export function importModel(bytes: Uint8Array, name: string, options: ImportOptions = {}): Imported {
  return isZip(bytes) ? importPt2(bytes, name, options) : importOnnx(bytes, name, options);
}
